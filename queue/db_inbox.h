/* db_inbox.h - received SMS. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/db_message.h"

struct inbox_row {
	int64_t seq;
	char id[ID_SIZE], site[SITE_SIZE];  /* site "": for operators only */
	char modem[MODEM_SIZE], sender[48]; /* number or letters */
	int64_t received_at, sent_at;
	bool incomplete; /* parts of a long one never came: their places say so */
	char *text;      /* malloced, UTF-8; NULL when writing is done */
};

/* pdu_hash: of the physical PDU; -EEXIST: it came in the last 7 days. Sets seq, id,
 * received_at. Adds no event: whose it is, is a rule. */
int db_inbox_add(struct db *db, struct inbox_row *row, const char *pdu);

struct inbox_query {
	const char *const *sites;
	size_t n_sites;
	int64_t number;    /* of the sender; 0: any */
	const char *after; /* id: older than it */
	size_t limit;
};
/* Newest first. An unknown after gives an empty list. */
int db_inbox_list(struct db *db, const struct inbox_query *query, struct inbox_row *rows,
		  size_t *n);
/* At most 1000 a call. */
int db_inbox_prune(struct db *db, int64_t before_ms);
