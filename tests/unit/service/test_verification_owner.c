/* Whose number it is: binding, changing, logging in, apart by site. */
#include "tests/unit/service/room.h"

static const char phone[] = "+79120000067";

static void a_bound_number_is_told_after_proof(void **state)
{
	struct room *room = *state;
	char code[16];

	bind_account(room, "u1", phone);
	assert_int_equal(start(room, "u2", phone), 0);
	snprintf(code, sizeof(code), "%s", sent_code(room));
	assert_int_equal(check(room, wrong(code), NULL), CHECK_WRONG_CODE);
	assert_int_equal(check(room, code, NULL), -1);
	assert_int_equal(room->why.reason, REASON_NUMBER_BOUND_ELSEWHERE);
	assert_int_equal(check(room, code, NULL), -1);
	assert_int_equal(room->why.reason, REASON_NUMBER_BOUND_ELSEWHERE);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM owner"), 1);
}

/* Two accounts race for one number: the first approval wins. */
static void one_number_has_one_owner(void **state)
{
	struct room *room = *state;
	struct verification_view first;
	char code[16];

	assert_int_equal(start(room, "u1", phone), 0);
	first = room->ver;
	snprintf(code, sizeof(code), "%s", sent_code(room));
	assert_int_equal(start(room, "u2", phone), 0);
	assert_int_equal(check(room, sent_code(room), NULL), CHECK_APPROVED);
	room->ver = first;
	assert_int_equal(check(room, code, NULL), -1);
	assert_int_equal(room->why.reason, REASON_NUMBER_BOUND_ELSEWHERE);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM owner WHERE account = 'u2'"), 1);
}

static int start_for(struct room *room, const char *purpose, const char *number)
{
	const struct verification_request request = { .account = "u1",
						      .phone = number,
						      .purpose = purpose };

	return RUN(room, verification_create(&room->rule, &request, &room->ver, &room->why));
}

static void change_replaces_the_number(void **state)
{
	struct room *room = *state;
	struct account_view view;

	bind_account(room, "u1", phone);
	assert_int_equal(start_for(room, "change", "+79120000068"), 0);
	assert_int_equal(RUN(room, account_show(&room->rule, "u1", &view, &room->why)), 0);
	assert_string_equal(view.phone, phone); /* until the code is there */
	account_view_free(&view);
	assert_int_equal(check(room, sent_code(room), NULL), CHECK_APPROVED);
	assert_int_equal(RUN(room, account_show(&room->rule, "u1", &view, &room->why)), 0);
	assert_string_equal(view.phone, "+79120000068");
	assert_int_equal(view.n_proofs, 1);
	account_view_free(&view);
	bind_account(room, "u2", phone); /* free again */
}

static void login_never_binds(void **state)
{
	struct room *room = *state;
	struct account_view view;

	assert_int_equal(start_for(room, "login", phone), 0);
	assert_int_equal(check(room, sent_code(room), NULL), CHECK_APPROVED);
	assert_int_equal(RUN(room, account_show(&room->rule, "u1", &view, &room->why)),
			 RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NOT_FOUND);
	bind_account(room, "u1", phone);
	room_later(room, HOUR);
	assert_int_equal(start_for(room, "login", phone), 0);
	assert_int_equal(check(room, sent_code(room), NULL), CHECK_APPROVED);
	assert_int_equal(RUN(room, account_show(&room->rule, "u1", &view, &room->why)), 0);
	assert_int_equal(view.proofs[0].verified_at, T0 + HOUR); /* the own number: refreshed */
	account_view_free(&view);
}

static void the_own_number_is_refreshed(void **state)
{
	struct room *room = *state;

	bind_account(room, "u1", phone);
	room_later(room, DAY);
	bind_account(room, "u1", phone);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM owner"), 1);
	assert_int_equal(count_rows(room, "SELECT verified_at FROM proof"), T0 + DAY);
}

static void sites_and_accounts_are_apart(void **state)
{
	struct room *room = *state;
	char code[16];

	assert_int_equal(start(room, "u1", phone), 0);
	snprintf(code, sizeof(code), "%s", sent_code(room));
	assert_int_equal(check(room, code, "u2"), -1);
	assert_int_equal(room->why.reason, REASON_NOT_FOUND);
	room_site(room, "two");
	assert_int_equal(check(room, code, NULL), -1);
	assert_int_equal(room->why.reason, REASON_NOT_FOUND);
	assert_int_equal(
		RUN(room, verification_show(&room->rule, room->ver.row.id, &room->ver, &room->why)),
		RULE_REFUSED);
	assert_int_equal(RUN(room, verification_cancel(&room->rule, room->ver.row.id, &room->ver,
						       &room->why)),
			 RULE_REFUSED);
	room_site(room, NULL); /* an operator of all sites */
	assert_int_equal(
		RUN(room, verification_show(&room->rule, room->ver.row.id, &room->ver, &room->why)),
		0);
	assert_int_equal(
		RUN(room, verification_show(&room->rule, "ver_nonsense", &room->ver, &room->why)),
		RULE_REFUSED);
	assert_int_equal(RUN(room, verification_show(&room->rule, "'; DROP TABLE message; --",
						     &room->ver, &room->why)),
			 RULE_REFUSED);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_bound_number_is_told_after_proof), TEST(one_number_has_one_owner),
		TEST(change_replaces_the_number),         TEST(login_never_binds),
		TEST(the_own_number_is_refreshed),        TEST(sites_and_accounts_are_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
