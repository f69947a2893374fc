/* retention.h - once an hour, or sooner where less is kept: what has been kept long enough goes;
 * once a minute: what waits for its time is looked at. */
#pragma once

#include <uv.h>

#include "config/config.h"
#include "queue/store.h"

struct retention; /* private to retention.c */

/* NULL: out of memory. Runs once at the start, too. */
struct retention *retention_start(uv_loop_t *loop, const struct config *config,
				  struct store *store);
/* What may not be kept by these settings any more goes at once. */
void retention_set_config(struct retention *retention, const struct config *config);
void retention_stop(struct retention *retention); /* frees itself on the loop */
