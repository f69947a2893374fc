/* replies.h - what a received SMS means: whose it is, and whether its sender wants no more
 * contact requests. */
#pragma once

#include "queue/db_inbox.h"
#include "service/rule.h"

enum reply_word {
	REPLY_OTHER, /* for a person to read */
	REPLY_STOP,
	REPLY_NO, /* stops as the answer to a contact request; else it answers something else */
	REPLY_START,
};

/* The whole text is one of the known words, whatever its case, marks and punctuation. */
enum reply_word reply_word(const char *text);

/* Keeps a received SMS (row without site; sets site, seq, id, received_at) with its event. With the
 * token of a verification it belongs to that one's site, and may approve it (reverse.h); else to
 * the site that wrote to this number last. STOP ends contact requests to the number at once, also
 * those that wait; codes still come. service_centre may be "". rule->site is not looked at. 0,
 * -EEXIST (it was kept before), or the database failed. */
int reply_receive(const struct rule *rule, struct inbox_row *row, const char *pdu,
		  const char *service_centre);
