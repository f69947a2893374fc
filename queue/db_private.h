/* db_private.h - the connection behind struct db: prepared statements and what a transaction
 * leaves for the loop. For queue/ alone. */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/db.h"
#include "queue/due.h"
#include "queue/message.h"
#include "queue/seen.h"

enum { DB_STATEMENTS = 256 };

struct db_statement {
	const char *sql; /* its address is the key: statements are string constants */
	sqlite3_stmt *stmt;
};

/* What the transactions of a group will tell the loop after their COMMIT. */
struct db_news {
	struct due *queued;
	size_t n_queued, cap_queued;
	struct db_seen *seen;
	size_t n_seen, cap_seen;
	int64_t last_event; /* 0: none was added */
	int64_t live;       /* waiting messages, as of now */
	bool erased;        /* people's data went: the write-ahead log must not keep it */
	int32_t tally[KIND_COUNT][MSG_STATES]; /* what the table of that name must be told */
};

struct db {
	sqlite3 *sqlite;
	const struct seal_keys *keys;
	int64_t now;
	bool damaged; /* SQLite found pages that make no sense */
	struct db_news news;
	struct db_statement statements[DB_STATEMENTS];
};

/* sqlite is owned by db from now on. */
void db_init(struct db *db, sqlite3 *sqlite, const struct seal_keys *keys);
void db_fini(struct db *db);

/* A mark to come back to when a savepoint is rolled back. */
struct db_news db_mark(const struct db *db);
void db_unmark(struct db *db, const struct db_news *mark);

/* Waiting for the scheduler after the COMMIT. 0, or -ENOMEM. */
int db_news_queued(struct db *db, const struct due *item);

/* Writes what the tally must be told; before each COMMIT. */
int db_tally_keep(struct db *db);

/* After the COMMIT, and before its completions, the write-ahead log is truncated. */
void db_news_erased(struct db *db);

/* Ends the transaction, if there is one. */
void db_rollback(struct db *db);

/* Resets statements that a transaction left open by mistake: each would hold a snapshot. */
void db_settle(struct db *db);

/* The errno for SQLite's last result: -ENOSPC, -EROFS, -EEXIST (constraint), -ENOMEM, -EIO. Damage
 * is noted, and told once. */
int db_error(struct db *db);

/* Prepares (once) and binds by types: i int64_t, t text (NULL: null), b blob and its size_t
 * (pointer, size), n null. Text and blobs are borrowed until the statement is done. NULL when
 * SQLite failed: see db_error. */
sqlite3_stmt *db_query(struct db *db, const char *sql, const char *types, ...);

/* 0: a row stands there; -ENOENT: no more (the statement is done); else a failure (done, too). */
int db_step(struct db *db, sqlite3_stmt *stmt);

/* Ends a query before its last row. Every db_query ends by db_done or by db_step's -ENOENT. */
void db_done(sqlite3_stmt *stmt);

/* A statement without rows. *changed (may be NULL): how many rows it touched. */
int db_exec(struct db *db, int64_t *changed, const char *sql, const char *types, ...);

/* Runs a query of one row and one integer. -ENOENT: no row (or null). */
int db_value(struct db *db, int64_t *value, const char *sql, const char *types, ...);

/* A column as text into a buffer, cut to fit; null is "". */
void db_column_text(sqlite3_stmt *stmt, int column, char *out, size_t size);
