/* running.h - requests with an Idempotency-Key that are under way: a second one of the same
 * client, site, route and key must wait for the first to end. */
#pragma once

#include <stdbool.h>

struct request;

/* False: such a request runs already. Without a key: true, and nothing is kept. */
bool running_add(struct request *request);
void running_remove(struct request *request);
