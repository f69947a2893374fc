/* advice.h - the reasons why a code or a message does not come, each with words for the site's
 * user in three languages and the next step (facts 8.2). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "service/rule.h"

enum delivery_reason {
	DELIVERY_NONE,
	DELIVERY_QUEUED,
	DELIVERY_SENT_NO_REPORT,
	DELIVERY_DELIVERED_NOT_ENTERED,
	DELIVERY_PHONE_UNREACHABLE,
	DELIVERY_PHONE_MEMORY_FULL,
	DELIVERY_NUMBER_MAYBE_MISTYPED,
	DELIVERY_BLOCKED_BY_OPERATOR,
	DELIVERY_GATEWAY_TROUBLE,
	DELIVERY_EXPIRED,
	DELIVERY_SUPERSEDED_CODE,
	DELIVERY_NUMBER_BOUND_ELSEWHERE,
	DELIVERY_LOCKED,
	DELIVERY_TOO_MANY_SENDS,
	DELIVERY_PREFIX_SUSPENDED,
	DELIVERY_CHANNEL_NOT_AVAILABLE,
	DELIVERY_NUMBER_INVALID,
	DELIVERY_NOT_A_MOBILE,
	DELIVERY_COUNTRY_NOT_ALLOWED,
	DELIVERY_COUNT,
};

enum advice_language { ADVICE_RU, ADVICE_VI, ADVICE_EN, ADVICE_LANGUAGES };

const char *advice_language_name(enum advice_language language); /* "ru" */

const char *delivery_reason_name(enum delivery_reason reason); /* "" for none */

/* What to do: edit, wait, resend, other_channel, other_number, retype, support; "" for none. */
const char *advice_next_step(enum delivery_reason reason);

enum { ADVICE_SIZE = 256 };

/* of_code: the words may speak of a code, as of those that a user asks for; a message of another
 * kind has no code and nobody who waits for it. wait_ms fills {wait}. */
void advice_words(enum delivery_reason reason, enum advice_language language, bool of_code,
		  int64_t wait_ms, char out[static ADVICE_SIZE]);

/* What a refused request is about; DELIVERY_NONE: nothing that a user could be advised on. */
enum delivery_reason advice_of_refusal(const struct refusal *why);
