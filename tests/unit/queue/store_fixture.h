/* store_fixture.h - one store on one loop in a folder of its own, for the tests of the store. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "queue/db_private.h"
#include "queue/store.h"

enum { LIMIT_MS = 60000 }; /* a test that waits longer has failed */

struct fixture {
	uv_loop_t loop;
	uv_timer_t limit;
	char folder[64], path[96], why[STORE_WHY_SIZE];
	struct seal_keys keys;
	struct store *store;
	int done, closed; /* completions so far */
};

/* One transaction of a test: a small value into meta, then the status that is wanted. */
struct note {
	struct fixture *fixture;
	const char *name;
	int answer;     /* what the transaction returns after writing */
	int status;     /* what done was told */
	int runs, turn; /* how often it ran; the how many-eth completion it was */
};

static inline void on_limit(uv_timer_t *timer)
{
	(void)timer;
	fprintf(stderr, "a test waited too long\n");
	abort(); /* a failure would wait again, in the teardown */
}

static inline void fixture_setup(struct fixture *f)
{
	unsigned char master[SEAL_KEY_SIZE] = "a key for tests";

	memset(f, 0, sizeof(*f));
	snprintf(f->folder, sizeof(f->folder), "/tmp/simgate-store-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->path, sizeof(f->path), "%s/simgate.db", f->folder);
	seal_derive(&f->keys, master);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	assert_int_equal(uv_timer_init(&f->loop, &f->limit), 0);
	assert_int_equal(uv_timer_start(&f->limit, on_limit, LIMIT_MS, 0), 0);
}

static inline void fixture_open(struct fixture *f, const struct store_hooks *hooks)
{
	f->store = store_open(&f->loop, f->path, &f->keys, hooks, f->why);
	if (f->store == NULL)
		fail_msg("%s", f->why);
}

static inline void fixture_until(struct fixture *f, const int *count, int wanted)
{
	while (*count < wanted)
		uv_run(&f->loop, UV_RUN_ONCE);
}

static inline void on_store_closed(void *arg)
{
	((struct fixture *)arg)->closed++;
}

static inline void fixture_close(struct fixture *f)
{
	int closed = f->closed;

	store_close(f->store, on_store_closed, f);
	fixture_until(f, &f->closed, closed + 1);
	f->store = NULL;
}

static inline void fixture_teardown(struct fixture *f)
{
	char command[96];

	if (f->store != NULL)
		fixture_close(f);
	uv_close((uv_handle_t *)&f->limit, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	snprintf(command, sizeof(command), "rm -r '%s'", f->folder);
	assert_int_equal(system(command), 0);
}

static inline struct store_stats stats_of(const struct fixture *f)
{
	struct store_stats stats;

	store_stats(f->store, &stats);
	return stats;
}

static inline int note_write(struct db *db, void *arg)
{
	struct note *note = arg;
	int err = db_meta_set(db, note->name, 1);

	note->runs++;
	return err < 0 ? err : note->answer;
}

static inline void note_done(void *arg, int status)
{
	struct note *note = arg;

	note->status = status;
	note->turn = ++note->fixture->done;
}

static inline void note_run(struct fixture *f, struct note *note)
{
	note->fixture = f;
	note->status = -1000;
	store_run(f->store, STORE_NORMAL, note_write, note_done, note);
}

/* Is it in the database, as a reader sees it? */
static inline int note_look(struct db *db, void *arg)
{
	struct note *note = arg;
	int64_t value;

	return db_meta_get(db, note->name, &value);
}

static inline bool note_is_kept(struct fixture *f, const char *name)
{
	struct note look = { .fixture = f, .name = name };
	int done = f->done;

	store_read(f->store, note_look, note_done, &look);
	fixture_until(f, &f->done, done + 1);
	assert_true(look.status == 0 || look.status == -ENOENT);
	return look.status == 0;
}

/* Holds the writer inside a transaction until it is opened, so that others gather behind it. */
struct gate {
	uv_sem_t inside, opened;
	bool passed; /* it may run again */
	struct note note;
};

static inline int gate_tx(struct db *db, void *arg)
{
	struct gate *gate = arg;

	(void)db;
	if (!gate->passed) {
		uv_sem_post(&gate->inside);
		uv_sem_wait(&gate->opened);
	}
	gate->passed = true;
	return 0;
}

static inline void gate_done(void *arg, int status)
{
	struct gate *gate = arg;

	note_done(&gate->note, status);
	uv_sem_destroy(&gate->inside);
	uv_sem_destroy(&gate->opened);
}

/* Returns when the writer stands in the gate. */
static inline void gate_close(struct fixture *f, struct gate *gate)
{
	memset(gate, 0, sizeof(*gate));
	gate->note.fixture = f;
	assert_int_equal(uv_sem_init(&gate->inside, 0), 0);
	assert_int_equal(uv_sem_init(&gate->opened, 0), 0);
	store_run(f->store, STORE_NORMAL, gate_tx, gate_done, gate);
	uv_sem_wait(&gate->inside);
}

static inline void gate_open(struct gate *gate)
{
	uv_sem_post(&gate->opened);
}
