/* radio.c - SIM and registration as two small machines.
 *
 * SIM: absent; busy (files load); asking for PIN or PUK; ready.
 * Radio: searches when the SIM is ready, +CFUN is 1 and +COPS is not 2; after register-time the
 * network's answer becomes the registration of all three domains. */
#include "tests/simulator/radio.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "tests/simulator/modem.h"

enum { NOT_INSERTED = 10, ASKS_PIN = 11, ASKS_PUK = 12, FAILURE = 13, BUSY = 14, WRONG = 16 };

int sim_trouble(const struct modem *modem)
{
	const struct sim *sim = &modem->sim;

	if (!sim->present)
		return NOT_INSERTED;
	if (modem->radio.function == 0) /* minimum function: the SIM has no power */
		return FAILURE;
	if (sim->busy)
		return BUSY;
	if (sim->pin_left == 0)
		return sim->puk_left == 0 ? FAILURE : ASKS_PUK;
	return sim->lock && !sim->verified ? ASKS_PIN : 0;
}

int sim_trouble_cms(int cme)
{
	static const struct {
		int cme, cms;
	} pairs[] = { { NOT_INSERTED, 310 },
		      { ASKS_PIN, 311 },
		      { ASKS_PUK, 316 },
		      { FAILURE, 313 },
		      { BUSY, 314 } };

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (pairs[i].cme == cme)
			return pairs[i].cms;
	return 500;
}

const char *sim_state(const struct modem *modem)
{
	int trouble = sim_trouble(modem);

	if (trouble == ASKS_PIN)
		return "SIM PIN";
	if (trouble == ASKS_PUK)
		return "SIM PUK";
	return trouble == 0 ? "READY" : "NOT READY";
}

static int enter_pin(struct modem *modem, const char *code)
{
	struct sim *sim = &modem->sim;

	if (strcmp(code, sim->pin) != 0) {
		sim->pin_left--;
		return cme_error(sim->pin_left == 0 ? ASKS_PUK : WRONG);
	}
	sim->pin_left = 3;
	sim->verified = true;
	return RESULT_OK;
}

static int enter_puk(struct modem *modem, const char *code, const char *new_pin)
{
	struct sim *sim = &modem->sim;

	if (strcmp(code, sim->puk) != 0) {
		sim->puk_left--;
		return cme_error(WRONG);
	}
	snprintf(sim->pin, sizeof(sim->pin), "%s", new_pin);
	sim->pin_left = 3;
	sim->puk_left = 10;
	sim->verified = true;
	return RESULT_OK;
}

int sim_enter(struct modem *modem, const char *code, const char *new_pin)
{
	int trouble = sim_trouble(modem), result;

	if (trouble == ASKS_PIN && new_pin == NULL)
		result = enter_pin(modem, code);
	else if (trouble == ASKS_PUK && new_pin != NULL && strlen(new_pin) >= 4)
		result = enter_puk(modem, code, new_pin);
	else
		return cme_error(trouble == 0 || trouble == ASKS_PIN ? 3 : trouble);
	if (result == RESULT_OK)
		radio_update(modem);
	return result;
}

static void files_loaded(void *owner, struct job *job)
{
	struct modem *modem = owner;

	(void)job;
	modem->sim.busy = false;
	radio_update(modem);
}

void sim_power(struct modem *modem)
{
	modem->sim.verified = false;
	modem->sim.busy = modem->knobs.sim_time > 0;
	jobs_cancel(&modem->jobs, JOB_SIM);
	if (modem->sim.busy)
		jobs_after(&modem->jobs, modem->knobs.sim_time, JOB_SIM, files_loaded, NULL);
}

void sim_insert(struct modem *modem, bool present)
{
	if (modem->sim.present == present)
		return;
	modem->sim.present = present;
	sim_power(modem);
	reply_urcf(modem, "+CPIN: %s", present ? sim_state(modem) : "NOT INSERTED");
	radio_update(modem);
}

const char *sim_iccid(const struct modem *modem)
{
	return modem->sim.iccid[0] != '\0' ? modem->sim.iccid : modem->options->iccid;
}

static bool stat_registered(int stat)
{
	return stat == 1 || stat == 5 || stat == 6 || stat == 7 || stat == 9 || stat == 10;
}

bool radio_registered(const struct modem *modem)
{
	return modem->radio.function == 1 && stat_registered(modem->radio.stat[REG_CS]);
}

void radio_registration(struct modem *modem, enum registration domain, int stat)
{
	static const char *const names[] = { "+CREG", "+CGREG", "+CEREG" };
	int shown = modem->set.registration[domain];

	if (modem->radio.stat[domain] == stat)
		return;
	modem->radio.stat[domain] = stat;
	if (shown == 2 && stat_registered(stat))
		reply_urcf(modem, "%s: %d,\"1A2B\",\"01C3D4E5\",7", names[domain], stat);
	else if (shown > 0)
		reply_urcf(modem, "%s: %d", names[domain], stat);
	network_pump(modem);
}

/* "SMS only" and "CSFB not preferred" exist in the circuit-switched domain alone. */
static int stat_elsewhere(int stat)
{
	if (stat == 6 || stat == 9)
		return 1;
	return stat == 7 || stat == 10 ? 5 : stat;
}

static void everywhere(struct modem *modem, int stat)
{
	radio_registration(modem, REG_CS, stat);
	radio_registration(modem, REG_PS, stat_elsewhere(stat));
	radio_registration(modem, REG_EPS, stat_elsewhere(stat));
}

static void search_over(void *owner, struct job *job)
{
	struct modem *modem = owner;

	(void)job;
	modem->radio.searched = true;
	everywhere(modem, modem->radio.wanted);
}

void radio_update(struct modem *modem)
{
	struct radio *radio = &modem->radio;
	bool on = modem->power == POWER_UP && radio->function == 1 && radio->mode != 2 &&
		  sim_trouble(modem) == 0;

	if (!on) {
		jobs_cancel(&modem->jobs, JOB_REGISTER);
		radio->searched = false;
		everywhere(modem, 0);
	} else if (!radio->searched && jobs_waiting(&modem->jobs, JOB_REGISTER) == 0) {
		if (modem->knobs.register_time == 0) {
			search_over(modem, NULL);
		} else {
			everywhere(modem, 2);
			jobs_after(&modem->jobs, modem->knobs.register_time, JOB_REGISTER,
				   search_over, NULL);
		}
	}
}

void radio_all(struct modem *modem, int stat)
{
	modem->radio.wanted = stat;
	if (modem->radio.searched)
		everywhere(modem, stat);
}
