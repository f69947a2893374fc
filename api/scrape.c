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

enum { SCRAPERS_MAX = 16, HOST_SIZE = 64, BACKLOG = 16 };

struct scrape {
	struct api *api;
	struct mhd_loop server;
	unsigned closed;
	bool from_systemd;
};

void scrape_wake(struct api *api)
{
	if (api->scrape != NULL)
		mhd_loop_run(&api->scrape->server);
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

static void start_on(struct api *api, int fd, bool from_systemd)
{
	struct scrape *scrape = calloc(1, sizeof(*scrape));
	struct MHD_Daemon *daemon =
		scrape != NULL ? api_http_new(api, fd, SCRAPERS_MAX, true) : NULL;

	if (daemon == NULL) {
		log_error("metrics: the HTTP server does not start");
		free(scrape);
		close(fd);
		return;
	}
	scrape->api = api;
	scrape->from_systemd = from_systemd;
	mhd_loop_start(&scrape->server, api->loop, daemon, NULL);
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

	if (++scrape->closed < MHD_LOOP_HANDLES)
		return;
	free(scrape);
	api->n_handles--;
	api_request_gone(api);
}

void scrape_quiesce(struct api *api)
{
	if (api->scrape != NULL)
		mhd_loop_quiesce(&api->scrape->server);
}

void scrape_stop(struct api *api)
{
	struct scrape *scrape = api->scrape;

	if (scrape == NULL)
		return;
	api->scrape = NULL;
	api->n_handles++;
	mhd_loop_close(&scrape->server, on_closed, scrape);
	mhd_loop_stop(&scrape->server);
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
