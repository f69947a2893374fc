/* store_private.h - what the files of the store share: jobs, groups, the opened file.
 *
 * store.c is the loop's side, store_writer.c and store_reader.c are the two threads, store_file.c
 * opens the database and says in words why it cannot. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "queue/db_private.h"
#include "queue/store.h"

/* Another program, such as a backup, may hold a lock for a moment. */
enum { STORE_BUSY_MS = 5000 };

struct job {
	struct job *next;
	store_tx *tx;
	store_done *done;
	void *arg;
	int status;
};

/* First in, first out. */
struct jobs {
	struct job *first, *last;
};

void jobs_push(struct jobs *jobs, struct job *job);
struct job *jobs_pop(struct jobs *jobs); /* NULL: empty */

/* What came of one COMMIT (or one read), on its way to the loop. */
struct group {
	struct group *next;
	struct jobs jobs;
	struct db_news news;
	bool writer; /* else a read: news mean nothing */
	bool damaged;
	unsigned transactions, commits, failed;
	int64_t commit_us;
};

struct store {
	uv_async_t done; /* a group has finished, or the threads have ended */
	struct store_hooks hooks;
	struct store_stats stats; /* loop only */
	struct jobs canceled;     /* loop only: came after store_close */
	void (*closed)(void *arg);
	void *closed_arg;

	uv_mutex_t lock; /* for what follows */
	uv_cond_t writer_wakes, reader_wakes;
	struct jobs first, normal, reads;
	struct group *finished, *finished_last;
	int64_t live; /* as the last group left it: for readers */
	bool checkpoint_wanted, closing, ended;

	uv_mutex_t checkpointing; /* SQLite refuses a second checkpoint at the same time */

	uv_thread_t writer, reader;
	struct db db, read_db; /* each its thread's own */
	struct seal_keys keys;
	int lock_file;

	/* The writer's own. */
	int frames;            /* in the write-ahead log after the last COMMIT */
	int tend_at;           /* frames at which something is to be done about it */
	atomic_bool failing;   /* it was told that the database takes nothing */
	bool truncate_wanted;  /* something was erased: no old frame may stay */
	int64_t time_kept_ms;  /* the newest time on disk */
	int64_t group_changes; /* rows that the transactions of this group changed */
};

struct group *group_new(void);
void group_add(struct group *group, struct job *job);
void store_post(struct store *store, struct group *group); /* from any thread */

void store_writer(void *store); /* the threads */
void store_reader(void *store);

/* PASSIVE or TRUNCATE; by either thread, one at a time. False: not all could be done. */
bool store_checkpoint(struct store *store, sqlite3 *sqlite, int mode);

/* Takes the lock beside the database: one daemon at a time. -1 after a line in why. */
int store_file_lock(const char *path, char why[static STORE_WHY_SIZE]);

/* Opens, migrates, checks the key, takes over the newest time. keys and store->db are set up on
 * success; on failure nothing is left open but the lock. */
int store_file_open(struct store *store, const char *path, char why[static STORE_WHY_SIZE]);
