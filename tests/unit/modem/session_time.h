/* session_time.h - time that passes as soon as nothing is left to do: minutes take milliseconds.
 *
 * For a loop that waits for timers alone (the port of session_fake_port.h is one). */
#pragma once

#include <sys/syscall.h>
#include <time.h>

#include "session_fake.h"

enum { PASS_LIMIT_MS = 2 * 3600 * 1000 };

static int64_t passed_ms; /* more than really did */

/* In place of the library's, for libuv as well. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
	long result = syscall(SYS_clock_gettime, id, ts);

	ts->tv_sec += passed_ms / 1000;
	ts->tv_nsec += passed_ms % 1000 * 1000000;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_nsec -= 1000000000;
		ts->tv_sec++;
	}
	return (int)result;
}

static inline void pass(uv_loop_t *loop, int64_t ms)
{
	passed_ms += ms;
	uv_update_time(loop);
}

/* Returns how long it took. */
#define PASS_UNTIL(loop, condition)                                                                \
	({                                                                                         \
		int64_t since_ms = passed_ms;                                                      \
                                                                                                   \
		while (!(condition)) {                                                             \
			int wait_ms = uv_backend_timeout(loop);                                    \
                                                                                                   \
			if (wait_ms < 0 || passed_ms - since_ms > PASS_LIMIT_MS)                   \
				fail_msg("never: %s (states:%s)", #condition, fake.states);        \
			pass(loop, wait_ms);                                                       \
			uv_run(loop, UV_RUN_NOWAIT);                                               \
		}                                                                                  \
		passed_ms - since_ms;                                                              \
	})

#define SESSION_UNTIL(condition) PASS_UNTIL(&fake.loop, condition)
