/* db_quota.h - what a SIM may still send: SMS parts, and different recipients, in any span.
 *
 * A part takes a place when it is claimed and gives it back when it turns out not to have left. A
 * recipient counts from the last time that something left for it. Counts are the SIM's (its ICCID):
 * they move with it. The last fifth of each limit is kept for codes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "queue/db.h"

enum quota_use { QUOTA_CODES, QUOTA_OTHERS, QUOTA_USES };

struct quota_limits { /* of config_modem */
	const struct config_rates *parts, *recipients;
};

struct quota_state {
	int64_t open_at[QUOTA_USES]; /* when one more may go; not after now: at once */
	struct config_rate full;     /* the limit that others wait for longest; count 0: none */
	bool full_recipients;        /* full is one of recipients */
	unsigned fill;               /* of the fullest limit of parts, in thousandths */
};

/* How many of count the use may take. */
unsigned quota_share(unsigned count, enum quota_use use);

/* Looks; parts: of the message that is to go (a longer one than a limit waits for all of it). */
int db_quota_look(struct db *db, const char *sim, const struct quota_limits *limits, unsigned parts,
		  struct quota_state *state);

/* One part goes out; forgets what no limit looks back to any more. Nothing without limits. */
int db_quota_take(struct db *db, const char *sim, const struct quota_limits *limits);

/* The newest part did not leave after all. */
int db_quota_give_back(struct db *db, const char *sim, const struct quota_limits *limits);

/* Something left for this number. Nothing without limits of recipients. */
int db_quota_recipient(struct db *db, const char *sim, const struct quota_limits *limits,
		       int64_t number);

/* How many parts, or recipients, in the span that ends now; for showing. */
int db_quota_parts_used(struct db *db, const char *sim, int64_t window_ms, unsigned *n);
int db_quota_recipients_used(struct db *db, const char *sim, int64_t window_ms, unsigned *n);

/* Recipients before then; at most 1000 a call. */
int db_quota_prune(struct db *db, int64_t before);
