/* refusals.h - a request that a rule refused is an event too: whoever watches the gateway sees what
 * is tried. What the rule wrote before it said no is taken back; the event is kept in the same
 * transaction, so that neither is ever there without the other. */
#pragma once

#include "service/rule.h"

typedef int refusable_rule(const struct rule *rule, void *arg, struct refusal *why);

/* Runs it. A refusal becomes an event of this type and subject ("": nothing was made) with the
 * reason of why, and comes back as 0 with why filled. Not told are requests that name what is not
 * there or repeat a key: they say nothing about the site's users. */
int refusal_told(const struct rule *rule, const char *type, const char *subject,
		 refusable_rule *run, void *arg, struct refusal *why);
