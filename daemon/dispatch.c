/* dispatch.c - what is due goes to whichever modem is free and may send it.
 *
 * The schedulers' windows hold ids and times; a tick (one transaction) promotes what is due,
 * expires what is late, delivers long received SMS that waited long enough and refills the
 * windows, then says when the next one is needed. There is one timer for it; while it runs, it
 * looks at the clock now and then, for that may be set. */
#include "daemon/dispatch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/choice.h"
#include "daemon/dispatch_private.h"
#include "daemon/standing.h"
#include "queue/db_route.h"
#include "service/long_sms.h"

enum { TICK_RETRY_MS = 1000, ROUTES_AT_ONCE = 64 };

/* What a route's window lacks. */
struct refill {
	int64_t route;
	struct due *items; /* max of them */
	size_t max, n;
	int64_t due_at; /* the next that is due later, 0: none */
};

struct tick {
	struct dispatch *dispatch;
	const struct config *config; /* counted */
	bool recover;
	unsigned recovered, resent;
	int64_t routes[ROUTES_AT_ONCE]; /* found on disk by a recovery */
	size_t n_routes;
	struct refill *refills;
	size_t n_refills;
	int64_t *expired;
	size_t n_expired;
	int64_t next_at; /* the next promotion, expiry or release, 0: none */
};

static void tick(struct dispatch *d);

/* ---- the tick's transaction ---- */

static int64_t sooner(int64_t a, int64_t b)
{
	if (a == 0 || b == 0)
		return a + b;
	return a < b ? a : b;
}

/* After a start: what was on the air is uncertain, and the sites' policy says what follows. */
static int recover(struct db *db, struct tick *t)
{
	int64_t *seqs = NULL;
	size_t n = 0;
	int err = db_attempt_recover(db, &t->recovered);

	t->resent = 0;
	if (err == 0)
		err = db_attempt_uncertain_messages(db, &seqs, &n);
	for (size_t i = 0; i < n && err == 0; i++) {
		struct message_row row;
		bool requeued = false;

		err = db_message_by_seq(db, seqs[i], &row);
		if (err == 0)
			err = outcome_apply_policy(db, t->config, &row, &requeued);
		t->resent += requeued;
	}
	free(seqs);
	return err < 0 ? err : db_route_list(db, -1, t->routes, ROUTES_AT_ONCE, &t->n_routes);
}

/* What time brings to messages and received parts. */
static int pass_time(struct db *db, struct tick *t)
{
	const struct rule rule = { .db = db, .config = t->config };
	int64_t now = db_now(db), promote_at = 0, expire_at = 0, release_at = 0;
	int err = db_message_promote(db, now, &promote_at);

	if (err == 0)
		err = db_message_expire(db, now, &t->expired, &t->n_expired, &expire_at);
	if (err == 0)
		err = long_release(&rule, &release_at);
	t->next_at = sooner(sooner(promote_at, expire_at), release_at);
	return err;
}

static int tick_tx(struct db *db, void *arg)
{
	struct tick *t = arg;
	int err = 0;

	free(t->expired);
	t->expired = NULL;
	t->n_expired = t->n_routes = 0;
	if (t->recover)
		err = recover(db, t);
	if (err == 0)
		err = pass_time(db, t);
	for (size_t i = 0; i < t->n_refills && err == 0; i++) {
		struct refill *refill = &t->refills[i];

		err = db_message_due(db, refill->route, db_now(db), refill->items, refill->max,
				     &refill->n, &refill->due_at);
	}
	return err;
}

/* ---- its life on the loop ---- */

static void on_timer(uv_timer_t *timer);

/* Timers count seconds, tick_at is a time of the day. */
static void arm(struct dispatch *d)
{
	int64_t left = d->tick_at - clock_now_ms();

	if (left > CLOCK_LOOK_MS)
		left = CLOCK_LOOK_MS;
	uv_timer_start(&d->timer, on_timer, left > 0 ? (uint64_t)left : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct dispatch *d = timer->data;

	if (clock_now_ms() < d->tick_at) {
		arm(d);
		return;
	}
	d->tick_at = 0;
	tick(d);
}

void dispatch_wake_at(struct dispatch *d, int64_t at)
{
	if (at == 0 || d->stopping || (d->tick_at != 0 && d->tick_at <= at))
		return;
	d->tick_at = at;
	arm(d);
}

static void tick_free(struct tick *t)
{
	config_unref(t->config);
	for (size_t i = 0; i < t->n_refills; i++)
		free(t->refills[i].items);
	free(t->refills);
	free(t->expired);
	free(t);
}

static void take_refill(struct dispatch *d, const struct refill *refill)
{
	struct route *route = choice_route(d, refill->route);

	if (route == NULL)
		return;
	for (size_t i = 0; i < refill->n; i++)
		choice_add(d, &refill->items[i]);
	sched_filled(route->sched, refill->n < refill->max);
	route->refill_at = refill->due_at;
}

static void tick_apply(struct dispatch *d, const struct tick *t)
{
	if (t->recovered > 0)
		log_warn("%u messages were on the air when simgate stopped and are uncertain; %u "
			 "of them are sent again by the sites' on_uncertain policy",
			 t->recovered, t->resent);
	for (size_t i = 0; i < t->n_expired; i++)
		choice_forget(d, t->expired[i]);
	for (size_t i = 0; i < t->n_routes; i++)
		choice_route(d, t->routes[i]); /* new ones want their refill */
	for (size_t i = 0; i < t->n_refills; i++)
		take_refill(d, &t->refills[i]);
	dispatch_wake_at(d, t->next_at);
	for (size_t i = 0; i < d->n_routes; i++) { /* whatever the timer was for */
		dispatch_wake_at(d, d->routes[i].refill_at);
		dispatch_wake_at(d, sched_avoided_till(d->routes[i].sched, clock_now_ms()));
	}
}

static void on_tick(void *arg, int status)
{
	struct tick *t = arg;
	struct dispatch *d = t->dispatch;
	bool first = t->recover && status == 0;

	d->tick_running = false;
	if (status == 0) {
		tick_apply(d, t);
		d->recovered = true;
	} else if (status != -ECANCELED) {
		log_error("cannot read the queue (%s); trying again", strerror(-status));
		dispatch_wake_at(d, clock_now_ms() + TICK_RETRY_MS);
	}
	tick_free(t);
	if (first)
		reroute_start(d);
	dispatch_pump(d);
}

static bool wants_refill(const struct route *route, int64_t now)
{
	return sched_wants_refill(route->sched) ||
	       (route->refill_at != 0 && route->refill_at <= now);
}

/* False: no memory. */
static bool ask_refills(struct dispatch *d, struct tick *t)
{
	int64_t now = clock_now_ms();

	t->refills = calloc(d->n_routes > 0 ? d->n_routes : 1, sizeof(*t->refills));
	if (t->refills == NULL)
		return false;
	for (size_t i = 0; i < d->n_routes; i++) {
		const struct route *route = &d->routes[i];
		struct refill *refill = &t->refills[t->n_refills];

		if (!wants_refill(route, now))
			continue;
		refill->items = calloc(route->window, sizeof(*refill->items));
		if (refill->items == NULL)
			return false;
		refill->route = route->id;
		refill->max = route->window;
		t->n_refills++;
	}
	return true;
}

static void tick(struct dispatch *d)
{
	struct tick *t;

	if (d->tick_running || d->stopping)
		return;
	t = calloc(1, sizeof(*t));
	if (t == NULL || !ask_refills(d, t)) {
		if (t != NULL)
			tick_free(t);
		dispatch_wake_at(d, clock_now_ms() + TICK_RETRY_MS);
		return;
	}
	t->dispatch = d;
	t->config = config_ref(d->config);
	t->recover = !d->recovered;
	d->tick_running = true;
	store_run(d->store, STORE_FIRST, tick_tx, on_tick, t);
}

/* ---- who sends what ---- */

struct lane *dispatch_lane(struct dispatch *d, const struct session *session)
{
	for (size_t i = 0; i < d->n_lanes; i++)
		if (d->lanes[i].session == session)
			return &d->lanes[i];
	return NULL;
}

void dispatch_pump(struct dispatch *d)
{
	int64_t now = clock_now_ms();
	bool refill = false;

	if (d->stopping || !d->recovered)
		return;
	choice_pump(d, now);
	for (size_t i = 0; i < d->n_routes; i++) {
		int64_t wait_ms = sched_wait_ms(d->routes[i].sched, now);

		if (wait_ms > 0)
			dispatch_wake_at(d, now + wait_ms);
		refill = refill || sched_wants_refill(d->routes[i].sched);
	}
	if (refill)
		tick(d);
}

/* It is not in the window: the tick of its time brings it there. */
static void refill_at(struct dispatch *d, const struct due *due)
{
	struct route *route = choice_route(d, due->route);

	if (route != NULL)
		route->refill_at = sooner(route->refill_at, due->due_at);
	dispatch_wake_at(d, due->due_at);
}

void dispatch_queued(void *arg, const struct due *items, size_t n)
{
	struct dispatch *d = arg;
	int64_t now = clock_now_ms();

	for (size_t i = 0; i < n; i++) {
		dispatch_wake_at(d, items[i].submit_by);
		if (items[i].due_at > now) {
			refill_at(d, &items[i]);
			continue;
		}
		choice_add(d, &items[i]);
		for (size_t k = 0; k < d->n_lanes; k++)
			if (choice_fits(&d->lanes[k], &items[i]))
				lane_yield(&d->lanes[k], &items[i]);
	}
	dispatch_pump(d);
}

/* ---- what the modems tell ---- */

/* A SIM that lets the modem search for a network took its PIN. */
static void note_pin(struct lane *lane)
{
	const struct modem_status *status = session_status(lane->session);

	if (!lane->pin_tried)
		return;
	if (status->state != MODEM_SEARCHING && status->state != MODEM_READY)
		return;
	lane->pin_tried = false;
	pin_worked(lane->dispatch, lane->session, status->iccid);
}

/* Those that are there at the start come with dispatch_start. */
static void on_added(void *arg, struct session *session)
{
	struct dispatch *d = arg;

	if (d->lanes == NULL || d->stopping || d->n_lanes == d->max_lanes)
		return;
	lane_init(&d->lanes[d->n_lanes], d, session, d->n_lanes);
	d->n_lanes++;
	choice_reach(d);
}

static void on_changed(void *arg, struct session *session)
{
	struct dispatch *d = arg;
	struct lane *lane = dispatch_lane(d, session);

	if (lane == NULL)
		return;
	modem_log_changed(d->log, session_status(session));
	note_pin(lane);
	standing_changed(lane);
	balance_changed(lane);
	lane_advance(lane);
	dispatch_pump(d);
}

static void on_send_done(void *arg, struct session *session, const struct send_outcome *outcome)
{
	struct lane *lane = dispatch_lane(arg, session);

	if (lane != NULL)
		lane_send_done(lane, outcome);
}

/* While others end, its last outcome may still be on its way to disk. */
static void on_gone(void *arg, struct session *session)
{
	struct lane *lane = dispatch_lane(arg, session);

	if (lane != NULL)
		lane_modem_gone(lane);
}

static void on_inbound(void *arg, struct session *session, const struct session_inbound *in)
{
	inbound_received(arg, session, in);
}

static void on_late_reply(void *arg, struct session *session, int reference)
{
	inbound_late_reply(arg, session, reference);
}

static void on_call(void *arg, struct session *session, const char *number, int type)
{
	inbound_call(arg, session, number, type);
}

static void on_pin_wanted(void *arg, struct session *session, const char *iccid, int tries_left)
{
	struct lane *lane = dispatch_lane(arg, session);

	if (lane != NULL)
		lane->pin_tried = true;
	pin_wanted(arg, session, iccid, tries_left);
}

const struct session_events dispatch_session_events = {
	.added = on_added,
	.changed = on_changed,
	.send_done = on_send_done,
	.late_reply = on_late_reply,
	.inbound = on_inbound,
	.call = on_call,
	.pin_wanted = on_pin_wanted,
	.gone = on_gone,
};

/* ---- life ---- */

struct dispatch *dispatch_new(uv_loop_t *loop, const struct config *config)
{
	struct dispatch *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->loop = loop;
	d->config = config_ref(config);
	uv_timer_init(loop, &d->timer);
	d->timer.data = d;
	return d;
}

int dispatch_start(struct dispatch *d, struct store *store, struct control *modems)
{
	size_t n = control_count(modems), max = fleet_max(modems);

	d->store = store;
	d->lanes = calloc(max > 0 ? max : 1, sizeof(*d->lanes));
	if (d->lanes == NULL)
		return -ENOMEM;
	d->n_lanes = n;
	d->max_lanes = max;
	for (size_t i = 0; i < n; i++)
		lane_init(&d->lanes[i], d, fleet_session(modems, i), i);
	d->log = modem_log_new(d->loop, d->config, store, modems);
	if (d->log == NULL)
		return -ENOMEM;
	tick(d);
	return 0;
}

void dispatch_set_config(struct dispatch *d, const struct config *config)
{
	config_unref(d->config);
	d->config = config_ref(config);
	choice_reach(d);
	for (size_t i = 0; i < d->n_lanes; i++) {
		standing_look(&d->lanes[i]);
		balance_changed(&d->lanes[i]);
	}
	if (d->recovered)
		reroute_start(d);
	dispatch_pump(d);
	if (d->log != NULL)
		modem_log_set_config(d->log, config);
}

void dispatch_stop(struct dispatch *d)
{
	d->stopping = true;
	modem_log_close(d->log);
	d->log = NULL;
	uv_timer_stop(&d->timer);
}

void dispatch_close(struct dispatch *d)
{
	for (size_t i = 0; i < d->n_lanes; i++)
		lane_close(&d->lanes[i]);
	uv_close((uv_handle_t *)&d->timer, NULL);
}

void dispatch_free(struct dispatch *d)
{
	choice_free(d);
	config_unref(d->config);
	free(d->lanes);
	free(d);
}
