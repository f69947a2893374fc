/* failure_calls.h - every rule as one call, for test_failures.c: what it gives back is freed. */
#pragma once

#include "tests/unit/service/room.h"

#include "service/export.h"
#include "service/long_sms.h"
#include "service/optout.h"
#include "service/quiet.h"
#include "service/replies.h"
#include "service/reverse.h"
#include "service/subscribers.h"
#include "tests/unit/queue/failing.h"

static const char phone[] = "+79123456789", other_phone[] = "+79123456780";

/* What the rules of one test speak of. */
static struct {
	struct room *room;
	char message[ID_SIZE], failed[ID_SIZE], verification[ID_SIZE], contact[ID_SIZE];
	char code[16], code_message[ID_SIZE], token[TOKEN_SIZE];
} at;

#define RULE (&at.room->rule)

static const struct rule *operator(void)
{
	static struct rule rule;

	rule = *RULE;
	rule.site = NULL;
	return &rule;
}

static int create_message(void *why)
{
	const struct message_request request = { .to = phone,
						 .text = "hello",
						 .reference = "r-1",
						 .priority = PRIORITY_NORMAL,
						 .transliterate = -1 };
	struct message_view view = { 0 };
	struct rule rule = *RULE;
	int err;

	rule.idempotency = (struct idempotency){ .client = "uid:33",
						 .site = "one",
						 .route = "messages",
						 .key = "k",
						 .body = "b",
						 .body_size = 1 };
	err = message_create(&rule, &request, &view, why);
	if (err == 0)
		message_view_free(&view);
	return err;
}

static int show(const char *id, struct refusal *why)
{
	struct message_view view = { 0 };
	int err = message_show(RULE, id, &view, why);

	if (err == 0)
		message_view_free(&view);
	return err;
}

static int show_message(void *why)
{
	return show(at.message, why);
}

static int show_code_message(void *why)
{
	return show(at.code_message, why);
}

static int cancel_message(void *why)
{
	struct message_view view = { 0 };
	int err = message_cancel(RULE, at.message, &view, why);

	if (err == 0)
		message_view_free(&view);
	return err;
}

static int retry_message(void *why)
{
	struct message_view view = { 0 };
	int err = message_retry(RULE, at.failed, &view, why);

	if (err == 0)
		message_view_free(&view);
	return err;
}

static int list_messages(void *why)
{
	static const char *const sites[] = { "one" };
	const struct message_filter filter = {
		.state = -1, .kind = -1, .to = phone, .limit = 10, .sites = sites, .n_sites = 1
	};
	struct message_view *views = NULL;
	char next[ID_SIZE];
	size_t n = 0;
	int err = message_list(RULE, &filter, &views, &n, next, why);

	for (size_t i = 0; err == 0 && i < n; i++)
		message_view_free(&views[i]);
	if (err == 0)
		free(views);
	return err;
}

static int create_verification(void *why)
{
	const struct verification_request request = { .account = "new", .phone = "+79123456781" };
	struct verification_view view;

	return verification_create(RULE, &request, &view, why);
}

static int ask_for_another_code(void *why)
{
	const struct verification_request request = { .account = "user", .phone = phone };
	struct verification_view view;

	return verification_create(RULE, &request, &view, why);
}

static const struct gateways gateways = { { { "gsm0", "+79120000000", false } }, 1 };

static int create_reverse(void *why, const char *channel)
{
	const struct verification_request request = { .account = "back",
						      .phone = "+79123456782",
						      .channel = channel };
	struct verification_view view;
	struct rule rule = *RULE;

	rule.gateways = &gateways;
	return verification_create(&rule, &request, &view, why);
}

static int create_inbound(void *why)
{
	return create_reverse(why, "inbound_sms");
}

static int create_call(void *why)
{
	return create_reverse(why, "missed_call");
}

static int show_verification(void *why)
{
	struct verification_view view;
	struct event *events = NULL;
	size_t n = 0;
	int err = verification_show(RULE, at.verification, &view, why);

	if (err == 0)
		err = verification_history(RULE, &view, &events, &n);
	if (err == 0)
		free(events);
	return err;
}

static int cancel_verification(void *why)
{
	struct verification_view view;

	return verification_cancel(RULE, at.verification, &view, why);
}

static int check_with(void *why, const char *code)
{
	struct verification_view view;
	enum check_result result;

	return verification_check(RULE, at.verification, code, "user", &result, &view, why);
}

static int check_wrong(void *why)
{
	return check_with(why, wrong(at.code));
}

static int check_right(void *why)
{
	return check_with(why, at.code);
}

static int expire_verifications(void *why)
{
	int64_t next;

	(void)why;
	return verification_expire_due(RULE, &next);
}

static int show_account(void *why)
{
	struct account_view view = { 0 };
	int err = account_show(RULE, "bound", &view, why);

	if (err == 0)
		account_view_free(&view);
	return err;
}

static int export_account(void *why)
{
	struct account_export export = { 0 };
	int err = account_export(RULE, "bound", &export, why);

	if (err == 0)
		account_export_free(&export);
	return err;
}

static int unbind_account(void *why)
{
	return account_unbind(RULE, "bound", other_phone, why);
}

static int erase_account(void *why)
{
	return account_erase(RULE, "bound", why);
}

static int create_contact(void *why)
{
	const struct contact_request request = { .from_account = "other",
						 .to_account = "bound",
						 .from_name = "A",
						 .to_name = "B",
						 .order = "1" };
	struct contact_view view = { 0 };
	int err = contact_create(RULE, &request, &view, why);

	if (err == 0)
		contact_view_free(&view);
	return err;
}

static int show_contact(void *why)
{
	struct contact_view view = { 0 };
	int err = contact_show(RULE, at.contact, &view, why);

	if (err == 0)
		contact_view_free(&view);
	return err;
}

static int opt_out(void *why)
{
	const struct optout_source source = { "стоп", "one", at.contact, "gsm0" };

	(void)why;
	return optout_begin(RULE, other_phone, &source);
}

static int opt_in(void *why)
{
	const struct optout_source source = { "старт", "one", "", "gsm0" };

	(void)why;
	return optout_end(RULE, other_phone, &source);
}

static int opt_out_by_account(void *why)
{
	return optout_by_account(RULE, "bound", false, why);
}

static int receive(const char *text, const char *pdu)
{
	struct inbox_row row = { .modem = "gsm0", .sent_at = T0, .text = (char *)text };

	snprintf(row.sender, sizeof(row.sender), "%s", other_phone);
	return reply_receive(RULE, &row, pdu, "+79100000000");
}

static int receive_text(void *why)
{
	(void)why;
	return receive("Спасибо", "01");
}

static int receive_stop(void *why)
{
	(void)why;
	return receive("СТОП", "02");
}

static int receive_part(void *why)
{
	const struct long_key key = { "sim", other_phone, 7, 2, false };
	struct inbox_row row = { .modem = "gsm0", .sent_at = T0, .text = (char *)"part " };
	int err;

	(void)why;
	snprintf(row.sender, sizeof(row.sender), "%s", other_phone);
	err = long_receive(RULE, &key, 1, &row, "03", "");
	return err != 0 ? err : long_receive(RULE, &key, 2, &row, "04", "");
}

static int release_parts(void *why)
{
	int64_t next;

	(void)why;
	return long_release(RULE, &next);
}

static int receive_call(void *why)
{
	struct rule rule = *RULE;

	(void)why;
	rule.gateways = &gateways;
	return reverse_call(&rule, "gsm0", "+79123456782");
}

static int hold_requests(void *why)
{
	(void)why;
	return quiet_hold(RULE);
}

static int show_subscriber(void *why)
{
	struct subscriber_view view = { 0 };
	int err = subscriber_show(operator(), phone, &view, why);

	if (err == 0)
		subscriber_view_free(&view);
	return err;
}

static int unlock_subscriber(void *why)
{
	return subscriber_unlock(operator(), phone, true, why);
}

static int erase_subscriber(void *why)
{
	return subscriber_erase(operator(), phone, why);
}
