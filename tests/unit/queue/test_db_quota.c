/* Limits of a SIM: any span, the share kept for codes, long messages, recipients. */
#include "queue/db_quota.h"

#include "tests/unit/queue/test_db.h"

static const struct config_rate two_rates[] = { { 10, MINUTE }, { 15, HOUR } };
static const struct config_rate one_recipient_rate[] = { { 5, 30 * (int64_t)DAY } };
static const struct config_rates none = { NULL, 0 };
static const struct config_rates rates = { two_rates, 2 };
static const struct config_rates recipient_rates = { one_recipient_rate, 1 };
static const struct quota_limits parts_only = { &rates, &none };
static const struct quota_limits recipients_only = { &none, &recipient_rates };

static struct quota_state look(struct db *db, const char *sim, const struct quota_limits *limits,
			       unsigned parts)
{
	struct quota_state quota;

	assert_int_equal(db_quota_look(db, sim, limits, parts, &quota), 0);
	return quota;
}

static void take(struct db *db, const char *sim, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(db_quota_take(db, sim, &parts_only), 0);
		db->now += SECOND;
	}
}

static void the_last_fifth_is_for_codes(void **state)
{
	static const struct {
		unsigned count, others;
	} shares[] = { { 1, 1 }, { 2, 2 }, { 4, 4 }, { 5, 4 }, { 10, 8 }, { 100, 80 } };
	struct db *db = the_db(state);

	for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
		assert_int_equal(quota_share(shares[i].count, QUOTA_CODES), shares[i].count);
		assert_int_equal(quota_share(shares[i].count, QUOTA_OTHERS), shares[i].others);
	}
	take(db, "sim", 7);
	assert_int_equal(look(db, "sim", &parts_only, 1).open_at[QUOTA_OTHERS], 0);
	take(db, "sim", 1);
	assert_int_equal(look(db, "sim", &parts_only, 1).open_at[QUOTA_CODES], 0);
	assert_int_equal(look(db, "sim", &parts_only, 1).open_at[QUOTA_OTHERS], T0 + MINUTE);
	assert_int_equal(look(db, "sim", &parts_only, 1).full.count, 10);
	take(db, "sim", 2);
	assert_int_equal(look(db, "sim", &parts_only, 1).open_at[QUOTA_CODES], T0 + MINUTE);
	assert_int_equal(look(db, "sim", &parts_only, 1).fill, 1000);
	assert_int_equal(look(db, "other", &parts_only, 1).open_at[QUOTA_OTHERS], 0);
	assert_int_equal(look(db, "other", &parts_only, 1).fill, 0);
}

static void every_span_counts(void **state)
{
	struct db *db = the_db(state);
	struct quota_state quota;
	unsigned used;

	take(db, "sim", 8);
	db->now = T0 + 2 * MINUTE;
	take(db, "sim", 4);
	quota = look(db, "sim", &parts_only, 1); /* 12 in the hour, 4 in the minute */
	assert_int_equal(quota.open_at[QUOTA_OTHERS], T0 + HOUR);
	assert_int_equal(quota.open_at[QUOTA_CODES], 0);
	assert_int_equal(quota.full.window_ms, HOUR);
	assert_int_equal(db_quota_parts_used(db, "sim", HOUR, &used), 0);
	assert_int_equal(used, 12);
	assert_int_equal(db_quota_parts_used(db, "sim", MINUTE, &used), 0);
	assert_int_equal(used, 4);
	db->now = T0 + HOUR; /* the first is past: 11 are left */
	assert_int_equal(look(db, "sim", &parts_only, 1).open_at[QUOTA_OTHERS], 0);
	assert_plans_are_indexed(db, "place");
}

static void a_long_message_waits_for_all_of_it(void **state)
{
	struct db *db = the_db(state);

	take(db, "sim", 6); /* 2 more may go, at T0 + 60 s 3, at T0 + 61 s 4 */
	assert_int_equal(look(db, "sim", &parts_only, 2).open_at[QUOTA_OTHERS], 0);
	assert_int_equal(look(db, "sim", &parts_only, 3).open_at[QUOTA_OTHERS], T0 + MINUTE);
	assert_int_equal(look(db, "sim", &parts_only, 4).open_at[QUOTA_OTHERS],
			 T0 + MINUTE + SECOND);
	assert_int_equal(look(db, "sim", &parts_only, 4).open_at[QUOTA_CODES], 0);
	/* More parts than the limit: it waits until nothing is counted. */
	assert_int_equal(look(db, "sim", &parts_only, 20).open_at[QUOTA_OTHERS],
			 T0 + HOUR + 5 * SECOND);
	db->now += 2 * HOUR;
	assert_int_equal(look(db, "sim", &parts_only, 20).open_at[QUOTA_OTHERS], 0);
}

static void what_did_not_leave_gives_its_place_back(void **state)
{
	struct db *db = the_db(state);

	take(db, "sim", 8);
	assert_int_equal(db_quota_give_back(db, "sim", &parts_only), 0);
	assert_int_equal(look(db, "sim", &parts_only, 1).open_at[QUOTA_OTHERS], 0);
	take(db, "sim", 1);
	assert_int_equal(look(db, "sim", &parts_only, 1).open_at[QUOTA_OTHERS], T0 + MINUTE);
}

/* No more rows than the longest span can hold, and two that go with the next part. */
static void old_places_go_by_themselves(void **state)
{
	struct db *db = the_db(state);

	for (int i = 0; i < 20; i++) {
		take(db, "sim", 10);
		db->now += HOUR;
		assert_in_range(count_of(db, "SELECT count(*) FROM place"), 1, 21);
	}
	assert_plans_are_indexed(db, "place");
}

static void without_limits_nothing_is_counted(void **state)
{
	static const struct quota_limits unlimited = { &none, &none };
	struct db *db = the_db(state);

	assert_int_equal(db_quota_take(db, "sim", &unlimited), 0);
	assert_int_equal(db_quota_recipient(db, "sim", &unlimited, 1), 0);
	assert_int_equal(db_quota_give_back(db, "sim", &unlimited), 0);
	assert_int_equal(look(db, "sim", &unlimited, 1).open_at[QUOTA_OTHERS], 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM place"), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM recipient"), 0);
}

static void send_to(struct db *db, const char *e164)
{
	int64_t number;

	assert_int_equal(db_number_id(db, e164, &number), 0);
	assert_int_equal(db_quota_recipient(db, "sim", &recipients_only, number), 0);
	db->now += HOUR;
}

static void different_recipients_are_counted(void **state)
{
	struct db *db = the_db(state);
	struct quota_state quota;
	unsigned used;

	send_to(db, "+79120000001");
	send_to(db, "+79120000002");
	send_to(db, "+79120000001"); /* again: it counts from now */
	send_to(db, "+79120000003");
	assert_int_equal(db_quota_recipients_used(db, "sim", DAY, &used), 0);
	assert_int_equal(used, 3);
	assert_int_equal(look(db, "sim", &recipients_only, 9).open_at[QUOTA_OTHERS], 0);
	send_to(db, "+79120000004");
	quota = look(db, "sim", &recipients_only, 1);
	assert_int_equal(quota.open_at[QUOTA_OTHERS], T0 + HOUR + 30 * (int64_t)DAY);
	assert_int_equal(quota.open_at[QUOTA_CODES], 0);
	assert_true(quota.full_recipients);
	assert_int_equal(quota.full.count, 5);
	send_to(db, "+79120000005");
	quota = look(db, "sim", &recipients_only, 1);
	assert_int_equal(quota.open_at[QUOTA_CODES], T0 + HOUR + 30 * (int64_t)DAY);
	assert_plans_are_indexed(db, "recipient");
	db->now += 31 * (int64_t)DAY;
	assert_int_equal(look(db, "sim", &recipients_only, 1).open_at[QUOTA_CODES], 0);
	assert_int_equal(db_quota_prune(db, db->now - 30 * (int64_t)DAY), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM recipient"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_last_fifth_is_for_codes, setup, teardown),
		cmocka_unit_test_setup_teardown(every_span_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_message_waits_for_all_of_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_did_not_leave_gives_its_place_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(old_places_go_by_themselves, setup, teardown),
		cmocka_unit_test_setup_teardown(without_limits_nothing_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(different_recipients_are_counted, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
