/* db_long.c - parts of long received SMS. */
#include "queue/db_long.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/db_message_private.h"

enum { PRUNE_MAX = 1000 };

static const int64_t hash_life_ms = (int64_t)7 * 24 * 60 * 60 * 1000;

static void hash_pdu(const struct db *db, const char *pdu,
		     unsigned char hash[static SEAL_HASH_SIZE])
{
	seal_hash(db->keys, SEAL_IDEMPOTENCY, hash, "pdu", pdu, NULL);
}

static void hash_key(const struct db *db, const struct long_key *key,
		     unsigned char hash[static SEAL_HASH_SIZE])
{
	char shape[48];

	snprintf(shape, sizeof(shape), "%u %d %u", key->reference, key->wide_reference, key->total);
	seal_hash(db->keys, SEAL_PLACE, hash, "long", key->sim, key->sender, shape, NULL);
}

int db_long_check_new(struct db *db, const char *pdu)
{
	unsigned char hash[SEAL_HASH_SIZE];
	int64_t id;
	int err;

	hash_pdu(db, pdu, hash);
	err = db_value(db, &id, "SELECT id FROM long_part WHERE pdu = ?1 AND at > ?2 LIMIT 1", "bi",
		       hash, sizeof(hash), db->now - hash_life_ms);
	if (err == -ENOENT)
		return 0;
	return err < 0 ? err : -EEXIST;
}

#define SET_COLUMNS "id, first_at, sent_at, modem, number, sender, total"

static int get_set(struct db *db, sqlite3_stmt *stmt, struct long_set *set)
{
	int err = stmt == NULL ? db_error(db) : db_step(db, stmt);
	int64_t number;

	if (err < 0)
		return err;
	memset(set, 0, sizeof(*set));
	set->id = sqlite3_column_int64(stmt, 0);
	set->first_at = sqlite3_column_int64(stmt, 1);
	set->sent_at = sqlite3_column_int64(stmt, 2);
	db_column_text(stmt, 3, set->modem, sizeof(set->modem));
	number = sqlite3_column_int64(stmt, 4);
	db_column_text(stmt, 5, set->sender, sizeof(set->sender));
	set->total = (unsigned)sqlite3_column_int(stmt, 6);
	db_done(stmt);
	return number == 0 ? 0 : db_number_get(db, number, set->sender);
}

int db_long_find(struct db *db, const struct long_key *key, struct long_set *set)
{
	unsigned char hash[SEAL_HASH_SIZE];

	hash_key(db, key, hash);
	return get_set(db,
		       db_query(db,
				"SELECT " SET_COLUMNS " FROM long_sms INDEXED BY long_key"
				" WHERE key = ?1 AND open = 1 ORDER BY id DESC LIMIT 1",
				"b", hash, sizeof(hash)),
		       set);
}

int db_long_open(struct db *db, const struct long_key *key, struct long_set *set)
{
	unsigned char hash[SEAL_HASH_SIZE];
	int64_t number = 0;
	int err = inbox_is_number(set->sender) ? db_number_id(db, set->sender, &number) : 0;

	if (err < 0)
		return err;
	hash_key(db, key, hash);
	set->first_at = db->now;
	err = db_exec(db, NULL,
		      "INSERT INTO long_sms (key, modem, number, sender, total, sent_at, first_at,"
		      " open) VALUES (?1, ?2, nullif(?3, 0), ?4, ?5, ?6, ?7, 1)",
		      "btitiii", hash, sizeof(hash), set->modem, number,
		      number == 0 ? set->sender : NULL, (int64_t)set->total, set->sent_at,
		      set->first_at);
	if (err == 0)
		set->id = sqlite3_last_insert_rowid(db->sqlite);
	return err;
}

/* What a part's text is sealed to: its set and its place there. */
static int64_t seal_place(const struct long_set *set, unsigned part)
{
	return set->id * 256 + part;
}

static int insert_part(struct db *db, const struct long_set *set, unsigned part,
		       const unsigned char *sealed, size_t n, const char *pdu)
{
	unsigned char hash[SEAL_HASH_SIZE];

	hash_pdu(db, pdu, hash);
	return db_exec(db, NULL,
		       "INSERT INTO long_part (long, part, text, pdu, at)"
		       " VALUES (?1, ?2, ?3, ?4, ?5)",
		       "iibbi", set->id, (int64_t)part, sealed, n, hash, sizeof(hash), db->now);
}

int db_long_keep(struct db *db, const struct long_set *set, unsigned part, const char *text,
		 const char *pdu)
{
	size_t n = text != NULL ? strlen(text) : 0;
	unsigned char *sealed;
	int err;

	if (text == NULL)
		return insert_part(db, set, part, NULL, 0, pdu);
	sealed = malloc(n + SEAL_OVERHEAD);
	if (sealed == NULL)
		return -ENOMEM;
	seal_close(db->keys, SEAL_TEXT, seal_place(set, part), text, n, sealed);
	err = insert_part(db, set, part, sealed, n + SEAL_OVERHEAD, pdu);
	free(sealed);
	return err;
}

int db_long_text(struct db *db, const struct long_set *set, unsigned part, char **text)
{
	sqlite3_stmt *stmt = db_query(db,
				      "SELECT text FROM long_part INDEXED BY long_part_long"
				      " WHERE long = ?1 AND part = ?2 AND text IS NOT NULL LIMIT 1",
				      "ii", set->id, (int64_t)part);
	int err = stmt == NULL ? db_error(db) : db_step(db, stmt);

	*text = NULL;
	if (err < 0)
		return err;
	err = message_open_sealed(db, seal_place(set, part), stmt, 0, text);
	db_done(stmt);
	return err;
}

int db_long_close(struct db *db, const struct long_set *set)
{
	int err =
		db_exec(db, NULL, "UPDATE long_part SET text = NULL WHERE long = ?1", "i", set->id);

	if (err < 0)
		return err;
	return db_exec(db, NULL,
		       "UPDATE long_sms SET open = 0, number = NULL, sender = NULL WHERE id = ?1",
		       "i", set->id);
}

int db_long_oldest(struct db *db, struct long_set *set)
{
	return get_set(db,
		       db_query(db,
				"SELECT " SET_COLUMNS " FROM long_sms INDEXED BY long_open"
				" WHERE open = 1 ORDER BY first_at LIMIT 1",
				""),
		       set);
}

int db_long_counts(struct db *db, unsigned *sets, unsigned *parts)
{
	int64_t n = 0;
	int err = db_value(db, &n,
			   "SELECT count(*) FROM long_sms INDEXED BY long_open WHERE open = 1", "");

	*sets = (unsigned)n;
	if (err == 0)
		err = db_value(db, &n,
			       "SELECT count(*) FROM long_part INDEXED BY long_part_text"
			       " WHERE text IS NOT NULL",
			       "");
	*parts = (unsigned)n;
	return err;
}

int db_long_prune(struct db *db)
{
	int err = db_exec(db, NULL,
			  "DELETE FROM long_part WHERE text IS NULL AND id IN"
			  " (SELECT id FROM long_part WHERE at < ?1 LIMIT ?2)",
			  "ii", db->now - hash_life_ms, (int64_t)PRUNE_MAX);

	if (err < 0)
		return err;
	return db_exec(db, NULL,
		       "DELETE FROM long_sms WHERE open = 0 AND id IN (SELECT id FROM long_sms"
		       " ORDER BY id LIMIT ?1) AND NOT EXISTS"
		       " (SELECT 1 FROM long_part WHERE long = long_sms.id)",
		       "i", (int64_t)PRUNE_MAX);
}
