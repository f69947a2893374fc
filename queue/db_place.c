/* db_place.c - places taken in windows, and locks.
 *
 * A place is dated (it counts until its window has passed) or waits for its message to leave. The
 * index holds a key's waiting places first, then its dated ones from the newest, so the N-th place
 * of that order tells whether N a window leaves room: no counting, whatever the windows. */
#include "queue/db_place.h"

#include <errno.h>

#include "queue/db_private.h"

enum { PRUNE_MAX = 1000 };

void db_place_key(const struct db *db, struct place_key *key, enum place_kind kind,
		  const char *site, const char *a, const char *b)
{
	key->kind = kind;
	key->except = 0;
	seal_hash(db->keys, SEAL_PLACE, key->hash, site, a, b, NULL);
}

int db_place_take(struct db *db, const struct place_key *key, int64_t message_seq,
		  bool give_back_failed)
{
	return db_exec(db, NULL,
		       "INSERT INTO place (kind, key, message, dated, at, give_back_failed)"
		       " VALUES (?1, ?2, nullif(?3, 0), ?3 = 0, ?4, ?5)",
		       "ibiii", (int64_t)key->kind, key->hash, sizeof(key->hash), message_seq,
		       db->now, (int64_t)give_back_failed);
}

int db_place_count(struct db *db, const struct place_key *key, int64_t window_ms, unsigned *n)
{
	int64_t value;
	int err = db_value(
		db, &value,
		"SELECT (SELECT count(*) FROM place WHERE kind = ?1 AND key = ?2 AND dated = 0)"
		" + (SELECT count(*) FROM place WHERE kind = ?1 AND key = ?2 AND dated = 1"
		" AND at > ?3)",
		"ibi", (int64_t)key->kind, key->hash, sizeof(key->hash), db->now - window_ms);

	*n = err < 0 ? 0 : (unsigned)value;
	return err;
}

int db_place_count_dated(struct db *db, const struct place_key *key, int64_t window_ms, unsigned *n)
{
	int64_t value;
	int err = db_value(db, &value,
			   "SELECT count(*) FROM place WHERE kind = ?1 AND key = ?2 AND dated = 1"
			   " AND at > ?3",
			   "ibi", (int64_t)key->kind, key->hash, sizeof(key->hash),
			   db->now - window_ms);

	*n = err < 0 ? 0 : (unsigned)value;
	return err;
}

/* When one more fits this rate; *at is 0 or in the past where it does already. */
static int rate_fits(struct db *db, const struct place_key *key, const struct config_rate *rate,
		     int64_t *at)
{
	int err = 0;

	*at = db->now; /* of a waiting place; and a rate of none never has room */
	if (rate->count > 0)
		err = db_value(db, at,
			       "SELECT CASE dated WHEN 1 THEN at ELSE ?3 END FROM place"
			       " WHERE kind = ?1 AND key = ?2 AND NOT (dated = 0 AND message IS ?5)"
			       " ORDER BY dated, at DESC LIMIT 1 OFFSET ?4",
			       "ibiii", (int64_t)key->kind, key->hash, sizeof(key->hash), db->now,
			       (int64_t)rate->count - 1, key->except);
	*at = err < 0 ? 0 : *at + rate->window_ms;
	return err == -ENOENT ? 0 : err;
}

int db_place_fits(struct db *db, const struct place_key *key, const struct config_rates *rates,
		  int64_t *next_at, const struct config_rate **full)
{
	int64_t latest = db->now;

	*next_at = 0;
	if (full != NULL)
		*full = NULL;
	for (size_t i = 0; i < rates->n; i++) {
		int64_t at;
		int err = rate_fits(db, key, &rates->items[i], &at);

		if (err < 0)
			return err;
		if (at <= latest)
			continue;
		*next_at = latest = at;
		if (full != NULL)
			*full = &rates->items[i];
	}
	return 0;
}

int db_place_newest(struct db *db, const struct place_key *key, int64_t *at)
{
	return db_value(
		db, at,
		"SELECT max("
		"coalesce((SELECT max(at) FROM place WHERE kind = ?1 AND key = ?2 AND dated = 0),"
		" 0), coalesce((SELECT max(at) FROM place WHERE kind = ?1 AND key = ?2"
		" AND dated = 1), 0))",
		"ib", (int64_t)key->kind, key->hash, sizeof(key->hash));
}

int db_place_clear(struct db *db, const struct place_key *key)
{
	return db_exec(db, NULL, "DELETE FROM place WHERE kind = ?1 AND key = ?2", "ib",
		       (int64_t)key->kind, key->hash, sizeof(key->hash));
}

int db_place_clear_before(struct db *db, const struct place_key *key, int64_t dated_before)
{
	return db_exec(db, NULL,
		       "DELETE FROM place WHERE kind = ?1 AND key = ?2 AND dated = 1 AND at < ?3",
		       "ibi", (int64_t)key->kind, key->hash, sizeof(key->hash), dated_before);
}

int db_lock_set(struct db *db, const struct place_key *key, int64_t until)
{
	return db_exec(db, NULL,
		       "INSERT INTO lock (kind, key, until) VALUES (?1, ?2, ?3)"
		       " ON CONFLICT (kind, key) DO UPDATE SET until = excluded.until",
		       "ibi", (int64_t)key->kind, key->hash, sizeof(key->hash), until);
}

int db_lock_get(struct db *db, const struct place_key *key, int64_t *until)
{
	int err = db_value(db, until,
			   "SELECT until FROM lock WHERE kind = ?1 AND key = ?2 AND until > ?3",
			   "ibi", (int64_t)key->kind, key->hash, sizeof(key->hash), db->now);

	if (err < 0)
		*until = 0;
	return err == -ENOENT ? 0 : err;
}

int db_lock_clear(struct db *db, const struct place_key *key)
{
	return db_exec(db, NULL, "DELETE FROM lock WHERE kind = ?1 AND key = ?2", "ib",
		       (int64_t)key->kind, key->hash, sizeof(key->hash));
}

int db_place_prune(struct db *db, int64_t dated_before)
{
	int err = db_exec(db, NULL,
			  "DELETE FROM place WHERE id IN"
			  " (SELECT id FROM place WHERE dated = 1 AND at < ?1 LIMIT ?2)",
			  "ii", dated_before, (int64_t)PRUNE_MAX);

	if (err < 0)
		return err;
	return db_exec(db, NULL,
		       "DELETE FROM lock WHERE (kind, key) IN"
		       " (SELECT kind, key FROM lock WHERE until <= ?1 LIMIT ?2)",
		       "ii", db->now, (int64_t)PRUNE_MAX);
}
