/* fleet.h - every modem, by name: those of the configuration, or without any every USB modem that
 * we know, named after its place. Implements control.h. */
#pragma once

#include <uv.h>

#include "config/config.h"
#include "modem/control.h"
#include "modem/ports.h"
#include "modem/session.h"

enum { FLEET_PLACES_MAX = 64 }; /* of modems that no configuration names */

/* events and arg are handed to every session. One reference to config is taken. */
struct control *fleet_new(uv_loop_t *loop, const struct config *config,
			  const struct session_events *events, void *arg);

/* The same on another tree of devices. */
struct control *fleet_new_at(uv_loop_t *loop, const struct config *config,
			     const struct ports_root *root, const struct session_events *events,
			     void *arg);

struct session *fleet_session(struct control *fleet, size_t i); /* 0 .. control_count() - 1 */
size_t fleet_max(const struct control *fleet); /* sessions that there may ever be */

/* Sessions end (parts on the air get grace_ms), fleet frees itself, then closed runs. */
void fleet_close(struct control *fleet, unsigned grace_ms, void (*closed)(void *arg), void *arg);
