/* test_db_record.c - what is kept about an account is listed; what is old enough goes. */
#include <errno.h>

#include "tests/unit/queue/test_db.h"

#include "queue/db_contact.h"
#include "queue/db_erase.h"
#include "queue/db_inbox.h"
#include "queue/db_record.h"

static void verify(struct db *db, const char *site, const char *account, int64_t number)
{
	struct verification_row row = { .purpose = "register",
					.channel = "sms",
					.locale = "ru",
					.number = number,
					.created_at = db->now };

	snprintf(row.site, sizeof(row.site), "%s", site);
	snprintf(row.account, sizeof(row.account), "%s", account);
	assert_int_equal(db_verification_add(db, &row), 0);
}

static void ask(struct db *db, const char *from, const char *to, int64_t message)
{
	struct contact_row row = { .site = "s", .message_seq = message, .created_at = db->now };

	snprintf(row.from_account, sizeof(row.from_account), "%s", from);
	snprintf(row.to_account, sizeof(row.to_account), "%s", to);
	assert_int_equal(db_contact_add(db, &row), 0);
}

static const struct {
	const char *site, *account;
	size_t max, verifications, contacts;
} lists[] = {
	{ "s", "u1", 10, 2, 2 }, { "s", "u2", 10, 1, 3 }, { "t", "u1", 10, 1, 0 },
	{ "s", "u9", 10, 0, 0 }, { "s", "u1", 1, 1, 1 },
};

static void lists_are_of_one_account(void **state)
{
	struct db *db = the_db(state);
	char(*ids)[ID_SIZE];
	size_t n;

	verify(db, "s", "u1", 0);
	verify(db, "s", "u1", 0);
	verify(db, "s", "u2", 0);
	verify(db, "t", "u1", 0);
	ask(db, "u1", "u2", 1);
	ask(db, "u2", "u1", 2);
	ask(db, "u3", "u2", 3);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		assert_int_equal(db_record_verifications(db, lists[i].site, lists[i].account,
							 lists[i].max, &ids, &n),
				 0);
		assert_int_equal(n, lists[i].verifications);
		for (size_t at = 0; at < n; at++)
			assert_true(id_is(ids[at], ID_VERIFICATION));
		free(ids);
		assert_int_equal(db_record_contacts(db, lists[i].site, lists[i].account,
						    lists[i].max, &ids, &n),
				 0);
		assert_int_equal(n, lists[i].contacts);
		for (size_t at = 0; at < n; at++)
			assert_true(id_is(ids[at], ID_CONTACT));
		free(ids);
	}
}

/* Each at an age of one hour, in this state. */
static const struct {
	enum message_state state;
	bool goes;
} ages[] = {
	{ MSG_SCHEDULED, false }, { MSG_QUEUED, false }, { MSG_SENDING, false },
	{ MSG_UNCERTAIN, true },  { MSG_SENT, true },    { MSG_DELIVERED, true },
	{ MSG_FAILED, true },     { MSG_EXPIRED, true }, { MSG_CANCELED, true },
};

static void what_has_ended_goes_by_age(void **state)
{
	struct db *db = the_db(state);
	int64_t left = 0;

	for (size_t i = 0; i < ARRAY_LEN(ages); i++) {
		struct message_row row = draft(db, KIND_CONTACT_REQUEST);
		char e164[16];

		snprintf(e164, sizeof(e164), "+791200010%02zu", i);
		assert_int_equal(db_number_id(db, e164, &row.number), 0);
		add(db, &row);
		ask(db, "u1", "u2", row.seq);
		assert_int_equal(db_exec(db, NULL, "UPDATE message SET state = ?2 WHERE seq = ?1",
					 "ii", row.seq, (int64_t)ages[i].state),
				 0);
		left += !ages[i].goes;
	}
	assert_int_equal(db_record_prune(db, T0), 0); /* not older than that */
	assert_int_equal(count_of(db, "SELECT count(*) FROM message"), ARRAY_LEN(ages));
	db->now += HOUR;
	assert_int_equal(db_record_prune(db, db->now), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM message"), left);
	assert_int_equal(count_of(db, "SELECT count(*) FROM contact"), left);
	/* with that of draft(), which nothing refers to, but which nothing has let go either */
	assert_int_equal(count_of(db, "SELECT count(*) FROM number"), left + 1);
}

static void who_is_verified_stays(void **state)
{
	struct db *db = the_db(state);
	int64_t mine, lost;

	assert_int_equal(db_number_id(db, "+79120000001", &mine), 0);
	assert_int_equal(db_number_id(db, "+79120000002", &lost), 0);
	verify(db, "s", "u1", mine);
	verify(db, "s", "u2", lost);
	verify(db, "s", "u3", 0);
	assert_int_equal(db_owner_set(db, "s", "u1", mine), 0);
	db->now += HOUR;
	verify(db, "s", "u4", 0);
	assert_int_equal(db_record_prune(db, db->now), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM verification"), 1);
	assert_int_equal(db_number_find(db, "+79120000001", &mine), 0);
	assert_int_equal(db_number_find(db, "+79120000002", &lost), -ENOENT);
}

static void a_received_text_takes_its_number_along(void **state)
{
	struct db *db = the_db(state);
	struct inbox_row row = { .sender = "+79120000003", .text = (char *)"hello" };
	int64_t number;

	assert_int_equal(db_inbox_add(db, &row, "01"), 0);
	db->now += HOUR;
	assert_int_equal(db_inbox_prune(db, db->now), 0);
	assert_int_equal(db_number_find(db, "+79120000003", &number), -ENOENT);
	assert_int_equal(count_of(db, "SELECT count(*) FROM inbox"), 1); /* its hash */
}

/* ---- transactions inside the transaction ---- */

static int write_and_return(struct db *db, void *arg)
{
	struct message_row row = draft(db, KIND_TEXT);

	add(db, &row);
	return *(int *)arg;
}

static void what_is_nested_is_taken_back_alone(void **state)
{
	static const int results[] = { 0, 1, -EIO };
	struct db *db = the_db(state);

	for (size_t i = 0; i < ARRAY_LEN(results); i++) {
		int result = results[i];
		int64_t before = db_changes(db);

		assert_int_equal(db_nested(db, write_and_return, &result), result);
		assert_int_equal(count_of(db, "SELECT count(*) FROM message"), 1);
		assert_int_equal(db_live_messages(db), 1);
		assert_int_equal(db->news.n_queued, 1);
		assert_true(db_changes(db) > before);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(lists_are_of_one_account),
		TEST(what_has_ended_goes_by_age),
		TEST(who_is_verified_stays),
		TEST(a_received_text_takes_its_number_along),
		TEST(what_is_nested_is_taken_back_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
