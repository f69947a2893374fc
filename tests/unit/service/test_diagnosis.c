/* test_diagnosis.c - facts as the database has them: verifications and messages explained. */
#include "tests/unit/service/room.h"

static void show(struct room *room)
{
	char id[ID_SIZE];

	memcpy(id, room->ver.row.id, sizeof(id));
	assert_int_equal(RUN(room, verification_show(&room->rule, id, &room->ver, &room->why)), 0);
}

static void assert_reason(struct room *room, enum delivery_reason reason, const char *next_step)
{
	show(room);
	if (room->ver.diagnosis.reason != reason)
		fail_msg("%s", delivery_reason_name(room->ver.diagnosis.reason));
	assert_string_equal(room->ver.diagnosis.next_step, next_step);
}

/* The message of the current code goes on, with a reason's code (NULL: none). */
static void move(struct room *room, enum message_state to, const char *code)
{
	const struct message_cause cause = { .code = code };
	struct db *db = &room->world.db;
	struct message_row row;

	assert_int_equal(db_message_by_seq(db, room->ver.row.message_seq, &row), 0);
	assert_int_equal(db_message_move(db, &row, to, &cause), 0);
}

static void a_code_is_followed_to_its_entry(void **state)
{
	static const struct fleet_glance away = { .total = 1, .why = "gsm0: no SIM" };
	struct room *room = *state;

	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	assert_int_equal(room->ver.diagnosis.reason, DELIVERY_QUEUED); /* told at once */
	assert_reason(room, DELIVERY_QUEUED, "wait");
	room->rule.fleet = &away;
	assert_reason(room, DELIVERY_GATEWAY_TROUBLE, "other_channel");
	assert_non_null(strstr(room->ver.diagnosis.detail, "gsm0: no SIM"));
	room->rule.fleet = NULL;
	leave(room, room->ver.row.message_seq, MSG_SENT);
	assert_reason(room, DELIVERY_SENT_NO_REPORT, "resend");
	move(room, MSG_DELIVERED, NULL);
	assert_reason(room, DELIVERY_DELIVERED_NOT_ENTERED, "wait");
	assert_int_equal(check(room, "000000", "u1"), CHECK_WRONG_CODE);
	assert_reason(room, DELIVERY_NONE, "");
	room_later(room, 10 * MINUTE);
	show(room);
	assert_int_equal(room->ver.row.state, VER_EXPIRED);
}

static void an_earlier_code_is_recognised(void **state)
{
	struct room *room = *state;
	char code[16];

	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	snprintf(code, sizeof(code), "%s", sent_code(room));
	leave(room, room->ver.row.message_seq, MSG_SENT);
	room_later(room, MINUTE);
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	room_later(room, SECOND);
	assert_int_equal(check(room, code, "u1"), CHECK_SUPERSEDED_CODE);
	assert_reason(room, DELIVERY_SUPERSEDED_CODE, "retype");
	assert_int_equal(check(room, "000000", "u1"), CHECK_WRONG_CODE);
	assert_reason(room, DELIVERY_NONE, ""); /* of the newest entry */
}

static void a_lock_is_told_with_its_end(void **state)
{
	struct room *room = *state;

	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	for (int i = 0; i < 5; i++)
		assert_int_equal(check(room, "000000", "u1"), CHECK_WRONG_CODE);
	assert_reason(room, DELIVERY_LOCKED, "wait");
	assert_int_equal(room->ver.diagnosis.wait_ms, HOUR);
}

static void a_number_of_another_account_is_told_after_proof(void **state)
{
	struct room *room = *state;
	char code[16];

	bind_account(room, "u1", "+79120000067");
	assert_int_equal(start(room, "u2", "+79120000067"), 0);
	snprintf(code, sizeof(code), "%s", sent_code(room));
	leave(room, room->ver.row.message_seq, MSG_SENT);
	assert_reason(room, DELIVERY_SENT_NO_REPORT, "resend");
	assert_int_equal(check(room, code, "u2"), -1);
	assert_int_equal(room->why.reason, REASON_NUMBER_BOUND_ELSEWHERE);
	assert_reason(room, DELIVERY_NUMBER_BOUND_ELSEWHERE, "other_number");
}

/* Where no other code may be sent, silence is not answered by "ask again". */
static void limits_bar_the_next_step(void **state)
{
	struct room *room = *state;

	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; verification = { limits = {"
			" per_number = [ \"1/1h\" ]; }; }; } );");
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	room_later(room, 2 * MINUTE);
	assert_reason(room, DELIVERY_TOO_MANY_SENDS, "wait");
	assert_int_equal(room->ver.diagnosis.wait_ms, HOUR - 2 * MINUTE);
	/* what is certain stays, and another way is the next step */
	move(room, MSG_FAILED, "st_46");
	assert_reason(room, DELIVERY_PHONE_UNREACHABLE, "other_channel");
	assert_int_equal(room->ver.diagnosis.wait_ms, HOUR - 2 * MINUTE);
}

/* Messages by a modem from which reports come, or do not. */
static void send_many(struct room *room, int n, enum message_state end)
{
	for (int i = 0; i < n; i++) {
		char account[16], phone[16];

		snprintf(account, sizeof(account), "m%d-%d", i, (int)end);
		snprintf(phone, sizeof(phone), "+7913%d%02d0000", (int)end, i);
		assert_int_equal(start(room, account, phone), 0);
		leave(room, room->ver.row.message_seq, MSG_SENT);
		if (end != MSG_SENT)
			move(room, end, end == MSG_FAILED ? "st_46" : NULL);
	}
}

static void silence_tells_where_reports_come(void **state)
{
	struct room *room = *state;

	send_many(room, 8, MSG_DELIVERED);
	send_many(room, 2, MSG_FAILED);
	room_later(room, 2 * MINUTE);
	send_many(room, 1, MSG_SENT);
	room_later(room, 2 * MINUTE);
	assert_reason(room, DELIVERY_PHONE_UNREACHABLE, "resend");
	assert_non_null(strstr(room->ver.diagnosis.detail, "90 % were reported"));
}

static void silence_tells_nothing_where_they_do_not(void **state)
{
	struct room *room = *state;

	send_many(room, 8, MSG_DELIVERED);
	send_many(room, 9, MSG_SENT);
	room_later(room, 2 * MINUTE);
	assert_reason(room, DELIVERY_SENT_NO_REPORT, "resend");
}

static void what_still_tries_is_told(void **state)
{
	struct room *room = *state;
	struct db *db = &room->world.db;
	int64_t attempt;

	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	assert_int_equal(db_exec(db, NULL, "UPDATE attempt SET state = 1, reference = 7", ""), 0);
	assert_int_equal(db_value(db, &attempt, "SELECT max(id) FROM attempt", ""), 0);
	assert_int_equal(db_attempt_end(db, attempt, ATTEMPT_ACCEPTED, 7, 0x21), 0);
	assert_reason(room, DELIVERY_PHONE_UNREACHABLE, "resend");
	assert_int_equal(db_attempt_end(db, attempt, ATTEMPT_ACCEPTED, 7, 0x25), 0);
	assert_reason(room, DELIVERY_PHONE_MEMORY_FULL, "resend");
}

static void who_is_verified_needs_no_advice(void **state)
{
	struct room *room = *state;

	bind_account(room, "u1", "+79120000067");
	assert_reason(room, DELIVERY_NONE, "");
	assert_int_equal(start(room, "u2", "+79000000001"), 0); /* a test number */
	assert_reason(room, DELIVERY_NONE, "");
}

static void read_message(struct room *room, const char *id)
{
	char copy[ID_SIZE];

	snprintf(copy, sizeof(copy), "%s", id);
	assert_int_equal(RUN(room, message_show(&room->rule, copy, &room->message, &room->why)), 0);
	assert_true(room->message.diagnosed);
}

/* A code's message knows what its verification knows, while that waits for it. */
static void a_message_is_explained_too(void **state)
{
	const struct message_request text = { .to = "+79120000068",
					      .text = "hello",
					      .priority = PRIORITY_NORMAL,
					      .transliterate = -1 };
	struct room *room = *state;
	char id[ID_SIZE], code[16];

	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	snprintf(code, sizeof(code), "%s", sent_code(room));
	memcpy(id, room->ver.message_id, sizeof(id));
	read_message(room, id);
	assert_int_equal(room->message.diagnosis.reason, DELIVERY_QUEUED);
	assert_true(room->message.diagnosis.of_code);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	move(room, MSG_DELIVERED, NULL);
	read_message(room, id);
	assert_int_equal(room->message.diagnosis.reason, DELIVERY_DELIVERED_NOT_ENTERED);
	assert_int_equal(check(room, code, "u1"), CHECK_APPROVED);
	read_message(room, id);
	assert_int_equal(room->message.diagnosis.reason, DELIVERY_NONE);
	assert_string_equal(room->message.diagnosis.detail, "");
	assert_int_equal(RUN(room, message_create(&room->rule, &text, &room->message, &room->why)),
			 0);
	assert_false(room->message.diagnosed);
	memcpy(id, room->message.row.id, sizeof(id));
	read_message(room, id);
	assert_int_equal(room->message.diagnosis.reason, DELIVERY_QUEUED);
	assert_false(room->message.diagnosis.of_code);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_code_is_followed_to_its_entry),
		TEST(an_earlier_code_is_recognised),
		TEST(a_lock_is_told_with_its_end),
		TEST(a_number_of_another_account_is_told_after_proof),
		TEST(limits_bar_the_next_step),
		TEST(silence_tells_where_reports_come),
		TEST(silence_tells_nothing_where_they_do_not),
		TEST(what_still_tries_is_told),
		TEST(who_is_verified_needs_no_advice),
		TEST(a_message_is_explained_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
