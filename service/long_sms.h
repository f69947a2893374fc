/* long_sms.h - long received SMS: parts in any order become one text in the inbox.
 *
 * A set that is not complete after three days is delivered as it is, marked, and so is the oldest
 * one where too many are open. A part that comes again is dropped; one that says something else in
 * the same place begins a new set, as references are used again. */
#pragma once

#include "queue/db_inbox.h"
#include "queue/db_long.h"
#include "service/rule.h"

extern const int64_t long_wait_ms; /* for its missing parts */

/* One part: row as reply_receive wants it, with this part's text. The last missing part makes the
 * joined text a received SMS (reply_receive, with this part's service_centre). 0, -EEXIST (it was
 * kept before), or the database failed. */
int long_receive(const struct rule *rule, const struct long_key *key, unsigned part,
		 const struct inbox_row *row, const char *pdu, const char *service_centre);

/* Delivers what has waited long enough, a few sets a call. *next_at: when to call again, 0: nothing
 * is open. */
int long_release(const struct rule *rule, int64_t *next_at);
