/* store_file.c - opens the database, and says in words why it cannot and what to do.
 *
 *   lock     flock on <database>.lock: one daemon; other readers (backup, sqlite3) are free
 *   make     the file with mode 0600; SQLite gives its companions the same
 *   tune     write-ahead log, a sync at every commit, erased bytes overwritten (scrub.h), small
 *            caches
 *   migrate  schema.c
 *   key      a keyed value in meta tells another key from ours
 *   time     the clock is not behind what this database has seen */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "queue/schema.h"
#include "queue/store_private.h"
#include "queue/vfs.h"

enum { SHOWN_PATH = 100 }; /* of a long path, so that the words after it have room */

#define CHECK_NAME "key_check"

static const char writer_settings[] = "PRAGMA synchronous = FULL;"
				      "PRAGMA secure_delete = ON;"
				      "PRAGMA foreign_keys = ON;"
				      "PRAGMA temp_store = MEMORY;"
				      "PRAGMA journal_size_limit = 16777216;"
				      "PRAGMA cache_size = -2048";

/* It checkpoints, so it is not opened read-only. */
static const char reader_settings[] = "PRAGMA query_only = ON;"
				      "PRAGMA synchronous = FULL;"
				      "PRAGMA temp_store = MEMORY;"
				      "PRAGMA cache_size = -512";

struct advice {
	int code; /* of SQLite or errno */
	const char *words;
};

static const struct advice sqlite_advice[] = {
	{ SQLITE_NOTADB, "it is not a database, or its beginning is damaged: restore a backup" },
	{ SQLITE_CORRUPT, "it is damaged: keep a copy of it and restore a backup" },
	{ SQLITE_READONLY, "it cannot be written: check its owner and whether the disk is mounted "
			   "read-only" },
	{ SQLITE_PERM, "it cannot be written: check its owner" },
	{ SQLITE_CANTOPEN,
	  "it or a file beside it cannot be opened: check the owner of the folder" },
	{ SQLITE_FULL, "the disk is full: free some space" },
	{ SQLITE_BUSY, "another program holds it locked: end that program (a backup, sqlite3)" },
	{ SQLITE_IOERR, "the disk reports an error: see the kernel's log" },
	{ SQLITE_NOMEM, "out of memory" },
};

static const struct advice errno_advice[] = {
	{ ENOENT, "its folder does not exist: create it for the daemon's user" },
	{ ENOTDIR, "its path leads through something that is not a folder" },
	{ EACCES, "no permission: check the owner of the file and its folder" },
	{ EPERM, "no permission: check the owner of the file and its folder" },
	{ EROFS, "the disk is mounted read-only" },
	{ EISDIR, "it is a folder: name a file" },
	{ ENOSPC, "the disk is full: free some space" },
	{ EDQUOT, "the disk quota is used up: free some space" },
};

static const char *advise(const struct advice *rows, size_t n, int code)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].code == code)
			return rows[i].words;
	return NULL;
}

static int say_errno(char why[static STORE_WHY_SIZE], const char *path, int err)
{
	const char *words = advise(errno_advice, ARRAY_LEN(errno_advice), err);

	snprintf(why, STORE_WHY_SIZE, "cannot open the database %.*s: %s", SHOWN_PATH, path,
		 words != NULL ? words : strerror(err));
	return -err;
}

/* SQLite calls some writes that find no room errors of the disk. */
static int code_of(sqlite3 *sqlite, const char *path)
{
	int code = sqlite3_errcode(sqlite) & 0xff;
	struct statvfs disk;

	if (code == SQLITE_IOERR && statvfs(path, &disk) == 0 && disk.f_bavail == 0)
		return SQLITE_FULL;
	return code;
}

static int say_sqlite(char why[static STORE_WHY_SIZE], const char *path, sqlite3 *sqlite)
{
	const char *words = advise(sqlite_advice, ARRAY_LEN(sqlite_advice), code_of(sqlite, path));

	snprintf(why, STORE_WHY_SIZE, "cannot open the database %.*s: %s", SHOWN_PATH, path,
		 words != NULL ? words : sqlite3_errmsg(sqlite));
	return -EIO;
}

int store_file_lock(const char *path, char why[static STORE_WHY_SIZE])
{
	char lock[PATH_MAX];
	int fd;

	if (snprintf(lock, sizeof(lock), "%s.lock", path) >= (int)sizeof(lock))
		return say_errno(why, path, ENAMETOOLONG);
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return say_errno(why, path, errno);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK)
		snprintf(why, STORE_WHY_SIZE,
			 "another simgated uses the database %.*s: stop it first", SHOWN_PATH,
			 path);
	else
		say_errno(why, path, errno);
	close(fd);
	return -1;
}

/* Before SQLite opens it, for closing a file drops a process's locks on it. */
static int make_private(const char *path, char why[static STORE_WHY_SIZE])
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), err = 0;
	struct stat st;

	if (fd < 0)
		return say_errno(why, path, errno);
	if (fstat(fd, &st) < 0)
		err = errno;
	else if ((st.st_mode & 0077) != 0 && fchmod(fd, 0600) < 0)
		err = errno;
	close(fd);
	return err == 0 ? 0 : say_errno(why, path, err);
}

static bool is_wal(sqlite3 *sqlite)
{
	sqlite3_stmt *stmt;
	bool wal = false;

	if (sqlite3_prepare_v2(sqlite, "PRAGMA journal_mode = WAL", -1, &stmt, NULL) != SQLITE_OK)
		return false;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		wal = strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
	return sqlite3_finalize(stmt) == SQLITE_OK && wal;
}

/* SQLite's statistics of memory cost a mutex for every allocation, and nobody asks for them. Once
 * SQLite has begun this changes nothing: a second store of a process finds it as it was. */
static void configure_sqlite(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int open_connection(sqlite3 **sqlite, const char *path, const char *settings,
			   char why[static STORE_WHY_SIZE])
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, err;

	configure_sqlite();
	if (sqlite3_open_v2(path, sqlite, flags, vfs_name()) != SQLITE_OK)
		return say_sqlite(why, path, *sqlite);
	sqlite3_busy_timeout(*sqlite, STORE_BUSY_MS);
	err = schema_check(*sqlite, why, STORE_WHY_SIZE);
	if (err < 0)
		return err; /* WAL would be a change of another's file already */
	if (!is_wal(*sqlite) || sqlite3_exec(*sqlite, settings, NULL, NULL, NULL) != SQLITE_OK)
		return say_sqlite(why, path, *sqlite);
	return 0;
}

/* meta holds integers: 64 bits of the keyed hash tell two keys apart. */
static int64_t key_value(const struct seal_keys *keys)
{
	unsigned char hash[SEAL_HASH_SIZE];
	int64_t value;

	seal_hash(keys, SEAL_CHECK, hash, "simgate", NULL);
	memcpy(&value, hash, sizeof(value));
	return value;
}

static int check_key(struct db *db, const char *path, char why[static STORE_WHY_SIZE])
{
	int64_t ours = key_value(db->keys), found;
	int err = db_meta_get(db, CHECK_NAME, &found);

	if (err == -ENOENT) {
		err = db_meta_set(db, CHECK_NAME, ours);
		found = ours;
	}
	if (err < 0)
		return say_sqlite(why, path, db->sqlite);
	if (found == ours)
		return 0;
	snprintf(
		why, STORE_WHY_SIZE,
		"the database %.*s was written with another key: restore its key file, or move the "
		"database away to start anew",
		SHOWN_PATH, path);
	return -EKEYREJECTED;
}

/* What the store knows without asking again. */
static int load(struct store *store, const char *path, char why[static STORE_WHY_SIZE])
{
	struct db *db = &store->db;
	int err;

	err = db_meta_get(db, "time", &store->time_kept_ms);
	if (err == 0)
		clock_raise(store->time_kept_ms);
	if (err == 0 || err == -ENOENT)
		err = db_value(db, &db->news.live, "SELECT sum(n) FROM tally WHERE state IN (0, 1)",
			       "");
	if (err == 0)
		err = db_value(db, &store->stats.last_event_seq, "SELECT max(seq) FROM event", "");
	if (err < 0 && err != -ENOENT)
		return say_sqlite(why, path, db->sqlite);
	store->live = store->stats.live_messages = db->news.live;
	return 0;
}

static int open_writer(struct store *store, const char *path, char why[static STORE_WHY_SIZE])
{
	sqlite3 *sqlite;
	int err = open_connection(&sqlite, path, writer_settings, why);

	db_init(&store->db, sqlite, &store->keys);
	if (err == 0)
		err = schema_migrate(sqlite, why, STORE_WHY_SIZE);
	if (err == 0)
		err = check_key(&store->db, path, why);
	return err < 0 ? err : load(store, path, why);
}

int store_file_open(struct store *store, const char *path, char why[static STORE_WHY_SIZE])
{
	sqlite3 *sqlite;
	int err = make_private(path, why);

	if (err == 0)
		err = open_writer(store, path, why);
	if (err < 0)
		return err;
	err = open_connection(&sqlite, path, reader_settings, why);
	db_init(&store->read_db, sqlite, &store->keys);
	return err;
}
