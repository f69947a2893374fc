/* test_store_open.c - a database that cannot be opened says why and what to do. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "tests/unit/queue/store_fixture.h"

static struct fixture fixture;

static int setup(void **state)
{
	(void)state;
	fixture_setup(&fixture);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_teardown(&fixture);
	return 0;
}

/* Opening path must fail with these words. */
static void refuses(struct fixture *f, const char *path, const char *words)
{
	struct store *store = store_open(&f->loop, path, &f->keys, NULL, f->why);

	if (store != NULL) {
		f->store = store;
		fail_msg("opened, but should say: %s", words);
	}
	if (strstr(f->why, words) == NULL)
		fail_msg("said \"%s\", should say \"%s\"", f->why, words);
	assert_null(strchr(f->why, '\n'));
}

static void execute(const char *path, const char *sql)
{
	sqlite3 *sqlite;

	assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(sqlite), SQLITE_OK);
}

static void make_database(struct fixture *f)
{
	fixture_open(f, NULL);
	fixture_close(f);
}

static void overwrite(const char *path, off_t at, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

static void test_missing_folder(void **state)
{
	(void)state;
	refuses(&fixture, "/nonexistent-folder/simgate.db", "its folder does not exist");
}

/* A name, or a path, that no file can have. */
static void test_too_long(void **state)
{
	static const size_t lengths[] = { 300, 4000, 4094, 5000 };
	char path[5001];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		memset(path, 'x', lengths[i]);
		path[0] = '/';
		path[lengths[i]] = '\0';
		refuses(&fixture, path, "File name too long");
	}
}

static void test_folder_in_its_place(void **state)
{
	(void)state;
	assert_int_equal(mkdir(fixture.path, 0700), 0);
	refuses(&fixture, fixture.path, "it is a folder");
}

static void test_not_a_database(void **state)
{
	static char words[8192];

	(void)state;
	memset(words, 'x', sizeof(words));
	overwrite(fixture.path, 0, words, sizeof(words));
	refuses(&fixture, fixture.path, "it is not a database");
}

static void test_damaged_header(void **state)
{
	(void)state;
	make_database(&fixture);
	overwrite(fixture.path, 0, "SQLite format 9", 15);
	refuses(&fixture, fixture.path, "restore a backup");
}

static void test_damaged_schema(void **state)
{
	static const char zeros[3900];

	(void)state;
	make_database(&fixture);
	overwrite(fixture.path, 100, zeros, sizeof(zeros));
	refuses(&fixture, fixture.path, "damaged");
}

static void test_newer_version(void **state)
{
	(void)state;
	make_database(&fixture);
	execute(fixture.path, "PRAGMA user_version = 99");
	refuses(&fixture, fixture.path, "schema version 99");
}

static void test_other_program(void **state)
{
	(void)state;
	execute(fixture.path, "CREATE TABLE recipes (name)");
	refuses(&fixture, fixture.path, "belongs to another program");
}

static void test_other_key(void **state)
{
	unsigned char master[SEAL_KEY_SIZE] = "another key";
	struct fixture *f = &fixture;
	struct seal_keys ours = f->keys;

	(void)state;
	make_database(f);
	seal_derive(&f->keys, master);
	refuses(f, f->path, "another key");
	f->keys = ours;
	fixture_open(f, NULL);
}

static void test_one_daemon(void **state)
{
	struct fixture *f = &fixture;
	struct store *store;

	(void)state;
	fixture_open(f, NULL);
	store = f->store;
	f->store = NULL;
	assert_null(store_open(&f->loop, f->path, &f->keys, NULL, f->why));
	f->store = store;
	assert_non_null(strstr(f->why, "another simgated"));
	fixture_close(f);
	fixture_open(f, NULL); /* the lock went with it */
}

/* A backup, or somebody's sqlite3, may read while the daemon runs. */
static void test_others_may_read(void **state)
{
	struct note note = { .name = "a" };
	struct fixture *f = &fixture;

	(void)state;
	fixture_open(f, NULL);
	note_run(f, &note);
	fixture_until(f, &f->done, 1);
	execute(f->path, "SELECT count(*) FROM meta");
}

/* As an ordinary user: root may write everywhere. */
static void test_no_permission(void **state)
{
	uid_t me = geteuid();

	(void)state;
	make_database(&fixture);
	assert_int_equal(chmod(fixture.folder, 0555), 0);
	assert_int_equal(chmod(fixture.path, 0444), 0);
	if (me == 0)
		assert_int_equal(seteuid(65534), 0);
	refuses(&fixture, fixture.path, "no permission");
	if (me == 0)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(fixture.folder, 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_missing_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_folder_in_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_a_database, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_header, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged_schema, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newer_version, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_program, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_daemon, setup, teardown),
		cmocka_unit_test_setup_teardown(test_others_may_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_permission, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
