/* Durations, and names of enums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/util.h"
#include "config/config.h"

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} cases[] = {
		{ "1s", 1000 },
		{ "90s", 90000 },
		{ "5m", 300000 },
		{ "3h", 10800000 },
		{ "1d", 86400000 },
		{ "36500d", 36500LL * 86400000 },
		{ "007s", 7000 },
		{ "36501d", -1 },
		{ "999999999d", -1 },
		{ "9999999999s", -1 },
		{ "99999999999999999999s", -1 },
		{ "0s", -1 },
		{ "", -1 },
		{ "s", -1 },
		{ "5", -1 },
		{ "5 m", -1 },
		{ " 5m", -1 },
		{ "5m ", -1 },
		{ "-5m", -1 },
		{ "+5m", -1 },
		{ "5ms", -1 },
		{ "5M", -1 },
		{ "5w", -1 },
		{ "1.5h", -1 },
		{ "1h30m", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t ms = -1;
		int ok = config_parse_duration(cases[i].text, &ms);

		if (ms != cases[i].ms || ok != (cases[i].ms < 0 ? -1 : 0))
			fail_msg("%s: %d, %lld ms", cases[i].text, ok, (long long)ms);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(config_role_name(ROLE_NONE), "none");
	assert_string_equal(config_role_name(ROLE_VIEWER), "viewer");
	assert_string_equal(config_role_name(ROLE_SUBMIT), "submit");
	assert_string_equal(config_role_name(ROLE_OPERATOR), "operator");
	assert_string_equal(config_kind_name(KIND_VERIFICATION), "verification");
	assert_string_equal(config_kind_name(KIND_CONTACT_REQUEST), "contact_request");
	assert_string_equal(config_kind_name(KIND_TEXT), "text");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
