/* db_long.h - long received SMS whose parts have not all come.
 *
 * A set is open until it is closed: complete, given up, or begun anew. Then its texts go (what they
 * said stands in the inbox), but the parts' hashes stay for seven days, so that a part that a modem
 * shows again is known. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "queue/db_message_row.h"

struct long_key {
	const char *sim, *sender;
	unsigned reference, total;
	bool wide_reference;
};

struct long_set {
	int64_t id, first_at, sent_at;
	char modem[MODEM_SIZE], sender[48];
	unsigned total;
};

/* 0: this physical PDU is new; -EEXIST: it came as a part in the last 7 days. */
int db_long_check_new(struct db *db, const char *pdu);

int db_long_find(struct db *db, const struct long_key *key, struct long_set *set); /* -ENOENT */

/* Opens a set: modem, sender, total and sent_at of set; sets the others. */
int db_long_open(struct db *db, const struct long_key *key, struct long_set *set);

/* text NULL: a repetition, of which only the PDU is remembered. */
int db_long_keep(struct db *db, const struct long_set *set, unsigned part, const char *text,
		 const char *pdu);

/* -ENOENT: it has not come. text is malloced, for secret_free. */
int db_long_text(struct db *db, const struct long_set *set, unsigned part, char **text);

int db_long_close(struct db *db, const struct long_set *set);

/* The open set that began first. -ENOENT: none. */
int db_long_oldest(struct db *db, struct long_set *set);

/* Parts and open sets that are kept. */
int db_long_counts(struct db *db, unsigned *sets, unsigned *parts);

/* Hashes older than seven days; at most 1000 a call. */
int db_long_prune(struct db *db);
