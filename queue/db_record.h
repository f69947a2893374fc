/* db_record.h - what is kept about people: listed for an export, forgotten when its time has come.
 */
#pragma once

#include <stddef.h>

#include "base/id.h"
#include "queue/db.h"

/* Ids of an account's verifications, and of contact requests that it made or got; oldest first, at
 * most max. *ids is malloced. */
int db_record_verifications(struct db *db, const char *site, const char *account, size_t max,
			    char (**ids)[ID_SIZE], size_t *n);
int db_record_contacts(struct db *db, const char *site, const char *account, size_t max,
		       char (**ids)[ID_SIZE], size_t *n);

/* Messages that have ended (and their contact requests) and verifications, made before then, and
 * numbers that nothing refers to any more; owners and proofs stay. At most 1000 of each a call. */
int db_record_prune(struct db *db, int64_t before);
