/* db_check.c - SQLite's own walk through all pages, ended by a clock. */
#include "queue/db_check.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "queue/db_private.h"

enum { OPCODES = 1000 }; /* between two looks at the clock */

static int is_late(void *arg)
{
	const int64_t *until = arg;

	return clock_mono_ms() > *until;
}

enum db_check db_check(struct db *db, int limit_ms, char *problem, size_t size)
{
	int64_t until = clock_mono_ms() + limit_ms;
	sqlite3_stmt *stmt;
	int r;

	problem[0] = '\0';
	if (sqlite3_prepare_v2(db->sqlite, "PRAGMA quick_check(1)", -1, &stmt, NULL) != SQLITE_OK) {
		snprintf(problem, size, "%s", sqlite3_errmsg(db->sqlite));
		return DB_DAMAGED;
	}
	sqlite3_progress_handler(db->sqlite, OPCODES, is_late, &until);
	r = sqlite3_step(stmt);
	if (r == SQLITE_ROW)
		db_column_text(stmt, 0, problem, size);
	else
		snprintf(problem, size, "%s", sqlite3_errmsg(db->sqlite));
	sqlite3_progress_handler(db->sqlite, 0, NULL, NULL);
	sqlite3_finalize(stmt);
	if (r == SQLITE_INTERRUPT)
		return DB_CHECK_LATE;
	return r == SQLITE_ROW && strcmp(problem, "ok") == 0 ? DB_WHOLE : DB_DAMAGED;
}
