/* db_verification.c - one row a verification, its codes as keyed hashes, and who owns a number. */
#include "queue/db_verification.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "queue/db_erase.h"
#include "queue/db_private.h"

#define COLUMNS                                                                                    \
	"id, site, account, coalesce(number, 0), purpose, channel, locale, state, created_at,"     \
	" approved_at, sends, message, code_at, code_until, gateway, service_centre, refused"

enum { ACCOUNTS_MAX = 1000, PRUNE_MAX = 1000 };

static const char *const state_names[] = {
	[VER_PENDING] = "pending",
	[VER_APPROVED] = "approved",
	[VER_CANCELED] = "canceled",
	[VER_EXPIRED] = "expired",
};

const char *verification_state_name(enum verification_state state)
{
	return (unsigned)state < ARRAY_LEN(state_names) ? state_names[state] : "";
}

static void read_row(sqlite3_stmt *stmt, struct verification_row *row)
{
	memset(row, 0, sizeof(*row));
	db_column_text(stmt, 0, row->id, sizeof(row->id));
	db_column_text(stmt, 1, row->site, sizeof(row->site));
	db_column_text(stmt, 2, row->account, sizeof(row->account));
	row->number = sqlite3_column_int64(stmt, 3);
	db_column_text(stmt, 4, row->purpose, sizeof(row->purpose));
	db_column_text(stmt, 5, row->channel, sizeof(row->channel));
	db_column_text(stmt, 6, row->locale, sizeof(row->locale));
	row->state = (enum verification_state)sqlite3_column_int(stmt, 7);
	row->created_at = sqlite3_column_int64(stmt, 8);
	row->approved_at = sqlite3_column_int64(stmt, 9);
	row->sends = (unsigned)sqlite3_column_int(stmt, 10);
	row->message_seq = sqlite3_column_int64(stmt, 11);
	row->code_at = sqlite3_column_int64(stmt, 12);
	row->code_until = sqlite3_column_int64(stmt, 13);
	db_column_text(stmt, 14, row->gateway, sizeof(row->gateway));
	db_column_text(stmt, 15, row->service_centre, sizeof(row->service_centre));
	db_column_text(stmt, 16, row->refused, sizeof(row->refused));
}

static int get_one(struct db *db, sqlite3_stmt *stmt, struct verification_row *row)
{
	int err = stmt == NULL ? db_error(db) : db_step(db, stmt);

	if (err < 0)
		return err;
	read_row(stmt, row);
	db_done(stmt);
	return 0;
}

int db_verification_add(struct db *db, struct verification_row *row)
{
	id_make(row->id, ID_VERIFICATION, db->now);
	return db_exec(db, NULL,
		       "INSERT INTO verification (id, site, account, number, purpose, channel,"
		       " locale, state, created_at, approved_at, sends, message, code_at,"
		       " code_until, gateway, service_centre, refused) VALUES (?1, ?2, ?3,"
		       " nullif(?4, 0), ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,"
		       " ?17)",
		       "tttitttiiiiiiittt", row->id, row->site, row->account, row->number,
		       row->purpose, row->channel, row->locale, (int64_t)row->state,
		       row->created_at, row->approved_at, (int64_t)row->sends, row->message_seq,
		       row->code_at, row->code_until, row->gateway, row->service_centre,
		       row->refused);
}

int db_verification_get(struct db *db, const char *id, struct verification_row *row)
{
	return get_one(db,
		       db_query(db, "SELECT " COLUMNS " FROM verification WHERE id = ?1", "t", id),
		       row);
}

int db_verification_update(struct db *db, const struct verification_row *row)
{
	int64_t changed = 0;
	int err = db_exec(db, &changed,
			  "UPDATE verification SET number = nullif(?2, 0), channel = ?3,"
			  " locale = ?4, state = ?5, approved_at = ?6, sends = ?7, message = ?8,"
			  " code_at = ?9, code_until = ?10, gateway = ?11, service_centre = ?12,"
			  " refused = ?13 WHERE id = ?1",
			  "tittiiiiiittt", row->id, row->number, row->channel, row->locale,
			  (int64_t)row->state, row->approved_at, (int64_t)row->sends,
			  row->message_seq, row->code_at, row->code_until, row->gateway,
			  row->service_centre, row->refused);

	return err == 0 && changed == 0 ? -ENOENT : err;
}

int db_verification_pending(struct db *db, const char *site, const char *account, int64_t number,
			    const char *purpose, const char *channel, struct verification_row *row)
{
	return get_one(db,
		       db_query(db,
				"SELECT " COLUMNS " FROM verification WHERE site = ?1"
				" AND account = ?2 AND number IS nullif(?3, 0) AND purpose = ?4"
				" AND channel = ?5 AND state = 0 ORDER BY id DESC LIMIT 1",
				"ttitt", site, account, number, purpose, channel),
		       row);
}

int db_verification_awaited(struct db *db, int64_t number, const char *channel,
			    struct verification_row *row)
{
	return get_one(db,
		       db_query(db,
				"SELECT " COLUMNS " FROM verification WHERE number = ?1"
				" AND channel = ?2 AND state = 0 AND code_until > ?3"
				" ORDER BY id DESC LIMIT 1",
				"iti", number, channel, db->now),
		       row);
}

int db_verification_first_end(struct db *db, struct verification_row *row)
{
	return get_one(db,
		       db_query(db,
				"SELECT " COLUMNS " FROM verification WHERE state = 0"
				" ORDER BY code_until LIMIT 1",
				""),
		       row);
}

int db_verification_submitted(struct db *db, int64_t number, int64_t message_seq, int64_t until)
{
	return db_exec(db, NULL,
		       "UPDATE verification SET code_until = ?3 WHERE number = ?1"
		       " AND message = ?2 AND state = 0",
		       "iii", number, message_seq, until);
}

int db_verification_by_message(struct db *db, int64_t number, int64_t message_seq,
			       struct verification_row *row)
{
	return get_one(db,
		       db_query(db,
				"SELECT " COLUMNS " FROM verification WHERE number = ?1"
				" AND message = ?2 AND state IN (0, 3)",
				"ii", number, message_seq),
		       row);
}

int db_verification_accounts(struct db *db, const char *site, int64_t number,
			     char (**accounts)[ACCOUNT_SIZE], size_t *n)
{
	sqlite3_stmt *stmt = db_query(db,
				      "SELECT DISTINCT account FROM verification"
				      " WHERE number = ?1 AND site = ?2 ORDER BY account LIMIT ?3",
				      "iti", number, site, (int64_t)ACCOUNTS_MAX);
	int err;

	*n = 0;
	*accounts = NULL;
	if (stmt == NULL)
		return db_error(db);
	while ((err = db_step(db, stmt)) == 0) {
		char(*grown)[ACCOUNT_SIZE] = realloc(*accounts, (*n + 1) * sizeof(*grown));

		if (grown == NULL) {
			db_done(stmt);
			err = -ENOMEM;
			break;
		}
		*accounts = grown;
		db_column_text(stmt, 0, grown[(*n)++], ACCOUNT_SIZE);
	}
	if (err == -ENOENT)
		return 0;
	free(*accounts);
	*accounts = NULL;
	*n = 0;
	return err;
}

int db_code_prune(struct db *db, int64_t before)
{
	return db_exec(db, NULL,
		       "DELETE FROM code WHERE verification IN (SELECT DISTINCT code.verification"
		       " FROM code LEFT JOIN verification ON verification.id = code.verification"
		       " WHERE coalesce(code_until, 0) < ?1 LIMIT ?2)",
		       "ii", before, (int64_t)PRUNE_MAX);
}

int db_code_add(struct db *db, const char *verification,
		const unsigned char hash[static SEAL_HASH_SIZE])
{
	return db_exec(db, NULL,
		       "INSERT INTO code (verification, n, hash) VALUES (?1, (SELECT"
		       " coalesce(max(n), 0) + 1 FROM code WHERE verification = ?1), ?2)",
		       "tb", verification, hash, (size_t)SEAL_HASH_SIZE);
}

int db_code_match(struct db *db, const char *verification,
		  const unsigned char hash[static SEAL_HASH_SIZE])
{
	sqlite3_stmt *stmt =
		db_query(db, "SELECT hash FROM code WHERE verification = ?1 ORDER BY n DESC", "t",
			 verification);
	int current = -1, older = -1, err;

	if (stmt == NULL)
		return db_error(db);
	for (int i = 0; (err = db_step(db, stmt)) == 0; i++) {
		const void *kept = sqlite3_column_blob(stmt, 0);
		bool whole = sqlite3_column_bytes(stmt, 0) == SEAL_HASH_SIZE;
		int match = whole ? sodium_memcmp(kept, hash, SEAL_HASH_SIZE) : -1;

		*(i == 0 ? &current : &older) &= match;
	}
	if (err != -ENOENT)
		return err;
	return current == 0 ? 0 : older == 0 ? 1 : -ENOENT;
}

int db_code_erase(struct db *db, const char *verification)
{
	return db_exec(db, NULL, "DELETE FROM code WHERE verification = ?1", "t", verification);
}

int db_token_add(struct db *db, const char *verification,
		 const unsigned char hash[static SEAL_HASH_SIZE])
{
	return db_exec(db, NULL, "INSERT INTO code (verification, n, hash) VALUES (?1, 0, ?2)",
		       "tb", verification, hash, (size_t)SEAL_HASH_SIZE);
}

int db_token_find(struct db *db, const unsigned char hash[static SEAL_HASH_SIZE],
		  struct verification_row *row)
{
	return get_one(db,
		       db_query(db,
				"SELECT " COLUMNS " FROM verification WHERE id ="
				" (SELECT verification FROM code WHERE n = 0 AND hash = ?1)",
				"b", hash, (size_t)SEAL_HASH_SIZE),
		       row);
}

int db_owner_get(struct db *db, const char *site, int64_t number, char account[static ACCOUNT_SIZE])
{
	sqlite3_stmt *stmt =
		db_query(db, "SELECT account FROM owner WHERE site = ?1 AND number = ?2", "ti",
			 site, number);
	int err = stmt == NULL ? db_error(db) : db_step(db, stmt);

	account[0] = '\0';
	if (err < 0)
		return err;
	db_column_text(stmt, 0, account, ACCOUNT_SIZE);
	db_done(stmt);
	return 0;
}

int db_owner_number(struct db *db, const char *site, const char *account, int64_t *number)
{
	return db_value(db, number, "SELECT number FROM owner WHERE site = ?1 AND account = ?2",
			"tt", site, account);
}

int db_owner_set(struct db *db, const char *site, const char *account, int64_t number)
{
	int err = db_exec(db, NULL, "DELETE FROM owner WHERE site = ?1 AND account = ?2", "tt",
			  site, account);

	if (err < 0)
		return err;
	return db_exec(db, NULL, "INSERT INTO owner (site, number, account) VALUES (?1, ?2, ?3)",
		       "tit", site, number, account);
}

int db_owner_remove(struct db *db, const char *site, const char *account, int64_t number)
{
	int64_t changed = 0;
	int err = db_exec(db, &changed,
			  "DELETE FROM owner WHERE site = ?1 AND account = ?2 AND number = ?3",
			  "tti", site, account, number);

	if (err < 0 || changed == 0)
		return err < 0 ? err : -ENOENT;
	err = db_exec(db, NULL,
		      "DELETE FROM proof WHERE site = ?1 AND account = ?2 AND number = ?3", "tti",
		      site, account, number);
	return err < 0 ? err : db_number_forget(db, number, NULL);
}

int db_proof_set(struct db *db, const char *site, const char *account,
		 const struct proof_row *proof)
{
	return db_exec(db, NULL,
		       "INSERT INTO proof (site, account, number, channel, verified_at, assurance)"
		       " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
		       " ON CONFLICT (site, account, number, channel) DO UPDATE SET"
		       " verified_at = excluded.verified_at, assurance = excluded.assurance",
		       "ttitit", site, account, proof->number, proof->channel, proof->verified_at,
		       proof->assurance);
}

static void read_proof(sqlite3_stmt *stmt, struct proof_row *proof)
{
	memset(proof, 0, sizeof(*proof));
	proof->number = sqlite3_column_int64(stmt, 0);
	db_column_text(stmt, 1, proof->channel, sizeof(proof->channel));
	proof->verified_at = sqlite3_column_int64(stmt, 2);
	db_column_text(stmt, 3, proof->assurance, sizeof(proof->assurance));
}

int db_proof_list(struct db *db, const char *site, const char *account, struct proof_row **proofs,
		  size_t *n)
{
	sqlite3_stmt *stmt = db_query(db,
				      "SELECT number, channel, verified_at, assurance FROM proof"
				      " WHERE site = ?1 AND account = ?2"
				      " ORDER BY verified_at DESC, number, channel",
				      "tt", site, account);
	int err;

	*proofs = NULL;
	*n = 0;
	if (stmt == NULL)
		return db_error(db);
	while ((err = db_step(db, stmt)) == 0) {
		struct proof_row *grown = realloc(*proofs, (*n + 1) * sizeof(*grown));

		if (grown == NULL) {
			db_done(stmt);
			err = -ENOMEM;
			break;
		}
		*proofs = grown;
		read_proof(stmt, &grown[(*n)++]);
	}
	if (err == -ENOENT)
		return 0;
	free(*proofs);
	*proofs = NULL;
	*n = 0;
	return err;
}
