/* test_store.c - groups, savepoints, order, hooks, reads, closing. */
#include "base/log.h"
#include "base/util.h"
#include "tests/unit/queue/store_fixture.h"

static struct fixture fixture;

static int setup(void **state)
{
	(void)state;
	fixture_setup(&fixture);
	return 0;
}

static int setup_open(void **state)
{
	setup(state);
	fixture_open(&fixture, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_teardown(&fixture);
	return 0;
}

static void test_keeps_and_reads_back(void **state)
{
	struct fixture *f = &fixture;
	struct note note = { .name = "a" };

	(void)state;
	note_run(f, &note);
	assert_int_equal(f->done, 0); /* never before store_run returns */
	fixture_until(f, &f->done, 1);
	assert_int_equal(note.status, 0);
	assert_true(note_is_kept(f, "a"));
	fixture_close(f);
	fixture_open(f, NULL);
	assert_true(note_is_kept(f, "a"));
}

/* A refusal or an error undoes one of a group; its neighbours stay. They run once more, inside
 * savepoints. */
static void test_one_is_undone(void **state)
{
	struct fixture *f = &fixture;
	struct note notes[] = {
		{ .name = "first" },
		{ .name = "refused", .answer = 1 },
		{ .name = "second" },
		{ .name = "other word", .answer = 42 },
		{ .name = "broken", .answer = -EIO },
		{ .name = "third" },
	};
	struct gate gate;

	(void)state;
	gate_close(f, &gate);
	for (size_t i = 0; i < ARRAY_LEN(notes); i++)
		note_run(f, &notes[i]);
	gate_open(&gate);
	fixture_until(f, &f->done, ARRAY_LEN(notes) + 1);
	for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
		assert_int_equal(notes[i].status, notes[i].answer);
		assert_int_equal(notes[i].turn, i + 2);
		assert_in_range(notes[i].runs, 1, 2);
		assert_int_equal(note_is_kept(f, notes[i].name), notes[i].answer == 0);
	}
}

static int refuse_at_once(struct db *db, void *arg)
{
	struct note *note = arg;

	(void)db;
	note->runs++;
	return note->answer;
}

/* Where nothing was changed nothing is undone, and nobody runs again. */
static void test_a_plain_refusal(void **state)
{
	struct fixture *f = &fixture;
	struct note first = { .name = "first" }, last = { .name = "last" };
	struct note refused = { .fixture = f, .answer = 7 };
	struct gate gate;

	(void)state;
	gate_close(f, &gate);
	note_run(f, &first);
	store_run(f->store, STORE_NORMAL, refuse_at_once, note_done, &refused);
	note_run(f, &last);
	gate_open(&gate);
	fixture_until(f, &f->done, 4);
	assert_int_equal(refused.status, 7);
	assert_int_equal(first.runs + refused.runs + last.runs, 3);
	assert_true(note_is_kept(f, "first") && note_is_kept(f, "last"));
}

enum { MANY = 600 };

static int count_up(struct db *db, void *arg)
{
	struct note *note = arg;
	int64_t value;
	int err = db_meta_next(db, "count", &value);

	note->runs = (int)value; /* sees those before it in the group */
	return err;
}

static void test_many_share_a_commit(void **state)
{
	static struct note notes[MANY];
	struct fixture *f = &fixture;
	struct store_stats stats;
	struct gate gate;

	(void)state;
	gate_close(f, &gate);
	for (int i = 0; i < MANY; i++) {
		notes[i] = (struct note){ .fixture = f };
		store_run(f->store, STORE_NORMAL, count_up, note_done, &notes[i]);
	}
	gate_open(&gate);
	fixture_until(f, &f->done, MANY + 1);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(notes[i].status, 0);
		assert_int_equal(notes[i].runs, i + 1);
		assert_int_equal(notes[i].turn, i + 2);
	}
	stats = stats_of(f);
	assert_int_equal(stats.transactions, MANY + 1);
	assert_true(stats.commits >= (MANY + 255) / 256);
	assert_true(stats.commits < MANY / 4);
	assert_int_equal(stats.failed_commits, 0);
}

static void test_first_ones_overtake(void **state)
{
	static const enum store_rank ranks[] = { STORE_NORMAL, STORE_NORMAL, STORE_FIRST,
						 STORE_NORMAL, STORE_FIRST };
	static const int turns[] = { 4, 5, 2, 6, 3 }; /* the gate was the first */
	struct note notes[ARRAY_LEN(ranks)];
	struct fixture *f = &fixture;
	struct gate gate;

	(void)state;
	gate_close(f, &gate);
	for (size_t i = 0; i < ARRAY_LEN(ranks); i++) {
		notes[i] = (struct note){ .fixture = f, .name = "x" };
		store_run(f->store, ranks[i], note_write, note_done, &notes[i]);
	}
	gate_open(&gate);
	fixture_until(f, &f->done, ARRAY_LEN(ranks) + 1);
	for (size_t i = 0; i < ARRAY_LEN(ranks); i++)
		assert_int_equal(notes[i].turn, turns[i]);
}

/* ---- hooks ---- */

struct heard {
	struct fixture *fixture;
	int64_t seqs[8], last_event;
	size_t n, queued_calls, event_calls;
	int done_before; /* completions when it was told */
};

static void hear_queued(void *arg, const struct due *items, size_t n)
{
	struct heard *heard = arg;

	for (size_t i = 0; i < n; i++)
		heard->seqs[heard->n++] = items[i].seq;
	heard->queued_calls++;
	heard->done_before = heard->fixture->done;
}

static void hear_events(void *arg, int64_t last)
{
	struct heard *heard = arg;

	heard->last_event = last;
	heard->event_calls++;
}

/* A note that also tells news; note.turn is the seq. */
static int tell_news(struct db *db, void *arg)
{
	struct note *note = arg;
	struct due due = { .seq = note->turn };

	db->news.last_event = note->turn;
	db->news.live += 1;
	if (db_news_queued(db, &due) < 0)
		return -ENOMEM;
	return note_write(db, note);
}

static void test_hooks(void **state)
{
	struct fixture *f = &fixture;
	struct heard heard = { .fixture = f };
	struct store_hooks hooks = { hear_queued, hear_events, &heard, NULL };
	struct note notes[] = {
		{ .name = "a", .turn = 7 },
		{ .name = "b", .turn = 8, .answer = 1 }, /* refused: nobody hears of it */
		{ .name = "c", .turn = 9 },
		{ .name = "d", .turn = 10, .answer = -EIO },
	};
	struct store_stats stats;

	(void)state;
	fixture_open(f, &hooks);
	for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
		notes[i].fixture = f;
		store_run(f->store, STORE_NORMAL, tell_news, note_done, &notes[i]);
	}
	fixture_until(f, &f->done, ARRAY_LEN(notes));
	assert_int_equal(heard.n, 2);
	assert_int_equal(heard.seqs[0], 7);
	assert_int_equal(heard.seqs[1], 9);
	assert_int_equal(heard.last_event, 9);
	assert_true(heard.done_before < notes[2].turn); /* told before the completion */
	assert_int_equal(heard.event_calls, heard.queued_calls);
	stats = stats_of(f);
	assert_int_equal(stats.live_messages, 2);
	assert_int_equal(stats.last_event_seq, 9);
}

static int look_live(struct db *db, void *arg)
{
	((struct note *)arg)->runs = (int)db_live_messages(db);
	return 0;
}

static void execute(const char *path, const char *sql)
{
	sqlite3 *sqlite;

	assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(sqlite), SQLITE_OK);
}

/* Of five messages two wait: scheduled (0) and queued (1). */
static void test_live_messages_at_open(void **state)
{
	struct fixture *f = &fixture;
	struct note write = { .fixture = f }, read = { .fixture = f };

	(void)state;
	fixture_close(f);
	execute(f->path,
		"INSERT INTO number VALUES (1, x'01', x'02');"
		"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 4)"
		" INSERT INTO message (id, site, kind, state, rank, number, encoding, parts, "
		"report,"
		" created_at, due_at, deadline, submit_by)"
		" SELECT 'm' || i, 's', 0, i, 0, 1, 1, 1, 0, 0, 0, 0, 0 FROM n;"
		"UPDATE tally SET n = 1 WHERE kind = 0 AND state < 5;"
		"INSERT INTO event (seq, at, type, site, subject) VALUES (77, 0, 't', 's', 'm1')");
	fixture_open(f, NULL);
	assert_int_equal(stats_of(f).live_messages, 2);
	assert_int_equal(stats_of(f).last_event_seq, 77);
	store_run(f->store, STORE_NORMAL, look_live, note_done, &write);
	store_read(f->store, look_live, note_done, &read);
	fixture_until(f, &f->done, 2);
	assert_int_equal(write.runs, 2);
	assert_int_equal(read.runs, 2);
}

/* ---- reads ---- */

static void test_reads_go_on_beside_a_write(void **state)
{
	struct fixture *f = &fixture;
	struct note note = { .name = "a" };
	struct gate gate;

	(void)state;
	gate_close(f, &gate);
	assert_false(note_is_kept(f, "a")); /* answered although the writer is held */
	note_run(f, &note);
	gate_open(&gate);
	fixture_until(f, &f->done, 3);
	assert_true(note_is_kept(f, "a"));
}

static void test_a_read_cannot_write(void **state)
{
	struct fixture *f = &fixture;
	struct note note = { .fixture = f, .name = "a" };

	(void)state;
	store_read(f->store, note_write, note_done, &note);
	fixture_until(f, &f->done, 1);
	assert_int_equal(note.status, -EROFS);
	assert_false(note_is_kept(f, "a"));
}

/* A statement that is left open by mistake is closed, and the next transactions are well. */
static int leave_open(struct db *db, void *arg)
{
	sqlite3_stmt *stmt = db_query(db, "SELECT name FROM meta", "");

	((struct note *)arg)->runs++;
	return db_step(db, stmt);
}

static int error_lines;

static void count_errors(enum log_level level, const struct log_tags *tags, const char *text)
{
	(void)tags;
	(void)text;
	error_lines += level == LOG_LEVEL_ERROR;
}

static void test_forgotten_statement(void **state)
{
	struct fixture *f = &fixture;
	struct note open_ones[] = { { .fixture = f }, { .fixture = f } }, note = { .name = "a" };

	(void)state;
	log_set_sink(count_errors);
	log_set_level(LOG_LEVEL_DEBUG); /* each, not one and a count */
	for (size_t i = 0; i < ARRAY_LEN(open_ones); i++) {
		store_run(f->store, STORE_NORMAL, leave_open, note_done, &open_ones[i]);
		fixture_until(f, &f->done, (int)i + 1);
		assert_int_equal(open_ones[i].status, 0);
	}
	note_run(f, &note);
	fixture_until(f, &f->done, 3);
	assert_int_equal(note.status, 0);
	log_set_sink(NULL);
	assert_int_equal(error_lines, ARRAY_LEN(open_ones));
}

/* ---- closing ---- */

static void run_another(void *arg, int status)
{
	struct note *notes = arg;

	note_done(&notes[0], status);
	note_run(notes[0].fixture, &notes[1]);
}

static void test_close_runs_what_waits(void **state)
{
	struct fixture *f = &fixture;
	struct note waiting[20], late = { .name = "late" };
	struct note chain[2] = { { .fixture = f, .name = "chain" }, { .name = "chained" } };
	struct gate gate;

	(void)state;
	gate_close(f, &gate);
	for (size_t i = 0; i < ARRAY_LEN(waiting); i++) {
		waiting[i] = (struct note){ .name = "waiting" };
		note_run(f, &waiting[i]);
	}
	store_run(f->store, STORE_NORMAL, note_write, run_another, chain);
	store_close(f->store, on_store_closed, f);
	note_run(f, &late);
	store_read(f->store, note_look, NULL, &late);
	gate_open(&gate);
	fixture_until(f, &f->closed, 1);
	for (size_t i = 0; i < ARRAY_LEN(waiting); i++)
		assert_int_equal(waiting[i].status, 0);
	assert_int_equal(chain[0].status, 0);
	assert_int_equal(chain[1].status, -ECANCELED); /* asked for by a completion meanwhile */
	assert_int_equal(late.status, -ECANCELED);
	assert_int_equal(late.runs, 0);
	assert_int_equal(f->done, 1 + ARRAY_LEN(waiting) + 3);
	fixture_open(f, NULL);
	assert_true(note_is_kept(f, "waiting"));
	assert_false(note_is_kept(f, "late"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keeps_and_reads_back, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_one_is_undone, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_a_plain_refusal, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_many_share_a_commit, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_first_ones_overtake, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_hooks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_live_messages_at_open, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_reads_go_on_beside_a_write, setup_open,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_read_cannot_write, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_forgotten_statement, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_close_runs_what_waits, setup_open, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
