/* db_idempotency.c - which key made which object.
 *
 * Keys and bodies are kept as keyed hashes: a body may hold a number or a text. */
#include "queue/db_idempotency.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "queue/db_private.h"

enum { PRUNE_MAX = 1000 };

static const int64_t key_life_ms = (int64_t)24 * 60 * 60 * 1000;
static const int64_t year_ms = (int64_t)365 * 24 * 60 * 60 * 1000;

struct hashes {
	unsigned char key[SEAL_HASH_SIZE], body[SEAL_HASH_SIZE];
};

static void hash_both(const struct db *db, const struct idempotency *idem, struct hashes *hashes)
{
	seal_hash(db->keys, SEAL_IDEMPOTENCY, hashes->key, idem->client, idem->site, idem->route,
		  idem->key, NULL);
	/* A body is bytes, not a string, so it does not go through seal_hash. */
	crypto_generichash(hashes->body, sizeof(hashes->body), idem->body, idem->body_size,
			   db->keys->key[SEAL_IDEMPOTENCY], SEAL_KEY_SIZE);
}

int db_idempotency_find(struct db *db, const struct idempotency *idem, char object[static ID_SIZE])
{
	struct hashes hashes;
	sqlite3_stmt *stmt;
	int err;

	hash_both(db, idem, &hashes);
	stmt = db_query(db, "SELECT body = ?2, object FROM idempotency WHERE hash = ?1 AND at > ?3",
			"bbi", hashes.key, sizeof(hashes.key), hashes.body, sizeof(hashes.body),
			db->now - key_life_ms);
	if (stmt == NULL)
		return db_error(db);
	err = db_step(db, stmt);
	if (err < 0)
		return err;
	if (sqlite3_column_int(stmt, 0) == 0)
		err = -EEXIST;
	else
		db_column_text(stmt, 1, object, ID_SIZE);
	db_done(stmt);
	return err;
}

int db_idempotency_keep(struct db *db, const struct idempotency *idem, const char *object)
{
	struct hashes hashes;

	hash_both(db, idem, &hashes);
	return db_exec(db, NULL,
		       "INSERT INTO idempotency (hash, body, object, at) VALUES (?1, ?2, ?3, ?4)"
		       " ON CONFLICT (hash) DO UPDATE SET body = excluded.body,"
		       " object = excluded.object, at = excluded.at",
		       "bbti", hashes.key, sizeof(hashes.key), hashes.body, sizeof(hashes.body),
		       object, db->now + (idem->until_forgotten ? year_ms : 0));
}

int db_idempotency_forget(struct db *db, const struct idempotency *idem)
{
	struct hashes hashes;

	hash_both(db, idem, &hashes);
	return db_exec(db, NULL, "DELETE FROM idempotency WHERE hash = ?1", "b", hashes.key,
		       sizeof(hashes.key));
}

int db_idempotency_prune(struct db *db, int64_t before_ms)
{
	return db_exec(db, NULL,
		       "DELETE FROM idempotency WHERE hash IN"
		       " (SELECT hash FROM idempotency WHERE at < ?1 LIMIT ?2)",
		       "ii", before_ms, (int64_t)PRUNE_MAX);
}
