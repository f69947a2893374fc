/* session_recover.c - what is done about a modem in trouble: a ladder, as data.
 *
 * A step runs until its proof comes or its wait is over; then, or at the next trouble of the same
 * kind, a higher one is taken, until the modem works again. Costly steps are bounded (once in ten
 * minutes, six times an hour, as configured): where one is not allowed, a milder one is used
 * again. While a step runs the state is recovering and nothing is sent; what waits for a human
 * (SIM, another owner of the port) ends it. Nothing here is a fault of the messages that wait. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "modem/bringup.h"

enum { HOUR_MS = 3600000, LADDER_MAX = 6 };

enum needs {
	NEEDS_PORT = 1 << 0,    /* an open one */
	NEEDS_ANSWERS = 1 << 1, /* since it was opened */
	NEEDS_ROUTE = 1 << 2,   /* another way for SMS that was not tried */
	NEEDS_COMMAND = 1 << 3, /* in the configuration */
};

static void act_resync(struct session *s, const char *why);
static void act_route(struct session *s, const char *why);
static void act_radio(struct session *s, const char *why);
static void act_reset(struct session *s, const char *why);
static void act_power(struct session *s, const char *why);

static const struct rung {
	const char *name;
	void (*act)(struct session *s, const char *why);
	enum proof proof; /* what shows that it has helped */
	int64_t wait_ms;  /* for that; 0: timeouts.restart */
	int64_t cool_ms;  /* until it may be taken again; 0: at once */
	unsigned per_hour;
	bool is_restart; /* the modem goes and comes back; bounded as the configuration says */
	unsigned needs;
} rungs[MODEM_RUNGS] = {
	[RUNG_RESYNC] = { "resync", act_resync, PROOF_ANSWERS, 60000, 0, 0, false,
			  NEEDS_PORT | NEEDS_ANSWERS },
	[RUNG_REOPEN] = { "reopen", session_reopen, PROOF_ANSWERS, 60000, 0, 0, false, 0 },
	[RUNG_ROUTE] = { "route", act_route, PROOF_UP, 60000, 0, 0, false,
			 NEEDS_PORT | NEEDS_ROUTE },
	[RUNG_INIT] = { "init", session_reboot, PROOF_UP, 120000, 60000, 12, false, NEEDS_PORT },
	[RUNG_RADIO] = { "radio", act_radio, PROOF_UP, 180000, 60000, 12, false,
			 NEEDS_PORT | NEEDS_ANSWERS },
	[RUNG_RESET] = { "reset", act_reset, PROOF_UP, 0, 0, 0, true, NEEDS_PORT },
	[RUNG_POWER] = { "power", act_power, PROOF_UP, 0, 0, 0, true, NEEDS_COMMAND },
};

static const struct ladder {
	enum modem_rung rungs[LADDER_MAX];
	size_t n;
} ladders[TROUBLES] = {
	[TROUBLE_SILENT] = { { RUNG_REOPEN, RUNG_RESET, RUNG_POWER }, 3 },
	[TROUBLE_ERRORS] = { { RUNG_RESYNC, RUNG_ROUTE, RUNG_INIT, RUNG_RADIO, RUNG_RESET,
			       RUNG_POWER },
			     6 },
	[TROUBLE_NO_ROUTE] = { { RUNG_ROUTE }, 1 },
	[TROUBLE_NO_NETWORK] = { { RUNG_RADIO, RUNG_RADIO, RUNG_RESET }, 3 },
	[TROUBLE_GONE] = { { RUNG_POWER }, 1 },
	[TROUBLE_ASKED] = { { RUNG_RESET, RUNG_POWER }, 2 },
};

const char *modem_rung_name(enum modem_rung rung)
{
	return rungs[rung].name;
}

static const int64_t backoff_ms[] = { 250, 1000, 2000, 5000, 10000, 30000, 60000, 300000 };

uint64_t recover_backoff(struct session *s)
{
	unsigned *i = &s->recovery.backoff;
	int64_t ms = backoff_ms[*i];

	if (ms >= s->modem->reopen_ms)
		return (uint64_t)s->modem->reopen_ms;
	if (*i + 1 < ARRAY_LEN(backoff_ms))
		++*i;
	return (uint64_t)ms;
}

/* ---- which one ---- */

/* A time of 0 is one that never was. */
static bool is_cool(const struct session *s, enum modem_rung rung)
{
	const struct session_rung *r = &s->recovery.rungs[rung];
	const struct config_recovery *config = &s->modem->recovery;
	bool restart = rungs[rung].is_restart;
	int64_t cool = restart ? config->cool_down_ms : rungs[rung].cool_ms;
	unsigned per_hour = restart ? config->per_hour : rungs[rung].per_hour;
	int64_t now = clock_mono_ms();
	unsigned hour = 0;

	for (size_t i = 0; i < ARRAY_LEN(r->taken); i++) {
		if (r->taken[i] != 0 && now - r->taken[i] < cool)
			return false;
		hour += r->taken[i] != 0 && now - r->taken[i] < HOUR_MS;
	}
	return per_hour == 0 || hour < per_hour;
}

static bool is_wanted(const struct session *s, enum modem_rung rung)
{
	const struct config_strings *steps = &s->modem->recovery.steps;

	for (size_t i = 0; i < steps->n; i++)
		if (strcmp(steps->items[i], rungs[rung].name) == 0)
			return true;
	return false;
}

static bool has_power(const struct session *s)
{
	return s->modem->recovery.power_command.n > 0 && s->recovery.power == NULL;
}

static bool is_possible(const struct session *s, enum trouble trouble, enum modem_rung rung)
{
	unsigned needs = rungs[rung].needs;

	if ((needs & NEEDS_PORT) != 0 && s->at == NULL)
		return false;
	if ((needs & NEEDS_ANSWERS) != 0 && !s->recovery.answered)
		return false;
	if ((needs & NEEDS_ROUTE) != 0 && !send_has_route(s))
		return false;
	if ((needs & NEEDS_COMMAND) != 0 && !has_power(s))
		return false;
	if (trouble == TROUBLE_ASKED && rung == RUNG_RESET)
		return true; /* a person decides */
	return is_wanted(s, rung) && is_cool(s, rung);
}

/* The first possible one from where the trouble stands, else a milder one; MODEM_RUNGS: none. */
static enum modem_rung choose(struct session *s, enum trouble trouble)
{
	const struct ladder *ladder = &ladders[trouble];
	unsigned *next = &s->recovery.next[trouble];
	size_t top = ladder->n - 1, from = *next < top ? *next : top;

	for (size_t i = from; i <= top; i++) {
		if (!is_possible(s, trouble, ladder->rungs[i]))
			continue;
		*next = (unsigned)i + 1;
		return ladder->rungs[i];
	}
	for (size_t i = from; i-- > 0;)
		if (is_possible(s, trouble, ladder->rungs[i]))
			return ladder->rungs[i];
	return MODEM_RUNGS;
}

/* ---- taking it ---- */

static void note(struct session *s, enum modem_rung rung)
{
	struct session_rung *r = &s->recovery.rungs[rung];

	r->taken[r->next] = clock_mono_ms();
	r->next = (r->next + 1) % ARRAY_LEN(r->taken);
	s->status.recoveries[rung]++;
}

static void begin(struct session *s, enum trouble trouble, enum modem_rung rung, const char *why)
{
	struct session_recovery *r = &s->recovery;
	int64_t wait = rungs[rung].wait_ms != 0 ? rungs[rung].wait_ms : s->modem->restart_ms;

	r->active = true;
	r->running = rung;
	r->trouble = trouble;
	note(s, rung);
	snprintf(s->status.recovery_step, sizeof(s->status.recovery_step), "%s", rungs[rung].name);
	snprintf(s->status.recovery_why, sizeof(s->status.recovery_why), "%s", why);
	session_error(s, "%s", why);
	session_log_kind(s, LOG_KIND_RECOVERY, LOG_LEVEL_WARN, "%s; recovery step: %s", why,
			 rungs[rung].name);
	session_state(s, MODEM_RECOVERING, "%s", why);
	session_after(s, TIMER_RECOVER, (uint64_t)wait);
}

static void end(struct session *s)
{
	s->recovery.active = false;
	session_stop(s, TIMER_RECOVER);
	s->status.recovery_step[0] = s->status.recovery_why[0] = '\0';
	session_changed(s);
}

/* It left, or is silent, because it starts: it has its time. */
static bool is_starting(const struct session *s)
{
	return s->recovery.active && rungs[s->recovery.running].is_restart &&
	       uv_is_active((const uv_handle_t *)&s->timers[TIMER_RECOVER]);
}

void recover_trouble(struct session *s, enum trouble trouble, const char *why)
{
	enum modem_rung rung;
	char kept[160];

	if (s->closing || s->recovery.power != NULL)
		return;
	snprintf(kept, sizeof(kept), "%s", why); /* it may live in what is closed now */
	if (trouble == TROUBLE_SILENT && is_starting(s)) {
		session_reopen(s, kept);
		return;
	}
	transcript_save(s, kept);
	rung = choose(s, trouble);
	if (rung < MODEM_RUNGS) {
		begin(s, trouble, rung, kept);
		rungs[rung].act(s, kept);
		return;
	}
	if (s->recovery.active)
		end(s);
	session_error(s, "%s", kept);
	session_log_kind(s, LOG_KIND_RECOVERY, LOG_LEVEL_WARN,
			 "%s; no step of recovery may be taken now", kept);
	session_settle(s);
	if (s->at == NULL && s->status.state == MODEM_ABSENT)
		recover_absent(s);
}

/* TIMER_RECOVER */
void recover_late(struct session *s)
{
	char why[160];

	if (!s->recovery.active) {
		if (s->port == NULL)
			recover_trouble(s, TROUBLE_GONE, "the modem is gone for long");
		return;
	}
	snprintf(why, sizeof(why), "recovery step %s did not help in time",
		 rungs[s->recovery.running].name);
	recover_trouble(s, s->recovery.trouble, why);
}

/* ---- what is heard of it ---- */

/* The conversation resynchronises by itself after a silence: seen and counted like the others. */
void recover_resync(struct session *s, bool over)
{
	if (over)
		recover_proved(s, PROOF_ANSWERS);
	else if (!s->recovery.active && s->up) {
		transcript_save(s, "a command had no answer");
		begin(s, TROUBLE_SILENT, RUNG_RESYNC, "a command had no answer");
	}
}

void recover_proved(struct session *s, enum proof proof)
{
	if (proof == PROOF_ANSWERS)
		s->status.last_answer_ms = clock_now_ms();
	if (!s->recovery.active || rungs[s->recovery.running].proof > proof)
		return;
	session_log_kind(s, LOG_KIND_RECOVERY, LOG_LEVEL_INFO, "recovery step %s helped",
			 s->status.recovery_step);
	end(s);
	session_settle(s);
}

void recover_sends(struct session *s)
{
	s->recovery.next[TROUBLE_ERRORS] = 0;
	recover_well(s);
}

void recover_well(struct session *s)
{
	s->recovery.next[TROUBLE_SILENT] = s->recovery.next[TROUBLE_GONE] = 0;
	s->recovery.backoff = 0;
}

/* The port left unasked: steps that did not mean that are over. */
void recover_lost(struct session *s)
{
	if (s->recovery.active && !rungs[s->recovery.running].is_restart)
		end(s);
}

void recover_absent(struct session *s)
{
	if (!s->recovery.active && has_power(s) && is_wanted(s, RUNG_POWER) &&
	    !uv_is_active((uv_handle_t *)&s->timers[TIMER_RECOVER]))
		session_after(s, TIMER_RECOVER, (uint64_t)s->modem->restart_ms);
}

/* Another port has nothing to do with what the one before needed, but for how often it was
 * restarted in this hour. After our own restart it is the same modem. */
void recover_new_port(struct session *s)
{
	struct session_recovery *r = &s->recovery;

	if (r->active && rungs[r->running].is_restart)
		return;
	if (r->active)
		end(s);
	memset(r->next, 0, sizeof(r->next));
	r->backoff = 0;
	memset(s->status.recoveries, 0, sizeof(s->status.recoveries));
}

/* States in which the step goes on, shown as recovering. */
bool recover_covers(struct session *s, enum modem_state state)
{
	if (!s->recovery.active)
		return false;
	switch (state) {
	case MODEM_ABSENT:
		return rungs[s->recovery.running].is_restart;
	case MODEM_OPENING:
	case MODEM_STARTING:
	case MODEM_RECOVERING:
	case MODEM_SEARCHING:
	case MODEM_READY:
	case MODEM_SENDING:
	case MODEM_DRAINING:
	case MODEM_DRAINED:
		return true;
	case MODEM_SIM_MISSING: /* a person is needed */
	case MODEM_SIM_PIN:
	case MODEM_SIM_PUK:
	case MODEM_DENIED:
	case MODEM_FAILED:
		break;
	}
	end(s);
	return false;
}

/* ---- the steps ---- */

static void on_probed(void *arg, const struct at_reply *reply)
{
	if (reply->status == AT_OK)
		recover_proved(arg, PROOF_ANSWERS);
}

static void act_resync(struct session *s, const char *why)
{
	struct at_command probe = { .text = "AT", .timeout_ms = 3000, .done = on_probed };

	(void)why;
	at_resync(s->at);
	session_command(s, &probe);
}

static void act_route(struct session *s, const char *why)
{
	send_next_route(s);
	session_reboot(s, why);
}

/* In a fresh conversation: nothing that is queued may come between. */
static void act_radio(struct session *s, const char *why)
{
	session_renew(s, ST_RADIO_CYCLE_OFF, why);
}

static void act_reset(struct session *s, const char *why)
{
	session_renew(s, ST_RESET, why);
}

static void on_powered(void *arg, const char *failure)
{
	struct session *s = arg;

	s->recovery.power = NULL;
	if (failure != NULL)
		session_error(s, "power_command: %s", failure);
	session_log_kind(s, LOG_KIND_RECOVERY, failure != NULL ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
			 "power_command: %s", failure != NULL ? failure : "done");
	session_part_closed(s);
	session_after(s, TIMER_OPEN, 0);
}

/* The port is closed meanwhile, and opened again when the command has ended. */
static void act_power(struct session *s, const char *why)
{
	(void)why;
	session_disconnect(s);
	session_stop(s, TIMER_OPEN);
	s->recovery.power = power_start(s->loop, &s->modem->recovery.power_command, s->status.name,
					s->status.device, on_powered, s);
	if (s->recovery.power != NULL)
		session_part_opened(s);
	else
		session_after(s, TIMER_OPEN, recover_backoff(s));
}

bool recover_reset_cmd(struct session *s, char *cmd, size_t size)
{
	const struct quirk *quirk = profile_try(s->profile, QUIRK_RESET, s->bringup.row);

	if (s->bringup.row == 0 && s->modem->recovery.reset[0] != '\0')
		snprintf(cmd, size, "%s", s->modem->recovery.reset);
	else if (quirk != NULL)
		snprintf(cmd, size, "%s", quirk->text);
	return quirk != NULL;
}

/* A family's commands differ by age: the next one if this one is not known. */
enum step recover_reset_sent(struct session *s, const struct at_reply *reply, enum step usual)
{
	if (reply->status != AT_ERROR)
		return usual;
	s->bringup.row++;
	return ST_RESET;
}
