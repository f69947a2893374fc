/* session_control.c - what an operator asks of one modem: actions, raw commands, the trace.
 *
 * Actions that end the connection run a turn later (TIMER_SOON). Raw commands wait their turn
 * behind a message on the air; those that would open a prompt or a data call are refused, and
 * after those that undo settings bring-up runs again. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "modem/bringup.h"

enum { COMMAND_MAX = 400, PREFIX_SIZE = 40 };

static bool is_on_the_air(const struct session *s)
{
	return s->tx.active && s->tx.committed;
}

static int ask_later(struct session *s, enum modem_action action)
{
	if (is_on_the_air(s))
		return -EBUSY;
	s->action_set = true;
	s->action_due = action;
	session_soon(s);
	return 0;
}

int session_action(struct session *s, enum modem_action action)
{
	if (s->closing)
		return -ENOTCONN;
	switch (action) {
	case MODEM_DRAIN:
	case MODEM_RESUME:
		s->drain = action == MODEM_DRAIN;
		session_settle(s);
		session_changed(s);
		return 0;
	case MODEM_RESET:
		return s->at != NULL ? ask_later(s, action) : -ENOTCONN;
	case MODEM_REOPEN:
		return s->refused ? -ENOTCONN : ask_later(s, action);
	}
	return -EINVAL;
}

void control_due(struct session *s)
{
	if (s->closing || is_on_the_air(s))
		return; /* a message was quicker: after it */
	s->action_set = false;
	if (s->action_due == MODEM_RESET) {
		recover_trouble(s, TROUBLE_ASKED, "a reset was asked for");
		return;
	}
	s->recovery.backoff = 0;
	s->bringup.pin_refused = false;
	s->bringup.imei_before[0] = '\0'; /* a modem that was replaced is accepted */
	if (s->port != NULL)
		session_reopen(s, "reopened by an operator");
	else
		session_open(s);
}

/* Prefixes of commands that would leave the conversation at a prompt or in data mode. */
static const char *const refused[] = {
	"AT+CMGS", "AT+CMGW", "AT+CMGC", "AT+CNMA=1,", "AT+CNMA=2,", "ATD",
	"ATA",     "ATO",     "AT+CMUX", "AT+IPR",     "AT+ICF",     "AT+CMGF=1",
};

/* Settings that are lost with these. */
static const char *const undoing[] = { "ATZ", "AT&F", "AT+CFUN=", "AT+CRESET", "AT^RESET", "ATE1" };

static const char *const slow[] = { "AT+COPS=", "AT+CFUN=", "AT+CMGL",
				    "AT+CLCK",  "AT+CPWD",  "AT+CPIN=" };
static const char *const secret[] = { "AT+CPIN=", "AT+CPWD=", "AT+CLCK=" };

static bool begins_with_one(const char *command, const char *const *prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strncasecmp(command, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

#define BEGINS_WITH(command, list) begins_with_one(command, list, ARRAY_LEN(list))

static bool is_allowed(const char *command)
{
	size_t n = strlen(command);

	if (n < 2 || n > COMMAND_MAX || strncasecmp(command, "AT", 2) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isprint((unsigned char)command[i]))
			return false;
	return strchr(command, ';') == NULL && !BEGINS_WITH(command, refused);
}

/* "AT+CREG?" is answered by lines that begin with "+CREG:". */
static void prefix_of(const char *command, char prefix[PREFIX_SIZE])
{
	size_t n = strcspn(command + 2, "=?");

	if (n > 0 && n < PREFIX_SIZE - 2)
		snprintf(prefix, PREFIX_SIZE, "%.*s:", (int)n, command + 2);
	else
		prefix[0] = '\0';
	for (char *c = prefix; *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
}

struct asked {
	struct session *session;
	modem_answer *done;
	void *arg;
	bool undoes;
};

static void on_answered(void *arg, const struct at_reply *reply)
{
	struct asked asked = *(struct asked *)arg;
	const char *final = reply->final;

	free(arg);
	if (reply->status == AT_TIMEOUT)
		final = "the modem did not answer in time";
	else if (reply->status == AT_CLOSED)
		final = "the connection to the modem was lost";
	asked.done(asked.arg, reply->lines, reply->n_lines, final);
	if (asked.undoes && reply->status == AT_OK && asked.session->up)
		session_reboot(asked.session, "an operator's command undid settings");
}

int session_at(struct session *s, const char *command, modem_answer *done, void *arg)
{
	char prefix[PREFIX_SIZE];
	struct asked *asked;
	struct at_command sent = {
		.text = command,
		.prefix = prefix,
		.timeout_ms = BEGINS_WITH(command, slow) ? 180000
							 : (unsigned)s->modem->command_timeout_ms,
		.flags = AT_BARE_LINES | (BEGINS_WITH(command, secret) ? AT_SECRET : 0),
		.done = on_answered,
	};
	int error;

	if (!is_allowed(command))
		return -EINVAL;
	if (s->at == NULL || s->closing)
		return -ENOTCONN;
	asked = malloc(sizeof(*asked));
	if (asked == NULL)
		return -ENOMEM;
	*asked = (struct asked){ s, done, arg, BEGINS_WITH(command, undoing) };
	prefix_of(command, prefix);
	sent.arg = asked;
	error = at_send(s->at, &sent);
	if (error < 0)
		free(asked);
	return error;
}

int session_trace(struct session *s, modem_trace *trace, void *arg)
{
	if (trace != NULL && s->trace != NULL)
		return -EBUSY;
	s->trace = trace;
	s->trace_arg = arg;
	if (s->at != NULL)
		at_tracing(s->at, trace != NULL);
	return 0;
}
