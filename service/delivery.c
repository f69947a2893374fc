/* delivery.c - why a message has not come, as far as it can be known.
 *
 * Its state tells most. Of a failure the reason's code tells the rest: "cms_21" from the network's
 * answer to the submit, "st_46" (hex) from a delivery report. A report that has not come means
 * something only where reports by this modem normally do; what the network refuses is the
 * recipient's affair only while it takes others. */
#include "service/delivery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

enum {
	SETTLE_MS = 60 * 1000,     /* most reports have come by then */
	CODE_WAITS_MS = 60 * 1000, /* a code that waits longer waits for us */
	OTHER_WAITS_MS = 15 * 60 * 1000,
	RATE_MIN = 10, /* below, chance speaks */
	RATE_PERCENT = 80,
};

struct code_row {
	int first, last;
	enum delivery_reason reason;
	bool while_others_pass; /* else it may as well be our SIM that is refused */
};

/* The network's answers to a submit that speak of the recipient; others are our trouble. */
static const struct code_row cms_rows[] = {
	{ 1, 1, DELIVERY_NUMBER_MAYBE_MISTYPED, false },
	{ 21, 21, DELIVERY_BLOCKED_BY_OPERATOR, true },
	{ 27, 27, DELIVERY_PHONE_UNREACHABLE, false },
	{ 30, 30, DELIVERY_NUMBER_MAYBE_MISTYPED, false },
	{ 195, 195, DELIVERY_NUMBER_MAYBE_MISTYPED, false },
	{ 196, 196, DELIVERY_BLOCKED_BY_OPERATOR, true },
};

/* TP-ST of a delivery report (23.040 9.2.3.15). */
static const struct code_row report_rows[] = {
	{ 0x20, 0x24, DELIVERY_PHONE_UNREACHABLE, false },
	{ 0x25, 0x25, DELIVERY_PHONE_MEMORY_FULL, false },
	{ 0x26, 0x3f, DELIVERY_PHONE_UNREACHABLE, false },
	{ 0x41, 0x41, DELIVERY_NUMBER_MAYBE_MISTYPED, false },
	{ 0x42, 0x42, DELIVERY_BLOCKED_BY_OPERATOR, false },
	{ 0x43, 0x43, DELIVERY_NUMBER_MAYBE_MISTYPED, false },
	{ 0x45, 0x45, DELIVERY_BLOCKED_BY_OPERATOR, false },
	{ 0x46, 0x46, DELIVERY_PHONE_UNREACHABLE, false },
	{ 0x48, 0x48, DELIVERY_BLOCKED_BY_OPERATOR, false },
	{ 0x60, 0x64, DELIVERY_PHONE_UNREACHABLE, false },
	{ 0x65, 0x65, DELIVERY_PHONE_MEMORY_FULL, false },
};

static enum delivery_reason look_up(const struct code_row *rows, size_t n, int code, bool passed)
{
	for (size_t i = 0; i < n; i++)
		if (code >= rows[i].first && code <= rows[i].last)
			return rows[i].while_others_pass && !passed ? DELIVERY_GATEWAY_TROUBLE
								    : rows[i].reason;
	return DELIVERY_GATEWAY_TROUBLE;
}

static const struct {
	const char *prefix; /* of a reason's code */
	int base;
	const struct code_row *rows;
	size_t n;
} sources[] = {
	{ "cms_", 10, cms_rows, ARRAY_LEN(cms_rows) },
	{ "st_", 16, report_rows, ARRAY_LEN(report_rows) },
};

/* By the reason that the message has: of a failure, or of its last try. */
static enum delivery_reason reason_of_code(const struct delivery_facts *facts)
{
	const char *code = facts->message->reason_code;

	if (strcmp(code, "superseded") == 0 || strcmp(code, "opted_out") == 0) /* as it should be */
		return DELIVERY_NONE;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		size_t n = strlen(sources[i].prefix);

		if (strncmp(code, sources[i].prefix, n) == 0)
			return look_up(sources[i].rows, sources[i].n,
				       (int)strtol(code + n, NULL, sources[i].base),
				       facts->stats.passed > 0);
	}
	return strcmp(facts->message->reason_class, "recipient") == 0
		       ? DELIVERY_NUMBER_MAYBE_MISTYPED
		       : DELIVERY_GATEWAY_TROUBLE;
}

static bool is_code(const struct delivery_facts *facts)
{
	return facts->message->kind == KIND_VERIFICATION;
}

/* Since its last step: delivered, sent, first tried, due. */
static int64_t waited_ms(const struct delivery_facts *facts)
{
	const struct message_row *m = facts->message;
	int64_t since = m->delivered_at != 0 ? m->delivered_at
			: m->sent_at != 0    ? m->sent_at
			: m->tries > 0       ? m->first_submit_at
					     : m->due_at;

	return facts->now > since ? facts->now - since : 0;
}

/* Has waited too long already, or will have when a modem may send it. */
static bool waits_long(const struct delivery_facts *facts)
{
	int64_t opens = delivery_opens_at(facts->message, facts->fleet, facts->now);
	int64_t to_come = opens > 0 ? opens - facts->now : 0;

	return waited_ms(facts) + to_come > (is_code(facts) ? CODE_WAITS_MS : OTHER_WAITS_MS);
}

static bool fleet_is_away(const struct delivery_facts *facts)
{
	return facts->fleet != NULL && facts->fleet->ready == 0;
}

static bool reports_come(const struct delivery_stats *stats)
{
	return stats->asked >= RATE_MIN && stats->reported * 100 >= stats->asked * RATE_PERCENT;
}

/* A refusal that only time may heal says nothing in its first minute. */
static enum delivery_reason reason_of_waiting(const struct delivery_facts *facts)
{
	const struct message_row *m = facts->message;

	if (m->state == MSG_SCHEDULED)
		return DELIVERY_QUEUED;
	if (m->tries > 0 && m->reason_code[0] != '\0' &&
	    reason_of_code(facts) != DELIVERY_GATEWAY_TROUBLE)
		return reason_of_code(facts);
	if (strcmp(m->reason_class, "sim") == 0 || fleet_is_away(facts) || waits_long(facts))
		return DELIVERY_GATEWAY_TROUBLE;
	return DELIVERY_QUEUED;
}

static enum delivery_reason reason_of_entry(const struct delivery_facts *facts)
{
	return facts->superseded ? DELIVERY_SUPERSEDED_CODE : DELIVERY_NONE;
}

static enum delivery_reason reason_of_sent(const struct delivery_facts *facts)
{
	if (facts->entered)
		return reason_of_entry(facts);
	if (facts->status >= 0)
		return look_up(report_rows, ARRAY_LEN(report_rows), facts->status, true);
	if (!facts->message->report)
		return is_code(facts) ? DELIVERY_SENT_NO_REPORT : DELIVERY_NONE;
	if (waited_ms(facts) >= SETTLE_MS && reports_come(&facts->stats))
		return DELIVERY_PHONE_UNREACHABLE;
	return facts->over ? DELIVERY_EXPIRED : DELIVERY_SENT_NO_REPORT;
}

static enum delivery_reason reason_of_delivered(const struct delivery_facts *facts)
{
	if (facts->entered || !is_code(facts))
		return reason_of_entry(facts);
	return facts->over ? DELIVERY_EXPIRED : DELIVERY_DELIVERED_NOT_ENTERED;
}

enum delivery_reason delivery_reason_of(const struct delivery_facts *facts)
{
	switch (facts->message->state) {
	case MSG_SCHEDULED:
	case MSG_QUEUED:
	case MSG_SENDING:
		return reason_of_waiting(facts);
	case MSG_UNCERTAIN:
		return facts->entered ? reason_of_entry(facts) : DELIVERY_SENT_NO_REPORT;
	case MSG_SENT:
		return reason_of_sent(facts);
	case MSG_DELIVERED:
		return reason_of_delivered(facts);
	case MSG_FAILED:
		return facts->entered ? reason_of_entry(facts) : reason_of_code(facts);
	case MSG_EXPIRED: /* a code is asked for to be sent at once: that it was not is our fault */
		return is_code(facts) ? DELIVERY_GATEWAY_TROUBLE : DELIVERY_EXPIRED;
	case MSG_CANCELED:
	case MSG_STATES:
		return DELIVERY_NONE;
	}
	return DELIVERY_NONE;
}

bool delivery_needs_stats(const struct message_row *m, int64_t now)
{
	if (m->state == MSG_SENT)
		return m->report && now - m->sent_at >= SETTLE_MS;
	return m->reason_code[0] != '\0' &&
	       (m->state == MSG_QUEUED || m->state == MSG_SENDING || m->state == MSG_FAILED);
}

int64_t delivery_settled_before(int64_t now)
{
	return now - SETTLE_MS;
}

/* ---- words for support ---- */

static void format_span(int64_t ms, char *out, size_t size)
{
	int64_t s = ms / 1000;

	if (s < 120)
		snprintf(out, size, "%lld s", (long long)s);
	else if (s < 120 * 60)
		snprintf(out, size, "%lld min", (long long)s / 60);
	else
		snprintf(out, size, "%lld h", (long long)s / 3600);
}

/* "the network does not answer (cms_332)"; "" if nothing is told. */
static void format_cause(const struct message_row *m, char *out, size_t size)
{
	if (m->reason_text[0] != '\0')
		snprintf(out, size, "%s (%s)", m->reason_text, m->reason_code);
	else
		snprintf(out, size, "%s", m->reason_code);
}

int64_t delivery_opens_at(const struct message_row *message, const struct fleet_glance *fleet,
			  int64_t now)
{
	int64_t at = 0;

	if (fleet != NULL && fleet->ready > 0)
		at = message->kind == KIND_VERIFICATION ? fleet->codes_at : fleet->others_at;
	return at > now ? at : 0;
}

static void detail_waiting(const struct delivery_facts *facts, const char *span, char *out)
{
	char cause[220], wait[24];
	const struct fleet_glance *fleet = facts->fleet;
	int64_t opens = delivery_opens_at(facts->message, fleet, facts->now);
	int n = snprintf(out, DELIVERY_DETAIL_SIZE, "It has waited %s to be sent", span);

	format_cause(facts->message, cause, sizeof(cause));
	if (fleet != NULL && fleet->ready == 0 && n > 0)
		n += snprintf(out + n, DELIVERY_DETAIL_SIZE - (size_t)n,
			      ", and none of %u modems is ready%s%.120s", fleet->total,
			      fleet->why[0] != '\0' ? ": " : "", fleet->why);
	else if (opens > 0 && n > 0) {
		format_span(opens - facts->now + 999, wait, sizeof(wait));
		n += snprintf(out + n, DELIVERY_DETAIL_SIZE - (size_t)n,
			      ", and no modem may send it for %s: %.120s", wait, fleet->rests);
	} else if (cause[0] != '\0' && n > 0)
		n += snprintf(out + n, DELIVERY_DETAIL_SIZE - (size_t)n,
			      "; the last try ended so: %s", cause);
	if (n > 0 && n < DELIVERY_DETAIL_SIZE - 1)
		snprintf(out + n, DELIVERY_DETAIL_SIZE - (size_t)n, ".");
}

static void detail_sent(const struct delivery_facts *facts, const char *span, char *out)
{
	const struct delivery_stats *stats = &facts->stats;

	if (facts->entered)
		snprintf(out, DELIVERY_DETAIL_SIZE,
			 "The network took it %s ago, and an entry was made since: it has arrived.",
			 span);
	else if (facts->status >= 0)
		snprintf(out, DELIVERY_DETAIL_SIZE,
			 "The network took it %s ago; the message centre reports that it still "
			 "tries (st_%02x).",
			 span, (unsigned)facts->status);
	else if (!facts->message->report)
		snprintf(out, DELIVERY_DETAIL_SIZE,
			 "The network took it %s ago; no delivery report was asked for.", span);
	else if (stats->asked >= RATE_MIN)
		snprintf(out, DELIVERY_DETAIL_SIZE,
			 "The network took it %s ago and no delivery report came; of the last %u "
			 "messages by %.40s %u %% were reported.",
			 span, stats->asked, facts->message->modem,
			 stats->reported * 100 / stats->asked);
	else
		snprintf(out, DELIVERY_DETAIL_SIZE,
			 "The network took it %s ago; no delivery report has come so far.", span);
}

static void detail_failed(const struct delivery_facts *facts, char *out)
{
	const struct message_row *m = facts->message;
	char cause[220];

	format_cause(m, cause, sizeof(cause));
	if (cause[0] == '\0')
		snprintf(cause, sizeof(cause), "nothing more is known");
	if (m->sent_at != 0)
		snprintf(out, DELIVERY_DETAIL_SIZE, "The network took it, and later reported: %s.",
			 cause);
	else
		snprintf(out, DELIVERY_DETAIL_SIZE, "It was refused: %s; %s.", cause,
			 facts->stats.passed > 0 ? "other messages pass by this modem"
						 : "no other message passed by this modem in the "
						   "last hour");
}

static void detail_of_state(const struct delivery_facts *facts, char *out)
{
	char span[32];

	format_span(waited_ms(facts), span, sizeof(span));
	switch (facts->message->state) {
	case MSG_SCHEDULED:
		snprintf(out, DELIVERY_DETAIL_SIZE, "Its time has not come yet.");
		return;
	case MSG_QUEUED:
	case MSG_SENDING:
		detail_waiting(facts, span, out);
		return;
	case MSG_UNCERTAIN:
		snprintf(out, DELIVERY_DETAIL_SIZE,
			 "The modem fell silent after it was handed over: it may or may not have "
			 "been sent.");
		return;
	case MSG_SENT:
		detail_sent(facts, span, out);
		return;
	case MSG_DELIVERED:
		snprintf(out, DELIVERY_DETAIL_SIZE, "The phone got it %s ago%s.", span,
			 !is_code(facts)  ? ""
			 : facts->entered ? ", and an entry was made since"
					  : "; nothing has been entered since");
		return;
	case MSG_FAILED:
		detail_failed(facts, out);
		return;
	case MSG_EXPIRED:
		snprintf(out, DELIVERY_DETAIL_SIZE, "Its time ran out before it could be sent.");
		return;
	case MSG_CANCELED:
	case MSG_STATES:
		return;
	}
}

void delivery_detail(const struct delivery_facts *facts, enum delivery_reason reason,
		     char out[static DELIVERY_DETAIL_SIZE])
{
	out[0] = '\0';
	if (reason == DELIVERY_SUPERSEDED_CODE)
		snprintf(out, DELIVERY_DETAIL_SIZE,
			 "The code of an earlier SMS was entered; only the newest one counts.");
	else
		detail_of_state(facts, out);
}
