/* db_inbox.c - received SMS, newest first.
 *
 * A modem may show one stored SMS again (after a reset, or because it may not be deleted there),
 * so each row keeps a keyed hash of its PDU for seven days, also where the inbox forgets sooner:
 * then the row loses all that it says and only the hash stays. */
#include "queue/db_inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "queue/db_erase.h"
#include "queue/db_message_private.h"

enum { PRUNE_MAX = 1000 };

static const int64_t hash_life_ms = (int64_t)7 * 24 * 60 * 60 * 1000;

bool inbox_is_number(const char *sender)
{
	return strlen(sender) < NUMBER_SIZE && strpbrk(sender, "0123456789") != NULL;
}

static int check_new(struct db *db, const unsigned char hash[static SEAL_HASH_SIZE])
{
	int64_t seq;
	int err = db_value(db, &seq,
			   "SELECT seq FROM inbox WHERE pdu = ?1 AND received_at > ?2 LIMIT 1",
			   "bi", hash, (size_t)SEAL_HASH_SIZE, db->now - hash_life_ms);

	if (err == -ENOENT)
		return 0;
	return err < 0 ? err : -EEXIST;
}

static int insert(struct db *db, struct inbox_row *row, int64_t number,
		  const unsigned char hash[static SEAL_HASH_SIZE], const unsigned char *sealed,
		  size_t n)
{
	const char *sender = number == 0 ? row->sender : NULL;
	int err = db_exec(
		db, NULL,
		"INSERT INTO inbox (id, site, modem, number, sender, text, received_at, sent_at,"
		" pdu, incomplete) VALUES (?1, ?2, ?3, nullif(?4, 0), ?5, ?6, ?7, ?8, ?9, ?10)",
		"tttitbiibi", row->id, row->site, row->modem, number, sender, sealed, n,
		row->received_at, row->sent_at, hash, (size_t)SEAL_HASH_SIZE,
		(int64_t)row->incomplete);

	if (err == 0)
		row->seq = sqlite3_last_insert_rowid(db->sqlite);
	return err;
}

static int insert_sealed(struct db *db, struct inbox_row *row, int64_t number,
			 const unsigned char hash[static SEAL_HASH_SIZE])
{
	size_t n = strlen(row->text);
	unsigned char *sealed = malloc(n + SEAL_OVERHEAD);
	int err;

	if (sealed == NULL)
		return -ENOMEM;
	seal_close(db->keys, SEAL_TEXT, message_seal_place(row->id), row->text, n, sealed);
	err = insert(db, row, number, hash, sealed, n + SEAL_OVERHEAD);
	free(sealed);
	return err;
}

int db_inbox_add(struct db *db, struct inbox_row *row, const char *pdu)
{
	unsigned char hash[SEAL_HASH_SIZE];
	int64_t number = 0;
	int err;

	seal_hash(db->keys, SEAL_IDEMPOTENCY, hash, "pdu", pdu, NULL);
	err = check_new(db, hash);
	if (err == 0 && inbox_is_number(row->sender))
		err = db_number_id(db, row->sender, &number);
	if (err < 0)
		return err;
	id_make(row->id, ID_INBOUND, db->now);
	row->received_at = db->now;
	return insert_sealed(db, row, number, hash);
}

/* Columns: seq, id, site, modem, number, sender, received_at, sent_at, text, incomplete. */
static int read_row(struct db *db, sqlite3_stmt *stmt, struct inbox_row *row)
{
	int64_t number = sqlite3_column_int64(stmt, 4);
	int err;

	row->seq = sqlite3_column_int64(stmt, 0);
	db_column_text(stmt, 1, row->id, sizeof(row->id));
	db_column_text(stmt, 2, row->site, sizeof(row->site));
	db_column_text(stmt, 3, row->modem, sizeof(row->modem));
	db_column_text(stmt, 5, row->sender, sizeof(row->sender));
	row->received_at = sqlite3_column_int64(stmt, 6);
	row->sent_at = sqlite3_column_int64(stmt, 7);
	row->incomplete = sqlite3_column_int(stmt, 9) != 0;
	err = number == 0 ? 0 : db_number_get(db, number, row->sender);
	return err < 0 ? err : message_open_text(db, row->id, stmt, 8, &row->text);
}

static bool site_wanted(const struct inbox_query *query, const char *site)
{
	if (query->sites == NULL)
		return true;
	for (size_t i = 0; i < query->n_sites; i++)
		if (strcmp(query->sites[i], site) == 0)
			return true;
	return false;
}

static int list_before(struct db *db, const struct inbox_query *query, int64_t before,
		       struct inbox_row *rows, size_t *n)
{
	sqlite3_stmt *stmt = db_query(
		db,
		"SELECT seq, id, site, modem, number, sender, received_at, sent_at, text,"
		" incomplete FROM inbox WHERE seq < ?1 AND text IS NOT NULL ORDER BY seq DESC",
		"i", before);
	int err;

	if (stmt == NULL)
		return db_error(db);
	while ((err = db_step(db, stmt)) == 0) {
		char site[SITE_SIZE];

		db_column_text(stmt, 2, site, sizeof(site));
		if (!site_wanted(query, site) ||
		    (query->number != 0 && sqlite3_column_int64(stmt, 4) != query->number))
			continue;
		err = read_row(db, stmt, &rows[*n]);
		if (err == 0)
			(*n)++;
		if (err < 0 || *n == query->limit) {
			db_done(stmt);
			return err;
		}
	}
	return err == -ENOENT ? 0 : err;
}

int db_inbox_list(struct db *db, const struct inbox_query *query, struct inbox_row *rows, size_t *n)
{
	int64_t before = INT64_MAX;
	int err = 0;

	*n = 0;
	if (query->limit == 0)
		return 0;
	if (query->after != NULL) /* one that was erased meanwhile still has its place */
		err = db_value(db, &before,
			       "SELECT seq + (id < ?1) FROM inbox WHERE id <= ?1 ORDER BY id DESC"
			       " LIMIT 1",
			       "t", query->after);
	if (err == 0)
		err = list_before(db, query, before, rows, n);
	else if (err == -ENOENT) /* nothing is older */
		err = 0;
	for (; err < 0 && *n > 0; (*n)--)
		secret_free(rows[*n - 1].text);
	return err;
}

/* The oldest that still say something. */
#define OLD_INBOX                                                                                  \
	" WHERE received_at < ?1 AND seq IN (SELECT seq FROM inbox WHERE text IS NOT NULL"         \
	" ORDER BY seq LIMIT ?2)"

static int forget_senders(struct db *db, int64_t before_ms)
{
	int64_t numbers[PRUNE_MAX];
	size_t n;
	int err = message_read_seqs(db,
				    db_query(db, "SELECT coalesce(number, 0) FROM inbox" OLD_INBOX,
					     "ii", before_ms, (int64_t)PRUNE_MAX),
				    numbers, PRUNE_MAX, &n);

	if (err == 0 && n > 0)
		err = db_exec(db, NULL,
			      "UPDATE inbox SET text = NULL, number = NULL, sender = NULL,"
			      " site = ''" OLD_INBOX,
			      "ii", before_ms, (int64_t)PRUNE_MAX);
	for (size_t i = 0; i < n && err == 0; i++)
		err = db_number_forget(db, numbers[i], NULL);
	return err;
}

int db_inbox_prune(struct db *db, int64_t before_ms)
{
	int64_t forget = db->now - hash_life_ms;
	int err = forget_senders(db, before_ms);

	if (err < 0)
		return err;
	return db_exec(db, NULL,
		       "DELETE FROM inbox WHERE received_at < ?1 AND seq IN"
		       " (SELECT seq FROM inbox ORDER BY seq LIMIT ?2)",
		       "ii", before_ms < forget ? before_ms : forget, (int64_t)PRUNE_MAX);
}
