/* test_schema.c - a new database, a current one, a newer one, another program's, a full disk. */
#include "queue/schema.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static sqlite3 *sqlite;
static char why[256];

static int open_memory(void **state)
{
	(void)state;
	why[0] = '\0';
	return sqlite3_open(":memory:", &sqlite) == SQLITE_OK ? 0 : -1;
}

static int close_memory(void **state)
{
	(void)state;
	return sqlite3_close(sqlite) == SQLITE_OK ? 0 : -1;
}

static int value_of(const char *sql)
{
	sqlite3_stmt *stmt;
	int value;

	assert_int_equal(sqlite3_prepare_v2(sqlite, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int(stmt, 0);
	assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
	return value;
}

static void execute(const char *sql)
{
	assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void test_new_database(void **state)
{
	(void)state;
	assert_int_equal(schema_migrate(sqlite, why, sizeof(why)), 0);
	assert_int_equal(value_of("PRAGMA user_version"), 2);
	assert_int_equal(value_of("SELECT count(*) FROM message"), 0);
	assert_int_equal(schema_migrate(sqlite, why, sizeof(why)), 0); /* nothing to do */
	assert_string_equal(why, "");
}

/* A number in a second place, or a column of free type, would be a leak or a slip. */
static void test_shape(void **state)
{
	(void)state;
	assert_int_equal(schema_migrate(sqlite, why, sizeof(why)), 0);
	assert_int_equal(
		value_of("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND "
			 "name NOT LIKE 'sqlite_%' AND NOT strict"),
		0);
	assert_int_equal(value_of("SELECT count(*) FROM pragma_table_list t,"
				  " pragma_table_info(t.name) c"
				  " WHERE c.name LIKE '%phone%' OR c.name LIKE '%e164%'"),
			 0);
}

/* What version 2 changes of version 1. */
static const char version_1[] =
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"INSERT INTO meta VALUES ('time', 77);"
	"CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
	" type TEXT NOT NULL, site TEXT NOT NULL, subject TEXT NOT NULL, state TEXT, modem TEXT,"
	" reason TEXT, channel TEXT) STRICT;"
	"CREATE INDEX event_subject ON event(subject, seq);"
	"CREATE TABLE attempt (id INTEGER PRIMARY KEY, modem TEXT, sim TEXT, state INTEGER,"
	" reference INTEGER, at INTEGER, asked INTEGER) STRICT;"
	"CREATE INDEX attempt_reference ON attempt(reference, sim, at) WHERE reference IS NOT NULL;"
	"CREATE INDEX attempt_open ON attempt(modem, at) WHERE state IN (0, 4);"
	"CREATE INDEX attempt_open_sim ON attempt(sim, at) WHERE state IN (0, 4);"
	"CREATE TABLE verification (id INTEGER PRIMARY KEY, code_until INTEGER, state INTEGER,"
	" sends INTEGER) STRICT;"
	"CREATE INDEX verification_awaited ON verification(code_until)"
	" WHERE state = 0 AND sends = 0;"
	"INSERT INTO event VALUES (7, 1, 'message.sent', 'a', 'msg_1', 'sent', 'gsm0', 'r', 'c');"
	"PRAGMA user_version = 1;";

static void test_events_of_version_1(void **state)
{
	(void)state;
	execute(version_1);
	assert_int_equal(schema_migrate(sqlite, why, sizeof(why)), 0);
	assert_int_equal(value_of("SELECT count(*) FROM event WHERE (seq, at, type, site, subject,"
				  " state, modem, reason, channel) = (7, 1, 'message.sent', 'a',"
				  " 'msg_1', 'sent', 'gsm0', 'r', 'c')"),
			 1);
	assert_int_equal(value_of("SELECT count(*) FROM event"), 1);
}

/* Whoever waits for what comes after 7 gets it. */
static void test_a_pruned_log_of_version_1(void **state)
{
	(void)state;
	execute(version_1);
	execute("DELETE FROM event");
	assert_int_equal(schema_migrate(sqlite, why, sizeof(why)), 0);
	assert_int_equal(value_of("SELECT seq FROM event WHERE at = 77"), 7);
}

/* What runs for every message, or over all of them, goes by an index. */
static void test_hot_queries_use_an_index(void **state)
{
	static const struct {
		const char *sql, *index;
	} cases[] = {
		{ "SELECT seq FROM message INDEXED BY message_due WHERE state = 1 AND route = 7"
		  " AND rank = 3 AND due_at <= 9"
		  " ORDER BY due_at, seq LIMIT 9",
		  "message_due (route=? AND rank=? AND due_at<?)" },
		{ "SELECT min(submit_by) FROM message INDEXED BY message_submit_by"
		  " WHERE state IN (0, 1)",
		  "message_submit_by" },
		{ "SELECT seq FROM message INDEXED BY message_scheduled"
		  " WHERE state = 0 AND due_at <= 9",
		  "message_scheduled" },
		{ "SELECT seq FROM message WHERE state = 2", "message_state" },
		{ "SELECT max(seq) FROM event", "SEARCH event" },
		{ "SELECT id FROM attempt WHERE state IN (0, 4) AND modem = 'a' AND at >= 9"
		  " ORDER BY at DESC",
		  "attempt_open (at>?)" },
		{ "SELECT id FROM attempt WHERE reference = 9 AND sim = 'a' AND at <= 9"
		  " AND asked = 1 ORDER BY at DESC",
		  "attempt_reference (reference=? AND sim=? AND at<?)" },
	};
	char sql[256];
	sqlite3_stmt *stmt;

	(void)state;
	assert_int_equal(schema_migrate(sqlite, why, sizeof(why)), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", cases[i].sql);
		assert_int_equal(sqlite3_prepare_v2(sqlite, sql, -1, &stmt, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
		if (strstr((const char *)sqlite3_column_text(stmt, 3), cases[i].index) == NULL)
			fail_msg("%s: %s", cases[i].sql, sqlite3_column_text(stmt, 3));
		sqlite3_finalize(stmt);
	}
}

static void test_newer_database(void **state)
{
	(void)state;
	execute("PRAGMA user_version = 9");
	assert_int_equal(schema_migrate(sqlite, why, sizeof(why)), -ENOTSUP);
	assert_non_null(strstr(why, "version 9"));
	assert_non_null(strstr(why, "newer simgate"));
	assert_int_equal(value_of("SELECT count(*) FROM sqlite_master"), 0);
}

static void test_another_programs_database(void **state)
{
	(void)state;
	execute("CREATE TABLE recipes (name)");
	assert_int_equal(schema_migrate(sqlite, why, sizeof(why)), -ENOTSUP);
	assert_non_null(strstr(why, "another program"));
	assert_int_equal(value_of("SELECT count(*) FROM sqlite_master"), 1);
}

/* All of a migration or nothing of it. */
static void test_full_disk(void **state)
{
	(void)state;
	execute("PRAGMA max_page_count = 10");
	assert_int_equal(schema_migrate(sqlite, why, sizeof(why)), -EIO);
	assert_non_null(strstr(why, "full"));
	assert_int_equal(value_of("PRAGMA user_version"), 0);
	assert_int_equal(value_of("SELECT count(*) FROM sqlite_master"), 0);
	execute("PRAGMA max_page_count = 1000000");
	assert_int_equal(schema_migrate(sqlite, why, sizeof(why)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_new_database, open_memory, close_memory),
		cmocka_unit_test_setup_teardown(test_shape, open_memory, close_memory),
		cmocka_unit_test_setup_teardown(test_events_of_version_1, open_memory,
						close_memory),
		cmocka_unit_test_setup_teardown(test_a_pruned_log_of_version_1, open_memory,
						close_memory),
		cmocka_unit_test_setup_teardown(test_hot_queries_use_an_index, open_memory,
						close_memory),
		cmocka_unit_test_setup_teardown(test_newer_database, open_memory, close_memory),
		cmocka_unit_test_setup_teardown(test_another_programs_database, open_memory,
						close_memory),
		cmocka_unit_test_setup_teardown(test_full_disk, open_memory, close_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
