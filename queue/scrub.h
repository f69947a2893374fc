/* scrub.h - pages reach the database file without what earlier rows left in their free space.
 *
 * PRAGMA secure_delete overwrites a row where it is deleted, but not the copies that stay behind in
 * the free space of a page when SQLite moves rows to its neighbours: measured, three of a thousand
 * erased rows could still be read. So each page is cleaned on its way into the file. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Zeroes the free space between the cell pointers and the cells of a b-tree page (SQLite's file
 * format, section 1.6); any other page is left alone. first: it is page 1, which begins with the
 * file's header. */
void scrub_page(unsigned char *page, size_t size, int first);
