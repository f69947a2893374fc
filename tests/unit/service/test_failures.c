/* test_failures.c - the database fails at any call of any rule: the rule says so, keeps nothing
 * allocated or open, and does its work when the database works again. */
#include "tests/unit/service/failure_calls.h"

/* In an order in which each finds what it needs. */
static const struct {
	const char *name;
	int (*call)(void *why);
} calls[] = {
	{ "create message", create_message },
	{ "show message", show_message },
	{ "show the message of a code", show_code_message },
	{ "list messages", list_messages },
	{ "cancel message", cancel_message },
	{ "retry message", retry_message },
	{ "create verification", create_verification },
	{ "show verification", show_verification },
	{ "check a wrong code", check_wrong },
	{ "ask for another code", ask_for_another_code },
	{ "check the older code", check_right },
	{ "create an inbound one", create_inbound },
	{ "create contact request", create_contact },
	{ "show contact request", show_contact },
	{ "receive a text", receive_text },
	{ "receive STOP", receive_stop },
	{ "opt in", opt_in },
	{ "opt out", opt_out },
	{ "opt out by account", opt_out_by_account },
	{ "receive a long text", receive_part },
	{ "create one by call", create_call },
	{ "receive a call", receive_call },
	{ "show account", show_account },
	{ "export account", export_account },
	{ "cancel verification", cancel_verification },
	{ "show subscriber", show_subscriber },
	{ "unlock subscriber", unlock_subscriber },
	{ "unbind account", unbind_account },
	{ "erase account", erase_account },
	{ "erase subscriber", erase_subscriber },
};

static void make_message(char id[ID_SIZE])
{
	const struct message_request request = {
		.to = phone, .text = "hello", .priority = PRIORITY_NORMAL, .transliterate = -1
	};

	assert_int_equal(
		RUN(at.room, message_create(RULE, &request, &at.room->message, &at.room->why)), 0);
	memcpy(id, at.room->message.row.id, ID_SIZE);
}

static void furnish(struct room *room)
{
	const struct contact_request request = { .from_account = "bound",
						 .to_account = "other",
						 .from_name = "A",
						 .to_name = "B",
						 .order = "2" };

	at.room = room;
	make_message(at.message);
	make_message(at.failed);
	leave(room, room->message.row.seq, MSG_FAILED);
	bind_account(room, "bound", other_phone);
	bind_account(room, "other", "+79123456783");
	assert_int_equal(RUN(room, contact_create(RULE, &request, &room->contact, &room->why)), 0);
	memcpy(at.contact, room->contact.row.id, ID_SIZE);
	assert_int_equal(start(room, "user", phone), 0);
	memcpy(at.verification, room->ver.row.id, ID_SIZE);
	snprintf(at.code, sizeof(at.code), "%s", sent_code(room));
	memcpy(at.code_message, room->ver.message_id, ID_SIZE);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	room_later(room, 2 * MINUTE);
}

static void assert_told(const char *name, int (*call)(void *why))
{
	struct refusal why = { 0 };
	int result = fail_each(&at.room->world.db, name, call, &why);

	if (result != 0 || why.reason != REASON_NONE)
		fail_msg("%s: %d, %s: %s %s", name, result, reason_name(why.reason), why.field,
			 why.detail);
}

static void every_failure_is_told(void **state)
{
	struct room *room = *state;

	furnish(room);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		assert_told(calls[i].name, calls[i].call);
}

static int receive_first_part(void *why)
{
	const struct long_key key = { "sim", other_phone, 8, 2, false };
	struct inbox_row row = { .modem = "gsm0", .sent_at = T0, .text = (char *)"part " };

	(void)why;
	snprintf(row.sender, sizeof(row.sender), "%s", other_phone);
	return long_receive(RULE, &key, 1, &row, "07", "");
}

static int receive_token_of(const char *sender, const char *pdu)
{
	struct inbox_row row = { .modem = "gsm0", .sent_at = T0, .text = at.token };

	snprintf(row.sender, sizeof(row.sender), "%s", sender);
	return reply_receive(RULE, &row, pdu, "+79100000000");
}

static int receive_token_of_another(void *why)
{
	(void)why;
	return receive_token_of("+79123456799", "05");
}

static int receive_token(void *why)
{
	(void)why;
	return receive_token_of("+79123456782", "06");
}

static int lock_with_wrong_codes(void *why)
{
	int err = 0;

	for (int i = 0; i < 6 && err == 0; i++)
		err = check_with(why, wrong(at.code));
	if (err == 0 && ((struct refusal *)why)->reason == REASON_LOCKED)
		memset(why, 0, sizeof(struct refusal));
	return err;
}

static int refuse_a_bound_number(void *why)
{
	int err = check_with(why, at.code);

	if (err == 0 && ((struct refusal *)why)->reason == REASON_NUMBER_BOUND_ELSEWHERE)
		memset(why, 0, sizeof(struct refusal));
	return err;
}

static void what_a_user_does_wrong_fails_as_loudly(void **state)
{
	struct room *room = *state;

	furnish(room);
	assert_told("lock with wrong codes", lock_with_wrong_codes);
	assert_int_equal(start(room, "user", other_phone), 0);
	memcpy(at.verification, room->ver.row.id, ID_SIZE);
	snprintf(at.code, sizeof(at.code), "%s", sent_code(room));
	assert_told("a number bound elsewhere", refuse_a_bound_number);
}

/* What ends by itself, and what a token brings. */
static void what_time_brings_fails_as_loudly(void **state)
{
	const struct verification_request request = { .account = "back",
						      .phone = "+79123456782",
						      .channel = "inbound_sms" };
	struct room *room = *state;

	furnish(room);
	RULE->gateways = &gateways;
	assert_int_equal(begin(room, &request), 0);
	snprintf(at.token, sizeof(at.token), "%s", room->ver.todo.token);
	assert_told("receive a token of another", receive_token_of_another);
	assert_told("receive a token", receive_token);
	assert_told("create one by call", create_call);
	assert_told("receive a first part", receive_first_part);
	room_later(room, 4 * DAY);
	assert_told("expire verifications", expire_verifications);
	assert_told("release parts", release_parts);
	room_load(room, "sites = ( { name = \"one\"; title = \"One\"; region = \"RU\"; contact = {"
			" quiet_hours = \"00:00-23:59\"; }; } );");
	assert_told("hold requests", hold_requests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_failure_is_told, room_setup, room_teardown),
		cmocka_unit_test_setup_teardown(what_a_user_does_wrong_fails_as_loudly, room_setup,
						room_teardown),
		cmocka_unit_test_setup_teardown(what_time_brings_fails_as_loudly, room_setup,
						room_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
