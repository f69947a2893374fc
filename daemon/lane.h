/* lane.h - one modem's sending, as the files of dispatch see it.
 *
 * lane.c      loads messages ahead and hands their parts to the modem
 * step.c      one transaction: how the last part ended, which one begins
 * standing.c  whether the lane may send: pauses, limits, its SIM */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "daemon/balance.h"
#include "modem/errors.h"
#include "modem/pdu.h"
#include "modem/session.h"
#include "queue/db_attempt.h"
#include "queue/db_quota.h"
#include "queue/due.h"

struct lane;
struct dispatch;

enum { SIM_SIZE = 24, PART_RETRIES_MAX = 2 };

/* A message that a lane is busy with. Made by lane_load, freed by job_free. */
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
	char sim[SIM_SIZE];
	struct quota_state quota;    /* when it was loaded */
	const struct config *config; /* counted */
};

/* One part handed to the modem: from AT+CMGS until its outcome is on disk. */
struct flight {
	struct job *job;
	unsigned part;
	int64_t attempt; /* written by its claim's transaction; read by later ones */
	enum send_verdict verdict;
	int reference, code;
	bool is_cme;
	bool asked;           /* for a delivery report */
	int64_t elsewhere_at; /* another lane could send it then: choice_elsewhere */
	char sim[SIM_SIZE];   /* the lane's, when it began */
	unsigned in_row; /* refusals with this code, this one too, since something was accepted */
	enum modem_family family;
	char why[WORDS_SIZE];
	char hex[PDU_HEX_SIZE];
};

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
	struct modem_judgement judged; /* of a refusal */
	bool avoid;                    /* requeued: better on another modem */
	bool claim_refused;            /* begun's message is not to be sent any more, or not now */
	bool quota_known;              /* quota: after the claim */
	struct quota_state quota;
	bool told;                   /* that the disk did not take it */
	const struct config *config; /* counted */
	struct step *later;          /* in a lane's unrecorded list */
};

/* Whether the lane may send. Written by standing.c alone. */
struct standing {
	int64_t paused_until; /* monotonic; 0: not paused */
	unsigned pauses;      /* since something was accepted */
	int last_code;        /* of the refusals in a row */
	bool last_is_cme, drained;
	unsigned in_row;
	bool quota_known; /* of lane->sim */
	unsigned looks;   /* under way, for it */
	struct quota_state quota;
	bool limit_told;
	bool no_validity;      /* the SIM's message centre refuses one (CMS 198, 199) */
	bool able[QUOTA_USES]; /* as choice.c saw it last */
	struct modem_sending shown;
};

struct lane {
	struct dispatch *dispatch;
	struct session *session;           /* NULL: gone, for simgate stops */
	char modem[MODEM_SIZE];            /* its name; never changes, so any thread may read it */
	char sim[SIM_SIZE];                /* modem_sim() */
	size_t index;                      /* among the lanes */
	uint64_t bit;                      /* in due.avoid; 0 beyond the 64th */
	struct job *loading, *next, *held; /* held: a part that is tried again in a moment */
	struct flight *air;
	struct step *unrecorded;       /* outcomes that the disk did not take yet */
	bool yield_loading;            /* something more urgent came while loading */
	bool asked;                    /* by choice.c, in this turn */
	bool pin_tried;                /* and it is not known yet whether it was right */
	int64_t held_until, record_at; /* monotonic */
	int64_t begun_at;              /* monotonic, of the last part */
	struct standing standing;
	struct balance balance;
	uv_timer_t timer; /* the soonest of held_until, record_at and the standing's waits */
};

/* lane.c */
void lane_init(struct lane *lane, struct dispatch *d, struct session *session, size_t index);
bool lane_wants(const struct lane *lane); /* could load another message; as choice.c saw it last */
bool lane_is_idle(const struct lane *lane);                    /* and would send it at once */
void lane_yield(struct lane *lane, const struct due *due);     /* it is due: make room if it is more
								  urgent */
bool lane_hand_back(struct lane *lane, const struct lane *to); /* what waits behind a part */
void lane_load(struct lane *lane, const struct due *due);
void lane_advance(struct lane *lane); /* starts what is ready if the modem is */
/* The job goes on at this monotonic time, before the loaded message. */
void lane_hold(struct lane *lane, struct job *job, int64_t until);
void lane_send_done(struct lane *lane, const struct send_outcome *outcome);
void lane_arm(struct lane *lane);
void lane_modem_gone(struct lane *lane); /* its session is no more; outcomes still go to disk */
void lane_close(struct lane *lane);      /* after the last outcome is on disk */
void job_free(struct job *job);
void job_release(struct job *job);
