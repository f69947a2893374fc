/* gateway.c - wiring: who is made before whom, who tells whom, and the way down. */
#include "daemon/gateway.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "base/log.h"
#include "base/mask.h"
#include "daemon/dispatch.h"
#include "daemon/retention.h"
#include "daemon/service_manager.h"
#include "daemon/spool.h"
#include "daemon/windows.h"
#include "modem/fleet.h"
#include "queue/store.h"
#include "service/numbers.h"

enum { AIR_GRACE_MS = 10000 }; /* how long the part on the air may still take at the end */

struct gateway {
	uv_loop_t *loop;
	const struct config *config; /* counted */
	struct store *store;
	struct dispatch *dispatch;
	struct control *modems;
	struct api *api;
	struct retention *retention;
	struct windows *windows;
	struct spool *spool;
	struct manager *manager;
	void (*closed)(void *arg);
	void *closed_arg;
};

static void on_events(void *arg, int64_t last_seq)
{
	struct gateway *g = arg;

	if (g->api != NULL)
		api_events(g->api, last_seq);
	if (g->windows != NULL)
		windows_events(g->windows);
	if (g->manager != NULL)
		manager_events(g->manager);
}

static void on_seen(void *arg, const struct db_seen *items, size_t n)
{
	struct gateway *g = arg;

	if (g->api != NULL)
		api_seen(g->api, items, n);
}

static void on_queued(void *arg, const struct due *items, size_t n)
{
	struct gateway *g = arg;

	dispatch_queued(g->dispatch, items, n);
}

static int open_store(struct gateway *g, char why[static GATEWAY_WHY_SIZE])
{
	const struct store_hooks hooks = {
		.queued = on_queued, .events = on_events, .seen = on_seen, .arg = g
	};
	struct seal_keys keys;

	if (seal_load(&keys, g->config->key_file, why) < 0)
		return -1;
	g->store = store_open(g->loop, g->config->database, &keys, &hooks, why);
	seal_wipe(&keys);
	return g->store != NULL ? 0 : -1;
}

static int start_modems(struct gateway *g)
{
	g->modems = fleet_new(g->loop, g->config, &dispatch_session_events, g->dispatch);
	if (g->modems == NULL)
		return -ENOMEM;
	return dispatch_start(g->dispatch, g->store, g->modems);
}

static int start_all(struct gateway *g, char why[static GATEWAY_WHY_SIZE])
{
	struct manager_sockets sockets;

	if (manager_sockets(&sockets, why, GATEWAY_WHY_SIZE) < 0)
		return -1;
	snprintf(why, GATEWAY_WHY_SIZE, "out of memory");
	g->dispatch = dispatch_new(g->loop, g->config);
	if (g->dispatch == NULL || open_store(g, why) < 0)
		return -1;
	snprintf(why, GATEWAY_WHY_SIZE, "out of memory");
	if (start_modems(g) < 0)
		return -1;
	g->retention = retention_start(g->loop, g->config, g->store);
	g->windows = windows_start(g->loop, g->config, g->store);
	g->spool = spool_start(g->loop, g->config, g->store);
	if (g->retention == NULL || g->windows == NULL || g->spool == NULL)
		return -1;
	g->api = api_start(g->loop, g->config, g->store, g->modems, sockets.api, sockets.metrics,
			   why);
	if (g->api == NULL)
		return -1;
	g->manager = manager_start(g->loop, g->store, g->modems);
	return g->manager != NULL ? 0 : -1;
}

static void drop(void *arg)
{
	(void)arg;
}

struct gateway *gateway_start(uv_loop_t *loop, const struct config *config,
			      char why[static GATEWAY_WHY_SIZE])
{
	struct gateway *g = calloc(1, sizeof(*g));

	if (g == NULL) {
		snprintf(why, GATEWAY_WHY_SIZE, "out of memory");
		return NULL;
	}
	g->loop = loop;
	gateway_set_config(g, config);
	numbers_start();
	if (start_all(g, why) == 0)
		return g;
	gateway_stop(g, drop, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	gateway_free(g);
	return NULL;
}

void gateway_set_config(struct gateway *g, const struct config *config)
{
	const struct config *old = g->config;

	g->config = config_ref(config);
	config_unref(old);
	log_set_level(config->log_level);
	mask_disable(config->log_full_numbers);
	if (g->api != NULL)
		api_set_config(g->api, config);
	if (g->dispatch != NULL)
		dispatch_set_config(g->dispatch, config);
	if (g->retention != NULL)
		retention_set_config(g->retention, config);
	if (g->windows != NULL)
		windows_set_config(g->windows, config);
	if (g->spool != NULL)
		spool_set_config(g->spool, config);
	if (g->modems != NULL)
		fleet_set_config(g->modems, config);
}

void gateway_reloaded(struct gateway *g, bool taken)
{
	manager_reloaded(g->manager, taken);
}

const struct config *gateway_config(const struct gateway *g)
{
	return g->config;
}

/* ---- the way down ---- */

static void on_store_closed(void *arg)
{
	struct gateway *g = arg;

	g->store = NULL;
	if (g->dispatch != NULL)
		dispatch_close(g->dispatch);
	g->closed(g->closed_arg);
}

static void on_modems_closed(void *arg)
{
	struct gateway *g = arg;

	g->modems = NULL;
	if (g->store != NULL)
		store_close(g->store, on_store_closed, g);
	else
		on_store_closed(g);
}

static void on_api_closed(void *arg)
{
	struct gateway *g = arg;

	g->api = NULL;
	if (g->retention != NULL)
		retention_stop(g->retention);
	g->retention = NULL;
	if (g->windows != NULL)
		windows_stop(g->windows);
	g->windows = NULL;
	if (g->spool != NULL)
		spool_stop(g->spool);
	g->spool = NULL;
	if (g->dispatch != NULL)
		dispatch_stop(g->dispatch);
	if (g->modems != NULL)
		fleet_close(g->modems, AIR_GRACE_MS, on_modems_closed, g);
	else
		on_modems_closed(g);
}

void gateway_stop(struct gateway *g, void (*closed)(void *arg), void *arg)
{
	g->closed = closed;
	g->closed_arg = arg;
	if (g->manager != NULL)
		manager_stop(g->manager);
	g->manager = NULL;
	if (g->api != NULL)
		api_close(g->api, on_api_closed, g);
	else
		on_api_closed(g);
}

void gateway_free(struct gateway *g)
{
	if (g->dispatch != NULL)
		dispatch_free(g->dispatch);
	config_unref(g->config);
	free(g);
}
