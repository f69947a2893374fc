/* db_check.h - is the database whole? */
#pragma once

#include <stddef.h>

struct db;

enum db_check { DB_WHOLE, DB_DAMAGED, DB_CHECK_LATE };

/* Walks all pages for at most limit_ms; DB_CHECK_LATE: nothing was found till then. problem: what
 * is damaged, in SQLite's words. For a reader: it takes as long as reading the file does. */
enum db_check db_check(struct db *db, int limit_ms, char *problem, size_t size);
