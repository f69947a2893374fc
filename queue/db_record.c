/* db_record.c - lists and ages of what is kept about people. */
#include "queue/db_record.h"

#include <errno.h>
#include <stdlib.h>

#include "queue/db_erase.h"
#include "queue/db_message_private.h"

enum { PRUNE_MAX = 1000 };

static int push_id(char (**ids)[ID_SIZE], size_t *n, sqlite3_stmt *stmt)
{
	char(*grown)[ID_SIZE] = realloc(*ids, (*n + 1) * sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	*ids = grown;
	db_column_text(stmt, 0, grown[(*n)++], ID_SIZE);
	return 0;
}

/* Column 0 of every row. stmt may be NULL (db_query failed). */
static int read_ids(struct db *db, sqlite3_stmt *stmt, char (**ids)[ID_SIZE], size_t *n)
{
	int err = 0;

	*ids = NULL;
	*n = 0;
	if (stmt == NULL)
		return db_error(db);
	while (err == 0 && (err = db_step(db, stmt)) == 0) {
		err = push_id(ids, n, stmt);
		if (err < 0)
			db_done(stmt);
	}
	if (err == -ENOENT)
		return 0;
	free(*ids);
	*ids = NULL;
	*n = 0;
	return err;
}

int db_record_verifications(struct db *db, const char *site, const char *account, size_t max,
			    char (**ids)[ID_SIZE], size_t *n)
{
	return read_ids(db,
			db_query(db,
				 "SELECT id FROM verification WHERE site = ?1 AND account = ?2"
				 " ORDER BY id LIMIT ?3",
				 "tti", site, account, (int64_t)max),
			ids, n);
}

int db_record_contacts(struct db *db, const char *site, const char *account, size_t max,
		       char (**ids)[ID_SIZE], size_t *n)
{
	return read_ids(db,
			db_query(db,
				 "SELECT id FROM contact WHERE site = ?1 AND from_account = ?2"
				 " UNION SELECT id FROM contact WHERE site = ?1 AND to_account = ?2"
				 " ORDER BY 1 LIMIT ?3",
				 "tti", site, account, (int64_t)max),
			ids, n);
}

/* ---- retention ---- */

static int forget_message(struct db *db, int64_t seq)
{
	struct message_row row;
	int err = db_message_by_seq(db, seq, &row);

	if (err == 0)
		err = db_exec(db, NULL, "DELETE FROM contact WHERE message = ?1", "i", seq);
	if (err == 0)
		err = db_exec(db, NULL, "DELETE FROM message WHERE seq = ?1", "i", seq);
	return err == 0 ? db_number_forget(db, row.number, NULL) : err;
}

/* The oldest of one state; numbers and times ascend together. */
static int prune_messages(struct db *db, enum message_state state, int64_t before)
{
	int64_t seqs[PRUNE_MAX];
	size_t n;
	int err = message_read_seqs(
		db,
		db_query(db,
			 "SELECT seq FROM (SELECT seq, created_at FROM message WHERE state = ?1"
			 " ORDER BY seq LIMIT ?3) WHERE created_at < ?2",
			 "iii", (int64_t)state, before, (int64_t)PRUNE_MAX),
		seqs, PRUNE_MAX, &n);

	for (size_t i = 0; i < n && err == 0; i++)
		err = forget_message(db, seqs[i]);
	return err;
}

/* Ids ascend with time, so the oldest rows are the first ones. */
#define OLD_VERIFICATIONS                                                                          \
	" FROM verification WHERE id IN (SELECT id FROM (SELECT id, created_at FROM verification"  \
	" ORDER BY id LIMIT ?2) WHERE created_at < ?1)"

static int prune_verifications(struct db *db, int64_t before)
{
	int64_t numbers[PRUNE_MAX];
	size_t n;
	int err = message_read_seqs(db,
				    db_query(db, "SELECT coalesce(number, 0)" OLD_VERIFICATIONS,
					     "ii", before, (int64_t)PRUNE_MAX),
				    numbers, PRUNE_MAX, &n);

	if (err == 0 && n > 0)
		err = db_exec(db, NULL, "DELETE" OLD_VERIFICATIONS, "ii", before,
			      (int64_t)PRUNE_MAX);
	for (size_t i = 0; i < n && err == 0; i++)
		err = db_number_forget(db, numbers[i], NULL);
	return err;
}

int db_record_prune(struct db *db, int64_t before)
{
	int err = prune_verifications(db, before);

	for (int state = MSG_UNCERTAIN; state < MSG_STATES && err == 0; state++)
		err = prune_messages(db, (enum message_state)state, before);
	return err;
}
