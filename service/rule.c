/* rule.c - the stable words of refusals. */
#include "service/rule.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

static const char *const names[] = {
	[REASON_NONE] = "",
	[REASON_NOT_FOUND] = "not_found",
	[REASON_FIELD] = "invalid_field",
	[REASON_KIND_NOT_ALLOWED] = "kind_not_allowed",
	[REASON_ALREADY_SENDING] = "already_sending",
	[REASON_ALREADY_FINAL] = "already_final",
	[REASON_NOT_RETRYABLE] = "not_retryable",
	[REASON_TEXT_ERASED] = "text_erased",
	[REASON_USE_RESEND] = "use_resend",
	[REASON_KEY_REUSED] = "key_reused",
	[REASON_QUEUE_FULL] = "queue_full",
	[REASON_LOCKED] = "locked",
	[REASON_NUMBER_LOCKED] = "number_locked",
	[REASON_TOO_SOON] = "too_soon",
	[REASON_LIMIT_REACHED] = "limit_reached",
	[REASON_PREFIX_SUSPENDED] = "prefix_suspended",
	[REASON_CHANNEL_NOT_AVAILABLE] = "channel_not_available",
	[REASON_NUMBER_BOUND_ELSEWHERE] = "number_bound_elsewhere",
	[REASON_ALREADY_APPROVED] = "already_approved",
	[REASON_CANCELED] = "canceled",
	[REASON_CODE_EXPIRED] = "code_expired",
	[REASON_SENDER_NOT_VERIFIED] = "sender_not_verified",
	[REASON_RECIPIENT_NOT_VERIFIED] = "recipient_not_verified",
	[REASON_RECIPIENT_OPTED_OUT] = "recipient_opted_out",
};
_Static_assert(ARRAY_LEN(names) == REASON_COUNT, "each reason has a name");

const char *reason_name(enum reason reason)
{
	return (unsigned)reason < REASON_COUNT ? names[reason] : "";
}

int rule_refuse(struct refusal *why, enum reason reason, int64_t retry_after_ms, const char *format,
		...)
{
	va_list args;

	memset(why, 0, sizeof(*why));
	why->reason = reason;
	why->retry_after_ms = retry_after_ms;
	va_start(args, format);
	vsnprintf(why->detail, sizeof(why->detail), format, args);
	va_end(args);
	return RULE_REFUSED;
}

int rule_refuse_field(struct refusal *why, const char *field, const char *field_reason,
		      const char *format, ...)
{
	va_list args;

	memset(why, 0, sizeof(*why));
	why->reason = REASON_FIELD;
	snprintf(why->field, sizeof(why->field), "%s", field);
	snprintf(why->field_reason, sizeof(why->field_reason), "%s", field_reason);
	va_start(args, format);
	vsnprintf(why->detail, sizeof(why->detail), format, args);
	va_end(args);
	return RULE_REFUSED;
}
