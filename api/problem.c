/* problem.c - the two tables from reasons to HTTP, and the body of a refusal. */
#include "api/problem.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/json_out.h"
#include "base/gsm_text.h"
#include "service/advice.h"

/* Told where a refusal that must carry Retry-After knows no better time. */
enum { RETRY_AFTER_UNKNOWN_S = 10 };

static const struct {
	const char *reason;
	unsigned status;
} rows[PROBLEM_COUNT] = {
	[PROBLEM_BAD_PATH] = { "bad_path", MHD_HTTP_BAD_REQUEST },
	[PROBLEM_BAD_QUERY] = { "bad_query", MHD_HTTP_BAD_REQUEST },
	[PROBLEM_BAD_HEADER] = { "bad_header", MHD_HTTP_BAD_REQUEST },
	[PROBLEM_BAD_IDEMPOTENCY_KEY] = { "bad_idempotency_key", MHD_HTTP_BAD_REQUEST },
	[PROBLEM_NOT_JSON] = { "not_json", MHD_HTTP_BAD_REQUEST },
	[PROBLEM_BAD_UTF8] = { "bad_utf8", MHD_HTTP_BAD_REQUEST },
	[PROBLEM_SITE_REQUIRED] = { "site_required", MHD_HTTP_BAD_REQUEST },
	[PROBLEM_NOT_A_CLIENT] = { "not_a_client", MHD_HTTP_FORBIDDEN },
	[PROBLEM_ROLE_TOO_LOW] = { "role_too_low", MHD_HTTP_FORBIDDEN },
	[PROBLEM_NOT_FOUND] = { "not_found", MHD_HTTP_NOT_FOUND },
	[PROBLEM_METHOD_NOT_ALLOWED] = { "method_not_allowed", MHD_HTTP_METHOD_NOT_ALLOWED },
	[PROBLEM_REQUEST_IN_PROGRESS] = { "request_in_progress", MHD_HTTP_CONFLICT },
	[PROBLEM_BACKUP_FAILED] = { "backup_failed", MHD_HTTP_CONFLICT },
	[PROBLEM_MODEM_BUSY] = { "modem_busy", MHD_HTTP_CONFLICT },
	[PROBLEM_MODEM_NOT_READY] = { "modem_not_ready", MHD_HTTP_CONFLICT },
	[PROBLEM_EVENTS_GONE] = { "events_gone", MHD_HTTP_GONE },
	[PROBLEM_BODY_TOO_LARGE] = { "body_too_large", MHD_HTTP_CONTENT_TOO_LARGE },
	[PROBLEM_TARGET_TOO_LONG] = { "target_too_long", MHD_HTTP_URI_TOO_LONG },
	[PROBLEM_FIELDS] = { "invalid_fields", MHD_HTTP_UNPROCESSABLE_CONTENT },
	[PROBLEM_MODEM_ERROR] = { "modem_error", MHD_HTTP_BAD_GATEWAY },
	[PROBLEM_TOO_MANY_STREAMS] = { "too_many_streams", MHD_HTTP_SERVICE_UNAVAILABLE },
	[PROBLEM_STORE_UNAVAILABLE] = { "store_unavailable", MHD_HTTP_SERVICE_UNAVAILABLE },
	[PROBLEM_SHUTTING_DOWN] = { "shutting_down", MHD_HTTP_SERVICE_UNAVAILABLE },
	[PROBLEM_DISK_FULL] = { "disk_full", MHD_HTTP_INSUFFICIENT_STORAGE },
};

unsigned problem_status(enum problem problem)
{
	return rows[problem].status;
}

const char *problem_reason(enum problem problem)
{
	return rows[problem].reason;
}

unsigned problem_reason_status(enum reason reason)
{
	switch (reason) {
	case REASON_NOT_FOUND:
		return MHD_HTTP_NOT_FOUND;
	case REASON_FIELD:
	case REASON_KEY_REUSED:
	case REASON_CHANNEL_NOT_AVAILABLE:
		return MHD_HTTP_UNPROCESSABLE_CONTENT;
	case REASON_KIND_NOT_ALLOWED:
		return MHD_HTTP_FORBIDDEN;
	case REASON_ALREADY_SENDING:
	case REASON_ALREADY_FINAL:
	case REASON_NOT_RETRYABLE:
	case REASON_TEXT_ERASED:
	case REASON_USE_RESEND:
	case REASON_NUMBER_BOUND_ELSEWHERE:
	case REASON_ALREADY_APPROVED:
	case REASON_CANCELED:
	case REASON_SENDER_NOT_VERIFIED:
	case REASON_RECIPIENT_NOT_VERIFIED:
	case REASON_RECIPIENT_OPTED_OUT:
		return MHD_HTTP_CONFLICT;
	case REASON_CODE_EXPIRED:
		return MHD_HTTP_GONE;
	case REASON_LOCKED:
	case REASON_NUMBER_LOCKED:
		return MHD_HTTP_LOCKED;
	case REASON_TOO_SOON:
	case REASON_LIMIT_REACHED:
	case REASON_PREFIX_SUSPENDED:
	case REASON_CALL_PENDING:
		return MHD_HTTP_TOO_MANY_REQUESTS;
	case REASON_QUEUE_FULL:
	case REASON_GATEWAY_NOT_READY:
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	case REASON_NONE:
	case REASON_COUNT:
		break;
	}
	return MHD_HTTP_INTERNAL_SERVER_ERROR;
}

enum problem problem_of_store(int status)
{
	return status == -ENOSPC ? PROBLEM_DISK_FULL : PROBLEM_STORE_UNAVAILABLE;
}

/* Copies as much valid UTF-8 as fits, so that a long name from a client still renders. */
static void copy_utf8(char *out, size_t size, const char *text)
{
	size_t n = 0, left = strlen(text), used;
	uint32_t character;

	while (left > 0 && (used = gsm_utf8_next(text + n, left, &character)) > 0 &&
	       n + used < size) {
		memcpy(out + n, text + n, used);
		n += used;
		left -= used;
	}
	out[n] = '\0';
}

void problem_add_field(struct field_errors *errors, const char *field, const char *reason,
		       const char *format, ...)
{
	struct field_error *error;
	va_list args;

	if (errors->n == FIELD_ERRORS_MAX)
		return;
	error = &errors->items[errors->n++];
	copy_utf8(error->field, sizeof(error->field), field);
	snprintf(error->reason, sizeof(error->reason), "%s", reason);
	error->hint[0] = '\0';
	va_start(args, format);
	vsnprintf(error->detail, sizeof(error->detail), format, args);
	va_end(args);
}

int64_t problem_retry_after(unsigned status, int64_t retry_after_ms)
{
	if (status != MHD_HTTP_LOCKED && status != MHD_HTTP_TOO_MANY_REQUESTS &&
	    status != MHD_HTTP_SERVICE_UNAVAILABLE)
		return 0;
	return retry_after_ms > 0 ? (retry_after_ms + 999) / 1000 : RETRY_AFTER_UNKNOWN_S;
}

static void out_errors(struct json_text *out, const struct field_errors *errors)
{
	json_text_open(out, "errors", '[');
	for (size_t i = 0; i < errors->n; i++) {
		const struct field_error *error = &errors->items[i];

		json_text_open(out, NULL, '{');
		json_text_string(out, "field", error->field);
		json_text_string(out, "reason", error->reason);
		json_text_string(out, "detail", error->detail);
		if (error->hint[0] != '\0')
			json_text_string(out, "hint", error->hint);
		json_text_close(out, '}');
	}
	json_text_close(out, ']');
}

static void out_alternatives(struct json_text *out, const char *const *alternatives)
{
	json_text_open(out, "alternatives", '[');
	for (size_t i = 0; i < RULE_ALTERNATIVES && alternatives[i] != NULL; i++)
		json_text_string(out, NULL, alternatives[i]);
	json_text_close(out, ']');
}

/* What the site may tell its user, where the refusal is about him or his number. */
static void out_advice(struct json_text *out, const struct refusal *why)
{
	enum delivery_reason reason = advice_of_refusal(why);

	if (reason != DELIVERY_NONE)
		json_out_advice(out, reason, advice_next_step(reason), true, why->retry_after_ms);
}

void problem_json(struct json_text *out, unsigned status, const char *reason, const char *detail,
		  const struct problem_more *more)
{
	char type[80];

	snprintf(type, sizeof(type), "urn:simgate:problem:%s", reason);
	json_text_open(out, NULL, '{');
	json_text_string(out, "type", type);
	json_text_string(out, "title", MHD_get_reason_phrase_for(status));
	json_text_number(out, "status", status);
	json_text_string(out, "detail", detail);
	json_text_string(out, "reason", reason);
	if (more->errors != NULL && more->errors->n > 0)
		out_errors(out, more->errors);
	if (more->alternatives != NULL && more->alternatives[0] != NULL)
		out_alternatives(out, more->alternatives);
	if (more->retry_after_s > 0)
		json_text_number(out, "retry_after", more->retry_after_s);
	if (more->why != NULL)
		out_advice(out, more->why);
	if (more->next_allowed_at_ms > 0)
		json_text_time(out, "next_allowed_at", more->next_allowed_at_ms);
	json_text_close(out, '}');
}
