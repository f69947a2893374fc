/* db_place.h - what limits count: places taken in windows, and locks. Keys are keyed hashes, so
 * they outlive an erasure without telling whom they count.
 *
 * A place that belongs to a message waits with it, is dated when the message leaves the modem and
 * is given back when the message ends without having left (db_message_move does both). A place
 * without a message (a wrong entry) is dated at once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "queue/db.h"

enum place_kind {
	PLACE_SEND_ACCOUNT_NUMBER = 1,
	PLACE_SEND_NUMBER,
	PLACE_SEND_PREFIX,
	PLACE_SEND_SITE,
	PLACE_WRONG_ACCOUNT_NUMBER,
	PLACE_WRONG_NUMBER,
	PLACE_CONTACT_SENDER,
	PLACE_CONTACT_RECIPIENT,
	PLACE_TEXT_SITE,
	LOCK_ACCOUNT_NUMBER,
	LOCK_NUMBER,
	PLACE_WRONG_SENDER, /* the right token from another number; per account and number */
	PLACE_CALL_NUMBER,  /* calls asked for */
	PLACE_WRONG_SITE,
	LOCK_SITE_ALARM,
	PLACE_SIM_PARTS,   /* db_quota.h */
	PLACE_SEND_ANY,    /* codes of an account, whatever the number */
	PLACE_SEND_GLOBAL, /* of all sites */
	LOCK_PREFIX,
	PLACE_OPTOUT_ANSWER,
};

struct place_key {
	enum place_kind kind;
	unsigned char hash[SEAL_HASH_SIZE];
	int64_t except; /* a message whose waiting place is about to be given back; 0: none */
};

/* site may be "" (over all sites); b may be NULL. */
void db_place_key(const struct db *db, struct place_key *key, enum place_kind kind,
		  const char *site, const char *a, const char *b);

/* message_seq 0: dated now. give_back_failed: also when the message failed after it left. */
int db_place_take(struct db *db, const struct place_key *key, int64_t message_seq,
		  bool give_back_failed);

/* Waiting places and those dated within the window. */
int db_place_count(struct db *db, const struct place_key *key, int64_t window_ms, unsigned *n);
/* Those dated within the window: what has left. */
int db_place_count_dated(struct db *db, const struct place_key *key, int64_t window_ms,
			 unsigned *n);

/* 0 if one more fits every rate (key->except apart); else the time when it will (a waiting place
 * counts as dated now), the rate in *full (may be NULL). */
int db_place_fits(struct db *db, const struct place_key *key, const struct config_rates *rates,
		  int64_t *next_at, const struct config_rate **full);

/* When the newest place was taken or dated; 0: none. */
int db_place_newest(struct db *db, const struct place_key *key, int64_t *at);

int db_place_clear(struct db *db, const struct place_key *key);
int db_place_clear_before(struct db *db, const struct place_key *key, int64_t dated_before);

/* until 0: not locked. */
int db_lock_set(struct db *db, const struct place_key *key, int64_t until);
int db_lock_get(struct db *db, const struct place_key *key, int64_t *until);
int db_lock_clear(struct db *db, const struct place_key *key);

/* Places dated before then, and locks that are over; at most 1000 of each a call. */
int db_place_prune(struct db *db, int64_t dated_before);
