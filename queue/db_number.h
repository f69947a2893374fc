/* db_number.h - phone numbers: one table, sealed, found by keyed hash. Others refer by id. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "queue/db.h"

enum { NUMBER_SIZE = 24 }; /* "+" and at most 17 digits, or a short code */

/* Finds or adds. */
int db_number_id(struct db *db, const char *e164, int64_t *id);
int db_number_find(struct db *db, const char *e164, int64_t *id); /* -ENOENT */
/* Do the two end in the same 9 digits (7, 8 where one has no more)? Networks write a number in
 * national or international form. Shorter ones must be the same. */
bool db_number_alike(const char *a, const char *b);

int db_number_get(struct db *db, int64_t id, char e164[static NUMBER_SIZE]);
