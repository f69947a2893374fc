/* sched.h - which message is sent next: a bounded window of due messages of one route, in memory.
 *
 * Disk is the truth; this window is refilled from it. Order: rank (lane, then priority), due time,
 * age. Loop only; knows ids and times, no texts and no numbers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/due.h"

/* SCHED_LOOK: how many ready ones of a lane a search looks at before it gives up. */
enum { SCHED_WINDOW = 2048, SCHED_LOW = 512, SCHED_LOOK = 32 };

struct sched; /* private to sched.c */

/* window: how many it holds; SCHED_WINDOW where there is but one route. */
struct sched *sched_new(size_t window);
void sched_free(struct sched *sched);

/* Takes it into the window; one that is there gets the new times; one in flight gets them and
 * comes back when it is released. When the window is full one is dropped: the latest of those not
 * due yet, else one whose recipient is in flight, else the last in order. It stays on disk and
 * sched_wants_refill. */
void sched_add(struct sched *sched, const struct due *item);

/* Negative: a is sent before b. */
int sched_order(const struct due *a, const struct due *b);

/* May this one be sent now, by whom the caller has in mind? */
typedef bool sched_fits(void *arg, const struct due *item);

/* The first that fits (NULL: any does) of those that are due and whose recipient is not in flight,
 * among the first SCHED_LOOK of each lane. Nothing is marked. False: none. */
bool sched_find(struct sched *sched, int64_t now_ms, sched_fits *fits, void *arg, struct due *item);

/* One that was found is in flight from now on. */
void sched_fly(struct sched *sched, int64_t seq);

/* sched_find of any, and sched_fly. */
bool sched_take(struct sched *sched, int64_t now_ms, struct due *item);

/* No longer in flight. Where it waits again, sched_add (before or after) brings it back. */
void sched_release(struct sched *sched, int64_t seq);

/* Dropped from the window (canceled, expired). One in flight stays so, but does not come back. */
void sched_forget(struct sched *sched, int64_t seq);

/* Disk may hold due messages that the window does not, and few due ones are left in it. */
bool sched_wants_refill(const struct sched *sched);

/* After the sched_adds of a refill query. complete: it returned fewer than the window, so disk
 * holds no other due ones. */
void sched_filled(struct sched *sched, bool complete);

/* Milliseconds until sched_take may give something if nothing else happens: 0 now, -1 never. */
int64_t sched_wait_ms(struct sched *sched, int64_t now_ms);

/* The soonest avoid_till after now; 0: none. Walks the whole window. */
int64_t sched_avoided_till(const struct sched *sched, int64_t now_ms);

size_t sched_count(const struct sched *sched); /* in the window, without those in flight */
size_t sched_in_flight(const struct sched *sched);
