/* api_private.h - what the files of api/ share: the server and its lists. Loop only. */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>
#include <sys/queue.h>

#include "api/api.h"
#include "api/metrics.h"
#include "api/mhd_loop.h"
#include "api/peer.h"
#include "api/waits.h"

enum {
	API_CONNECTIONS_MAX = 1000,
	API_IDLE_S = 60,                /* a connection that says nothing is closed */
	API_MEMORY_BYTES = 16 * 1024,   /* a connection's headers; wiped for each request */
	API_BODY_MAX = 64 * 1024,       /* more is 413 */
	API_BODY_DRAINED = 8192 * 1024, /* up to here a large body is read away politely */
	API_STREAMS_MAX = 32,
	API_POOL_MAX = 64,   /* finished requests kept for the next ones */
	API_GRACE_MS = 2000, /* for answers under way at close */
	RUNNING_BUCKETS = 64,
};

struct request;
LIST_HEAD(request_list, request);

struct api {
	uv_loop_t *loop;
	const struct config *config;
	struct store *store;
	struct control *modems; /* NULL while there are none */

	struct mhd_loop server;
	struct scrape *scrape; /* NULL: no scraper is listened for */
	struct metrics metrics;
	uv_async_t wake; /* after connections were resumed */
	uv_timer_t grace;
	struct waits waits;
	char *socket_path; /* NULL: systemd's */
	char *database;    /* the one that is open, whatever a new snapshot says */
	int64_t started_at, started_mono;

	struct peer_map *peers;
	unsigned generation; /* of the snapshot: access of older ones is worked out anew */

	int64_t last_seq; /* of events */
	unsigned n_streams;
	struct request_list requests; /* live ones */
	struct request_list pool;
	size_t n_pool;
	struct request_list running[RUNNING_BUCKETS]; /* by idempotency key: running.c */

	bool closing, stopped;
	unsigned n_handles; /* open uv handles */
	void (*closed)(void *arg);
	void *closed_arg;
};

/* One connection: libmicrohttpd's socket_context. */
struct api_peer {
	struct peer_ids ids;
	bool scraper; /* over TCP: nobody is known, and /metrics is all there is */
	/* By the role that is needed; NULL: not worked out for this generation. */
	struct access *access[ROLE_OPERATOR + 1];
	unsigned generation;
};

void api_peer_forget(struct api_peer *peer); /* what it may do is worked out anew */

/* One of libmicrohttpd's servers on a listening socket; NULL: see errno. */
struct MHD_Daemon *api_http_new(struct api *api, int fd, unsigned connections, bool scraper);
bool api_is_scraper(struct MHD_Connection *connection);

/* Connections were resumed: libmicrohttpd runs on the loop's next turn. */
void api_wake(struct api *api);

/* A request is no more: closing goes on when it was the last. */
void api_request_gone(struct api *api);
