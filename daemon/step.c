/* step.c - what follows when a step's transaction (outcome.c) is on disk, or is not.
 *
 * The claim is on disk: the payload may follow; it is refused or failed: ESC, nothing was sent. The
 * outcome is on disk: its message is done, waits again, or goes on with its next part; it is not:
 * unrecorded.c keeps it, and the lane begins nothing until it is. */
#include "daemon/step.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mask.h"
#include "base/secret.h"
#include "daemon/choice.h"
#include "daemon/dispatch_private.h"
#include "daemon/standing.h"

enum { PART_RETRY_MS = 2000 };

static void on_step(void *arg, int status);

void flight_free(struct flight *flight)
{
	if (flight == NULL)
		return;
	secret_wipe(flight->hex, sizeof(flight->hex));
	free(flight);
}

struct step *step_new(struct lane *lane, struct flight *ended, struct flight *begun)
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

void step_run(struct step *step)
{
	store_run(step->lane->dispatch->store, STORE_FIRST, outcome_step, on_step, step);
}

void step_free(struct step *step)
{
	config_unref(step->config);
	free(step);
}

void step_note(struct flight *flight, const struct send_outcome *outcome)
{
	flight->verdict = outcome->verdict;
	flight->reference = outcome->reference;
	flight->code = outcome->code;
	flight->is_cme = outcome->is_cme;
	mask_line(flight->why, sizeof(flight->why), outcome->why);
}

int step_look(struct db *db, const char *sim, const struct quota_limits *limits,
	      const struct message_row *row, struct quota_state *quota)
{
	enum quota_use use = row->kind == KIND_VERIFICATION ? QUOTA_CODES : QUOTA_OTHERS;
	struct quota_state whole;
	int err = db_quota_look(db, sim, limits, 1, quota);

	if (err < 0 || row->parts <= 1 || limits->parts->n == 0)
		return err;
	err = db_quota_look(db, sim, limits, row->parts, &whole);
	quota->open_at[use] = whole.open_at[use];
	if (use == QUOTA_OTHERS) {
		quota->full = whole.full;
		quota->full_recipients = whole.full_recipients;
	}
	return err;
}

/* The job is no longer this lane's, unless another part of it flies already. */
static void let_go(struct lane *lane, struct job *job)
{
	if (lane->held == job)
		lane->held = NULL;
	if (lane->air == NULL || lane->air->job != job)
		job_release(job);
}

static void requeue(struct lane *lane, struct step *step)
{
	struct job *job = step->ended->job;

	step->requeued.avoid = job->due.avoid | (step->avoid ? lane->bit : 0);
	let_go(lane, job);
	choice_add(lane->dispatch, &step->requeued);
	dispatch_wake_at(lane->dispatch, step->requeued.avoid_till);
}

/* A message that did not simply leave, or that another lane takes up: one line for a technician.
 * Accepted ones are told at level debug. */
static void tell(const struct lane *lane, const struct step *step)
{
	static const struct {
		enum log_level level;
		const char *words, *reason;
	} rows[] = {
		[SEND_ACCEPTED] = { LOG_LEVEL_DEBUG, "sent", NULL },
		[SEND_REFUSED] = { LOG_LEVEL_WARN, "refused", "modem_error" },
		[SEND_NOT_SUBMITTED] = { LOG_LEVEL_WARN, "not submitted", "not_submitted" },
		[SEND_UNCERTAIN] = { LOG_LEVEL_WARN, "uncertain", "no_reply" },
	};
	static const char *const next[] = {
		[LANDING_DONE] = "",
		[LANDING_NEXT_PART] = "; its next part follows",
		[LANDING_RETRY_PART] = "; the part is tried again in seconds",
		[LANDING_REQUEUED] = "; it is tried again",
	};
	const struct flight *flight = step->ended;
	const char *reason = rows[flight->verdict].reason;
	char code[32];

	if (flight->verdict == SEND_REFUSED && flight->code >= 0) {
		snprintf(code, sizeof(code), "%s_%d", flight->is_cme ? "cme" : "cms", flight->code);
		reason = code;
	}
	log_write(rows[flight->verdict].level,
		  &(struct log_tags){ .kind = LOG_KIND_SEND,
				      .modem = lane->modem,
				      .id = flight->job->row.id,
				      .reason = reason },
		  "%s%s%s%s", rows[flight->verdict].words, flight->why[0] != '\0' ? ": " : "",
		  flight->why, next[step->landing]);
}

/* What the outcome's transaction decided about the job. */
static void land(struct lane *lane, struct step *step)
{
	struct job *job = step->ended->job;

	tell(lane, step);
	standing_judged(lane, step);
	switch (step->landing) {
	case LANDING_NEXT_PART: /* on the air already, or held for its turn */
		break;
	case LANDING_RETRY_PART:
		job->part = step->ended->part;
		job->part_retries++;
		lane_hold(lane, job, clock_mono_ms() + PART_RETRY_MS);
		break;
	case LANDING_DONE:
		let_go(lane, job);
		break;
	case LANDING_REQUEUED:
		requeue(lane, step);
		break;
	}
	flight_free(step->ended);
}

/* The claim is on disk, or it is not: only then may the payload follow, or ESC. */
static void claimed(struct lane *lane, struct step *step, int status)
{
	struct flight *flight = step->begun;

	step->begun = NULL;
	if (flight != NULL && status == 0 && step->quota_known &&
	    strcmp(flight->sim, lane->sim) == 0 && lane->session != NULL)
		standing_quota(lane, &step->quota);
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
		lane_arm(lane);
		return;
	}
	if (step->ended != NULL)
		land(lane, step);
	step_free(step);
	lane_arm(lane);
	lane_advance(lane);
	dispatch_pump(lane->dispatch);
}
