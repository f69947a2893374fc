/* vfs.c - a thin layer over SQLite's own VFS: it opens files with that one's methods, some of which
 * are replaced by those below. Writes to the log that fail are told by the sync, which SQLite takes
 * for a failed commit all the same. */
#include "queue/vfs.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "queue/scrub.h"

enum {
	PAGE_MIN = 512,
	PAGE_MAX = 65536,
	/* From 2^25 pages on (128 GB) the first byte of an overflow page, a page number's highest,
	 * may look like the type of a b-tree page. */
	PAGES_MAX = 1 << 24,
	GATHERED_MAX = 65536,
};

/* Behind the real VFS's own part of each open file. */
struct tail {
	const sqlite3_io_methods *real;
	sqlite3_io_methods patched;
	/* Of the log: what is to be written at `at`. */
	char *gathered; /* GATHERED_MAX */
	size_t n;
	sqlite3_int64 at;
};

static struct {
	sqlite3_vfs shim, *real;
	size_t tail_at;
} vfs;

static struct tail *tail_of(sqlite3_file *file)
{
	return (struct tail *)((char *)file + vfs.tail_at);
}

/* ---- the database ---- */

/* May a page of this file be taken at its first byte? */
static bool is_small(const struct tail *tail, sqlite3_file *file, int page_size)
{
	sqlite3_int64 size = 0;

	return tail->real->xFileSize(file, &size) == SQLITE_OK && size / page_size < PAGES_MAX;
}

static int write_clean(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
	const struct tail *tail = tail_of(file);
	unsigned char page[PAGE_MAX];

	if (n < PAGE_MIN || n > PAGE_MAX || at % n != 0 || !is_small(tail, file, n))
		return tail->real->xWrite(file, from, n, at);
	memcpy(page, from, (size_t)n);
	scrub_page(page, (size_t)n, at == 0);
	return tail->real->xWrite(file, page, n, at);
}

/* ---- the write-ahead log ---- */

static int write_gathered(sqlite3_file *file)
{
	struct tail *tail = tail_of(file);
	int n = (int)tail->n;

	tail->n = 0;
	return n == 0 ? SQLITE_OK : tail->real->xWrite(file, tail->gathered, n, tail->at);
}

static int gather(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
	struct tail *tail = tail_of(file);
	size_t size = (size_t)n;
	bool follows = at == tail->at + (sqlite3_int64)tail->n;
	int result = SQLITE_OK;

	if (!follows || size > GATHERED_MAX - tail->n)
		result = write_gathered(file);
	if (tail->gathered == NULL)
		tail->gathered = malloc(GATHERED_MAX);
	if (result != SQLITE_OK || tail->gathered == NULL || size > GATHERED_MAX)
		return result != SQLITE_OK ? result : tail->real->xWrite(file, from, n, at);
	if (tail->n == 0)
		tail->at = at;
	memcpy(tail->gathered + tail->n, from, size);
	tail->n += size;
	return SQLITE_OK;
}

static int log_sync(sqlite3_file *file, int flags)
{
	int result = write_gathered(file);

	return result != SQLITE_OK ? result : tail_of(file)->real->xSync(file, flags);
}

static int log_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
	int result = write_gathered(file);

	return result != SQLITE_OK ? result : tail_of(file)->real->xRead(file, to, n, at);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int result = write_gathered(file);

	return result != SQLITE_OK ? result : tail_of(file)->real->xTruncate(file, size);
}

static int log_size(sqlite3_file *file, sqlite3_int64 *size)
{
	int result = write_gathered(file);

	return result != SQLITE_OK ? result : tail_of(file)->real->xFileSize(file, size);
}

/* What was not synced was not committed. */
static int log_close(sqlite3_file *file)
{
	struct tail *tail = tail_of(file);

	free(tail->gathered);
	return tail->real->xClose(file);
}

/* ---- opening ---- */

static void patch(sqlite3_io_methods *methods, int flags)
{
	if ((flags & SQLITE_OPEN_MAIN_DB) != 0) {
		methods->xWrite = write_clean;
		return;
	}
	methods->xWrite = gather;
	methods->xSync = log_sync;
	methods->xRead = log_read;
	methods->xTruncate = log_truncate;
	methods->xFileSize = log_size;
	methods->xClose = log_close;
}

static int open_patched(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
			int *out)
{
	struct tail *tail = tail_of(file);
	int result;

	(void)self;
	file->pMethods = NULL;
	result = vfs.real->xOpen(vfs.real, name, file, flags, out);
	if (result != SQLITE_OK || file->pMethods == NULL ||
	    (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0)
		return result;
	*tail = (struct tail){ .real = file->pMethods, .patched = *file->pMethods };
	patch(&tail->patched, flags);
	file->pMethods = &tail->patched;
	return result;
}

const char *vfs_name(void)
{
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	size_t align = _Alignof(struct tail);

	if (real == NULL || real == vfs.real)
		return real == NULL ? NULL : vfs.shim.zName;
	if (vfs.real != NULL)
		sqlite3_vfs_unregister(&vfs.shim);
	vfs.real = real;
	vfs.tail_at = ((size_t)real->szOsFile + align - 1) / align * align;
	vfs.shim = *real;
	vfs.shim.pNext = NULL;
	vfs.shim.zName = "simgate";
	vfs.shim.szOsFile = (int)(vfs.tail_at + sizeof(struct tail));
	vfs.shim.xOpen = open_patched;
	if (sqlite3_vfs_register(&vfs.shim, 0) == SQLITE_OK)
		return vfs.shim.zName;
	vfs.real = NULL;
	return NULL;
}
