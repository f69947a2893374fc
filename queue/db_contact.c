/* db_contact.c - contact requests, and numbers that want none. */
#include "queue/db_contact.h"

#include <errno.h>
#include <string.h>

#include "queue/db_private.h"

int db_contact_add(struct db *db, struct contact_row *row)
{
	id_make(row->id, ID_CONTACT, db->now);
	return db_exec(db, NULL,
		       "INSERT INTO contact (id, site, from_account, to_account, ord, message,"
		       " created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		       "tttttii", row->id, row->site, row->from_account, row->to_account,
		       row->order, row->message_seq, row->created_at);
}

int db_contact_get(struct db *db, const char *id, struct contact_row *row)
{
	sqlite3_stmt *stmt = db_query(db,
				      "SELECT id, site, from_account, to_account, ord, message,"
				      " created_at FROM contact WHERE id = ?1",
				      "t", id);
	int err = stmt == NULL ? db_error(db) : db_step(db, stmt);

	if (err < 0)
		return err;
	memset(row, 0, sizeof(*row));
	db_column_text(stmt, 0, row->id, sizeof(row->id));
	db_column_text(stmt, 1, row->site, sizeof(row->site));
	db_column_text(stmt, 2, row->from_account, sizeof(row->from_account));
	db_column_text(stmt, 3, row->to_account, sizeof(row->to_account));
	db_column_text(stmt, 4, row->order, sizeof(row->order));
	row->message_seq = sqlite3_column_int64(stmt, 5);
	row->created_at = sqlite3_column_int64(stmt, 6);
	db_done(stmt);
	return 0;
}

/* An opt-out outlives an erasure, so it is kept by the number's hash, not by its row. */
static void optout_hash(const struct db *db, const char *e164,
			unsigned char hash[static SEAL_HASH_SIZE])
{
	seal_hash(db->keys, SEAL_NUMBER_HASH, hash, "optout", e164, NULL);
}

int db_optout_set(struct db *db, const char *e164, const char *keyword)
{
	unsigned char hash[SEAL_HASH_SIZE];

	optout_hash(db, e164, hash);
	return db_exec(db, NULL,
		       "INSERT INTO optout (hash, keyword, at) VALUES (?1, ?2, ?3)"
		       " ON CONFLICT (hash) DO UPDATE SET keyword = excluded.keyword,"
		       " at = excluded.at",
		       "bti", hash, sizeof(hash), keyword, db->now);
}

int db_optout_get(struct db *db, const char *e164, int64_t *at)
{
	unsigned char hash[SEAL_HASH_SIZE];

	optout_hash(db, e164, hash);
	return db_value(db, at, "SELECT at FROM optout WHERE hash = ?1", "b", hash, sizeof(hash));
}

int db_optout_clear(struct db *db, const char *e164)
{
	unsigned char hash[SEAL_HASH_SIZE];
	int64_t changed = 0;
	int err;

	optout_hash(db, e164, hash);
	err = db_exec(db, &changed, "DELETE FROM optout WHERE hash = ?1", "b", hash, sizeof(hash));
	return err == 0 && changed == 0 ? -ENOENT : err;
}
