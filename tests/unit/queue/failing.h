/* failing.h - SQLite as it is when memory or the disk fails: the n-th call of a rule fails.
 *
 * Between failing_begin and failing_end each prepare and each step counts. Whoever calls rules
 * takes back what they wrote; here it is seen that each failure is handed on, and nothing stays
 * open or allocated (the sanitizer's word). */
#pragma once

#include <dlfcn.h>
#include <errno.h>

#include "tests/unit/queue/test_db.h"

enum { FAILING_MAX = 2000 };

static struct {
	bool counts;
	int calls, at; /* the call that fails */
	int code;      /* with what */
	bool failed;   /* the last call did */
	bool ever;
} failing;

static bool failing_now(void)
{
	failing.failed = failing.counts && ++failing.calls == failing.at;
	failing.ever |= failing.failed;
	return failing.failed;
}

int sqlite3_step(sqlite3_stmt *stmt)
{
	static int (*real)(sqlite3_stmt * stmt);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "sqlite3_step");
	return failing_now() ? failing.code : real(stmt);
}

int sqlite3_prepare_v3(sqlite3 *sqlite, const char *sql, int n, unsigned flags, sqlite3_stmt **stmt,
		       const char **tail)
{
	static int (*real)(sqlite3 * sqlite, const char *sql, int n, unsigned flags,
			   sqlite3_stmt **stmt, const char **tail);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "sqlite3_prepare_v3");
	return failing_now() ? failing.code : real(sqlite, sql, n, flags, stmt, tail);
}

int sqlite3_errcode(sqlite3 *sqlite)
{
	static int (*real)(sqlite3 * sqlite);

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "sqlite3_errcode");
	return failing.failed ? failing.code : real(sqlite);
}

/* Statements are prepared anew, so that this fails, too. */
static inline void failing_begin(struct db *db, int at, int code)
{
	for (size_t i = 0; i < DB_STATEMENTS; i++)
		sqlite3_finalize(db->statements[i].stmt);
	memset(db->statements, 0, sizeof(db->statements));
	memset(&failing, 0, sizeof(failing));
	failing.at = at;
	failing.code = code;
	failing.counts = true;
}

/* True: it failed at that call. */
static inline bool failing_end(struct db *db, const char *name)
{
	failing.counts = failing.failed = false;
	for (size_t i = 0; i < DB_STATEMENTS; i++)
		if (db->statements[i].stmt != NULL && sqlite3_stmt_busy(db->statements[i].stmt))
			fail_msg("%s, call %d: left open: %s", name, failing.at,
				 db->statements[i].sql);
	return failing.ever;
}

/* What SQLite says, and what rows and rules make of it. */
static const struct {
	int code, err;
} failures[] = {
	{ SQLITE_IOERR, -EIO }, { SQLITE_FULL, -ENOSPC },    { SQLITE_NOMEM, -ENOMEM },
	{ SQLITE_BUSY, -EIO },  { SQLITE_READONLY, -EROFS },
};

/* Runs call with each of its SQLite calls failing, then whole: what it returns then. */
static inline int fail_each(struct db *db, const char *name, int (*call)(void *arg), void *arg)
{
	for (int at = 1; at < FAILING_MAX; at++) {
		size_t how = (size_t)at % ARRAY_LEN(failures);
		int result;

		run_sql(db, "SAVEPOINT failing");
		failing_begin(db, at, failures[how].code);
		result = call(arg);
		if (!failing_end(db, name)) {
			run_sql(db, "RELEASE failing");
			return result;
		}
		run_sql(db, "ROLLBACK TO failing");
		run_sql(db, "RELEASE failing");
		if (result != failures[how].err)
			fail_msg("%s, call %d: %d instead of %d", name, at, result,
				 failures[how].err);
	}
	fail_msg("%s does not end", name);
	return 0;
}
