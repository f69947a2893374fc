/* reports.c - delivery reports: whose they are, and what they mean for the message.
 *
 * A report may come before its attempt's reference is known, several times, or for something that
 * simgate never sent. What fits nothing yet is kept on disk (db_report.h) and looked at again by
 * the transaction that learns a reference or gives up waiting for it. All here are transactions. */
#include <errno.h>
#include <stdio.h>

#include "daemon/dispatch_private.h"
#include "queue/db_number.h"

enum { EARLY_MAX = 16 };

static enum attempt_state state_of(int status)
{
	switch (pdu_status_class((uint8_t)status)) {
	case ST_DELIVERED:
		return ATTEMPT_DELIVERED;
	case ST_PENDING:
		return ATTEMPT_ACCEPTED;
	case ST_FAILED:
	case ST_EXPIRED:
		break;
	}
	return ATTEMPT_UNDELIVERED;
}

int reports_apply(struct db *db, const struct attempt_row *attempt, int reference, int status)
{
	char code[16];
	const struct message_cause cause = {
		.class = pdu_status_class((uint8_t)status) == ST_EXPIRED ? "expired" : "permanent",
		.code = code,
		.text = pdu_status_text((uint8_t)status),
	};
	struct message_row row;
	int err;

	snprintf(code, sizeof(code), "st_%02x", (unsigned)status);
	err = db_attempt_end(db, attempt->id, state_of(status), reference, status);
	if (err == 0)
		err = db_message_by_seq(db, attempt->message_seq, &row);
	return err == 0 ? outcome_settle(db, &row, &cause) : err;
}

int reports_take(struct db *db, struct report_row *report, bool *known, bool *is_new)
{
	const struct attempt_report asked = {
		.sim = report->sim,
		.modem = report->modem,
		.recipient = report->recipient,
		.reference = report->reference,
		.at = db_now(db),
	};
	struct attempt_row attempt;
	int err = db_attempt_of_report(db, &asked, &attempt);

	*known = err == 0;
	*is_new = false;
	if (err == -ENOENT)
		return db_report_keep(db, report, is_new);
	if (err < 0 || !attempt_is_open(&attempt))
		return err; /* after its last word: nothing changes */
	return reports_apply(db, &attempt, report->reference, report->status);
}

/* Does an early report speak of this attempt? */
static int is_of(struct db *db, const struct attempt_row *attempt, const struct report_row *report,
		 bool *is)
{
	char to[NUMBER_SIZE];
	int err = db_number_get(db, attempt->number, to);

	*is = err == 0 && ((report->recipient[0] == '\0' && attempt->reference >= 0) ||
			   db_number_alike(to, report->recipient));
	return err == -ENOENT ? 0 : err;
}

int reports_match(struct db *db, int64_t id, const char *sim)
{
	struct report_row early[EARLY_MAX];
	struct attempt_row attempt;
	size_t n = 0;
	int err = db_attempt_get(db, id, &attempt);

	if (err == 0)
		err = db_report_waiting(db, sim, attempt.reference, attempt.at, early, EARLY_MAX,
					&n);
	for (size_t i = 0; i < n && err == 0; i++) {
		bool is;

		err = is_of(db, &attempt, &early[i], &is);
		if (err < 0 || !is)
			continue;
		err = reports_apply(db, &attempt, early[i].reference, early[i].status);
		attempt.reference = early[i].reference;
		if (err == 0)
			err = db_report_drop(db, early[i].id);
	}
	return err;
}
