/* test_db_verification.c - rows of verifications, codes, owners and proofs. */
#include <errno.h>

#include "tests/unit/queue/test_db.h"

#include "queue/db_verification.h"

static struct verification_row sample(struct db *db, const char *account, const char *purpose)
{
	struct verification_row row = { .site = "s",
					.channel = "sms",
					.locale = "ru",
					.state = VER_PENDING,
					.created_at = db->now,
					.sends = 1,
					.code_at = db->now,
					.code_until = db->now + 5,
					.message_seq = 7 };

	snprintf(row.account, sizeof(row.account), "%s", account);
	snprintf(row.purpose, sizeof(row.purpose), "%s", purpose);
	assert_int_equal(db_number_id(db, "+79120000067", &row.number), 0);
	return row;
}

static void a_row_comes_back_as_it_went(void **state)
{
	struct db *db = the_db(state);
	struct verification_row row = sample(db, "u1", "register"), back;

	assert_int_equal(db_verification_add(db, &row), 0);
	assert_true(id_is(row.id, ID_VERIFICATION));
	assert_int_equal(db_verification_get(db, row.id, &back), 0);
	assert_memory_equal(&row, &back, sizeof(row));
	row.state = VER_APPROVED;
	row.approved_at = 9;
	row.sends = 3;
	row.message_seq = 0;
	row.code_at = 11;
	row.code_until = 12;
	snprintf(row.gateway, sizeof(row.gateway), "gsm0");
	snprintf(row.service_centre, sizeof(row.service_centre), "+79168999100");
	snprintf(row.refused, sizeof(row.refused), "wrong_sender");
	assert_int_equal(db_verification_update(db, &row), 0);
	assert_int_equal(db_verification_get(db, row.id, &back), 0);
	assert_memory_equal(&row, &back, sizeof(row));
	assert_int_equal(db_verification_get(db, "ver_none", &back), -ENOENT);
	snprintf(row.id, sizeof(row.id), "ver_none");
	assert_int_equal(db_verification_update(db, &row), -ENOENT);
}

static void a_number_may_be_unknown(void **state)
{
	struct db *db = the_db(state);
	struct verification_row row = sample(db, "u1", "register"), back;

	row.number = 0;
	assert_int_equal(db_verification_add(db, &row), 0);
	assert_int_equal(db_verification_get(db, row.id, &back), 0);
	assert_int_equal(back.number, 0);
	assert_int_equal(db_verification_pending(db, "s", "u1", 0, "register", "sms", &back), 0);
	assert_string_equal(back.id, row.id);
}

static void the_newest_pending_one_is_found(void **state)
{
	struct db *db = the_db(state);
	struct verification_row older = sample(db, "u1", "register"), newer = older,
				login = sample(db, "u1", "login"), found;

	assert_int_equal(
		db_verification_pending(db, "s", "u1", older.number, "register", "sms", &found),
		-ENOENT);
	assert_int_equal(db_verification_add(db, &older), 0);
	db->now++;
	assert_int_equal(db_verification_add(db, &newer), 0);
	assert_int_equal(db_verification_add(db, &login), 0);
	assert_int_equal(
		db_verification_pending(db, "s", "u1", older.number, "register", "sms", &found), 0);
	assert_string_equal(found.id, newer.id);
	newer.state = VER_CANCELED;
	assert_int_equal(db_verification_update(db, &newer), 0);
	db_verification_pending(db, "s", "u1", older.number, "register", "sms", &found);
	assert_string_equal(found.id, older.id);
	assert_int_equal(
		db_verification_pending(db, "t", "u1", older.number, "register", "sms", &found),
		-ENOENT);
	assert_int_equal(
		db_verification_pending(db, "s", "u2", older.number, "register", "sms", &found),
		-ENOENT);
}

static void a_message_leads_to_its_verification(void **state)
{
	struct db *db = the_db(state);
	struct verification_row row = sample(db, "u1", "register"), found;

	assert_int_equal(db_verification_add(db, &row), 0);
	assert_int_equal(db_verification_by_message(db, row.number, 7, &found), 0);
	assert_string_equal(found.id, row.id);
	assert_int_equal(db_verification_by_message(db, row.number, 8, &found), -ENOENT);
	row.state = VER_EXPIRED;
	assert_int_equal(db_verification_update(db, &row), 0);
	assert_int_equal(db_verification_by_message(db, row.number, 7, &found), 0);
	row.state = VER_APPROVED;
	assert_int_equal(db_verification_update(db, &row), 0);
	assert_int_equal(db_verification_by_message(db, row.number, 7, &found), -ENOENT);
}

static void codes_are_current_superseded_or_unknown(void **state)
{
	struct db *db = the_db(state);
	unsigned char hash[4][SEAL_HASH_SIZE] = { { 1 }, { 2 }, { 3 }, { 4 } };

	assert_int_equal(db_code_match(db, "v", hash[0]), -ENOENT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(db_code_add(db, "v", hash[i]), 0);
	assert_int_equal(db_code_match(db, "v", hash[2]), 0);
	assert_int_equal(db_code_match(db, "v", hash[1]), 1);
	assert_int_equal(db_code_match(db, "v", hash[0]), 1);
	assert_int_equal(db_code_match(db, "v", hash[3]), -ENOENT);
	assert_int_equal(db_code_match(db, "w", hash[2]), -ENOENT);
	assert_int_equal(db_code_add(db, "v", hash[0]), 0); /* the same digits again: current */
	assert_int_equal(db_code_match(db, "v", hash[0]), 0);
	assert_int_equal(db_code_erase(db, "v"), 0);
	assert_int_equal(db_code_match(db, "v", hash[2]), -ENOENT);
}

static void a_token_leads_to_its_verification(void **state)
{
	struct db *db = the_db(state);
	unsigned char token[SEAL_HASH_SIZE] = { 1 }, code[SEAL_HASH_SIZE] = { 2 };
	struct verification_row row = sample(db, "u1", "register"), found;

	assert_int_equal(db_verification_add(db, &row), 0);
	assert_int_equal(db_token_find(db, token, &found), -ENOENT);
	assert_int_equal(db_token_add(db, row.id, token), 0);
	assert_int_equal(db_code_add(db, row.id, code), 0);
	assert_int_equal(db_token_find(db, token, &found), 0);
	assert_memory_equal(&found, &row, sizeof(row));
	assert_int_equal(db_token_find(db, code, &found), -ENOENT);
	assert_int_equal(db_code_match(db, row.id, code), 0);
	assert_int_equal(db_code_erase(db, row.id), 0);
	assert_int_equal(db_token_find(db, token, &found), -ENOENT);
}

static void the_awaited_one_is_pending_and_in_time(void **state)
{
	struct db *db = the_db(state);
	struct verification_row row = sample(db, "u1", "register"), found;

	assert_int_equal(db_verification_first_end(db, &found), -ENOENT);
	assert_int_equal(db_verification_add(db, &row), 0); /* ends in 5 ms */
	assert_int_equal(db_verification_awaited(db, row.number, "sms", &found), 0);
	assert_string_equal(found.id, row.id);
	assert_int_equal(db_verification_awaited(db, row.number, "missed_call", &found), -ENOENT);
	assert_int_equal(db_verification_awaited(db, row.number + 1, "sms", &found), -ENOENT);
	db->now += 5;
	assert_int_equal(db_verification_awaited(db, row.number, "sms", &found), -ENOENT);
	assert_int_equal(db_verification_first_end(db, &found), 0);
	assert_string_equal(found.id, row.id);
	assert_int_equal(db_verification_submitted(db, row.number, 8, 9), 0); /* another code */
	assert_int_equal(db_verification_first_end(db, &found), 0);
	assert_int_equal(found.code_until, row.code_until);
	assert_int_equal(db_verification_submitted(db, row.number, 7, 9), 0);
	assert_int_equal(db_verification_first_end(db, &found), 0);
	assert_int_equal(found.code_until, 9);
	row.state = VER_EXPIRED;
	assert_int_equal(db_verification_update(db, &row), 0);
	assert_int_equal(db_verification_first_end(db, &found), -ENOENT);
}

static void owner_is_unique_both_ways(void **state)
{
	struct db *db = the_db(state);
	char account[ACCOUNT_SIZE];
	int64_t a, b, number;

	assert_int_equal(db_number_id(db, "+79120000061", &a), 0);
	assert_int_equal(db_number_id(db, "+79120000062", &b), 0);
	assert_int_equal(db_owner_get(db, "s", a, account), -ENOENT);
	assert_int_equal(db_owner_set(db, "s", "u1", a), 0);
	assert_int_equal(db_owner_set(db, "s", "u2", a), -EEXIST);
	assert_int_equal(db_owner_set(db, "t", "u2", a), 0);
	assert_int_equal(db_owner_set(db, "s", "u1", b), 0); /* replaces the account's */
	assert_int_equal(db_owner_get(db, "s", a, account), -ENOENT);
	assert_int_equal(db_owner_number(db, "s", "u1", &number), 0);
	assert_int_equal(number, b);
	assert_int_equal(db_owner_number(db, "s", "u2", &number), -ENOENT);
	assert_int_equal(db_owner_remove(db, "s", "u1", a), -ENOENT);
	assert_int_equal(db_owner_remove(db, "s", "u1", b), 0);
}

static void proofs_are_kept_by_channel(void **state)
{
	struct db *db = the_db(state);
	struct proof_row proof = { .verified_at = 5, .channel = "sms", .assurance = "code" }, *list;
	size_t n;

	assert_int_equal(db_number_id(db, "+79120000061", &proof.number), 0);
	assert_int_equal(db_proof_list(db, "s", "u1", &list, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(db_owner_set(db, "s", "u1", proof.number), 0);
	assert_int_equal(db_proof_set(db, "s", "u1", &proof), 0);
	proof.verified_at = 9;
	assert_int_equal(db_proof_set(db, "s", "u1", &proof), 0);
	snprintf(proof.channel, sizeof(proof.channel), "missed_call");
	snprintf(proof.assurance, sizeof(proof.assurance), "caller_id");
	proof.verified_at = 7;
	assert_int_equal(db_proof_set(db, "s", "u1", &proof), 0);
	assert_int_equal(db_proof_list(db, "s", "u1", &list, &n), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].channel, "sms");
	assert_int_equal(list[0].verified_at, 9);
	assert_string_equal(list[1].assurance, "caller_id");
	free(list);
	assert_int_equal(db_owner_remove(db, "s", "u1", proof.number), 0);
	assert_int_equal(db_proof_list(db, "s", "u1", &list, &n), 0);
	assert_int_equal(n, 0);
	free(list);
}

static void codes_are_pruned_by_age(void **state)
{
	struct db *db = the_db(state);
	unsigned char hash[SEAL_HASH_SIZE] = { 1 };
	struct verification_row old = sample(db, "u1", "register"), young;

	assert_int_equal(db_verification_add(db, &old), 0);
	assert_int_equal(db_code_add(db, old.id, hash), 0);
	db->now += HOUR;
	young = sample(db, "u2", "register");
	assert_int_equal(db_verification_add(db, &young), 0);
	assert_int_equal(db_code_add(db, young.id, hash), 0);
	assert_int_equal(db_code_add(db, "ver_gone", hash), 0);
	assert_int_equal(db_code_prune(db, T0 + MINUTE), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM verification"), 2);
	assert_int_equal(count_of(db, "SELECT count(*) FROM code"), 1);
	assert_int_equal(db_code_match(db, young.id, hash), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_row_comes_back_as_it_went),
		TEST(a_number_may_be_unknown),
		TEST(the_newest_pending_one_is_found),
		TEST(a_message_leads_to_its_verification),
		TEST(codes_are_current_superseded_or_unknown),
		TEST(a_token_leads_to_its_verification),
		TEST(the_awaited_one_is_pending_and_in_time),
		TEST(owner_is_unique_both_ways),
		TEST(proofs_are_kept_by_channel),
		TEST(codes_are_pruned_by_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
