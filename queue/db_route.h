/* db_route.h - routes of waiting messages (config/route.h): which there are, and how they follow a
 * change of the modems' prefixes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "queue/db.h"

/* The route of a number: one that no modem's prefix fits, or where there are no prefixes, costs no
 * look at it. */
int db_route_of(struct db *db, const struct config *config, int64_t number, int64_t *route);

/* The routes that queued messages have, ascending, at most max of those after `after`. */
int db_route_list(struct db *db, int64_t after, int64_t *routes, size_t max, size_t *n);

/* Do the waiting messages' routes stem from other prefixes than config's? */
int db_route_is_stale(struct db *db, const struct config *config, bool *stale);

struct route_walk { /* zero at the start */
	int state;
	int64_t seq;
	bool done;
	unsigned changed; /* by the last call */
};

/* Gives the next 500 waiting messages the routes that they have by config; the scheduler is told of
 * those that changed. At the end the prefixes are remembered. Not walked are messages in sending
 * and uncertain ones: who queues one again gives it its route. */
int db_route_walk(struct db *db, const struct config *config, struct route_walk *walk);
