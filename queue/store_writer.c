/* store_writer.c - the thread that owns SQLite: many transactions, one COMMIT.
 *
 *   take     the next job: STORE_FIRST ones before the others, also those that come meanwhile
 *   run      one after the other; a refusal or an error that changed nothing needs no undoing
 *   commit   after 256 jobs, after 5 ms, or when none waits; one sync
 *   post     news and completions to the loop
 *
 * Where one must be undone that changed something, the group is rolled back and runs again, each
 * job inside its own savepoint: a savepoint copies every page that the job changes, a fifth of the
 * work for an accepted message, so it is there only for a group that needs it.
 *
 * How it fails. BEGIN: all that wait get the error. A job that makes SQLite roll the whole
 * transaction back (a full disk, most of all): it gets its error, those before it run again, each
 * alone. COMMIT: all of the group get the error. Where nothing was changed nothing is committed,
 * so that refusals and reads cost no sync. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "queue/store_private.h"

enum {
	GROUP_MAX = 256,
	GROUP_NS = 5 * 1000 * 1000,
	TIME_EVERY_MS = 1000,
	TRUNCATE_WAIT_MS = 1000,
	AGAIN_NS = 200 * 1000 * 1000,
	/* Frames (4 KiB each) at which the reader is asked to checkpoint, asked again, and at which
	 * the writer does it itself: under steady load the reader never quite catches up. */
	WAL_SOFT = 1000,
	WAL_STEP = 500,
	WAL_HARD = 4000,
};

static struct job *pop_ranked(struct store *store)
{
	struct job *job = jobs_pop(&store->first);

	return job != NULL ? job : jobs_pop(&store->normal);
}

static struct job *next_if_any(struct store *store)
{
	struct job *job;

	uv_mutex_lock(&store->lock);
	job = pop_ranked(store);
	uv_mutex_unlock(&store->lock);
	return job;
}

bool store_checkpoint(struct store *store, sqlite3 *sqlite, int mode)
{
	int result;

	uv_mutex_lock(&store->checkpointing);
	result = sqlite3_wal_checkpoint_v2(sqlite, NULL, mode, NULL, NULL);
	uv_mutex_unlock(&store->checkpointing);
	if (result != SQLITE_OK && result != SQLITE_BUSY)
		log_warn("the write-ahead log could not be moved into the database: %s",
			 sqlite3_errmsg(sqlite));
	return result == SQLITE_OK;
}

/* Waits for readers at most so long. */
static bool truncate_log(struct store *store, int wait_ms)
{
	bool done;

	sqlite3_busy_timeout(store->db.sqlite, wait_ms);
	done = store_checkpoint(store, store->db.sqlite, SQLITE_CHECKPOINT_TRUNCATE);
	sqlite3_busy_timeout(store->db.sqlite, STORE_BUSY_MS);
	return done;
}

static void try_to_write(struct store *store);

/* With the lock held. Where a reader was in the way of truncating the log, or the disk took
 * nothing, it is tried again: nobody may have work before health says that it works. */
static void wait_for_work(struct store *store)
{
	if (!store->truncate_wanted && !store->failing) {
		uv_cond_wait(&store->writer_wakes, &store->lock);
		return;
	}
	uv_cond_timedwait(&store->writer_wakes, &store->lock, AGAIN_NS);
	uv_mutex_unlock(&store->lock);
	if (store->truncate_wanted)
		store->truncate_wanted = !truncate_log(store, 0);
	if (store->failing)
		try_to_write(store);
	uv_mutex_lock(&store->lock);
}

/* False: the store closes and all has run. */
static bool wait_for_job(struct store *store)
{
	bool some;

	uv_mutex_lock(&store->lock);
	while (store->first.first == NULL && store->normal.first == NULL && !store->closing)
		wait_for_work(store);
	some = store->first.first != NULL || store->normal.first != NULL;
	uv_mutex_unlock(&store->lock);
	return some;
}

/* again: those that run a second time; NULL: who waits. */
static struct job *next_of(struct store *store, struct jobs *again)
{
	return again != NULL ? jobs_pop(again) : next_if_any(store);
}

/* False: more than this job is rolled back, or must be. */
static bool run_job(struct store *store, struct job *job, bool guarded)
{
	struct db *db = &store->db;
	struct db_news mark = db_mark(db);
	int64_t before = db_changes(db), changes;

	job->status = guarded ? db_exec(db, NULL, "SAVEPOINT job", "") : 0;
	if (job->status == 0)
		job->status = job->tx(db, job->arg);
	if (job->status == 0 && sqlite3_get_autocommit(db->sqlite))
		job->status = -EIO; /* it overlooked an error that ended the transaction */
	if (job->status == 0 && guarded)
		job->status = db_exec(db, NULL, "RELEASE job", "");
	changes = db_changes(db) - before;
	if (job->status == 0) {
		store->group_changes += changes;
		return true;
	}
	db_unmark(db, &mark);
	if (sqlite3_get_autocommit(db->sqlite))
		return false;
	if (!guarded)
		return changes == 0;
	return db_exec(db, NULL, "ROLLBACK TO job", "") == 0 &&
	       db_exec(db, NULL, "RELEASE job", "") == 0;
}

/* False as above, at the last one. */
static bool run_jobs(struct store *store, struct group *group, struct jobs *again, size_t limit)
{
	uint64_t began = uv_hrtime();
	struct job *job;

	store->group_changes = 0;
	while (group->transactions < limit && uv_hrtime() - began <= GROUP_NS &&
	       (job = next_of(store, again)) != NULL) {
		group_add(group, job);
		if (!run_job(store, job, again != NULL))
			return false;
	}
	return true;
}

/* The newest time on disk, so that a box that boots in the past goes on from there. */
static int keep_time(struct store *store)
{
	struct db *db = &store->db;

	if (db->now - store->time_kept_ms < TIME_EVERY_MS)
		return 0;
	store->time_kept_ms = db->now; /* where the COMMIT fails: a second more is lost */
	return db_meta_set(db, "time", db->now);
}

/* Once, not at every request and retry while a disk is full. */
static void tell_failing(struct store *store, const char *what)
{
	if (!store->failing)
		log_write(LOG_LEVEL_ERROR, &(struct log_tags){ .kind = LOG_KIND_DATABASE },
			  "the database cannot %s: %s", what, sqlite3_errmsg(store->db.sqlite));
	store->failing = true;
}

static void tell_working(struct store *store)
{
	if (store->failing)
		log_write(LOG_LEVEL_INFO, &(struct log_tags){ .kind = LOG_KIND_DATABASE },
			  "the database takes changes again");
	store->failing = false;
}

static void try_to_write(struct store *store)
{
	store->db.now = clock_now_ms();
	store->time_kept_ms = 0;
	if (db_exec(&store->db, NULL, "BEGIN IMMEDIATE", "") == 0 && keep_time(store) == 0 &&
	    db_exec(&store->db, NULL, "COMMIT", "") == 0)
		tell_working(store);
	else
		db_rollback(&store->db);
}

static int commit(struct store *store, struct group *group)
{
	uint64_t began = uv_hrtime();
	int err;

	if (store->group_changes == 0) {
		db_rollback(&store->db);
		return 0;
	}
	err = keep_time(store);
	if (err == 0)
		err = db_tally_keep(&store->db);
	if (err == 0)
		err = db_exec(&store->db, NULL, "COMMIT", "");
	group->commit_us = (int64_t)(uv_hrtime() - began) / 1000;
	if (err == 0) {
		group->commits = 1;
		tell_working(store);
		return 0;
	}
	tell_failing(store, "commit");
	db_rollback(&store->db);
	group->failed = 1;
	return err;
}

static void fail_all(struct group *group, int err)
{
	for (struct job *job = group->jobs.first; job != NULL; job = job->next)
		job->status = err;
}

/* The group takes the news; the live count goes on. */
static void post(struct store *store, struct group *group)
{
	struct db_news *news = &store->db.news;

	group->writer = true;
	group->damaged = store->db.damaged;
	group->news = *news;
	*news = (struct db_news){ .live = news->live };
	store_post(store, group);
}

static void run_group(struct store *store, struct jobs *again, size_t limit);

/* What the group did is rolled back. One job alone has its error then; of several all run again in
 * their order. */
static void run_again(struct store *store, struct group *group, size_t limit)
{
	struct jobs jobs = group->jobs;

	if (group->transactions == 1) {
		post(store, group);
		return;
	}
	free(group);
	while (jobs.first != NULL)
		run_group(store, &jobs, limit);
}

static int begin(struct store *store, struct group *group, struct jobs *again, size_t limit)
{
	int err = db_exec(&store->db, NULL, "BEGIN IMMEDIATE", "");
	struct job *job;

	if (err == 0)
		return 0;
	tell_failing(store, "be written");
	while (group->transactions < limit && (job = next_of(store, again)) != NULL)
		group_add(group, job);
	fail_all(group, err);
	return err;
}

static void run_group(struct store *store, struct jobs *again, size_t limit)
{
	struct group *group = group_new();
	struct db_news mark = db_mark(&store->db);
	int err;

	store->db.now = clock_now_ms();
	if (begin(store, group, again, limit) < 0) {
		post(store, group);
		return;
	}
	if (!run_jobs(store, group, again, limit)) {
		db_unmark(&store->db, &mark);
		db_rollback(&store->db);
		run_again(store, group, again == NULL ? GROUP_MAX : 1);
		return;
	}
	err = commit(store, group);
	if (err < 0) {
		db_unmark(&store->db, &mark);
		fail_all(group, err);
	}
	db_settle(&store->db);
	if (store->db.news.erased) /* before anybody is told so */
		store->truncate_wanted = !truncate_log(store, TRUNCATE_WAIT_MS);
	post(store, group);
}

/* Between groups: what was asked for but could not be done at once, and the log's length. */
static void tend_log(struct store *store)
{
	if (store->truncate_wanted)
		store->truncate_wanted = !truncate_log(store, 0);
	if (store->frames < WAL_SOFT)
		store->tend_at = WAL_SOFT;
	if (store->frames < store->tend_at)
		return;
	store->tend_at = store->frames + WAL_STEP;
	if (store->frames >= WAL_HARD) {
		store_checkpoint(store, store->db.sqlite, SQLITE_CHECKPOINT_PASSIVE);
		return;
	}
	uv_mutex_lock(&store->lock);
	store->checkpoint_wanted = true;
	uv_cond_signal(&store->reader_wakes);
	uv_mutex_unlock(&store->lock);
}

static int on_commit(void *arg, sqlite3 *sqlite, const char *schema, int frames)
{
	struct store *store = arg;

	(void)sqlite;
	(void)schema;
	store->frames = frames;
	return SQLITE_OK;
}

static void finish(struct store *store)
{
	uv_thread_join(&store->reader);
	db_fini(&store->read_db);
	store_checkpoint(store, store->db.sqlite, SQLITE_CHECKPOINT_TRUNCATE);
	db_fini(&store->db);
	uv_mutex_lock(&store->lock);
	store->ended = true;
	uv_mutex_unlock(&store->lock);
	uv_async_send(&store->done);
}

void store_writer(void *arg)
{
	struct store *store = arg;

	sqlite3_wal_hook(store->db.sqlite, on_commit, store);
	while (wait_for_job(store)) {
		run_group(store, NULL, GROUP_MAX);
		tend_log(store);
	}
	finish(store);
}
