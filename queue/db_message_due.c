/* db_message_due.c - what time brings: due messages for the scheduler, and what runs out.
 *
 * Each question is answered from a partial index that holds only the messages it is about, so it
 * costs the same with a million waiting. The index is named: a planner that knows nothing of the
 * data takes the one by state, and sorts. */
#include <errno.h>
#include <stdlib.h>

#include "queue/db_message_private.h"

enum { MOVE_MAX = 1000 };

static int due_of_rank(struct db *db, int64_t route, int rank, int64_t now, struct due *items,
		       size_t max, size_t *n)
{
	sqlite3_stmt *stmt =
		db_query(db,
			 "SELECT seq, number, due_at, submit_by FROM message INDEXED BY message_due"
			 " WHERE state = 1 AND route = ?1 AND rank = ?2 AND due_at <= ?3"
			 " ORDER BY due_at, seq LIMIT ?4",
			 "iiii", route, (int64_t)rank, now, (int64_t)(max - *n));
	int err;

	if (stmt == NULL)
		return db_error(db);
	while ((err = db_step(db, stmt)) == 0) {
		if (*n == max) {
			db_done(stmt);
			return 0;
		}
		items[(*n)++] = (struct due){
			.seq = sqlite3_column_int64(stmt, 0),
			.number = sqlite3_column_int64(stmt, 1),
			.route = route,
			.due_at = sqlite3_column_int64(stmt, 2),
			.submit_by = sqlite3_column_int64(stmt, 3),
			.rank = rank,
		};
	}
	return err == -ENOENT ? 0 : err;
}

/* Takes over the sooner of two times, of which 0 is none. err: of reading the second one. */
static int sooner(int err, int64_t *next, int64_t at)
{
	if (err == 0 && (*next == 0 || at < *next))
		*next = at;
	return err == -ENOENT ? 0 : err;
}

static int next_scheduled(struct db *db, int64_t *next)
{
	int64_t at = 0;
	int err = db_value(db, &at,
			   "SELECT min(due_at) FROM message INDEXED BY message_scheduled"
			   " WHERE state = 0",
			   "");

	return sooner(err, next, at);
}

static int next_of_rank(struct db *db, int64_t route, int rank, int64_t now, int64_t *next)
{
	int64_t at = 0;
	int err = db_value(db, &at,
			   "SELECT min(due_at) FROM message INDEXED BY message_due"
			   " WHERE state = 1 AND route = ?1 AND rank = ?2 AND due_at > ?3",
			   "iii", route, (int64_t)rank, now);

	return sooner(err, next, at);
}

int db_message_due(struct db *db, int64_t route, int64_t now, struct due *items, size_t max,
		   size_t *n, int64_t *next_due)
{
	int err;

	*n = 0;
	*next_due = 0;
	err = next_scheduled(db, next_due);
	for (int rank = 0; rank < DUE_RANKS && err == 0; rank++) {
		err = next_of_rank(db, route, rank, now, next_due);
		if (err == 0 && *n < max)
			err = due_of_rank(db, route, rank, now, items, max, n);
	}
	return err;
}

static int move_all(struct db *db, const int64_t *seqs, size_t n, enum message_state to,
		    const struct message_cause *cause)
{
	struct message_row row;
	int err = 0;

	for (size_t i = 0; i < n && err == 0; i++) {
		err = db_message_by_seq(db, seqs[i], &row);
		if (err == 0)
			err = db_message_move(db, &row, to, cause);
	}
	return err;
}

int db_message_promote(struct db *db, int64_t now, int64_t *next)
{
	int64_t seqs[MOVE_MAX];
	size_t n;
	int err = message_read_seqs(db,
				    db_query(db,
					     "SELECT seq FROM message INDEXED BY message_scheduled"
					     " WHERE state = 0 AND due_at <= ?1"
					     " ORDER BY due_at LIMIT ?2",
					     "ii", now, (int64_t)MOVE_MAX),
				    seqs, MOVE_MAX, &n);

	*next = 0;
	if (err == 0)
		err = move_all(db, seqs, n, MSG_QUEUED, NULL);
	return err < 0 ? err : next_scheduled(db, next);
}

static int expire_all(struct db *db, int64_t now, int64_t *seqs, size_t *n)
{
	static const struct message_cause cause = {
		.class = "expired",
		.code = "expired",
		.text = "its time ran out before it could be sent",
	};
	int err = message_read_seqs(db,
				    db_query(db,
					     "SELECT seq FROM message INDEXED BY message_submit_by"
					     " WHERE state IN (0, 1) AND submit_by < ?1"
					     " ORDER BY submit_by LIMIT ?2",
					     "ii", now, (int64_t)MOVE_MAX),
				    seqs, MOVE_MAX, n);

	return err < 0 ? err : move_all(db, seqs, *n, MSG_EXPIRED, &cause);
}

static int next_expiry(struct db *db, int64_t *next)
{
	int64_t at = 0;
	int err = db_value(db, &at,
			   "SELECT min(submit_by) FROM message INDEXED BY message_submit_by"
			   " WHERE state IN (0, 1)",
			   "");

	return sooner(err, next, at);
}

int db_message_expire(struct db *db, int64_t now, int64_t **seqs, size_t *n, int64_t *next)
{
	int err;

	*n = 0;
	*next = 0;
	*seqs = malloc(MOVE_MAX * sizeof(**seqs));
	if (*seqs == NULL)
		return -ENOMEM;
	err = expire_all(db, now, *seqs, n);
	if (err == 0)
		err = next_expiry(db, next);
	if (err < 0 || *n == 0) {
		free(*seqs);
		*seqs = NULL;
		*n = 0;
	}
	return err;
}

int db_message_erase_texts(struct db *db, int64_t ended_before)
{
	return db_exec(db, NULL,
		       "UPDATE message SET text = NULL, kept_from = 0 WHERE seq IN"
		       " (SELECT seq FROM message INDEXED BY message_kept_text"
		       " WHERE kept_from > 0 AND kept_from < ?1 LIMIT ?2)",
		       "ii", ended_before, (int64_t)MOVE_MAX);
}

static int hold_one(struct db *db, int64_t seq, int64_t until)
{
	struct message_row row;
	int err = db_exec(db, NULL, "UPDATE message SET due_at = ?2 WHERE seq = ?1", "ii", seq,
			  until);

	if (err == 0)
		err = db_message_by_seq(db, seq, &row);
	return err < 0 ? err : message_news(db, &row);
}

int db_message_hold_contacts(struct db *db, const char *site, int64_t until)
{
	int64_t seqs[MOVE_MAX];
	size_t n;
	int err;

	do { /* each one found leaves the range, so this ends */
		err = message_read_seqs(
			db,
			db_query(db,
				 "SELECT seq FROM message INDEXED BY message_contact"
				 " WHERE state = 1 AND kind = 1 AND site = ?1"
				 " AND due_at < ?2 LIMIT ?3",
				 "tii", site, until, (int64_t)MOVE_MAX),
			seqs, MOVE_MAX, &n);
		for (size_t i = 0; i < n && err == 0; i++)
			err = hold_one(db, seqs[i], until);
	} while (err == 0 && n == MOVE_MAX);
	return err;
}
