/* store.c - the loop's side of the store: hands transactions to the threads, brings answers back.
 *
 * A job goes into one of three queues (first, normal, reads); a thread takes it, runs it and posts
 * a group; the loop tells the hooks and runs the completions. Only the queues, the list of
 * finished groups and a few flags are shared, under one lock that is held for moments.
 *
 * Closing: the threads run what waits, the writer joins the reader, checkpoints and closes the
 * database; its last word wakes the loop, which joins it and closes the handle. Jobs that came
 * meanwhile end with -ECANCELED just before closed. */
#include "queue/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "queue/store_private.h"

const int64_t store_commit_bounds[STORE_COMMIT_BOUNDS] = { 100,   250,    500,    1000,
							   2500,  5000,   10000,  25000,
							   50000, 100000, 500000, 2000000 };
const int64_t store_group_bounds[STORE_GROUP_BOUNDS] = { 1, 2, 4, 8, 16, 32, 64, 128, 256 };

void jobs_push(struct jobs *jobs, struct job *job)
{
	job->next = NULL;
	if (jobs->first == NULL)
		jobs->first = job;
	else
		jobs->last->next = job;
	jobs->last = job;
}

struct job *jobs_pop(struct jobs *jobs)
{
	struct job *job = jobs->first;

	if (job != NULL)
		jobs->first = job->next;
	return job;
}

/* Out of memory: nothing that was acknowledged is lost by starting again, and store_run has no
 * way to say no. */
static void *allocate(size_t size)
{
	void *memory = calloc(1, size);

	if (memory == NULL) {
		log_error("out of memory in the store");
		abort();
	}
	return memory;
}

struct group *group_new(void)
{
	return allocate(sizeof(struct group));
}

void group_add(struct group *group, struct job *job)
{
	jobs_push(&group->jobs, job);
	group->transactions++;
}

void store_post(struct store *store, struct group *group)
{
	uv_mutex_lock(&store->lock);
	if (store->finished == NULL)
		store->finished = group;
	else
		store->finished_last->next = group;
	store->finished_last = group;
	if (group->writer)
		store->live = group->news.live;
	uv_mutex_unlock(&store->lock);
	uv_async_send(&store->done);
}

static void complete(struct jobs *jobs)
{
	struct job *job;

	while ((job = jobs_pop(jobs)) != NULL) {
		if (job->done != NULL)
			job->done(job->arg, job->status);
		free(job);
	}
}

static void take_stats(struct store_stats *stats, const struct group *group)
{
	stats->transactions += group->transactions;
	stats->commits += group->commits;
	stats->failed_commits += group->failed;
	stats->live_messages = group->news.live;
	if (group->commits > 0) {
		stats->commit_us_last = group->commit_us;
		stats->commit_us_total += group->commit_us;
		histogram_add(&stats->commit_us, store_commit_bounds, STORE_COMMIT_BOUNDS,
			      group->commit_us);
		histogram_add(&stats->group_size, store_group_bounds, STORE_GROUP_BOUNDS,
			      group->transactions);
	}
	if (group->news.last_event > stats->last_event_seq)
		stats->last_event_seq = group->news.last_event;
}

static void deliver(struct store *store, struct group *group)
{
	const struct store_hooks *hooks = &store->hooks;
	const struct db_news *news = &group->news;

	store->stats.damaged |= group->damaged;
	if (group->writer)
		take_stats(&store->stats, group);
	if (news->n_queued > 0 && hooks->queued != NULL)
		hooks->queued(hooks->arg, news->queued, news->n_queued);
	if (news->last_event > 0 && hooks->events != NULL)
		hooks->events(hooks->arg, news->last_event);
	if (news->n_seen > 0 && hooks->seen != NULL)
		hooks->seen(hooks->arg, news->seen, news->n_seen);
	complete(&group->jobs);
	free(group->news.seen);
	free(group->news.queued);
	free(group);
}

/* Of a store whose threads do not run (any more). */
static void release(struct store *store)
{
	db_fini(&store->read_db);
	db_fini(&store->db);
	if (store->lock_file >= 0)
		close(store->lock_file);
	uv_cond_destroy(&store->reader_wakes);
	uv_cond_destroy(&store->writer_wakes);
	uv_mutex_destroy(&store->checkpointing);
	uv_mutex_destroy(&store->lock);
	seal_wipe(&store->keys);
	free(store);
}

static void on_closed(uv_handle_t *handle)
{
	struct store *store = handle->data;
	void (*closed)(void *arg) = store->closed;
	void *arg = store->closed_arg;

	complete(&store->canceled);
	release(store);
	if (closed != NULL)
		closed(arg);
}

static void on_done(uv_async_t *handle)
{
	struct store *store = handle->data;
	struct group *group;
	bool ended;

	uv_mutex_lock(&store->lock);
	group = store->finished;
	store->finished = NULL;
	ended = store->ended;
	uv_mutex_unlock(&store->lock);
	while (group != NULL) {
		struct group *next = group->next;

		deliver(store, group);
		group = next;
	}
	if (ended && !uv_is_closing((uv_handle_t *)handle)) {
		uv_thread_join(&store->writer);
		uv_close((uv_handle_t *)handle, on_closed);
	}
}

static struct job *job_new(store_tx *tx, store_done *done, void *arg)
{
	struct job *job = allocate(sizeof(*job));

	job->tx = tx;
	job->done = done;
	job->arg = arg;
	return job;
}

static void submit(struct store *store, struct jobs *jobs, uv_cond_t *wakes, struct job *job)
{
	if (store->closing) { /* written on the loop alone, so it may be read here */
		job->status = -ECANCELED;
		jobs_push(&store->canceled, job);
		return;
	}
	uv_mutex_lock(&store->lock);
	jobs_push(jobs, job);
	uv_mutex_unlock(&store->lock);
	uv_cond_signal(wakes); /* without the lock, which the thread takes first */
}

void store_run(struct store *store, enum store_rank rank, store_tx *tx, store_done *done, void *arg)
{
	submit(store, rank == STORE_FIRST ? &store->first : &store->normal, &store->writer_wakes,
	       job_new(tx, done, arg));
}

void store_read(struct store *store, store_tx *tx, store_done *done, void *arg)
{
	submit(store, &store->reads, &store->reader_wakes, job_new(tx, done, arg));
}

void store_stats(const struct store *store, struct store_stats *stats)
{
	*stats = store->stats;
	stats->failing = store->failing;
}

static void stop_threads(struct store *store)
{
	uv_mutex_lock(&store->lock);
	store->closing = true;
	uv_cond_signal(&store->writer_wakes);
	uv_cond_signal(&store->reader_wakes);
	uv_mutex_unlock(&store->lock);
}

void store_close(struct store *store, void (*closed)(void *arg), void *arg)
{
	store->closed = closed;
	store->closed_arg = arg;
	stop_threads(store);
}

static int start_threads(struct store *store)
{
	int err = uv_thread_create(&store->reader, store_reader, store);

	if (err < 0)
		return err;
	err = uv_thread_create(&store->writer, store_writer, store);
	if (err < 0) {
		stop_threads(store);
		uv_thread_join(&store->reader);
	}
	return err;
}

static struct store *store_new(const struct seal_keys *keys, const struct store_hooks *hooks)
{
	struct store *store = allocate(sizeof(*store));

	store->keys = *keys;
	if (hooks != NULL)
		store->hooks = *hooks;
	store->lock_file = -1;
	if (uv_mutex_init(&store->lock) < 0 || uv_mutex_init(&store->checkpointing) < 0 ||
	    uv_cond_init(&store->writer_wakes) < 0 || uv_cond_init(&store->reader_wakes) < 0)
		abort(); /* only for want of memory */
	return store;
}

/* The handle, then the threads, for they use it. */
static int start(struct store *store, uv_loop_t *loop, char why[static STORE_WHY_SIZE])
{
	int err = uv_async_init(loop, &store->done, on_done);

	if (err < 0) {
		release(store);
	} else {
		store->done.data = store;
		err = start_threads(store);
		if (err < 0)
			uv_close((uv_handle_t *)&store->done, on_closed);
	}
	if (err < 0)
		snprintf(why, STORE_WHY_SIZE, "cannot start the store: %s", uv_strerror(err));
	return err;
}

struct store *store_open(uv_loop_t *loop, const char *path, const struct seal_keys *keys,
			 const struct store_hooks *hooks, char why[static STORE_WHY_SIZE])
{
	struct store *store = store_new(keys, hooks);

	store->lock_file = store_file_lock(path, why);
	if (store->lock_file < 0 || store_file_open(store, path, why) < 0) {
		release(store);
		return NULL;
	}
	return start(store, loop, why) < 0 ? NULL : store;
}
