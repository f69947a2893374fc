/* gateway.h - the whole daemon on one loop: made in order, closed in the reverse order.
 *
 * keys -> store -> modems -> dispatch -> api. At the end the API answers what waits, the part on
 * the air is finished (bounded), its outcome reaches the disk, then everything is closed. */
#pragma once

#include <uv.h>

#include "config/config.h"

struct gateway; /* private to gateway.c */

enum { GATEWAY_WHY_SIZE = 320 };

/* One reference to config is taken. NULL with one line in why: what happened and what to do. */
struct gateway *gateway_start(uv_loop_t *loop, const struct config *config,
			      char why[static GATEWAY_WHY_SIZE]);

/* A new snapshot for sites, clients, limits and logs. */
void gateway_set_config(struct gateway *gateway, const struct config *config);
/* The service manager is told how a reload ended. */
void gateway_reloaded(struct gateway *gateway, bool taken);
const struct config *gateway_config(const struct gateway *gateway);

/* closed runs on the loop when nothing of the gateway is left there. */
void gateway_stop(struct gateway *gateway, void (*closed)(void *arg), void *arg);

/* After the loop ended. */
void gateway_free(struct gateway *gateway);
