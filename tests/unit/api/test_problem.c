/* Every reason has its HTTP status, and the body of a refusal its members. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/problem.h"
#include "base/util.h"

static const unsigned statuses[REASON_COUNT] = {
	[REASON_NOT_FOUND] = 404,
	[REASON_FIELD] = 422,
	[REASON_KIND_NOT_ALLOWED] = 403,
	[REASON_ALREADY_SENDING] = 409,
	[REASON_ALREADY_FINAL] = 409,
	[REASON_NOT_RETRYABLE] = 409,
	[REASON_TEXT_ERASED] = 409,
	[REASON_USE_RESEND] = 409,
	[REASON_KEY_REUSED] = 422,
	[REASON_QUEUE_FULL] = 503,
	[REASON_LOCKED] = 423,
	[REASON_NUMBER_LOCKED] = 423,
	[REASON_TOO_SOON] = 429,
	[REASON_LIMIT_REACHED] = 429,
	[REASON_PREFIX_SUSPENDED] = 429,
	[REASON_CHANNEL_NOT_AVAILABLE] = 422,
	[REASON_GATEWAY_NOT_READY] = 503,
	[REASON_CALL_PENDING] = 429,
	[REASON_NUMBER_BOUND_ELSEWHERE] = 409,
	[REASON_ALREADY_APPROVED] = 409,
	[REASON_CANCELED] = 409,
	[REASON_CODE_EXPIRED] = 410,
	[REASON_SENDER_NOT_VERIFIED] = 409,
	[REASON_RECIPIENT_NOT_VERIFIED] = 409,
	[REASON_RECIPIENT_OPTED_OUT] = 409,
};

static void test_reasons(void **state)
{
	(void)state;
	for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
		assert_int_equal(problem_reason_status((enum reason)reason), statuses[reason]);
}

static void test_own_problems(void **state)
{
	(void)state;
	for (int i = 0; i < PROBLEM_COUNT; i++) {
		unsigned status = problem_status((enum problem)i);

		assert_non_null(problem_reason((enum problem)i));
		assert_true(status >= 400 && status < 600);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(problem_reason((enum problem)i),
						problem_reason((enum problem)k));
	}
	assert_int_equal(problem_status(PROBLEM_ROLE_TOO_LOW), 403);
	assert_int_equal(problem_status(PROBLEM_BODY_TOO_LARGE), 413);
	assert_int_equal(problem_status(PROBLEM_EVENTS_GONE), 410);
}

static void test_store(void **state)
{
	(void)state;
	assert_int_equal(problem_status(problem_of_store(-ENOSPC)), 507);
	assert_int_equal(problem_status(problem_of_store(-EIO)), 503);
	assert_int_equal(problem_status(problem_of_store(-ECANCELED)), 503);
}

static const struct {
	unsigned status;
	int64_t ms, seconds;
} retries[] = {
	{ 429, 1, 1 },      { 429, 1000, 1 }, { 429, 1001, 2 }, { 423, 3600000, 3600 },
	{ 503, 59999, 60 }, { 409, 5000, 0 }, { 507, 5000, 0 },
};

static void test_retry_after(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(retries); i++)
		assert_int_equal(problem_retry_after(retries[i].status, retries[i].ms),
				 retries[i].seconds);
	assert_true(problem_retry_after(503, 0) > 0);
	assert_true(problem_retry_after(423, 0) > 0);
}

static json_t *render(const struct field_errors *errors, int64_t retry_after_s)
{
	static const char *const alternatives[RULE_ALTERNATIVES] = { "missed_call" };
	const struct problem_more more = {
		.errors = errors,
		.alternatives = retry_after_s > 0 ? alternatives : NULL,
		.retry_after_s = retry_after_s,
	};
	struct json_text out = { 0 };
	json_t *body;

	problem_json(&out, 422, "too_short", "Why.", &more);
	body = json_loadb(out.data, out.n, 0, NULL);
	assert_non_null(body);
	json_text_free(&out);
	return body;
}

static void test_body(void **state)
{
	struct field_errors errors = { .n = 0 };
	json_t *body, *list;

	(void)state;
	problem_add_field(&errors, "phone", "too_short", "It has %d digits.", 3);
	strcpy(errors.items[0].hint, "+79120000000");
	problem_add_field(&errors, "x", "unknown_member", "No.");
	body = render(&errors, 7);
	list = json_object_get(body, "errors");
	assert_string_equal(json_string_value(json_object_get(body, "reason")), "too_short");
	assert_string_equal(json_string_value(json_object_get(body, "detail")), "Why.");
	assert_int_equal(json_integer_value(json_object_get(body, "status")), 422);
	assert_int_equal(json_integer_value(json_object_get(body, "retry_after")), 7);
	assert_non_null(json_object_get(body, "title"));
	assert_non_null(json_object_get(body, "type"));
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "detail")),
			    "It has 3 digits.");
	assert_string_equal(json_string_value(json_object_get(json_array_get(list, 0), "hint")),
			    "+79120000000");
	assert_null(json_object_get(json_array_get(list, 1), "hint"));
	list = json_object_get(body, "alternatives");
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(json_string_value(json_array_get(list, 0)), "missed_call");
	json_decref(body);
}

/* A client may name a member as it likes, and as long: the answer is JSON all the same. */
static void test_odd_field_names(void **state)
{
	struct field_errors errors = { .n = 0 };
	char name[256];
	json_t *body;

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "\xd0\xaf", 2);
	name[sizeof(name) - 2] = '\0';
	for (int i = 0; i < 3 * FIELD_ERRORS_MAX; i++)
		problem_add_field(&errors, i % 2 ? name : name + 1, "unknown_member", "No.");
	assert_int_equal(errors.n, FIELD_ERRORS_MAX);
	body = render(&errors, 0);
	assert_null(json_object_get(body, "alternatives"));
	assert_int_equal(json_array_size(json_object_get(body, "errors")), FIELD_ERRORS_MAX);
	for (size_t i = 0; i < errors.n; i++)
		assert_true(json_is_object(json_array_get(json_object_get(body, "errors"), i)));
	json_decref(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons), cmocka_unit_test(test_own_problems),
		cmocka_unit_test(test_store),   cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_body),    cmocka_unit_test(test_odd_field_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
