/* rule.h - what every rule gets and how it says no.
 *
 * A rule is a plain function that runs inside one store transaction (store.h): it reads and writes
 * rows, fills its own result and touches nothing else, so that it can be run again. It returns
 *   0             keep what was written; a refusal may still be told (a wrong entry is counted),
 *   RULE_REFUSED  nothing is kept, why says what and why,
 *   negative      the database failed. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "queue/db.h"
#include "queue/db_idempotency.h"

enum { RULE_REFUSED = 1, RULE_ALTERNATIVES = 2 };

struct gateways;     /* verifications.h */
struct fleet_glance; /* delivery.h */

struct rule {
	struct db *db;
	const struct config *config;
	const struct config_site *site;   /* NULL: an operator who looks at every site's objects */
	const char *client;               /* "uid:33" */
	const struct gateways *gateways;  /* modems that users can reach now; NULL: none is known */
	const struct fleet_glance *fleet; /* the modems at this moment; NULL: not known */
	/* idempotency.key NULL: none was sent. */
	struct idempotency idempotency;
};

/* The stable words of section 7; api/ maps each to its HTTP status. */
enum reason {
	REASON_NONE,
	REASON_NOT_FOUND,
	REASON_FIELD, /* one field is wrong: field and detail say how */
	REASON_KIND_NOT_ALLOWED,
	REASON_ALREADY_SENDING,
	REASON_ALREADY_FINAL,
	REASON_NOT_RETRYABLE,
	REASON_TEXT_ERASED,
	REASON_USE_RESEND,
	REASON_KEY_REUSED,
	REASON_QUEUE_FULL,
	REASON_LOCKED,
	REASON_NUMBER_LOCKED,
	REASON_TOO_SOON,
	REASON_LIMIT_REACHED,
	REASON_PREFIX_SUSPENDED,
	REASON_CHANNEL_NOT_AVAILABLE,
	REASON_GATEWAY_NOT_READY,
	REASON_CALL_PENDING,
	REASON_NUMBER_BOUND_ELSEWHERE,
	REASON_ALREADY_APPROVED,
	REASON_CANCELED,
	REASON_CODE_EXPIRED,
	REASON_SENDER_NOT_VERIFIED,
	REASON_RECIPIENT_NOT_VERIFIED,
	REASON_RECIPIENT_OPTED_OUT,
	REASON_COUNT,
};

const char *reason_name(enum reason reason); /* "key_reused" */

struct refusal {
	enum reason reason;
	int64_t retry_after_ms; /* 0: not told */
	char field[32];         /* "phone"; "" where no field is wrong */
	char field_reason[40];  /* "not_a_mobile", "number_has_letters", "too_long" ... */
	char detail[240]; /* one sentence: what happened and what to do; no numbers, no texts */
	char hint[80];    /* a suggestion ("+79121234567") or "" */
	const char
		*alternatives[RULE_ALTERNATIVES]; /* channels that are open all the same, or NULL */
};

/* Fills why and returns RULE_REFUSED. */
int rule_refuse(struct refusal *why, enum reason reason, int64_t retry_after_ms, const char *format,
		...) __attribute__((format(printf, 4, 5)));
int rule_refuse_field(struct refusal *why, const char *field, const char *field_reason,
		      const char *format, ...) __attribute__((format(printf, 4, 5)));
