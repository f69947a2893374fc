/* store.h - the thread that owns SQLite: transactions in groups, one COMMIT a group.
 *
 * A transaction is a plain function on a struct db. It writes only to the database and to its own
 * argument, so it can be run again; it sees the effects of those before it in the group. Waiting
 * ones (at most 256, or 5 ms of them; STORE_FIRST ones before the others) share a COMMIT; then
 * their completions run on the loop, in order.
 *
 * Each is kept or undone for itself: where one has to be undone that changed something, its group
 * runs again, each inside a savepoint. If SQLite rolled the whole group back (SQLITE_FULL and the
 * like) the others run again singly; a failed COMMIT fails all of its group. Nothing may be
 * answered or acted on before done. A group that changed nothing costs no sync. All functions here
 * are for the loop's thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/histogram.h"
#include "queue/due.h"
#include "queue/seal.h"
#include "queue/seen.h"

struct db;    /* db.h */
struct store; /* private to store.c */

/* 0: keep what was written. Positive: the caller's own word; rolled back, passed to done.
 * Negative errno: the database failed; rolled back. */
typedef int store_tx(struct db *db, void *arg);

/* status: what tx returned, or -ENOSPC, -EIO, -EROFS if its group could not be committed,
 * or -ECANCELED at store_close. */
typedef void store_done(void *arg, int status);

enum store_rank { STORE_FIRST, STORE_NORMAL };

/* Told on the loop after a COMMIT and before the completions of its group. */
struct store_hooks {
	/* Messages that may now be sent (or whose due time changed). Borrowed. */
	void (*queued)(void *arg, const struct due *items, size_t n);
	/* The newest event's number; there are new ones. */
	void (*events)(void *arg, int64_t last_seq);
	void *arg;
	/* For counters. Borrowed. */
	void (*seen)(void *arg, const struct db_seen *items, size_t n);
};

enum { STORE_WHY_SIZE = 256 };

/* Opens (creating, migrating) the database at path, mode 0600. keys is copied. Messages that were
 * on the air are not touched: see db_attempt_recover. NULL after writing one line to why: what
 * happened and what to do (corrupt, read-only, from a newer version, other key, disk full). */
struct store *store_open(uv_loop_t *loop, const char *path, const struct seal_keys *keys,
			 const struct store_hooks *hooks, char why[static STORE_WHY_SIZE]);

/* done may be NULL. Never fails; after store_close: done gets -ECANCELED. */
void store_run(struct store *store, enum store_rank rank, store_tx *tx, store_done *done,
	       void *arg);

/* Reads on a second, read-only connection in a thread of its own: lists, exports. tx must not
 * write. It sees what is committed. */
void store_read(struct store *store, store_tx *tx, store_done *done, void *arg);

struct store_stats {
	int64_t commits, transactions, failed_commits;
	int64_t commit_us_last, commit_us_total;
	int64_t last_event_seq, live_messages;
	bool failing; /* it takes no changes; tried until it does again */
	bool damaged; /* pages of the database make no sense: a backup is wanted */
	struct histogram commit_us, group_size; /* of groups that were committed */
};

enum { STORE_COMMIT_BOUNDS = 12, STORE_GROUP_BOUNDS = 9 };
extern const int64_t store_commit_bounds[STORE_COMMIT_BOUNDS];
extern const int64_t store_group_bounds[STORE_GROUP_BOUNDS];

void store_stats(const struct store *store, struct store_stats *stats);

/* Runs what waits, checkpoints, closes; then closed runs on the loop and store is no more. */
void store_close(struct store *store, void (*closed)(void *arg), void *arg);
