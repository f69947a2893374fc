/* choice.h - routes of waiting messages, and which lane sends which of them. */
#pragma once

#include "daemon/lane.h"

struct route;

/* The route of this id, made if it is new. NULL: no memory. */
struct route *choice_route(struct dispatch *d, int64_t id);

/* Prefixes or lanes have changed. */
void choice_reach(struct dispatch *d);

/* The scheduler's verbs, on the route of the message. */
void choice_add(struct dispatch *d, const struct due *due);
void choice_release(struct dispatch *d, const struct due *due);
void choice_forget(struct dispatch *d, int64_t seq);

/* May this lane send this message now, and is no other that can better suited? */
bool choice_fits(const struct lane *lane, const struct due *due);

/* From when on could a lane that has not failed at it send it, other than this one? Wall time, 0:
 * now; INT64_MAX: nobody knows. */
int64_t choice_elsewhere(const struct lane *lane, const struct due *due);

/* Every lane that wants gets what fits it best; the least loaded lane first. */
void choice_pump(struct dispatch *d, int64_t now);

void choice_free(struct dispatch *d);
