/* rule_private.h - what rules ask and do alike. */
#pragma once

#include <stdbool.h>

#include "queue/db_place.h"
#include "service/numbers.h"
#include "service/rule.h"

enum { RULE_ACCOUNT_MAX = 128 };

/* The object that this Idempotency-Key made before: 0 and its id, -ENOENT (none, or no key was
 * sent), RULE_REFUSED (REASON_KEY_REUSED), or the database failed. */
int rule_recall(const struct rule *rule, char object[static ID_SIZE], struct refusal *why);

/* Keeps the key, where one was sent, with the object that it made. */
int rule_keep(const struct rule *rule, const char *object);

/* Does this client's view hold an object of that site? */
bool rule_sees(const struct rule *rule, const char *site);

/* REASON_LIMIT_REACHED where one more place does not fit the rates. what: "codes to this number".
 */
int rule_limit(const struct rule *rule, const struct place_key *key,
	       const struct config_rates *rates, const char *what, struct refusal *why);

/* The number that was read (0, or RULE_REFUSED and why) as the database has it: 0 and its id, or
 * -ENOENT. One that is kept is found by its E.164 whatever numbering plans say of it now: a test
 * number that nobody has, a range that was closed. */
int rule_kept_number(const struct rule *rule, int read, const char *typed, struct number *number,
		     int64_t *id, struct refusal *why);

/* An account name of the site: 1 to 128 bytes of UTF-8. */
int rule_account(const char *account, const char *field, struct refusal *why);

/* A language tag like ru or en-GB, whether there are words in it or not; NULL: none is named. */
int rule_locale(const char *locale, struct refusal *why);
