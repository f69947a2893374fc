/* transcript.h - the newest lines of a modem's dialogue, kept as a file after a failure.
 *
 * The file is what gsm-simulator --dialogue plays: '<' a command, '>' its answer, '#' remarks. All
 * of it is masked; an answer that had to be masked stands in a remark, and the simulator gives its
 * own. */
#pragma once

#include <stdint.h>
#include <uv.h>

struct transcript; /* private to transcript.c */

struct transcript *transcript_new(void);             /* NULL: no memory */
void transcript_free(struct transcript *transcript); /* NULL is allowed */

/* One masked line; direction '>' to the modem, '<' from it, as in at_events.trace. */
void transcript_add(struct transcript *transcript, int64_t at_ms, char direction,
		    const char *masked);

struct transcript_note { /* what the head of the file says; all borrowed */
	const char *folder, *modem, *model, *why;
	int64_t at_ms;
};

/* Writes a file in a thread of the pool and removes the oldest ones of the folder beyond 32; done
 * (exactly once, on the loop) gets 0 or a negative errno. -ENOMEM: done does not come. */
int transcript_write(const struct transcript *transcript, uv_loop_t *loop,
		     const struct transcript_note *note, void (*done)(void *arg, int status),
		     void *arg);
