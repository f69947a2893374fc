/* db_attempt.h - the write-ahead of sending: one row a submitted part, written before Ctrl-Z. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "queue/db_message.h"

enum attempt_state {
	ATTEMPT_CLAIMED, /* may be on the air: after a crash it is uncertain */
	ATTEMPT_ACCEPTED,
	ATTEMPT_REFUSED,
	ATTEMPT_NOT_SUBMITTED,
	ATTEMPT_UNCERTAIN,
	ATTEMPT_DELIVERED,
	ATTEMPT_UNDELIVERED,
};

/* Moves a queued message to sending (part 0 of a new set) or goes on with one in sending: its next
 * part, or the same again after a refusal, on the same modem. -EINVAL: it is no longer to be sent
 * (canceled, or past submit_by or deadline: db_message_expire), or it is not this part's turn. The
 * first submit fixes a code's end: deadline = min(deadline, now + life_ms), and submit_by with it.
 * *attempt is the row's id. */
int db_attempt_claim(struct db *db, int64_t message_seq, unsigned part, const char *modem,
		     const char *sim, int64_t *attempt);

/* Records what came of it; reference -1, code -1: none is told, what is known stays. Does not move
 * the message. */
int db_attempt_end(struct db *db, int64_t attempt, enum attempt_state state, int reference,
		   int code);

/* The attempt that a delivery report or late reply speaks of: by SIM (or modem where the SIM is
 * unknown), reference and number (0: any), newest first, not older than since. -ENOENT. */
struct attempt_row {
	int64_t id, message_seq, at;
	unsigned part;
	enum attempt_state state;
	int reference;
};
int db_attempt_by_reference(struct db *db, const char *sim, const char *modem, int reference,
			    int64_t number, int64_t since, struct attempt_row *row);

/* The newest uncertain attempt of a modem: a late +CMGS resolves it. -ENOENT. */
int db_attempt_uncertain(struct db *db, const char *modem, int64_t since, struct attempt_row *row);

/* How many parts of the message's newest set are in this state. */
int db_attempt_count(struct db *db, int64_t message_seq, enum attempt_state state, unsigned *n);

/* At start: messages in sending. Each claimed attempt becomes uncertain and so does its message;
 * else one whose parts are all accepted is sent, any other is queued again. *n: how many became
 * uncertain. */
int db_attempt_recover(struct db *db, unsigned *n);

/* Uncertain messages before their deadline, for the policy: the soonest to end first, at most
 * 10,000; seqs malloced. */
int db_attempt_uncertain_messages(struct db *db, int64_t **seqs, size_t *n);
