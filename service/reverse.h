/* reverse.h - a user's own SMS or call proves his number: the second half of inbound_sms and
 * missed_call. What does not fit is an event with its reason, and stands in the verification. */
#pragma once

#include "queue/db_inbox.h"
#include "queue/db_verification.h"
#include "service/rule.h"

/* The verification whose token stands in the text. -ENOENT: there is no token in it. */
int reverse_find(const struct rule *rule, const char *text, struct verification_row *row);

/* sms, which was kept before, holds the token of row. service_centre: the address that it came
 * through, or "". 0, or the database failed. */
int reverse_sms(const struct rule *rule, const struct verification_row *row,
		const struct inbox_row *sms, const char *service_centre);

/* This modem rang and rejected the call. caller "": withheld. 0, or the database failed. */
int reverse_call(const struct rule *rule, const char *modem, const char *caller);

/* The country of the modem's SIM, else fallback. */
void reverse_home(const struct rule *rule, const char *modem, const char *fallback,
		  char region[static 3]);
