/* waits.c - a short list walked when its soonest moment comes. It holds at most one entry a
 * connection, so walking it is cheap and an idle server has no timer at all. */
#include "api/waits.h"

#include <stddef.h>

#include "base/util.h"

static void on_timer(uv_timer_t *timer);

static void arm(struct waits *waits)
{
	uint64_t now = uv_now(waits->timer.loop), soonest = UINT64_MAX;
	struct wait *wait;

	LIST_FOREACH(wait, &waits->list, link)
	{
		if (wait->at < soonest)
			soonest = wait->at;
	}
	if (soonest == UINT64_MAX)
		uv_timer_stop(&waits->timer);
	else
		uv_timer_start(&waits->timer, on_timer, soonest > now ? soonest - now : 0, 0);
}

static void take_out(struct wait *wait)
{
	LIST_REMOVE(wait, link);
	wait->is_set = 0;
}

/* Callbacks may set and clear waits: those due are moved aside first, and told from there. */
static void tell_due(struct waits *waits, uint64_t until)
{
	struct wait_list due = LIST_HEAD_INITIALIZER(due);
	struct wait *wait, *next;

	for (wait = LIST_FIRST(&waits->list); wait != NULL; wait = next) {
		next = LIST_NEXT(wait, link);
		if (wait->at > until)
			continue;
		LIST_REMOVE(wait, link);
		LIST_INSERT_HEAD(&due, wait, link);
	}
	while ((wait = LIST_FIRST(&due)) != NULL) {
		take_out(wait);
		wait->due(wait);
	}
	arm(waits);
}

static void on_timer(uv_timer_t *timer)
{
	tell_due(container_of(timer, struct waits, timer), uv_now(timer->loop));
}

void waits_init(struct waits *waits, uv_loop_t *loop)
{
	LIST_INIT(&waits->list);
	uv_timer_init(loop, &waits->timer);
}

void wait_set(struct waits *waits, struct wait *wait, uint64_t in_ms)
{
	wait_clear(wait);
	wait->at = uv_now(waits->timer.loop) + in_ms;
	wait->is_set = 1;
	LIST_INSERT_HEAD(&waits->list, wait, link);
	arm(waits);
}

void wait_clear(struct wait *wait)
{
	if (wait->is_set)
		take_out(wait); /* the timer may now fire for nobody, once */
}

void waits_events(struct waits *waits)
{
	struct wait_list told = LIST_HEAD_INITIALIZER(told);
	struct wait *wait, *next;

	for (wait = LIST_FIRST(&waits->list); wait != NULL; wait = next) {
		next = LIST_NEXT(wait, link);
		if (wait->events == NULL)
			continue;
		LIST_REMOVE(wait, link);
		LIST_INSERT_HEAD(&told, wait, link);
	}
	while ((wait = LIST_FIRST(&told)) != NULL) {
		take_out(wait);
		wait->events(wait);
	}
}

void waits_end(struct waits *waits)
{
	tell_due(waits, UINT64_MAX);
}
