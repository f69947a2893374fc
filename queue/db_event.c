/* db_event.c - the events table: appended to, read from a number on, pruned at the old end.
 *
 * Filters are looked at here rather than in SQL: a reader's sites and types are lists of any
 * length, and a call that finds nothing must end soon all the same. So one call looks at no more
 * than LOOK_MAX events and tells how far it came. */
#include "queue/db_event.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "queue/db_private.h"

enum { LOOK_MAX = 10000, HISTORY_MAX = 500, HISTORY_FIRST = 8, PRUNE_MAX = 1000 };

int db_event_add(struct db *db, const struct event_new *event)
{
	int err =
		db_exec(db, NULL,
			"INSERT INTO event (at, type, site, subject, state, modem, reason, channel)"
			" VALUES (?1, ?2, coalesce(?3, ''), coalesce(?4, ''), ?5, ?6, ?7, ?8)",
			"ittttttt", db->now, event->type, event->site, event->subject, event->state,
			event->modem, event->reason, event->channel);

	if (err < 0)
		return err;
	db->news.last_event = sqlite3_last_insert_rowid(db->sqlite);
	db_saw(db, SEEN_EVENT, event->type, event->channel, 1);
	return 0;
}

static void read_event(sqlite3_stmt *stmt, struct event *event)
{
	event->seq = sqlite3_column_int64(stmt, 0);
	event->at = sqlite3_column_int64(stmt, 1);
	db_column_text(stmt, 2, event->type, sizeof(event->type));
	db_column_text(stmt, 3, event->site, sizeof(event->site));
	db_column_text(stmt, 4, event->subject, sizeof(event->subject));
	db_column_text(stmt, 5, event->state, sizeof(event->state));
	db_column_text(stmt, 6, event->modem, sizeof(event->modem));
	db_column_text(stmt, 7, event->reason, sizeof(event->reason));
	db_column_text(stmt, 8, event->channel, sizeof(event->channel));
}

static bool site_wanted(const struct event_query *query, const char *site, const char *type)
{
	static const char modems[] = "modem.";

	if (query->sites == NULL ||
	    (query->modems && strncmp(type, modems, sizeof(modems) - 1) == 0))
		return true;
	for (size_t i = 0; i < query->n_sites; i++)
		if (strcmp(query->sites[i], site) == 0)
			return true;
	return false;
}

/* "message." and "message" stand for every message.X, "message.sent" for itself. */
static bool entry_matches(const char *entry, size_t n, const char *type)
{
	return n > 0 && strncmp(entry, type, n) == 0 &&
	       (entry[n - 1] == '.' || type[n] == '.' || type[n] == '\0');
}

static bool type_wanted(const char *types, const char *type)
{
	const char *entry = types;

	if (types == NULL || *types == '\0')
		return true;
	while (*entry != '\0') {
		size_t n = strcspn(entry, ",");

		if (entry_matches(entry, n, type))
			return true;
		entry += n + (entry[n] == ',');
	}
	return false;
}

/* The newest number that is gone: one before the oldest kept; 0: there never was one. */
static int last_gone(struct db *db, int64_t *seq)
{
	int err = db_value(db, seq, "SELECT min(seq) - 1 FROM event", "");

	if (err == -ENOENT)
		*seq = 0;
	return err == -ENOENT ? 0 : err;
}

static int list_from(struct db *db, const struct event_query *query, struct event *events,
		     size_t *n, int64_t *last)
{
	sqlite3_stmt *stmt = db_query(
		db,
		"SELECT seq, at, type, site, subject, state, modem, reason, channel FROM event"
		" WHERE seq > ?1 ORDER BY seq LIMIT ?2",
		"ii", query->after, (int64_t)LOOK_MAX);
	int err;

	if (stmt == NULL)
		return db_error(db);
	while ((err = db_step(db, stmt)) == 0) {
		struct event *event = &events[*n];

		read_event(stmt, event);
		*last = event->seq;
		if (site_wanted(query, event->site, event->type) &&
		    type_wanted(query->types, event->type))
			(*n)++;
		if (*n == query->limit) {
			db_done(stmt);
			return 0;
		}
	}
	return err == -ENOENT ? 0 : err;
}

int db_event_list(struct db *db, const struct event_query *query, struct event *events, size_t *n,
		  int64_t *last)
{
	int64_t gone;
	int err = last_gone(db, &gone);

	*n = 0;
	*last = query->after;
	if (err < 0)
		return err;
	if (query->after < gone)
		return -ERANGE;
	return query->limit == 0 ? 0 : list_from(db, query, events, n, last);
}

struct history {
	struct event *events;
	size_t n, cap;
};

static int history_push(struct history *history, sqlite3_stmt *stmt)
{
	if (history->n == history->cap) {
		size_t cap = history->cap == 0 ? HISTORY_FIRST : history->cap * 2;
		struct event *grown = realloc(history->events, cap * sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		history->events = grown;
		history->cap = cap;
	}
	read_event(stmt, &history->events[history->n++]);
	return 0;
}

static void history_reverse(struct history *history)
{
	for (size_t i = 0, j = history->n; i + 1 < j; i++) {
		struct event event = history->events[i];

		history->events[i] = history->events[--j];
		history->events[j] = event;
	}
}

int db_event_history(struct db *db, const char *subject, struct event **events, size_t *n)
{
	struct history history = { 0 };
	sqlite3_stmt *stmt = db_query(
		db,
		"SELECT seq, at, type, site, subject, state, modem, reason, channel FROM event"
		" WHERE subject = ?1 ORDER BY seq DESC LIMIT ?2",
		"ti", subject, (int64_t)HISTORY_MAX);
	int err;

	*events = NULL;
	*n = 0;
	if (stmt == NULL)
		return db_error(db);
	while ((err = db_step(db, stmt)) == 0) {
		err = history_push(&history, stmt);
		if (err < 0) {
			db_done(stmt);
			break;
		}
	}
	if (err != -ENOENT) {
		free(history.events);
		return err;
	}
	history_reverse(&history);
	*events = history.events;
	*n = history.n;
	return 0;
}

int db_event_prune(struct db *db, int64_t before_ms)
{
	/* Time never goes back, so the oldest by number are the oldest by time. The newest one
	 * stays: the next number is one more than its own. */
	return db_exec(db, NULL,
		       "DELETE FROM event WHERE at < ?1 AND seq IN"
		       " (SELECT seq FROM event ORDER BY seq LIMIT ?2)"
		       " AND seq < (SELECT max(seq) FROM event)",
		       "ii", before_ms, (int64_t)PRUNE_MAX);
}
