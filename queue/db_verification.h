/* db_verification.h - verifications, codes, owners and proofs: typed rows, no rules. Erasing:
 * db_erase.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/db_message.h"

enum {
	ACCOUNT_SIZE = 129,
	LOCALE_SIZE = 16,
	CHANNEL_SIZE = 16,
	PURPOSE_SIZE = 16,
	CENTRE_SIZE = 24,
	REFUSED_SIZE = 40,
};

enum verification_state { VER_PENDING, VER_APPROVED, VER_CANCELED, VER_EXPIRED };

const char *verification_state_name(enum verification_state state);

struct verification_row {
	char id[ID_SIZE], site[SITE_SIZE], account[ACCOUNT_SIZE];
	int64_t number; /* 0: not known yet */
	char purpose[PURPOSE_SIZE], channel[CHANNEL_SIZE], locale[LOCALE_SIZE];
	enum verification_state state;
	int64_t created_at, approved_at;
	unsigned sends;      /* codes that left or wait; 0: the user sends or rings */
	int64_t message_seq; /* of the newest code; 0: none (a test number) */
	int64_t code_at;     /* when the newest code was made */
	int64_t code_until;  /* its end while it was not submitted; see the message's deadline */
	/* Of the user's own SMS or call. */
	char gateway[MODEM_SIZE];         /* the modem that he was told to ring, or "" */
	char service_centre[CENTRE_SIZE]; /* through which the SMS came that proved it, or "" */
	char refused[REFUSED_SIZE];       /* why the last SMS or call did not prove it, or "" */
};

int db_verification_add(struct db *db, struct verification_row *row); /* sets id */
int db_verification_get(struct db *db, const char *id, struct verification_row *row);
int db_verification_update(struct db *db, const struct verification_row *row);
/* The newest pending one of this site, account, number (0: not known yet), purpose and channel.
 * -ENOENT. */
int db_verification_pending(struct db *db, const char *site, const char *account, int64_t number,
			    const char *purpose, const char *channel, struct verification_row *row);
/* The newest pending one of a number in this channel that time has not ended, over all sites. */
int db_verification_awaited(struct db *db, int64_t number, const char *channel,
			    struct verification_row *row);
/* The pending one that ends first. -ENOENT. */
int db_verification_first_end(struct db *db, struct verification_row *row);
/* The code of this message was submitted: it ends then. */
int db_verification_submitted(struct db *db, int64_t number, int64_t message_seq, int64_t until);
/* The one, pending or ended by time, whose newest code this message carries. -ENOENT: superseded,
 * or none. */
int db_verification_by_message(struct db *db, int64_t number, int64_t message_seq,
			       struct verification_row *row);

/* Accounts of the site that ever tried this number; malloced, at most 1000. */
int db_verification_accounts(struct db *db, const char *site, int64_t number,
			     char (**accounts)[ACCOUNT_SIZE], size_t *n);

/* Codes of a verification: the current one and superseded ones, as keyed hashes. */
int db_code_add(struct db *db, const char *verification,
		const unsigned char hash[static SEAL_HASH_SIZE]);
/* 0: the current one; 1: a superseded one; -ENOENT: none. Looks at all in constant time. */
int db_code_match(struct db *db, const char *verification,
		  const unsigned char hash[static SEAL_HASH_SIZE]);
/* Also its token. */
int db_code_erase(struct db *db, const char *verification);
/* Those that ended before then (they are answered by time alone); at most 1000 a call. */
int db_code_prune(struct db *db, int64_t before);

/* The token that the user sends us, as a keyed hash. */
int db_token_add(struct db *db, const char *verification,
		 const unsigned char hash[static SEAL_HASH_SIZE]);
int db_token_find(struct db *db, const unsigned char hash[static SEAL_HASH_SIZE],
		  struct verification_row *row); /* in any state; -ENOENT */

/* owner(site, number) -> account, and account -> number: both unique. */
int db_owner_get(struct db *db, const char *site, int64_t number,
		 char account[static ACCOUNT_SIZE]);
int db_owner_number(struct db *db, const char *site, const char *account, int64_t *number);
int db_owner_set(struct db *db, const char *site, const char *account,
		 int64_t number); /* replaces the account's */
/* With its proofs, and the number itself where nothing else holds it. -ENOENT: it is not the
 * account's. */
int db_owner_remove(struct db *db, const char *site, const char *account, int64_t number);

struct proof_row {
	int64_t number, verified_at;
	char channel[CHANNEL_SIZE], assurance[16]; /* "code", "caller_id" */
};

int db_proof_set(struct db *db, const char *site, const char *account,
		 const struct proof_row *proof);
int db_proof_list(struct db *db, const char *site, const char *account, struct proof_row **proofs,
		  size_t *n); /* malloced */
