/* Delivery reports that wait for their attempt. */
#include "queue/db_report.h"

#include "tests/unit/queue/test_db.h"

static bool keep(struct db *db, const char *sim, const char *to, int reference, int status)
{
	struct report_row row = { .modem = "gsm0", .reference = reference, .status = status };
	bool is_new;

	snprintf(row.sim, sizeof(row.sim), "%s", sim);
	snprintf(row.recipient, sizeof(row.recipient), "%s", to);
	assert_int_equal(db_report_keep(db, &row, &is_new), 0);
	return is_new;
}

static size_t waiting(struct db *db, const char *sim, int reference, int64_t since,
		      struct report_row rows[static 8])
{
	size_t n;

	assert_int_equal(db_report_waiting(db, sim, reference, since, rows, 8, &n), 0);
	return n;
}

static void kept_once_and_found(void **state)
{
	struct db *db = the_db(state);
	struct report_row rows[8];

	assert_true(keep(db, "s", "+79120000001", 5, 0));
	assert_false(keep(db, "s", "+79120000001", 5, 0));
	assert_true(keep(db, "s", "+79120000001", 5, 0x46)); /* another status */
	assert_true(keep(db, "s", "", 5, 0));
	assert_false(keep(db, "s", "", 5, 0));
	assert_true(keep(db, "t", "+79120000001", 5, 0));
	db->now += SECOND;
	assert_true(keep(db, "s", "+79120000001", 255, 0));
	assert_int_equal(waiting(db, "s", 5, 0, rows), 3);
	assert_string_equal(rows[0].recipient, "+79120000001");
	assert_string_equal(rows[0].modem, "gsm0");
	assert_int_equal(rows[1].status, 0x46);
	assert_string_equal(rows[2].recipient, "");
	assert_int_equal(waiting(db, "s", -1, 0, rows), 4);
	assert_int_equal(waiting(db, "s", -1, db->now, rows), 1);
	assert_int_equal(rows[0].reference, 255);
	assert_int_equal(waiting(db, "s", 6, 0, rows), 0);
	assert_int_equal(db_report_drop(db, rows[0].id), 0);
	assert_int_equal(waiting(db, "s", -1, 0, rows), 3);
	assert_plans_are_indexed(db, "report");
}

static void bounded_and_pruned(void **state)
{
	struct db *db = the_db(state);
	unsigned n;

	for (int i = 0; i < 10100; i++) {
		char sim[16];

		snprintf(sim, sizeof(sim), "%d", i / 200);
		assert_true(keep(db, sim, "", i % 200, 0));
	}
	assert_int_equal(count_of(db, "SELECT count(*) FROM report"), 10000);
	assert_int_equal(db_report_prune(db, db->now, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(db_report_prune(db, db->now + 1, &n), 0);
	assert_int_equal(n, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kept_once_and_found, setup, teardown),
		cmocka_unit_test_setup_teardown(bounded_and_pruned, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
