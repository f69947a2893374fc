/* test_db_contact.c - rows of contact requests and opt-outs. */
#include <errno.h>

#include "tests/unit/queue/test_db.h"

#include "queue/db_contact.h"

static void a_row_comes_back_as_it_went(void **state)
{
	struct db *db = the_db(state);
	struct contact_row row = { .site = "s",
				   .from_account = "u1",
				   .to_account = "u2",
				   .order = "12345",
				   .message_seq = 7,
				   .created_at = 8 },
			   back;

	assert_int_equal(db_contact_add(db, &row), 0);
	assert_true(id_is(row.id, ID_CONTACT));
	assert_int_equal(db_contact_get(db, row.id, &back), 0);
	assert_memory_equal(&row, &back, sizeof(row));
	assert_int_equal(db_contact_get(db, "ctr_none", &back), -ENOENT);
}

static void an_optout_is_found_by_number_alone(void **state)
{
	struct db *db = the_db(state);
	int64_t at, number;

	assert_int_equal(db_optout_get(db, "+79120000067", &at), -ENOENT);
	assert_int_equal(db_optout_set(db, "+79120000067", "STOP"), 0);
	db->now += 5;
	assert_int_equal(db_optout_set(db, "+79120000067", "СТОП"), 0);
	assert_int_equal(db_optout_get(db, "+79120000067", &at), 0);
	assert_int_equal(at, T0 + 5);
	assert_int_equal(db_optout_get(db, "+79120000068", &at), -ENOENT);
	assert_int_equal(db_number_find(db, "+79120000067", &number), -ENOENT); /* only a hash */
	assert_int_equal(db_optout_clear(db, "+79120000067"), 0);
	assert_int_equal(db_optout_clear(db, "+79120000067"), -ENOENT);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_row_comes_back_as_it_went),
		TEST(an_optout_is_found_by_number_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
