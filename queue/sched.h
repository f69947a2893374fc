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

/* Takes it into the window, unless it is there or in flight (then its times are updated). When the
 * window is full the last in order is dropped: it stays on disk and sched_wants_refill. */
void sched_add(struct sched *sched, const struct due *item);

/* The first whose due_at <= now and whose recipient is not in flight, now marked in flight.
 * False: none. */
bool sched_take(struct sched *sched, int64_t now_ms, struct due *item);

/* No longer in flight. Where it waits again, sched_add brings it back. */
void sched_release(struct sched *sched, int64_t seq);

/* Dropped from the window (canceled, expired). In flight ones stay. */
void sched_forget(struct sched *sched, int64_t seq);

/* Disk may hold due messages that the window does not. */
bool sched_wants_refill(const struct sched *sched);

/* After a refill query that returned fewer than SCHED_WINDOW: disk holds no others. */
void sched_filled(struct sched *sched, bool complete);

/* Milliseconds until something in the window is due, 0 now, -1 never. */
int64_t sched_wait_ms(const struct sched *sched, int64_t now_ms);

size_t sched_count(const struct sched *sched); /* in the window, without those in flight */
size_t sched_in_flight(const struct sched *sched);
