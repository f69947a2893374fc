/* delivery.h - from what is known about a message to the reason why it has not come. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/db_delivery.h"
#include "queue/db_message_row.h"
#include "service/advice.h"

/* The modems at this moment, as the caller sees them. */
struct fleet_glance {
	unsigned total, ready;
	char why[160]; /* why one is not ready: "gsm0: searching for a network"; "" if all are */
	/* When the first that is ready sends codes, and anything else, again; 0: at once. */
	int64_t codes_at, others_at;
	char rests[160]; /* why it does not: "gsm0: the limit of 5/1m is used up" */
};

struct delivery_facts {
	const struct message_row *message;
	int64_t now;
	int status; /* TP-ST of a report by which it is still tried, -1: none */
	struct delivery_stats stats;
	const struct fleet_glance *fleet; /* NULL: not known */
	/* of a code */
	bool over;       /* its life has ended */
	bool entered;    /* something was entered since it was made: it has arrived */
	bool superseded; /* and that was an earlier code */
};

enum delivery_reason delivery_reason_of(const struct delivery_facts *facts);

/* Does the answer depend on stats (and status)? They cost a query. */
bool delivery_needs_stats(const struct message_row *message, int64_t now);

/* When a modem that is ready may send it, later than now; 0: at once, or nothing is known. */
int64_t delivery_opens_at(const struct message_row *message, const struct fleet_glance *fleet,
			  int64_t now);

/* When a report that has not come begins to mean something. */
int64_t delivery_settled_before(int64_t now);

enum { DELIVERY_DETAIL_SIZE = 320 };

/* What is known, as a sentence for those who support the site's users. */
void delivery_detail(const struct delivery_facts *facts, enum delivery_reason reason,
		     char out[static DELIVERY_DETAIL_SIZE]);
