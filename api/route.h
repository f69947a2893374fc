/* route.h - the table of routes: method, pattern, the role it needs, and its handler. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "api/path.h"
#include "config/config.h"

struct request;

enum { ROUTE_PARAMS_MAX = 2, ROUTE_ALLOW_SIZE = 128 };

enum route_sites {
	SITE_NONE, /* of the gateway; a site may be named and must then be the client's */
	SITE_ONE,  /* one must be named or implied */
	SITE_EACH, /* an object by its id: found in whichever of the client's sites owns it */
	SITE_LIST, /* over the site named, or all of the client's */
};

struct route {
	const char *method, *pattern;
	enum config_role role;
	enum route_sites sites;
	bool keyed;        /* Idempotency-Key applies */
	const char *query; /* names it takes beside "site", with a space after each */
	void (*handler)(struct request *request);
};

/* The route for method (HEAD is GET) and path, with the segments that stand for {...} in params.
 * NULL with allow "": no such path; else allow holds the methods it has. */
const struct route *route_find(const char *method, const struct path *path,
			       const char *params[static ROUTE_PARAMS_MAX],
			       char allow[static ROUTE_ALLOW_SIZE]);

/* The n-th row of the table; NULL: there are no more. */
const struct route *route_at(size_t n);

bool route_takes(const struct route *route, const char *query_name);
