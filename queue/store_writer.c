/* store_writer.c - the thread that owns SQLite: many transactions, one COMMIT.
 *
 *   take     the next job: STORE_FIRST ones before the others, also those that come meanwhile
 *   run      inside its own savepoint; an error or a refusal undoes this one alone
 *   commit   after 256 jobs, after 5 ms, or when none waits; one sync
 *   post     news and completions to the loop
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
	TRUNCATE_AGAIN_NS = 200 * 1000 * 1000,
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

/* With the lock held. Where a reader was in the way of truncating the log, it is tried again. */
static void wait_for_work(struct store *store)
{
	if (!store->truncate_wanted) {
		uv_cond_wait(&store->writer_wakes, &store->lock);
		return;
	}
	uv_cond_timedwait(&store->writer_wakes, &store->lock, TRUNCATE_AGAIN_NS);
	uv_mutex_unlock(&store->lock);
	store->truncate_wanted = !truncate_log(store, 0);
	uv_mutex_lock(&store->lock);
}

/* NULL: the store closes and all has run. */
static struct job *next_or_wait(struct store *store)
{
	struct job *job;

	uv_mutex_lock(&store->lock);
	while ((job = pop_ranked(store)) == NULL && !store->closing)
		wait_for_work(store);
	uv_mutex_unlock(&store->lock);
	return job;
}

/* False: SQLite has rolled back more than this job. */
static bool run_job(struct store *store, struct job *job)
{
	struct db *db = &store->db;
	struct db_news mark = db_mark(db);
	int64_t changes = sqlite3_total_changes64(db->sqlite);

	job->status = db_exec(db, NULL, "SAVEPOINT job", "");
	if (job->status == 0)
		job->status = job->tx(db, job->arg);
	if (job->status == 0 && sqlite3_get_autocommit(db->sqlite))
		job->status = -EIO; /* it overlooked an error that ended the transaction */
	if (job->status == 0)
		job->status = db_exec(db, NULL, "RELEASE job", "");
	if (job->status == 0) {
		store->group_changes += sqlite3_total_changes64(db->sqlite) - changes;
		return true;
	}
	db_unmark(db, &mark);
	return !sqlite3_get_autocommit(db->sqlite) &&
	       db_exec(db, NULL, "ROLLBACK TO job", "") == 0 &&
	       db_exec(db, NULL, "RELEASE job", "") == 0;
}

/* Runs job and, where more may join, those that wait. False as above, at the last one. */
static bool run_jobs(struct store *store, struct group *group, struct job *job, bool more)
{
	uint64_t began = uv_hrtime();

	store->group_changes = 0;
	while (job != NULL) {
		group_add(group, job);
		if (!run_job(store, job))
			return false;
		if (!more || group->transactions == GROUP_MAX || uv_hrtime() - began > GROUP_NS)
			return true;
		job = next_if_any(store);
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

static void run_group(struct store *store, struct job *job, bool more);

/* SQLite rolled the group back at its last job. The others run again, then the last one's error
 * is told: so completions keep their order. */
static void run_again(struct store *store, struct group *group)
{
	struct jobs jobs = group->jobs;
	struct job *job;

	group->jobs = (struct jobs){ NULL, NULL };
	while ((job = jobs_pop(&jobs)) != jobs.last)
		run_group(store, job, false);
	jobs_push(&group->jobs, job);
	group->transactions = 1;
	post(store, group);
}

static int begin(struct store *store, struct group *group, struct job *job, bool more)
{
	int err = db_exec(&store->db, NULL, "BEGIN IMMEDIATE", "");

	if (err == 0)
		return 0;
	tell_failing(store, "be written");
	for (; job != NULL;
	     job = more && group->transactions < GROUP_MAX ? next_if_any(store) : NULL)
		group_add(group, job);
	fail_all(group, err);
	return err;
}

static void run_group(struct store *store, struct job *job, bool more)
{
	struct group *group = group_new();
	struct db_news mark = db_mark(&store->db);
	int err;

	store->db.now = clock_now_ms();
	if (begin(store, group, job, more) < 0) {
		post(store, group);
		return;
	}
	if (!run_jobs(store, group, job, more)) {
		db_unmark(&store->db, &mark);
		db_rollback(&store->db);
		run_again(store, group);
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
	struct job *job;

	sqlite3_wal_hook(store->db.sqlite, on_commit, store);
	while ((job = next_or_wait(store)) != NULL) {
		run_group(store, job, true);
		tend_log(store);
	}
	finish(store);
}
