/* schema.h - the tables, and how older databases become current (PRAGMA user_version). */
#pragma once

#include <sqlite3.h>
#include <stddef.h>

/* Brings the database up to date inside one transaction. 0; -ENOTSUP: it is from a newer version,
 * or another program's; -EIO. why says what happened. */
int schema_migrate(sqlite3 *sqlite, char *why, size_t why_size);
