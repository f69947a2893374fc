/* db.c - statements, errors and small values of one connection. */
#include "queue/db.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "queue/db_private.h"

void db_init(struct db *db, sqlite3 *sqlite, const struct seal_keys *keys)
{
	memset(db, 0, sizeof(*db));
	db->sqlite = sqlite;
	db->keys = keys;
	db->now = clock_now_ms();
}

void db_fini(struct db *db)
{
	for (size_t i = 0; i < DB_STATEMENTS; i++)
		sqlite3_finalize(db->statements[i].stmt);
	sqlite3_close_v2(db->sqlite);
	free(db->news.queued);
	free(db->news.seen);
	memset(db, 0, sizeof(*db));
}

const struct seal_keys *db_keys(const struct db *db)
{
	return db->keys;
}

int64_t db_now(const struct db *db)
{
	return db->now;
}

int64_t db_live_messages(const struct db *db)
{
	return db->news.live;
}

struct db_news db_mark(const struct db *db)
{
	return db->news;
}

void db_unmark(struct db *db, const struct db_news *mark)
{
	/* The array may have grown since: its memory is the newer one. */
	db->news.n_queued = mark->n_queued;
	db->news.n_seen = mark->n_seen;
	db->news.last_event = mark->last_event;
	db->news.live = mark->live;
	db->news.erased = mark->erased;
	memcpy(db->news.tally, mark->tally, sizeof(mark->tally));
}

void db_news_erased(struct db *db)
{
	db->news.erased = true;
}

int db_news_queued(struct db *db, const struct due *item)
{
	struct db_news *news = &db->news;

	if (news->n_queued == news->cap_queued) {
		size_t cap = news->cap_queued == 0 ? 64 : news->cap_queued * 2;
		struct due *grown = realloc(news->queued, cap * sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		news->queued = grown;
		news->cap_queued = cap;
	}
	news->queued[news->n_queued++] = *item;
	return 0;
}

void db_saw(struct db *db, enum seen_kind kind, const char *a, const char *b, int64_t value)
{
	struct db_news *news = &db->news;
	struct db_seen *seen;

	if (news->n_seen == news->cap_seen) {
		size_t cap = news->cap_seen == 0 ? 64 : news->cap_seen * 2;
		struct db_seen *grown = realloc(news->seen, cap * sizeof(*grown));

		if (grown == NULL)
			return;
		news->seen = grown;
		news->cap_seen = cap;
	}
	seen = &news->seen[news->n_seen++];
	seen->kind = kind;
	seen->value = value;
	copy_text(seen->a, sizeof(seen->a), a);
	copy_text(seen->b, sizeof(seen->b), b != NULL ? b : "");
}

void db_rollback(struct db *db)
{
	if (!sqlite3_get_autocommit(db->sqlite))
		db_exec(db, NULL, "ROLLBACK", "");
}

void db_settle(struct db *db)
{
	if (sqlite3_txn_state(db->sqlite, NULL) == SQLITE_TXN_NONE)
		return;
	for (size_t i = 0; i < DB_STATEMENTS; i++) {
		sqlite3_stmt *stmt = db->statements[i].stmt;

		if (stmt == NULL || !sqlite3_stmt_busy(stmt))
			continue;
		log_error("a statement was left open: %s", sqlite3_sql(stmt));
		db_done(stmt);
	}
}

/* A full disk shows as an I/O error where SQLite grows a file without writing to it. */
static int io_error(const struct db *db)
{
	int err = sqlite3_system_errno(db->sqlite);

	return err == ENOSPC || err == EDQUOT ? -ENOSPC : -EIO;
}

static void note_damage(struct db *db)
{
	if (!db->damaged)
		log_error("the database is damaged (%s): keep a copy of it and restore a backup, "
			  "see man simgated",
			  sqlite3_errmsg(db->sqlite));
	db->damaged = true;
}

int db_error(struct db *db)
{
	switch (sqlite3_errcode(db->sqlite) & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		note_damage(db);
		return -EIO;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_IOERR:
		return io_error(db);
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_NOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static sqlite3_stmt *prepare(struct db *db, const char *sql)
{
	size_t at = ((uintptr_t)sql >> 3) % DB_STATEMENTS;

	for (size_t i = 0; i < DB_STATEMENTS; i++) {
		struct db_statement *slot = &db->statements[(at + i) % DB_STATEMENTS];

		if (slot->sql == sql)
			return slot->stmt;
		if (slot->sql != NULL)
			continue;
		if (sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &slot->stmt,
				       NULL) != SQLITE_OK)
			return NULL;
		slot->sql = sql;
		return slot->stmt;
	}
	abort(); /* more statements than DB_STATEMENTS: ours to raise */
}

static int bind_one(sqlite3_stmt *stmt, int at, char type, va_list *args)
{
	const void *blob;

	switch (type) {
	case 'i':
		return sqlite3_bind_int64(stmt, at, va_arg(*args, int64_t));
	case 't':
		return sqlite3_bind_text(stmt, at, va_arg(*args, const char *), -1, SQLITE_STATIC);
	case 'b':
		blob = va_arg(*args, const void *);
		return sqlite3_bind_blob64(stmt, at, blob, va_arg(*args, size_t), SQLITE_STATIC);
	default:
		return sqlite3_bind_null(stmt, at);
	}
}

static sqlite3_stmt *query_list(struct db *db, const char *sql, const char *types, va_list *args)
{
	sqlite3_stmt *stmt = prepare(db, sql);

	for (int i = 0; stmt != NULL && types[i] != '\0'; i++)
		if (bind_one(stmt, i + 1, types[i], args) != SQLITE_OK)
			return NULL;
	return stmt;
}

sqlite3_stmt *db_query(struct db *db, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list args;

	va_start(args, types);
	stmt = query_list(db, sql, types, &args);
	va_end(args);
	return stmt;
}

void db_done(sqlite3_stmt *stmt)
{
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
}

int db_step(struct db *db, sqlite3_stmt *stmt)
{
	int result = sqlite3_step(stmt), err;

	if (result == SQLITE_ROW)
		return 0;
	err = result == SQLITE_DONE ? -ENOENT : db_error(db);
	db_done(stmt);
	return err;
}

int db_exec(struct db *db, int64_t *changed, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list args;
	int err;

	va_start(args, types);
	stmt = query_list(db, sql, types, &args);
	va_end(args);
	if (stmt == NULL)
		return db_error(db);
	err = db_step(db, stmt);
	if (err == 0) /* a RETURNING clause would be ours to read */
		db_done(stmt);
	if (changed != NULL)
		*changed = sqlite3_changes64(db->sqlite);
	return err == -ENOENT ? 0 : err;
}

int db_value(struct db *db, int64_t *value, const char *sql, const char *types, ...)
{
	sqlite3_stmt *stmt;
	va_list args;
	int err;

	va_start(args, types);
	stmt = query_list(db, sql, types, &args);
	va_end(args);
	if (stmt == NULL)
		return db_error(db);
	err = db_step(db, stmt);
	if (err < 0)
		return err;
	if (sqlite3_column_type(stmt, 0) == SQLITE_NULL)
		err = -ENOENT;
	else
		*value = sqlite3_column_int64(stmt, 0);
	db_done(stmt);
	return err;
}

void db_column_text(sqlite3_stmt *stmt, int column, char *out, size_t size)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);
	size_t n = text == NULL ? 0 : (size_t)sqlite3_column_bytes(stmt, column);

	if (n >= size)
		n = size - 1;
	if (n > 0)
		memcpy(out, text, n);
	out[n] = '\0';
}

int db_meta_get(struct db *db, const char *name, int64_t *value)
{
	return db_value(db, value, "SELECT value FROM meta WHERE name = ?1", "t", name);
}

int db_meta_set(struct db *db, const char *name, int64_t value)
{
	return db_exec(db, NULL,
		       "INSERT INTO meta (name, value) VALUES (?1, ?2)"
		       " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		       "ti", name, value);
}

int db_meta_next(struct db *db, const char *name, int64_t *value)
{
	int err = db_exec(db, NULL,
			  "INSERT INTO meta (name, value) VALUES (?1, 1)"
			  " ON CONFLICT (name) DO UPDATE SET value = value + 1",
			  "t", name);

	return err < 0 ? err : db_meta_get(db, name, value);
}

int db_nested(struct db *db, int (*tx)(struct db *db, void *arg), void *arg)
{
	struct db_news mark = db_mark(db);
	int err = db_exec(db, NULL, "SAVEPOINT nested", ""), result;

	if (err < 0)
		return err;
	result = tx(db, arg);
	if (result != 0) {
		db_unmark(db, &mark);
		err = db_exec(db, NULL, "ROLLBACK TO nested", "");
	}
	if (err == 0)
		err = db_exec(db, NULL, "RELEASE nested", "");
	return err < 0 ? err : result;
}

int64_t db_changes(const struct db *db)
{
	return sqlite3_total_changes64(db->sqlite);
}
