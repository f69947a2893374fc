/* How often codes are sent: per account and number, number, prefix, site; what counts. */
#include "tests/unit/service/room.h"

/* Sends of one kind until the limit answers; each to its end before the next one. */
static void send_until(struct room *room, unsigned n, const char *account_form,
		       const char *phone_form)
{
	for (unsigned i = 0; i < n; i++) {
		char account[32], phone[32];

		snprintf(account, sizeof(account), account_form, i);
		snprintf(phone, sizeof(phone), phone_form, i);
		if (start(room, account, phone) != 0)
			fail_msg("send %u: %s", i, reason_name(room->why.reason));
		leave(room, room->ver.row.message_seq, MSG_SENT);
		RUN(room,
		    verification_cancel(&room->rule, room->ver.row.id, &room->ver, &room->why));
		room_later(room, MINUTE);
	}
}

static void limit_of_account_and_number(void **state)
{
	struct room *room = *state;

	send_until(room, 5, "u1", "+79120000067");
	assert_int_equal(start(room, "u1", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
	assert_int_equal(room->why.retry_after_ms, HOUR - 5 * MINUTE);
	assert_int_equal(start(room, "u2", "+79120000067"), 0);
	room_later(room, HOUR - 5 * MINUTE);
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
}

static void limit_of_a_day(void **state)
{
	struct room *room = *state;

	send_until(room, 5, "u1", "+79120000067");
	room_later(room, HOUR);
	send_until(room, 5, "u1", "+79120000067");
	room_later(room, 2 * HOUR);
	assert_int_equal(start(room, "u1", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
	assert_in_range(room->why.retry_after_ms, 20 * HOUR, 21 * HOUR);
}

static void limit_of_a_number_over_all_accounts(void **state)
{
	struct room *room = *state;

	send_until(room, 6, "u%u", "+79120000067");
	assert_int_equal(start(room, "u9", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
	room_site(room, "two"); /* each site counts its own */
	assert_int_equal(start(room, "u9", "+79120000067"), 0);
}

static void limit_of_a_prefix(void **state)
{
	struct room *room = *state;

	send_until(room, 20, "u%u", "+79120000%03u");
	assert_int_equal(start(room, "u", "+79120000777"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
	assert_int_equal(start(room, "u", "+79130000777"), 0);
}

/* Twenty codes to one prefix and none entered: somebody earns from them. */
static void a_prefix_that_never_answers_is_suspended(void **state)
{
	struct room *room = *state;

	send_until(room, 20, "u%u", "+79120000%03u");
	room_later(room, HOUR);
	assert_int_equal(start(room, "u", "+79120000777"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_PREFIX_SUSPENDED);
	assert_int_equal(room->why.retry_after_ms, 6 * HOUR);
	assert_int_equal(start(room, "u", "+79000000001"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'prefix.suspended'"),
			 1);
	room_later(room, 6 * HOUR - SECOND); /* for hours, and told once */
	assert_int_equal(start(room, "u", "+79120000777"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_PREFIX_SUSPENDED);
	assert_int_equal(room->why.retry_after_ms, SECOND);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'prefix.suspended'"),
			 1);
	room_later(room, SECOND);
	assert_int_equal(start(room, "u", "+79120000777"), 0);
}

/* While no modem is there, nobody can enter what waits. */
static void codes_that_wait_suspend_no_prefix(void **state)
{
	struct room *room = *state;

	room_load(room, "sites = ( { name = \"one\"; region = \"RU\";"
			" verification = { limits = { per_prefix = [ ]; }; }; } );");
	for (unsigned i = 0; i < 30; i++) {
		char account[16], phone[16];

		snprintf(account, sizeof(account), "u%u", i);
		snprintf(phone, sizeof(phone), "+79120000%03u", i);
		assert_int_equal(start(room, account, phone), 0);
		if (i > 10) /* 19 of them */
			leave(room, room->ver.row.message_seq, MSG_SENT);
	}
	assert_int_equal(start(room, "u", "+79120000777"), 0);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	assert_int_equal(start(room, "v", "+79120000778"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_PREFIX_SUSPENDED);
}

static void limits_of_an_account_and_of_all_sites(void **state)
{
	struct room *room = *state;

	room_load(room, "limits = { global = [ \"3/1h\" ]; }; sites = ( { name = \"one\"; region ="
			" \"RU\"; verification = { limits = { per_account = [ \"2/1h\" ]; }; }; },"
			" { name = \"two\"; region = \"RU\"; } );");
	send_until(room, 2, "u1", "+7912%u000067");
	assert_int_equal(start(room, "u1", "+79129000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
	room_site(room, "two");
	send_until(room, 1, "u1", "+7913%u000067");
	assert_int_equal(start(room, "u2", "+79129000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
	assert_int_equal(start(room, "u2", "+79129000067"), RULE_REFUSED);
	room_later(room, HOUR);
	assert_int_equal(start(room, "u2", "+79129000067"), 0);
}

static void a_prefix_that_answers_is_not(void **state)
{
	struct room *room = *state;

	send_until(room, 14, "u%u", "+79120000%03u");
	for (unsigned i = 0; i < 6; i++) {
		char account[32], phone[32];

		snprintf(account, sizeof(account), "a%u", i);
		snprintf(phone, sizeof(phone), "+79120001%03u", i);
		assert_int_equal(start(room, account, phone), 0);
		snprintf(phone, sizeof(phone), "%s", sent_code(room));
		leave(room, room->ver.row.message_seq, MSG_SENT);
		assert_int_equal(check(room, phone, NULL), CHECK_APPROVED);
	}
	room_later(room, HOUR);
	assert_int_equal(start(room, "u", "+79120000777"), 0);
}

static void limit_of_the_site(void **state)
{
	struct room *room = *state;

	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; verification = { limits = {"
			" per_site = [ \"2/1h\" ]; }; }; } );");
	send_until(room, 2, "u%u", "+7912%u000067");
	assert_int_equal(start(room, "u", "+79129000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
}

/* What failed before it left counts no send; what left counts, whatever came of it. */
static void only_what_left_counts(void **state)
{
	struct room *room = *state;

	for (int i = 0; i < 6; i++) {
		assert_int_equal(start(room, "u1", "+79120000067"), 0);
		RUN(room,
		    verification_cancel(&room->rule, room->ver.row.id, &room->ver, &room->why));
	}
	assert_int_equal(count_rows(room, "SELECT count(*) FROM place"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message WHERE state = 8"), 6);
}

static void a_waiting_code_holds_its_place(void **state)
{
	struct room *room = *state;

	for (unsigned i = 0; i < 6; i++) {
		char account[8];

		snprintf(account, sizeof(account), "u%u", i);
		assert_int_equal(start(room, account, "+79120000067"), 0);
	}
	assert_int_equal(start(room, "u9", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
	assert_int_equal(room->why.retry_after_ms, HOUR);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(limit_of_account_and_number),
		TEST(limit_of_a_day),
		TEST(limit_of_a_number_over_all_accounts),
		TEST(limit_of_a_prefix),
		TEST(a_prefix_that_never_answers_is_suspended),
		TEST(codes_that_wait_suspend_no_prefix),
		TEST(limits_of_an_account_and_of_all_sites),
		TEST(a_prefix_that_answers_is_not),
		TEST(limit_of_the_site),
		TEST(only_what_left_counts),
		TEST(a_waiting_code_holds_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
