/* optout.h - who wants no contact requests: by a reply, by the site's account settings, by an
 * operator; and back. Codes that somebody asks for himself still come. */
#pragma once

#include <stdbool.h>

#include "queue/db_message.h"
#include "service/rule.h"

/* Who says so; for the event. */
struct optout_source {
	const char *keyword;                /* the word, "account" or "operator" */
	const char *site, *subject, *modem; /* "": none */
};

/* At once, also for requests that wait. Where the site (of the source) wants it, the first time is
 * answered by one short SMS. Again: nothing changes. */
int optout_begin(const struct rule *rule, const char *e164, const struct optout_source *source);

/* Requests are welcome again; where they were already, nothing changes. */
int optout_end(const struct rule *rule, const char *e164, const struct optout_source *source);

/* May this contact request go out again? Not where its recipient has opted out since it was made:
 * what was on the air at that time could not be canceled. */
int optout_allows(const struct rule *rule, const struct message_row *message, bool *allowed);

/* In or out for the verified number of an account of the site. */
int optout_by_account(const struct rule *rule, const char *account, bool welcome,
		      struct refusal *why);
