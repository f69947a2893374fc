/* db_number.h - phone numbers: one table, sealed, found by keyed hash. Others refer by id. */
#pragma once

#include <stdint.h>

#include "queue/db.h"

enum { NUMBER_SIZE = 24 }; /* "+" and at most 17 digits, or a short code */

/* Finds or adds. */
int db_number_id(struct db *db, const char *e164, int64_t *id);
int db_number_find(struct db *db, const char *e164, int64_t *id); /* -ENOENT */
int db_number_get(struct db *db, int64_t id, char e164[static NUMBER_SIZE]);
