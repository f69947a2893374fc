/* db.h - one database connection as transactions see it. Typed rows stand in db_*.h; no SQL is
 * written outside queue/.
 *
 * Functions return 0, -ENOENT (no such row), -EINVAL (a move that the table forbids), -EEXIST, or
 * another negative errno when the database failed. A transaction hands any error but those it
 * expects on to the store. */
#pragma once

#include <stdint.h>

#include "queue/seal.h"
#include "queue/seen.h"

struct db; /* private to queue/: db_private.h */

const struct seal_keys *db_keys(const struct db *db);

/* One time for the whole transaction (clock.h). */
int64_t db_now(const struct db *db);

/* Small persisted values: counters, the newest time. */
int db_meta_get(struct db *db, const char *name, int64_t *value); /* -ENOENT */
int db_meta_set(struct db *db, const char *name, int64_t value);
int db_meta_next(struct db *db, const char *name, int64_t *value); /* counts up from 1 */

/* Messages that wait (scheduled, queued). Kept in memory: costs nothing. */
int64_t db_live_messages(const struct db *db);

/* Runs tx inside the transaction: what it wrote stays where it returns 0, else it alone is taken
 * back. Returns what tx returned, or why the database failed. */
int db_nested(struct db *db, int (*tx)(struct db *db, void *arg), void *arg);

/* For counters of the loop; b may be NULL. Taken back with the transaction. */
void db_saw(struct db *db, enum seen_kind kind, const char *a, const char *b, int64_t value);

/* Rows written so far by this connection: two calls tell whether anything was in between. */
int64_t db_changes(const struct db *db);
