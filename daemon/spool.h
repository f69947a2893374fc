/* spool.h - the folder whose files, in smstools' format, become texts of a site. */
#pragma once

#include <uv.h>

#include "config/config.h"
#include "queue/store.h"

struct spool; /* private to spool.c */

/* Takes what lies there at once. NULL: no memory. A folder that cannot be used is told in the log
 * and tried again. One reference to config is taken; store must outlive it. */
struct spool *spool_start(uv_loop_t *loop, const struct config *config, struct store *store);
void spool_set_config(struct spool *spool, const struct config *config);

/* What is under way is finished. Its memory goes on the loop. */
void spool_stop(struct spool *spool);
