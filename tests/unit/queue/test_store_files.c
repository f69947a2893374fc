/* test_store_files.c - what the store leaves on disk: modes, erased bytes, the log, the time. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
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

static void path_beside(const struct fixture *f, char path[static 128], const char *end)
{
	snprintf(path, 128, "%.100s%.20s", f->path, end);
}

static void test_close_leaves_one_file(void **state)
{
	struct note note = { .name = "a" };
	struct fixture *f = &fixture;
	char path[128];

	(void)state;
	note_run(f, &note);
	fixture_until(f, &f->done, 1);
	path_beside(f, path, "-wal");
	assert_int_equal(access(path, F_OK), 0);
	fixture_close(f);
	assert_int_equal(access(path, F_OK), -1);
	path_beside(f, path, "-shm");
	assert_int_equal(access(path, F_OK), -1);
}

/* ---- the files ---- */

static void test_private_files(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm", ".lock" };
	struct fixture *f = &fixture;
	struct stat st;
	char path[128];

	(void)state;
	umask(0);
	close(open(f->path, O_CREAT | O_WRONLY, 0666)); /* somebody made it too open */
	fixture_open(f, NULL);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		path_beside(f, path, ends[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static bool file_has(const char *path, const char *bytes)
{
	static char content[1 << 20];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, content, sizeof(content));

	assert_true(n >= 0 && (size_t)n < sizeof(content));
	if (fd >= 0)
		close(fd);
	return memmem(content, (size_t)n, bytes, strlen(bytes)) != NULL;
}

#define PRIVATE_BYTES "byteswhichmustnotstay"

static int erase(struct db *db, void *arg)
{
	(void)arg;
	db_news_erased(db);
	return db_exec(db, NULL, "DELETE FROM meta WHERE name = ?1", "t", PRIVATE_BYTES);
}

/* When the erasure is answered, no file holds a byte of it. */
static void test_erasure_leaves_no_byte(void **state)
{
	struct note note = { .name = PRIVATE_BYTES }, gone = { .fixture = &fixture };
	struct fixture *f = &fixture;
	struct stat st;
	char wal[128];

	(void)state;
	path_beside(f, wal, "-wal");
	note_run(f, &note);
	fixture_until(f, &f->done, 1);
	assert_true(file_has(wal, PRIVATE_BYTES));
	store_run(f->store, STORE_NORMAL, erase, note_done, &gone);
	fixture_until(f, &f->done, 2);
	assert_int_equal(gone.status, 0);
	assert_false(file_has(wal, PRIVATE_BYTES));
	assert_false(file_has(f->path, PRIVATE_BYTES));
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_size, 0);
}

/* Enough writing that the log is moved several times; all the values stay. */
static int write_much(struct db *db, void *arg)
{
	struct note *note = arg;
	char name[512];
	int err = 0;

	for (int i = 0; i < 200 && err == 0; i++) {
		snprintf(name, sizeof(name), "%0400d-%d-%d", 0, note->answer, i);
		err = db_meta_set(db, name, 1);
	}
	return err;
}

static int count_much(struct db *db, void *arg)
{
	int64_t n;
	int err = db_value(db, &n, "SELECT count(*) FROM meta WHERE name LIKE '0%'", "");

	((struct note *)arg)->runs = (int)n;
	return err;
}

static void test_log_is_bounded(void **state)
{
	struct note notes[120], count = { .fixture = &fixture };
	struct fixture *f = &fixture;
	struct stat st;
	char wal[128];

	(void)state;
	for (int i = 0; i < (int)ARRAY_LEN(notes); i++) {
		notes[i] = (struct note){ .fixture = f, .answer = i };
		store_run(f->store, STORE_NORMAL, write_much, note_done, &notes[i]);
		fixture_until(f, &f->done, i + 1);
		assert_int_equal(notes[i].status, 0);
	}
	path_beside(f, wal, "-wal");
	assert_int_equal(stat(wal, &st), 0);
	assert_in_range(st.st_size, 1, 24 << 20);
	store_read(f->store, count_much, note_done, &count);
	fixture_until(f, &f->done, (int)ARRAY_LEN(notes) + 1);
	assert_int_equal(count.runs, 200 * ARRAY_LEN(notes));
}

/* ---- time ---- */

static int64_t fake_real;

static int64_t read_fake_real(void)
{
	return fake_real;
}

static int64_t read_fake_mono(void)
{
	return 1000;
}

/* A box without a clock battery boots in the past: time goes on from the database. */
static void test_time_goes_on(void **state)
{
	struct note note = { .name = "a" };
	struct fixture *f = &fixture;

	(void)state;
	log_set_level(LOG_LEVEL_ERROR);
	fake_real = 1800000000000;
	clock_set_source(read_fake_real, read_fake_mono);
	fixture_open(f, NULL);
	note_run(f, &note);
	fixture_until(f, &f->done, 1);
	fixture_close(f);
	fake_real = 5000;
	clock_set_source(read_fake_real, read_fake_mono);
	assert_int_equal(clock_now_ms(), 5000);
	fixture_open(f, NULL);
	assert_int_equal(clock_now_ms(), 1800000000000);
	clock_set_source(NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_close_leaves_one_file, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_private_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_erasure_leaves_no_byte, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_log_is_bounded, setup_open, teardown),
		cmocka_unit_test_setup_teardown(test_time_goes_on, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
