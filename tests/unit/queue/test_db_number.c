/* test_db_number.c - numbers are found again, sealed at rest and bound to their rows. */
#include <errno.h>
#include <stdio.h>

#include "queue/db_number.h"
#include "test_db.h"

static void finds_what_it_added(void **state)
{
	static const char *const numbers[] = { "+79121234567", "+84901234567", "900",
					       "+1234567890123456789012" };
	struct db *db = the_db(state);
	int64_t ids[ARRAY_LEN(numbers)], id;
	char e164[NUMBER_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		assert_int_equal(db_number_find(db, numbers[i], &id), -ENOENT);
		assert_int_equal(db_number_id(db, numbers[i], &ids[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		assert_int_equal(db_number_id(db, numbers[i], &id), 0);
		assert_int_equal(id, ids[i]);
		assert_int_equal(db_number_find(db, numbers[i], &id), 0);
		assert_int_equal(id, ids[i]);
		assert_int_equal(db_number_get(db, id, e164), 0);
		assert_string_equal(e164, numbers[i]);
	}
	assert_int_equal(count_of(db, "SELECT count(*) FROM number"), ARRAY_LEN(numbers));
}

static void refuses_what_is_no_number(void **state)
{
	struct db *db = the_db(state);
	int64_t id;

	assert_int_equal(db_number_id(db, "", &id), -EINVAL);
	assert_int_equal(db_number_id(db, "+12345678901234567890123", &id), -EINVAL);
}

static void shows_nothing_at_rest(void **state)
{
	struct db *db = the_db(state);
	int64_t id;

	assert_int_equal(db_number_id(db, "+79121234567", &id), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM number WHERE instr(sealed,"
				      " CAST('9121234567' AS BLOB)) > 0 OR instr(hash,"
				      " CAST('9121234567' AS BLOB)) > 0"),
			 0);
}

static void does_not_open_elsewhere(void **state)
{
	struct db *db = the_db(state);
	char e164[NUMBER_SIZE] = "x";
	int64_t a, b;

	assert_int_equal(db_number_id(db, "+79121234567", &a), 0);
	assert_int_equal(db_number_id(db, "+79121234568", &b), 0);
	run_sql(db, "UPDATE number SET sealed = (SELECT sealed FROM number WHERE id = 1)");
	assert_int_equal(db_number_get(db, a, e164), 0);
	assert_int_equal(db_number_get(db, b, e164), -EBADMSG);
	assert_string_equal(e164, "");
	run_sql(db, "UPDATE number SET sealed = zeroblob(3)");
	assert_int_equal(db_number_get(db, a, e164), -EBADMSG);
	assert_int_equal(db_number_get(db, 99, e164), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(finds_what_it_added, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_number, setup, teardown),
		cmocka_unit_test_setup_teardown(shows_nothing_at_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(does_not_open_elsewhere, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
