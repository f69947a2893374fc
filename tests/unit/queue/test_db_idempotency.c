/* test_db_idempotency.c - which requests are the same one. */
#include <errno.h>
#include <stdio.h>

#include "queue/db_idempotency.h"
#include "test_db.h"

static const struct idempotency first = { "uid:33", "a",  "POST /v1/messages", "key 1", "{1}",
					  3,        false };

static const struct {
	struct idempotency idem;
	int found;
} cases[] = {
	{ { "uid:33", "a", "POST /v1/messages", "key 1", "{1}", 3, false }, 0 },
	{ { "uid:33", "a", "POST /v1/messages", "key 1", "{2}", 3, false }, -EEXIST },
	{ { "uid:33", "a", "POST /v1/messages", "key 1", "{1}\0", 4, false }, -EEXIST },
	{ { "uid:33", "a", "POST /v1/messages", "key 1", NULL, 0, false }, -EEXIST },
	{ { "uid:33", "a", "POST /v1/messages", "key 2", "{1}", 3, false }, -ENOENT },
	{ { "uid:33", "a", "POST /v1/verifications", "key 1", "{1}", 3, false }, -ENOENT },
	{ { "uid:33", "b", "POST /v1/messages", "key 1", "{1}", 3, false }, -ENOENT },
	{ { "uid:34", "a", "POST /v1/messages", "key 1", "{1}", 3, false }, -ENOENT },
	{ { "uid:3", "3a", "POST /v1/messages", "key 1", "{1}", 3, false }, -ENOENT },
};

static void tells_same_from_other(void **state)
{
	struct db *db = the_db(state);

	assert_int_equal(db_idempotency_keep(db, &first, "msg_1"), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char object[ID_SIZE] = "";

		assert_int_equal(db_idempotency_find(db, &cases[i].idem, object), cases[i].found);
		assert_string_equal(object, cases[i].found == 0 ? "msg_1" : "");
	}
	assert_int_equal(count_of(db, "SELECT count(*) FROM idempotency WHERE"
				      " instr(hash, CAST('key' AS BLOB)) + instr(body,"
				      " CAST('{1}' AS BLOB)) > 0"),
			 0);
}

static void a_key_is_new_after_a_day(void **state)
{
	struct idempotency other = first;
	struct db *db = the_db(state);
	char object[ID_SIZE];

	assert_int_equal(db_idempotency_keep(db, &first, "msg_1"), 0);
	db->now += DAY - 1;
	assert_int_equal(db_idempotency_find(db, &first, object), 0);
	db->now++;
	assert_int_equal(db_idempotency_find(db, &first, object), -ENOENT);
	other.body = "{2}";
	assert_int_equal(db_idempotency_keep(db, &other, "msg_2"), 0);
	assert_int_equal(db_idempotency_find(db, &other, object), 0);
	assert_string_equal(object, "msg_2");
	assert_int_equal(db_idempotency_find(db, &first, object), -EEXIST);
}

static void one_is_kept_until_it_is_forgotten(void **state)
{
	struct idempotency kept = first;
	struct db *db = the_db(state);
	char object[ID_SIZE];

	kept.until_forgotten = true;
	assert_int_equal(db_idempotency_keep(db, &kept, "msg_1"), 0);
	db->now += 300 * (int64_t)DAY;
	assert_int_equal(db_idempotency_prune(db, db->now - DAY), 0);
	assert_int_equal(db_idempotency_find(db, &kept, object), 0);
	assert_int_equal(db_idempotency_forget(db, &kept), 0);
	assert_int_equal(db_idempotency_find(db, &kept, object), -ENOENT);
}

static void prune_takes_the_old_ones(void **state)
{
	struct idempotency later = first;
	struct db *db = the_db(state);

	later.key = "key 2";
	assert_int_equal(db_idempotency_keep(db, &first, "msg_1"), 0);
	db->now += HOUR;
	assert_int_equal(db_idempotency_keep(db, &later, "msg_2"), 0);
	assert_int_equal(db_idempotency_prune(db, T0 + HOUR), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM idempotency"), 1);
	assert_plans_are_indexed(db, "idempotency");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_same_from_other, setup, teardown),
		cmocka_unit_test_setup_teardown(a_key_is_new_after_a_day, setup, teardown),
		cmocka_unit_test_setup_teardown(one_is_kept_until_it_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(prune_takes_the_old_ones, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
