/* cmd_basic.c - V.250 commands, the modem's identity, character set and error form. */
#include <string.h>
#include <strings.h>

#include "tests/simulator/command.h"
#include "tests/simulator/modem.h"

/* The number after a basic command's letter: none is 0. */
static long digit(const struct request *r, long most)
{
	return r->n == 0 ? 0 : request_number(r, 0, 0, most);
}

static int set_flag(const struct request *r, bool *flag)
{
	long value = digit(r, 1);

	if (value < 0)
		return RESULT_ERROR;
	*flag = value == 1;
	return RESULT_OK;
}

static int run_echo(struct modem *modem, const struct request *r)
{
	if (digit(r, 1) == 0 && modem_fault(modem, FAULT_ECHO_STAYS, "ATE0", NULL))
		return RESULT_OK;
	return set_flag(r, &modem->set.echo);
}

static int run_verbose(struct modem *modem, const struct request *r)
{
	return set_flag(r, &modem->set.verbose);
}

static int run_quiet(struct modem *modem, const struct request *r)
{
	return set_flag(r, &modem->set.quiet);
}

static int run_reset(struct modem *modem, const struct request *r)
{
	if (digit(r, 0) < 0)
		return RESULT_ERROR;
	modem_defaults(modem);
	return RESULT_OK;
}

static int run_accepted(struct modem *modem, const struct request *r)
{
	(void)modem;
	(void)r;
	return RESULT_OK;
}

static int run_hook(struct modem *modem, const struct request *r)
{
	if (digit(r, 1) < 0)
		return RESULT_ERROR;
	network_call_end(modem, "rejected");
	return RESULT_OK;
}

static int run_answer(struct modem *modem, const struct request *r)
{
	(void)r;
	if (!modem->network.call.ringing)
		return RESULT_NO_CARRIER;
	network_call_end(modem, "answered");
	return RESULT_OK;
}

static int run_dial(struct modem *modem, const struct request *r)
{
	(void)modem;
	(void)r;
	return RESULT_NO_CARRIER;
}

static int run_info(struct modem *modem, const struct request *r)
{
	const struct options *o = modem->options;

	(void)r;
	reply_line(modem, "Manufacturer: %s", o->manufacturer);
	reply_line(modem, "Model: %s", o->model);
	reply_line(modem, "Revision: %s", o->revision);
	reply_line(modem, "IMEI: %s", o->imei);
	return RESULT_OK;
}

static int one_line(struct modem *modem, const struct request *r, const char *text)
{
	if (r->form == FORM_RUN)
		reply_line(modem, "%s", text);
	return r->form == FORM_RUN || r->form == FORM_TEST ? RESULT_OK : RESULT_ERROR;
}

static int run_manufacturer(struct modem *modem, const struct request *r)
{
	return one_line(modem, r, modem->options->manufacturer);
}

static int run_model(struct modem *modem, const struct request *r)
{
	return one_line(modem, r, modem->options->model);
}

static int run_revision(struct modem *modem, const struct request *r)
{
	return one_line(modem, r, modem->options->revision);
}

static int run_imei(struct modem *modem, const struct request *r)
{
	if (r->form == FORM_SET && request_number(r, 0, 1, 1) == 1) {
		reply_line(modem, "+CGSN: \"%s\"", modem->options->imei);
		return RESULT_OK;
	}
	return one_line(modem, r, modem->options->imei);
}

static int run_errors(struct modem *modem, const struct request *r)
{
	return command_setting(modem, r, &modem->set.errors, 2);
}

static int run_charset(struct modem *modem, const struct request *r)
{
	static const char *const names[] = { "GSM", "IRA", "UCS2" };

	if (r->form == FORM_TEST) {
		reply_line(modem, "+CSCS: (\"GSM\",\"IRA\",\"UCS2\")");
		return RESULT_OK;
	}
	if (r->form == FORM_READ) {
		reply_line(modem, "+CSCS: \"%s\"", names[modem->set.charset]);
		return RESULT_OK;
	}
	for (unsigned i = 0; i < 3 && r->form == FORM_SET && r->n == 1; i++) {
		if (strcasecmp(r->args[0], names[i]) == 0) {
			modem->set.charset = (enum charset)i;
			return RESULT_OK;
		}
	}
	return cme_error(50);
}

const struct command commands_basic[] = {
	{ "E", run_echo, 0 },
	{ "V", run_verbose, 0 },
	{ "Q", run_quiet, 0 },
	{ "S", run_accepted, 0 },
	{ "X", run_accepted, 0 },
	{ "L", run_accepted, 0 },
	{ "M", run_accepted, 0 },
	{ "&C", run_accepted, 0 },
	{ "&D", run_accepted, 0 },
	{ "&W", run_accepted, 0 },
	{ "&F", run_reset, 0 },
	{ "Z", run_reset, 0 },
	{ "H", run_hook, 0 },
	{ "A", run_answer, 0 },
	{ "D", run_dial, 0 },
	{ "I", run_info, 0 },
	{ "+CHUP", run_hook, 0 },
	{ "+CGMI", run_manufacturer, 0 },
	{ "+GMI", run_manufacturer, 0 },
	{ "+CGMM", run_model, 0 },
	{ "+GMM", run_model, 0 },
	{ "+CGMR", run_revision, 0 },
	{ "+GMR", run_revision, 0 },
	{ "+CGSN", run_imei, 0 },
	{ "+GSN", run_imei, 0 },
	{ "+CMEE", run_errors, 0 },
	{ "+CSCS", run_charset, 0 },
	{ NULL, NULL, 0 },
};
