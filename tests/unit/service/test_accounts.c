/* test_accounts.c - what is held of an account: shown, unbound, erased. */
#include "tests/unit/service/room.h"

static const char phone[] = "+79120000067";

static void an_account_of_nothing_is_unknown(void **state)
{
	struct room *room = *state;
	struct account_view view;
	char account[140];

	assert_int_equal(RUN(room, account_show(&room->rule, "u1", &view, &room->why)),
			 RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NOT_FOUND);
	memset(account, 'a', sizeof(account));
	account[sizeof(account) - 1] = '\0';
	assert_int_equal(RUN(room, account_show(&room->rule, account, &view, &room->why)),
			 RULE_REFUSED);
	assert_string_equal(room->why.field, "account");
	assert_int_equal(RUN(room, account_erase(&room->rule, "u1", &room->why)), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NOT_FOUND);
	room_site(room, NULL);
	assert_int_equal(RUN(room, account_show(&room->rule, "u1", &view, &room->why)),
			 RULE_REFUSED);
	assert_string_equal(room->why.field, "site");
}

static void unbinding_takes_number_and_proof(void **state)
{
	struct room *room = *state;
	struct account_view view;

	bind_account(room, "u1", phone);
	assert_int_equal(RUN(room, account_unbind(&room->rule, "u2", phone, &room->why)),
			 RULE_REFUSED);
	assert_int_equal(RUN(room, account_unbind(&room->rule, "u1", "+79120000068", &room->why)),
			 RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NOT_FOUND);
	assert_int_equal(RUN(room, account_unbind(&room->rule, "u1", "89120000067", &room->why)),
			 0);
	assert_int_equal(RUN(room, account_show(&room->rule, "u1", &view, &room->why)),
			 RULE_REFUSED);
	bind_account(room, "u2", phone);
}

static void erasure_leaves_nothing(void **state)
{
	static const char *const empty[] = {
		"SELECT count(*) FROM verification", "SELECT count(*) FROM code",
		"SELECT count(*) FROM owner",        "SELECT count(*) FROM proof",
		"SELECT count(*) FROM contact",      "SELECT count(*) FROM message",
		"SELECT count(*) FROM number",       "SELECT count(*) FROM attempt",
	};
	struct room *room = *state;
	const struct contact_request request = { "u1", "u2", "A", "B", "1", NULL };

	bind_account(room, "u2", "+79120000068");
	bind_account(room, "u1", phone);
	assert_int_equal(start(room, "u1", phone), 0);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	room_later(room, MINUTE);
	assert_int_equal(start(room, "u1", phone), 0);
	check(room, wrong(sent_code(room)), NULL);
	assert_int_equal(
		RUN(room, contact_create(&room->rule, &request, &room->contact, &room->why)), 0);
	assert_int_equal(RUN(room, account_erase(&room->rule, "u1", &room->why)), 0);
	/* the other account stays; the request that bore the name does not go out */
	assert_int_equal(count_rows(room, "SELECT count(*) FROM owner"), 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM number"), 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message WHERE state < 2"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message WHERE text IS NOT NULL"),
			 0);
	assert_int_equal(db_live_messages(&room->world.db), 0);
	/* counters live on as hashes */
	assert_true(count_rows(room, "SELECT count(*) FROM place") > 0);
	assert_int_equal(RUN(room, account_erase(&room->rule, "u2", &room->why)), 0);
	for (size_t i = 0; i < ARRAY_LEN(empty); i++)
		assert_int_equal(count_rows(room, empty[i]), 0);
	assert_int_equal(RUN(room, account_erase(&room->rule, "u2", &room->why)), RULE_REFUSED);
}

static void erasure_does_not_unlock(void **state)
{
	struct room *room = *state;

	assert_int_equal(start(room, "u1", phone), 0);
	for (int i = 0; i < 6; i++)
		check(room, wrong(sent_code(room)), NULL);
	assert_int_equal(RUN(room, account_erase(&room->rule, "u1", &room->why)), 0);
	assert_int_equal(start(room, "u1", phone), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LOCKED);
}

static void erasure_keeps_to_its_site(void **state)
{
	struct room *room = *state;

	bind_account(room, "u1", phone);
	room_site(room, "two");
	bind_account(room, "u1", phone);
	assert_int_equal(RUN(room, account_erase(&room->rule, "u1", &room->why)), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM owner WHERE site = 'one'"), 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM owner"), 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM number"), 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_account_of_nothing_is_unknown), TEST(unbinding_takes_number_and_proof),
		TEST(erasure_leaves_nothing),           TEST(erasure_does_not_unlock),
		TEST(erasure_keeps_to_its_site),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
