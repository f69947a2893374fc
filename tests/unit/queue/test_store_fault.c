/* test_store_fault.c - full disks, failing writes and syncs, a disk that does not answer. */
#include "base/log.h"
#include "base/util.h"
#include "tests/unit/queue/fault_vfs.h"
#include "tests/unit/queue/store_fixture.h"

static struct fixture fixture;

static int install(void **state)
{
	(void)state;
	log_set_sink(NULL);
	return fault_install();
}

static void no_lines(enum log_level level, const struct log_tags *tags, const char *text)
{
	(void)level;
	(void)tags;
	(void)text;
}

static int setup(void **state)
{
	(void)state;
	log_set_sink(no_lines); /* failures are expected here */
	fault_plan(0, 0, SQLITE_OK);
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
	fault_plan(0, 0, SQLITE_OK);
	fixture_teardown(&fixture);
	return 0;
}

/* ---- SQLite rolls the whole group back in the middle of it ---- */

static int set_max_pages(struct db *db, int64_t pages)
{
	char sql[64];

	snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %lld", (long long)pages);
	return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

/* Finds no room for its bytes. SQLite ends the transaction: not only this savepoint. */
static int find_it_full(struct db *db, void *arg)
{
	struct note *note = arg;
	int64_t pages;
	int err;

	note->runs++;
	err = db_value(db, &pages, "PRAGMA page_count", "");
	if (err == 0)
		err = set_max_pages(db, pages + 1);
	if (err == 0)
		err = db_exec(db, NULL,
			      "INSERT INTO number (hash, sealed) VALUES (x'00', zeroblob(99999))",
			      "");
	set_max_pages(db, 1 << 30);
	return err;
}

struct heard {
	size_t queued, calls;
	int64_t seqs[16];
};

static void hear(void *arg, const struct due *items, size_t n)
{
	struct heard *heard = arg;

	for (size_t i = 0; i < n; i++)
		heard->seqs[heard->queued++] = items[i].seq;
	heard->calls++;
}

/* A note that tells the scheduler of itself; the seq is the length of its name. */
static int tell(struct db *db, void *arg)
{
	struct note *note = arg;
	struct due due = { .seq = (int64_t)strlen(note->name) };

	return db_news_queued(db, &due) < 0 ? -ENOMEM : note_write(db, note);
}

enum { FULL_ONE = 3, FULL_NOTES = 5 };

/* Hands in notes of which one finds the disk full. */
static void run_into_full(struct fixture *f, struct note notes[FULL_NOTES])
{
	int done = f->done;
	struct gate gate;

	gate_close(f, &gate);
	for (int i = 0; i < FULL_NOTES; i++) {
		notes[i].fixture = f;
		notes[i].runs = 0;
		store_run(f->store, STORE_NORMAL, i == FULL_ONE ? find_it_full : tell, note_done,
			  &notes[i]);
	}
	gate_open(&gate);
	fixture_until(f, &f->done, done + FULL_NOTES + 1);
	for (int i = 0; i < FULL_NOTES; i++)
		assert_int_equal(notes[i].turn, done + i + 2);
}

/* Those before it run again, each inside a savepoint, then each alone; each is told of once. They
 * are in one group unless this machine is busy: then once more. */
static void test_full_in_the_middle(void **state)
{
	static const int statuses[FULL_NOTES] = { 0, 9, 0, -ENOSPC, 0 };
	struct note notes[FULL_NOTES] = {
		{ .name = "a" }, { .name = "bb", .answer = 9 }, { .name = "ccc" },
		{ .name = "" },  { .name = "eeeee" },
	};
	struct fixture *f = &fixture;
	struct heard heard = { 0 };
	struct store_hooks hooks = { .queued = hear, .arg = &heard };
	int again = 0;

	(void)state;
	fixture_open(f, &hooks);
	for (int try = 0; try < 50 && again == 0; try++) {
		heard.queued = 0;
		run_into_full(f, notes);
		for (int i = 0; i < FULL_NOTES; i++) {
			assert_int_equal(notes[i].status, statuses[i]);
			assert_in_range(notes[i].runs, 1, i <= FULL_ONE ? 3 : 1);
			assert_int_equal(note_is_kept(f, notes[i].name), statuses[i] == 0);
		}
		assert_int_equal(heard.queued, 3);
		for (int i = 0; i < 3; i++)
			assert_int_equal(heard.seqs[i], i * 2 + 1);
		again = notes[0].runs == 2 && notes[1].runs == 2 && notes[2].runs == 3;
	}
	assert_true(again);
}

/* One that overlooks the error cannot pass for kept. */
static int overlook(struct db *db, void *arg)
{
	find_it_full(db, arg);
	return 0;
}

static void test_overlooked_error(void **state)
{
	struct fixture *f = &fixture;
	struct note note = { .fixture = f };

	(void)state;
	store_run(f->store, STORE_NORMAL, overlook, note_done, &note);
	fixture_until(f, &f->done, 1);
	assert_int_equal(note.status, -EIO);
}

/* ---- the COMMIT fails ---- */

static const struct {
	int write_at, sync_at, code, status;
} commit_faults[] = {
	{ 1, 0, SQLITE_FULL, -ENOSPC },
	{ 1, 0, SQLITE_IOERR_WRITE, -EIO },
	{ 0, 1, SQLITE_IOERR_FSYNC, -EIO },
	{ 1, 0, SQLITE_READONLY, -EROFS },
};

static void test_failed_commit_fails_all(void **state)
{
	struct note notes[] = { { .name = "a" }, { .name = "b", .answer = 3 }, { .name = "c" } };
	struct note after = { .name = "after" };
	struct fixture *f = &fixture;
	struct gate gate;

	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(commit_faults); c++) {
		int done = f->done;

		gate_close(f, &gate);
		for (size_t i = 0; i < ARRAY_LEN(notes); i++)
			note_run(f, &notes[i]);
		fault_plan(commit_faults[c].write_at, commit_faults[c].sync_at,
			   commit_faults[c].code);
		gate_open(&gate);
		fixture_until(f, &f->done, done + 4);
		fault_plan(0, 0, SQLITE_OK);
		for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
			/* On a busy machine b may be a group of its own, with nothing to commit. */
			if (notes[i].answer == 0 || notes[i].status != notes[i].answer)
				assert_int_equal(notes[i].status, commit_faults[c].status);
			assert_false(note_is_kept(f, notes[i].name));
		}
		assert_in_range(stats_of(f).failed_commits, c + 1,
				2 * (c + 1)); /* b divides the group */
	}
	note_run(f, &after); /* and the store goes on */
	fixture_until(f, &f->done, f->done + 1);
	assert_int_equal(after.status, 0);
	assert_true(note_is_kept(f, "after"));
}

static void test_failed_commit_tells_no_news(void **state)
{
	struct fixture *f = &fixture;
	struct heard heard = { 0 };
	struct store_hooks hooks = { .queued = hear, .arg = &heard };
	struct note lost = { .fixture = f, .name = "a" }, kept = { .fixture = f, .name = "bb" };

	(void)state;
	fixture_open(f, &hooks);
	fault_plan(1, 0, SQLITE_FULL);
	store_run(f->store, STORE_NORMAL, tell, note_done, &lost);
	fixture_until(f, &f->done, 1);
	fault_plan(0, 0, SQLITE_OK);
	assert_int_equal(heard.calls, 0);
	store_run(f->store, STORE_NORMAL, tell, note_done, &kept);
	fixture_until(f, &f->done, 2);
	assert_int_equal(heard.queued, 1);
	assert_int_equal(heard.seqs[0], 2);
}

/* Whatever the number of its pages. */
static void test_a_commit_is_one_write_and_one_sync(void **state)
{
	static char name[9000];
	struct note notes[] = { { .name = "a" }, { .name = name }, { .name = "b" } };
	struct fixture *f = &fixture;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
		fault_plan(0, 0, SQLITE_OK);
		note_run(f, &notes[i]);
		fixture_until(f, &f->done, (int)i + 1);
		assert_int_equal(notes[i].status, 0);
		assert_int_equal(fault.writes, 1);
		assert_int_equal(fault.syncs, 1);
	}
}

/* ---- every write, then every sync, fails once ---- */

enum { SWEEP_NOTES = 12 };

static void name_note(char *name, size_t size, int round, int i)
{
	snprintf(name, size, "%d-%d-%0900d", round, i, 0); /* several pages in all */
}

/* What is answered and what is on disk agree, before and after opening it again. */
static void sweep_round(struct fixture *f, int round, int write_at, int sync_at, int code)
{
	static char names[SWEEP_NOTES][1000];
	struct note notes[SWEEP_NOTES];
	int done = f->done;

	fixture_open(f, NULL);
	fault_plan(write_at, sync_at, code);
	for (int i = 0; i < SWEEP_NOTES; i++) {
		name_note(names[i], sizeof(names[i]), round, i);
		notes[i] = (struct note){ .name = names[i], .answer = i % 4 == 3 };
		note_run(f, &notes[i]);
	}
	fixture_until(f, &f->done, done + SWEEP_NOTES);
	fault_plan(0, 0, SQLITE_OK);
	for (int again = 0; again < 2; again++) {
		for (int i = 0; i < SWEEP_NOTES; i++) {
			assert_true(notes[i].status <= notes[i].answer);
			assert_int_equal(note_is_kept(f, names[i]), notes[i].status == 0);
		}
		fixture_close(f);
		fixture_open(f, NULL);
	}
	fixture_close(f);
}

static void test_every_write_and_sync(void **state)
{
	static const int codes[] = { SQLITE_FULL, SQLITE_IOERR_WRITE };
	int round = 0;

	(void)state;
	for (size_t c = 0; c < ARRAY_LEN(codes); c++)
		for (int at = 1; at <= 24; at++)
			sweep_round(&fixture, round++, at, 0, codes[c]);
	for (int at = 1; at <= 4; at++)
		sweep_round(&fixture, round++, 0, at, SQLITE_IOERR_FSYNC);
}

enum { OPEN_WRITES_MAX = 400 };

/* Until the database can be opened there is a reason why not; later it can be opened. */
static void test_every_write_of_opening(void **state)
{
	struct fixture *f = &fixture;
	bool opened = false;
	int at;

	(void)state;
	for (at = 1; at < OPEN_WRITES_MAX && !opened; at++) {
		char path[128];

		snprintf(path, sizeof(path), "%.90s-%d", f->path, at);
		fault_plan(at, 0, SQLITE_FULL);
		f->store = store_open(&f->loop, path, &f->keys, NULL, f->why);
		fault_plan(0, 0, SQLITE_OK);
		opened = f->store != NULL;
		if (!opened) {
			assert_non_null(strstr(f->why, "full"));
			f->store = store_open(&f->loop, path, &f->keys, NULL, f->why);
			assert_non_null(f->store);
		}
		fixture_close(f);
	}
	assert_in_range(at, 10, OPEN_WRITES_MAX - 1);
}

/* The last checkpoint fails: the data is in the log and is there next time. */
static void test_closing_on_a_bad_disk(void **state)
{
	struct note note = { .name = "a" };
	struct fixture *f = &fixture;

	(void)state;
	note_run(f, &note);
	fixture_until(f, &f->done, 1);
	fault_plan(1, 1, SQLITE_IOERR_WRITE);
	fixture_close(f);
	fault_plan(0, 0, SQLITE_OK);
	fixture_open(f, NULL);
	assert_true(note_is_kept(f, "a"));
}

/* ---- syncs: none that is not needed, none that is waited for on the loop ---- */

static void test_nothing_changed_no_sync(void **state)
{
	struct fixture *f = &fixture;
	struct note kept = { .name = "kept" }, look = { .fixture = f, .name = "kept" };
	struct note refused = { .name = "refused", .answer = 1 };

	(void)state;
	fault_plan(0, 0, SQLITE_OK);
	note_run(f, &kept);
	fixture_until(f, &f->done, 1);
	assert_true(fault.syncs >= 1);
	fault_plan(0, 0, SQLITE_OK);
	for (int i = 0; i < 20; i++) {
		note_run(f, &refused);
		store_run(f->store, STORE_NORMAL, note_look, note_done, &look);
		fixture_until(f, &f->done, 3 + 2 * i);
	}
	assert_int_equal(look.status, 0);
	assert_int_equal(fault.writes, 0);
	assert_int_equal(fault.syncs, 0);
	assert_int_equal(stats_of(f).commits, 1);
}

static uv_timer_t ticker;
static int ticks;

static void on_tick(uv_timer_t *timer)
{
	(void)timer;
	ticks++;
}

static void start_ticking(struct fixture *f)
{
	ticks = 0;
	assert_int_equal(uv_timer_init(&f->loop, &ticker), 0);
	assert_int_equal(uv_timer_start(&ticker, on_tick, 1, 1), 0);
}

/* While a COMMIT hangs in a sync, timers run, reads are answered, more may be handed in. */
static void test_hanging_sync_leaves_the_loop_alone(void **state)
{
	struct note first = { .name = "first" }, more[50];
	struct fixture *f = &fixture;

	(void)state;
	start_ticking(f);
	fault_hold();
	note_run(f, &first);
	fault_wait_held();
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		more[i] = (struct note){ .name = "more" };
		note_run(f, &more[i]);
	}
	fixture_until(f, &ticks, 20);
	assert_int_equal(f->done, 0);           /* nothing is answered before it is on disk */
	assert_false(note_is_kept(f, "first")); /* a read was answered meanwhile */
	fault_let_go();
	fixture_until(f, &f->done, 2 + ARRAY_LEN(more));
	assert_int_equal(first.status, 0);
	assert_true(stats_of(f).commits < 50); /* they gathered behind it */
	uv_close((uv_handle_t *)&ticker, NULL);
}

/* Closing while a sync hangs: the loop goes on until the disk answers. */
static void test_closing_waits_off_the_loop(void **state)
{
	struct note note = { .name = "a" };
	struct fixture *f = &fixture;

	(void)state;
	start_ticking(f);
	fault_hold();
	note_run(f, &note);
	fault_wait_held();
	store_close(f->store, on_store_closed, f);
	fixture_until(f, &ticks, 20);
	assert_int_equal(f->closed, 0);
	fault_let_go();
	fixture_until(f, &f->closed, 1);
	f->store = NULL;
	assert_int_equal(note.status, 0);
	uv_close((uv_handle_t *)&ticker, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_full_in_the_middle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overlooked_error, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_failed_commit_fails_all, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_failed_commit_tells_no_news, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_commit_is_one_write_and_one_sync, setup_open,
						teardown),
		cmocka_unit_test_setup_teardown(test_every_write_and_sync, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_write_of_opening, setup, teardown),
		cmocka_unit_test_setup_teardown(test_closing_on_a_bad_disk, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_changed_no_sync, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_hanging_sync_leaves_the_loop_alone, setup_open,
						teardown),
		cmocka_unit_test_setup_teardown(test_closing_waits_off_the_loop, setup_open,
						teardown),
	};

	return cmocka_run_group_tests(tests, install, NULL);
}
