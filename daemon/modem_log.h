/* modem_log.h - what technicians read of modems: a line for each change of registration, operator,
 * signal and SIM, a summary now and then, durable events, and an alarm when a modem has been
 * without a network for too long. (Changes of state and steps of recovery are logged where they
 * happen; their events are written here.) */
#pragma once

#include <uv.h>

#include "config/config.h"
#include "modem/control.h"
#include "queue/store.h"

struct modem_log; /* private to modem_log.c */

/* NULL: no memory. store and modems outlive it. */
struct modem_log *modem_log_new(uv_loop_t *loop, const struct config *config, struct store *store,
				const struct control *modems);
void modem_log_set_config(struct modem_log *log, const struct config *config);

/* Something about this modem is new. */
void modem_log_changed(struct modem_log *log, const struct modem_status *status);

/* Frees itself on the loop. NULL is allowed. */
void modem_log_close(struct modem_log *log);
