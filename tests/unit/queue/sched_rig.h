/* sched_rig.h - what the tests of the scheduler share. */
#pragma once

#include "queue/sched.h"

static inline struct due due_of(int64_t seq, int64_t number, int rank, int64_t due_at)
{
	return (struct due){ .seq = seq, .number = number, .rank = rank, .due_at = due_at };
}

/* The same numbers in every run. */
static inline uint32_t next_random(void)
{
	static uint32_t x = 12345;

	x = x * 1664525u + 1013904223u;
	return x >> 8;
}

/* The order in which they must go. */
static inline bool before(const struct due *a, const struct due *b)
{
	if (a->rank != b->rank)
		return a->rank < b->rank;
	if (a->due_at != b->due_at)
		return a->due_at < b->due_at;
	return a->seq < b->seq;
}
