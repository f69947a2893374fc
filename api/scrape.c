/* scrape.c - a second, small HTTP server on the same loop, for a scraper.
 *
 * Requests are those of api/; their connections have a peer that is marked as a scraper, which may
 * see GET /metrics and nothing else. A listener that ends while the gateway goes on answers what
 * it has first: libmicrohttpd must not be stopped with sleeping connections. */
#include "api/scrape.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/reply.h"
#include "api/request.h"
#include "base/log.h"
#include "base/util.h"

enum { SCRAPERS_MAX = 16, HANDLES = 2, HOST_SIZE = 64, BACKLOG = 16 };

struct scrape {
	struct api *api;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned closed;
	bool from_systemd;
};

static void on_timer(uv_timer_t *timer);

static void run_server(struct scrape *scrape)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	MHD_run(scrape->daemon);
	if (MHD_get_timeout(scrape->daemon, &wait_ms) == MHD_YES)
		uv_timer_start(&scrape->timer, on_timer, wait_ms, 0);
	else
		uv_timer_stop(&scrape->timer);
}

static void on_timer(uv_timer_t *timer)
{
	run_server(container_of(timer, struct scrape, timer));
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status; /* MHD_run looks for itself */
	(void)events;
	run_server(container_of(poll, struct scrape, poll));
}

void scrape_wake(struct api *api)
{
	if (api->scrape != NULL)
		run_server(api->scrape);
}

/* ---- listening ---- */

/* "127.0.0.1:9770" or "[::1]:9770". */
static int open_at(const char *listen_at)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
					.ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(listen_at, ':');
	char host[HOST_SIZE] = "";
	struct addrinfo *found;
	int fd, err, one = 1;

	if (colon == NULL)
		return -EINVAL;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - listen_at), listen_at);
	if (host[0] == '[')
		snprintf(host, sizeof(host), "%.*s", (int)(colon - listen_at - 2), listen_at + 1);
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		return -EADDRNOTAVAIL;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		fd = err;
	}
	freeaddrinfo(found);
	return fd;
}

static void watch(struct scrape *scrape)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(scrape->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	uv_poll_init(scrape->api->loop, &scrape->poll, info->epoll_fd);
	uv_timer_init(scrape->api->loop, &scrape->timer);
	uv_poll_start(&scrape->poll, UV_READABLE, on_poll);
}

static void start_on(struct api *api, int fd, bool from_systemd)
{
	struct scrape *scrape = calloc(1, sizeof(*scrape));

	if (scrape != NULL)
		scrape->daemon = api_http_new(api, fd, SCRAPERS_MAX, true);
	if (scrape == NULL || scrape->daemon == NULL) {
		log_error("metrics: the HTTP server does not start");
		free(scrape);
		close(fd);
		return;
	}
	scrape->api = api;
	scrape->from_systemd = from_systemd;
	watch(scrape);
	api->scrape = scrape;
}

void scrape_start(struct api *api, int fd)
{
	const char *listen_at = api->config->metrics_listen;
	bool from_systemd = fd >= 0;

	if (!from_systemd && listen_at[0] == '\0')
		return;
	if (!from_systemd)
		fd = open_at(listen_at);
	if (fd >= 0)
		start_on(api, fd, from_systemd);
	else
		log_error("metrics: cannot listen on %s: %s; /metrics is served on the socket of "
			  "the API alone",
			  listen_at, strerror(-fd));
}

/* ---- ending ---- */

static void on_closed(uv_handle_t *handle)
{
	struct scrape *scrape = handle->data;
	struct api *api = scrape->api;

	if (++scrape->closed < HANDLES)
		return;
	free(scrape);
	api->n_handles--;
	api_request_gone(api);
}

void scrape_quiesce(struct api *api)
{
	int fd = api->scrape != NULL ? MHD_quiesce_daemon(api->scrape->daemon) : -1;

	if (fd >= 0)
		close(fd);
}

void scrape_stop(struct api *api)
{
	struct scrape *scrape = api->scrape;

	if (scrape == NULL)
		return;
	api->scrape = NULL;
	api->n_handles++;
	scrape->poll.data = scrape->timer.data = scrape;
	/* The poll handle before the descriptor it looks at. */
	uv_close((uv_handle_t *)&scrape->poll, on_closed);
	uv_close((uv_handle_t *)&scrape->timer, on_closed);
	MHD_stop_daemon(scrape->daemon);
}

void scrape_set_config(struct api *api)
{
	struct request *request;

	if (api->scrape != NULL && api->scrape->from_systemd)
		return;
	scrape_quiesce(api);
	LIST_FOREACH(request, &api->requests, link)
	if (request->connection != NULL && api_is_scraper(request->connection))
		reply_problem(request, PROBLEM_SHUTTING_DOWN, "metrics.listen has changed.");
	scrape_stop(api);
	scrape_start(api, -1);
}
