/* db_quota.c - limits of a SIM.
 *
 * Parts are places (db_place.h) of the SIM, recipients rows of their own, both found in order of
 * time, so "does one more fit a limit of N?" is a look at the N-th newest. */
#include "queue/db_quota.h"

#include <errno.h>

#include "queue/db_place.h"
#include "queue/db_private.h"

enum { PRUNE_MAX = 1000, RESERVE_DIVISOR = 5, FULL = 1000 };

unsigned quota_share(unsigned count, enum quota_use use)
{
	return use == QUOTA_CODES ? count : count - count / RESERVE_DIVISOR;
}

static void key_of(const struct db *db, const char *sim, struct place_key *key)
{
	db_place_key(db, key, PLACE_SIM_PARTS, "", sim, NULL);
}

/* When the nth newest part (from 1) went; 0: there are not so many. */
static int nth_part(struct db *db, const char *sim, unsigned n, int64_t *at)
{
	struct place_key key;
	int err;

	key_of(db, sim, &key);
	err = db_value(db, at,
		       "SELECT at FROM place WHERE kind = ?1 AND key = ?2 AND dated = 1"
		       " ORDER BY at DESC LIMIT 1 OFFSET ?3",
		       "ibi", (int64_t)key.kind, key.hash, sizeof(key.hash), (int64_t)n - 1);
	if (err == -ENOENT)
		*at = 0;
	return err == -ENOENT ? 0 : err;
}

static int nth_recipient(struct db *db, const char *sim, unsigned n, int64_t *at)
{
	int err = db_value(db, at,
			   "SELECT at FROM recipient WHERE sim = ?1"
			   " ORDER BY at DESC LIMIT 1 OFFSET ?2",
			   "ti", sim, (int64_t)n - 1);

	if (err == -ENOENT)
		*at = 0;
	return err == -ENOENT ? 0 : err;
}

typedef int nth_fn(struct db *db, const char *sim, unsigned n, int64_t *at);

/* When `needed` more fit the rate for this use; 0: now. */
static int opens_at(struct db *db, const char *sim, const struct config_rate *rate, nth_fn *nth,
		    unsigned needed, enum quota_use use, int64_t *opens)
{
	unsigned share = quota_share(rate->count, use);
	int64_t at = 0;
	int err;

	if (needed > share)
		needed = share;
	err = nth(db, sim, share - needed + 1, &at);
	*opens = at != 0 && at > db_now(db) - rate->window_ms ? at + rate->window_ms : 0;
	return err;
}

static int look_at_rate(struct db *db, const char *sim, const struct config_rate *rate, nth_fn *nth,
			unsigned needed, struct quota_state *state)
{
	for (int use = 0; use < QUOTA_USES; use++) {
		int64_t opens;
		int err = opens_at(db, sim, rate, nth, needed, (enum quota_use)use, &opens);

		if (err < 0)
			return err;
		if (opens <= state->open_at[use])
			continue;
		state->open_at[use] = opens;
		if (use == QUOTA_OTHERS) {
			state->full = *rate;
			state->full_recipients = nth == nth_recipient;
		}
	}
	return 0;
}

/* Coarse and cheap: whether a half, three quarters, nine tenths ... of the limit is used. */
static int look_at_fill(struct db *db, const char *sim, const struct config_rate *rate,
			unsigned *fill)
{
	static const unsigned steps[] = { 1000, 900, 800, 700, 600, 500, 400, 300, 200, 100 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && steps[i] > *fill; i++) {
		unsigned n = (unsigned)((uint64_t)rate->count * steps[i] / FULL);
		int64_t at = 0;
		int err = n > 0 ? nth_part(db, sim, n, &at) : 0;

		if (err < 0)
			return err;
		if (at != 0 && at > db_now(db) - rate->window_ms)
			*fill = steps[i];
	}
	return 0;
}

int db_quota_look(struct db *db, const char *sim, const struct quota_limits *limits, unsigned parts,
		  struct quota_state *state)
{
	int err = 0;

	*state = (struct quota_state){ 0 };
	for (size_t i = 0; i < limits->parts->n && err == 0; i++) {
		err = look_at_rate(db, sim, &limits->parts->items[i], nth_part, parts, state);
		if (err == 0)
			err = look_at_fill(db, sim, &limits->parts->items[i], &state->fill);
	}
	for (size_t i = 0; i < limits->recipients->n && err == 0; i++)
		err = look_at_rate(db, sim, &limits->recipients->items[i], nth_recipient, 1, state);
	return err;
}

static int64_t longest(const struct config_rates *rates)
{
	int64_t window = 0;

	for (size_t i = 0; i < rates->n; i++)
		if (rates->items[i].window_ms > window)
			window = rates->items[i].window_ms;
	return window;
}

int db_quota_take(struct db *db, const char *sim, const struct quota_limits *limits)
{
	struct place_key key;
	int err;

	if (limits->parts->n == 0)
		return 0;
	key_of(db, sim, &key);
	err = db_place_take(db, &key, 0, false);
	if (err < 0)
		return err;
	return db_exec(db, NULL,
		       "DELETE FROM place WHERE id IN (SELECT id FROM place WHERE kind = ?1"
		       " AND key = ?2 AND dated = 1 AND at < ?3 ORDER BY at DESC LIMIT 2)",
		       "ibi", (int64_t)key.kind, key.hash, sizeof(key.hash),
		       db_now(db) - longest(limits->parts));
}

int db_quota_give_back(struct db *db, const char *sim, const struct quota_limits *limits)
{
	struct place_key key;

	if (limits->parts->n == 0)
		return 0;
	key_of(db, sim, &key);
	return db_exec(db, NULL,
		       "DELETE FROM place WHERE id IN (SELECT id FROM place WHERE kind = ?1"
		       " AND key = ?2 AND dated = 1 ORDER BY at DESC LIMIT 1)",
		       "ib", (int64_t)key.kind, key.hash, sizeof(key.hash));
}

int db_quota_recipient(struct db *db, const char *sim, const struct quota_limits *limits,
		       int64_t number)
{
	if (limits->recipients->n == 0)
		return 0;
	return db_exec(db, NULL,
		       "INSERT INTO recipient (sim, hash, at)"
		       " SELECT ?1, hash, ?3 FROM number WHERE id = ?2"
		       " ON CONFLICT (sim, hash) DO UPDATE SET at = excluded.at",
		       "tii", sim, number, db_now(db));
}

int db_quota_parts_used(struct db *db, const char *sim, int64_t window_ms, unsigned *n)
{
	struct place_key key;

	key_of(db, sim, &key);
	return db_place_count(db, &key, window_ms, n);
}

int db_quota_recipients_used(struct db *db, const char *sim, int64_t window_ms, unsigned *n)
{
	int64_t value;
	int err = db_value(db, &value, "SELECT count(*) FROM recipient WHERE sim = ?1 AND at > ?2",
			   "ti", sim, db_now(db) - window_ms);

	*n = err < 0 ? 0 : (unsigned)value;
	return err;
}

int db_quota_prune(struct db *db, int64_t before)
{
	return db_exec(db, NULL,
		       "DELETE FROM recipient WHERE (sim, hash) IN"
		       " (SELECT sim, hash FROM recipient WHERE at < ?1 LIMIT ?2)",
		       "ii", before, (int64_t)PRUNE_MAX);
}
