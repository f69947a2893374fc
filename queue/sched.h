/* sched.h - which message is sent next: a bounded window of due messages, in memory.
 *
 * Disk is the truth; this window is refilled from it. Order: rank (lane, then priority), due time,
 * age. Loop only; knows ids and times, no texts and no numbers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/due.h"

enum { SCHED_WINDOW = 2048, SCHED_LOW = 512 };

struct sched; /* private to sched.c */

struct sched *sched_new(void);
void sched_free(struct sched *sched);

/* Takes it into the window; one that is there gets the new times; one in flight gets them and
 * comes back when it is released. When the window is full one is dropped: the latest of those not
 * due yet, else one whose recipient is in flight, else the last in order. It stays on disk and
 * sched_wants_refill. */
void sched_add(struct sched *sched, const struct due *item);

/* The first whose due_at <= now and whose recipient is not in flight, now marked in flight.
 * False: none. */
bool sched_take(struct sched *sched, int64_t now_ms, struct due *item);

/* No longer in flight. Where it waits again, sched_add (before or after) brings it back. */
void sched_release(struct sched *sched, int64_t seq);

/* Dropped from the window (canceled, expired). One in flight stays so, but does not come back. */
void sched_forget(struct sched *sched, int64_t seq);

/* Disk may hold due messages that the window does not, and few due ones are left in it. */
bool sched_wants_refill(const struct sched *sched);

/* After the sched_adds of a refill query. complete: it returned fewer than SCHED_WINDOW, so disk
 * holds no other due ones. */
void sched_filled(struct sched *sched, bool complete);

/* Milliseconds until sched_take may give something if nothing else happens: 0 now, -1 never. */
int64_t sched_wait_ms(struct sched *sched, int64_t now_ms);

size_t sched_count(const struct sched *sched); /* in the window, without those in flight */
size_t sched_in_flight(const struct sched *sched);
