/* test_db_inbox.c - received SMS: kept once, sealed, listed by site, forgotten. */
#include <errno.h>
#include <stdio.h>

#include "queue/db_inbox.h"
#include "test_db.h"

static const struct {
	const char *sender, *site, *text;
	bool number;
} received[] = {
	{ "+79121234567", "a", "стоп", true },
	{ "900", "", "Balance 5", true },
	{ "Bank", "a", "", false },
	{ "MTS 24", "b", "hi", true },
};

static void receive(struct db *db, size_t i, struct inbox_row *row)
{
	char pdu[16];

	memset(row, 0, sizeof(*row));
	snprintf(row->sender, sizeof(row->sender), "%s", received[i].sender);
	snprintf(row->site, sizeof(row->site), "%s", received[i].site);
	strcpy(row->modem, "gsm0");
	row->sent_at = T0 - SECOND;
	row->text = strdup(received[i].text);
	snprintf(pdu, sizeof(pdu), "0791%zu", i);
	assert_int_equal(db_inbox_add(db, row, pdu), 0);
	secret_free(row->text);
	row->text = NULL;
}

static void receive_all(struct db *db, struct inbox_row rows[])
{
	for (size_t i = 0; i < ARRAY_LEN(received); i++)
		receive(db, i, &rows[i]);
}

static void a_text_reads_back(void **state)
{
	struct db *db = the_db(state);
	struct inbox_row rows[ARRAY_LEN(received)], got[8];
	const struct inbox_query query = { .limit = 8 };
	size_t n;

	receive_all(db, rows);
	assert_int_equal(db_inbox_list(db, &query, got, &n), 0);
	assert_int_equal(n, ARRAY_LEN(received));
	for (size_t i = 0; i < n; i++) {
		const struct inbox_row *row = &got[n - 1 - i];

		assert_string_equal(row->id, rows[i].id);
		assert_true(id_is(row->id, ID_INBOUND));
		assert_int_equal(row->seq, rows[i].seq);
		assert_string_equal(row->sender, received[i].sender);
		assert_string_equal(row->site, received[i].site);
		assert_string_equal(row->text, received[i].text);
		assert_string_equal(row->modem, "gsm0");
		assert_int_equal(row->received_at, T0);
		assert_int_equal(row->sent_at, T0 - SECOND);
		secret_free(row->text);
	}
}

static void nothing_shows_at_rest(void **state)
{
	struct db *db = the_db(state);
	struct inbox_row rows[ARRAY_LEN(received)];

	receive_all(db, rows);
	assert_int_equal(count_of(db, "SELECT count(*) FROM inbox WHERE sender IS NOT NULL"), 1);
	assert_int_equal(count_of(db, "SELECT count(*) FROM number"), 3);
	assert_int_equal(count_of(db, "SELECT count(*) FROM inbox WHERE"
				      " instr(text, CAST('Balance' AS BLOB)) > 0 OR"
				      " instr(pdu, CAST('0791' AS BLOB)) > 0"),
			 0);
}

static void one_pdu_is_one_text(void **state)
{
	struct db *db = the_db(state);
	char text[] = "again";
	struct inbox_row row, twice = { .sender = "Bank", .text = text };

	receive(db, 0, &row);
	db->now += DAY * (int64_t)7 - 1;
	assert_int_equal(db_inbox_prune(db, db->now), 0); /* the hash outlives the text */
	assert_int_equal(db_inbox_add(db, &twice, "07910"), -EEXIST);
	assert_int_equal(db_inbox_add(db, &twice, "07911"), 0);
	db->now++;
	assert_int_equal(db_inbox_add(db, &twice, "07910"), 0);
}

static const char *const sites_a[] = { "a" };
static const char *const sites_ab[] = { "b", "a" };

static const struct {
	const char *const *sites;
	size_t n_sites;
	int after; /* index into received; -1: from the newest */
	size_t limit;
	const char *found; /* indexes */
} queries[] = {
	{ NULL, 0, -1, 8, "3210" },    { NULL, 0, -1, 2, "32" },  { NULL, 0, 2, 8, "10" },
	{ NULL, 0, 0, 8, "" },         { NULL, 0, -1, 0, "" },    { sites_a, 1, -1, 8, "20" },
	{ sites_ab, 2, -1, 8, "320" }, { sites_a, 1, 2, 1, "0" }, { sites_a, 0, -1, 8, "" },
};

static void lists_are_by_site_and_cursor(void **state)
{
	struct db *db = the_db(state);
	struct inbox_row rows[ARRAY_LEN(received)], got[8];
	struct inbox_query older = { .after = "sms_0", .limit = 8 };
	struct inbox_query erased = { .after = rows[2].id, .limit = 8 };
	size_t n;

	receive_all(db, rows);
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		const struct inbox_query query = {
			.sites = queries[i].sites,
			.n_sites = queries[i].n_sites,
			.after = queries[i].after < 0 ? NULL : rows[queries[i].after].id,
			.limit = queries[i].limit,
		};

		assert_int_equal(db_inbox_list(db, &query, got, &n), 0);
		assert_int_equal(n, strlen(queries[i].found));
		for (size_t k = 0; k < n; k++) {
			assert_string_equal(got[k].id, rows[queries[i].found[k] - '0'].id);
			secret_free(got[k].text);
		}
	}
	assert_int_equal(db_inbox_list(db, &older, got, &n), 0);
	assert_int_equal(n, 0);
	run_sql(db, "DELETE FROM inbox WHERE seq = 3");
	assert_int_equal(db_inbox_list(db, &erased, got, &n), 0);
	assert_int_equal(n, 2);
	for (size_t k = 0; k < n; k++) {
		assert_string_equal(got[k].id, rows[1 - k].id);
		secret_free(got[k].text);
	}
}

static void a_broken_row_leaks_nothing(void **state)
{
	struct db *db = the_db(state);
	struct inbox_row rows[ARRAY_LEN(received)], got[8];
	const struct inbox_query query = { .limit = 8 };
	size_t n;

	receive_all(db, rows);
	run_sql(db, "UPDATE inbox SET text = zeroblob(60) WHERE seq = 2");
	assert_int_equal(db_inbox_list(db, &query, got, &n), -EBADMSG);
	assert_int_equal(n, 0);
}

static void prune_forgets(void **state)
{
	struct db *db = the_db(state);
	struct inbox_row rows[ARRAY_LEN(received)], got[8];
	const struct inbox_query query = { .limit = 8 };
	size_t n;

	receive(db, 0, &rows[0]);
	db->now += HOUR;
	receive(db, 1, &rows[1]);
	assert_int_equal(db_inbox_prune(db, T0 + HOUR), 0);
	assert_int_equal(db_inbox_list(db, &query, got, &n), 0);
	assert_int_equal(n, 1);
	assert_string_equal(got[0].id, rows[1].id);
	secret_free(got[0].text);
	assert_int_equal(count_of(db, "SELECT count(*) FROM inbox WHERE number IS NULL"
				      " AND sender IS NULL AND text IS NULL"),
			 1);
	db->now += 8 * (int64_t)DAY;
	assert_int_equal(db_inbox_prune(db, db->now), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM inbox"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_text_reads_back, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_shows_at_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(one_pdu_is_one_text, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_are_by_site_and_cursor, setup, teardown),
		cmocka_unit_test_setup_teardown(a_broken_row_leaks_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(prune_forgets, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
