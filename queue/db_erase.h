/* db_erase.h - what must go when a person asks for it.
 *
 * Waiting messages are canceled, those on the air go when they have ended (db_erase_late); all
 * others go with the rest. Locks, counters and opt-outs are keyed hashes: the first two live on
 * until their windows end, an opt-out until the person takes it back. */
#pragma once

#include <stdint.h>

#include "queue/db.h"

/* Everything of an account goes: verifications, codes, owners, proofs, contact requests; of its
 * numbers that are no other account's of the site also messages and received SMS; then numbers that
 * nothing refers to. *n: rows. -ENOENT: nothing was held. */
int db_account_erase(struct db *db, const char *site, const char *account, unsigned *n);

/* The same for a number, of one site or (NULL) of all: also texts and received SMS. */
int db_number_erase(struct db *db, const char *site, const char *e164, unsigned *n);

/* Messages that were on the air when their people were erased, and are not any more. */
int db_erase_late(struct db *db);

/* A number that nothing refers to goes; *n (may be NULL) counts it. */
int db_number_forget(struct db *db, int64_t number, unsigned *n);
