/* session_time.h - time that passes as soon as nothing is left to do: minutes take milliseconds.
 *
 * For a loop that waits for timers alone (the port of session_fake_port.h is one). */
#pragma once

#include "passing.h"
#include "session_fake.h"

enum { PASS_LIMIT_MS = 2 * 3600 * 1000 };

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
