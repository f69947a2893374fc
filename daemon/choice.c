/* choice.c - which lane sends what.
 *
 * A route's messages may be sent by every lane that reaches it; those of the longest fitting prefix
 * are preferred, and the others send only while none of them can (away, paused, its limit used up).
 * A message that a lane failed at is left to the others while one of those can, and its back-off
 * holds for that lane alone while another one will be able before its end. Among equals the
 * idle one is first, then the one with more of its limits left, then the one that rested longest.
 *
 * Each route has a scheduler of its own, so a lane never walks over what it may not send; where a
 * few messages avoid it, a search looks at a bounded number (sched_find). */
#include "daemon/choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/route.h"
#include "daemon/dispatch_private.h"
#include "daemon/standing.h"

enum { ROUTES_OF_FULL_WINDOW = 4 };

/* ---- routes ---- */

static struct route *find(const struct dispatch *d, int64_t id)
{
	for (size_t i = 0; i < d->n_routes; i++)
		if (d->routes[i].id == id)
			return &d->routes[i];
	return NULL;
}

static void fill_reach(const struct dispatch *d, struct route *route)
{
	for (size_t i = 0; i < d->n_lanes; i++)
		route->reach[i] =
			config_route_reach(config_modem(d->config, d->lanes[i].modem), route->id);
}

static unsigned best_of(const struct dispatch *d, const struct route *route, enum quota_use use,
			uint64_t avoid)
{
	unsigned best = 0;

	for (size_t i = 0; i < d->n_lanes; i++) {
		const struct lane *lane = &d->lanes[i];

		if (lane->standing.able[use] && (lane->bit & avoid) == 0 && route->reach[i] > best)
			best = route->reach[i];
	}
	return best;
}

static void fill_best(const struct dispatch *d, struct route *route)
{
	for (int use = 0; use < QUOTA_USES; use++)
		route->best[use] = best_of(d, route, (enum quota_use)use, 0);
}

static bool route_make(const struct dispatch *d, struct route *route, int64_t id)
{
	memset(route, 0, sizeof(*route));
	route->id = id;
	route->window = d->n_routes < ROUTES_OF_FULL_WINDOW ? SCHED_WINDOW : SCHED_WINDOW / 4;
	route->sched = sched_new(route->window);
	route->reach = calloc(d->max_lanes > 0 ? d->max_lanes : 1, sizeof(*route->reach));
	if (route->sched == NULL || route->reach == NULL) {
		sched_free(route->sched);
		free(route->reach);
		return false;
	}
	fill_reach(d, route);
	fill_best(d, route);
	return true;
}

struct route *choice_route(struct dispatch *d, int64_t id)
{
	struct route *route = find(d, id), *grown;

	if (route != NULL)
		return route;
	grown = realloc(d->routes, (d->n_routes + 1) * sizeof(*grown));
	if (grown == NULL)
		return NULL;
	d->routes = grown;
	if (!route_make(d, &grown[d->n_routes], id))
		return NULL;
	return &grown[d->n_routes++];
}

void choice_reach(struct dispatch *d)
{
	for (size_t i = 0; i < d->n_routes; i++) {
		fill_reach(d, &d->routes[i]);
		fill_best(d, &d->routes[i]);
	}
}

void choice_free(struct dispatch *d)
{
	for (size_t i = 0; i < d->n_routes; i++) {
		sched_free(d->routes[i].sched);
		free(d->routes[i].reach);
	}
	free(d->routes);
}

/* A message changes its route when the prefixes change: it must not stand in two. */
void choice_add(struct dispatch *d, const struct due *due)
{
	struct route *route = choice_route(d, due->route);

	if (route == NULL)
		return; /* no memory: the next refill finds it */
	for (size_t i = 0; i < d->n_routes; i++)
		if (d->routes[i].id != due->route)
			sched_forget(d->routes[i].sched, due->seq);
	sched_add(route->sched, due);
}

void choice_release(struct dispatch *d, const struct due *due)
{
	const struct route *route = find(d, due->route);

	if (route != NULL)
		sched_release(route->sched, due->seq);
}

void choice_forget(struct dispatch *d, int64_t seq)
{
	for (size_t i = 0; i < d->n_routes; i++)
		sched_forget(d->routes[i].sched, seq);
}

/* ---- who may ---- */

/* Modems come and go, limits open and close: routes follow. */
static void refresh(struct dispatch *d, int64_t now)
{
	bool changed = false;

	for (size_t i = 0; i < d->n_lanes; i++) {
		d->lanes[i].asked = false;
		for (int use = 0; use < QUOTA_USES; use++) {
			struct lane *lane = &d->lanes[i];
			bool able = standing_allows_at(lane, (enum quota_use)use, now) ||
				    standing_is_unknown(lane); /* busy: the others wait */

			changed = changed || able != lane->standing.able[use];
			lane->standing.able[use] = able;
		}
	}
	for (size_t i = 0; i < d->n_routes && changed; i++)
		fill_best(d, &d->routes[i]);
}

static bool fits_route(const struct lane *lane, const struct route *route, const struct due *due)
{
	enum quota_use use = standing_use(due->rank);
	unsigned reach = route->reach[lane->index], others;

	if (!lane->standing.able[use] || reach == 0 || standing_is_unknown(lane))
		return false;
	if (due->avoid == 0)
		return reach == route->best[use];
	if ((due->avoid & lane->bit) != 0 && due->avoid_till > clock_now_ms())
		return false; /* its back-off; meanwhile another one may send it */
	others = best_of(lane->dispatch, route, use, due->avoid);
	if (others == 0) /* all that could have failed at it */
		return reach == route->best[use];
	return (due->avoid & lane->bit) == 0 && reach == others;
}

bool choice_fits(const struct lane *lane, const struct due *due)
{
	const struct route *route = find(lane->dispatch, due->route);

	return route != NULL && fits_route(lane, route, due);
}

int64_t choice_elsewhere(const struct lane *lane, const struct due *due)
{
	const struct dispatch *d = lane->dispatch;
	const struct route *route = find(d, due->route);
	int64_t now = clock_now_ms(), soonest = INT64_MAX;

	if (route == NULL || d->stopping) /* then sessions end one after another */
		return INT64_MAX;
	for (size_t i = 0; i < d->n_lanes; i++) {
		const struct lane *other = &d->lanes[i];
		int64_t at = standing_opens_at(other, standing_use(due->rank), now);

		if (other != lane && (other->bit & due->avoid) == 0 && route->reach[i] > 0 &&
		    at < soonest)
			soonest = at;
	}
	return soonest;
}

/* ---- who does ---- */

struct search {
	const struct lane *lane;
	const struct route *route;
};

static bool fits_search(void *arg, const struct due *due)
{
	const struct search *search = arg;

	return fits_route(search->lane, search->route, due);
}

/* The first message of all routes that fits the lane is loaded. */
static bool give_one(struct dispatch *d, struct lane *lane, int64_t now)
{
	struct route *from = NULL;
	struct due best, due;

	for (size_t i = 0; i < d->n_routes; i++) {
		struct search search = { lane, &d->routes[i] };

		if (d->routes[i].reach[lane->index] == 0 ||
		    !sched_find(d->routes[i].sched, now, fits_search, &search, &due))
			continue;
		if (from != NULL && sched_order(&due, &best) > 0)
			continue;
		from = &d->routes[i];
		best = due;
	}
	if (from == NULL)
		return false;
	sched_fly(from->sched, best.seq);
	lane_load(lane, &best);
	return true;
}

/* Does a come before b? */
static bool is_less_loaded(const struct lane *a, const struct lane *b)
{
	bool a_idle = lane_is_idle(a), b_idle = lane_is_idle(b);

	if (a_idle != b_idle)
		return a_idle;
	if (a->standing.quota.fill != b->standing.quota.fill)
		return a->standing.quota.fill < b->standing.quota.fill;
	return a->begun_at < b->begun_at;
}

/* The least loaded lane that wants, of those not asked yet. */
static struct lane *next_lane(struct dispatch *d)
{
	struct lane *best = NULL;

	for (size_t i = 0; i < d->n_lanes; i++)
		if (!d->lanes[i].asked && lane_wants(&d->lanes[i]) &&
		    (best == NULL || is_less_loaded(&d->lanes[i], best)))
			best = &d->lanes[i];
	return best;
}

/* What waits behind a part on another modem goes at once on one that has nothing to do. */
static bool take_over(struct dispatch *d, struct lane *idle, int64_t now)
{
	for (size_t i = 0; i < d->n_lanes; i++)
		if (&d->lanes[i] != idle && lane_hand_back(&d->lanes[i], idle))
			return give_one(d, idle, now);
	return false;
}

void choice_pump(struct dispatch *d, int64_t now)
{
	struct lane *lane;

	refresh(d, now);
	while ((lane = next_lane(d)) != NULL) {
		lane->asked = true;
		if (give_one(d, lane, now))
			continue;
		if (lane_is_idle(lane) && take_over(d, lane, now))
			continue;
		standing_idle(lane);
	}
}
