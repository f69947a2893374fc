/* db_report.c - early and unknown delivery reports. */
#include "queue/db_report.h"

#include <errno.h>
#include <string.h>

#include "queue/db_private.h"

enum { KEPT_MAX = 10000, PRUNE_MAX = 1000 };

static int number_of(struct db *db, const char *recipient, int64_t *number)
{
	*number = 0;
	return *recipient == '\0' ? 0 : db_number_id(db, recipient, number);
}

int db_report_keep(struct db *db, struct report_row *row, bool *is_new)
{
	int64_t number, changed;
	int err = number_of(db, row->recipient, &number);

	row->at = db_now(db);
	if (err < 0)
		return err;
	err = db_exec(db, &changed,
		      "INSERT INTO report (sim, modem, reference, number, status, at)"
		      " SELECT ?1, ?2, ?3, nullif(?4, 0), ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM"
		      " report WHERE sim = ?1 AND reference = ?3 AND status = ?5"
		      " AND number IS nullif(?4, 0))",
		      "ttiiii", row->sim, row->modem, (int64_t)row->reference, number,
		      (int64_t)row->status, row->at);
	*is_new = err == 0 && changed > 0;
	if (!*is_new)
		return err;
	row->id = sqlite3_last_insert_rowid(db->sqlite);
	return db_exec(db, NULL, "DELETE FROM report WHERE id <= ?1", "i", row->id - KEPT_MAX);
}

/* Columns: id, at, sim, modem, number, reference, status. */
static int read_row(struct db *db, sqlite3_stmt *stmt, struct report_row *row)
{
	int64_t number = sqlite3_column_int64(stmt, 4);
	int err;

	memset(row, 0, sizeof(*row));
	row->id = sqlite3_column_int64(stmt, 0);
	row->at = sqlite3_column_int64(stmt, 1);
	db_column_text(stmt, 2, row->sim, sizeof(row->sim));
	db_column_text(stmt, 3, row->modem, sizeof(row->modem));
	row->reference = sqlite3_column_int(stmt, 5);
	row->status = sqlite3_column_int(stmt, 6);
	err = number == 0 ? 0 : db_number_get(db, number, row->recipient);
	return err == -ENOENT ? -EBADMSG : err; /* the row refers to it, so it must be there */
}

int db_report_waiting(struct db *db, const char *sim, int reference, int64_t since,
		      struct report_row *rows, size_t max, size_t *n)
{
	sqlite3_stmt *stmt = db_query(db,
				      "SELECT id, at, sim, modem, number, reference, status"
				      " FROM report INDEXED BY report_sim WHERE sim = ?1"
				      " AND reference BETWEEN ?2 AND ?3 AND at >= ?4",
				      "tiii", sim, (int64_t)(reference < 0 ? 0 : reference),
				      (int64_t)(reference < 0 ? 255 : reference), since);
	int err = stmt == NULL ? db_error(db) : 0;

	*n = 0;
	while (err == 0 && *n < max && (err = db_step(db, stmt)) == 0) {
		err = read_row(db, stmt, &rows[*n]);
		(*n)++;
	}
	if (err == -ENOENT)
		return 0;
	if (stmt != NULL)
		db_done(stmt);
	return err;
}

int db_report_drop(struct db *db, int64_t id)
{
	return db_exec(db, NULL, "DELETE FROM report WHERE id = ?1", "i", id);
}

int db_report_prune(struct db *db, int64_t before, unsigned *n)
{
	int64_t changed = 0;
	int err = db_exec(db, &changed,
			  "DELETE FROM report WHERE id IN"
			  " (SELECT id FROM report WHERE at < ?1 LIMIT ?2)",
			  "ii", before, (int64_t)PRUNE_MAX);

	*n = err < 0 ? 0 : (unsigned)changed;
	return err;
}
