/* schema.h - the tables, and how older databases become current (PRAGMA user_version). */
#pragma once

#include <sqlite3.h>
#include <stddef.h>

/* Before anything is changed. 0; -ENOTSUP: it is from a newer version, or another program's. */
int schema_check(sqlite3 *sqlite, char *why, size_t why_size);

/* Brings the database up to date inside one transaction. 0; -ENOTSUP: it is from a newer version,
 * or another program's; -EIO. why says what happened. */
int schema_migrate(sqlite3 *sqlite, char *why, size_t why_size);
