/* service_manager.h - what systemd is told and what it hands over.
 *
 * Ready once a transaction has gone through the store and back to the loop; a status in words that
 * follows the modems; the watchdog, fed by such a transaction too, so that it proves that loop and
 * store are alive. Without systemd, and where it wants no watchdog, no timer runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "modem/control.h"
#include "queue/store.h"

struct manager; /* private to service_manager.c */

/* Sockets that systemd opened, told apart by their family; -1: none. */
struct manager_sockets {
	int api, metrics;
};

/* 0, or -1 with one line in why: more or others than there is use for. */
int manager_sockets(struct manager_sockets *sockets, char *why, size_t why_size);

/* store and modems must outlive it; the store is closed after manager_stop. NULL: no memory. */
struct manager *manager_start(uv_loop_t *loop, struct store *store, const struct control *modems);

/* Something happened: the status is told anew, at most once a second. */
void manager_events(struct manager *manager);

void manager_reloading(void);
void manager_reloaded(struct manager *manager, bool taken);

/* Says so; freed when the last transaction has come back. */
void manager_stop(struct manager *manager);
