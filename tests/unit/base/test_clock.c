/* Wall time that never goes back; RFC 3339 both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"

static int64_t real_ms, mono_ms;
static unsigned warnings;

static int64_t fake_real(void)
{
	return real_ms;
}

static int64_t fake_mono(void)
{
	return mono_ms;
}

static void count_line(enum log_level level, const struct log_tags *tags, const char *text)
{
	(void)tags;
	(void)text;
	warnings += level == LOG_LEVEL_WARN;
}

static int start(void **state)
{
	(void)state;
	real_ms = 1000000;
	mono_ms = 5000;
	warnings = 0;
	log_set_sink(count_line);
	clock_set_source(fake_real, fake_mono);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	clock_set_source(NULL, NULL);
	log_set_sink(NULL);
	return 0;
}

static void pass(int64_t real, int64_t mono)
{
	real_ms += real;
	mono_ms += mono;
}

static void test_follows(void **state)
{
	(void)state;
	assert_int_equal(clock_now_ms(), 1000000);
	assert_int_equal(clock_mono_ms(), 5000);
	pass(250, 250);
	assert_int_equal(clock_now_ms(), 1000250);
	pass(3600000, 3600000 - 9000); /* drift is no jump */
	assert_int_equal(clock_now_ms(), 4600250);
	assert_int_equal(warnings, 0);
}

static void test_set_back(void **state)
{
	(void)state;
	clock_now_ms();
	pass(-500000, 100);
	assert_int_equal(clock_now_ms(), 1000100); /* goes on from where it was */
	assert_int_equal(warnings, 1);
	pass(700, 700);
	assert_int_equal(clock_now_ms(), 1000800);
	pass(600000, 1000); /* set right again, and ahead of what was told */
	assert_int_equal(clock_now_ms(), 1100700);
	assert_int_equal(warnings, 2);
}

static void test_raise(void **state)
{
	(void)state;
	clock_raise(900000); /* known already */
	assert_int_equal(clock_now_ms(), 1000000);
	assert_int_equal(warnings, 0);
	clock_raise(2000000);
	assert_int_equal(warnings, 1);
	assert_int_equal(clock_now_ms(), 2000000);
	pass(10, 10);
	assert_int_equal(clock_now_ms(), 2000010);
	clock_raise(1500000); /* never back */
	assert_int_equal(clock_now_ms(), 2000010);
	pass(5000000, 20);
	assert_int_equal(clock_now_ms(), 6000010);
}

static void test_real_clock(void **state)
{
	int64_t a, b;

	(void)state;
	clock_set_source(NULL, NULL);
	a = clock_now_ms();
	b = clock_now_ms();
	assert_true(a > 1700000000000 && b >= a);
	assert_true(clock_mono_ms() >= 0);
}

static void test_format(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1795289405250, "2026-11-21T19:30:05.250Z" },
		{ 951782399999, "2000-02-28T23:59:59.999Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ -1000, "1969-12-31T23:59:59.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[CLOCK_TEXT_SIZE];
		int64_t back = 1;

		clock_format(cases[i].ms, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(clock_parse(text, &back), 0);
		assert_int_equal(back, cases[i].ms);
	}
}

static void test_format_room(void **state)
{
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	clock_format(INT64_MAX, text);
	assert_true(strlen(text) < CLOCK_TEXT_SIZE);
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* INT64_MIN: refused */
	} cases[] = {
		{ "2026-11-21T19:30:05Z", 1795289405000 },
		{ "2026-11-21t19:30:05z", 1795289405000 },
		{ "2026-11-21 19:30:05Z", 1795289405000 },
		{ "2026-11-21T19:30:05.2Z", 1795289405200 },
		{ "2026-11-21T19:30:05.250999999999Z", 1795289405250 },
		{ "2026-11-21T22:30:05+03:00", 1795289405000 },
		{ "2026-11-21T12:00:05-07:30", 1795289405000 },
		{ "2026-11-21T19:30:05-00:00", 1795289405000 },
		{ "2024-02-29T00:00:00Z", 1709164800000 },
		{ "2016-12-31T23:59:60Z", 1483228800000 },
		{ "2026-02-29T00:00:00Z", INT64_MIN },
		{ "2026-06-31T00:00:00Z", INT64_MIN },
		{ "2026-13-01T00:00:00Z", INT64_MIN },
		{ "2026-00-01T00:00:00Z", INT64_MIN },
		{ "2026-01-00T00:00:00Z", INT64_MIN },
		{ "2026-11-21T24:00:00Z", INT64_MIN },
		{ "2026-11-21T23:60:00Z", INT64_MIN },
		{ "2026-11-21T23:00:61Z", INT64_MIN },
		{ "2026-11-21T19:30:05", INT64_MIN },
		{ "2026-11-21T19:30:05.Z", INT64_MIN },
		{ "2026-11-21T19:30:05.5", INT64_MIN },
		{ "2026-11-21T19:30Z", INT64_MIN },
		{ "2026-11-21", INT64_MIN },
		{ "2026-11-21T19:30:05Zx", INT64_MIN },
		{ "2026-11-21T19:30:05+3:00", INT64_MIN },
		{ "2026-11-21T19:30:05+ 3:00", INT64_MIN },
		{ "2026-11-21T19:30:05+24:00", INT64_MIN },
		{ "2026-11-21T19:30:05+03:60", INT64_MIN },
		{ "2026-11-21T19:30:05+0300", INT64_MIN },
		{ "2026-11-21T19:30:05+03:00x", INT64_MIN },
		{ "2026- 1-21T19:30:05Z", INT64_MIN },
		{ " 026-11-21T19:30:05Z", INT64_MIN },
		{ "2026-11-21T 9:30:05Z", INT64_MIN },
		{ "2026-11-21x19:30:05Z", INT64_MIN },
		{ "2026/11/21T19:30:05Z", INT64_MIN },
		{ "", INT64_MIN },
		{ "tomorrow, at half past nine", INT64_MIN },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t ms = INT64_MIN;
		int ok = clock_parse(cases[i].text, &ms);

		if (ok != (cases[i].ms == INT64_MIN ? -1 : 0) || (ok == 0 && ms != cases[i].ms))
			fail_msg("%s: %d, %lld", cases[i].text, ok, (long long)ms);
	}
}

static void test_span(void **state)
{
	static const struct {
		int64_t ms;
		const char *words;
	} cases[] = {
		{ 1000, "1 second" },      { 90000, "90 seconds" },  { 60000, "1 minute" },
		{ 5400000, "90 minutes" }, { 3600000, "1 hour" },    { 10800000, "3 hours" },
		{ 86400000, "1 day" },     { 90000000, "25 hours" }, { 604800000, "7 days" },
		{ 59999, "1 minute" },     { 1, "1 second" },
	};
	char out[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		clock_span(cases[i].ms, out);
		assert_string_equal(out, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_follows, start, stop),
		cmocka_unit_test_setup_teardown(test_set_back, start, stop),
		cmocka_unit_test_setup_teardown(test_raise, start, stop),
		cmocka_unit_test(test_real_clock),
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_format_room),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
