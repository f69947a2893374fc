/* test_store_backup.c - a backup on a disk that fails: told, and nothing of it is left. */
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "queue/store_backup.h"
#include "tests/unit/queue/fault_vfs.h"
#include "tests/unit/queue/store_fixture.h"

enum { WRITES_MAX = 1000 };

static struct fixture fixture;
static char target[112];

static int setup(void **state)
{
	struct note note = { .name = "kept" };

	(void)state;
	fixture_setup(&fixture);
	fixture_open(&fixture, NULL);
	note_run(&fixture, &note);
	fixture_until(&fixture, &fixture.done, 1);
	snprintf(target, sizeof(target), "%s/copy.db", fixture.folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fault_plan(0, 0, 0);
	fixture_teardown(&fixture);
	return 0;
}

static void assert_nothing_is_left(void)
{
	static const char *const ends[] = { "", "-journal", "-wal", "-shm" };
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		snprintf(path, sizeof(path), "%.100s%s", target, ends[i]);
		if (access(path, F_OK) == 0)
			fail_msg("%s is left", path);
	}
}

static const struct {
	int code, err;
	const char *words;
} failures[] = {
	{ SQLITE_FULL, -ENOSPC, "database or disk is full" },
	{ SQLITE_IOERR_WRITE, -EIO, "disk I/O error" },
	{ SQLITE_IOERR_NOMEM, -ENOMEM, "out of memory" },
};

static void every_write_may_fail(void **state)
{
	char why[STORE_WHY_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		int at = 1, err;

		for (; at < WRITES_MAX; at++) {
			fault_plan(at, 0, failures[i].code);
			err = store_backup(fixture.path, target, why);
			if (err == 0)
				break;
			assert_int_equal(err, failures[i].err);
			assert_non_null(strstr(why, "cannot back up to "));
			assert_non_null(strstr(why, failures[i].words));
			assert_nothing_is_left();
		}
		assert_in_range(at, 2, WRITES_MAX - 1);
		unlink(target);
	}
}

static void a_sync_may_fail(void **state)
{
	char why[STORE_WHY_SIZE];

	(void)state;
	fault_plan(0, 1, SQLITE_IOERR_FSYNC);
	assert_int_equal(store_backup(fixture.path, target, why), -EIO);
	assert_nothing_is_left();
	fault_plan(0, 0, 0);
	assert_int_equal(store_backup(fixture.path, target, why), 0);
}

/* What is there already stays, and what cannot be read is no backup. */
static void the_wrong_files_are_refused(void **state)
{
	char why[STORE_WHY_SIZE], garbage[128];
	FILE *file;

	(void)state;
	assert_int_equal(store_backup(fixture.path, target, why), 0);
	assert_int_equal(store_backup(fixture.path, target, why), -EEXIST);
	assert_int_equal(access(target, F_OK), 0);
	unlink(target);
	assert_int_equal(store_backup("/nowhere/simgate.db", target, why), -EIO);
	assert_non_null(strstr(why, "unable to open database file"));
	assert_nothing_is_left();
	snprintf(garbage, sizeof(garbage), "%s/garbage", fixture.folder);
	file = fopen(garbage, "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fprintf(file, "no database at all\n");
	fclose(file);
	assert_int_equal(store_backup(garbage, target, why), -EIO);
	assert_non_null(strstr(why, "not a database"));
	assert_nothing_is_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_write_may_fail, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sync_may_fail, setup, teardown),
		cmocka_unit_test_setup_teardown(the_wrong_files_are_refused, setup, teardown),
	};

	if (fault_install() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
