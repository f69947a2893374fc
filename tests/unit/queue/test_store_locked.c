/* test_store_locked.c - somebody else has the database: a reader in the way of an erasure, and a
 * transaction that cannot begin. */
#include <fcntl.h>
#include <unistd.h>

#include "base/util.h"
#include "tests/unit/queue/failing.h"
#include "tests/unit/queue/store_fixture.h"

#define PRIVATE_BYTES "byteswhichmustnotstay"

static struct fixture fixture;

static int open_fixture(void **state)
{
	(void)state;
	fixture_setup(&fixture);
	fixture_open(&fixture, NULL);
	return 0;
}

static int close_fixture(void **state)
{
	(void)state;
	fixture_teardown(&fixture);
	return 0;
}

static bool log_has(const char *bytes)
{
	static char content[1 << 20];
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s-wal", fixture.path);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	n = read(fd, content, sizeof(content));
	close(fd);
	assert_in_range(n, 0, sizeof(content) - 1);
	return memmem(content, (size_t)n, bytes, strlen(bytes)) != NULL;
}

static int erase(struct db *db, void *arg)
{
	(void)arg;
	db_news_erased(db);
	return db_exec(db, NULL, "DELETE FROM meta WHERE name = ?1", "t", PRIVATE_BYTES);
}

/* It is answered all the same, and the bytes go as soon as the reader does; nobody need ask. */
static void a_reader_holds_an_erasure_up(void **state)
{
	struct note note = { .name = PRIVATE_BYTES }, gone = { .fixture = &fixture };
	struct fixture *f = &fixture;
	sqlite3 *reader;

	(void)state;
	note_run(f, &note);
	fixture_until(f, &f->done, 1);
	assert_int_equal(sqlite3_open(f->path, &reader), SQLITE_OK);
	assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM meta", NULL, NULL, NULL),
			 SQLITE_OK);
	store_run(f->store, STORE_NORMAL, erase, note_done, &gone);
	fixture_until(f, &f->done, 2);
	assert_int_equal(gone.status, 0);
	assert_true(log_has(PRIVATE_BYTES));
	assert_int_equal(sqlite3_close(reader), SQLITE_OK);
	for (int i = 0; i < 1000 && log_has(PRIVATE_BYTES); i++)
		usleep(10000);
	assert_false(log_has(PRIVATE_BYTES));
}

/* Whoever waits is told, and the next group is tried anew. */
static void a_group_that_cannot_begin_fails_whole(void **state)
{
	struct note first = { .name = "first" }, lost = { .name = "lost" },
		    next = { .name = "next" };
	struct fixture *f = &fixture;

	(void)state;
	note_run(f, &first); /* all is prepared after it */
	fixture_until(f, &f->done, 1);
	failing.calls = 0;
	failing.at = 1;
	failing.code = SQLITE_BUSY;
	failing.counts = true;
	note_run(f, &lost);
	fixture_until(f, &f->done, 2);
	failing.counts = false;
	assert_int_equal(lost.status, -EIO);
	assert_int_equal(lost.runs, 0);
	note_run(f, &next);
	fixture_until(f, &f->done, 3);
	assert_int_equal(next.status, 0);
	assert_int_equal(next.runs, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_reader_holds_an_erasure_up, open_fixture,
						close_fixture),
		cmocka_unit_test_setup_teardown(a_group_that_cannot_begin_fails_whole, open_fixture,
						close_fixture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
