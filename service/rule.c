/* rule.c - the stable words of refusals, and what every rule asks first. */
#include "service/rule_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/gsm_text.h"
#include "base/util.h"
#include "queue/db_verification.h"

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
	[REASON_GATEWAY_NOT_READY] = "gateway_not_ready",
	[REASON_CALL_PENDING] = "call_pending",
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

int rule_recall(const struct rule *rule, char object[static ID_SIZE], struct refusal *why)
{
	int err;

	if (rule->idempotency.key == NULL)
		return -ENOENT;
	err = db_idempotency_find(rule->db, &rule->idempotency, object);
	if (err == -EEXIST)
		return rule_refuse(why, REASON_KEY_REUSED, 0,
				   "This Idempotency-Key was sent with another body before. "
				   "Use a new key for a new request.");
	return err;
}

int rule_keep(const struct rule *rule, const char *object)
{
	if (rule->idempotency.key == NULL)
		return 0;
	return db_idempotency_keep(rule->db, &rule->idempotency, object);
}

bool rule_sees(const struct rule *rule, const char *site)
{
	return rule->site == NULL || strcmp(rule->site->name, site) == 0;
}

int rule_limit(const struct rule *rule, const struct place_key *key,
	       const struct config_rates *rates, const char *what, struct refusal *why)
{
	char window[CLOCK_TEXT_SIZE];
	const struct config_rate *full;
	int64_t next_at;
	int err = db_place_fits(rule->db, key, rates, &next_at, &full);

	if (err < 0 || next_at == 0)
		return err;
	clock_span(full->window_ms, window);
	return rule_refuse(why, REASON_LIMIT_REACHED, next_at - db_now(rule->db),
			   "The limit for %s is %u in %s. Try again later.", what, full->count,
			   window);
}

int rule_kept_number(const struct rule *rule, int read, const char *typed, struct number *number,
		     int64_t *id, struct refusal *why)
{
	int err;

	if (read != RULE_REFUSED)
		return read != 0 ? read : db_number_find(rule->db, number->e164, id);
	if (typed == NULL || typed[0] != '+' || strlen(typed) >= NUMBER_SIZE)
		return RULE_REFUSED;
	err = db_number_find(rule->db, typed, id);
	if (err != 0)
		return err == -ENOENT ? RULE_REFUSED : err;
	memset(number, 0, sizeof(*number));
	memset(why, 0, sizeof(*why));
	snprintf(number->e164, sizeof(number->e164), "%s", typed);
	return 0;
}

int rule_account(const char *account, const char *field, struct refusal *why)
{
	size_t left, used;
	uint32_t c;

	if (account == NULL || account[0] == '\0')
		return rule_refuse_field(why, field, "required", "An account is needed.");
	left = strlen(account);
	if (left > RULE_ACCOUNT_MAX)
		return rule_refuse_field(why, field, "too_long", "An account has at most %d bytes.",
					 RULE_ACCOUNT_MAX);
	for (; left > 0; account += used, left -= used) {
		used = gsm_utf8_next(account, left, &c);
		if (used == 0)
			return rule_refuse_field(why, field, "bad_utf8", "It is not valid UTF-8.");
	}
	return 0;
}

int rule_locale(const char *locale, struct refusal *why)
{
	static const char tag[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t n = locale != NULL ? strlen(locale) : 0;

	if (locale == NULL || (n > 0 && n < LOCALE_SIZE && strspn(locale, tag) == n))
		return 0;
	return rule_refuse_field(why, "locale", "not_a_locale", "A language tag like ru or en-GB.");
}
