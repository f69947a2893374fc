/* db_message_list.c - lists and counts, for the reading connection.
 *
 * A list starts from the index of the filter that leaves fewest messages and looks at the other
 * filters on the way. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "queue/db_message_private.h"

/* ?1 older than this, ?2 state, ?3 kind, ?4 number, ?5 reference, ?6 the only site,
 * ?7 many sites: "\nA\nB\n", ?8 limit. */
#define LIST_BY(index, first)                                                                      \
	"SELECT " MESSAGE_COLUMNS " FROM message " index " WHERE " first " AND seq < ?1"           \
	" AND (?2 < 0 OR state = ?2) AND (?3 < 0 OR kind = ?3) AND (?4 = 0 OR number = ?4)"        \
	" AND (?5 IS NULL OR reference = ?5) AND (?6 IS NULL OR site = ?6)"                        \
	" AND (?7 IS NULL OR instr(?7, char(10) || site || char(10)) > 0)"                         \
	" ORDER BY seq DESC LIMIT ?8"

static const char by_reference[] = LIST_BY("INDEXED BY message_reference", "reference = ?5");
static const char by_number[] = LIST_BY("INDEXED BY message_number", "number = ?4");
static const char by_state[] = LIST_BY("INDEXED BY message_state", "state = ?2");
static const char by_site[] = LIST_BY("INDEXED BY message_site", "site = ?6");
static const char by_age[] = LIST_BY("NOT INDEXED", "1");

static const char *choose(const struct message_query *query)
{
	if (query->reference != NULL)
		return by_reference;
	if (query->number != 0)
		return by_number;
	if (query->state >= 0)
		return by_state;
	return query->sites != NULL && query->n_sites == 1 ? by_site : by_age;
}

/* NULL: no memory. */
static char *join_sites(const struct message_query *query)
{
	size_t size = 2;
	char *joined, *end;

	for (size_t i = 0; i < query->n_sites; i++)
		size += strlen(query->sites[i]) + 1;
	joined = malloc(size);
	if (joined == NULL)
		return NULL;
	end = stpcpy(joined, "\n");
	for (size_t i = 0; i < query->n_sites; i++)
		end = stpcpy(stpcpy(end, query->sites[i]), "\n");
	return joined;
}

static int list_before(struct db *db, const struct message_query *query, int64_t before,
		       const char *sites, struct message_row *rows, size_t *n)
{
	const char *site = query->sites != NULL && query->n_sites == 1 ? query->sites[0] : NULL;
	sqlite3_stmt *stmt = db_query(db, choose(query), "iiiittti", before, (int64_t)query->state,
				      (int64_t)query->kind, query->number, query->reference, site,
				      sites, (int64_t)query->limit);
	int err;

	if (stmt == NULL)
		return db_error(db);
	while (*n < query->limit && (err = db_step(db, stmt)) == 0)
		message_read_row(stmt, &rows[(*n)++]);
	if (*n == query->limit) {
		db_done(stmt);
		return 0;
	}
	return err == -ENOENT ? 0 : err;
}

/* Where the list goes on. Ids grow as seq does, so one that was erased meanwhile still has its
 * place. -ENOENT: nothing is older. */
static int cursor(struct db *db, const char *after, int64_t *before)
{
	*before = INT64_MAX;
	if (after == NULL)
		return 0;
	return db_value(db, before,
			"SELECT seq + (id < ?1) FROM message WHERE id <= ?1 ORDER BY id DESC"
			" LIMIT 1",
			"t", after);
}

int db_message_list(struct db *db, const struct message_query *query, struct message_row *rows,
		    size_t *n)
{
	bool no_site = query->sites != NULL && query->n_sites == 0;
	char *sites = NULL;
	int64_t before;
	int err;

	*n = 0;
	if (query->limit == 0 || no_site)
		return 0;
	err = cursor(db, query->after, &before);
	if (err < 0)
		return err == -ENOENT ? 0 : err;
	if (query->sites != NULL && query->n_sites > 1) {
		sites = join_sites(query);
		if (sites == NULL)
			return -ENOMEM;
	}
	err = list_before(db, query, before, sites, rows, n);
	free(sites);
	return err;
}

static int read_tally(struct db *db, struct message_counts *counts)
{
	sqlite3_stmt *stmt = db_query(db, "SELECT state, n, kind FROM tally", "");
	int err;

	if (stmt == NULL)
		return db_error(db);
	while ((err = db_step(db, stmt)) == 0) {
		int64_t state = sqlite3_column_int64(stmt, 0), kind = sqlite3_column_int64(stmt, 2);
		int64_t n = sqlite3_column_int64(stmt, 1);

		if (state < 0 || state >= MSG_STATES || kind < 0 || kind >= KIND_COUNT)
			continue;
		n += db->news.tally[kind][state]; /* of this transaction */
		counts->by_state[state] += n;
		counts->by_kind[kind][state] = n;
	}
	return err == -ENOENT ? 0 : err;
}

int db_message_counts(struct db *db, struct message_counts *counts)
{
	int err;

	memset(counts, 0, sizeof(*counts));
	err = read_tally(db, counts);
	if (err < 0)
		return err;
	err = db_value(db, &counts->oldest_queued_at,
		       "SELECT created_at FROM message WHERE state = 1 ORDER BY seq LIMIT 1", "");
	return err == -ENOENT ? 0 : err;
}

/* From route to route and rank to rank by the index of what is due. */
int db_message_oldest_due(struct db *db, enum config_kind kind, int64_t *due_at)
{
	int64_t first = message_rank(kind, PRIORITY_HIGH), last = message_rank(kind, PRIORITY_LOW);
	int err = db_value(
		db, due_at,
		"WITH RECURSIVE routes(route) AS (SELECT min(route) FROM message WHERE state = 1"
		" UNION ALL SELECT (SELECT min(route) FROM message WHERE state = 1 AND"
		" route > routes.route) FROM routes WHERE routes.route IS NOT NULL),"
		" ranks(rank) AS (VALUES (?1) UNION ALL SELECT rank + 1 FROM ranks WHERE rank < ?2)"
		" SELECT min((SELECT min(due_at) FROM message WHERE state = 1 AND"
		" message.route = routes.route AND message.rank = ranks.rank)) FROM routes, ranks",
		"ii", first, last);

	if (err == -ENOENT)
		*due_at = 0;
	return err == -ENOENT ? 0 : err;
}
