/* db_message.h - messages and their moves. Every move is checked against message.h's table, is an
 * event, keeps the places of limits in step (db_place.h) and erases the text at the end. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/db_message_row.h"
#include "queue/due.h"

/* state MSG_SCHEDULED or MSG_QUEUED by due_at. Sets seq, id, created_at, submit_by
 * (deadline - life_ms / 3) of row; number by db_number_id. text is sealed. */
int db_message_add(struct db *db, struct message_row *row, const char *text);

int db_message_get(struct db *db, const char *id, struct message_row *row);
int db_message_by_seq(struct db *db, int64_t seq, struct message_row *row);

/* Malloced, wiped and freed by the caller (secret_free). -ENOENT: erased. */
int db_message_text(struct db *db, const struct message_row *row, char **text);

struct message_cause { /* NULL pointers: unchanged, not told */
	const char *class, *code, *text, *modem;
};

/* row is as this transaction read it: its times and tries are written with the state. -EINVAL:
 * the table forbids it, or the message is in another state by now. Updates row (untouched on an
 * error). cause may be NULL. sent and delivered clear the reason where the cause tells none.
 * Texts go at the end, and already when sent; a failed text keeps its own, one that awaits a
 * report or an uncertain message too: see db_message_erase_texts. */
int db_message_move(struct db *db, struct message_row *row, enum message_state to,
		    const struct message_cause *cause);

/* sending or uncertain -> queued, not before due_at. An uncertain code may be submitted again while
 * 60 s of its life remain (a third of it, if that is less). */
int db_message_requeue(struct db *db, struct message_row *row, int64_t due_at,
		       const struct message_cause *cause);

struct message_query {
	const char *const *sites; /* NULL: all */
	size_t n_sites;
	int state, kind;       /* -1: any */
	int64_t number;        /* 0: any */
	const char *reference; /* NULL: any */
	const char *after;     /* id: older than it; NULL: from the newest */
	size_t limit;
};

/* Newest first. An unknown after gives an empty list. */
int db_message_list(struct db *db, const struct message_query *query, struct message_row *rows,
		    size_t *n);

/* Queued and due messages of a route in order, at most max; for the scheduler. *next_due: the
 * soonest later one, or 0; also of scheduled ones (of any route), not after now where
 * db_message_promote has work. */
int db_message_due(struct db *db, int64_t route, int64_t now, struct due *items, size_t max,
		   size_t *n, int64_t *next_due);

/* scheduled -> queued for those due. At most 1000 a call; *next: the soonest of the others, or 0.
 */
int db_message_promote(struct db *db, int64_t now, int64_t *next);

/* Queued contact requests of this site that are due before then wait until then. */
int db_message_hold_contacts(struct db *db, const char *site, int64_t until);

/* Waiting ones past submit_by become expired; at most 1000 a call. seqs (malloced, NULL if none)
 * and n: which. *next: the soonest submit_by of the others, or 0. */
int db_message_expire(struct db *db, int64_t now, int64_t **seqs, size_t *n, int64_t *next);

/* Erases kept texts: of failed messages that ended before then, and of uncertain ones and those
 * that await a report whose deadline was before then. At most 1000 a call. */
int db_message_erase_texts(struct db *db, int64_t ended_before);

struct message_counts {
	int64_t by_state[MSG_STATES];
	int64_t by_kind[KIND_COUNT][MSG_STATES];
	int64_t oldest_queued_at; /* 0: none waits */
};

int db_message_counts(struct db *db, struct message_counts *counts);

/* When what waits longest of this kind became due; 0: none waits. Cheap for any queue. */
int db_message_oldest_due(struct db *db, enum config_kind kind, int64_t *due_at);
