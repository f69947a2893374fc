/* schema.c - one entry a version; an entry that has shipped is never edited. */
#include "queue/schema.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/util.h"

/* Enumerations are stored as their numbers (message.h, db_place.h, db_attempt.h ...): their
 * order is part of the schema. States 0 and 1 of a message (scheduled, queued) are the waiting
 * ones. Times are milliseconds since 1970 UTC.
 *
 * SQLite uses a partial index only where a query repeats its condition to the letter: "state IN
 * (0, 1) AND state = 1", not "state = 1" alone. */
static const char version_1[] =
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"

	"CREATE TABLE number (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
	" sealed BLOB NOT NULL) STRICT;"

	"CREATE TABLE message (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
	" site TEXT NOT NULL, kind INTEGER NOT NULL, state INTEGER NOT NULL, rank INTEGER NOT NULL,"
	" number INTEGER NOT NULL REFERENCES number(id), encoding INTEGER NOT NULL,"
	" parts INTEGER NOT NULL, parts_sent INTEGER NOT NULL DEFAULT 0,"
	" tries INTEGER NOT NULL DEFAULT 0, report INTEGER NOT NULL, text BLOB, modem TEXT,"
	" reference TEXT, retry_of TEXT, reason_class TEXT, reason_code TEXT, reason_text TEXT,"
	" created_at INTEGER NOT NULL, due_at INTEGER NOT NULL, deadline INTEGER NOT NULL,"
	" submit_by INTEGER NOT NULL, life_ms INTEGER NOT NULL DEFAULT 0,"
	" first_submit_at INTEGER NOT NULL DEFAULT 0, sent_at INTEGER NOT NULL DEFAULT 0,"
	" delivered_at INTEGER NOT NULL DEFAULT 0, ended_at INTEGER NOT NULL DEFAULT 0,"
	" kept_from INTEGER NOT NULL DEFAULT 0, erase INTEGER NOT NULL DEFAULT 0,"
	" route INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE INDEX message_erase ON message(seq) WHERE erase = 1;"
	"CREATE INDEX message_due ON message(route, rank, due_at, seq) WHERE state = 1;"
	"CREATE INDEX message_contact ON message(site, due_at) WHERE state = 1 AND kind = 1;"
	"CREATE INDEX message_scheduled ON message(due_at) WHERE state = 0;"
	"CREATE INDEX message_submit_by ON message(submit_by, state) WHERE state IN (0, 1);"
	"CREATE INDEX message_uncertain ON message(deadline) WHERE state = 3;"
	"CREATE INDEX message_state ON message(state, seq);"
	"CREATE INDEX message_site ON message(site, seq);"
	"CREATE INDEX message_number ON message(number, seq);"
	"CREATE INDEX message_reference ON message(reference) WHERE reference IS NOT NULL;"
	"CREATE INDEX message_kept_text ON message(kept_from) WHERE kept_from > 0;"

	/* How many messages of each kind stand in each state: counting a million rows would take
	 * too long. Kept by db_message.c, once a group of transactions. */
	"CREATE TABLE tally (kind INTEGER NOT NULL, state INTEGER NOT NULL, n INTEGER NOT NULL,"
	" PRIMARY KEY (kind, state)) STRICT, WITHOUT ROWID;"
	"INSERT INTO tally SELECT k.value, s.value, 0 FROM json_each('[0, 1, 2]') k,"
	" json_each('[0, 1, 2, 3, 4, 5, 6, 7, 8]') s;"

	"CREATE TABLE attempt (id INTEGER PRIMARY KEY,"
	" message INTEGER NOT NULL REFERENCES message(seq) ON DELETE CASCADE,"
	" try INTEGER NOT NULL, part INTEGER NOT NULL, modem TEXT NOT NULL, sim TEXT NOT NULL,"
	" number INTEGER NOT NULL, state INTEGER NOT NULL, reference INTEGER, code INTEGER,"
	" at INTEGER NOT NULL, asked INTEGER NOT NULL) STRICT;"
	"CREATE INDEX attempt_message ON attempt(message, try, part);"
	"CREATE INDEX attempt_reference ON attempt(reference, sim, at) WHERE reference IS NOT NULL;"
	"CREATE INDEX attempt_open ON attempt(modem, at) WHERE state IN (0, 4);"
	"CREATE INDEX attempt_open_sim ON attempt(sim, at) WHERE state IN (0, 4);"

	/* Delivery reports that fit no attempt yet. */
	"CREATE TABLE report (id INTEGER PRIMARY KEY, sim TEXT NOT NULL, modem TEXT NOT NULL,"
	" reference INTEGER NOT NULL, number INTEGER REFERENCES number(id),"
	" status INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;"
	"CREATE INDEX report_sim ON report(sim, reference);"
	"CREATE INDEX report_at ON report(at);"
	"CREATE INDEX report_number ON report(number) WHERE number IS NOT NULL;"

	"CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,"
	" type TEXT NOT NULL, site TEXT NOT NULL, subject TEXT NOT NULL, state TEXT, modem TEXT,"
	" reason TEXT, channel TEXT) STRICT;"
	"CREATE INDEX event_subject ON event(subject, seq);"

	"CREATE TABLE place (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, key BLOB NOT NULL,"
	" message INTEGER, dated INTEGER NOT NULL, at INTEGER NOT NULL,"
	" give_back_failed INTEGER NOT NULL) STRICT;"
	"CREATE INDEX place_key ON place(kind, key, dated, at DESC);" /* waiting ones first */
	"CREATE INDEX place_dated ON place(at) WHERE dated = 1;"
	"CREATE INDEX place_message ON place(message) WHERE message IS NOT NULL;"
	"CREATE TRIGGER message_erased AFTER DELETE ON message BEGIN"
	" UPDATE tally SET n = n - 1 WHERE kind = OLD.kind AND state = OLD.state;"
	" DELETE FROM place WHERE message = OLD.seq AND dated = 0;"
	" UPDATE place SET message = NULL WHERE message = OLD.seq; END;"
	"CREATE TABLE lock (kind INTEGER NOT NULL, key BLOB NOT NULL, until INTEGER NOT NULL,"
	" PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;"
	/* To whom a SIM has sent lately; hash is that of the number. */
	"CREATE TABLE recipient (sim TEXT NOT NULL, hash BLOB NOT NULL, at INTEGER NOT NULL,"
	" PRIMARY KEY (sim, hash)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX recipient_sim ON recipient(sim, at DESC);"
	"CREATE INDEX recipient_at ON recipient(at);"

	"CREATE TABLE idempotency (hash BLOB PRIMARY KEY, body BLOB NOT NULL, object TEXT NOT NULL,"
	" at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE INDEX idempotency_at ON idempotency(at);"

	"CREATE TABLE verification (id TEXT PRIMARY KEY, site TEXT NOT NULL, account TEXT NOT NULL,"
	" number INTEGER REFERENCES number(id), purpose TEXT NOT NULL, channel TEXT NOT NULL,"
	" locale TEXT NOT NULL, state INTEGER NOT NULL, created_at INTEGER NOT NULL,"
	" approved_at INTEGER NOT NULL, sends INTEGER NOT NULL, message INTEGER NOT NULL,"
	" code_at INTEGER NOT NULL, code_until INTEGER NOT NULL, gateway TEXT, service_centre TEXT,"
	" refused TEXT) STRICT, WITHOUT ROWID;"
	"CREATE INDEX verification_account ON verification(site, account, number);"
	"CREATE INDEX verification_number ON verification(number);"
	"CREATE INDEX verification_awaited ON verification(code_until)"
	" WHERE state = 0 AND sends = 0;"
	"CREATE TABLE code (verification TEXT NOT NULL, n INTEGER NOT NULL, hash BLOB NOT NULL,"
	" PRIMARY KEY (verification, n)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX code_token ON code(hash) WHERE n = 0;" /* what the user sends us */

	"CREATE TABLE owner (site TEXT NOT NULL, number INTEGER NOT NULL REFERENCES number(id),"
	" account TEXT NOT NULL, PRIMARY KEY (site, number), UNIQUE (site, account))"
	" STRICT, WITHOUT ROWID;"
	"CREATE INDEX owner_number ON owner(number);"
	"CREATE TABLE proof (site TEXT NOT NULL, account TEXT NOT NULL,"
	" number INTEGER NOT NULL REFERENCES number(id), channel TEXT NOT NULL,"
	" verified_at INTEGER NOT NULL, assurance TEXT NOT NULL,"
	" PRIMARY KEY (site, account, number, channel)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX proof_number ON proof(number);"

	"CREATE TABLE contact (id TEXT PRIMARY KEY, site TEXT NOT NULL, from_account TEXT NOT NULL,"
	" to_account TEXT NOT NULL, ord TEXT NOT NULL, message INTEGER NOT NULL,"
	" created_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE INDEX contact_message ON contact(message);"
	"CREATE INDEX contact_from ON contact(site, from_account);"
	"CREATE INDEX contact_to ON contact(site, to_account);"
	"CREATE TABLE optout (hash BLOB PRIMARY KEY, keyword TEXT NOT NULL, at INTEGER NOT NULL)"
	" STRICT, WITHOUT ROWID;"

	"CREATE TABLE inbox (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, site TEXT NOT NULL,"
	" modem TEXT NOT NULL, number INTEGER REFERENCES number(id), sender TEXT, text BLOB,"
	" received_at INTEGER NOT NULL, sent_at INTEGER NOT NULL, pdu BLOB NOT NULL,"
	" incomplete INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE INDEX inbox_pdu ON inbox(pdu);"
	"CREATE INDEX inbox_number ON inbox(number);"

	/* Long received SMS; open until all parts have come. A part's hash outlives its text. */
	"CREATE TABLE long_sms (id INTEGER PRIMARY KEY, key BLOB NOT NULL, modem TEXT NOT NULL,"
	" number INTEGER REFERENCES number(id), sender TEXT, total INTEGER NOT NULL,"
	" sent_at INTEGER NOT NULL, first_at INTEGER NOT NULL, open INTEGER NOT NULL) STRICT;"
	"CREATE INDEX long_key ON long_sms(key) WHERE open = 1;"
	"CREATE INDEX long_open ON long_sms(first_at) WHERE open = 1;"
	"CREATE INDEX long_number ON long_sms(number) WHERE number IS NOT NULL;"
	"CREATE TABLE long_part (id INTEGER PRIMARY KEY,"
	" long INTEGER NOT NULL REFERENCES long_sms(id) ON DELETE CASCADE,"
	" part INTEGER NOT NULL, text BLOB, pdu BLOB NOT NULL, at INTEGER NOT NULL) STRICT;"
	"CREATE INDEX long_part_long ON long_part(long, part);"
	"CREATE INDEX long_part_pdu ON long_part(pdu);"
	"CREATE INDEX long_part_at ON long_part(at);"
	"CREATE INDEX long_part_text ON long_part(long) WHERE text IS NOT NULL;";

/* Fewer pages a message: a sequence's row, an index of the few open attempts too many, references
 * that no report will ask for. A log of events that was pruned to nothing keeps its last number.
 * Codes end by themselves, as waits do: they are in the same index. */
static const char version_2[] =
	"ALTER TABLE event RENAME TO event_1;"
	"CREATE TABLE event (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL,"
	" type TEXT NOT NULL, site TEXT NOT NULL, subject TEXT NOT NULL, state TEXT, modem TEXT,"
	" reason TEXT, channel TEXT) STRICT;"
	"INSERT INTO event SELECT * FROM event_1;"
	"INSERT INTO event (seq, at, type, site, subject) SELECT seq, value, 'events.pruned', '', "
	"''"
	" FROM sqlite_sequence, meta WHERE sqlite_sequence.name = 'event_1' AND meta.name = 'time'"
	" AND NOT EXISTS (SELECT 1 FROM event);"
	"DROP TABLE event_1;"
	"CREATE INDEX event_subject ON event(subject, seq);"

	"DROP INDEX attempt_open;"
	"DROP INDEX attempt_open_sim;"
	"DROP INDEX attempt_reference;"
	"CREATE INDEX attempt_open ON attempt(at) WHERE state IN (0, 4);"
	"CREATE INDEX attempt_reference ON attempt(reference, sim, at)"
	" WHERE reference IS NOT NULL AND asked = 1;"

	"DROP INDEX verification_awaited;"
	"CREATE INDEX verification_awaited ON verification(code_until) WHERE state = 0;";

static const char *const versions[] = { version_1, version_2 };

/* The one integer that a query gives; -1: SQLite failed. */
static int read_int(sqlite3 *sqlite, const char *sql)
{
	sqlite3_stmt *stmt;
	int value = -1;

	if (sqlite3_prepare_v2(sqlite, sql, -1, &stmt, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		value = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

/* It has tables, and simgate did not make them. */
static bool is_foreign(sqlite3 *sqlite, int version)
{
	return version == 0 && read_int(sqlite, "SELECT count(*) > 0 FROM sqlite_master") == 1;
}

static int apply(sqlite3 *sqlite, int version)
{
	char pragma[48];

	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", version + 1);
	if (sqlite3_exec(sqlite, versions[version], NULL, NULL, NULL) != SQLITE_OK)
		return -EIO;
	return sqlite3_exec(sqlite, pragma, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
}

static int apply_all(sqlite3 *sqlite, int version)
{
	int err = 0;

	if (sqlite3_exec(sqlite, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return -EIO;
	for (; version < (int)ARRAY_LEN(versions) && err == 0; version++)
		err = apply(sqlite, version);
	if (err == 0 && sqlite3_exec(sqlite, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		err = -EIO;
	return err;
}

static const char *path_of(sqlite3 *sqlite)
{
	const char *path = sqlite3_db_filename(sqlite, "main");

	return path != NULL ? path : "";
}

int schema_check(sqlite3 *sqlite, char *why, size_t why_size)
{
	int version = read_int(sqlite, "PRAGMA user_version");

	if (version > (int)ARRAY_LEN(versions)) {
		snprintf(
			why, why_size,
			"the database %.100s is of schema version %d, this simgate knows up to %d: "
			"install the newer simgate, or restore the backup made before the upgrade",
			path_of(sqlite), version, (int)ARRAY_LEN(versions));
		return -ENOTSUP;
	}
	if (is_foreign(sqlite, version)) {
		snprintf(why, why_size,
			 "the database %.100s belongs to another program: name another file",
			 path_of(sqlite));
		return -ENOTSUP;
	}
	return 0;
}

int schema_migrate(sqlite3 *sqlite, char *why, size_t why_size)
{
	int version = read_int(sqlite, "PRAGMA user_version");
	int err = schema_check(sqlite, why, why_size);

	if (err < 0 || version == (int)ARRAY_LEN(versions))
		return err;
	err = version < 0 ? -EIO : apply_all(sqlite, version);
	if (err < 0) {
		snprintf(why, why_size, "cannot update the database %.100s: %s", path_of(sqlite),
			 sqlite3_errmsg(sqlite));
		sqlite3_exec(sqlite, "ROLLBACK", NULL, NULL, NULL);
	}
	return err;
}
