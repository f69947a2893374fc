/* cmd_sim.c - commands of the SIM: PIN, lock, identities, own number. */
#include <string.h>
#include <strings.h>

#include "tests/simulator/command.h"
#include "tests/simulator/modem.h"

static int run_pin(struct modem *modem, const struct request *r)
{
	int trouble = sim_trouble(modem);

	if (r->form == FORM_TEST)
		return RESULT_OK;
	if (trouble != 0 && trouble != 11 && trouble != 12)
		return cme_error(trouble);
	if (r->form == FORM_READ) {
		reply_line(modem, "+CPIN: %s", sim_state(modem));
		return RESULT_OK;
	}
	if (r->form != FORM_SET || r->n < 1 || r->n > 2)
		return RESULT_ERROR;
	if (trouble == 0)
		modem_violation(modem, "AT+CPIN= while no PIN is asked for");
	return sim_enter(modem, r->args[0], r->n == 2 ? r->args[1] : NULL);
}

static int run_retries(struct modem *modem, const struct request *r)
{
	const char *only = r->form == FORM_SET && r->n > 0 ? r->args[0] : "";
	bool all = only[0] == '\0' || strcasecmp(only, "SIM*") == 0;

	if (r->form == FORM_READ || r->form == FORM_TEST)
		return r->form == FORM_TEST ? RESULT_OK : RESULT_ERROR;
	if (!modem->sim.present)
		return cme_error(10);
	if (all || strcasecmp(only, "SIM PIN") == 0)
		reply_line(modem, "+CPINR: SIM PIN,%d,3", modem->sim.pin_left);
	if (all || strcasecmp(only, "SIM PUK") == 0)
		reply_line(modem, "+CPINR: SIM PUK,%d,10", modem->sim.puk_left);
	return RESULT_OK;
}

static int lock_sim(struct modem *modem, const struct request *r, long mode)
{
	struct sim *sim = &modem->sim;

	if (r->n < 3)
		return cme_error(50);
	if (strcmp(r->args[2], sim->pin) != 0) {
		sim->pin_left--;
		return cme_error(sim->pin_left == 0 ? 12 : 16);
	}
	sim->pin_left = 3;
	sim->lock = mode == 1;
	sim->verified = true;
	return RESULT_OK;
}

static int run_lock(struct modem *modem, const struct request *r)
{
	long mode = request_number(r, 1, 0, 2);
	bool sc = r->n > 0 && strcasecmp(r->args[0], "SC") == 0;

	if (r->form == FORM_TEST) {
		reply_line(modem, "+CLCK: (\"SC\",\"FD\")");
		return RESULT_OK;
	}
	if (r->form != FORM_SET || mode < 0)
		return cme_error(50);
	if (!sc && strcasecmp(r->args[0], "FD") != 0)
		return cme_error(4);
	if (mode == 2) {
		reply_line(modem, "+CLCK: %d", sc && modem->sim.lock);
		return RESULT_OK;
	}
	return sc ? lock_sim(modem, r, mode) : cme_error(3);
}

static int run_imsi(struct modem *modem, const struct request *r)
{
	if (r->form == FORM_RUN)
		reply_line(modem, "%s", modem->options->imsi);
	return r->form == FORM_RUN || r->form == FORM_TEST ? RESULT_OK : RESULT_ERROR;
}

/* Readable without PIN, as on real cards. */
static int run_iccid(struct modem *modem, const struct request *r)
{
	if (r->form == FORM_TEST)
		return RESULT_OK;
	if (r->form == FORM_SET)
		return RESULT_ERROR;
	if (!modem->sim.present)
		return cme_error(10);
	reply_line(modem, "%s: %s", r->name, sim_iccid(modem));
	return RESULT_OK;
}

static int run_own_number(struct modem *modem, const struct request *r)
{
	const char *number = modem->options->number;

	if (r->form == FORM_RUN && number[0] != '\0')
		reply_line(modem, "+CNUM: \"\",\"%s\",%d", number, number[0] == '+' ? 145 : 129);
	return r->form == FORM_RUN || r->form == FORM_TEST ? RESULT_OK : RESULT_ERROR;
}

const struct command commands_sim[] = {
	{ "+CPIN", run_pin, 0 },
	{ "+CPINR", run_retries, 0 },
	{ "+CLCK", run_lock, NEEDS_SIM },
	{ "+CIMI", run_imsi, NEEDS_SIM },
	{ "+CCID", run_iccid, 0 },
	{ "+ICCID", run_iccid, 0 },
	{ "+CNUM", run_own_number, NEEDS_SIM },
	{ NULL, NULL, 0 },
};
