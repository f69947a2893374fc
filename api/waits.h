/* waits.h - who waits for a moment or for new events: long polls, streams. One timer for all. */
#pragma once

#include <stdint.h>
#include <sys/queue.h>
#include <uv.h>

struct wait {
	LIST_ENTRY(wait) link;
	uint64_t at; /* loop time, ms */
	/* Out of the list already; may set it again. */
	void (*due)(struct wait *wait);
	void (*events)(struct wait *wait); /* NULL: events do not matter */
	int is_set;
};

struct waits {
	LIST_HEAD(wait_list, wait) list;
	uv_timer_t timer; /* runs only while someone waits */
};

void waits_init(struct waits *waits, uv_loop_t *loop);

void wait_set(struct waits *waits, struct wait *wait, uint64_t in_ms);
void wait_clear(struct wait *wait);

/* New events: everyone who asked for them is told and is out of the list. */
void waits_events(struct waits *waits);

/* Every wait is due now. */
void waits_end(struct waits *waits);
