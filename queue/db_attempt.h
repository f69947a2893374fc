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
	ATTEMPT_STATES,
};

/* A part that is to be submitted now, and by whom. */
struct attempt_new {
	const char *modem, *sim;
	unsigned part;
	bool asked; /* for a delivery report */
};

/* Moves a queued message to sending (part 0 of a new set) or goes on with one in sending: its next
 * part, or the same again after a refusal, on the same modem. -EINVAL: it is no longer to be sent
 * (canceled, or past submit_by or deadline: db_message_expire), or it is not this part's turn. The
 * first submit fixes a code's end: deadline = min(deadline, now + life_ms), and submit_by with it.
 * *attempt is the row's id. */
int db_attempt_claim(struct db *db, int64_t message_seq, const struct attempt_new *by,
		     int64_t *attempt);

/* Records what came of it; reference -1, code -1: none is told, what is known stays. Does not move
 * the message. */
int db_attempt_end(struct db *db, int64_t attempt, enum attempt_state state, int reference,
		   int code);

struct attempt_row {
	int64_t id, message_seq, number, at;
	unsigned part;
	enum attempt_state state;
	int reference; /* -1: not known */
};
int db_attempt_get(struct db *db, int64_t attempt, struct attempt_row *row);

struct attempt_report { /* what a delivery report says */
	const char *sim, *modem, *recipient;
	int reference;
	int64_t at; /* when it came */
};

/* The attempt that it speaks of: of this SIM (or of the modem, while its SIM was unknown), with
 * this reference, not older than its validity and a day. In this order: one that awaits a report,
 * to a number that ends alike (db_number_alike), the newest; none, where one to this number is on
 * the air: its reference will tell; an uncertain one to this number, whose reference is not known:
 * the report gives it; the only one that awaits a report with this reference, whatever the report
 * calls its number; one to this number that had its last report already. -ENOENT: none. */
int db_attempt_of_report(struct db *db, const struct attempt_report *report,
			 struct attempt_row *row);

/* Its last word has not been heard. */
bool attempt_is_open(const struct attempt_row *row);

/* The newest uncertain attempt of a modem: a late +CMGS resolves it. -ENOENT. */
int db_attempt_uncertain(struct db *db, const char *modem, int64_t since, struct attempt_row *row);

/* How many parts of the message's newest set are in each state. */
int db_attempt_count(struct db *db, int64_t message_seq, unsigned n[ATTEMPT_STATES]);

/* At start: messages in sending. Each claimed attempt becomes uncertain and so does its message;
 * else one whose parts are all accepted is sent, any other is queued again. *n: how many became
 * uncertain. */
int db_attempt_recover(struct db *db, unsigned *n);

/* Uncertain messages before their deadline, for the policy: the soonest to end first, at most
 * 10,000; seqs malloced. */
int db_attempt_uncertain_messages(struct db *db, int64_t **seqs, size_t *n);
