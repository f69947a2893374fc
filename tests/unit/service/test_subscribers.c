/* test_subscribers.c - what operators see of a number, and what they may undo. */
#include "tests/unit/service/room.h"

#include <errno.h>

#include "service/subscribers.h"

static const char phone[] = "+79120000067";

static void a_number_is_shown_over_sites_and_accounts(void **state)
{
	struct room *room = *state;
	struct subscriber_view view;

	assert_int_equal(RUN(room, subscriber_show(&room->rule, phone, &view, &room->why)),
			 RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NOT_FOUND);
	bind_account(room, "u1", phone);
	assert_int_equal(start(room, "u2", phone), 0);
	check(room, wrong(sent_code(room)), NULL);
	assert_int_equal(db_optout_set(&room->world.db, phone, "STOP"), 0);
	room_site(room, NULL);
	assert_int_equal(RUN(room, subscriber_show(&room->rule, "89120000067", &view, &room->why)),
			 0);
	assert_string_equal(view.phone, phone);
	assert_int_equal(view.opted_out_at, T0);
	assert_int_equal(view.n_sites, 2);
	assert_string_equal(view.sites[0].site, "one");
	assert_int_equal(view.sites[0].n_accounts, 2);
	assert_string_equal(view.sites[0].accounts[0].account, "u1");
	assert_true(view.sites[0].accounts[0].owner);
	assert_false(view.sites[0].accounts[1].owner);
	assert_int_equal(view.sites[0].accounts[1].wrong_entries, 1);
	assert_int_equal(view.sites[0].wrong_entries, 1);
	assert_int_equal(view.sites[0].sends_hour, 1); /* the other was approved unsent */
	assert_int_equal(view.sites[1].n_accounts, 0);
	subscriber_view_free(&view);
}

static void an_owner_of_old_is_listed(void **state)
{
	struct room *room = *state;
	struct subscriber_view view;

	bind_account(room, "u1", phone);
	assert_int_equal(db_exec(&room->world.db, NULL, "DELETE FROM verification", ""), 0);
	assert_int_equal(RUN(room, subscriber_show(&room->rule, phone, &view, &room->why)), 0);
	assert_int_equal(view.sites[0].n_accounts, 1);
	assert_true(view.sites[0].accounts[0].owner);
	subscriber_view_free(&view);
}

static void unlocking_opens_both_locks(void **state)
{
	struct room *room = *state;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(start(room, i == 0 ? "u1" : "u2", phone), 0);
		for (int j = 0; j < 6; j++)
			check(room, wrong(sent_code(room)), NULL);
	}
	assert_int_equal(start(room, "u3", phone), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NUMBER_LOCKED);
	assert_int_equal(RUN(room, subscriber_unlock(&room->rule, phone, false, &room->why)), 0);
	assert_int_equal(start(room, "u3", phone), 0);
	room_later(room, MINUTE);
	assert_int_equal(start(room, "u1", phone), 0);
	assert_int_equal(room->ver.attempts_left, 5);
	assert_int_equal(check(room, sent_code(room), NULL), CHECK_APPROVED);
}

/* An operator who knows better lifts the suspension of the whole prefix; sends count anew. */
static void unlocking_lifts_a_suspension(void **state)
{
	struct room *room = *state;
	struct subscriber_view view;

	for (unsigned i = 0; i < 20; i++) {
		char account[16], other[16];

		snprintf(account, sizeof(account), "s%u", i);
		snprintf(other, sizeof(other), "+79120000%03u", i);
		assert_int_equal(start(room, account, other), 0);
		leave(room, room->ver.row.message_seq, MSG_SENT);
	}
	room_later(room, HOUR);
	assert_int_equal(start(room, "u1", phone), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_PREFIX_SUSPENDED);
	assert_int_equal(RUN(room, subscriber_show(&room->rule, "+79120000001", &view, &room->why)),
			 0);
	assert_int_equal(view.sites[0].suspended_until, T0 + 7 * HOUR);
	subscriber_view_free(&view);
	assert_int_equal(RUN(room, subscriber_unlock(&room->rule, phone, false, &room->why)), 0);
	assert_int_equal(start(room, "u1", phone), 0);
}

static void an_operator_can_take_an_optout_back(void **state)
{
	struct room *room = *state;
	int64_t at;

	assert_int_equal(db_optout_set(&room->world.db, phone, "STOP"), 0);
	assert_int_equal(RUN(room, subscriber_unlock(&room->rule, phone, false, &room->why)), 0);
	assert_int_equal(db_optout_get(&room->world.db, phone, &at), 0); /* only if he says so */
	assert_int_equal(RUN(room, subscriber_unlock(&room->rule, phone, true, &room->why)), 0);
	assert_int_equal(db_optout_get(&room->world.db, phone, &at), -ENOENT);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'number.opted_in' AND reason = 'operator'"),
			 1);
}

static void erasing_a_number_frees_it(void **state)
{
	struct room *room = *state;
	int64_t id;

	bind_account(room, "u1", phone);
	assert_int_equal(RUN(room, subscriber_erase(&room->rule, phone, &room->why)), 0);
	assert_int_equal(db_number_find(&room->world.db, phone, &id), -ENOENT);
	assert_int_equal(RUN(room, subscriber_erase(&room->rule, phone, &room->why)), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NOT_FOUND);
	assert_int_equal(RUN(room, subscriber_erase(&room->rule, "x", &room->why)), RULE_REFUSED);
	assert_string_equal(room->why.field, "phone");
	bind_account(room, "u2", phone);
}

/* A test number that nobody has, or one whose range was closed since. */
static void a_kept_number_is_found_whatever_it_is(void **state)
{
	static const char nobodys[] = "+70000000001";
	struct room *room = *state;
	struct subscriber_view view;
	int64_t id;

	assert_int_equal(RUN(room, subscriber_erase(&room->rule, nobodys, &room->why)),
			 RULE_REFUSED);
	assert_string_equal(room->why.field_reason, "number_invalid");
	assert_int_equal(db_number_id(&room->world.db, nobodys, &id), 0);
	assert_int_equal(db_owner_set(&room->world.db, "one", "u1", id), 0);
	assert_int_equal(RUN(room, subscriber_show(&room->rule, nobodys, &view, &room->why)), 0);
	assert_string_equal(view.phone, nobodys);
	assert_true(view.sites[0].accounts[0].owner);
	subscriber_view_free(&view);
	assert_int_equal(RUN(room, subscriber_unlock(&room->rule, nobodys, false, &room->why)), 0);
	assert_int_equal(room->why.reason, REASON_NONE);
	assert_int_equal(RUN(room, account_unbind(&room->rule, "u1", nobodys, &room->why)), 0);
	assert_int_equal(room->why.reason, REASON_NONE);
	assert_int_equal(db_owner_number(&room->world.db, "one", "u1", &id), -ENOENT);
	assert_int_equal(db_number_id(&room->world.db, nobodys, &id), 0);
	assert_int_equal(RUN(room, subscriber_erase(&room->rule, nobodys, &room->why)), 0);
	assert_int_equal(db_number_find(&room->world.db, nobodys, &id), -ENOENT);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_number_is_shown_over_sites_and_accounts),
		TEST(an_owner_of_old_is_listed),
		TEST(unlocking_opens_both_locks),
		TEST(unlocking_lifts_a_suspension),
		TEST(an_operator_can_take_an_optout_back),
		TEST(erasing_a_number_frees_it),
		TEST(a_kept_number_is_found_whatever_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
