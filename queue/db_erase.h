/* db_erase.h - what must go when a person asks for it.
 *
 * Waiting messages are canceled, those on the air are left to their end; all others go with the
 * rest. Locks and counters are keyed hashes and live on until their windows end. */
#pragma once

#include <stdint.h>

#include "queue/db.h"

/* Everything of an account goes: verifications, codes, owners, proofs, contact requests, the
 * messages of these; then numbers that nothing refers to. *n: rows. -ENOENT: nothing was held. */
int db_account_erase(struct db *db, const char *site, const char *account, unsigned *n);

/* The same for a number, of one site or (NULL) of all: also texts and received SMS. */
int db_number_erase(struct db *db, const char *site, const char *e164, unsigned *n);
