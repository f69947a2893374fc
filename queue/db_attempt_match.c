/* db_attempt_match.c - which attempt a delivery report speaks of.
 *
 * References have one byte, wrap around, and are counted by the SIM; numbers come back in another
 * form; reports overtake +CMGS. So the rows with the reference are looked at one by one, the newest
 * first, at most CANDIDATES of them. */
#include <errno.h>
#include <string.h>

#include "queue/db_message_private.h"

enum { CANDIDATES = 32 };

static const int64_t after_validity_ms = 24 * 60 * 60 * 1000;

struct candidates {
	struct attempt_row rows[CANDIDATES];
	bool alike[CANDIDATES]; /* to the report's number */
	size_t n;
};

bool attempt_is_open(const struct attempt_row *row)
{
	return row->state == ATTEMPT_ACCEPTED || row->state == ATTEMPT_UNCERTAIN;
}

static int is_to(struct db *db, int64_t number, const char *recipient, bool *alike)
{
	char e164[NUMBER_SIZE];
	int err = db_number_get(db, number, e164);

	*alike = err == 0 && db_number_alike(e164, recipient);
	return err == -ENOENT ? 0 : err;
}

static int read_all(struct db *db, sqlite3_stmt *stmt, const char *recipient,
		    struct candidates *found)
{
	int err = stmt == NULL ? db_error(db) : 0;

	found->n = 0;
	while (err == 0 && found->n < CANDIDATES && (err = db_step(db, stmt)) == 0)
		attempt_read_row(stmt, &found->rows[found->n++]);
	if (err < 0 && err != -ENOENT)
		return err;
	if (err == 0)
		db_done(stmt);
	err = 0;
	for (size_t i = 0; i < found->n && err == 0; i++)
		err = is_to(db, found->rows[i].number, recipient, &found->alike[i]);
	return err;
}

static int with_reference(struct db *db, const struct attempt_report *report, const char *sim,
			  struct candidates *found)
{
	return read_all(
		db,
		db_query(db,
			 "SELECT " ATTEMPT_COLUMNS " FROM attempt JOIN message"
			 " ON message.seq = attempt.message AND message.deadline >= ?4"
			 " WHERE attempt.reference = ?1 AND sim = ?2 AND at <= ?3 AND asked = 1"
			 " ORDER BY at DESC LIMIT ?5",
			 "itiii", (int64_t)report->reference, sim, report->at,
			 report->at - after_validity_ms, (int64_t)CANDIDATES),
		report->recipient, found);
}

/* Claimed (on the air) or uncertain ones. */
static int in_doubt(struct db *db, const struct attempt_report *report, enum attempt_state state,
		    struct candidates *found)
{
	return read_all(
		db,
		db_query(db,
			 "SELECT " ATTEMPT_COLUMNS " FROM attempt INDEXED BY attempt_open"
			 " JOIN message ON message.seq = attempt.message AND message.deadline >= ?4"
			 " WHERE attempt.state IN (0, 4) AND attempt.state = ?1 AND sim = ?2"
			 " AND at <= ?3 AND asked = 1 AND attempt.reference IS NULL"
			 " ORDER BY at DESC LIMIT ?5",
			 "itiii", (int64_t)state, report->sim, report->at,
			 report->at - after_validity_ms, (int64_t)CANDIDATES),
		report->recipient, found);
}

/* The first that is open or not, to the report's number; NULL: none. */
static const struct attempt_row *pick(const struct candidates *found, bool open)
{
	for (size_t i = 0; i < found->n; i++)
		if (found->alike[i] && attempt_is_open(&found->rows[i]) == open)
			return &found->rows[i];
	return NULL;
}

/* NULL: none, or several. */
static const struct attempt_row *pick_only_open(const struct candidates *found)
{
	const struct attempt_row *only = NULL;

	for (size_t i = 0; i < found->n; i++) {
		if (!attempt_is_open(&found->rows[i]))
			continue;
		if (only != NULL)
			return NULL;
		only = &found->rows[i];
	}
	return only;
}

/* Any of the number, where alike; else any at all. */
static bool flies(const struct candidates *air, bool alike)
{
	for (size_t i = 0; i < air->n; i++)
		if (air->alike[i] || !alike)
			return true;
	return false;
}

static int give(const struct attempt_row *found, struct attempt_row *row)
{
	if (found == NULL)
		return -ENOENT;
	*row = *found;
	return 0;
}

static int without_reference(struct db *db, const struct attempt_report *report,
			     const struct candidates *known, struct attempt_row *row)
{
	struct candidates air, doubt;
	const struct attempt_row *found = NULL;
	int err = in_doubt(db, report, ATTEMPT_CLAIMED, &air);

	if (err < 0)
		return err;
	if (flies(&air, true))
		return -ENOENT;
	err = in_doubt(db, report, ATTEMPT_UNCERTAIN, &doubt);
	if (err < 0)
		return err;
	found = pick(&doubt, true);
	if (found == NULL && !flies(&air, false))
		found = pick_only_open(known);
	if (found == NULL)
		found = pick(known, false);
	return give(found, row);
}

int db_attempt_of_report(struct db *db, const struct attempt_report *report,
			 struct attempt_row *row)
{
	struct candidates known;
	const struct attempt_row *found;
	int err = with_reference(db, report, report->sim, &known);

	if (err == 0 && known.n == 0 && strcmp(report->sim, report->modem) != 0)
		err = with_reference(db, report, report->modem, &known);
	if (err < 0)
		return err;
	found = pick(&known, true);
	return found != NULL ? give(found, row) : without_reference(db, report, &known, row);
}
