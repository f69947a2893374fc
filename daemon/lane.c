/* lane.c - one modem's sending: a message is loaded ahead, its parts go out one after another.
 *
 * Steps: dispatch gives a due message (lane_load) -> it is read from disk and waits as `next` ->
 * when the modem is free AT+CMGS goes out while a transaction records the outcome of the flight
 * before and the attempt of this one (step.c) -> its COMMIT releases the payload -> send_done. A
 * message that waits goes back to all lanes when the modem goes away, when a limit closes, when
 * something more urgent comes, or when another lane has nothing to do. */
#include "daemon/lane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "daemon/choice.h"
#include "daemon/dispatch_private.h"
#include "daemon/standing.h"
#include "daemon/step.h"

enum { AVOID_BITS = 64 };

static void on_timer(uv_timer_t *timer);

void lane_init(struct lane *lane, struct dispatch *d, struct session *session, size_t index)
{
	const struct modem_status *status = session_status(session);

	memset(lane, 0, sizeof(*lane));
	lane->dispatch = d;
	lane->session = session;
	lane->index = index;
	lane->bit = index < AVOID_BITS ? (uint64_t)1 << index : 0;
	snprintf(lane->modem, sizeof(lane->modem), "%s", status->name);
	snprintf(lane->sim, sizeof(lane->sim), "%.23s", status->name);
	uv_timer_init(d->loop, &lane->timer);
	lane->timer.data = lane;
	balance_init(lane);
	session_show_sending(session, &lane->standing.shown);
}

void job_free(struct job *job)
{
	if (job == NULL)
		return;
	secret_free(job->text);
	config_unref(job->config);
	free(job);
}

void job_release(struct job *job)
{
	choice_release(job->lane->dispatch, &job->due);
	job_free(job);
}

static bool is_free(const struct lane *lane)
{
	return lane->loading == NULL && lane->next == NULL && lane->held == NULL;
}

bool lane_wants(const struct lane *lane)
{
	const bool *able = lane->standing.able;

	return is_free(lane) && (able[QUOTA_CODES] || able[QUOTA_OTHERS]);
}

bool lane_is_idle(const struct lane *lane)
{
	return lane_wants(lane) && lane->air == NULL && lane->session != NULL &&
	       session_can_send(lane->session);
}

/* One timer serves all waits of a lane: the soonest. A held part whose time has come waits for the
 * modem, which tells when it is free, and not for the timer. */
void lane_arm(struct lane *lane)
{
	int64_t now = clock_mono_ms(), at = standing_wake_at(lane);

	if (lane->held != NULL && lane->held_until > now && lane->held_until < at)
		at = lane->held_until;
	if (lane->unrecorded != NULL && lane->record_at < at)
		at = lane->record_at;
	if (at == INT64_MAX || lane->session == NULL)
		uv_timer_stop(&lane->timer);
	else
		uv_timer_start(&lane->timer, on_timer, at > now ? (uint64_t)(at - now) : 0, 0);
}

/* The loaded message waits for any lane again. */
static void give_back(struct lane *lane)
{
	struct job *job = lane->next;
	struct due due = job->due;

	lane->next = NULL;
	job_release(job);
	choice_add(lane->dispatch, &due);
}

void lane_yield(struct lane *lane, const struct due *due)
{
	if (lane->next != NULL && lane->next->due.rank > due->rank)
		give_back(lane);
	if (lane->loading != NULL && lane->loading->due.rank > due->rank)
		lane->yield_loading = true;
}

bool lane_hand_back(struct lane *lane, const struct lane *to)
{
	if (lane->next == NULL || lane->air == NULL || !choice_fits(to, &lane->next->due))
		return false;
	give_back(lane);
	return true;
}

/* ---- loading ---- */

static int look_at_limits(struct db *db, struct job *job)
{
	const struct quota_limits limits = standing_limits(job->config, job->lane->modem);

	return step_look(db, job->sim, &limits, &job->row, &job->quota);
}

/* Reads all that is needed to send; a message that must not be sent any more is marked gone. */
static int load(struct db *db, void *arg)
{
	struct job *job = arg;
	int64_t counter;
	int err;

	job->gone = false;
	secret_free(job->text);
	job->text = NULL;
	err = db_message_by_seq(db, job->due.seq, &job->row);
	if (err == -ENOENT ||
	    (err == 0 && (job->row.state != MSG_QUEUED || job->row.submit_by <= db_now(db)))) {
		job->gone = true;
		return 0;
	}
	if (err == 0)
		err = db_message_text(db, &job->row, &job->text);
	if (err == 0)
		err = db_number_get(db, job->row.number, job->to);
	if (err == 0 && job->row.parts > 1) {
		err = db_meta_next(db, "concat_reference", &counter);
		job->reference = (unsigned)counter & 0xff;
	}
	return err == 0 ? look_at_limits(db, job) : err;
}

/* It waits for its turn, unless it came in vain. */
static void loaded(struct lane *lane, struct job *job)
{
	if (strcmp(job->sim, lane->sim) == 0)
		standing_quota(lane, &job->quota);
	lane->next = job;
	if (lane->yield_loading)
		give_back(lane);
	lane_arm(lane);
	lane_advance(lane);
}

static void on_loaded(void *arg, int status)
{
	struct job *job = arg;
	struct lane *lane = job->lane;
	struct dispatch *d = lane->dispatch;

	lane->loading = NULL;
	if (status == 0 && !job->gone)
		status = gsm_shape(&job->shape, job->text, job->row.encoding, false);
	if (status == 0 && !job->gone && !d->stopping) {
		loaded(lane, job);
		dispatch_pump(d);
		return;
	}
	if (status < 0 && status != -ECANCELED)
		log_write(LOG_LEVEL_ERROR,
			  &(struct log_tags){ .kind = LOG_KIND_SEND, .id = job->row.id },
			  "cannot read the message from the database: %s", strerror(-status));
	job_release(job);
	dispatch_pump(d);
}

void lane_load(struct lane *lane, const struct due *due)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL) {
		choice_release(lane->dispatch, due);
		return;
	}
	job->lane = lane;
	job->due = *due;
	job->config = config_ref(lane->dispatch->config);
	memcpy(job->sim, lane->sim, sizeof(job->sim));
	lane->loading = job;
	lane->yield_loading = false;
	store_run(lane->dispatch->store, STORE_FIRST, load, on_loaded, job);
}

/* ---- handing parts to the modem ---- */

static int64_t validity_left(const struct message_row *row)
{
	int64_t left = row->deadline - clock_now_ms();

	if (row->life_ms > 0 && row->first_submit_at == 0 && left > row->life_ms)
		left = row->life_ms;
	return left > 1 ? left : 1;
}

static bool wants_report(const struct lane *lane, const struct job *job)
{
	const struct config_modem *modem = config_modem(lane->dispatch->config, lane->modem);
	enum config_reports reports = modem == NULL ? REPORTS_AUTO : modem->reports;

	return reports == REPORTS_ALWAYS || (reports == REPORTS_AUTO && job->row.report);
}

static struct flight *flight_new(const struct lane *lane, struct job *job, unsigned *length)
{
	struct flight *flight = calloc(1, sizeof(*flight));
	struct pdu_submit submit = {
		.to = job->to,
		.text = job->text,
		.shape = &job->shape,
		.part = job->part,
		.reference = job->reference,
		.report = wants_report(lane, job),
		.validity_ms = lane->standing.no_validity ? 0 : validity_left(&job->row),
		.message_class = -1,
	};

	if (flight == NULL || pdu_encode_submit(&submit, flight->hex, length) < 0) {
		free(flight);
		return NULL;
	}
	flight->job = job;
	flight->part = job->part;
	flight->asked = submit.report;
	memcpy(flight->sim, lane->sim, sizeof(flight->sim));
	return flight;
}

/* Puts the job's next part on the air; ended (may be NULL) is recorded with its claim. */
static void begin(struct lane *lane, struct job *job, struct flight *ended)
{
	struct session_part part = { .more = lane->next != NULL || lane->loading != NULL ||
					     job->part + 1 < job->shape.n_parts };
	struct flight *flight = flight_new(lane, job, &part.length);

	if (flight == NULL) {
		log_write(LOG_LEVEL_ERROR,
			  &(struct log_tags){ .kind = LOG_KIND_SEND, .id = job->row.id },
			  "cannot build the message's PDU; it stays queued until it expires");
		job_release(job);
		if (ended != NULL)
			step_run(step_new(lane, ended, NULL));
		return;
	}
	part.pdu = flight->hex;
	lane->air = flight;
	lane->begun_at = clock_mono_ms();
	session_send(lane->session, &part);
	step_run(step_new(lane, ended, flight));
	if (lane->next == NULL)
		dispatch_pump(lane->dispatch);
}

/* What may begin now: a part that is tried again, else the loaded message. A set that has begun is
 * not held up by limits: all its parts were counted in before. */
static struct job *take_ready(struct lane *lane)
{
	struct job *job = lane->held != NULL ? lane->held : lane->next;

	if (lane->dispatch->stopping || lane->standing.paused_until != 0 ||
	    lane->unrecorded != NULL || balance_holds(lane))
		return NULL;
	if (lane->held != NULL && lane->held_until > clock_mono_ms())
		return NULL;
	if (lane->held != NULL)
		lane->held = NULL;
	else
		lane->next = NULL;
	return job;
}

/* The modem is away: a set that is half sent begins anew elsewhere or later. */
static void abandon_held(struct lane *lane, const char *why)
{
	struct flight *flight = calloc(1, sizeof(*flight));

	if (flight == NULL)
		return;
	flight->job = lane->held;
	flight->part = lane->held->part;
	flight->verdict = SEND_NOT_SUBMITTED;
	flight->elsewhere_at = choice_elsewhere(lane, &lane->held->due);
	memcpy(flight->sim, lane->sim, sizeof(flight->sim));
	flight->job->part_retries = PART_RETRIES_MAX;
	snprintf(flight->why, sizeof(flight->why), "%s", why);
	lane->held = NULL;
	step_run(step_new(lane, flight, NULL));
}

/* There is room for one: a set that waits already begins anew. */
void lane_hold(struct lane *lane, struct job *job, int64_t until)
{
	if (lane->held != NULL && lane->held != job)
		abandon_held(lane, "another long text went on meanwhile");
	lane->held = job;
	lane->held_until = until;
}

void lane_advance(struct lane *lane)
{
	struct job *job;

	if (lane->next != NULL && !standing_allows(lane, standing_use(lane->next->due.rank)))
		give_back(lane);
	if (!standing_works(lane) && lane->held != NULL)
		abandon_held(lane, "the modem went away between two parts");
	if (lane->air != NULL || lane->session == NULL || !session_can_send(lane->session))
		return;
	balance_gap(lane);
	job = take_ready(lane);
	if (job != NULL)
		begin(lane, job, NULL);
}

void lane_send_done(struct lane *lane, const struct send_outcome *outcome)
{
	struct flight *flight = lane->air;
	struct job *job, *next = NULL;

	if (flight == NULL)
		return;
	job = flight->job;
	lane->air = NULL;
	step_note(flight, outcome);
	standing_note(lane, flight);
	if (outcome->verdict != SEND_ACCEPTED)
		flight->elsewhere_at = choice_elsewhere(lane, &job->due);
	if (outcome->verdict == SEND_ACCEPTED && flight->part + 1 < job->shape.n_parts) {
		job->part = flight->part + 1;
		lane_hold(lane, job, 0); /* first in line: its other parts */
	}
	if (session_can_send(lane->session))
		next = take_ready(lane);
	if (next != NULL)
		begin(lane, next, flight);
	else
		step_run(step_new(lane, flight, NULL));
}

/* ---- time and the end ---- */

static void on_timer(uv_timer_t *timer)
{
	struct lane *lane = timer->data;

	standing_wake(lane);
	if (lane->unrecorded != NULL && lane->record_at <= clock_mono_ms())
		unrecorded_again(lane);
	lane_arm(lane);
	lane_advance(lane);
	dispatch_pump(lane->dispatch);
}

void lane_modem_gone(struct lane *lane)
{
	lane->session = NULL;
	uv_timer_stop(&lane->timer);
	balance_stop(lane);
}

void lane_close(struct lane *lane)
{
	unrecorded_free(lane);
	job_free(lane->next);
	job_free(lane->held);
	lane->next = lane->held = NULL;
	balance_close(lane);
	if (!uv_is_closing((uv_handle_t *)&lane->timer))
		uv_close((uv_handle_t *)&lane->timer, NULL);
}
