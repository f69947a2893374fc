/* dispatch_private.h - shared by dispatch.c (what is due), lane.c (one modem's sending),
 * outcome.c (what an outcome means on disk) and inbound.c (what came in). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <uv.h>

#include "daemon/dispatch.h"
#include "modem/errors.h"
#include "queue/db_attempt.h"
#include "queue/sched.h"

/* A message that a lane is busy with. Made by lane_load, freed by lane_job_free. */
struct job {
	struct lane *lane;
	struct due due;
	struct message_row row;
	char to[NUMBER_SIZE];
	char *text; /* the plain text: wiped with the job */
	struct gsm_shape shape;
	unsigned reference; /* of the set, where there are several parts */
	unsigned part;      /* the next one to submit, from 0 */
	unsigned part_retries;
	bool gone; /* it is not to be sent any more */
	bool is_held;
	int64_t held_until; /* monotonic */
	TAILQ_ENTRY(job) held_link;
};

/* One part handed to the modem: from AT+CMGS until its outcome is on disk. */
struct flight {
	struct job *job;
	unsigned part;
	int64_t attempt; /* written by its claim's transaction; read by later ones */
	enum send_verdict verdict;
	int reference, code;
	bool is_cme;
	char sim[24]; /* the lane's, when it began */
	char why[WORDS_SIZE];
	char hex[PDU_HEX_SIZE];
};

enum { PART_RETRIES_MAX = 2 };

/* What an outcome's transaction decided; the loop acts on it. */
enum landing {
	LANDING_DONE,       /* the message is no longer ours */
	LANDING_NEXT_PART,  /* accepted; others of its parts follow */
	LANDING_RETRY_PART, /* the same part again within seconds */
	LANDING_REQUEUED,   /* the message waits again: due says until when */
};

/* One transaction: how the last flight ended and which one begins. Either may be NULL. */
struct step {
	struct lane *lane;
	struct flight *ended, *begun;
	enum landing landing;
	struct due requeued;
	enum modem_error_class error_class; /* of a refusal */
	bool claim_refused;                 /* begun's message is not to be sent any more */
	bool told;                          /* that the disk did not take it */
	const struct config *config;        /* counted */
	struct step *later;                 /* in a lane's unrecorded list */
};

struct lane {
	struct dispatch *dispatch;
	struct session *session; /* NULL: gone, for simgate stops */
	char modem[MODEM_SIZE];  /* its name; never changes, so any thread may read it */
	char sim[24];            /* ICCID, or the modem's name while it is unknown */
	struct job *loading, *next;
	TAILQ_HEAD(held_jobs, job) held; /* the rest of a set, then parts to be tried again */
	struct flight *air;
	struct step *unrecorded; /* outcomes that the disk did not take yet */
	bool yield_loading;      /* something more urgent came while loading */
	bool pin_tried;          /* and it is not known yet whether it was right */
	unsigned modem_errors;   /* refusals in a row that ask for a recovery */
	/* monotonic; paused_until 0: not paused */
	int64_t record_at, paused_until;
	uv_timer_t timer; /* the soonest of the three */
};

enum { EARLY_REPORTS = 64 };

/* A report that came before the +CMGS that it belongs to. */
struct early_report {
	char modem[MODEM_SIZE], sim[24];
	struct pdu_report report;
	int64_t at;
};

struct dispatch {
	uv_loop_t *loop;
	const struct config *config; /* counted */
	struct store *store;
	struct sched *sched;
	struct lane *lanes;
	size_t n_lanes, max_lanes;
	bool recovered; /* what was on the air before the start is accounted for */
	bool stopping, tick_running;
	int64_t tick_at;   /* wall time of the next tick; 0: none is needed */
	int64_t refill_at; /* a message on disk, not in the window, is due then; 0: none */
	uv_timer_t timer;
	struct early_report early[EARLY_REPORTS];
	size_t n_early;
};

/* dispatch.c */
void dispatch_pump(struct dispatch *d);
struct lane *dispatch_lane(struct dispatch *d, const struct session *session);

/* lane.c */
void lane_init(struct lane *lane, struct dispatch *d, struct session *session);
bool lane_wants(const struct lane *lane);     /* could load another message now */
void lane_yield(struct lane *lane, int rank); /* something of this rank is due: make room */
void lane_load(struct lane *lane, const struct due *due);
void lane_advance(struct lane *lane); /* starts what is ready if the modem is */
void lane_send_done(struct lane *lane, const struct send_outcome *outcome);
void lane_modem_gone(struct lane *lane); /* its session is no more; outcomes still go to disk */
void lane_close(struct lane *lane);      /* after the last outcome is on disk */
void job_free(struct job *job);
void flight_free(struct flight *flight);
void step_run(struct step *step);
void step_free(struct step *step);

/* held.c: the list lane->held. until: monotonic, 0 for the rest of a set, which goes first */
void held_put(struct lane *lane, struct job *job, int64_t until);
void held_take(struct lane *lane, struct job *job); /* out of it, if it is in */
void held_free(struct lane *lane);

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

/* inbound.c */
void inbound_received(struct dispatch *d, struct session *session,
		      const struct session_inbound *in);
void inbound_late_reply(struct dispatch *d, struct session *session, int reference);
void inbound_call(struct dispatch *d, struct session *session, const char *number, int type);
/* A reference became known: a report that came before it may fit now. */
void inbound_match_early(struct dispatch *d);

/* pin.c */
void pin_wanted(struct dispatch *d, struct session *session, const char *iccid, int tries_left);
void pin_worked(struct dispatch *d, struct session *session, const char *iccid);
