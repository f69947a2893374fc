/* diagnosis.c - collects the facts about one message, or about one verification.
 *
 * Of a verification more is known than of its message: what was entered, locks, limits. Where the
 * next step would be another code and none may be sent, that is told instead of a mere silence, and
 * beside what is known for certain the way out is another channel. */
#include "service/diagnosis.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/db_event.h"
#include "service/rule_private.h"
#include "service/verification_private.h"

static int read_facts(const struct rule *rule, const struct message_row *message,
		      struct delivery_facts *facts)
{
	int64_t now = db_now(rule->db);
	int err = 0;

	*facts = (struct delivery_facts){
		.message = message,
		.now = now,
		.status = -1,
		.fleet = rule->fleet,
	};
	if (message->state == MSG_SENT)
		err = db_delivery_status(rule->db, message->seq, &facts->status);
	if (err == 0 && delivery_needs_stats(message, now))
		err = db_delivery_stats(rule->db, message->modem, delivery_settled_before(now),
					&facts->stats);
	return err;
}

static void conclude(const struct delivery_facts *facts, struct diagnosis *d)
{
	memset(d, 0, sizeof(*d));
	d->reason = delivery_reason_of(facts);
	d->next_step = advice_next_step(d->reason);
	d->of_code = facts->message->kind == KIND_VERIFICATION;
	delivery_detail(facts, d->reason, d->detail);
}

/* ---- a verification ---- */

/* What came of entries since the newest code was made. */
struct entries {
	bool any, superseded, bound_elsewhere;
};

static int read_entries(const struct rule *rule, const struct verification_row *row,
			struct entries *entries)
{
	struct event *events;
	size_t n;
	int err = db_event_history(rule->db, row->id, &events, &n);

	memset(entries, 0, sizeof(*entries));
	for (size_t i = 0; i < n; i++) {
		const struct event *event = &events[i];

		if (event->at < row->code_at)
			continue;
		if (strcmp(event->type, "verification.wrong_code") == 0) {
			entries->any = true;
			entries->superseded = strcmp(event->reason, "superseded_code") == 0;
		}
		entries->bound_elsewhere |= strcmp(event->type, "verification.refused") == 0 &&
					    strcmp(event->reason, "number_bound_elsewhere") == 0;
	}
	free(events);
	return err;
}

static void tell_barred(struct diagnosis *d, enum delivery_reason reason, const struct refusal *why)
{
	d->reason = reason;
	d->next_step = advice_next_step(reason);
	d->wait_ms = why->retry_after_ms;
	snprintf(d->detail, sizeof(d->detail), "%s", why->detail);
}

/* May another code be sent, if that is what would help? */
static int check_next_code(const struct rule *rule, const struct verification_case *c,
			   const struct verification_keys *keys, struct diagnosis *d)
{
	struct refusal why = { .reason = REASON_NONE };
	int err;

	if (strcmp(d->next_step, "resend") != 0)
		return 0;
	err = verification_check_send(rule, c->site, keys, true, &why);
	if (err != RULE_REFUSED)
		return err;
	if (d->reason == DELIVERY_SENT_NO_REPORT || d->reason == DELIVERY_EXPIRED) {
		tell_barred(d, advice_of_refusal(&why), &why);
	} else {
		d->next_step = advice_next_step(DELIVERY_CHANNEL_NOT_AVAILABLE);
		d->wait_ms = why.retry_after_ms;
	}
	return 0;
}

static int check_entries(const struct rule *rule, const struct verification_case *c,
			 const struct verification_keys *keys, struct diagnosis *d)
{
	struct refusal why = { .reason = REASON_NONE };
	int err = verification_check_lock(rule, keys, &why);

	if (err == 0)
		err = verification_check_entries(rule, c->site, keys, &why);
	if (err != RULE_REFUSED)
		return err;
	tell_barred(d, DELIVERY_LOCKED, &why);
	return RULE_REFUSED;
}

int diagnosis_of_case(const struct rule *rule, const struct verification_case *c,
		      const struct verification_keys *keys, struct diagnosis *d)
{
	struct delivery_facts facts = { .message = NULL };
	struct entries entries;
	int err;

	memset(d, 0, sizeof(*d));
	d->next_step = "";
	d->of_code = true;
	if (c->message.seq == 0 || c->row.state == VER_APPROVED || c->row.state == VER_CANCELED)
		return 0;
	err = check_entries(rule, c, keys, d);
	if (err != 0)
		return err == RULE_REFUSED ? 0 : err;
	err = read_entries(rule, &c->row, &entries);
	if (err == 0)
		err = read_facts(rule, &c->message, &facts);
	if (err != 0)
		return err;
	facts.over = verification_is_over(rule, c);
	facts.entered = entries.any;
	facts.superseded = entries.superseded && !facts.over;
	conclude(&facts, d);
	if (entries.bound_elsewhere) {
		const struct refusal why = {
			.detail = "The code was right, but the number is another account's."
		};

		tell_barred(d, DELIVERY_NUMBER_BOUND_ELSEWHERE, &why);
	}
	return check_next_code(rule, c, keys, d);
}

/* ---- a message ---- */

/* The verification that waits for this message's code. -ENOENT: none does. */
static int find_case(const struct rule *rule, const struct message_row *message,
		     struct verification_case *c)
{
	int err = message->kind == KIND_VERIFICATION
			  ? db_verification_by_message(rule->db, message->number, message->seq,
						       &c->row)
			  : -ENOENT;

	if (err < 0)
		return err;
	c->site = config_site(rule->config, message->site);
	return c->site == NULL ? -ENOENT : verification_complete(rule, c);
}

int diagnosis_of_message(const struct rule *rule, const struct message_row *message,
			 struct diagnosis *d)
{
	struct verification_keys keys;
	struct verification_case c = { .site = NULL };
	struct delivery_facts facts = { .message = message };
	int err = find_case(rule, message, &c);

	if (err == 0) {
		verification_keys(rule, c.row.site, c.row.account, c.phone, &keys);
		return diagnosis_of_case(rule, &c, &keys, d);
	}
	if (err != -ENOENT)
		return err;
	err = read_facts(rule, message, &facts);
	/* A code that nobody waits for any more: entered, replaced, or no longer wanted. */
	facts.entered = message->kind == KIND_VERIFICATION && message->state != MSG_FAILED;
	conclude(&facts, d);
	if (d->reason == DELIVERY_NONE)
		d->detail[0] = '\0';
	return err;
}
