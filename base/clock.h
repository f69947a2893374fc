/* clock.h - the time that rules and records use, in milliseconds since 1970 UTC.
 *
 * A small box may boot in the past and a clock may be set back, so this clock never goes back:
 * it is the larger of the real-time clock and (last known time + monotonic time passed since).
 * All functions may be called from any thread. */
#pragma once

#include <stdint.h>

enum {
	CLOCK_TEXT_SIZE = 32,
	CLOCK_LOOK_MS = 10000, /* who waits for a time looks at the clock so often: it may be set */
};

int64_t clock_now_ms(void);

/* Monotonic milliseconds, for waits that no clock change may touch. */
int64_t clock_mono_ms(void);

/* Time is at least this: called once with the newest time found on disk. */
void clock_raise(int64_t at_least_ms);

/* RFC 3339 in UTC with milliseconds: 2026-11-21T19:30:05.250Z */
void clock_format(int64_t ms, char out[static CLOCK_TEXT_SIZE]);

/* 0, or -1 if text is not an RFC 3339 date and time with a zone. */
int clock_parse(const char *text, int64_t *ms);

/* A span in words: "3 hours", "90 minutes", "1 second"; the largest unit that divides it. */
void clock_span(int64_t ms, char out[static CLOCK_TEXT_SIZE]);

/* Tests own time: NULL gives the real clock back. */
void clock_set_source(int64_t (*real_ms)(void), int64_t (*mono_ms)(void));
