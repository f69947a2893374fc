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
	if (state == before && strcmp(why, status->why) == 0)
		return;
	snprintf(status->why, sizeof(status->why), "%s", why);
	if (state != before) {
		status->state = state;
		status->since_ms = clock_now_ms();
		session_log(s, level_of(before, state), "%s -> %s: %s", names[before], names[state],
			    why);
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

	s->status.command_gap_ms = pace->command_gap_ms;
	s->status.prompt_gap_ms = pace->prompt_gap_ms;
	if (s->at != NULL)
		at_set_pacing(s->at, pace->command_gap_ms, pace->prompt_gap_ms);
}

/* What was learnt of a modem is kept while the same profile fits it. */
void session_pace_start(struct session *s)
{
	bool line = s->port != NULL && port_kind(s->port) != PORT_PTY;

	if (s->tx.pace_profile != s->profile)
		s->tx.pace = s->profile->paced && line ? PROFILE_PACE_START : 0;
	s->tx.pace_profile = s->profile;
	s->tx.clean = 0;
	session_pace(s);
}

void session_pace_clean(struct session *s)
{
	if (s->tx.pace == 0 || ++s->tx.clean < PROFILE_CLEAN_SENDS)
		return;
	s->tx.clean = 0;
	s->tx.pace--;
	session_pace(s);
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
	session_log(s, LOG_LEVEL_WARN,
		    "trouble with the prompt; pacing: %u ms before a command, %u ms after a prompt",
		    s->status.command_gap_ms, s->status.prompt_gap_ms);
}
