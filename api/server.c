/* server.c - the HTTP server of the API: what libmicrohttpd calls, starting, what changes.
 *
 * It runs inside the loop (mhd_loop.h); connections resumed by the loop are run through an async
 * handle, once for a whole group of completions. The way down is in close.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/close.h"
#include "api/handlers.h"
#include "api/listen.h"
#include "api/request.h"
#include "api/scrape.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"

static void on_ran(struct mhd_loop *server)
{
	api_close_step(container_of(server, struct api, server));
}

static void on_wake(uv_async_t *wake)
{
	struct api *api = container_of(wake, struct api, wake);

	scrape_wake(api);
	if (!api->stopped)
		mhd_loop_run(&api->server);
}

void api_wake(struct api *api)
{
	uv_async_send(&api->wake);
}

/* ---- what libmicrohttpd calls ---- */

static void *on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
	(void)connection; /* known, but its headers are not read yet */
	return request_begin(arg, target != NULL ? target : "");
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **state)
{
	(void)arg;
	(void)url; /* decoded by path.c from the raw target */
	(void)version;
	return *state != NULL ? request_feed(*state, connection, method, data, size) : MHD_NO;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct request *request = *state;

	(void)arg;
	(void)connection;
	(void)code;
	*state = NULL;
	if (request != NULL)
		request_completed(request);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **state,
			  enum MHD_ConnectionNotificationCode code)
{
	struct api_peer *peer = *state;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

		peer = calloc(1, sizeof(*peer));
		if (peer != NULL && arg == NULL)
			peer_read(&peer->ids, info->connect_fd);
		if (peer != NULL)
			peer->scraper = arg != NULL;
		*state = peer;
	} else if (peer != NULL) {
		api_peer_forget(peer);
		peer_free(&peer->ids);
		free(peer);
		*state = NULL;
	}
}

static size_t leave_escaped(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg;
	(void)connection;
	return strlen(text);
}

/* Its arguments may be a request's own bytes, so only the pattern is told. */
static void on_log(void *arg, const char *format, va_list args)
{
	(void)arg;
	(void)args;
	log_debug("http: %.*s", (int)strcspn(format, "\n"), format);
}

bool api_is_scraper(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	const struct api_peer *peer = info != NULL ? info->socket_context : NULL;

	return peer != NULL && peer->scraper;
}

struct MHD_Daemon *api_http_new(struct api *api, int fd, unsigned connections, bool scraper)
{
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		on_request, api, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL, MHD_OPTION_LISTEN_SOCKET,
		fd, MHD_OPTION_CONNECTION_LIMIT, connections, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)API_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)API_MEMORY_BYTES,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, api, MHD_OPTION_UNESCAPE_CALLBACK,
		leave_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, scraper ? api : NULL, MHD_OPTION_END);
}

/* ---- starting ---- */

static int start_listening(struct api *api, int listen_fd, char why[static API_WHY_SIZE])
{
	struct MHD_Daemon *daemon;
	int fd = listen_fd;

	if (listen_fd >= 0 ? listen_adopt(fd, why) < 0 : (fd = listen_open(api->config, why)) < 0)
		return -1;
	if (listen_fd < 0)
		api->socket_path = strdup(api->config->socket_path);
	daemon = api_http_new(api, fd, API_CONNECTIONS_MAX, false);
	if (daemon != NULL) {
		mhd_loop_start(&api->server, api->loop, daemon, on_ran);
		return 0;
	}
	snprintf(why, API_WHY_SIZE, "the HTTP server does not start: %s", strerror(errno));
	close(fd);
	if (listen_fd < 0)
		unlink(api->config->socket_path);
	return -1;
}

static void start_handles(struct api *api)
{
	uv_timer_init(api->loop, &api->grace);
	uv_async_init(api->loop, &api->wake, on_wake);
	waits_init(&api->waits, api->loop);
}

static void free_unstarted(struct api *api)
{
	peer_map_free(api->peers);
	config_unref(api->config);
	free(api->socket_path);
	free(api->database);
	free(api);
}

struct api *api_start(uv_loop_t *loop, const struct config *config, struct store *store,
		      struct control *modems, int listen_fd, int metrics_fd,
		      char why[static API_WHY_SIZE])
{
	struct api *api = calloc(1, sizeof(*api));
	struct store_stats stats;

	snprintf(why, API_WHY_SIZE, "out of memory");
	if (api == NULL)
		return NULL;
	api->loop = loop;
	api->config = config_ref(config);
	api->store = store;
	api->modems = modems;
	api->started_at = clock_now_ms();
	api->started_mono = clock_mono_ms();
	api->generation = 1;
	api->peers = peer_map_new(config);
	api->database = strdup(config->database);
	if (api->peers == NULL || api->database == NULL ||
	    start_listening(api, listen_fd, why) < 0) {
		free_unstarted(api);
		return NULL;
	}
	store_stats(store, &stats);
	api->last_seq = stats.last_event_seq;
	start_handles(api);
	scrape_start(api, metrics_fd);
	return api;
}

void api_set_config(struct api *api, const struct config *config)
{
	bool listens_elsewhere = strcmp(config->metrics_listen, api->config->metrics_listen) != 0;
	struct peer_map *peers = peer_map_new(config);

	if (peers == NULL) {
		log_error("out of memory: clients and sites of the API stay as they were");
		return;
	}
	peer_map_free(api->peers);
	api->peers = peers;
	config_ref(config);
	config_unref(api->config);
	api->config = config;
	api->generation++;
	if (listens_elsewhere)
		scrape_set_config(api);
}

void api_set_modems(struct api *api, struct control *modems)
{
	struct request *request;

	LIST_FOREACH(request, &api->requests, link)
	{
		if (request->route != NULL && request->route->handler == handle_modem_trace &&
		    request->job != NULL)
			modem_trace_end(request);
	}
	api->modems = modems;
}

void api_seen(struct api *api, const struct db_seen *items, size_t n)
{
	metrics_seen(&api->metrics, items, n);
}

void api_events(struct api *api, int64_t last_seq)
{
	if (last_seq > api->last_seq)
		api->last_seq = last_seq;
	waits_events(&api->waits);
}
