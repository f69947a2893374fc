/* service_manager.c - readiness, status and watchdog for systemd, and its sockets.
 *
 *   probe   a transaction that does nothing goes through the store's writer and comes back to the
 *           loop; while one is on its way no other is started
 *   ready   after the first that came back well; one that failed is tried again after a second
 *   feed    after each that came back, well or not: a full disk is told elsewhere, and a restart
 *           would not free it. If loop or store stand still, none comes back and systemd acts
 *   status  a second after events, if its words have changed
 *
 * The probes of the watchdog come three times in its span. */
#include "daemon/service_manager.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"

enum { SECOND_MS = 1000, WORDS_SIZE = 320, STATUS_SIZE = 480, FEEDS = 3, HANDLES = 2 };

struct manager {
	struct store *store;
	const struct control *modems;
	uv_timer_t probe_timer, status_timer;
	bool told; /* somebody listens: NOTIFY_SOCKET */
	bool ready, probing, stopping;
	bool bad_reload; /* the last one was refused */
	unsigned closed; /* handles */
	char status[STATUS_SIZE];
};

/* ---- sockets ---- */

static int family_of(int fd)
{
	int family = AF_UNSPEC;
	socklen_t size = sizeof(family);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
	return family;
}

int manager_sockets(struct manager_sockets *sockets, char *why, size_t why_size)
{
	int n = sd_listen_fds(1);

	*sockets = (struct manager_sockets){ .api = -1, .metrics = -1 };
	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
		int family = family_of(fd);
		int *place = family == AF_UNIX ? &sockets->api : &sockets->metrics;

		if (*place >= 0 || (family != AF_UNIX && family != AF_INET && family != AF_INET6)) {
			snprintf(why, why_size,
				 "systemd handed over a socket that there is no use for: one Unix "
				 "socket for the API and one TCP socket for /metrics, see "
				 "simgated.socket and simgated-metrics.socket");
			return -1;
		}
		*place = fd;
	}
	return 0;
}

/* ---- status ---- */

static bool is_usable(const struct modem_status *status)
{
	return status->state == MODEM_READY || status->state == MODEM_SENDING;
}

/* How many modems are ready, and of the first that is not, why. */
static void modem_words(const struct control *modems, char *out, size_t size)
{
	size_t n = control_count(modems), ready = 0;
	const struct modem_status *other = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct modem_status *status = control_at(modems, i);

		ready += is_usable(status);
		if (!is_usable(status) && other == NULL)
			other = status;
	}
	if (n == 0)
		snprintf(out, size, "no modem is there");
	else if (other == NULL)
		snprintf(out, size, "%zu of %zu modems ready", ready, n);
	else
		snprintf(out, size, "%zu of %zu modems ready; %s %s%s%s", ready, n, other->name,
			 modem_state_name(other->state), other->why[0] != '\0' ? ": " : "",
			 other->why);
}

static void status_words(const struct manager *m, char out[static STATUS_SIZE])
{
	char modems[WORDS_SIZE];
	struct store_stats stats;

	if (!m->ready) {
		snprintf(out, STATUS_SIZE, "waiting for the database");
		return;
	}
	store_stats(m->store, &stats);
	modem_words(m->modems, modems, sizeof(modems));
	snprintf(out, STATUS_SIZE, "%s%s; %" PRId64 " messages under way",
		 m->bad_reload ? "the new configuration has a problem and is not in force; " : "",
		 modems, stats.live_messages);
}

static void tell_status(struct manager *m)
{
	char status[STATUS_SIZE];

	status_words(m, status);
	if (strcmp(status, m->status) == 0)
		return;
	memcpy(m->status, status, sizeof(status));
	sd_notifyf(0, "STATUS=%s", status);
}

static void on_status_timer(uv_timer_t *timer)
{
	tell_status(timer->data);
}

void manager_events(struct manager *m)
{
	if (m->told && !m->stopping && !uv_is_active((uv_handle_t *)&m->status_timer))
		uv_timer_start(&m->status_timer, on_status_timer, SECOND_MS, 0);
}

/* ---- probes ---- */

static void on_probe_timer(uv_timer_t *timer);

static void free_if_over(struct manager *m)
{
	if (m->stopping && m->closed == HANDLES && !m->probing)
		free(m);
}

static void after_ready(struct manager *m)
{
	uint64_t watchdog_us = 0, every;

	m->ready = true;
	sd_notify(0, "READY=1");
	tell_status(m);
	if (sd_watchdog_enabled(0, &watchdog_us) <= 0)
		return;
	every = watchdog_us / 1000 / FEEDS;
	uv_timer_start(&m->probe_timer, on_probe_timer, every, every > 0 ? every : 1);
}

static int probe_tx(struct db *db, void *arg)
{
	(void)db;
	(void)arg;
	return 0;
}

static void on_probed(void *arg, int status)
{
	struct manager *m = arg;

	m->probing = false;
	if (m->stopping) {
		free_if_over(m);
	} else if (m->ready) {
		sd_notify(0, "WATCHDOG=1");
		tell_status(m); /* what no event told */
	} else if (status == 0) {
		after_ready(m);
	} else {
		log_error("the database is not usable yet (%s): not ready", strerror(-status));
		tell_status(m);
		uv_timer_start(&m->probe_timer, on_probe_timer, SECOND_MS, 0);
	}
}

static void probe(struct manager *m)
{
	if (m->probing)
		return;
	m->probing = true;
	store_run(m->store, STORE_FIRST, probe_tx, on_probed, m);
}

static void on_probe_timer(uv_timer_t *timer)
{
	probe(timer->data);
}

/* ---- start, reload, stop ---- */

struct manager *manager_start(uv_loop_t *loop, struct store *store, const struct control *modems)
{
	struct manager *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->store = store;
	m->modems = modems;
	m->told = getenv("NOTIFY_SOCKET") != NULL;
	uv_timer_init(loop, &m->probe_timer);
	m->probe_timer.data = m;
	uv_timer_init(loop, &m->status_timer);
	m->status_timer.data = m;
	probe(m);
	return m;
}

void manager_reloading(void)
{
	sd_notify(0, "RELOADING=1");
}

void manager_reloaded(struct manager *m, bool taken)
{
	m->bad_reload = !taken;
	if (m->ready)
		sd_notify(0, "READY=1");
	tell_status(m);
}

static void on_closed(uv_handle_t *handle)
{
	struct manager *m = handle->data;

	m->closed++;
	free_if_over(m);
}

void manager_stop(struct manager *m)
{
	m->stopping = true;
	sd_notify(0, "STOPPING=1\n"
		     "STATUS=stopping: the message on the air is finished, the rest is on disk");
	uv_close((uv_handle_t *)&m->probe_timer, on_closed);
	uv_close((uv_handle_t *)&m->status_timer, on_closed);
}
