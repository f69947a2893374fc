/* store_backup.c - SQLite's online backup on a connection of its own.
 *
 * The copy is made in one step, of one snapshot: writers are not held up, the write-ahead log
 * grows by what they write meanwhile. What is erased later stays in copies made before. */
#include "queue/store_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "queue/store_private.h"
#include "queue/vfs.h"

enum { SHOWN_PATH = 100 };

static int say(char why[static STORE_WHY_SIZE], const char *path, const char *words, int err)
{
	snprintf(why, STORE_WHY_SIZE, "cannot back up to %.*s: %s", SHOWN_PATH, path, words);
	return err;
}

/* It is made here so that it is private from its first byte on. */
static int make_target(const char *target, char why[static STORE_WHY_SIZE])
{
	int fd = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return say(why, target,
			   errno == EEXIST ? "there is such a file already: name another"
					   : strerror(errno),
			   -errno);
	close(fd);
	return 0;
}

static bool is_whole(sqlite3 *copy)
{
	sqlite3_stmt *stmt;
	bool whole = false;

	if (sqlite3_prepare_v2(copy, "PRAGMA quick_check(1)", -1, &stmt, NULL) != SQLITE_OK)
		return false;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		whole = strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
	return sqlite3_finalize(stmt) == SQLITE_OK && whole;
}

static int errno_of(int result)
{
	switch (result & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static int copy(sqlite3 *from, sqlite3 *to, const char *target, char why[static STORE_WHY_SIZE])
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int result;

	if (backup == NULL)
		return say(why, target, sqlite3_errmsg(to), -EIO);
	sqlite3_backup_step(backup, -1);
	result = sqlite3_backup_finish(backup);
	if (result != SQLITE_OK)
		return say(why, target, sqlite3_errstr(result), errno_of(result));
	if (!is_whole(to))
		return say(
			why, target,
			"the copy is damaged, so the database is: keep what there is and restore "
			"an older backup",
			-EBADMSG);
	return 0;
}

int store_backup(const char *database, const char *target, char why[static STORE_WHY_SIZE])
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	sqlite3 *from = NULL, *to = NULL;
	int err = make_target(target, why);

	if (err < 0)
		return err;
	if (sqlite3_open_v2(database, &from, flags, vfs_name()) != SQLITE_OK ||
	    sqlite3_open_v2(target, &to, flags, vfs_name()) != SQLITE_OK)
		err = say(why, target, sqlite3_errmsg(to != NULL ? to : from), -EIO);
	else if (sqlite3_busy_timeout(from, STORE_BUSY_MS) == SQLITE_OK)
		err = copy(from, to, target, why);
	sqlite3_close(to);
	sqlite3_close(from);
	if (err < 0)
		unlink(target);
	return err;
}
