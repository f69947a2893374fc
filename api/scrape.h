/* scrape.h - /metrics alone over TCP (metrics.listen, or a socket from systemd): no client is
 * known there, none may do anything else. */
#pragma once

#include "api/api_private.h"

struct scrape; /* private to scrape.c */

/* fd: from systemd, or -1: listens where the configuration says. What cannot be listened to is
 * told in the log, and the gateway works on. */
void scrape_start(struct api *api, int fd);

/* Another address in the new snapshot: listens there instead. Not where systemd listens. */
void scrape_set_config(struct api *api);

void scrape_wake(struct api *api); /* connections were resumed */
void scrape_quiesce(struct api *api);
void scrape_stop(struct api *api); /* every request has been answered */
