/* request_input.h - body, query and sites of a request as handlers ask for them. What says "False:
 * answered" has told the client what is wrong; the handler just returns. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/json_in.h"
#include "api/request.h"

/* Reads the body (an absent one as {}) into what the members describe. False: answered. */
bool request_read(struct request *request, const struct json_member *members, size_t n, void *into);

/* A whole number of the query in min..max; absent: *value is left. False: answered. */
bool request_number(struct request *request, const char *name, int64_t min, int64_t max,
		    int64_t *value);

/* A word of the query by its parser, which gives -1 for none; absent: left. False: answered. */
bool request_word(struct request *request, const char *name, int (*parse)(const char *),
		  int *value);

/* How many at most; a page is no longer than 200, whatever is asked for. False: answered. */
bool request_limit(struct request *request, size_t *limit);

/* after (an id of that kind, or NULL) and limit of a list. False: answered. */
bool request_page(struct request *request, const char *id_prefix, const char **after,
		  size_t *limit);

/* The site, the client's sites, or NULL (every one, and the gateway's) for lists. */
void request_sites(const struct request *request, const char *const **names, size_t *n);
