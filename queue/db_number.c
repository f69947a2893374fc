/* db_number.c - phone numbers at rest.
 *
 * A number is found by a keyed hash and stored sealed to its own row, so the table tells nothing
 * to who lacks the key, and a sealed number moved to another row does not open. */
#include "queue/db_number.h"

#include <errno.h>
#include <string.h>

#include "queue/db_private.h"

enum { SEALED_MAX = NUMBER_SIZE - 1 + SEAL_OVERHEAD, ALIKE_LEAST = 7, ALIKE_MOST = 9 };

static int find(struct db *db, const unsigned char hash[static SEAL_HASH_SIZE], int64_t *id)
{
	return db_value(db, id, "SELECT id FROM number WHERE hash = ?1", "b", hash,
			(size_t)SEAL_HASH_SIZE);
}

static int add(struct db *db, const char *e164, const unsigned char hash[static SEAL_HASH_SIZE],
	       int64_t *id)
{
	size_t n = strlen(e164);
	unsigned char sealed[SEALED_MAX];
	int err;

	if (n == 0 || n >= NUMBER_SIZE)
		return -EINVAL;
	/* The row's id is part of what is sealed, so it is chosen before the row is written. */
	err = db_value(db, id, "SELECT coalesce(max(id), 0) + 1 FROM number", "");
	if (err < 0)
		return err;
	seal_close(db->keys, SEAL_NUMBER, *id, e164, n, sealed);
	return db_exec(db, NULL, "INSERT INTO number (id, hash, sealed) VALUES (?1, ?2, ?3)", "ibb",
		       *id, hash, (size_t)SEAL_HASH_SIZE, sealed, n + SEAL_OVERHEAD);
}

int db_number_id(struct db *db, const char *e164, int64_t *id)
{
	unsigned char hash[SEAL_HASH_SIZE];
	int err;

	seal_hash(db->keys, SEAL_NUMBER_HASH, hash, e164, NULL);
	err = find(db, hash, id);
	return err == -ENOENT ? add(db, e164, hash, id) : err;
}

int db_number_find(struct db *db, const char *e164, int64_t *id)
{
	unsigned char hash[SEAL_HASH_SIZE];

	seal_hash(db->keys, SEAL_NUMBER_HASH, hash, e164, NULL);
	return find(db, hash, id);
}

static int unseal(struct db *db, int64_t id, sqlite3_stmt *stmt, char e164[static NUMBER_SIZE])
{
	const unsigned char *sealed = sqlite3_column_blob(stmt, 0);
	size_t n = (size_t)sqlite3_column_bytes(stmt, 0);
	int err;

	if (sealed == NULL || n <= SEAL_OVERHEAD || n > SEALED_MAX)
		return -EBADMSG;
	err = seal_open(db->keys, SEAL_NUMBER, id, sealed, n, e164);
	e164[err < 0 ? 0 : n - SEAL_OVERHEAD] = '\0';
	return err;
}

/* Without the 0 or 00 before national and international numbers. */
static size_t count_digits(const char *number)
{
	number += strspn(number, "+");
	return strspn(number + strspn(number, "0"), "0123456789");
}

bool db_number_alike(const char *a, const char *b)
{
	size_t n_a = count_digits(a), n_b = count_digits(b), n = n_a < n_b ? n_a : n_b;

	if (n < ALIKE_LEAST)
		return strcmp(a, b) == 0;
	n = n > ALIKE_MOST ? ALIKE_MOST : n;
	return strcmp(a + strlen(a) - n, b + strlen(b) - n) == 0;
}

int db_number_get(struct db *db, int64_t id, char e164[static NUMBER_SIZE])
{
	sqlite3_stmt *stmt = db_query(db, "SELECT sealed FROM number WHERE id = ?1", "i", id);
	int err;

	e164[0] = '\0';
	if (stmt == NULL)
		return db_error(db);
	err = db_step(db, stmt);
	if (err < 0)
		return err;
	err = unseal(db, id, stmt, e164);
	db_done(stmt);
	return err;
}
