/* admit.c - the checks in their order; the first that fails answers:
 *   the peer is a client (403), the path decodes (400), the route is known (404, 405), the role
 *   is enough (403), the query has only known names (422), the site is the client's (404) and
 *   named where one is needed (400), the Idempotency-Key is well formed (400). What names a site
 *   or a request comes once (400): of two, another server might have believed the other. */
#include "api/admit.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/handlers.h"
#include "api/reply.h"
#include "api/request.h"
#include "base/util.h"

static const char *header(struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* The blanks after a header's value are no part of it (RFC 9110 5.5). */
static size_t value_length(const char *value)
{
	size_t n = strlen(value);

	while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'))
		n--;
	return n;
}

struct occurrences {
	const char *name;
	unsigned n;
};

static enum MHD_Result count_header(void *arg, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	struct occurrences *seen = arg;

	(void)kind;
	(void)value;
	if (strcasecmp(name, seen->name) == 0)
		seen->n++;
	return MHD_YES;
}

bool admit_once(struct request *request, const char *name)
{
	struct occurrences seen = { name, 0 };

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_header, &seen);
	if (seen.n > 1)
		reply_problem(request, PROBLEM_BAD_HEADER, "%s comes more than once.", name);
	return seen.n <= 1;
}

void api_peer_forget(struct api_peer *peer)
{
	for (size_t role = 0; role < ARRAY_LEN(peer->access); role++) {
		access_unref(peer->access[role]);
		peer->access[role] = NULL;
	}
}

/* Access is worked out once a connection, role and snapshot, not once a request. */
static struct access *access_of(struct api *api, struct api_peer *peer, enum config_role need)
{
	if (peer->generation != api->generation)
		api_peer_forget(peer);
	peer->generation = api->generation;
	if (peer->access[need] == NULL)
		peer->access[need] = peer->scraper ? peer_scraper_access(api->peers)
						   : peer_access(api->peers, &peer->ids, need);
	return peer->access[need];
}

/* The request has access where this role is enough. */
static bool take_access(struct request *request, enum config_role need)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct api_peer *peer = info != NULL ? info->socket_context : NULL;
	struct access *access = peer != NULL ? access_of(request->api, peer, need) : NULL;

	if (access == NULL) {
		reply_problem(request, PROBLEM_STORE_UNAVAILABLE, "No memory: try again later.");
		return false;
	}
	access_unref(request->access);
	request->access = access_ref(access);
	return true;
}

static bool admit_peer(struct request *request)
{
	if (!take_access(request, ROLE_VIEWER))
		return false;
	if (request->access->role != ROLE_NONE)
		return true;
	reply_problem(request, PROBLEM_NOT_A_CLIENT,
		      "This user (%s) is not among the clients of the configuration.",
		      request->access->client);
	return false;
}

static bool admit_path(struct request *request, enum path_error error)
{
	switch (error) {
	case PATH_OK:
		return true;
	case PATH_TOO_LONG:
		reply_problem(request, PROBLEM_TARGET_TOO_LONG,
			      "The path and query must be shorter than %d bytes.", PATH_TARGET_MAX);
		return false;
	case PATH_BAD:
		reply_problem(request, PROBLEM_BAD_PATH,
			      "The path has a bad escape, a NUL, or is not UTF-8.");
		return false;
	case PATH_BAD_QUERY:
		reply_problem(request, PROBLEM_BAD_QUERY,
			      "The query has a bad escape, a NUL, is not UTF-8, or names "
			      "something twice.");
		return false;
	case PATH_UNKNOWABLE:
		break;
	}
	reply_problem(request, PROBLEM_NOT_FOUND, "There is no such route.");
	return false;
}

static bool admit_route(struct request *request, const char *method)
{
	struct request *r = request;

	r->route = route_find(method, &r->path, r->param, r->allow);
	r->head = strcmp(method, "HEAD") == 0;
	if (r->route == NULL) {
		if (r->allow[0] != '\0')
			reply_problem(r, PROBLEM_METHOD_NOT_ALLOWED, "This route takes only: %s.",
				      r->allow);
		else
			reply_problem(r, PROBLEM_NOT_FOUND, "There is no such route.");
		return false;
	}
	r->allow[0] = '\0';
	if (r->route->handler != handle_metrics && api_is_scraper(r->connection)) {
		reply_problem(r, PROBLEM_NOT_FOUND, "Only /metrics is served here.");
		return false;
	}
	if (r->access->role >= r->route->role)
		return take_access(r, r->route->role);
	reply_problem(r, PROBLEM_ROLE_TOO_LOW, "This needs the role %s; this client has %s.",
		      config_role_name(r->route->role), config_role_name(r->access->role));
	return false;
}

static bool admit_query(struct request *request)
{
	struct field_errors errors = { .n = 0 };

	for (size_t i = 0; i < request->path.n_query; i++) {
		if (!route_takes(request->route, request->path.query[i].name))
			problem_add_field(&errors, request->path.query[i].name, "unknown_member",
					  "The query of this route has no such name.");
	}
	if (errors.n > 0)
		reply_fields(request, &errors);
	return errors.n == 0;
}

static bool admit_named_site(struct request *request, const char *name)
{
	request->site = access_site(request->access, name);
	request->site_named = true;
	if (request->site == NULL)
		reply_problem(request, PROBLEM_NOT_FOUND,
			      "This client has no site of that name where it is %s.",
			      config_role_name(request->route->role));
	return request->site != NULL;
}

static bool admit_site(struct request *request)
{
	const char *by_header = header(request, "Simgate-Site");
	const char *by_query = path_query(&request->path, "site");
	const struct access *access = request->access;
	char named[REQUEST_HEADER_SIZE]; /* longer than any site's name */

	if (by_header != NULL) {
		if (!admit_once(request, "Simgate-Site"))
			return false;
		snprintf(named, sizeof(named), "%.*s", (int)value_length(by_header), by_header);
		by_header = named;
	}
	if (by_header != NULL && by_query != NULL && strcmp(by_header, by_query) != 0) {
		reply_problem(request, PROBLEM_BAD_HEADER,
			      "Simgate-Site and ?site= name different sites.");
		return false;
	}
	if (by_header != NULL || by_query != NULL)
		return admit_named_site(request, by_header != NULL ? by_header : by_query);
	if (access->n_sites == 1)
		request->site = access->sites[0];
	if (request->site != NULL || request->route->sites == SITE_NONE)
		return true;
	if (access->n_sites > 0 && request->route->sites != SITE_ONE)
		return true;
	reply_problem(request, PROBLEM_SITE_REQUIRED,
		      "This client has %zu sites: name one by the header Simgate-Site or ?site=.",
		      access->n_sites);
	return false;
}

bool admit_key(const char *text, char *key, size_t size)
{
	size_t n = value_length(text), out = 0;
	bool quoted = n >= 2 && text[0] == '"' && text[n - 1] == '"';
	const char *end = text + n - (quoted ? 1 : 0);

	for (const char *at = text + (quoted ? 1 : 0); at < end; at++) {
		if (quoted && *at == '\\' && at + 1 < end)
			at++;
		else if (*at == '"' || (!quoted && *at == ' '))
			return false;
		if (*at < ' ' || *at > '~' || out + 1 >= size)
			return false;
		key[out++] = *at;
	}
	key[out] = '\0';
	return out > 0;
}

static void read_key(struct request *request)
{
	const char *text = header(request, "Idempotency-Key");

	if (!request->route->keyed || text == NULL || !admit_once(request, "Idempotency-Key"))
		return;
	if (!admit_key(text, request->key, sizeof(request->key))) {
		request->key[0] = '\0';
		reply_problem(request, PROBLEM_BAD_IDEMPOTENCY_KEY,
			      "Idempotency-Key must have 1 to %d visible ASCII characters, bare "
			      "or in quotes.",
			      REQUEST_KEY_SIZE - 1);
		return;
	}
	snprintf(request->route_text, sizeof(request->route_text), "%s %s %.40s",
		 request->route->method, request->route->pattern,
		 request->param[0] != NULL ? request->param[0] : "");
}

void request_admit(struct request *request, const char *method)
{
	if (request->api->closing) {
		reply_problem(request, PROBLEM_SHUTTING_DOWN, "simgated is stopping.");
		return;
	}
	if (!admit_peer(request) || !admit_path(request, request->path_error) ||
	    !admit_route(request, method) || !admit_query(request) || !admit_site(request))
		return;
	read_key(request);
}
