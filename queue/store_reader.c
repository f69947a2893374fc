/* store_reader.c - the second thread: reads on a connection that cannot write, and checkpoints.
 *
 * Each read is one transaction, so it sees one state. Between reads this thread moves the
 * write-ahead log into the database when the writer asks for it: a commit then never waits for
 * that work. */
#include <stdlib.h>

#include "base/clock.h"
#include "queue/store_private.h"

static bool has_work(const struct store *store)
{
	return store->reads.first != NULL || store->checkpoint_wanted || store->closing;
}

/* The next read, or NULL: a checkpoint is wanted, or there is no more to come. */
static struct job *next_read(struct store *store, int64_t *live, bool *checkpoint)
{
	struct job *job;

	uv_mutex_lock(&store->lock);
	while (!has_work(store))
		uv_cond_wait(&store->reader_wakes, &store->lock);
	job = jobs_pop(&store->reads);
	*live = store->live;
	*checkpoint = store->checkpoint_wanted;
	store->checkpoint_wanted = false;
	uv_mutex_unlock(&store->lock);
	return job;
}

static void run_read(struct store *store, struct job *job, int64_t live)
{
	struct group *group = group_new();
	struct db *db = &store->read_db;

	db->now = clock_now_ms();
	db->news.live = live;
	group_add(group, job);
	job->status = db_exec(db, NULL, "BEGIN", "");
	if (job->status == 0)
		job->status = job->tx(db, job->arg);
	db_rollback(db); /* nothing was written; ends the snapshot */
	db_settle(db);
	group->damaged = db->damaged;
	store_post(store, group);
}

void store_reader(void *arg)
{
	struct store *store = arg;
	bool checkpoint;
	int64_t live;
	struct job *job;

	do {
		job = next_read(store, &live, &checkpoint);
		if (checkpoint)
			store_checkpoint(store, store->read_db.sqlite, SQLITE_CHECKPOINT_PASSIVE);
		if (job != NULL)
			run_read(store, job, live);
	} while (job != NULL || checkpoint);
}
