/* session_state.c - the state of a modem and its words, and the gaps that it needs.
 *
 * A change of state is one log line and one changed event, which comes a turn later: several
 * changes in one turn are one event. Ready and sending alternate with every message of an
 * unhurried queue, so their lines are for debugging. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "modem/session_private.h"

enum { HEALTH_SLACK_MS = 30000 }; /* an answer may be on its way */

static const char *const names[] = {
	[MODEM_ABSENT] = "absent",         [MODEM_OPENING] = "opening",
	[MODEM_STARTING] = "starting",     [MODEM_SIM_MISSING] = "sim_missing",
	[MODEM_SIM_PIN] = "sim_pin",       [MODEM_SIM_PUK] = "sim_puk",
	[MODEM_SEARCHING] = "searching",   [MODEM_DENIED] = "denied",
	[MODEM_READY] = "ready",           [MODEM_SENDING] = "sending",
	[MODEM_RECOVERING] = "recovering", [MODEM_DRAINING] = "draining",
	[MODEM_DRAINED] = "drained",       [MODEM_FAILED] = "failed",
};

const char *modem_state_name(enum modem_state state)
{
	return names[state];
}

bool modem_is_healthy(const struct modem_status *status, int64_t idle_ms)
{
	int64_t last = status->last_answer_ms > status->last_sent_ms ? status->last_answer_ms
								     : status->last_sent_ms;

	return (status->state == MODEM_READY || status->state == MODEM_SENDING) &&
	       clock_now_ms() - last <= 2 * idle_ms + HEALTH_SLACK_MS;
}

static bool is_working(enum modem_state state)
{
	return state == MODEM_READY || state == MODEM_SENDING;
}

static enum log_level level_of(enum modem_state from, enum modem_state to)
{
	if (is_working(from) && is_working(to))
		return LOG_LEVEL_DEBUG;
	return to == MODEM_FAILED || to == MODEM_SIM_PUK || to == MODEM_DENIED ? LOG_LEVEL_WARN
									       : LOG_LEVEL_INFO;
}

void session_state(struct session *s, enum modem_state state, const char *format, ...)
{
	struct modem_status *status = &s->status;
	enum modem_state before = status->state;
	char why[sizeof(status->why)];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	if (recover_covers(s, state)) {
		state = MODEM_RECOVERING;
		snprintf(why, sizeof(why), "%.31s: %.120s", status->recovery_step,
			 status->recovery_why);
	}
	if (state == before && strcmp(why, status->why) == 0)
		return;
	snprintf(status->why, sizeof(status->why), "%s", why);
	if (state != before) {
		status->state = state;
		status->since_ms = clock_now_ms();
		log_write(level_of(before, state),
			  &(struct log_tags){ .kind = LOG_KIND_STATE,
					      .modem = status->name,
					      .reason = names[state] },
			  "%s -> %s: %s", names[before], names[state], why);
	} else if (state == MODEM_STARTING) {
		return; /* the steps of bring-up are no news */
	}
	session_changed(s);
}

void session_settle(struct session *s)
{
	if (!s->up)
		return;
	if (s->tx.active)
		session_state(s, s->drain ? MODEM_DRAINING : MODEM_SENDING,
			      "a message is on the air");
	else if (s->drain)
		session_state(s, MODEM_DRAINED, "drained by an operator; resume to send again");
	else
		network_settle(s);
}

void session_changed(struct session *s)
{
	s->changed_due = true;
	session_soon(s);
}

void session_error(struct session *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(s->status.last_error, sizeof(s->status.last_error), format, args);
	va_end(args);
	s->status.last_error_ms = clock_now_ms();
	session_changed(s);
}

void session_pace(struct session *s)
{
	const struct profile_pace *pace = profile_pace(s->tx.pace);

	s->status.pace = s->tx.pace;
	s->status.command_gap_ms = pace->command_gap_ms;
	s->status.prompt_gap_ms = pace->prompt_gap_ms;
	if (s->at != NULL)
		at_set_pacing(s->at, pace->command_gap_ms, pace->prompt_gap_ms);
}

/* A real line to a modem that needs gaps always has them. */
static unsigned fastest_pace(const struct session *s)
{
	const struct quirk *gap = profile_quirk(s->profile, QUIRK_GAP, 0);

	return gap != NULL && s->port != NULL && port_kind(s->port) != PORT_PTY ? gap->number : 0;
}

/* What was learnt of a modem is kept while the same profile fits it. */
void session_pace_start(struct session *s)
{
	bool line = s->port != NULL && port_kind(s->port) != PORT_PTY;

	if (s->tx.pace_profile != s->profile) {
		s->tx.route = 0;
		s->tx.pace = profile_has(s->profile, QUIRK_PACED) && line ? PROFILE_PACE_START : 0;
		if (s->tx.pace < fastest_pace(s))
			s->tx.pace = fastest_pace(s);
	}
	s->tx.pace_profile = s->profile;
	s->tx.clean = 0;
	session_pace(s);
}

void session_pace_clean(struct session *s)
{
	if (s->tx.pace <= fastest_pace(s) || ++s->tx.clean < PROFILE_CLEAN_SENDS)
		return;
	s->tx.clean = 0;
	s->tx.pace--;
	session_pace(s);
	session_changed(s);
	session_log(s, LOG_LEVEL_INFO, "pacing: %u ms before a command, %u ms after a prompt",
		    s->status.command_gap_ms, s->status.prompt_gap_ms);
}

void session_pace_slow(struct session *s)
{
	s->tx.clean = 0;
	if (s->tx.pace + 1 >= PROFILE_PACES)
		return;
	s->tx.pace++;
	session_pace(s);
	session_changed(s);
	session_log(s, LOG_LEVEL_WARN,
		    "trouble with the prompt; pacing: %u ms before a command, %u ms after a prompt",
		    s->status.command_gap_ms, s->status.prompt_gap_ms);
}
