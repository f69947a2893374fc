/* test_db_erase.c - people are forgotten: by account, by number, also what was on the air. */
#include <errno.h>

#include "tests/unit/queue/test_db.h"

#include "queue/db_attempt.h"
#include "queue/db_contact.h"
#include "queue/db_erase.h"
#include "queue/db_inbox.h"

#define PHONE "+79120000001"

static const char site[] = "studentu24"; /* that of draft() */

static int64_t count(struct db *db, const char *table)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
	return count_of(db, sql);
}

/* A verification of the account with its code's message, and the number bound to it. */
static struct message_row enroll(struct db *db, const char *account)
{
	unsigned char hash[SEAL_HASH_SIZE] = { 1 };
	struct message_row row = draft(db, KIND_VERIFICATION);
	struct verification_row verification = { .purpose = "register",
						 .channel = "sms",
						 .locale = "ru",
						 .number = row.number,
						 .created_at = db->now };
	struct proof_row proof = {
		.number = row.number, .verified_at = db->now, .channel = "sms", .assurance = "code"
	};

	add(db, &row);
	snprintf(verification.site, sizeof(verification.site), "%s", site);
	snprintf(verification.account, sizeof(verification.account), "%s", account);
	verification.message_seq = row.seq;
	assert_int_equal(db_verification_add(db, &verification), 0);
	assert_int_equal(db_code_add(db, verification.id, hash), 0);
	assert_int_equal(db_owner_set(db, site, account, row.number), 0);
	assert_int_equal(db_proof_set(db, site, account, &proof), 0);
	return row;
}

static void receive(struct db *db, const char *of_site, const char *pdu)
{
	struct inbox_row row = { .modem = "gsm0", .sender = PHONE, .text = (char *)"hello" };

	snprintf(row.site, sizeof(row.site), "%s", of_site);
	assert_int_equal(db_inbox_add(db, &row, pdu), 0);
}

static void an_account_goes_with_all_that_is_its_own(void **state)
{
	struct db *db = the_db(state);
	struct message_row text = draft(db, KIND_TEXT);
	struct contact_row contact = { .from_account = "u1", .to_account = "u2" };
	unsigned n;

	enroll(db, "u1");
	add(db, &text); /* a reminder of the site to the same number */
	snprintf(contact.site, sizeof(contact.site), "%s", site);
	assert_int_equal(db_contact_add(db, &contact), 0);
	receive(db, site, "01");
	assert_int_equal(db_account_erase(db, "other", "u1", &n), -ENOENT);
	assert_false(db->news.erased);
	assert_int_equal(db_account_erase(db, site, "u1", &n), 0);
	assert_true(db->news.erased); /* the log is truncated before anybody is told */
	assert_int_equal(count(db, "verification"), 0);
	assert_int_equal(count(db, "code"), 0);
	assert_int_equal(count(db, "owner"), 0);
	assert_int_equal(count(db, "proof"), 0);
	assert_int_equal(count(db, "contact"), 0);
	assert_int_equal(count(db, "message"), 0);
	assert_int_equal(count(db, "number"), 0);
	assert_int_equal(db_live_messages(db), 0);
	/* the received one says nothing any more, and does not come again */
	assert_int_equal(count_of(db, "SELECT count(*) FROM inbox WHERE text IS NULL AND number"
				      " IS NULL AND site = \'\'"),
			 1);
	assert_int_equal(db_account_erase(db, site, "u1", &n), -ENOENT);
}

static void a_number_that_another_account_tries_stays(void **state)
{
	struct db *db = the_db(state);
	unsigned n;

	enroll(db, "u2");
	assert_int_equal(db_owner_remove(db, site, "u2", 1), 0);
	enroll(db, "u1");
	receive(db, site, "01");
	assert_int_equal(db_account_erase(db, site, "u1", &n), 0);
	assert_int_equal(count(db, "verification"), 1);
	assert_int_equal(count(db, "number"), 1);
	assert_int_equal(count_of(db, "SELECT count(*) FROM inbox WHERE text IS NOT NULL"), 1);
}

static void a_number_goes_by_site_or_everywhere(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = enroll(db, "u1"), other = draft(db, KIND_TEXT);
	int64_t number;
	unsigned n;

	(void)row;
	snprintf(other.site, sizeof(other.site), "t");
	add(db, &other);
	receive(db, "t", "01");
	assert_int_equal(db_optout_set(db, PHONE, "STOP"), 0);
	assert_int_equal(db_number_erase(db, "nowhere", PHONE, &n), -ENOENT);
	assert_int_equal(db_number_erase(db, site, PHONE, &n), 0);
	assert_int_equal(count(db, "message"), 1);
	assert_int_equal(count(db, "owner"), 0);
	assert_int_equal(count(db, "code"), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM inbox WHERE text IS NOT NULL"), 1);
	assert_int_equal(db_number_erase(db, NULL, PHONE, &n), 0);
	assert_true(db->news.erased);
	assert_int_equal(count(db, "message"), 0);
	assert_int_equal(db_number_find(db, PHONE, &number), -ENOENT);
	assert_int_equal(count_of(db, "SELECT count(*) FROM inbox WHERE text IS NOT NULL"), 0);
	assert_int_equal(count(db, "optout"), 1);
	assert_int_equal(db_live_messages(db), 0);
	assert_int_equal(db_number_erase(db, NULL, PHONE, &n), -ENOENT);
}

/* How a message that was on the air at the erasure ends; it is gone after that in any case. */
static const enum message_state ends[] = { MSG_SENT, MSG_FAILED, MSG_UNCERTAIN, MSG_QUEUED };

static void what_is_on_the_air_goes_after_its_end(void **state)
{
	struct db *db = the_db(state);
	unsigned n;

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct message_row row = enroll(db, "u1");
		int64_t attempt;

		assert_int_equal(
			db_attempt_claim(
				db, row.seq,
				&(struct attempt_new){ .modem = "gsm0", .sim = "sim", .part = 0 },
				&attempt),
			0);
		assert_int_equal(i % 2 == 0 ? db_account_erase(db, site, "u1", &n)
					    : db_number_erase(db, NULL, PHONE, &n),
				 0);
		assert_int_equal(count(db, "verification"), 0);
		assert_int_equal(db_erase_late(db), 0); /* it is still there */
		row = reload(db, &row);
		assert_int_equal(row.state, MSG_SENDING);
		if (ends[i] == MSG_QUEUED)
			assert_int_equal(db_message_requeue(db, &row, db->now, NULL), 0);
		else
			assert_int_equal(db_message_move(db, &row, ends[i], NULL), 0);
		/* refused meanwhile: nobody submits it again */
		assert_int_equal(
			db_attempt_claim(
				db, row.seq,
				&(struct attempt_new){ .modem = "gsm0", .sim = "sim", .part = 0 },
				&attempt),
			-EINVAL);
		db->news.erased = false;
		assert_int_equal(db_erase_late(db), 0);
		assert_true(db->news.erased);
		assert_int_equal(count(db, "message"), 0);
		assert_int_equal(count(db, "attempt"), 0);
		assert_int_equal(count(db, "number"), 0);
		assert_int_equal(db_live_messages(db), 0);
	}
	db->news.erased = false;
	assert_int_equal(db_erase_late(db), 0);
	assert_false(db->news.erased);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_account_goes_with_all_that_is_its_own),
		TEST(a_number_that_another_account_tries_stays),
		TEST(a_number_goes_by_site_or_everywhere),
		TEST(what_is_on_the_air_goes_after_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
