/* verification_private.h - one verification as its rules see it. */
#pragma once

#include "queue/db_place.h"
#include "service/verifications.h"

enum { CODE_MAX = 16 };

struct verification_case {
	const struct config_site *site;
	struct verification_row row;
	char phone[NUMBER_SIZE];
	struct message_row message; /* of the newest code; seq 0: there is none */
	const char *test_code;      /* NULL: an ordinary number */
};

/* The verification of this id, if the client's sites own it. */
int verification_load(const struct rule *rule, const char *id, struct verification_case *c,
		      struct refusal *why);

/* Fills the rest of a case whose site and row are there. */
int verification_complete(const struct rule *rule, struct verification_case *c);

/* The end of the current code. */
int64_t verification_expires_at(const struct verification_case *c);
bool verification_is_over(const struct rule *rule, const struct verification_case *c);

/* When another code may be asked for. */
int64_t verification_resend_at(const struct verification_case *c);

/* The fixed code of a test number, or NULL. */
const char *verification_test_code(const struct config_site *site, const char *phone);

int verification_fill_view(const struct rule *rule, const struct verification_case *c,
			   struct verification_view *view);

/* Cancels the current code's message if it still waits. */
int verification_cancel_message(const struct rule *rule, struct verification_case *c);

/* Adds an event "verification.WHAT"; reason may be NULL. */
int verification_tell(const struct rule *rule, const struct verification_case *c, const char *what,
		      const char *reason);

/* Counters and locks of an account and a number (verification_limits.c). */
struct verification_keys {
	struct place_key send_account, send_number, send_prefix, send_site, approved_prefix;
	struct place_key wrong_account, wrong_number, lock_account, lock_number;
	struct place_key wrong_site, alarm_site;
};
void verification_keys(const struct rule *rule, const char *site, const char *account,
		       const char *phone, struct verification_keys *keys);

/* REASON_LOCKED while this account is locked out for this number. */
int verification_check_lock(const struct rule *rule, const struct verification_keys *keys,
			    struct refusal *why);
/* Before a code is sent: also where no entry is left, the number's lock, limits and conversion. */
int verification_check_send(const struct rule *rule, const struct config_site *site,
			    const struct verification_keys *keys, bool costs, struct refusal *why);
int verification_take_send(const struct rule *rule, const struct verification_keys *keys,
			   int64_t message_seq);

/* Entries that will still be judged. */
int verification_entries_left(const struct rule *rule, const struct config_site *site,
			      const struct verification_keys *keys, unsigned *left);
/* REASON_NUMBER_LOCKED while codes for this number are neither sent nor judged. */
int verification_check_number_lock(const struct rule *rule, const struct verification_keys *keys,
				   struct refusal *why);
/* until 0: it is not. */
int verification_number_locked_until(const struct rule *rule, const struct verification_keys *keys,
				     int64_t *until);
/* A wrong entry also counts for the number (the tenth of an hour locks it) and for the site, of
 * which *alarm says that somebody guesses there. */
int verification_count_wrong(const struct rule *rule, const struct verification_keys *keys,
			     bool *alarm);
/* Wrong entries are forgiven, and the prefix converts. */
int verification_count_success(const struct rule *rule, const struct verification_keys *keys);

enum delivery_reason delivery_reason_of(const struct verification_case *c);
