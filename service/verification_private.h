/* verification_private.h - one verification as its rules see it. */
#pragma once

#include "queue/db_place.h"
#include "service/verifications.h"

enum { CODE_MAX = 16 };

struct verification_case {
	const struct config_site *site;
	const struct verification_channel *channel;
	struct verification_row row;
	char phone[NUMBER_SIZE];
	struct message_row message; /* of the newest code; seq 0: there is none */
	const char *test_code;      /* NULL: an ordinary number */
	const char *remark;         /* told with the approval; NULL: nothing */
};

/* What a request for a verification says, checked. */
struct verification_wish {
	const struct verification_channel *channel;
	const char *account, *purpose, *locale, *app_hash;
	char phone[NUMBER_SIZE]; /* "": learnt later */
	int64_t number;          /* 0: learnt later, or not in the table so far */
};

struct verification_keys;

/* One way to prove a number. What all have in common asks no more of them than this. */
struct verification_channel {
	const char *name;               /* in the API, the configuration and the database */
	const char *assurance;          /* of its proofs */
	bool from_user;                 /* the user sends or rings; else we send */
	struct instruction_words words; /* from_user: what he must do */
	bool learns_phone;              /* the number may be left out: it is the sender's */
	/* May it begin now? Locks, limits, claims. */
	int (*check)(const struct rule *rule, const struct verification_case *c,
		     const struct verification_keys *keys, struct refusal *why);
	/* Begins it, or sends once more; adds or updates the row. */
	int (*start)(const struct rule *rule, struct verification_case *c,
		     const struct verification_wish *wish, const struct verification_keys *keys,
		     struct refusal *why);
};

/* NULL: there is no such channel. */
const struct verification_channel *verification_channel(const char *name);
bool verification_offers(const struct config_site *site, const char *channel);

/* The channels in which the user can do something himself. */
void verification_alternatives(const struct rule *rule, const struct config_site *site,
			       const char *alternatives[static RULE_ALTERNATIVES]);

/* sms (verification_create.c); inbound_sms, missed_call (verification_reverse.c). */
extern const struct verification_channel channel_sms, channel_inbound_sms, channel_missed_call;

/* What the user must do, while one of his channels is pending. */
void verification_instruct(const struct rule *rule, const struct verification_case *c,
			   struct verification_instructions *todo);

/* The verification of this id, if the client's sites own it. */
int verification_load(const struct rule *rule, const char *id, struct verification_case *c,
		      struct refusal *why);

/* Fills the rest of a case whose site and row are there. */
int verification_complete(const struct rule *rule, struct verification_case *c);

/* Is it proved by a code that is typed? A test number is, whatever the channel. */
bool verification_takes_code(const struct verification_case *c);

/* The end of the current code. */
int64_t verification_expires_at(const struct verification_case *c);
bool verification_is_over(const struct rule *rule, const struct verification_case *c);

/* When another code may be asked for. */
int64_t verification_resend_at(const struct verification_case *c);

/* The fixed code of a test number, or NULL. */
const char *verification_test_code(const struct config_site *site, const char *phone);

int verification_fill_view(const struct rule *rule, const struct verification_case *c,
			   struct verification_view *view);

/* Time has ended a pending one: it says so from now on. */
int verification_expire(const struct rule *rule, struct verification_case *c);

/* Keeps the current code as a keyed hash; the row has its id. */
int verification_keep_code(const struct rule *rule, const struct verification_case *c,
			   const char *code);

/* The number is proved: it is bound, if it still may be (else why says why not). */
int verification_approve(const struct rule *rule, struct verification_case *c,
			 const struct verification_keys *keys, struct refusal *why);

/* Cancels the current code's message if it still waits. */
int verification_cancel_message(const struct rule *rule, struct verification_case *c);

/* Adds an event "verification.WHAT"; reason may be NULL. */
int verification_tell(const struct rule *rule, const struct verification_case *c, const char *what,
		      const char *reason);

/* The account has another number than this: what that means for the purpose. RULE_REFUSED. */
int verification_refuse_second(const char *purpose, struct refusal *why);

/* Counters and locks of an account and a number (verification_limits.c). */
struct verification_keys {
	struct place_key send_account, send_number, send_prefix, send_site, approved_prefix;
	struct place_key send_any, send_global, lock_prefix;
	struct place_key wrong_account, wrong_number, lock_account, lock_number;
	struct place_key wrong_site, alarm_site;
	struct place_key wrong_sender, call_number;
};
void verification_keys(const struct rule *rule, const char *site, const char *account,
		       const char *phone, struct verification_keys *keys);

/* REASON_LOCKED while this account is locked out for this number. */
int verification_check_lock(const struct rule *rule, const struct verification_keys *keys,
			    struct refusal *why);
/* REASON_LOCKED where no entry would be judged. */
int verification_check_entries(const struct rule *rule, const struct config_site *site,
			       const struct verification_keys *keys, struct refusal *why);
/* Before a code is sent: also where no entry is left, the number's lock, limits and conversion. */
int verification_check_send(const struct rule *rule, const struct config_site *site,
			    const struct verification_keys *keys, bool costs, struct refusal *why);
/* After REASON_PREFIX_SUSPENDED: from now on it is, for hours, and that is an event. */
int verification_suspend(const struct rule *rule, const struct verification_keys *keys);
/* An operator knows better: sends count anew. */
int verification_unsuspend(const struct rule *rule, const struct verification_keys *keys);
int verification_take_send(const struct rule *rule, const struct verification_keys *keys,
			   int64_t message_seq);
/* A message that is about to be canceled counts no send. */
void verification_except_send(struct verification_keys *keys, int64_t message_seq);

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
/* What was wrong in this channel is forgiven. */
int verification_forgive(const struct rule *rule, const struct verification_case *c,
			 const struct verification_keys *keys);
/* Also the prefix converts, where it was a code. */
int verification_count_success(const struct rule *rule, const struct verification_case *c,
			       const struct verification_keys *keys);

/* The right token from wrong senders: how many more are judged. */
int verification_senders_left(const struct rule *rule, const struct config_site *site,
			      const struct verification_keys *keys, unsigned *left);
/* REASON_LOCKED where none is left. */
int verification_check_senders(const struct rule *rule, const struct config_site *site,
			       const struct verification_keys *keys, struct refusal *why);

/* Why the current code has not come (diagnosis.c). */
int diagnosis_of_case(const struct rule *rule, const struct verification_case *c,
		      const struct verification_keys *keys, struct diagnosis *diagnosis);
