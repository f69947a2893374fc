/* db_delivery.c - outcomes of a modem's newest messages. */
#include "queue/db_delivery.h"

#include <errno.h>

#include "queue/db_private.h"

static const int64_t hour_ms = 3600 * 1000LL;
static const int64_t week_ms = 7 * 24 * 3600 * 1000LL;

/* The newest of one state (its index by state and number), so that a long queue before them costs
 * nothing. 4 sent, 5 delivered, 6 failed. */
#define NEWEST(state)                                                                              \
	"SELECT * FROM (SELECT state, report, modem, sent_at, reason_code FROM message"            \
	" WHERE state = " state " ORDER BY seq DESC LIMIT 200)"

int db_delivery_stats(struct db *db, const char *modem, int64_t settled_before,
		      struct delivery_stats *stats)
{
	sqlite3_stmt *stmt = db_query(
		db,
		"SELECT count(*) FILTER (WHERE report = 1 AND sent_at < ?2),"
		" count(*) FILTER (WHERE report = 1 AND sent_at < ?2"
		" AND (state = 5 OR reason_code LIKE 'st%')),"
		" count(*) FILTER (WHERE sent_at > ?3) FROM (" NEWEST("4") " UNION ALL " NEWEST(
			"5") " UNION ALL " NEWEST("6") ") WHERE modem = ?1 AND sent_at > ?4",
		"tiii", modem, settled_before, db->now - hour_ms, db->now - week_ms);
	int err = stmt == NULL ? db_error(db) : db_step(db, stmt);

	*stats = (struct delivery_stats){ 0 };
	if (err < 0)
		return err;
	stats->asked = (unsigned)sqlite3_column_int(stmt, 0);
	stats->reported = (unsigned)sqlite3_column_int(stmt, 1);
	stats->passed = (unsigned)sqlite3_column_int(stmt, 2);
	db_done(stmt);
	return 0;
}

int db_delivery_status(struct db *db, int64_t message_seq, int *status)
{
	int64_t value;
	int err = db_value(db, &value,
			   "SELECT code FROM attempt WHERE message = ?1 AND state = 1"
			   " AND code IS NOT NULL ORDER BY try DESC, part DESC LIMIT 1",
			   "i", message_seq);

	*status = err < 0 ? -1 : (int)value;
	return err == -ENOENT ? 0 : err;
}
