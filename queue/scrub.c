/* scrub.c - what stands between a page's cell pointers and its cells becomes zeroes.
 *
 * Only whole pages of the database file come here (vfs.c): the write-ahead log carries checksums,
 * and is truncated after an erasure anyway. The free space of a page means nothing to SQLite, so a
 * page in its cache that still has it does no harm. */
#include "queue/scrub.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { PAGE_MAX = 65536, FILE_HEADER = 100 };

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
