/* test_advice.c - each reason has its words; waits are filled in; refusals lead to reasons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/gsm_text.h"
#include "base/util.h"
#include "service/advice.h"

static void words_are_whole(void **state)
{
	(void)state;
	for (int i = DELIVERY_NONE + 1; i < DELIVERY_COUNT; i++) {
		enum delivery_reason reason = (enum delivery_reason)i;

		assert_true(delivery_reason_name(reason)[0] != '\0');
		assert_true(advice_next_step(reason)[0] != '\0');
		for (int of_code = 0; of_code < 2; of_code++)
			for (int at = 0; at < ADVICE_LANGUAGES; at++) {
				char words[ADVICE_SIZE];
				struct gsm_shape shape;

				advice_words(reason, (enum advice_language)at, of_code, 1000,
					     words);
				assert_true(words[0] != '\0' && strchr(words, '{') == NULL);
				/* one SMS long at most, and valid UTF-8 to its end */
				assert_int_equal(gsm_shape(&shape, words, GSM_UCS2, false), 0);
			}
	}
	assert_string_equal(delivery_reason_name(DELIVERY_NONE), "");
	assert_string_equal(advice_next_step(DELIVERY_NONE), "");
}

static void reasons_differ(void **state)
{
	(void)state;
	for (int i = 0; i < DELIVERY_COUNT; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(delivery_reason_name((enum delivery_reason)i),
						delivery_reason_name((enum delivery_reason)j));
}

static const struct {
	int64_t ms;
	const char *words[ADVICE_LANGUAGES];
} waits[] = {
	{ 1, { "Подождите 1 с.", "Chờ 1 giây.", "Wait 1 s." } },
	{ 59999, { "Подождите 60 с.", "Chờ 60 giây.", "Wait 60 s." } },
	{ 120000, { "Подождите 2 мин.", "Chờ 2 phút.", "Wait 2 min." } },
	{ 120001, { "Подождите 3 мин.", "Chờ 3 phút.", "Wait 3 min." } },
	{ 7200000, { "Подождите 2 ч.", "Chờ 2 giờ.", "Wait 2 h." } },
	{ 86400000, { "Подождите 24 ч.", "Chờ 24 giờ.", "Wait 24 h." } },
};

static void waits_are_filled_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(waits); i++)
		for (int at = 0; at < ADVICE_LANGUAGES; at++) {
			char words[ADVICE_SIZE];

			advice_words(DELIVERY_TOO_MANY_SENDS, (enum advice_language)at, true,
				     waits[i].ms, words);
			if (strstr(words, waits[i].words[at]) == NULL)
				fail_msg("%s", words);
		}
}

static const struct {
	enum reason reason;
	const char *field_reason;
	enum delivery_reason means;
} refusals[] = {
	{ REASON_NONE, "", DELIVERY_NONE },
	{ REASON_NOT_FOUND, "", DELIVERY_NONE },
	{ REASON_KEY_REUSED, "", DELIVERY_NONE },
	{ REASON_LOCKED, "", DELIVERY_LOCKED },
	{ REASON_NUMBER_LOCKED, "", DELIVERY_LOCKED },
	{ REASON_TOO_SOON, "", DELIVERY_TOO_MANY_SENDS },
	{ REASON_LIMIT_REACHED, "", DELIVERY_TOO_MANY_SENDS },
	{ REASON_PREFIX_SUSPENDED, "", DELIVERY_PREFIX_SUSPENDED },
	{ REASON_CHANNEL_NOT_AVAILABLE, "", DELIVERY_CHANNEL_NOT_AVAILABLE },
	{ REASON_GATEWAY_NOT_READY, "", DELIVERY_GATEWAY_TROUBLE },
	{ REASON_QUEUE_FULL, "", DELIVERY_GATEWAY_TROUBLE },
	{ REASON_NUMBER_BOUND_ELSEWHERE, "", DELIVERY_NUMBER_BOUND_ELSEWHERE },
	{ REASON_CODE_EXPIRED, "", DELIVERY_EXPIRED },
	{ REASON_FIELD, "not_a_mobile", DELIVERY_NOT_A_MOBILE },
	{ REASON_FIELD, "country_not_allowed", DELIVERY_COUNTRY_NOT_ALLOWED },
	{ REASON_FIELD, "number_invalid", DELIVERY_NUMBER_INVALID },
	{ REASON_FIELD, "number_has_letters", DELIVERY_NUMBER_INVALID },
	{ REASON_FIELD, "number_too_long", DELIVERY_NUMBER_INVALID },
	{ REASON_FIELD, "number_old_form", DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ REASON_FIELD, "gateway_number", DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ REASON_FIELD, "not_a_locale", DELIVERY_NONE },
	{ REASON_FIELD, "required", DELIVERY_NONE },
};

static void refusals_have_reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct refusal why = { .reason = refusals[i].reason };

		snprintf(why.field_reason, sizeof(why.field_reason), "%s",
			 refusals[i].field_reason);
		assert_int_equal(advice_of_refusal(&why), refusals[i].means);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_whole),
		cmocka_unit_test(reasons_differ),
		cmocka_unit_test(waits_are_filled_in),
		cmocka_unit_test(refusals_have_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
