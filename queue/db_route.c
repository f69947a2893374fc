/* db_route.c - routes of waiting messages, in slices: a million of them must not hold up sending.
 */
#include "queue/db_route.h"

#include <errno.h>

#include "config/route.h"
#include "queue/db_message_private.h"
#include "queue/db_number.h"

enum { SLICE = 500 };

static const char version_name[] = "route_version";

int db_route_of(struct db *db, const struct config *config, int64_t number, int64_t *route)
{
	char e164[NUMBER_SIZE];
	int err;

	*route = ROUTE_NONE;
	if (!config_has_prefixes(config))
		return 0;
	err = db_number_get(db, number, e164);
	if (err == 0)
		*route = config_route(config, e164);
	return err;
}

int db_route_list(struct db *db, int64_t after, int64_t *routes, size_t max, size_t *n)
{
	int err = 0;

	for (*n = 0; *n < max && err == 0; after = routes[(*n)++]) {
		err = db_value(db, &routes[*n],
			       "SELECT min(route) FROM message INDEXED BY message_due"
			       " WHERE state = 1 AND route > ?1",
			       "i", after);
		if (err < 0)
			break;
	}
	return err == -ENOENT ? 0 : err;
}

int db_route_is_stale(struct db *db, const struct config *config, bool *stale)
{
	int64_t version = 0;
	int err = db_meta_get(db, version_name, &version);

	*stale = version != config_route_version(config);
	return err == -ENOENT ? 0 : err;
}

static int reroute(struct db *db, const struct config *config, int64_t seq, unsigned *changed)
{
	struct message_row row;
	int64_t route = 0;
	int err = db_message_by_seq(db, seq, &row);

	if (err == 0)
		err = db_route_of(db, config, row.number, &route);
	if (err < 0 || route == row.route)
		return err;
	(*changed)++;
	row.route = route;
	err = db_exec(db, NULL, "UPDATE message SET route = ?2 WHERE seq = ?1", "ii", seq, route);
	return err < 0 ? err : message_news(db, &row);
}

int db_route_walk(struct db *db, const struct config *config, struct route_walk *walk)
{
	int64_t seqs[SLICE];
	size_t n;
	int err =
		message_read_seqs(db,
				  db_query(db,
					   "SELECT seq FROM message INDEXED BY message_state"
					   " WHERE state = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
					   "iii", (int64_t)walk->state, walk->seq, (int64_t)SLICE),
				  seqs, SLICE, &n);

	walk->changed = 0;
	for (size_t i = 0; i < n && err == 0; i++)
		err = reroute(db, config, seqs[i], &walk->changed);
	if (err < 0)
		return err;
	if (n > 0)
		walk->seq = seqs[n - 1];
	if (n == SLICE)
		return 0;
	walk->seq = 0;
	walk->done = walk->state == MSG_QUEUED;
	walk->state = MSG_QUEUED;
	return walk->done ? db_meta_set(db, version_name, config_route_version(config)) : 0;
}
