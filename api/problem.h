/* problem.h - every "no" as application/problem+json: a stable reason, its HTTP status. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "api/json_text.h"
#include "service/rule.h"

/* What the HTTP face itself refuses; what rules refuse is enum reason (rule.h). */
enum problem {
	PROBLEM_BAD_PATH,
	PROBLEM_BAD_QUERY,
	PROBLEM_BAD_HEADER,
	PROBLEM_BAD_IDEMPOTENCY_KEY,
	PROBLEM_NOT_JSON,
	PROBLEM_BAD_UTF8,
	PROBLEM_SITE_REQUIRED,
	PROBLEM_NOT_A_CLIENT,
	PROBLEM_ROLE_TOO_LOW,
	PROBLEM_NOT_FOUND,
	PROBLEM_METHOD_NOT_ALLOWED,
	PROBLEM_REQUEST_IN_PROGRESS,
	PROBLEM_MODEM_BUSY,
	PROBLEM_MODEM_NOT_READY,
	PROBLEM_BACKUP_FAILED,
	PROBLEM_EVENTS_GONE,
	PROBLEM_BODY_TOO_LARGE,
	PROBLEM_TARGET_TOO_LONG,
	PROBLEM_FIELDS, /* the reason is that of the first field */
	PROBLEM_MODEM_ERROR,
	PROBLEM_TOO_MANY_STREAMS,
	PROBLEM_STORE_UNAVAILABLE,
	PROBLEM_SHUTTING_DOWN,
	PROBLEM_DISK_FULL,
	PROBLEM_COUNT,
};

unsigned problem_status(enum problem problem);
const char *problem_reason(enum problem problem);
unsigned problem_reason_status(enum reason reason);

/* What a store that failed means for the client. */
enum problem problem_of_store(int status);

struct field_error {
	char field[64], reason[40], detail[240], hint[80];
};

enum { FIELD_ERRORS_MAX = 16 };

struct field_errors { /* more than fit are not told */
	struct field_error items[FIELD_ERRORS_MAX];
	size_t n;
};

void problem_add_field(struct field_errors *errors, const char *field, const char *reason,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Whole seconds for Retry-After, at least 1; 0 where status carries none. */
int64_t problem_retry_after(unsigned status, int64_t retry_after_ms);

/* What not every problem has. */
struct problem_more {
	const struct field_errors *errors; /* NULL: none */
	const char *const *alternatives;   /* RULE_ALTERNATIVES of them, or NULL */
	int64_t retry_after_s;             /* 0: not told */
	const struct refusal *why;         /* by a rule: advice for the site's user; or NULL */
	int64_t next_allowed_at_ms;        /* 0: not known */
};

/* {type, title, status, detail, reason, errors?, alternatives?, retry_after?, advice?, next_step?,
 * next_allowed_at?}. */
void problem_json(struct json_text *out, unsigned status, const char *reason, const char *detail,
		  const struct problem_more *more);
