/* test_export.c - what a person gets of what is held: all of his own, once, and nothing of others.
 */
#include "tests/unit/service/reverse_room.h"

#include "service/export.h"

#define HIS   "+79123456789"
#define TRIED "+79123456780"

static void export(struct room *room, struct account_export *got)
{
	memset(got, 0, sizeof(*got));
	assert_int_equal(RUN(room, account_export(&room->rule, "user", got, &room->why)), 0);
}

/* A number that two channels proved, and one that was tried in vain. */
static void each_thing_once(void **state)
{
	const struct verification_request change = { .account = "user",
						     .phone = TRIED,
						     .purpose = "change" };
	struct room *room = *state;
	struct account_export got;

	bind_account(room, "user", HIS);
	assert_int_equal(begin_channel(room, "missed_call", "user", HIS), 0);
	assert_int_equal(ring_us(room, room->ver.row.gateway, HIS), 0);
	assert_int_equal(text_us(room, "gsm0", HIS, (char[]){ "Спасибо" }), 0);
	bind_account(room, "other", TRIED);
	assert_int_equal(text_us(room, "gsm0", TRIED, (char[]){ "of another" }), 0);
	room_later(room, HOUR);
	assert_int_equal(begin(room, &change), 0);
	export(room, &got);
	assert_int_equal(got.account.n_proofs, 2);
	assert_string_equal(got.account.phone, HIS);
	assert_int_equal(got.n_verifications, 3);
	assert_int_equal(got.n_inbox, 1);
	assert_string_equal(got.inbox[0].text, "Спасибо");
	assert_int_equal(got.n_messages, 2); /* his own code, and the one to the tried number */
	assert_true(got.whole);
	for (size_t i = 1; i < got.n_events; i++)
		assert_true(got.events[i - 1].seq < got.events[i].seq);
	account_export_free(&got);
}

/* The message of an old verification may be forgotten before it. */
static void what_is_forgotten_is_left_out(void **state)
{
	struct room *room = *state;
	struct account_export got;

	assert_int_equal(start(room, "user", TRIED), 0);
	run_sql(room->rule.db, "PRAGMA foreign_keys = OFF");
	run_sql(room->rule.db, "DELETE FROM message");
	export(room, &got);
	assert_int_equal(got.n_verifications, 1);
	assert_int_equal(got.n_messages, 0);
	account_export_free(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_thing_once, reverse_setup, room_teardown),
		cmocka_unit_test_setup_teardown(what_is_forgotten_is_left_out, reverse_setup,
						room_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
