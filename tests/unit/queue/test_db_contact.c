/* test_db_contact.c - rows of contact requests and opt-outs, and the erasure of a number. */
#include <errno.h>

#include "tests/unit/queue/test_db.h"

#include "queue/db_contact.h"
#include "queue/db_erase.h"

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

static void a_number_is_erased_by_site_or_everywhere(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = draft(db, KIND_TEXT), other = row;
	unsigned n;
	int64_t number;

	add(db, &row);
	snprintf(other.site, sizeof(other.site), "t");
	add(db, &other);
	assert_int_equal(db_owner_set(db, row.site, "u1", row.number), 0);
	assert_int_equal(db_optout_set(db, "+79120000001", "STOP"), 0);
	assert_int_equal(db_number_erase(db, "nowhere", "+79120000001", &n), -ENOENT);
	assert_int_equal(db_number_erase(db, row.site, "+79120000001", &n), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM message"), 1);
	assert_int_equal(count_of(db, "SELECT count(*) FROM owner"), 0);
	assert_int_equal(db_number_erase(db, NULL, "+79120000001", &n), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM message"), 0);
	assert_int_equal(db_number_find(db, "+79120000001", &number), -ENOENT);
	assert_int_equal(count_of(db, "SELECT count(*) FROM optout"), 1);
	assert_int_equal(db_live_messages(db), 0);
	assert_int_equal(db_number_erase(db, NULL, "+79120000001", &n), -ENOENT);
}

static void what_is_on_the_air_is_left(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = draft(db, KIND_TEXT);
	unsigned n;

	add(db, &row);
	assert_int_equal(db_exec(db, NULL, "UPDATE message SET state = 2", ""), 0);
	assert_int_equal(db_number_erase(db, NULL, "+79120000001", &n), -ENOENT);
	assert_int_equal(count_of(db, "SELECT count(*) FROM message"), 1);
	assert_int_equal(count_of(db, "SELECT count(*) FROM number"), 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_row_comes_back_as_it_went),
		TEST(an_optout_is_found_by_number_alone),
		TEST(a_number_is_erased_by_site_or_everywhere),
		TEST(what_is_on_the_air_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
