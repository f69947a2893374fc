/* dispatch_private.h - shared by the files behind dispatch.h:
 *
 * dispatch.c   what is due: ticks, and what the modems tell
 * choice.c     routes, and which lane sends what
 * lane.h       one modem's sending
 * outcome.c    what an outcome means on disk
 * reports.c    delivery reports; inbound.c  everything else that comes in */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/dispatch.h"
#include "daemon/lane.h"
#include "queue/db_event.h"
#include "queue/db_report.h"
#include "queue/sched.h"

/* Waiting messages that the same modems may send (config/route.h). */
struct route {
	int64_t id;
	struct sched *sched;
	size_t window;
	int64_t refill_at;         /* a message on disk, not in the window, is due then; 0: none */
	unsigned *reach;           /* of each lane; 0: it may not send here */
	unsigned best[QUOTA_USES]; /* the highest reach of the lanes that can send now */
};

struct dispatch {
	uv_loop_t *loop;
	const struct config *config; /* counted */
	struct store *store;
	struct lane *lanes;
	size_t n_lanes, max_lanes;
	struct route *routes;
	size_t n_routes;
	bool recovered; /* what was on the air before the start is accounted for */
	bool stopping, tick_running, reroute_running, reroute_again;
	int64_t tick_at; /* wall time of the next tick; 0: none is needed */
	uv_timer_t timer;
};

/* dispatch.c */
void dispatch_pump(struct dispatch *d);
void dispatch_wake_at(struct dispatch *d, int64_t at); /* a tick is needed then; 0: not */
struct lane *dispatch_lane(struct dispatch *d, const struct session *session);

/* reroute.c: messages get the routes that config gives them, in slices, if it has changed. */
void reroute_start(struct dispatch *d);

/* unrecorded.c: the list lane->unrecorded */
void unrecorded_keep(struct lane *lane, struct step *step, int status); /* of a step with an end */
void unrecorded_again(struct lane *lane);
void unrecorded_free(struct lane *lane);

/* outcome.c: transactions */
int outcome_step(struct db *db, void *step);

/* May this uncertain message be queued again? If so it is. */
int outcome_apply_policy(struct db *db, const struct config *config, struct message_row *row,
			 bool *requeued);

/* Moves a message on when every part of its newest set is accepted, delivered or undelivered. */
/* undelivered (may be NULL): why, where a report says that one is not. */
int outcome_settle(struct db *db, struct message_row *row, const struct message_cause *undelivered);

/* reports.c: transactions. A report's word on an attempt becomes its message's. */
int reports_apply(struct db *db, const struct attempt_row *attempt, int reference, int status);
/* Its attempt is found and told, or it is kept. *known: found; *is_new: kept for the first time. */
int reports_take(struct db *db, struct report_row *report, bool *known, bool *is_new);
/* The attempt's reference is known now, or nothing more will be: reports that came before it. */
int reports_match(struct db *db, int64_t attempt, const char *sim);

/* inbound.c */
void inbound_received(struct dispatch *d, struct session *session,
		      const struct session_inbound *in);
void inbound_late_reply(struct dispatch *d, struct session *session, int reference);
void inbound_call(struct dispatch *d, struct session *session, const char *number, int type);

/* notice.c: an event of its own; strings are copied. */
void notice(struct dispatch *d, const struct event_new *event);

/* pin.c */
void pin_wanted(struct dispatch *d, struct session *session, const char *iccid, int tries_left);
void pin_worked(struct dispatch *d, struct session *session, const char *iccid);
