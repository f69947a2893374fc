/* verifications.h - rules for phone verification: codes, entries, locks, owners. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "queue/db_verification.h"
#include "service/diagnosis.h"
#include "service/messages.h"
#include "service/rule.h"

/* A modem that users can send to or ring. */
struct gateway {
	char modem[MODEM_SIZE], number[NUMBER_SIZE]; /* E.164 */
	bool sms_only;                               /* nobody can ring it */
};

enum { GATEWAYS_MAX = 64 };

struct gateways {
	struct gateway items[GATEWAYS_MAX];
	size_t n;
};

enum { TOKEN_SIZE = 12, INSTRUCTION_NUMBERS = 8 };

/* For the site's user. */
struct instruction_words {
	const char *action, *ru, *vi, *en; /* action: "send_sms", "call" */
};

/* What the user must do in inbound_sms and missed_call: send the token to, or ring, a number. */
struct verification_instructions {
	const struct instruction_words *words; /* NULL: nothing is to be done */
	char token[TOKEN_SIZE];                /* "" for a call */
	char numbers[INSTRUCTION_NUMBERS][NUMBER_SIZE];
	size_t n_numbers; /* 0: no gateway is ready */
};

struct verification_view {
	struct verification_row row; /* state VER_EXPIRED is set here when time says so */
	char phone[NUMBER_SIZE];     /* "" while unknown */
	bool test_number;
	int64_t expires_at; /* of the current code */
	int64_t resend_at;  /* when another code may be asked for */
	unsigned attempts_left;
	enum message_state delivery;
	struct diagnosis diagnosis;
	char message_id[ID_SIZE]; /* "" if there is none */
	struct verification_instructions todo;
	const char *assurance;                       /* once it is approved, else "" */
	const char *alternatives[RULE_ALTERNATIVES]; /* ways out while a code does not come */
};

struct verification_request {
	const char *account, *phone, *channel, *locale, *purpose, *app_hash; /* NULL: left out */
};

/* Says no as every rule; a refusal for which time is the remedy comes with 0, as its event is
 * kept. */
int verification_create(const struct rule *rule, const struct verification_request *request,
			struct verification_view *view, struct refusal *why);
int verification_show(const struct rule *rule, const char *id, struct verification_view *view,
		      struct refusal *why);
/* What happened to it and to its newest message, oldest first; malloced where it returns 0. */
int verification_history(const struct rule *rule, const struct verification_view *view,
			 struct event **events, size_t *n);
int verification_cancel(const struct rule *rule, const char *id, struct verification_view *view,
			struct refusal *why);

/* Ends those that waited for the user's SMS or call in vain, of every site; *next_at: when the next
 * one ends, 0: none waits. */
int verification_expire_due(const struct rule *rule, int64_t *next_at);

enum check_result { CHECK_APPROVED, CHECK_WRONG_CODE, CHECK_SUPERSEDED_CODE };

/* On 0 with why->reason REASON_NONE: result and view. A refusal may come with 0 (counted) or
 * RULE_REFUSED. account may be NULL. */
int verification_check(const struct rule *rule, const char *id, const char *code,
		       const char *account, enum check_result *result,
		       struct verification_view *view, struct refusal *why);

struct account_view {
	int64_t opted_out_at; /* its number wants no contact requests; 0: it does */
	char account[ACCOUNT_SIZE], phone[NUMBER_SIZE];
	struct proof_row *proofs;    /* malloced */
	char (*phones)[NUMBER_SIZE]; /* of each proof; malloced */
	size_t n_proofs;
};
void account_view_free(struct account_view *view);

int account_show(const struct rule *rule, const char *account, struct account_view *view,
		 struct refusal *why);
int account_erase(const struct rule *rule, const char *account, struct refusal *why);
int account_unbind(const struct rule *rule, const char *account, const char *phone,
		   struct refusal *why);

/* Does this message carry the current code of a pending verification? Else it is not to be sent
 * again, whatever the reason: a newer code is on its way, or none is wanted. */
int verification_is_current(const struct rule *rule, const struct message_row *message,
			    bool *current);

/* May an uncertain message be queued again (policy, current code, life left)? Used by dispatch. */
int verification_may_resend(const struct rule *rule, const struct message_row *message, bool *may);
