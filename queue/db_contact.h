/* db_contact.h - contact requests and opt-outs: typed rows, no rules. */
#pragma once

#include <stdbool.h>

#include "queue/db_verification.h"

enum { ORDER_SIZE = 24 };

struct contact_row {
	char id[ID_SIZE], site[SITE_SIZE];
	char from_account[ACCOUNT_SIZE], to_account[ACCOUNT_SIZE], order[ORDER_SIZE];
	int64_t message_seq, created_at;
};

int db_contact_add(struct db *db, struct contact_row *row); /* sets id */
int db_contact_get(struct db *db, const char *id, struct contact_row *row);

int db_optout_set(struct db *db, const char *e164, const char *keyword);
int db_optout_get(struct db *db, const char *e164, int64_t *at); /* -ENOENT */
int db_optout_clear(struct db *db, const char *e164);
