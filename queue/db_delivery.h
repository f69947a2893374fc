/* db_delivery.h - what the newest messages tell about delivery by a modem: read where somebody asks
 * why one has not come, so that sending pays nothing for it. */
#pragma once

#include <stdint.h>

#include "queue/db.h"

struct delivery_stats {
	unsigned asked,
		reported; /* messages that wanted a report, and those that got a final one */
	unsigned passed;  /* accepted by the network in the last hour */
};

/* Of the modem's newest messages (200 of each outcome) of the last week, without those that were
 * sent after settled_before: their reports may still come. */
int db_delivery_stats(struct db *db, const char *modem, int64_t settled_before,
		      struct delivery_stats *stats);

/* TP-ST of the newest report by which the message centre still tries; -1: none came. */
int db_delivery_status(struct db *db, int64_t message_seq, int *status);
