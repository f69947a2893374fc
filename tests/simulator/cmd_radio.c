/* cmd_radio.c - commands of the radio: function, registration, operator, signal. */
#include <stdio.h>
#include <string.h>

#include "tests/simulator/charset.h"
#include "tests/simulator/command.h"
#include "tests/simulator/modem.h"

static int set_function(struct modem *modem, const struct request *r)
{
	long function = request_number(r, 0, 0, 4),
	     reset = r->n > 1 ? request_number(r, 1, 0, 1) : 0;
	int before = modem->radio.function;

	if ((function != 0 && function != 1 && function != 4) || reset < 0 || r->n > 2)
		return cme_error(50);
	if (reset == 1) {
		modem->reply.then = modem_reboot;
		return RESULT_OK;
	}
	modem->radio.function = (int)function;
	if (before == 0 && function != 0)
		sim_power(modem);
	if (function == 0)
		modem->sim.verified = false;
	radio_update(modem);
	return RESULT_OK;
}

static int run_function(struct modem *modem, const struct request *r)
{
	switch (r->form) {
	case FORM_READ:
		reply_line(modem, "+CFUN: %d", modem->radio.function);
		return RESULT_OK;
	case FORM_TEST:
		reply_line(modem, "+CFUN: (0,1,4),(0-1)");
		return RESULT_OK;
	case FORM_SET:
		return set_function(modem, r);
	case FORM_RUN:
		break;
	}
	return RESULT_ERROR;
}

static int registration(struct modem *modem, const struct request *r, enum registration domain)
{
	int *shown = &modem->set.registration[domain], stat = modem->radio.stat[domain];
	bool cell = *shown == 2 && stat != 0 && stat != 2 && stat != 3 && stat != 4;

	if (r->form != FORM_READ)
		return command_setting(modem, r, shown, 2);
	reply_line(modem, "%s: %d,%d%s", r->name, *shown, stat,
		   cell ? ",\"1A2B\",\"01C3D4E5\",7" : "");
	return RESULT_OK;
}

static int run_creg(struct modem *modem, const struct request *r)
{
	return registration(modem, r, REG_CS);
}

static int run_cgreg(struct modem *modem, const struct request *r)
{
	return registration(modem, r, REG_PS);
}

static int run_cereg(struct modem *modem, const struct request *r)
{
	return registration(modem, r, REG_EPS);
}

static int read_operator(struct modem *modem)
{
	char name[CHARSET_TEXT_SIZE];
	int format = modem->set.operator_format;

	if (!radio_registered(modem)) {
		reply_line(modem, "+COPS: %d", modem->radio.mode);
		return RESULT_OK;
	}
	if (format == 2)
		snprintf(name, sizeof(name), "%.5s", modem->options->imsi);
	else
		charset_encode(name, modem->set.charset, modem->options->operator_name);
	reply_line(modem, "+COPS: %d,%d,\"%s\",7", modem->radio.mode, format, name);
	return RESULT_OK;
}

static int set_operator(struct modem *modem, const struct request *r)
{
	long mode = request_number(r, 0, 0, 4), format = request_number(r, 1, 0, 2);

	if (mode < 0 || (r->n > 1 && format < 0))
		return cme_error(50);
	if (r->n > 1)
		modem->set.operator_format = (int)format;
	if (mode == 3)
		return r->n == 2 ? RESULT_OK : cme_error(50);
	if ((mode == 1 || mode == 4) && r->n < 3)
		return cme_error(50);
	modem->radio.mode = mode == 4 ? 0 : (int)mode;
	radio_update(modem);
	return RESULT_OK;
}

static void operators_found(void *owner, struct job *job)
{
	struct modem *modem = owner;

	(void)job;
	reply_line(modem, "+COPS: (2,\"%s\",\"%s\",\"%.5s\",7),,(0-4),(0-2)",
		   modem->options->operator_name, modem->options->operator_name,
		   modem->options->imsi);
	reply_end(modem, RESULT_OK);
}

static int run_operator(struct modem *modem, const struct request *r)
{
	switch (r->form) {
	case FORM_READ:
		return read_operator(modem);
	case FORM_SET:
		return set_operator(modem, r);
	case FORM_TEST:
		modem->reply.abortable = true;
		jobs_after(&modem->jobs, modem->knobs.cops_time, JOB_REPLY, operators_found, NULL);
		return RESULT_LATER;
	case FORM_RUN:
		break;
	}
	return RESULT_ERROR;
}

static int run_signal(struct modem *modem, const struct request *r)
{
	if (r->form == FORM_RUN)
		reply_line(modem, "+CSQ: %d,%d", modem->radio.signal,
			   modem->radio.signal == 99 ? 99 : 0);
	else if (r->form == FORM_TEST)
		reply_line(modem, "+CSQ: (0-31,99),(0-7,99)");
	return r->form == FORM_RUN || r->form == FORM_TEST ? RESULT_OK : RESULT_ERROR;
}

/* RSRP from the same dBm: -141 + v against -113 + 2 r. */
static int run_signal_extended(struct modem *modem, const struct request *r)
{
	int signal = modem->radio.signal;

	if (r->form != FORM_RUN)
		return r->form == FORM_TEST ? RESULT_OK : RESULT_ERROR;
	reply_line(modem, "+CESQ: 99,99,255,255,%d,%d", signal == 99 ? 255 : 20,
		   signal == 99 ? 255 : 28 + 2 * signal);
	return RESULT_OK;
}

const struct command commands_radio[] = {
	{ "+CFUN", run_function, 0 },         { "+CREG", run_creg, 0 },
	{ "+CGREG", run_cgreg, 0 },           { "+CEREG", run_cereg, 0 },
	{ "+COPS", run_operator, NEEDS_SIM }, { "+CSQ", run_signal, 0 },
	{ "+CESQ", run_signal_extended, 0 },  { NULL, NULL, 0 },
};
