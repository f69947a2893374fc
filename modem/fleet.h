/* fleet.h - every modem of the configuration, by name. Implements control.h. */
#pragma once

#include <uv.h>

#include "config/config.h"
#include "modem/control.h"
#include "modem/session.h"

/* events and arg are handed to every session. One reference to config is taken. */
struct control *fleet_new(uv_loop_t *loop, const struct config *config,
			  const struct session_events *events, void *arg);

struct session *fleet_session(struct control *fleet, size_t i); /* 0 .. control_count() - 1 */

/* Sessions end (parts on the air get grace_ms), fleet frees itself, then closed runs. */
void fleet_close(struct control *fleet, unsigned grace_ms, void (*closed)(void *arg), void *arg);
