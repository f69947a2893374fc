/* windows.c - one timer for the next end of a wait, and one look at the disk to find it.
 *
 * A look follows events by a second, so that a busy gateway looks once a second and an idle one
 * never; then the timer stands at the next end that was found, and before it now and then, for the
 * clock may be set. */
#include "daemon/windows.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "service/verifications.h"

enum { SOON_MS = 1000, RETRY_MS = 10000 };

struct windows {
	const struct config *config; /* counted */
	struct store *store;
	uv_timer_t timer;
	bool looking, stopped;
	bool soon; /* events came since the last look began */
	unsigned refs;
};

struct look {
	struct windows *windows;
	const struct config *config; /* counted */
	int64_t next_at;
};

static void unref(struct windows *w)
{
	if (--w->refs > 0)
		return;
	config_unref(w->config);
	free(w);
}

static void look(struct windows *w);

static void on_timer(uv_timer_t *timer)
{
	look(timer->data);
}

/* ms 0: nothing waits, events will tell. */
static void wake_after(struct windows *w, int64_t ms)
{
	if (ms > CLOCK_LOOK_MS)
		ms = CLOCK_LOOK_MS;
	if (w->soon && (ms == 0 || ms > SOON_MS))
		ms = SOON_MS;
	if (ms > 0 && !w->stopped)
		uv_timer_start(&w->timer, on_timer, (uint64_t)ms, 0);
}

static int look_tx(struct db *db, void *arg)
{
	struct look *l = arg;
	const struct rule rule = { .db = db, .config = l->config };

	return verification_expire_due(&rule, &l->next_at);
}

static void on_looked(void *arg, int status)
{
	struct look *l = arg;
	struct windows *w = l->windows;
	int64_t left = l->next_at - clock_now_ms();

	w->looking = false;
	if (status < 0)
		wake_after(w, RETRY_MS);
	else
		wake_after(w, l->next_at == 0 ? 0 : left < 1 ? 1 : left);
	config_unref(l->config);
	free(l);
	unref(w);
}

static void look(struct windows *w)
{
	struct look *l = calloc(1, sizeof(*l));

	if (l == NULL) {
		wake_after(w, RETRY_MS);
		return;
	}
	l->windows = w;
	l->config = config_ref(w->config);
	w->refs++;
	w->looking = true;
	w->soon = false;
	store_run(w->store, STORE_NORMAL, look_tx, on_looked, l);
}

struct windows *windows_start(uv_loop_t *loop, const struct config *config, struct store *store)
{
	struct windows *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->config = config_ref(config);
	w->store = store;
	w->refs = 1;
	uv_timer_init(loop, &w->timer);
	w->timer.data = w;
	look(w);
	return w;
}

void windows_set_config(struct windows *w, const struct config *config)
{
	config_unref(w->config);
	w->config = config_ref(config);
}

void windows_events(struct windows *w)
{
	if (w->soon)
		return;
	w->soon = true;
	if (!w->looking &&
	    (!uv_is_active((uv_handle_t *)&w->timer) || uv_timer_get_due_in(&w->timer) > SOON_MS))
		wake_after(w, SOON_MS);
}

static void on_closed(uv_handle_t *handle)
{
	unref(handle->data);
}

void windows_stop(struct windows *w)
{
	w->stopped = true;
	uv_close((uv_handle_t *)&w->timer, on_closed);
}
