/* outcome.c - what the end of a flight means on disk: states, retries, the uncertain policy.
 *
 * Everything here runs inside a store transaction and may run twice: it reads flights and steps
 * and writes only rows, a step's results and the attempt's id. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "daemon/dispatch_private.h"
#include "daemon/standing.h"
#include "daemon/step.h"
#include "queue/db_route.h"
#include "service/optout.h"
#include "service/verifications.h"

/* Waits before the n-th try of a message by class; the last one repeats (field notes, 7). */
static const int64_t soon_ms[] = { 2000, 5000, 10000, 60000, 300000, 900000, 3600000 };
static const int64_t later_ms[] = { 60000, 300000, 900000, 3600000 };
static const int64_t ambiguous_ms[] = { 5000, 60000, 300000, 900000, 3600000 };
static const int64_t other_modem_ms[] = { 0, 5000, 60000 };

static int64_t pick(const int64_t *waits, size_t n, unsigned tries)
{
	size_t at = tries > 0 ? tries - 1 : 0;

	return waits[at < n ? at : n - 1];
}

static int64_t backoff_ms(enum modem_error_class class, unsigned tries)
{
	switch (class) {
	case ERR_RETRY_LATER:
		return pick(later_ms, ARRAY_LEN(later_ms), tries);
	case ERR_AMBIGUOUS:
		return pick(ambiguous_ms, ARRAY_LEN(ambiguous_ms), tries);
	case ERR_SIM:
		return pick(other_modem_ms, ARRAY_LEN(other_modem_ms), tries);
	case ERR_RETRY_SOON:
	case ERR_RECOVER:
	case ERR_RECIPIENT:
	case ERR_MESSAGE:
	case ERR_ACCEPTED:
	case ERR_IGNORE:
		break;
	}
	return pick(soon_ms, ARRAY_LEN(soon_ms), tries);
}

enum { CMS_PDU_PARAMETER = 304, CMS_TEXT_PARAMETER = 305 };

/* A modem that lost its settings unnoticed (a brown-out) is in text mode and calls every PDU
 * malformed: the session sets it up anew. A centre that takes no validity period gets none from
 * now on. So the message deserves a second try. */
static bool is_built_otherwise(const struct flight *flight)
{
	bool mode_lost = flight->code == CMS_PDU_PARAMETER || flight->code == CMS_TEXT_PARAMETER;

	return !flight->is_cme && (mode_lost || standing_refuses_validity(flight));
}

static bool is_permanent(const struct flight *flight, enum modem_error_class class, unsigned tries)
{
	return class == ERR_RECIPIENT ||
	       (class == ERR_MESSAGE && !(is_built_otherwise(flight) && tries < 2));
}

static struct due due_of(const struct message_row *row)
{
	return (struct due){
		.seq = row->seq,
		.number = row->number,
		.route = row->route,
		.due_at = row->due_at,
		.submit_by = row->submit_by,
		.rank = message_rank(row->kind, row->priority),
	};
}

/* Nobody wants some messages any more when they come back from the air. NULL: it is wanted. */
static int find_obstacle(struct db *db, const struct config *config, const struct message_row *row,
			 const struct message_cause **obstacle)
{
	static const struct message_cause causes[KIND_COUNT] = {
		[KIND_VERIFICATION] = { .class = "permanent",
					.code = "superseded",
					.text = "it was refused, and a newer code has been made "
						"meanwhile" },
		[KIND_CONTACT_REQUEST] = { .class = "permanent",
					   .code = "opted_out",
					   .text = "it was refused, and its recipient has opted "
						   "out meanwhile" },
	};
	const struct rule rule = {
		.db = db,
		.config = config,
		.site = config_site(config, row->site),
	};
	bool wanted = true;
	int err = 0;

	if (row->kind == KIND_VERIFICATION)
		err = verification_is_current(&rule, row, &wanted);
	else if (row->kind == KIND_CONTACT_REQUEST)
		err = optout_allows(&rule, row, &wanted);
	*obstacle = wanted ? NULL : &causes[row->kind];
	return err;
}

static int requeue(struct db *db, struct step *step, struct message_row *row, int64_t wait_ms,
		   const struct message_cause *cause)
{
	int err = db_route_of(db, step->config, row->number, &row->route);

	if (err == 0)
		err = db_message_requeue(db, row, db_now(db) + wait_ms, cause);
	step->landing = LANDING_REQUEUED;
	step->requeued = due_of(row);
	return err;
}

static const struct message_cause not_delivered = {
	.class = "permanent",
	.code = "not_delivered",
	.text = "the network reported that a part was not delivered",
};

int outcome_settle(struct db *db, struct message_row *row, const struct message_cause *undelivered)
{
	unsigned n[ATTEMPT_STATES];
	int err = db_attempt_count(db, row->seq, n);

	if (err < 0 ||
	    n[ATTEMPT_ACCEPTED] + n[ATTEMPT_DELIVERED] + n[ATTEMPT_UNDELIVERED] < row->parts)
		return err;
	if (row->state == MSG_SENDING || row->state == MSG_UNCERTAIN)
		err = db_message_move(db, row, MSG_SENT, NULL);
	if (err < 0 || row->state != MSG_SENT)
		return err;
	if (n[ATTEMPT_UNDELIVERED] > 0)
		return db_message_move(db, row, MSG_FAILED,
				       undelivered != NULL ? undelivered : &not_delivered);
	return n[ATTEMPT_DELIVERED] < row->parts ? 0
						 : db_message_move(db, row, MSG_DELIVERED, NULL);
}

int outcome_apply_policy(struct db *db, const struct config *config, struct message_row *row,
			 bool *requeued)
{
	const struct config_site *site = config_site(config, row->site);
	const struct rule rule = { .db = db, .config = config, .site = site };
	const struct message_cause cause = { .code = "resend_uncertain" };
	int err = 0;

	*requeued = site != NULL && site->on_uncertain[row->kind] == UNCERTAIN_RESEND &&
		    db_now(db) < row->submit_by;
	if (*requeued && row->kind == KIND_VERIFICATION)
		err = verification_may_resend(&rule, row, requeued);
	else if (*requeued && row->kind == KIND_CONTACT_REQUEST)
		err = optout_allows(&rule, row, requeued);
	if (err < 0 || !*requeued)
		return err;
	err = db_route_of(db, config, row->number, &row->route);
	return err < 0 ? err : db_message_requeue(db, row, db_now(db), &cause);
}

/* The part counts as sent: its recipient is one that this SIM has written to. */
static int note_recipient(struct db *db, const struct step *step, const struct message_row *row)
{
	const struct quota_limits limits = standing_limits(step->config, row->modem);

	return db_quota_recipient(db, step->ended->sim, &limits, row->number);
}

/* It did not leave: the limits have room for another. */
static int give_back_place(struct db *db, const struct step *step, const struct message_row *row)
{
	const struct quota_limits limits = standing_limits(step->config, row->modem);

	return step->ended->attempt != 0 ? db_quota_give_back(db, step->ended->sim, &limits) : 0;
}

/* Whether a report is awaited is the modem's setting, too. */
static int accepted(struct db *db, struct step *step, struct message_row *row)
{
	const struct flight *flight = step->ended;
	bool last = flight->part + 1 >= row->parts;
	int err = db_attempt_end(db, flight->attempt, ATTEMPT_ACCEPTED, flight->reference, -1);

	row->report = flight->asked;
	step->landing = last ? LANDING_DONE : LANDING_NEXT_PART;
	if (err == 0)
		err = note_recipient(db, step, row);
	if (err == 0 && last)
		err = outcome_settle(db, row, NULL);
	if (err == 0 && flight->asked)
		err = reports_match(db, flight->attempt, flight->sim);
	return err;
}

/* Until another modem may have it. Where it may have left after all, that one waits a moment, too:
 * a late answer or a report may settle it. */
static int64_t elsewhere_ms(int64_t now, const struct flight *flight, enum modem_error_class class)
{
	int64_t at = flight->elsewhere_at, first = class == ERR_AMBIGUOUS ? ambiguous_ms[0] : 0;

	if (at == INT64_MAX)
		return at;
	return at - now > first ? at - now : first;
}

/* The same part again within seconds, else the whole message after a wait. */
static int try_again(struct db *db, struct step *step, struct message_row *row,
		     enum modem_error_class class, const struct message_cause *cause)
{
	const struct flight *flight = step->ended;
	const struct message_cause *obstacle;
	bool part_again =
		row->parts > 1 && class != ERR_SIM && flight->job->part_retries < PART_RETRIES_MAX;
	int err = find_obstacle(db, step->config, row, &obstacle);
	int64_t wait_ms = backoff_ms(class, row->tries);
	int64_t other_ms = step->avoid ? elsewhere_ms(db_now(db), flight, class) : wait_ms;

	step->landing = LANDING_DONE;
	if (err < 0 || obstacle != NULL)
		return err < 0 ? err : db_message_move(db, row, MSG_FAILED, obstacle);
	if (part_again) {
		step->landing = LANDING_RETRY_PART;
		return 0;
	}
	err = requeue(db, step, row, other_ms < wait_ms ? other_ms : wait_ms, cause);
	step->requeued.avoid_till = db_now(db) + wait_ms;
	return err;
}

static const struct modem_error *error_of(const struct flight *flight)
{
	return flight->is_cme ? modem_error_cme(flight->family, flight->code)
			      : modem_error_cms(flight->family, flight->code);
}

static int refused(struct db *db, struct step *step, struct message_row *row)
{
	const struct flight *flight = step->ended;
	const struct modem_error *error = error_of(flight);
	const struct modem_judgement judged =
		modem_error_judge(error, flight->is_cme, flight->code, flight->in_row, row->tries);
	char code[CODE_SIZE] = "modem_error";
	const struct message_cause cause = {
		.class = modem_error_class_name(judged.class),
		.code = code,
		.text = error->text,
		.modem = row->modem,
	};
	int err;

	if (flight->code >= 0)
		snprintf(code, sizeof(code), "%s_%d", flight->is_cme ? "cme" : "cms", flight->code);
	step->judged = judged;
	step->avoid = judged.suspect;
	if (judged.class == ERR_ACCEPTED)
		return accepted(db, step, row);
	db_saw(db, SEEN_ERROR, row->modem, cause.class, 1);
	err = db_attempt_end(db, flight->attempt, ATTEMPT_REFUSED, -1, flight->code);
	if (err == 0)
		err = give_back_place(db, step, row);
	if (err < 0)
		return err;
	if (!is_permanent(flight, judged.class, row->tries))
		return try_again(db, step, row, judged.class, &cause);
	step->landing = LANDING_DONE;
	return db_message_move(db, row, MSG_FAILED, &cause);
}

static int not_submitted(struct db *db, struct step *step, struct message_row *row)
{
	const struct flight *flight = step->ended;
	const struct message_cause cause = {
		.class = "retry_soon",
		.code = "not_submitted",
		.text = flight->why,
		.modem = row->modem,
	};
	int err = 0;

	step->avoid = true;
	if (flight->attempt != 0)
		err = db_attempt_end(db, flight->attempt, ATTEMPT_NOT_SUBMITTED, -1, -1);
	if (err == 0)
		err = give_back_place(db, step, row);
	return err < 0 ? err : try_again(db, step, row, ERR_RETRY_SOON, &cause);
}

/* A report that overtook the doubt ends it; else the site's policy says what follows. */
static int uncertain(struct db *db, struct step *step, struct message_row *row)
{
	const struct flight *flight = step->ended;
	const struct message_cause cause = {
		.class = "uncertain",
		.code = "no_reply",
		.text = flight->why,
		.modem = row->modem,
	};
	bool requeued = false;
	int err = db_attempt_end(db, flight->attempt, ATTEMPT_UNCERTAIN, -1, -1);

	step->landing = LANDING_DONE;
	step->avoid = true;
	if (err == 0)
		err = note_recipient(db, step, row);
	if (err == 0)
		err = db_message_move(db, row, MSG_UNCERTAIN, &cause);
	if (err == 0 && flight->asked)
		err = reports_match(db, flight->attempt, flight->sim);
	if (err == 0)
		err = db_message_by_seq(db, row->seq, row);
	if (err < 0 || row->state != MSG_UNCERTAIN)
		return err;
	err = outcome_apply_policy(db, step->config, row, &requeued);
	if (err == 0 && requeued) {
		step->landing = LANDING_REQUEUED;
		step->requeued = due_of(row);
	}
	return err;
}

static int record_end(struct db *db, struct step *step)
{
	const struct flight *flight = step->ended;
	struct message_row row;
	int err = db_message_by_seq(db, flight->job->row.seq, &row);

	step->landing = LANDING_DONE;
	if (err == -ENOENT)
		return 0; /* erased meanwhile */
	if (err < 0)
		return err;
	if (row.state == MSG_QUEUED) { /* its claim did not reach the disk */
		step->landing = LANDING_REQUEUED;
		step->requeued = due_of(&row);
	}
	if (row.state != MSG_SENDING)
		return 0;
	switch (flight->verdict) {
	case SEND_ACCEPTED:
		return accepted(db, step, &row);
	case SEND_REFUSED:
		return refused(db, step, &row);
	case SEND_NOT_SUBMITTED:
		return not_submitted(db, step, &row);
	case SEND_UNCERTAIN:
		return uncertain(db, step, &row);
	}
	return 0;
}

/* Does the message fit the limits of the SIM? A set that has begun was counted in before. */
static int check_limits(struct db *db, struct step *step, const struct quota_limits *limits,
			bool *fits)
{
	const struct flight *flight = step->begun;
	const struct message_row *row = &flight->job->row;
	int err = step_look(db, flight->sim, limits, row, &step->quota);

	*fits = flight->part > 0 ||
		step->quota.open_at[standing_use(flight->job->due.rank)] <= db_now(db);
	return err;
}

static int claim(struct db *db, struct step *step)
{
	struct flight *flight = step->begun;
	const struct attempt_new by = {
		.modem = step->lane->modem,
		.sim = flight->sim,
		.part = flight->part,
		.asked = flight->asked,
	};
	int err = db_attempt_claim(db, flight->job->row.seq, &by, &flight->attempt);

	step->claim_refused = err == -EINVAL || err == -ENOENT;
	return step->claim_refused ? 0 : err;
}

static int record_claim(struct db *db, struct step *step)
{
	const struct quota_limits limits = standing_limits(step->config, step->lane->modem);
	bool fits;
	int err;

	step->begun->attempt = 0;
	step->claim_refused = false;
	err = check_limits(db, step, &limits, &fits);
	step->quota_known = err == 0;
	if (err == 0 && !fits)
		step->claim_refused = true;
	else if (err == 0)
		err = claim(db, step);
	if (err < 0 || step->claim_refused)
		return err;
	err = db_quota_take(db, step->begun->sim, &limits);
	return err < 0 ? err : db_quota_look(db, step->begun->sim, &limits, 1, &step->quota);
}

int outcome_step(struct db *db, void *arg)
{
	struct step *step = arg;
	int err = 0;

	if (step->ended != NULL)
		err = record_end(db, step);
	if (err == 0 && step->begun != NULL)
		err = record_claim(db, step);
	return err;
}
