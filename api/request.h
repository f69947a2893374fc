/* request.h - one HTTP request from its target to its last byte.
 *
 * A handler runs once the body is there and everything in front of it (client, route, role, site)
 * is settled. It answers at once (reply.h), or asks the store: then the connection sleeps, the
 * rule runs on the store's thread on the handler's job, and the render function answers.
 *
 * Counted: libmicrohttpd holds one reference until the request is completed, each errand of the
 * store another, so a client may leave at any moment. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "api/api_private.h"
#include "api/path.h"
#include "api/problem.h"
#include "api/route.h"
#include "service/rule.h"

enum { REQUEST_KEY_SIZE = 256, REQUEST_ROUTE_SIZE = 128, REQUEST_HEADER_SIZE = 128 };

/* On the store's thread: touches rule, job and why only, and may run again. As rules return. */
typedef int request_rule(const struct rule *rule, void *job, struct refusal *why);
typedef void request_render(struct request *request);

enum request_phase { PHASE_READING, PHASE_WAITING, PHASE_ANSWERED };

struct request {
	struct api *api;
	const struct route *route;
	struct access *access;
	const struct config_site *site; /* named or implied; NULL: several, none named */
	const char *param[ROUTE_PARAMS_MAX];
	void *job;
	const struct gateways *gateways; /* these two in the job, or NULL: see rule.h */
	const struct fleet_glance *fleet;
	struct refusal why;

	/* The request's own business. */
	LIST_ENTRY(request) link;
	LIST_ENTRY(request) running_link;
	struct MHD_Connection *connection; /* NULL: gone */
	struct MHD_Response *response;
	unsigned refs, status;
	enum request_phase phase;
	bool begun, is_running, site_named, head;
	enum path_error path_error;
	size_t body_seen, body_size;
	json_t *document;
	void (*job_free)(void *job);
	request_rule *run;
	request_render *render;
	char key[REQUEST_KEY_SIZE]; /* Idempotency-Key, or "" */
	char route_text[REQUEST_ROUTE_SIZE];
	char location[REQUEST_HEADER_SIZE], allow[REQUEST_HEADER_SIZE]; /* of the answer, or "" */

	/* Not cleared when the request is used again. */
	struct path path;
	char *body;
	size_t body_room;
};

/* Zeroed memory that lives as long as the request; release (may be NULL) ends what is in it.
 * NULL after a failed answer. */
void *request_job(struct request *request, size_t size, void (*release)(void *job));

/* Puts the connection to sleep until an answer is given. */
void request_wait(struct request *request);

/* Runs rule in a transaction, then render; refusals and failures are answered here. Routes of
 * SITE_EACH try the client's sites until one knows the object. */
void request_write(struct request *request, request_rule *rule, request_render *render);
void request_fetch(struct request *request, request_rule *rule, request_render *render);

/* libmicrohttpd's callbacks: server.c hands them over. */
struct request *request_begin(struct api *api, const char *target);
enum MHD_Result request_feed(struct request *request, struct MHD_Connection *connection,
			     const char *method, const char *data, size_t *size);
void request_completed(struct request *request);

struct request *request_ref(struct request *request);
void request_unref(struct request *request);
