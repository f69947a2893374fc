/* api.h - HTTP/1.1 on the Unix socket (libmicrohttpd inside the loop). */
#pragma once

#include <stdint.h>
#include <uv.h>

#include "config/config.h"
#include "modem/control.h"
#include "queue/store.h"

struct api; /* private to api/ */

enum { API_WHY_SIZE = 256 };

/* Binds the socket (a stale file is replaced, a live one refused), starts to listen. listen_fd:
 * a socket from systemd, or -1; metrics_fd: likewise, for a scraper. NULL with one line in why.
 * config is counted; store and modems must outlive api. */
struct api *api_start(uv_loop_t *loop, const struct config *config, struct store *store,
		      struct control *modems, int listen_fd, int metrics_fd,
		      char why[static API_WHY_SIZE]);

/* A new snapshot: roles, sites and limits apply to the next request. */
void api_set_config(struct api *api, const struct config *config);
void api_set_modems(struct api *api, struct control *modems);

/* There are events up to last_seq: wakes long polls and streams. */
void api_events(struct api *api, int64_t last_seq);

/* What transactions saw: for /metrics. */
void api_seen(struct api *api, const struct db_seen *items, size_t n);

/* Answers what waits, closes every connection, removes the socket; then closed runs. */
void api_close(struct api *api, void (*closed)(void *arg), void *arg);
