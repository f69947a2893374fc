/* request.c - the life of a request: begun at its target, fed its body, handled, answered,
 * completed; and what handlers ask of it. */
#include "api/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/admit.h"
#include "api/json_in.h"
#include "api/reply.h"
#include "api/running.h"
#include "base/secret.h"

enum { BODY_ROOM_FIRST = 1024, BODY_ROOM_KEPT = 4096 };

static struct request *take_from_pool(struct api *api)
{
	struct request *request = LIST_FIRST(&api->pool);

	if (request == NULL)
		return calloc(1, sizeof(*request));
	LIST_REMOVE(request, link);
	api->n_pool--;
	return request;
}

struct request *request_begin(struct api *api, const char *target)
{
	struct request *request = take_from_pool(api);

	if (request == NULL)
		return NULL;
	request->api = api;
	request->refs = 1;
	request->path_error = path_parse(&request->path, target);
	LIST_INSERT_HEAD(&api->requests, request, link);
	return request;
}

/* Everything but path and body starts from zero the next time. */
static void clear(struct request *request)
{
	if (request->job != NULL && request->job_free != NULL)
		request->job_free(request->job);
	free(request->job);
	json_in_free(request->document);
	access_unref(request->access);
	if (request->response != NULL)
		MHD_destroy_response(request->response);
	if (request->body_size > 0)
		secret_wipe(request->body, request->body_size);
	memset(request, 0, offsetof(struct request, path));
	if (request->body_room > BODY_ROOM_KEPT) {
		free(request->body);
		request->body = NULL;
		request->body_room = 0;
	}
}

struct request *request_ref(struct request *request)
{
	request->refs++;
	return request;
}

void request_unref(struct request *request)
{
	struct api *api = request->api;

	if (--request->refs > 0)
		return;
	running_remove(request);
	LIST_REMOVE(request, link);
	clear(request);
	if (api->n_pool < API_POOL_MAX) {
		LIST_INSERT_HEAD(&api->pool, request, link);
		api->n_pool++;
	} else {
		free(request->body);
		free(request);
	}
	api_request_gone(api);
}

void request_completed(struct request *request)
{
	request->connection = NULL;
	request_unref(request);
}

static bool make_room(struct request *request, size_t n)
{
	size_t room = request->body_room > 0 ? request->body_room : BODY_ROOM_FIRST;
	char *body;

	while (room < n)
		room *= 2;
	if (room == request->body_room)
		return true;
	body = malloc(room);
	if (body == NULL)
		return false;
	if (request->body_size > 0) {
		memcpy(body, request->body, request->body_size);
		secret_wipe(request->body, request->body_size);
	}
	free(request->body);
	request->body = body;
	request->body_room = room;
	return true;
}

/* What is refused already, or too large, is read away so that the client gets to its answer. */
static void take_body(struct request *request, const char *data, size_t n)
{
	request->body_seen += n;
	if (request->phase == PHASE_ANSWERED)
		return;
	if (request->body_seen > API_BODY_MAX)
		reply_problem(request, PROBLEM_BODY_TOO_LARGE, "A body may have %d bytes.",
			      API_BODY_MAX);
	else if (!make_room(request, request->body_size + n))
		reply_problem(request, PROBLEM_STORE_UNAVAILABLE, "No memory: try again later.");
	else {
		memcpy(request->body + request->body_size, data, n);
		request->body_size += n;
	}
}

static enum MHD_Result queue_answer(struct request *request)
{
	enum MHD_Result queued;

	if (request->response == NULL)
		return MHD_NO;
	queued = MHD_queue_response(request->connection, request->status, request->response);
	MHD_destroy_response(request->response);
	request->response = NULL;
	return queued;
}

/* A body announced as larger than what is drained, or with two lengths, is refused before it is
 * sent; the connection ends then. */
static enum MHD_Result begin_body(struct request *request)
{
	const char *length =
		MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Content-Length");

	if (length == NULL)
		return MHD_YES;
	if (strtoull(length, NULL, 10) > API_BODY_DRAINED)
		reply_problem(request, PROBLEM_BODY_TOO_LARGE, "A body may have %d bytes.",
			      API_BODY_MAX);
	else if (admit_once(request, "Content-Length"))
		return MHD_YES;
	return queue_answer(request);
}

enum MHD_Result request_feed(struct request *request, struct MHD_Connection *connection,
			     const char *method, const char *data, size_t *size)
{
	if (!request->begun) {
		request->begun = true;
		request->connection = connection;
		request_admit(request, method);
		return begin_body(request);
	}
	if (*size > 0) {
		take_body(request, data, *size);
		*size = 0;
		return request->body_seen <= API_BODY_DRAINED ? MHD_YES : MHD_NO;
	}
	if (request->phase == PHASE_READING)
		request->route->handler(request);
	if (request->phase == PHASE_WAITING)
		return MHD_YES;
	return queue_answer(request);
}

void request_wait(struct request *request)
{
	if (request->phase != PHASE_READING)
		return;
	request->phase = PHASE_WAITING;
	MHD_suspend_connection(request->connection);
}

void *request_job(struct request *request, size_t size, void (*release)(void *job))
{
	request->job = calloc(1, size);
	request->job_free = release;
	if (request->job == NULL)
		reply_problem(request, PROBLEM_STORE_UNAVAILABLE, "No memory: try again later.");
	return request->job;
}
