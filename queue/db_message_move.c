/* db_message_move.c - a message goes from one state to another.
 *
 * One move: checked against the table, written with its times (and its text gone, where nobody
 * needs that any more), the places of limits brought in step, told as an event and to the
 * scheduler. The row is written only while it still is in the state that the caller read. */
#include <errno.h>
#include <stdio.h>

#include "base/util.h"
#include "queue/db_message_private.h"

/* How long before its end an uncertain code may still be queued again (design.md section 4). */
static const int64_t resend_rest_ms = 60000;

/* What coming into a state means for the row. */
static const struct {
	bool needs_text;
	bool left;    /* it may be on the air: its places are dated */
	bool success; /* the network has every part */
	bool ends;    /* nothing more is to come (of sent: unless a report is) */
} states[MSG_STATES] = {
	[MSG_SCHEDULED] = { .needs_text = true },
	[MSG_QUEUED] = { .needs_text = true },
	[MSG_SENDING] = { .needs_text = true },
	[MSG_UNCERTAIN] = { .needs_text = true, .left = true },
	[MSG_SENT] = { .left = true, .success = true, .ends = true },
	[MSG_DELIVERED] = { .left = true, .success = true, .ends = true },
	[MSG_FAILED] = { .ends = true },
	[MSG_EXPIRED] = { .ends = true },
	[MSG_CANCELED] = { .ends = true },
};

static void note_cause(struct message_row *row, const struct message_cause *cause)
{
	const struct {
		const char *from;
		char *to;
		size_t size;
	} words[] = {
		{ cause->class, row->reason_class, sizeof(row->reason_class) },
		{ cause->code, row->reason_code, sizeof(row->reason_code) },
		{ cause->text, row->reason_text, sizeof(row->reason_text) },
		{ cause->modem, row->modem, sizeof(row->modem) },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].from != NULL)
			snprintf(words[i].to, words[i].size, "%s", words[i].from);
}

/* What held it up before is no reason for what has become of it. */
static void note_success(struct message_row *row, int64_t now)
{
	row->reason_class[0] = row->reason_code[0] = row->reason_text[0] = '\0';
	row->parts_sent = row->parts;
	if (row->sent_at == 0)
		row->sent_at = now;
	if (row->state == MSG_DELIVERED)
		row->delivered_at = now;
}

/* Where a text outlives its message's need for a modem: the time from which its retention counts.
 * A failed text may be retried by an operator, and one that awaits its report may yet fail; an
 * uncertain message may be sent again. Nothing else is kept: 0. */
static int64_t kept_from(const struct message_row *row)
{
	if (!row->has_text)
		return 0;
	if (row->state == MSG_UNCERTAIN)
		return row->deadline;
	if (row->kind != KIND_TEXT)
		return 0;
	if (row->state == MSG_SENT && row->report)
		return row->deadline;
	return row->state == MSG_FAILED ? row->ended_at : 0;
}

static void note_state(struct message_row *row, enum message_state to, int64_t now)
{
	row->state = to;
	if (to == MSG_QUEUED)
		row->parts_sent = 0;
	if (states[to].success)
		note_success(row, now);
	if (states[to].ends && !(to == MSG_SENT && row->report))
		row->ended_at = now;
	if (!states[to].needs_text && kept_from(row) == 0)
		row->has_text = false;
}

/* -EINVAL: the row is not in that state any more. */
static int write_row(struct db *db, const struct message_row *row, enum message_state from)
{
	int64_t changed;
	int err = db_exec(
		db, &changed,
		"UPDATE message SET state = ?3, parts_sent = ?4, tries = ?5, modem = nullif(?6, "
		"''),"
		" reason_class = nullif(?7, ''), reason_code = nullif(?8, ''),"
		" reason_text = nullif(?9, ''), due_at = ?10, deadline = ?11, submit_by = ?12,"
		" first_submit_at = ?13, sent_at = ?14, delivered_at = ?15, ended_at = ?16,"
		" kept_from = ?17, text = CASE WHEN ?18 THEN text END, report = ?19, route = ?20"
		" WHERE seq = ?1 AND state = ?2",
		"iiiiittttiiiiiiiiiii", row->seq, (int64_t)from, (int64_t)row->state,
		(int64_t)row->parts_sent, (int64_t)row->tries, row->modem, row->reason_class,
		row->reason_code, row->reason_text, row->due_at, row->deadline, row->submit_by,
		row->first_submit_at, row->sent_at, row->delivered_at, row->ended_at,
		kept_from(row), (int64_t)row->has_text, (int64_t)row->report, row->route);

	if (err < 0)
		return err;
	return changed == 1 ? 0 : -EINVAL;
}

/* Places date from the message's first leaving. One that never left gives its places back, and one
 * that left and failed those that were taken on such terms. */
static int keep_places(struct db *db, const struct message_row *row)
{
	if (states[row->state].left)
		return db_exec(
			db, NULL,
			"UPDATE place SET dated = 1, at = ?2 WHERE message = ?1 AND dated = 0",
			"ii", row->seq, db->now);
	if (!states[row->state].ends)
		return 0;
	return db_exec(db, NULL,
		       "DELETE FROM place WHERE message = ?1"
		       " AND (dated = 0 OR (?2 AND give_back_failed))",
		       "ii", row->seq, (int64_t)(row->state == MSG_FAILED));
}

/* How long it took to come so far, told once a message. */
static void note_wait(struct db *db, const struct message_row *row)
{
	const char *kind = config_kind_name(row->kind);
	int64_t due = row->due_at > row->created_at ? row->due_at : row->created_at;

	if (row->state == MSG_SENDING && row->first_submit_at == db->now)
		db_saw(db, SEEN_QUEUE, kind, NULL, db->now - due);
	else if (row->state == MSG_SENT && row->first_submit_at > 0)
		db_saw(db, SEEN_NETWORK, kind, NULL, row->sent_at - row->first_submit_at);
	else if (row->state == MSG_DELIVERED)
		db_saw(db, SEEN_REPORT, kind, NULL, row->delivered_at - row->sent_at);
}

int db_message_move(struct db *db, struct message_row *row, enum message_state to,
		    const struct message_cause *cause)
{
	static const struct message_cause none = { 0 };
	struct message_row moved = *row;
	int err;

	if (!message_may_move(row->state, to))
		return -EINVAL;
	if (cause == NULL)
		cause = &none;
	note_state(&moved, to, db->now);
	note_cause(&moved, cause);
	err = write_row(db, &moved, row->state);
	if (err == 0)
		err = keep_places(db, &moved);
	if (err < 0)
		return err;
	message_count(db, row->kind, (int)row->state, to);
	err = message_tell(db, &moved, cause->code);
	if (err < 0)
		return err;
	note_wait(db, &moved);
	*row = moved;
	return 0;
}

int db_message_requeue(struct db *db, struct message_row *row, int64_t due_at,
		       const struct message_cause *cause)
{
	struct message_row again = *row;
	int64_t rest = row->life_ms / 3;
	int err;

	if (row->state != MSG_SENDING && row->state != MSG_UNCERTAIN)
		return -EINVAL;
	again.due_at = due_at > db->now ? due_at : db->now;
	if (row->state == MSG_UNCERTAIN)
		again.submit_by = row->deadline - (rest < resend_rest_ms ? rest : resend_rest_ms);
	err = db_message_move(db, &again, MSG_QUEUED, cause);
	if (err == 0)
		*row = again;
	return err;
}
