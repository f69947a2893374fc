/* close.c - the way down, in steps:
 *   1. nobody new gets in; long polls, streams and questions to modems are answered,
 *   2. what the store still works on is answered as it comes, for at most API_GRACE_MS,
 *   3. connections still asleep are resumed (libmicrohttpd aborts otherwise) and all are closed,
 *   4. handles close; when also the last request is back from the store, api is no more. */
#include "api/close.h"

#include <stdlib.h>
#include <unistd.h>

#include "api/reply.h"
#include "api/request.h"
#include "api/scrape.h"
#include "base/util.h"

static void free_api(struct api *api)
{
	void (*closed)(void *arg) = api->closed;
	void *arg = api->closed_arg;
	struct request *request;

	while ((request = LIST_FIRST(&api->pool)) != NULL) {
		LIST_REMOVE(request, link);
		free(request->body);
		free(request);
	}
	peer_map_free(api->peers);
	config_unref(api->config);
	free(api->socket_path);
	free(api->database);
	free(api);
	closed(arg);
}

static void free_if_over(struct api *api)
{
	if (api->stopped && api->n_handles == 0 && LIST_EMPTY(&api->requests))
		free_api(api);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct api *api = handle->data;

	api->n_handles--;
	free_if_over(api);
}

static void close_handle(struct api *api, uv_handle_t *handle)
{
	handle->data = api;
	api->n_handles++;
	uv_close(handle, on_handle_closed);
}

static void stop_server(struct api *api)
{
	struct request *request;

	if (api->stopped)
		return;
	api->stopped = true;
	api->n_handles += MHD_LOOP_HANDLES;
	mhd_loop_close(&api->server, on_handle_closed, api);
	close_handle(api, (uv_handle_t *)&api->grace);
	LIST_FOREACH(request, &api->requests, link)
	reply_problem(request, PROBLEM_SHUTTING_DOWN, "simgated is stopping.");
	waits_end(&api->waits);
	scrape_stop(api);
	mhd_loop_stop(&api->server);
	close_handle(api, (uv_handle_t *)&api->wake);
	close_handle(api, (uv_handle_t *)&api->waits.timer);
}

static void on_grace_over(uv_timer_t *timer)
{
	stop_server(container_of(timer, struct api, grace));
}

void api_close_step(struct api *api)
{
	if (api->closing && LIST_EMPTY(&api->requests))
		stop_server(api);
}

void api_request_gone(struct api *api)
{
	free_if_over(api);
}

void api_close(struct api *api, void (*closed)(void *arg), void *arg)
{
	api->closing = true;
	api->closed = closed;
	api->closed_arg = arg;
	mhd_loop_quiesce(&api->server);
	scrape_quiesce(api);
	if (api->socket_path != NULL)
		unlink(api->socket_path);
	waits_end(&api->waits);
	uv_timer_start(&api->grace, on_grace_over, API_GRACE_MS, 0);
	api_wake(api); /* it may be over already */
}
