/* scrub.c - a thin layer over SQLite's file access that cleans pages as a checkpoint writes them.
 *
 * Only the database file itself is looked at, and only whole pages: the write-ahead log carries
 * checksums, and is truncated after an erasure anyway. The free space of a page means nothing to
 * SQLite, so a page in its cache that still has it does no harm. */
#include "queue/scrub.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	PAGE_MIN = 512,
	PAGE_MAX = 65536,
	FILE_HEADER = 100,
	/* From 2^25 pages on (128 GB) the first byte of an overflow page, a page number's highest,
	 * may look like the type of a b-tree page. */
	PAGES_MAX = 1 << 24,
};

/* Behind the real VFS's own part of each open file. */
struct tail {
	const sqlite3_io_methods *real;
	sqlite3_io_methods patched;
};

static struct {
	sqlite3_vfs shim, *real;
	size_t tail_at;
} scrub;

static size_t get16(const unsigned char *bytes)
{
	return (size_t)bytes[0] << 8 | bytes[1];
}

static bool is_btree(unsigned type)
{
	return type == 2 || type == 5 || type == 10 || type == 13;
}

/* Does each of the n pointers lead to a cell behind start? */
static bool pointers_fit(const unsigned char *pointers, size_t n, size_t start, size_t size)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = get16(pointers + 2 * i);

		if (at < start || at >= size)
			return false;
	}
	return true;
}

void scrub_page(unsigned char *page, size_t size, int first)
{
	const unsigned char *header = page + (first ? FILE_HEADER : 0);
	size_t n_cells = get16(header + 3), start = get16(header + 5);
	size_t pointers_at = (size_t)(header - page) + (header[0] > 8 ? 8 : 12);
	size_t free_at = pointers_at + 2 * n_cells;

	if (!is_btree(header[0]))
		return;
	if (start == 0)
		start = PAGE_MAX; /* as 16 bits cannot say it */
	if (start > size || free_at > start)
		return;
	if (pointers_fit(page + pointers_at, n_cells, start, size))
		memset(page + free_at, 0, start - free_at);
}

static struct tail *tail_of(sqlite3_file *file)
{
	return (struct tail *)((char *)file + scrub.tail_at);
}

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

static int open_clean(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
	struct tail *tail = tail_of(file);
	int result;

	(void)vfs;
	file->pMethods = NULL;
	result = scrub.real->xOpen(scrub.real, name, file, flags, out);
	if (result != SQLITE_OK || file->pMethods == NULL || (flags & SQLITE_OPEN_MAIN_DB) == 0)
		return result;
	tail->real = file->pMethods;
	tail->patched = *file->pMethods;
	tail->patched.xWrite = write_clean;
	file->pMethods = &tail->patched;
	return result;
}

const char *scrub_vfs(void)
{
	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	size_t align = _Alignof(struct tail);

	if (real == NULL || real == scrub.real)
		return real == NULL ? NULL : scrub.shim.zName;
	if (scrub.real != NULL)
		sqlite3_vfs_unregister(&scrub.shim);
	scrub.real = real;
	scrub.tail_at = ((size_t)real->szOsFile + align - 1) / align * align;
	scrub.shim = *real;
	scrub.shim.pNext = NULL;
	scrub.shim.zName = "simgate";
	scrub.shim.szOsFile = (int)(scrub.tail_at + sizeof(struct tail));
	scrub.shim.xOpen = open_clean;
	if (sqlite3_vfs_register(&scrub.shim, 0) == SQLITE_OK)
		return scrub.shim.zName;
	scrub.real = NULL;
	return NULL;
}
