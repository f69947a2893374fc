/* dispatch.h - who sends what: the only room that knows both the queue and the modems.
 *
 * At a modem's OK for message A, AT+CMGS for B goes out at once; one transaction records A's
 * outcome and B's attempt; B's payload waits for the prompt and for that COMMIT. So at most one
 * message a modem is ever in doubt. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "config/config.h"
#include "modem/fleet.h"
#include "queue/store.h"

struct dispatch; /* private to dispatch.c */

/* The store's hooks and the sessions' events lead here; see main.c for the wiring. */
struct dispatch *dispatch_new(uv_loop_t *loop, const struct config *config);

/* Accounts for what was on the air before, then sends. 0, or -ENOMEM. Both outlive dispatch. */
int dispatch_start(struct dispatch *dispatch, struct store *store, struct control *modems);

void dispatch_set_config(struct dispatch *dispatch, const struct config *config);

/* store_hooks.queued */
void dispatch_queued(void *dispatch, const struct due *items, size_t n);

extern const struct session_events dispatch_session_events; /* arg: the dispatch */

/* Nothing new is sent from now on; parts on the air end by themselves (fleet_close). */
void dispatch_stop(struct dispatch *dispatch);

/* After the last outcome is on disk (store_close ended): timers close on the loop. */
void dispatch_close(struct dispatch *dispatch);

/* After the loop ended. */
void dispatch_free(struct dispatch *dispatch);
