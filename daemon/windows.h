/* windows.h - ends verifications that waited for the user's SMS or call in vain, when their time
 * has come, so that whoever reads events learns of it without asking. */
#pragma once

#include <stdint.h>
#include <uv.h>

#include "config/config.h"
#include "queue/store.h"

struct windows; /* private to windows.c */

/* Looks at once. NULL: no memory. One reference to config is taken; store must outlive it. */
struct windows *windows_start(uv_loop_t *loop, const struct config *config, struct store *store);
void windows_set_config(struct windows *windows, const struct config *config);

/* Something happened: a window may have begun. Costs next to nothing. */
void windows_events(struct windows *windows);

/* Its memory goes on the loop. */
void windows_stop(struct windows *windows);
