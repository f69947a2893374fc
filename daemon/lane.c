/* lane.c - one modem's sending: a message is loaded ahead, its parts go out one after another.
 *
 * Steps: dispatch gives a due message (lane_load) -> it is read from disk and waits as `next` ->
 * when the modem is free AT+CMGS goes out (begin) while a transaction records the outcome of the
 * flight before and the attempt of this one -> its COMMIT releases the payload -> send_done.
 * A claim that fails or is refused ends in ESC: nothing was sent. An outcome that the disk does
 * not take waits in unrecorded.c; until then the lane begins nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mask.h"
#include "base/secret.h"
#include "base/util.h"
#include "daemon/dispatch_private.h"

enum {
	PART_RETRY_MS = 2000,
	MODEM_ERRORS_MAX = 3,
	MODEM_PAUSE_MS = 60000,
};

static void on_timer(uv_timer_t *timer);

void lane_init(struct lane *lane, struct dispatch *d, struct session *session)
{
	const struct modem_status *status = session_status(session);

	memset(lane, 0, sizeof(*lane));
	lane->dispatch = d;
	lane->session = session;
	snprintf(lane->modem, sizeof(lane->modem), "%s", status->name);
	snprintf(lane->sim, sizeof(lane->sim), "%.23s", status->name);
	TAILQ_INIT(&lane->held);
	uv_timer_init(d->loop, &lane->timer);
	lane->timer.data = lane;
}

/* The SIM counts, not the modem: references and quotas move with it. */
static void note_sim(struct lane *lane)
{
	const struct modem_status *status = session_status(lane->session);
	const char *sim = status->iccid[0] != '\0' ? status->iccid : status->name;

	snprintf(lane->sim, sizeof(lane->sim), "%.23s", sim);
}

void job_free(struct job *job)
{
	if (job == NULL)
		return;
	secret_free(job->text);
	free(job);
}

static void job_release(struct job *job)
{
	sched_release(job->lane->dispatch->sched, job->due.seq);
	job_free(job);
}

void flight_free(struct flight *flight)
{
	if (flight == NULL)
		return;
	secret_wipe(flight->hex, sizeof(flight->hex));
	free(flight);
}

static bool modem_works(const struct lane *lane)
{
	enum modem_state state;

	if (lane->session == NULL) /* simgate stops; outcomes may still be on their way to disk */
		return false;
	state = session_status(lane->session)->state;
	return state == MODEM_READY || state == MODEM_SENDING;
}

bool lane_wants(const struct lane *lane)
{
	return lane->loading == NULL && lane->next == NULL && TAILQ_EMPTY(&lane->held) &&
	       lane->unrecorded == NULL && lane->paused_until == 0 && modem_works(lane);
}

/* One timer serves the three waits of a lane: the soonest. */
static void arm(struct lane *lane)
{
	int64_t now = clock_mono_ms(), at = INT64_MAX;

	if (!TAILQ_EMPTY(&lane->held))
		at = TAILQ_FIRST(&lane->held)->held_until;
	if (lane->paused_until != 0 && lane->paused_until < at)
		at = lane->paused_until;
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
	sched_add(lane->dispatch->sched, &due);
}

void lane_yield(struct lane *lane, int rank)
{
	if (lane->next != NULL && lane->next->due.rank > rank)
		give_back(lane);
	if (lane->loading != NULL && lane->loading->due.rank > rank)
		lane->yield_loading = true;
}

/* ---- loading ---- */

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
	return err;
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
		lane->next = job;
		if (lane->yield_loading || !modem_works(lane))
			give_back(lane);
		lane_advance(lane);
		dispatch_pump(d);
		return;
	}
	if (status < 0 && status != -ECANCELED)
		log_write(LOG_LEVEL_ERROR, &(struct log_tags){ .id = job->row.id },
			  "cannot read the message from the database: %s", strerror(-status));
	job_release(job);
	dispatch_pump(d);
}

void lane_load(struct lane *lane, const struct due *due)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL) {
		sched_release(lane->dispatch->sched, due->seq);
		return;
	}
	job->lane = lane;
	job->due = *due;
	lane->loading = job;
	lane->yield_loading = false;
	store_run(lane->dispatch->store, STORE_FIRST, load, on_loaded, job);
}

/* ---- one step: the last flight's outcome and the next one's claim ---- */

static void on_step(void *arg, int status);

void step_run(struct step *step)
{
	store_run(step->lane->dispatch->store, STORE_FIRST, outcome_step, on_step, step);
}

static struct step *step_new(struct lane *lane, struct flight *ended, struct flight *begun)
{
	struct step *step = calloc(1, sizeof(*step));

	if (step == NULL)
		abort(); /* nothing can be recorded without memory: the restart recovers */
	step->lane = lane;
	step->ended = ended;
	step->begun = begun;
	step->config = config_ref(lane->dispatch->config);
	return step;
}

void step_free(struct step *step)
{
	config_unref(step->config);
	free(step);
}

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
		.validity_ms = validity_left(&job->row),
		.message_class = -1,
	};

	if (flight == NULL || pdu_encode_submit(&submit, flight->hex, length) < 0) {
		free(flight);
		return NULL;
	}
	flight->job = job;
	flight->part = job->part;
	return flight;
}

/* Puts the job's next part on the air; ended (may be NULL) is recorded with its claim. */
static void begin(struct lane *lane, struct job *job, struct flight *ended)
{
	struct session_part part = { .more = lane->next != NULL || lane->loading != NULL ||
					     job->part + 1 < job->shape.n_parts };
	struct flight *flight = flight_new(lane, job, &part.length);

	if (flight == NULL) {
		log_write(LOG_LEVEL_ERROR, &(struct log_tags){ .id = job->row.id },
			  "cannot build the message's PDU; it stays queued until it expires");
		job_release(job);
		if (ended != NULL)
			step_run(step_new(lane, ended, NULL));
		return;
	}
	part.pdu = flight->hex;
	note_sim(lane);
	memcpy(flight->sim, lane->sim, sizeof(flight->sim));
	lane->air = flight;
	session_send(lane->session, &part);
	step_run(step_new(lane, ended, flight));
	if (lane->next == NULL)
		dispatch_pump(lane->dispatch);
}

/* What may begin now: a part that is tried again, else the loaded message. */
static struct job *take_ready(struct lane *lane)
{
	struct job *job = TAILQ_FIRST(&lane->held);

	if (lane->dispatch->stopping || lane->paused_until != 0 || lane->unrecorded != NULL)
		return NULL;
	if (job == NULL) {
		job = lane->next;
		lane->next = NULL;
		return job;
	}
	if (job->held_until > clock_mono_ms())
		return NULL;
	held_take(lane, job);
	return job;
}

/* The modem is away: a set that is half sent begins anew elsewhere or later. */
static void abandon(struct lane *lane, struct job *job)
{
	struct flight *flight = calloc(1, sizeof(*flight));

	if (flight == NULL)
		abort(); /* nothing can be recorded without memory: the restart recovers */
	flight->job = job;
	flight->part = job->part;
	flight->verdict = SEND_NOT_SUBMITTED;
	flight->job->part_retries = PART_RETRIES_MAX;
	snprintf(flight->why, sizeof(flight->why), "the modem went away between two parts");
	held_take(lane, job);
	step_run(step_new(lane, flight, NULL));
}

void lane_advance(struct lane *lane)
{
	struct job *job;

	if (!modem_works(lane) && lane->next != NULL)
		give_back(lane);
	while (!modem_works(lane) && (job = TAILQ_FIRST(&lane->held)) != NULL)
		abandon(lane, job);
	if (lane->air != NULL || lane->session == NULL || !session_can_send(lane->session))
		return;
	job = take_ready(lane);
	if (job != NULL)
		begin(lane, job, NULL);
}

/* ---- how a flight ended ---- */

static void note_outcome(struct flight *flight, const struct send_outcome *outcome)
{
	flight->verdict = outcome->verdict;
	flight->reference = outcome->reference;
	flight->code = outcome->code;
	flight->is_cme = outcome->is_cme;
	mask_line(flight->why, sizeof(flight->why), outcome->why);
}

void lane_send_done(struct lane *lane, const struct send_outcome *outcome)
{
	struct flight *flight = lane->air;
	struct job *job, *next = NULL;

	if (flight == NULL)
		return;
	job = flight->job;
	lane->air = NULL;
	note_outcome(flight, outcome);
	if (outcome->verdict == SEND_ACCEPTED && flight->part + 1 < job->shape.n_parts) {
		job->part = flight->part + 1;
		held_put(lane, job, 0); /* first in line: its other parts */
	}
	if (session_can_send(lane->session))
		next = take_ready(lane);
	if (next != NULL)
		begin(lane, next, flight);
	else
		step_run(step_new(lane, flight, NULL));
}

/* Refusals that speak of this modem or its SIM: it rests or reopens, others send meanwhile. */
static void note_modem_errors(struct lane *lane, const struct step *step)
{
	const struct flight *flight = step->ended;

	if (flight->verdict == SEND_ACCEPTED)
		lane->modem_errors = 0;
	if (flight->verdict != SEND_REFUSED || lane->session == NULL)
		return;
	if (step->error_class == ERR_RECOVER && ++lane->modem_errors >= MODEM_ERRORS_MAX) {
		lane->modem_errors = 0;
		session_action(lane->session, MODEM_REOPEN);
	} else if (step->error_class == ERR_SIM) {
		lane->paused_until = clock_mono_ms() + MODEM_PAUSE_MS;
		log_write(LOG_LEVEL_WARN, &(struct log_tags){ .modem = lane->modem },
			  "sending rests for %d s: %s", MODEM_PAUSE_MS / 1000, flight->why);
	}
}

/* The job is no longer this lane's, unless another part of it flies already. */
static void let_go(struct lane *lane, struct job *job)
{
	held_take(lane, job);
	if (lane->air == NULL || lane->air->job != job)
		job_release(job);
}

/* What the outcome's transaction decided about the job. */
static void land(struct lane *lane, struct step *step)
{
	struct job *job = step->ended->job;

	note_modem_errors(lane, step);
	if (step->ended->verdict == SEND_ACCEPTED)
		inbound_match_early(lane->dispatch);
	switch (step->landing) {
	case LANDING_NEXT_PART: /* on the air already, or held for its turn */
		break;
	case LANDING_RETRY_PART:
		job->part = step->ended->part;
		job->part_retries++;
		held_put(lane, job, clock_mono_ms() + PART_RETRY_MS);
		break;
	case LANDING_DONE:
		let_go(lane, job);
		break;
	case LANDING_REQUEUED:
		let_go(lane, job);
		sched_add(lane->dispatch->sched, &step->requeued);
		break;
	}
	flight_free(step->ended);
}

/* The claim is on disk, or it is not: only then may the payload follow, or ESC. */
static void claimed(struct lane *lane, struct step *step, int status)
{
	struct flight *flight = step->begun;

	step->begun = NULL;
	if (flight == NULL || lane->air != flight)
		return; /* the modem refused meanwhile: send_done came first */
	if (status == 0 && !step->claim_refused)
		session_commit(lane->session);
	else
		session_abandon(lane->session);
}

static void on_step(void *arg, int status)
{
	struct step *step = arg;
	struct lane *lane = step->lane;

	claimed(lane, step, status);
	if (status < 0 && status != -ECANCELED && step->ended != NULL) {
		unrecorded_keep(lane, step, status);
		arm(lane);
		return;
	}
	if (step->ended != NULL)
		land(lane, step);
	step_free(step);
	arm(lane);
	lane_advance(lane);
	dispatch_pump(lane->dispatch);
}

static void on_timer(uv_timer_t *timer)
{
	struct lane *lane = timer->data;
	int64_t now = clock_mono_ms();

	if (lane->paused_until <= now)
		lane->paused_until = 0;
	if (lane->unrecorded != NULL && lane->record_at <= now)
		unrecorded_again(lane);
	arm(lane);
	lane_advance(lane);
	dispatch_pump(lane->dispatch);
}

void lane_modem_gone(struct lane *lane)
{
	lane->session = NULL;
	uv_timer_stop(&lane->timer);
}

void lane_close(struct lane *lane)
{
	unrecorded_free(lane);
	held_free(lane);
	job_free(lane->next);
	lane->next = NULL;
	if (!uv_is_closing((uv_handle_t *)&lane->timer))
		uv_close((uv_handle_t *)&lane->timer, NULL);
}
