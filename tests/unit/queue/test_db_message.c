/* test_db_message.c - messages come in, become due, run out; lists and counts find them. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "queue/db_event.h"
#include "test_db.h"

static void add_reads_back(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = draft(db, KIND_CONTACT_REQUEST), got;
	struct event *events;
	char *text;
	size_t n;

	row.priority = PRIORITY_HIGH;
	row.encoding = GSM_UCS2;
	row.parts = 3;
	row.report = true;
	row.life_ms = 5 * MINUTE;
	row.deadline = db->now + 10 * MINUTE;
	strcpy(row.reference, "order 17");
	strcpy(row.retry_of, "msg_X");
	assert_int_equal(db_message_add(db, &row, "Привет"), 0);
	assert_true(id_is(row.id, ID_MESSAGE));
	assert_int_equal(row.submit_by, row.deadline - 100 * SECOND);
	assert_int_equal(row.state, MSG_QUEUED);
	assert_int_equal(row.created_at, T0);
	assert_int_equal(row.due_at, T0);

	assert_int_equal(db_message_get(db, row.id, &got), 0);
	assert_int_equal(got.seq, row.seq);
	assert_string_equal(got.id, row.id);
	assert_string_equal(got.site, "studentu24");
	assert_int_equal(got.kind, KIND_CONTACT_REQUEST);
	assert_int_equal(got.priority, PRIORITY_HIGH);
	assert_int_equal(got.encoding, GSM_UCS2);
	assert_int_equal(got.parts, 3);
	assert_int_equal(got.tries, 0);
	assert_true(got.report);
	assert_true(got.has_text);
	assert_string_equal(got.reference, "order 17");
	assert_string_equal(got.retry_of, "msg_X");
	assert_string_equal(got.modem, "");
	assert_int_equal(got.number, row.number);
	assert_int_equal(got.deadline, row.deadline);
	assert_int_equal(got.submit_by, row.submit_by);
	assert_int_equal(got.life_ms, row.life_ms);
	assert_int_equal(db_message_text(db, &got, &text), 0);
	assert_string_equal(text, "Привет");
	secret_free(text);

	assert_int_equal(db_event_history(db, row.id, &events, &n), 0);
	assert_int_equal(n, 1);
	assert_string_equal(events[0].type, "message.queued");
	free(events);
	assert_int_equal(db->news.live, 1);
	assert_int_equal(db->news.n_queued, 1);
	assert_int_equal(db->news.queued[0].rank, message_rank(row.kind, row.priority));
	assert_int_equal(db_message_get(db, "msg_none", &got), -ENOENT);
	assert_int_equal(db_message_by_seq(db, row.seq + 1, &got), -ENOENT);
}

static void text_is_sealed_to_its_message(void **state)
{
	struct db *db = the_db(state);
	struct message_row a = draft(db, KIND_TEXT), b = draft(db, KIND_TEXT);
	char *text;

	add(db, &a);
	add(db, &b);
	assert_int_equal(count_of(db, "SELECT count(*) FROM message WHERE"
				      " instr(text, CAST('hello' AS BLOB)) > 0"),
			 0);
	run_sql(db, "UPDATE message SET text = (SELECT text FROM message WHERE seq = 1)");
	assert_int_equal(db_message_text(db, &a, &text), 0);
	secret_free(text);
	assert_int_equal(db_message_text(db, &b, &text), -EBADMSG);
	assert_null(text);
	run_sql(db, "UPDATE message SET text = x'00'");
	assert_int_equal(db_message_text(db, &a, &text), -EBADMSG);
}

static void an_unknown_number_is_refused(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = draft(db, KIND_TEXT);

	row.number = 4711;
	assert_int_equal(db_message_add(db, &row, "hello"), -EEXIST); /* a constraint */
	assert_int_equal(db->news.live, 0);
	assert_int_equal(db->news.n_queued, 0);
}

/* In the order in which they are added; place: where each stands among the due ones, -1 not. */
static const struct {
	enum config_kind kind;
	enum message_priority priority;
	int64_t due_in;
	int place;
} queue[] = {
	{ KIND_TEXT, PRIORITY_LOW, 0, 6 },
	{ KIND_TEXT, PRIORITY_NORMAL, 0, 5 },
	{ KIND_VERIFICATION, PRIORITY_NORMAL, 2 * SECOND, 2 },
	{ KIND_VERIFICATION, PRIORITY_NORMAL, SECOND, 0 },
	{ KIND_VERIFICATION, PRIORITY_NORMAL, SECOND, 1 },
	{ KIND_CONTACT_REQUEST, PRIORITY_LOW, 0, 4 },
	{ KIND_CONTACT_REQUEST, PRIORITY_HIGH, 10 * SECOND, 3 },
	{ KIND_VERIFICATION, PRIORITY_HIGH, 11 * SECOND, -1 },
	{ KIND_TEXT, PRIORITY_HIGH, HOUR, -1 },
};

static void fill(struct db *db, struct message_row rows[])
{
	for (size_t i = 0; i < ARRAY_LEN(queue); i++) {
		rows[i] = draft(db, queue[i].kind);
		rows[i].priority = queue[i].priority;
		rows[i].due_at = db->now + queue[i].due_in;
		add(db, &rows[i]);
	}
}

static void due_ones_come_in_order(void **state)
{
	struct db *db = the_db(state);
	struct message_row rows[ARRAY_LEN(queue)];
	struct due items[16];
	int64_t next;
	size_t n;

	fill(db, rows);
	assert_int_equal(db_message_due(db, 0, db->now, items, 16, &n, &next), 0);
	assert_int_equal(n, 3);
	assert_int_equal(next, T0 + SECOND);
	db->now += 10 * SECOND;
	assert_int_equal(db_message_promote(db, db->now, &next), 0);
	assert_int_equal(next, T0 + 11 * SECOND);
	assert_int_equal(db_message_due(db, 0, db->now, items, 16, &n, &next), 0);
	assert_int_equal(n, 7);
	assert_int_equal(next, T0 + 11 * SECOND);
	for (size_t i = 0; i < ARRAY_LEN(queue); i++) {
		if (queue[i].place < 0)
			continue;
		assert_int_equal(items[queue[i].place].seq, rows[i].seq);
		assert_int_equal(items[queue[i].place].due_at, rows[i].due_at);
		assert_int_equal(items[queue[i].place].number, rows[i].number);
		assert_int_equal(items[queue[i].place].submit_by, rows[i].submit_by);
		assert_int_equal(items[queue[i].place].rank,
				 message_rank(rows[i].kind, rows[i].priority));
	}
	for (size_t max = 0; max < 7; max++) { /* a smaller window holds the first ones */
		assert_int_equal(db_message_due(db, 0, db->now, items, max, &n, &next), 0);
		assert_int_equal(n, max);
		assert_int_equal(next, T0 + 11 * SECOND);
	}
	assert_plans_are_indexed(db, "message");
}

static void a_backed_off_one_is_next(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = draft(db, KIND_TEXT);
	struct due items[4];
	int64_t next;
	size_t n;

	add(db, &row);
	assert_int_equal(db_message_move(db, &row, MSG_SENDING, NULL), 0);
	assert_int_equal(db_message_due(db, 0, db->now, items, 4, &n, &next), 0);
	assert_int_equal(n, 0);
	assert_int_equal(next, 0);
	assert_int_equal(db_message_requeue(db, &row, db->now + 5 * SECOND, NULL), 0);
	assert_int_equal(db_message_due(db, 0, db->now, items, 4, &n, &next), 0);
	assert_int_equal(n, 0);
	assert_int_equal(next, T0 + 5 * SECOND);
	assert_int_equal(db_message_due(db, 0, next, items, 4, &n, &next), 0);
	assert_int_equal(n, 1);
	assert_int_equal(next, 0);
}

static void promotes_a_thousand_a_call(void **state)
{
	struct db *db = the_db(state);
	int64_t next;

	for (int i = 0; i < 1001; i++) {
		struct message_row row = draft(db, KIND_TEXT);

		row.due_at = db->now + SECOND;
		add(db, &row);
	}
	assert_int_equal(db->news.n_queued, 1001); /* the dispatcher wakes for them */
	assert_int_equal(db_message_promote(db, db->now, &next), 0);
	assert_int_equal(db->news.n_queued, 1001);
	assert_int_equal(next, T0 + SECOND);
	db->now += SECOND;
	assert_int_equal(db_message_promote(db, db->now, &next), 0);
	assert_int_equal(db->news.n_queued, 2001);
	assert_int_equal(next, T0 + SECOND); /* more to do at once */
	assert_int_equal(db_message_promote(db, db->now, &next), 0);
	assert_int_equal(db->news.n_queued, 2002);
	assert_int_equal(next, 0);
	assert_int_equal(db->news.live, 1001);
	assert_int_equal(count_of(db, "SELECT count(*) FROM event WHERE type = 'message.queued'"),
			 1001);
}

static void what_waits_too_long_expires(void **state)
{
	struct db *db = the_db(state);
	struct message_row soon = draft(db, KIND_VERIFICATION), later = draft(db, KIND_TEXT),
			   scheduled = draft(db, KIND_TEXT), sending = draft(db, KIND_TEXT);
	struct event *events;
	int64_t *seqs, next;
	size_t n;

	soon.deadline = T0 + 10 * MINUTE;
	soon.life_ms = 6 * MINUTE; /* submit_by: T0 + 8 min */
	add(db, &soon);
	add(db, &later);
	scheduled.due_at = T0 + HOUR;
	scheduled.deadline = T0 + 8 * MINUTE;
	add(db, &scheduled);
	sending.deadline = T0 + MINUTE;
	add(db, &sending);
	assert_int_equal(db_message_move(db, &sending, MSG_SENDING, NULL), 0);

	db->now = T0 + 8 * MINUTE;
	assert_int_equal(db_message_expire(db, db->now, &seqs, &n, &next), 0);
	assert_int_equal(n, 0);
	assert_null(seqs);
	assert_int_equal(next, T0 + 8 * MINUTE);
	db->now++;
	assert_int_equal(db_message_expire(db, db->now, &seqs, &n, &next), 0);
	assert_int_equal(n, 2);
	assert_int_equal(seqs[0] + seqs[1], soon.seq + scheduled.seq);
	assert_int_equal(next, later.deadline);
	free(seqs);
	assert_int_equal(reload(db, &soon).state, MSG_EXPIRED);
	assert_string_equal(reload(db, &soon).reason_code, "expired");
	assert_false(reload(db, &soon).has_text);
	assert_int_equal(reload(db, &sending).state, MSG_SENDING);
	assert_int_equal(db_event_history(db, soon.id, &events, &n), 0);
	assert_string_equal(events[n - 1].reason, "expired");
	free(events);
	assert_int_equal(db->news.live, 1);
	assert_plans_are_indexed(db, "message");
}

/* Every third one is of another site; each kind, two references, two numbers. */
enum { LISTED = 24 };

static void fill_list(struct db *db, struct message_row rows[LISTED])
{
	int64_t other;

	assert_int_equal(db_number_id(db, "+79120000002", &other), 0);
	for (int i = 0; i < LISTED; i++) {
		rows[i] = draft(db, (enum config_kind)(i % 3));
		if (i % 4 == 0)
			strcpy(rows[i].site, "other");
		if (i % 5 == 0)
			rows[i].number = other;
		if (i % 2 == 0)
			snprintf(rows[i].reference, REFERENCE_SIZE, "ref %d", i % 4);
		add(db, &rows[i]);
		if (i % 6 == 0)
			assert_int_equal(db_message_move(db, &rows[i], MSG_CANCELED, NULL), 0);
	}
}

static const char *const one_site[] = { "studentu24" };
static const char *const two_sites[] = { "studentu24", "other" };
static const char *const part_of_name[] = { "student", "the" };

static const struct {
	const char *const *sites;
	size_t n_sites;
	int state, kind;
	bool number;
	const char *reference;
} filters[] = {
	{ NULL, 0, -1, -1, false, NULL },
	{ NULL, 0, MSG_CANCELED, -1, false, NULL },
	{ NULL, 0, MSG_QUEUED, KIND_TEXT, false, NULL },
	{ NULL, 0, -1, KIND_CONTACT_REQUEST, false, NULL },
	{ NULL, 0, -1, -1, true, NULL },
	{ NULL, 0, MSG_CANCELED, -1, true, "ref 2" },
	{ NULL, 0, -1, -1, false, "ref 0" },
	{ NULL, 0, -1, -1, false, "none such" },
	{ one_site, 1, -1, -1, false, NULL },
	{ one_site, 1, MSG_CANCELED, KIND_VERIFICATION, false, NULL },
	{ one_site, 1, -1, -1, true, NULL },
	{ two_sites, 2, -1, -1, false, NULL },
	{ two_sites + 1, 1, -1, -1, false, "ref 0" },
	{ part_of_name, 2, -1, -1, false, NULL },
	{ two_sites, 0, -1, -1, false, NULL },
};

static bool wanted(const struct message_row *row, size_t f, int64_t number)
{
	bool site = filters[f].sites == NULL;

	for (size_t i = 0; i < filters[f].n_sites; i++)
		site = site || strcmp(filters[f].sites[i], row->site) == 0;
	return site && (filters[f].state < 0 || filters[f].state == (int)row->state) &&
	       (filters[f].kind < 0 || filters[f].kind == (int)row->kind) &&
	       (!filters[f].number || row->number == number) &&
	       (filters[f].reference == NULL || strcmp(filters[f].reference, row->reference) == 0);
}

/* Pages of three, against the plain meaning of the filters. */
static void check_filter(struct db *db, const struct message_row rows[LISTED], size_t f)
{
	struct message_query query = {
		.sites = filters[f].sites,
		.n_sites = filters[f].n_sites,
		.state = filters[f].state,
		.kind = filters[f].kind,
		.number = filters[f].number ? rows[0].number : 0,
		.reference = filters[f].reference,
		.limit = 3,
	};
	struct message_row page[3];
	char after[ID_SIZE];
	size_t n = 0, at = 0;

	assert_int_equal(db_message_list(db, &query, page, &n), 0);
	for (int i = LISTED - 1; i >= 0; i--) {
		if (!wanted(&rows[i], f, rows[0].number))
			continue;
		if (at == 3) {
			memcpy(after, page[2].id, sizeof(after));
			query.after = after;
			assert_int_equal(db_message_list(db, &query, page, &n), 0);
			at = 0;
		}
		assert_true(at < n);
		assert_string_equal(page[at].id, rows[i].id);
		at++;
	}
	assert_int_equal(at, n);
}

static void lists_are_what_the_filters_say(void **state)
{
	struct db *db = the_db(state);
	struct message_row rows[LISTED], page[3];
	struct message_query query = { .state = -1, .kind = -1, .after = "msg_0", .limit = 3 };
	size_t n;

	fill_list(db, rows);
	for (size_t f = 0; f < ARRAY_LEN(filters); f++)
		check_filter(db, rows, f);
	assert_int_equal(db_message_list(db, &query, page, &n), 0);
	assert_int_equal(n, 0);
	query.after = rows[LISTED - 2].id; /* erased between two pages */
	run_sql(db,
		"DELETE FROM message WHERE id = (SELECT id FROM message ORDER BY seq DESC LIMIT 1"
		" OFFSET 1)");
	assert_int_equal(db_message_list(db, &query, page, &n), 0);
	assert_int_equal(n, 3);
	assert_string_equal(page[0].id, rows[LISTED - 3].id);
	query.after = NULL;
	query.limit = 0;
	assert_int_equal(db_message_list(db, &query, page, &n), 0);
	assert_int_equal(n, 0);
}

static void counts_follow_every_change(void **state)
{
	struct db *db = the_db(state);
	struct message_counts counts;
	struct message_row rows[LISTED];

	assert_int_equal(db_message_counts(db, &counts), 0);
	assert_int_equal(counts.oldest_queued_at, 0);
	assert_int_equal(counts.by_state[MSG_QUEUED], 0);
	fill_list(db, rows);
	db->now += SECOND;
	fill_list(db, rows);
	assert_int_equal(db_message_counts(db, &counts), 0);
	assert_int_equal(counts.by_state[MSG_QUEUED], 2 * LISTED - 8);
	assert_int_equal(counts.by_state[MSG_CANCELED], 8);
	assert_int_equal(counts.by_state[MSG_SENT], 0);
	assert_int_equal(counts.oldest_queued_at, T0);
	run_sql(db, "DELETE FROM message WHERE seq <= 24");
	assert_int_equal(db_message_counts(db, &counts), 0);
	assert_int_equal(counts.by_state[MSG_QUEUED], LISTED - 4);
	assert_int_equal(counts.by_state[MSG_CANCELED], 4);
	assert_int_equal(counts.oldest_queued_at, T0 + SECOND);
	assert_plans_are_indexed(db, "message");
}

static void a_read_only_connection_can_list(void **state)
{
	struct db *db = the_db(state);
	char path[] = "/tmp/simgate-test-XXXXXX", sql[64];
	struct message_query query = { .state = -1, .kind = -1, .limit = LISTED };
	struct message_row rows[LISTED], page[LISTED];
	struct message_counts counts;
	struct db reader;
	sqlite3 *sqlite;
	char *text;
	size_t n;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	fill_list(db, rows);
	snprintf(sql, sizeof(sql), "VACUUM INTO '%s'", path);
	unlink(path);
	assert_int_equal(db_tally_keep(db), 0);
	run_sql(db, sql);
	assert_int_equal(sqlite3_open_v2(path, &sqlite, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	db_init(&reader, sqlite, db->keys);
	assert_int_equal(db_message_list(&reader, &query, page, &n), 0);
	assert_int_equal(n, LISTED);
	assert_int_equal(db_message_text(&reader, &page[0], &text), 0);
	assert_string_equal(text, "hello");
	secret_free(text);
	assert_int_equal(db_message_counts(&reader, &counts), 0);
	assert_int_equal(counts.by_state[MSG_CANCELED], 4);
	assert_int_equal(db_message_move(&reader, &page[0], MSG_CANCELED, NULL), -EROFS);
	db_fini(&reader);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(add_reads_back, setup, teardown),
		cmocka_unit_test_setup_teardown(text_is_sealed_to_its_message, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unknown_number_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(due_ones_come_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_backed_off_one_is_next, setup, teardown),
		cmocka_unit_test_setup_teardown(promotes_a_thousand_a_call, setup, teardown),
		cmocka_unit_test_setup_teardown(what_waits_too_long_expires, setup, teardown),
		cmocka_unit_test_setup_teardown(lists_are_what_the_filters_say, setup, teardown),
		cmocka_unit_test_setup_teardown(counts_follow_every_change, setup, teardown),
		cmocka_unit_test_setup_teardown(a_read_only_connection_can_list, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
