/* db_message_private.h - what the files about messages share: reading rows, sealing texts, telling
 * of moves. For db_message*.c, db_attempt.c and db_inbox.c alone. */
#pragma once

#include "queue/db_attempt.h"
#include "queue/db_message.h"
#include "queue/db_private.h"

/* What message_read_row reads, in its order. */
#define MESSAGE_COLUMNS                                                                            \
	"seq, id, site, kind, state, rank, number, encoding, parts, parts_sent, tries, report,"    \
	" modem, reference, retry_of, reason_class, reason_code, reason_text, created_at, due_at," \
	" deadline, submit_by, life_ms, first_submit_at, sent_at, delivered_at, ended_at,"         \
	" text IS NOT NULL, route"

/* The same for attempt_read_row. */
#define ATTEMPT_COLUMNS                                                                            \
	"attempt.id, attempt.message, attempt.part, attempt.state, attempt.reference,"             \
	" attempt.at, attempt.number"

/* These do not end the statement. */
void attempt_read_row(sqlite3_stmt *stmt, struct attempt_row *row);
void message_read_row(sqlite3_stmt *stmt, struct message_row *row);

/* One message is in state `to` that was in `from` (-1: it is new): counts it for the tally and
 * among the waiting ones. */
void message_count(struct db *db, enum config_kind kind, int from, enum message_state to);

/* The scheduler learns of it, if it waits. */
int message_news(struct db *db, const struct message_row *row);

/* The event of the state that row is now in, and the news for the scheduler. */
int message_tell(struct db *db, const struct message_row *row, const char *reason);

/* What a text is sealed to: a number made of the public id. */
int64_t message_seal_place(const char *id);

/* The text in a column, malloced; for secret_free. */
int message_open_text(struct db *db, const char *id, sqlite3_stmt *stmt, int column, char **text);
int message_open_sealed(struct db *db, int64_t place, sqlite3_stmt *stmt, int column, char **text);

/* A sender with a digit in it may be somebody's number: it goes where numbers go. */
bool inbox_is_number(const char *sender);

/* Column 0 of at most max rows; ends the statement. For what is to be moved: a move changes the
 * index that such a query walks. stmt may be NULL (db_query failed). */
int message_read_seqs(struct db *db, sqlite3_stmt *stmt, int64_t *seqs, size_t max, size_t *n);
