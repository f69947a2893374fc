/* db_attempt.c - one row for each part that a modem was asked to submit.
 *
 * A set is one try at the whole message: its parts in order, each after the one before was
 * accepted; a part that was refused may be claimed again within its set. A message that is queued
 * again starts a new set from part 0. A claim stands on disk before Ctrl-Z, so that what a crash
 * leaves claimed is what may be on the air. */
#include "queue/db_attempt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue/db_message_private.h"
#include "queue/db_verification.h"

enum { RECOVER_AT_ONCE = 256, UNCERTAIN_MAX = 10000 };

struct set_counts {
	unsigned accepted, open; /* open: claimed or uncertain */
};

static int count_set(struct db *db, const struct message_row *row, struct set_counts *counts)
{
	sqlite3_stmt *stmt = db_query(db,
				      "SELECT count(*) FILTER (WHERE state IN (1, 5, 6)),"
				      " count(*) FILTER (WHERE state IN (0, 4))"
				      " FROM attempt WHERE message = ?1 AND try = ?2",
				      "ii", row->seq, (int64_t)row->tries);
	int err = stmt == NULL ? db_error(db) : db_step(db, stmt);

	if (err < 0)
		return err;
	counts->accepted = (unsigned)sqlite3_column_int(stmt, 0);
	counts->open = (unsigned)sqlite3_column_int(stmt, 1);
	db_done(stmt);
	return 0;
}

static int insert(struct db *db, const struct message_row *row, const struct attempt_new *by,
		  int64_t *attempt)
{
	int err = db_exec(
		db, NULL,
		"INSERT INTO attempt (message, try, part, modem, sim, number, state, at, asked)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7, ?8)",
		"iiittiii", row->seq, (int64_t)row->tries, (int64_t)by->part, by->modem, by->sim,
		row->number, db->now, (int64_t)by->asked);

	*attempt = err < 0 ? 0 : sqlite3_last_insert_rowid(db->sqlite);
	return err;
}

/* The first submit starts a code's life. */
static int note_first_submit(struct db *db, struct message_row *row)
{
	row->first_submit_at = db->now;
	if (row->life_ms == 0)
		return 0;
	if (db->now + row->life_ms < row->deadline)
		row->deadline = db->now + row->life_ms;
	row->submit_by = row->deadline - row->life_ms / 3;
	return db_verification_submitted(db, row->number, row->seq, row->deadline);
}

static int start_set(struct db *db, struct message_row *row, unsigned part, const char *modem)
{
	const struct message_cause cause = { .modem = modem };
	int err = 0;

	if (part != 0 || db->now > row->submit_by || db->now > row->deadline)
		return -EINVAL;
	row->tries++;
	if (row->first_submit_at == 0)
		err = note_first_submit(db, row);
	return err < 0 ? err : db_message_move(db, row, MSG_SENDING, &cause);
}

static int go_on(struct db *db, const struct message_row *row, unsigned part, const char *modem)
{
	struct set_counts counts;
	int err;

	if (part >= row->parts || db->now > row->deadline || strcmp(row->modem, modem) != 0)
		return -EINVAL;
	err = count_set(db, row, &counts);
	if (err < 0)
		return err;
	return part == counts.accepted && counts.open == 0 ? 0 : -EINVAL;
}

int db_attempt_claim(struct db *db, int64_t message_seq, const struct attempt_new *by,
		     int64_t *attempt)
{
	struct message_row row;
	int err = db_message_by_seq(db, message_seq, &row);

	if (err < 0)
		return err;
	if (row.state == MSG_QUEUED)
		err = start_set(db, &row, by->part, by->modem);
	else if (row.state == MSG_SENDING)
		err = go_on(db, &row, by->part, by->modem);
	else
		err = -EINVAL;
	return err < 0 ? err : insert(db, &row, by, attempt);
}

/* Parts of the newest set alone count as sent. */
static int note_part(struct db *db, int64_t attempt)
{
	return db_exec(db, NULL,
		       "UPDATE message SET parts_sent = max(parts_sent, attempt.part + 1)"
		       " FROM attempt WHERE attempt.id = ?1 AND message.seq = attempt.message"
		       " AND message.tries = attempt.try AND message.parts > 1",
		       "i", attempt);
}

int db_attempt_end(struct db *db, int64_t attempt, enum attempt_state state, int reference,
		   int code)
{
	int64_t changed;
	int err = db_exec(db, &changed,
			  "UPDATE attempt SET state = ?2,"
			  " reference = coalesce(nullif(?3, -1), reference),"
			  " code = coalesce(nullif(?4, -1), code) WHERE id = ?1",
			  "iiii", attempt, (int64_t)state, (int64_t)reference, (int64_t)code);

	if (err < 0)
		return err;
	if (changed == 0)
		return -ENOENT;
	return state == ATTEMPT_ACCEPTED ? note_part(db, attempt) : 0;
}

void attempt_read_row(sqlite3_stmt *stmt, struct attempt_row *row)
{
	row->id = sqlite3_column_int64(stmt, 0);
	row->message_seq = sqlite3_column_int64(stmt, 1);
	row->part = (unsigned)sqlite3_column_int(stmt, 2);
	row->state = (enum attempt_state)sqlite3_column_int(stmt, 3);
	row->reference =
		sqlite3_column_type(stmt, 4) == SQLITE_NULL ? -1 : sqlite3_column_int(stmt, 4);
	row->at = sqlite3_column_int64(stmt, 5);
	row->number = sqlite3_column_int64(stmt, 6);
}

static int get_one(struct db *db, sqlite3_stmt *stmt, struct attempt_row *row)
{
	int err = stmt == NULL ? db_error(db) : db_step(db, stmt);

	if (err < 0)
		return err;
	attempt_read_row(stmt, row);
	db_done(stmt);
	return 0;
}

int db_attempt_get(struct db *db, int64_t attempt, struct attempt_row *row)
{
	return get_one(
		db,
		db_query(db, "SELECT " ATTEMPT_COLUMNS " FROM attempt WHERE id = ?1", "i", attempt),
		row);
}

int db_attempt_uncertain(struct db *db, const char *modem, int64_t since, struct attempt_row *row)
{
	return get_one(db,
		       db_query(db,
				"SELECT " ATTEMPT_COLUMNS " FROM attempt"
				" WHERE state IN (0, 4) AND state = 4 AND modem = ?1 AND at >= ?2"
				" ORDER BY at DESC, id DESC LIMIT 1",
				"ti", modem, since),
		       row);
}

/* Of a part that was tried more than once in its set, the newest attempt speaks. */
int db_attempt_count(struct db *db, int64_t message_seq, unsigned n[ATTEMPT_STATES])
{
	sqlite3_stmt *stmt = db_query(
		db,
		"SELECT part, state FROM attempt WHERE message = ?1"
		" AND try = (SELECT max(try) FROM attempt WHERE message = ?1) ORDER BY part, id",
		"i", message_seq);
	int err = stmt == NULL ? db_error(db) : 0, part = -1, state = 0;

	memset(n, 0, ATTEMPT_STATES * sizeof(*n));
	while (err == 0 && (err = db_step(db, stmt)) == 0) {
		if (sqlite3_column_int(stmt, 0) == part)
			n[state]--;
		part = sqlite3_column_int(stmt, 0);
		state = sqlite3_column_int(stmt, 1);
		n[state]++;
	}
	return err == -ENOENT ? 0 : err;
}

/* *in_doubt: a part may be on the air. */
static int close_claims(struct db *db, const struct message_row *row, bool *in_doubt,
			bool *complete)
{
	struct set_counts counts;
	int err = db_exec(db, NULL, "UPDATE attempt SET state = 4 WHERE message = ?1 AND state = 0",
			  "i", row->seq);

	if (err == 0)
		err = count_set(db, row, &counts);
	if (err < 0)
		return err;
	*in_doubt = counts.open > 0;
	*complete = counts.accepted >= row->parts;
	return 0;
}

static int recover_one(struct db *db, int64_t seq, unsigned *n)
{
	static const struct message_cause crash = {
		.class = "uncertain",
		.code = "crash",
		.text = "the gateway stopped before the network's answer was known",
	};
	static const struct message_cause restart = {
		.class = "retry",
		.code = "restart",
		.text = "the gateway stopped before the message was submitted",
	};
	struct message_row row;
	bool in_doubt = false, complete = false;
	int err = db_message_by_seq(db, seq, &row);

	if (err == 0)
		err = close_claims(db, &row, &in_doubt, &complete);
	if (err < 0)
		return err;
	if (in_doubt) {
		(*n)++;
		return db_message_move(db, &row, MSG_UNCERTAIN, &crash);
	}
	if (complete)
		return db_message_move(db, &row, MSG_SENT, NULL);
	return db_message_requeue(db, &row, db->now, &restart);
}

int db_attempt_recover(struct db *db, unsigned *n)
{
	int64_t seqs[RECOVER_AT_ONCE];
	size_t found;
	int err;

	*n = 0;
	do { /* each one found leaves sending, so this ends */
		err = message_read_seqs(db,
					db_query(db,
						 "SELECT seq FROM message WHERE state = 2"
						 " ORDER BY seq LIMIT ?1",
						 "i", (int64_t)RECOVER_AT_ONCE),
					seqs, RECOVER_AT_ONCE, &found);
		for (size_t i = 0; i < found && err == 0; i++)
			err = recover_one(db, seqs[i], n);
	} while (err == 0 && found == RECOVER_AT_ONCE);
	return err;
}

int db_attempt_uncertain_messages(struct db *db, int64_t **seqs, size_t *n)
{
	int err;

	*n = 0;
	*seqs = malloc(UNCERTAIN_MAX * sizeof(**seqs));
	if (*seqs == NULL)
		return -ENOMEM;
	err = message_read_seqs(db,
				db_query(db,
					 "SELECT seq FROM message INDEXED BY message_uncertain"
					 " WHERE state = 3 AND deadline > ?1"
					 " ORDER BY deadline LIMIT ?2",
					 "ii", db->now, (int64_t)UNCERTAIN_MAX),
				*seqs, UNCERTAIN_MAX, n);
	if (err < 0) {
		free(*seqs);
		*seqs = NULL;
		*n = 0;
	}
	return err;
}
