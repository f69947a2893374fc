/* session_send.c - one message part on the air: AT+CMGS, prompt, payload, verdict.
 *
 * AT+CMGS goes out at once; the payload waits for the prompt and for session_commit. What proves
 * what (field notes 6.1): before Ctrl-Z nothing can have been sent; after it an error is a
 * refusal, +CMGS or OK is acceptance, and silence, a lost port or a restart prove nothing.
 * send_done may start the next part: its AT+CMGS is written before send_done returns. */
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "modem/bringup.h"
#include "modem/errors.h"
#include "modem/parse.h"

enum {
	LATE_MS = 300000, /* a +CMGS is believed to be of the part in doubt for so long */
	LINK_MS = 3000,
	ERRORS_MAX = 3, /* of the class that needs a recovery step, in a row */
	RECHECK_MS = 60000,
};

bool session_can_send(const struct session *s)
{
	return s->up && s->net.usable && !s->drain && !s->closing && !s->tx.active &&
	       s->ussd.done == NULL && !s->recovery.active;
}

/* The i-th way for SMS that this family has: circuit-switched or packet (AT+CGSMS). */
static const struct quirk *route_at(const struct session *s, size_t i)
{
	bool own = profile_has(s->profile, QUIRK_ROUTE);

	return profile_quirk(own ? s->profile : profile_generic(), QUIRK_ROUTE, i);
}

bool send_has_route(const struct session *s)
{
	return route_at(s, s->tx.route + 1) != NULL;
}

void send_next_route(struct session *s)
{
	s->tx.route++;
}

/* What is not known to need it is left as it is, until that fails. */
bool send_route_cmd(struct session *s, char *cmd, size_t size)
{
	const struct quirk *route = route_at(s, s->tx.route);

	if (route == NULL || (s->tx.route == 0 && !profile_has(s->profile, QUIRK_ROUTE)))
		return false;
	snprintf(cmd, size, "AT+CGSMS=%u", route->number);
	return true;
}

void send_reset(struct session *s)
{
	s->tx.link_asked = false;
}

/* Errors that say that a setting, the radio or the SIM was lost: where bring-up begins again. */
static const struct {
	enum at_domain domain;
	int code;
	enum step from;
} rechecks[] = {
	{ AT_DOMAIN_CMS, 302, ST_RADIO_ASK }, { AT_DOMAIN_CME, 3, ST_RADIO_ASK },
	{ AT_DOMAIN_CMS, 330, ST_CENTRE },    { AT_DOMAIN_CMS, 304, ST_SERVICE },
	{ AT_DOMAIN_CMS, 305, ST_SERVICE },   { AT_DOMAIN_CMS, 310, ST_SIM },
	{ AT_DOMAIN_CMS, 311, ST_SIM },       { AT_DOMAIN_CMS, 313, ST_SIM },
	{ AT_DOMAIN_CMS, 316, ST_SIM },       { AT_DOMAIN_CME, 10, ST_SIM },
	{ AT_DOMAIN_CME, 11, ST_SIM },        { AT_DOMAIN_CME, 12, ST_SIM },
	{ AT_DOMAIN_CME, 13, ST_SIM },
};

/* An error without a number from a modem that numbers them: it restarted without a word. */
static bool lost_settings(const struct session *s, const struct at_reply *reply)
{
	return s->bringup.numbered && reply->status == AT_ERROR &&
	       strcmp(reply->final, "ERROR") == 0;
}

void send_recheck(struct session *s, int from)
{
	int64_t now = clock_mono_ms();

	if (!s->up || (s->tx.rechecked_ms != 0 && now - s->tx.rechecked_ms < RECHECK_MS))
		return;
	s->tx.rechecked_ms = now;
	bringup_from(s, (enum step)from);
}

static bool is_full(const struct at_reply *reply)
{
	static const int codes[] = { 208, 211, 322 };

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (reply->domain == AT_DOMAIN_CMS && reply->code == codes[i])
			return true;
	return false;
}

static void recheck(struct session *s, const struct at_reply *reply)
{
	if (lost_settings(s, reply)) {
		send_recheck(s, ST_PROBE);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(rechecks); i++) {
		if (rechecks[i].domain != reply->domain || rechecks[i].code != reply->code)
			continue;
		send_recheck(s, (int)rechecks[i].from);
		return;
	}
	if (reply->code == 331 || reply->code == 30)
		network_doubt(s);
	if (is_full(reply))
		receive_start(s); /* what is read is deleted */
}

/* The reference of the last +CMGS line; *n counts such lines. */
static int reference_of(const struct at_reply *reply, size_t *n)
{
	int reference = -1;

	*n = 0;
	for (size_t i = 0; i < reply->n_lines; i++) {
		const char *rest = parse_after(reply->lines[i], "+CMGS:");

		if (rest == NULL)
			continue;
		++*n;
		reference = isdigit((unsigned char)*rest) ? atoi(rest) & 0xff : -1;
	}
	return reference;
}

/* An error in place of the prompt. (OK in its place is none, nor is what follows our own ESC.) */
static bool is_refused_prompt(const struct session_tx *tx, const struct at_reply *reply)
{
	return reply->status == AT_ERROR && !tx->abandoned && !reply->prompted &&
	       strcmp(reply->final, "OK") != 0;
}

static enum send_verdict judge(const struct session *s, const struct at_reply *reply,
			       bool has_reference)
{
	const struct session_tx *tx = &s->tx;

	if (!reply->submitted)
		return is_refused_prompt(tx, reply) ? SEND_REFUSED : SEND_NOT_SUBMITTED;
	if (has_reference)
		return SEND_ACCEPTED;
	switch (reply->status) {
	case AT_OK:
		if (profile_has(s->profile, QUIRK_NEEDS_REFERENCE))
			break;
		return SEND_ACCEPTED;
	case AT_ERROR:
		return SEND_REFUSED;
	case AT_TIMEOUT:
	case AT_CLOSED:
		break;
	}
	return SEND_UNCERTAIN;
}

static const char *why_not_submitted(const struct session_tx *tx, const struct at_reply *reply)
{
	if (tx->abandoned)
		return "abandoned before it was submitted";
	if (reply->status == AT_CLOSED)
		return "the connection to the modem ended before it was submitted";
	if (reply->prompted)
		return "the modem gave up waiting for the message";
	return reply->status == AT_TIMEOUT ? "the modem did not ask for the message in time"
					   : "the modem answered without asking for the message";
}

static const char *explain(struct session *s, const struct at_reply *reply,
			   const struct send_outcome *outcome)
{
	switch (outcome->verdict) {
	case SEND_ACCEPTED:
		return "the network accepted it";
	case SEND_REFUSED:
		return outcome->is_cme ? modem_error_cme(s->profile->family, reply->code)->text
				       : modem_error_cms(s->profile->family, reply->code)->text;
	case SEND_NOT_SUBMITTED:
		return why_not_submitted(&s->tx, reply);
	case SEND_UNCERTAIN:
		break;
	}
	if (reply->status == AT_OK)
		return "the modem said OK without a reference, which proves nothing";
	return reply->status == AT_CLOSED ? "the connection to the modem ended before its answer"
					  : "the modem did not answer in time";
}

/* Failures in a row that the modem itself is to blame for climb the recovery ladder. */
static void count_failure(struct session *s, const char *why)
{
	if (++s->tx.errors_in_row < ERRORS_MAX)
		return;
	s->tx.errors_in_row = 0;
	recover_trouble(s, TROUBLE_ERRORS, why);
}

/* Errors that say that there is no way for SMS, of the kind that is in use. */
static void count_no_route(struct session *s, const struct send_outcome *outcome, const char *why)
{
	static const int codes[] = { 38, 69 };
	bool is_one = false;

	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		is_one |= !outcome->is_cme && outcome->code == codes[i];
	s->tx.routeless = is_one ? s->tx.routeless + 1 : 0;
	if (s->tx.routeless < ERRORS_MAX || !send_has_route(s))
		return;
	s->tx.routeless = 0;
	recover_trouble(s, TROUBLE_NO_ROUTE, why);
}

static void count_error(struct session *s, const struct send_outcome *outcome)
{
	const struct modem_error *error =
		outcome->is_cme ? modem_error_cme(s->profile->family, outcome->code)
				: modem_error_cms(s->profile->family, outcome->code);

	if (error->class != ERR_RECOVER && error->class != ERR_AMBIGUOUS)
		s->tx.errors_in_row = 0;
	else
		count_failure(s, error->text);
	count_no_route(s, outcome, error->text);
}

/* A doubt about one before stays: its answer may still come. Where this one's own may come late as
 * well, nobody could tell them apart. */
static void note_reference(struct session *s, const struct send_outcome *outcome)
{
	s->tx.reference = outcome->reference;
	if (outcome->reference < 0)
		s->tx.in_doubt_until_ms = 0;
}

static void count(struct session *s, const struct at_reply *reply,
		  const struct send_outcome *outcome)
{
	struct modem_status *status = &s->status;

	switch (outcome->verdict) {
	case SEND_ACCEPTED:
		status->sent++;
		status->last_sent_ms = clock_now_ms();
		s->tx.errors_in_row = s->tx.routeless = 0;
		note_reference(s, outcome);
		session_pace_clean(s);
		recover_sends(s);
		return;
	case SEND_REFUSED:
		status->refused++;
		recheck(s, reply);
		count_error(s, outcome);
		break;
	case SEND_NOT_SUBMITTED:
		if (reply->status != AT_TIMEOUT || s->tx.abandoned)
			break;
		session_pace_slow(s);
		count_failure(s, outcome->why);
		break;
	case SEND_UNCERTAIN:
		status->uncertain++;
		s->tx.in_doubt_until_ms = clock_mono_ms() + LATE_MS;
		s->tx.reference = -1;
		transcript_save(s, outcome->why);
		if (reply->status == AT_TIMEOUT)
			count_failure(s, outcome->why);
		break;
	}
	if (!s->tx.abandoned)
		session_error(s, "sending: %s", outcome->why);
}

static void tell(struct session *s, const struct send_outcome *outcome)
{
	s->tx.active = false;
	if (!s->closing)
		session_work_between(s);
	s->events->send_done(s->arg, s, outcome);
	if (s->action_set)
		session_soon(s);
	if (s->closing && !s->ended)
		session_after(s, TIMER_GRACE, 0);
	else if (!s->tx.active) {
		session_settle(s);
		session_work(s);
	}
}

static void on_sent(void *arg, const struct at_reply *reply)
{
	struct session *s = arg;
	struct send_outcome outcome = { .code = -1 };
	size_t n_references;

	outcome.reference = reference_of(reply, &n_references);
	outcome.verdict = judge(s, reply, n_references > 0);
	if (outcome.verdict != SEND_ACCEPTED)
		outcome.reference = -1;
	if (outcome.verdict == SEND_REFUSED) {
		outcome.code = reply->code;
		outcome.is_cme = reply->domain == AT_DOMAIN_CME;
	}
	outcome.why = explain(s, reply, &outcome);
	count(s, reply, &outcome);
	tell(s, &outcome);
}

static void submit(struct session *s)
{
	if (s->at != NULL)
		at_payload(s->at, s->tx.part.pdu);
}

static void on_prompt(void *arg)
{
	struct session *s = arg;

	s->tx.prompted = true;
	if (s->tx.committed)
		submit(s);
}

static void on_link_asked(void *arg, const struct at_reply *reply)
{
	(void)arg;
	(void)reply; /* a modem that does not know it sends all the same */
}

/* Keeps the radio link open between the parts of a burst: once holds until bring-up. */
static void ask_for_link(struct session *s)
{
	struct at_command command = {
		.text = "AT+CMMS=2",
		.timeout_ms = LINK_MS,
		.flags = AT_MAY_LACK,
		.done = on_link_asked,
	};

	s->tx.link_asked = true;
	session_command(s, &command);
}

static unsigned result_ms(const struct session *s)
{
	const struct quirk *slow = profile_quirk(s->profile, QUIRK_RESULT_S, 0);
	unsigned least = slow != NULL ? slow->number * 1000 : 0;
	unsigned ms = (unsigned)s->modem->result_timeout_ms;

	return ms > least ? ms : least;
}

void session_send(struct session *s, const struct session_part *part)
{
	char text[32];
	struct at_command command = {
		.text = text,
		.prefix = "+CMGS:",
		.timeout_ms = result_ms(s),
		.done = on_sent,
		.prompt = on_prompt,
		.prompt_timeout_ms = (unsigned)s->modem->prompt_timeout_ms,
	};

	assert(!s->tx.active);
	s->tx.part = *part;
	s->tx.active = true;
	s->tx.prompted = s->tx.committed = s->tx.abandoned = false;
	if (part->more && !s->tx.link_asked && s->up)
		ask_for_link(s);
	snprintf(text, sizeof(text), "AT+CMGS=%u", part->length);
	if (!s->up || session_command(s, &command) < 0) {
		s->send_failed = true;
		session_soon(s);
	}
	session_settle(s);
}

void send_fail(struct session *s)
{
	struct send_outcome outcome = {
		.verdict = SEND_NOT_SUBMITTED,
		.reference = -1,
		.code = -1,
		.why = "the modem was not ready",
	};

	s->send_failed = false;
	tell(s, &outcome);
}

void session_commit(struct session *s)
{
	if (!s->tx.active || s->tx.abandoned)
		return;
	s->tx.committed = true;
	if (s->tx.prompted)
		submit(s);
}

void session_abandon(struct session *s)
{
	if (!s->tx.active || s->tx.committed || s->tx.abandoned)
		return;
	s->tx.abandoned = true;
	if (s->at != NULL)
		at_abandon(s->at);
}

static bool is_in_doubt(struct session *s)
{
	bool in_doubt = s->tx.in_doubt_until_ms != 0 && clock_mono_ms() <= s->tx.in_doubt_until_ms;

	s->tx.in_doubt_until_ms = 0; /* one answer settles it */
	return in_doubt;
}

void send_late(struct session *s, const char *rest)
{
	int reference = atoi(rest) & 0xff;

	if (reference != s->tx.reference && is_in_doubt(s)) /* not one that is said twice */
		s->events->late_reply(s->arg, s, reference);
}

void send_late_error(struct session *s, const char *rest)
{
	if (is_in_doubt(s))
		session_error(s, "sending: refused, too late to be counted: %s",
			      modem_error_cms(s->profile->family, atoi(rest))->text);
}
