/* import_gammu.c - the waiting messages in gammu-smsd's SQLite database, which is only read.
 *
 * A row for a later time (local, as gammu has it) is scheduled for then.
 *
 * The one place outside queue/ that speaks SQL: the database is another program's. */
#include <sqlite3.h>
#include <stdio.h>

#include "cli/import.h"

static const char waiting[] =
	"SELECT o.ID, o.DestinationNumber,"
	" coalesce(o.TextDecoded, '') || coalesce((SELECT group_concat(TextDecoded, '') FROM"
	" (SELECT TextDecoded FROM outbox_multipart m WHERE m.ID = o.ID"
	" ORDER BY SequencePosition)), ''),"
	" o.DeliveryReport = 'yes', o.Class = 0 OR o.Coding = '8bit',"
	" iif(o.SendingDateTime > datetime('now', 'localtime'),"
	" strftime('%Y-%m-%dT%H:%M:%SZ', o.SendingDateTime, 'utc'), NULL)"
	" FROM outbox o ORDER BY o.ID";

static void take_row(struct import *import, sqlite3_stmt *row, const struct stat *st)
{
	const char *to = (const char *)sqlite3_column_text(row, 1);
	const char *text = (const char *)sqlite3_column_text(row, 2);
	const char *send_at = (const char *)sqlite3_column_text(row, 5);
	long long id = sqlite3_column_int64(row, 0);
	struct sms_file sms = { .report = sqlite3_column_int(row, 3) != 0, .text = (char *)text };
	char name[32], key[KEY_SIZE];

	snprintf(name, sizeof(name), "%lld", id);
	snprintf(key, sizeof(key), "import-%llu-row-%lld", (unsigned long long)st->st_ino, id);
	if (to == NULL || text == NULL)
		import_refuse(import, name, "it has no number or no text");
	else if (sqlite3_column_int(row, 4))
		import_refuse(import, name, "it is no plain text (flash, or binary)");
	else {
		snprintf(sms.to, sizeof(sms.to), "%s", to);
		import_submit(import, name, &sms, send_at, key);
	}
}

void import_gammu_database(struct import *import, const struct stat *st)
{
	sqlite3 *sqlite = NULL;
	sqlite3_stmt *row = NULL;
	int err = sqlite3_open_v2(import->where, &sqlite, SQLITE_OPEN_READONLY, NULL);

	if (err == SQLITE_OK)
		err = sqlite3_prepare_v2(sqlite, waiting, -1, &row, NULL);
	while (err == SQLITE_OK && import->result == EXIT_DONE) {
		int step = sqlite3_step(row);

		if (step == SQLITE_DONE)
			break;
		err = step == SQLITE_ROW ? SQLITE_OK : step;
		if (step == SQLITE_ROW)
			take_row(import, row, st);
	}
	if (err != SQLITE_OK) {
		fprintf(stderr, "simgate: %s is no SQLite database of gammu-smsd: %s\n",
			import->where, sqlite3_errmsg(sqlite));
		import->result = EXIT_FAILED;
	}
	sqlite3_finalize(row);
	sqlite3_close(sqlite);
}
