/* verifications.c - what a verification is at this moment, and its end by others than time. */
#include "service/verifications.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/rule_private.h"
#include "service/verification_private.h"

enum { EXPIRE_MAX = 100 };

static const int64_t resend_rest_ms = 60000;

const char *verification_test_code(const struct config_site *site, const char *phone)
{
	for (size_t i = 0; i < site->n_test_numbers; i++)
		if (strcmp(site->test_numbers[i].phone, phone) == 0)
			return site->test_numbers[i].code;
	return NULL;
}

int verification_complete(const struct rule *rule, struct verification_case *c)
{
	int err = 0;

	c->channel = verification_channel(c->row.channel);
	if (c->channel == NULL) /* a newer simgate's */
		return -EINVAL;
	c->remark = NULL;
	c->phone[0] = '\0';
	memset(&c->message, 0, sizeof(c->message));
	if (c->row.number != 0)
		err = db_number_get(rule->db, c->row.number, c->phone);
	if (err == 0 && c->row.message_seq != 0) {
		err = db_message_by_seq(rule->db, c->row.message_seq, &c->message);
		err = err == -ENOENT ? 0 : err; /* erased */
	}
	c->test_code = verification_test_code(c->site, c->phone);
	return err;
}

static int refuse_unknown(struct refusal *why)
{
	return rule_refuse(why, REASON_NOT_FOUND, 0, "There is no such verification.");
}

int verification_load(const struct rule *rule, const char *id, struct verification_case *c,
		      struct refusal *why)
{
	int err = id_is(id, ID_VERIFICATION) ? db_verification_get(rule->db, id, &c->row) : -ENOENT;

	if (err == -ENOENT || (err == 0 && !rule_sees(rule, c->row.site)))
		return refuse_unknown(why);
	if (err < 0)
		return err;
	c->site = rule->site != NULL ? rule->site : config_site(rule->config, c->row.site);
	return c->site == NULL ? refuse_unknown(why) : verification_complete(rule, c);
}

bool verification_takes_code(const struct verification_case *c)
{
	return !c->channel->from_user || c->test_code != NULL;
}

int64_t verification_expires_at(const struct verification_case *c)
{
	return c->message.first_submit_at != 0 ? c->message.deadline : c->row.code_until;
}

bool verification_is_over(const struct rule *rule, const struct verification_case *c)
{
	return c->row.state == VER_EXPIRED ||
	       (c->row.state == VER_PENDING && db_now(rule->db) >= verification_expires_at(c));
}

int64_t verification_resend_at(const struct verification_case *c)
{
	const struct config_verification *v = &c->site->verification;
	size_t wait = c->row.sends > 0 ? c->row.sends - 1 : 0;

	if (c->channel->from_user) /* the same until it ends */
		return c->row.code_until;
	if (wait >= v->n_resend_after)
		wait = v->n_resend_after - 1;
	return c->row.code_at + v->resend_after_ms[wait];
}

int verification_fill_view(const struct rule *rule, const struct verification_case *c,
			   struct verification_view *view)
{
	struct verification_keys keys;
	int err;

	memset(view, 0, sizeof(*view));
	view->row = c->row;
	if (verification_is_over(rule, c))
		view->row.state = VER_EXPIRED;
	memcpy(view->phone, c->phone, sizeof(view->phone));
	view->test_number = c->test_code != NULL;
	view->expires_at = verification_expires_at(c);
	view->resend_at = verification_resend_at(c);
	view->delivery = c->message.state;
	memcpy(view->message_id, c->message.id, sizeof(view->message_id));
	view->assurance = view->row.state == VER_APPROVED ? c->channel->assurance : "";
	if (view->row.state == VER_PENDING && c->channel->from_user)
		verification_instruct(rule, c, &view->todo);
	else if (view->row.state == VER_PENDING)
		verification_alternatives(rule, c->site, view->alternatives);
	verification_keys(rule, c->row.site, c->row.account, c->phone, &keys);
	err = diagnosis_of_case(rule, c, &keys, &view->diagnosis);
	if (err < 0)
		return err;
	if (!verification_takes_code(c))
		return verification_senders_left(rule, c->site, &keys, &view->attempts_left);
	return verification_entries_left(rule, c->site, &keys, &view->attempts_left);
}

int verification_expire(const struct rule *rule, struct verification_case *c)
{
	int err;

	c->row.state = VER_EXPIRED;
	err = verification_cancel_message(rule, c);
	if (err == 0)
		err = db_code_erase(rule->db, c->row.id);
	if (err == 0)
		err = db_verification_update(rule->db, &c->row);
	return err == 0 ? verification_tell(rule, c, "expired", NULL) : err;
}

int verification_cancel_message(const struct rule *rule, struct verification_case *c)
{
	static const struct message_cause cause = { .class = "canceled", .code = "superseded" };

	if (c->message.seq == 0 ||
	    (c->message.state != MSG_SCHEDULED && c->message.state != MSG_QUEUED))
		return 0;
	return db_message_move(rule->db, &c->message, MSG_CANCELED, &cause);
}

int verification_expire_due(const struct rule *rule, int64_t *next_at)
{
	struct verification_case c = { .site = NULL }; /* it may have left the configuration */

	for (int i = 0; i < EXPIRE_MAX; i++) {
		int err = db_verification_first_end(rule->db, &c.row);

		*next_at = err == 0 ? c.row.code_until : 0;
		if (err == -ENOENT || *next_at > db_now(rule->db))
			return 0;
		if (err == 0)
			err = verification_expire(rule, &c);
		if (err < 0)
			return err;
	}
	return 0; /* more of them are due */
}

int verification_tell(const struct rule *rule, const struct verification_case *c, const char *what,
		      const char *reason)
{
	char type[EVENT_TYPE_SIZE];
	const struct event_new event = {
		.type = type,
		.site = c->row.site,
		.subject = c->row.id,
		.state = verification_state_name(c->row.state),
		.reason = reason,
		.channel = c->row.channel,
	};

	snprintf(type, sizeof(type), "verification.%s", what);
	return db_event_add(rule->db, &event);
}

int verification_show(const struct rule *rule, const char *id, struct verification_view *view,
		      struct refusal *why)
{
	struct verification_case c;
	int err = verification_load(rule, id, &c, why);

	return err != 0 ? err : verification_fill_view(rule, &c, view);
}

static int by_number(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

int verification_history(const struct rule *rule, const struct verification_view *view,
			 struct event **events, size_t *n)
{
	struct event *of_message = NULL, *all = NULL;
	size_t n_message = 0;
	int err = db_event_history(rule->db, view->row.id, events, n);

	if (err == 0 && view->message_id[0] != '\0')
		err = db_event_history(rule->db, view->message_id, &of_message, &n_message);
	if (err == 0 && n_message > 0)
		all = reallocarray(*events, *n + n_message, sizeof(*all));
	if (all != NULL) {
		memcpy(all + *n, of_message, n_message * sizeof(*all));
		*events = all;
		*n += n_message;
		qsort(all, *n, sizeof(*all), by_number);
	} else if (err == 0 && n_message > 0) {
		err = -ENOMEM;
	}
	free(of_message);
	if (err != 0) {
		free(*events);
		*events = NULL;
		*n = 0;
	}
	return err;
}

int verification_cancel(const struct rule *rule, const char *id, struct verification_view *view,
			struct refusal *why)
{
	struct verification_case c;
	int err = verification_load(rule, id, &c, why);

	if (err != 0)
		return err;
	if (c.row.state == VER_APPROVED)
		return rule_refuse(why, REASON_ALREADY_APPROVED, 0,
				   "The number is verified already.");
	if (c.row.state == VER_CANCELED)
		return verification_fill_view(rule, &c, view);
	if (verification_is_over(rule, &c))
		return rule_refuse(why, REASON_ALREADY_FINAL, 0,
				   "The verification has expired already.");
	c.row.state = VER_CANCELED;
	err = verification_cancel_message(rule, &c);
	if (err == 0)
		err = db_code_erase(rule->db, c.row.id);
	if (err == 0)
		err = db_verification_update(rule->db, &c.row);
	if (err == 0)
		err = verification_tell(rule, &c, "canceled", NULL);
	return err < 0 ? err : verification_fill_view(rule, &c, view);
}

int verification_is_current(const struct rule *rule, const struct message_row *message,
			    bool *current)
{
	struct verification_row row;
	int err = db_verification_by_message(rule->db, message->number, message->seq, &row);

	*current = err == 0;
	return err == -ENOENT ? 0 : err;
}

int verification_may_resend(const struct rule *rule, const struct message_row *message, bool *may)
{
	const struct config_site *site =
		rule->site != NULL ? rule->site : config_site(rule->config, message->site);
	int64_t left = message->deadline - db_now(rule->db);
	int64_t third = message->life_ms / 3;

	*may = false;
	if (site == NULL || site->on_uncertain[message->kind] != UNCERTAIN_RESEND)
		return 0;
	*may = left > 0;
	if (message->kind != KIND_VERIFICATION)
		return 0;
	*may = left >= (third < resend_rest_ms ? third : resend_rest_ms);
	return *may ? verification_is_current(rule, message, may) : 0;
}
