/* db_erase.c - erasing a person: by account of a site, or by number.
 *
 * Steps: which numbers and messages are theirs; waiting messages are canceled (that gives places
 * back and tells the scheduler); rows go, what refers before what is referred to; a message that is
 * on the air is marked and goes after its end, and is not submitted again; a number goes when
 * nothing holds it. The store truncates the write-ahead log after it. */
#include "queue/db_erase.h"

#include <errno.h>
#include <stdlib.h>

#include "base/util.h"
#include "queue/db_message.h"
#include "queue/db_private.h"

struct list {
	int64_t *items;
	size_t n;
};

/* Runs a query of integers to its end. items is malloced (NULL if none). */
static int read_list(struct db *db, sqlite3_stmt *stmt, struct list *list)
{
	int err;

	*list = (struct list){ 0 };
	if (stmt == NULL)
		return db_error(db);
	while ((err = db_step(db, stmt)) == 0) {
		int64_t *grown = realloc(list->items, (list->n + 1) * sizeof(*grown));

		if (grown == NULL) {
			db_done(stmt);
			err = -ENOMEM;
			break;
		}
		list->items = grown;
		list->items[list->n++] = sqlite3_column_int64(stmt, 0);
	}
	if (err == -ENOENT)
		return 0;
	free(list->items);
	*list = (struct list){ 0 };
	return err;
}

static int cancel_one(struct db *db, int64_t seq)
{
	static const struct message_cause cause = { .class = "canceled", .code = "erased" };
	struct message_row row;
	int err = db_message_by_seq(db, seq, &row);

	if (err < 0)
		return err == -ENOENT ? 0 : err;
	if (row.state != MSG_SCHEDULED && row.state != MSG_QUEUED)
		return 0;
	return db_message_move(db, &row, MSG_CANCELED, &cause);
}

/* Takes the list over. */
static int cancel_all(struct db *db, int err, struct list *list)
{
	for (size_t i = 0; i < list->n && err == 0; i++)
		err = cancel_one(db, list->items[i]);
	free(list->items);
	return err;
}

/* The statement changes rows of one account: ?1 site, ?2 account. Adds to *n. */
static int sweep_account(struct db *db, const char *sql, const char *site, const char *account,
			 unsigned *n)
{
	int64_t changed = 0;
	int err = db_exec(db, &changed, sql, "tt", site, account);

	*n += (unsigned)changed;
	return err;
}

int db_number_forget(struct db *db, int64_t number, unsigned *n)
{
	int64_t changed = 0;
	int err = db_exec(db, &changed,
			  "DELETE FROM number WHERE id = ?1"
			  " AND NOT EXISTS (SELECT 1 FROM message WHERE number = ?1)"
			  " AND NOT EXISTS (SELECT 1 FROM verification WHERE number = ?1)"
			  " AND NOT EXISTS (SELECT 1 FROM owner WHERE number = ?1)"
			  " AND NOT EXISTS (SELECT 1 FROM proof WHERE number = ?1)"
			  " AND NOT EXISTS (SELECT 1 FROM inbox WHERE number = ?1)"
			  " AND NOT EXISTS (SELECT 1 FROM long_sms WHERE number = ?1)"
			  " AND NOT EXISTS (SELECT 1 FROM report WHERE number = ?1)",
			  "i", number);

	if (n != NULL)
		*n += (unsigned)changed;
	return err;
}

/* Is the number no account's of the site any more? Then what was sent to it and came from it goes,
 * too. ?1 site, ?2 number. */
#define NOBODYS                                                                                    \
	" AND NOT EXISTS (SELECT 1 FROM verification WHERE number = ?2 AND site = ?1)"             \
	" AND NOT EXISTS (SELECT 1 FROM owner WHERE site = ?1 AND number = ?2)"

/* What an inbox row says; the hash of its PDU stays for its seven days, or the SMS, if the modem
 * still has it, would come again. */
#define FORGET_INBOX "UPDATE inbox SET text = NULL, number = NULL, sender = NULL, site = ''"

static int sweep_number(struct db *db, const char *sql, const char *site, int64_t number,
			unsigned *n)
{
	int64_t changed = 0;
	int err = db_exec(db, &changed, sql, "ti", site, number);

	*n += err < 0 ? 0 : (unsigned)changed;
	return err;
}

static int forget_messages(struct db *db, const char *site, int64_t number, unsigned *n)
{
	static const char *const sweeps[] = {
		"UPDATE message SET erase = 1, submit_by = 0 WHERE number = ?2 AND site = ?1"
		" AND state = 2" NOBODYS,
		"DELETE FROM message WHERE number = ?2 AND site = ?1 AND state > 2" NOBODYS,
		FORGET_INBOX " WHERE number = ?2 AND site = ?1" NOBODYS,
	};
	struct list waiting;
	int err = read_list(db,
			    db_query(db,
				     "SELECT seq FROM message WHERE number = ?2 AND site = ?1"
				     " AND state < 2" NOBODYS,
				     "ti", site, number),
			    &waiting);

	err = cancel_all(db, err, &waiting);
	for (size_t i = 0; i < ARRAY_LEN(sweeps) && err == 0; i++)
		err = sweep_number(db, sweeps[i], site, number, n);
	return err;
}

static int numbers_of_account(struct db *db, const char *site, const char *account,
			      struct list *numbers)
{
	return read_list(db,
			 db_query(db,
				  "SELECT number FROM verification WHERE site = ?1 AND account = ?2"
				  " AND number IS NOT NULL"
				  " UNION SELECT number FROM owner WHERE site = ?1 AND account = ?2"
				  " UNION SELECT number FROM proof WHERE site = ?1 AND account = ?2"
				  " UNION SELECT message.number FROM contact JOIN message"
				  " ON message.seq = contact.message"
				  " WHERE contact.site = ?1 AND to_account = ?2",
				  "tt", site, account),
			 numbers);
}

/* Also requests that the account made: they carry its name. */
static int messages_of_account(struct db *db, const char *site, const char *account,
			       struct list *messages)
{
	return read_list(
		db,
		db_query(db,
			 "SELECT message FROM verification WHERE site = ?1 AND account = ?2"
			 " UNION SELECT message FROM contact WHERE site = ?1 AND from_account = ?2"
			 " UNION SELECT message FROM contact WHERE site = ?1 AND to_account = ?2",
			 "tt", site, account),
		messages);
}

static int end_erasure(struct db *db, int err, unsigned n)
{
	if (err == 0 && n > 0)
		db_news_erased(db);
	return err == 0 && n == 0 ? -ENOENT : err;
}

int db_account_erase(struct db *db, const char *site, const char *account, unsigned *n)
{
	static const char *const sweeps[] = {
		("DELETE FROM code WHERE verification IN"
		 " (SELECT id FROM verification WHERE site = ?1 AND account = ?2)"),
		"DELETE FROM verification WHERE site = ?1 AND account = ?2",
		"DELETE FROM owner WHERE site = ?1 AND account = ?2",
		"DELETE FROM proof WHERE site = ?1 AND account = ?2",
		"DELETE FROM contact WHERE site = ?1 AND from_account = ?2",
		"DELETE FROM contact WHERE site = ?1 AND to_account = ?2",
	};
	struct list numbers, messages;
	int err = numbers_of_account(db, site, account, &numbers);

	*n = 0;
	if (err < 0)
		return err;
	err = messages_of_account(db, site, account, &messages);
	err = cancel_all(db, err, &messages);
	for (size_t i = 0; i < ARRAY_LEN(sweeps) && err == 0; i++)
		err = sweep_account(db, sweeps[i], site, account, n);
	for (size_t i = 0; i < numbers.n && err == 0; i++) {
		err = forget_messages(db, site, numbers.items[i], n);
		if (err == 0)
			err = db_number_forget(db, numbers.items[i], n);
	}
	free(numbers.items);
	return end_erasure(db, err, *n);
}

int db_number_erase(struct db *db, const char *site, const char *e164, unsigned *n)
{
	static const char *const sweeps[] = {
		("DELETE FROM contact WHERE message IN (SELECT seq FROM message WHERE number = ?2"
		 " AND (?1 IS NULL OR site = ?1))"),
		("DELETE FROM code WHERE verification IN (SELECT id FROM verification"
		 " WHERE number = ?2 AND (?1 IS NULL OR site = ?1))"),
		"DELETE FROM verification WHERE number = ?2 AND (?1 IS NULL OR site = ?1)",
		"DELETE FROM owner WHERE number = ?2 AND (?1 IS NULL OR site = ?1)",
		"DELETE FROM proof WHERE number = ?2 AND (?1 IS NULL OR site = ?1)",
		FORGET_INBOX " WHERE number = ?2 AND (?1 IS NULL OR site = ?1)",
		"DELETE FROM long_sms WHERE number = ?2 AND ?1 IS NULL",
		"DELETE FROM report WHERE number = ?2 AND ?1 IS NULL",
		("UPDATE message SET erase = 1, submit_by = 0 WHERE number = ?2 AND state = 2"
		 " AND (?1 IS NULL OR site = ?1)"),
		"DELETE FROM message WHERE number = ?2 AND state > 2 AND (?1 IS NULL OR site = ?1)",
	};
	struct list waiting;
	int64_t number;
	int err = db_number_find(db, e164, &number);

	*n = 0;
	if (err < 0)
		return err;
	err = read_list(db,
			db_query(db,
				 "SELECT seq FROM message WHERE number = ?2 AND state < 2"
				 " AND (?1 IS NULL OR site = ?1)",
				 "ti", site, number),
			&waiting);
	err = cancel_all(db, err, &waiting);
	for (size_t i = 0; i < ARRAY_LEN(sweeps) && err == 0; i++)
		err = sweep_number(db, sweeps[i], site, number, n);
	if (err == 0)
		err = db_number_forget(db, number, n);
	return end_erasure(db, err, *n);
}

static int erase_late(struct db *db, int64_t seq, unsigned *n)
{
	struct message_row row;
	int err = db_message_by_seq(db, seq, &row);

	if (err == 0)
		err = cancel_one(db, seq);
	if (err == 0)
		err = db_exec(db, NULL, "DELETE FROM message WHERE seq = ?1", "i", seq);
	return err == 0 ? db_number_forget(db, row.number, n) : err;
}

int db_erase_late(struct db *db)
{
	struct list late;
	unsigned n = 0;
	int err = read_list(
		db, db_query(db, "SELECT seq FROM message WHERE erase = 1 AND state <> 2", ""),
		&late);

	for (size_t i = 0; i < late.n && err == 0; i++)
		err = erase_late(db, late.items[i], &n);
	if (err == 0 && late.n > 0)
		db_news_erased(db);
	free(late.items);
	return err;
}
