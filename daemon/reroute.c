/* reroute.c - after a change of prefixes waiting messages get their new routes, a slice at a time.
 *
 * Meanwhile they can be sent by their old ones: a route is a prefix of its numbers, whoever sends
 * there now. Which prefixes the routes on disk stem from is remembered there, so that a start
 * without a change costs one look. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/dispatch_private.h"
#include "queue/db_route.h"

struct reroute {
	struct dispatch *dispatch;
	const struct config *config; /* counted */
	bool begun;
	struct route_walk walk, next; /* next: after this slice */
	unsigned changed;
};

static int slice_tx(struct db *db, void *arg)
{
	struct reroute *r = arg;
	bool stale = true;
	int err = r->begun ? 0 : db_route_is_stale(db, r->config, &stale);

	r->next = r->walk;
	if (err == 0 && !stale)
		r->next.done = true;
	return err < 0 || !stale ? err : db_route_walk(db, r->config, &r->next);
}

static void end(struct reroute *r, int status)
{
	struct dispatch *d = r->dispatch;
	bool again = d->reroute_again;

	if (status < 0 && status != -ECANCELED)
		log_error("cannot give waiting messages their modems by the new prefixes (%s): "
			  "restart simgate",
			  strerror(-status));
	if (r->changed > 0)
		log_info("%u waiting messages are for other modems by the new prefixes",
			 r->changed);
	for (size_t i = 0; i < d->n_routes && r->changed > 0; i++)
		sched_filled(d->routes[i].sched, false); /* its window does not know them all */
	d->reroute_running = d->reroute_again = false;
	config_unref(r->config);
	free(r);
	if (again)
		reroute_start(d);
	dispatch_pump(d);
}

static void on_slice(void *arg, int status)
{
	struct reroute *r = arg;

	if (status == 0) {
		r->begun = true;
		r->walk = r->next;
		r->changed += r->next.changed;
	}
	if (status == 0 && !r->walk.done && !r->dispatch->stopping)
		store_run(r->dispatch->store, STORE_NORMAL, slice_tx, on_slice, r);
	else
		end(r, status);
}

void reroute_start(struct dispatch *d)
{
	struct reroute *r;

	if (d->stopping)
		return;
	d->reroute_again = d->reroute_running;
	if (d->reroute_running)
		return;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return;
	r->dispatch = d;
	r->config = config_ref(d->config);
	d->reroute_running = true;
	store_run(d->store, STORE_NORMAL, slice_tx, on_slice, r);
}
