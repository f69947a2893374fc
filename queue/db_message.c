/* db_message.c - messages come in and are read back.
 *
 * Adding is the daemon's hottest write: one row, one event, no look-ups. So the text is sealed to
 * the message's id, which is known before the row is, and not to its number, which is not. */
#include "queue/db_message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/db_event.h"
#include "queue/db_message_private.h"

/* FNV-1a, 64 bits: ids are unique, and so are these for all that matters here. */
int64_t message_seal_place(const char *id)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *id != '\0'; id++)
		hash = (hash ^ (unsigned char)*id) * 0x100000001b3u;
	return (int64_t)hash;
}

static const char *or_null(const char *text)
{
	return *text == '\0' ? NULL : text;
}

static bool waits(int state)
{
	return state == MSG_SCHEDULED || state == MSG_QUEUED;
}

void message_count(struct db *db, enum config_kind kind, int from, enum message_state to)
{
	db->news.tally[kind][to]++;
	if (from >= 0)
		db->news.tally[kind][from]--;
	db->news.live += waits((int)to) - waits(from);
}

static int tally_add(struct db *db, int kind, int state, int32_t *by)
{
	int err = *by == 0 ? 0
			   : db_exec(db, NULL,
				     "UPDATE tally SET n = n + ?3 WHERE kind = ?1 AND state = ?2",
				     "iii", (int64_t)kind, (int64_t)state, (int64_t)*by);

	if (err == 0)
		*by = 0;
	return err;
}

/* Once a group: a row that each message changes is written once for all of them. */
int db_tally_keep(struct db *db)
{
	int err = 0;

	for (int kind = 0; kind < KIND_COUNT; kind++)
		for (int state = 0; state < MSG_STATES && err == 0; state++)
			err = tally_add(db, kind, state, &db->news.tally[kind][state]);
	return err;
}

static void read_words(sqlite3_stmt *stmt, struct message_row *row)
{
	db_column_text(stmt, 1, row->id, sizeof(row->id));
	db_column_text(stmt, 2, row->site, sizeof(row->site));
	db_column_text(stmt, 12, row->modem, sizeof(row->modem));
	db_column_text(stmt, 13, row->reference, sizeof(row->reference));
	db_column_text(stmt, 14, row->retry_of, sizeof(row->retry_of));
	db_column_text(stmt, 15, row->reason_class, sizeof(row->reason_class));
	db_column_text(stmt, 16, row->reason_code, sizeof(row->reason_code));
	db_column_text(stmt, 17, row->reason_text, sizeof(row->reason_text));
}

static void read_times(sqlite3_stmt *stmt, struct message_row *row)
{
	row->created_at = sqlite3_column_int64(stmt, 18);
	row->due_at = sqlite3_column_int64(stmt, 19);
	row->deadline = sqlite3_column_int64(stmt, 20);
	row->submit_by = sqlite3_column_int64(stmt, 21);
	row->life_ms = sqlite3_column_int64(stmt, 22);
	row->first_submit_at = sqlite3_column_int64(stmt, 23);
	row->sent_at = sqlite3_column_int64(stmt, 24);
	row->delivered_at = sqlite3_column_int64(stmt, 25);
	row->ended_at = sqlite3_column_int64(stmt, 26);
}

void message_read_row(sqlite3_stmt *stmt, struct message_row *row)
{
	row->seq = sqlite3_column_int64(stmt, 0);
	row->kind = (enum config_kind)sqlite3_column_int(stmt, 3);
	row->state = (enum message_state)sqlite3_column_int(stmt, 4);
	row->priority = message_rank_priority(sqlite3_column_int(stmt, 5));
	row->number = sqlite3_column_int64(stmt, 6);
	row->encoding = (enum gsm_encoding)sqlite3_column_int(stmt, 7);
	row->parts = (unsigned)sqlite3_column_int(stmt, 8);
	row->parts_sent = (unsigned)sqlite3_column_int(stmt, 9);
	row->tries = (unsigned)sqlite3_column_int(stmt, 10);
	row->report = sqlite3_column_int(stmt, 11) != 0;
	row->has_text = sqlite3_column_int(stmt, 27) != 0;
	row->route = sqlite3_column_int64(stmt, 28);
	read_words(stmt, row);
	read_times(stmt, row);
}

static int get_one(struct db *db, sqlite3_stmt *stmt, struct message_row *row)
{
	int err = stmt == NULL ? db_error(db) : db_step(db, stmt);

	if (err < 0)
		return err;
	message_read_row(stmt, row);
	db_done(stmt);
	return 0;
}

int db_message_get(struct db *db, const char *id, struct message_row *row)
{
	return get_one(
		db, db_query(db, "SELECT " MESSAGE_COLUMNS " FROM message WHERE id = ?1", "t", id),
		row);
}

int db_message_by_seq(struct db *db, int64_t seq, struct message_row *row)
{
	return get_one(
		db,
		db_query(db, "SELECT " MESSAGE_COLUMNS " FROM message WHERE seq = ?1", "i", seq),
		row);
}

int message_news(struct db *db, const struct message_row *row)
{
	const struct due due = {
		.seq = row->seq,
		.number = row->number,
		.route = row->route,
		.due_at = row->due_at,
		.submit_by = row->submit_by,
		.rank = message_rank(row->kind, row->priority),
	};

	return waits((int)row->state) ? db_news_queued(db, &due) : 0;
}

int message_tell(struct db *db, const struct message_row *row, const char *reason)
{
	const char *state = message_state_name(row->state);
	char type[EVENT_TYPE_SIZE];
	const struct event_new event = {
		.type = type,
		.site = row->site,
		.subject = row->id,
		.state = state,
		.modem = or_null(row->modem),
		.reason = reason,
	};
	int err;

	snprintf(type, sizeof(type), "message.%s", state);
	err = db_event_add(db, &event);
	if (err < 0)
		return err;
	db_saw(db, SEEN_MESSAGE, config_kind_name(row->kind), state, 1);
	return message_news(db, row);
}

static int insert(struct db *db, struct message_row *row, const unsigned char *sealed, size_t n)
{
	int err = db_exec(
		db, NULL,
		"INSERT INTO message (id, site, kind, state, rank, number, encoding, parts, report,"
		" text, modem, reference, retry_of, created_at, due_at, deadline, submit_by,"
		" life_ms, route) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
		" ?14, ?15, ?16, ?17, ?18, ?19)",
		"ttiiiiiiibtttiiiiii", row->id, row->site, (int64_t)row->kind, (int64_t)row->state,
		(int64_t)message_rank(row->kind, row->priority), row->number,
		(int64_t)row->encoding, (int64_t)row->parts, (int64_t)row->report, sealed, n,
		or_null(row->modem), or_null(row->reference), or_null(row->retry_of),
		row->created_at, row->due_at, row->deadline, row->submit_by, row->life_ms,
		row->route);

	if (err == 0)
		row->seq = sqlite3_last_insert_rowid(db->sqlite);
	return err;
}

static int insert_sealed(struct db *db, struct message_row *row, const char *text)
{
	size_t n = strlen(text);
	unsigned char *sealed = malloc(n + SEAL_OVERHEAD);
	int err;

	if (sealed == NULL)
		return -ENOMEM;
	seal_close(db->keys, SEAL_TEXT, message_seal_place(row->id), text, n, sealed);
	err = insert(db, row, sealed, n + SEAL_OVERHEAD);
	free(sealed);
	return err;
}

int db_message_add(struct db *db, struct message_row *row, const char *text)
{
	int err;

	id_make(row->id, ID_MESSAGE, db->now);
	row->created_at = db->now;
	row->state = row->due_at > db->now ? MSG_SCHEDULED : MSG_QUEUED;
	if (row->state == MSG_QUEUED)
		row->due_at = db->now;
	row->submit_by = row->deadline - row->life_ms / 3;
	row->has_text = true;
	err = insert_sealed(db, row, text);
	if (err < 0)
		return err;
	message_count(db, row->kind, -1, row->state);
	return message_tell(db, row, NULL);
}

int message_open_sealed(struct db *db, int64_t place, sqlite3_stmt *stmt, int column, char **text)
{
	const unsigned char *sealed = sqlite3_column_blob(stmt, column);
	size_t n = (size_t)sqlite3_column_bytes(stmt, column);
	char *plain;
	int err;

	if (sealed == NULL || n < SEAL_OVERHEAD)
		return -EBADMSG;
	plain = malloc(n - SEAL_OVERHEAD + 1);
	if (plain == NULL)
		return -ENOMEM;
	plain[n - SEAL_OVERHEAD] = '\0';
	err = seal_open(db->keys, SEAL_TEXT, place, sealed, n, plain);
	if (err < 0)
		free(plain);
	else
		*text = plain;
	return err;
}

int message_open_text(struct db *db, const char *id, sqlite3_stmt *stmt, int column, char **text)
{
	return message_open_sealed(db, message_seal_place(id), stmt, column, text);
}

int message_read_seqs(struct db *db, sqlite3_stmt *stmt, int64_t *seqs, size_t max, size_t *n)
{
	int err = 0;

	*n = 0;
	if (stmt == NULL)
		return db_error(db);
	while (*n < max && (err = db_step(db, stmt)) == 0)
		seqs[(*n)++] = sqlite3_column_int64(stmt, 0);
	if (*n == max) {
		db_done(stmt);
		return 0;
	}
	return err == -ENOENT ? 0 : err;
}

int db_message_text(struct db *db, const struct message_row *row, char **text)
{
	sqlite3_stmt *stmt = db_query(
		db, "SELECT text FROM message WHERE seq = ?1 AND text IS NOT NULL", "i", row->seq);
	int err = stmt == NULL ? db_error(db) : db_step(db, stmt);

	*text = NULL;
	if (err < 0)
		return err;
	err = message_open_text(db, row->id, stmt, 0, text);
	db_done(stmt);
	return err;
}
