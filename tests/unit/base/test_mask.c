/* What is left to see of numbers and PDUs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "base/mask.h"
#include "base/util.h"

static const struct {
	const char *number, *masked;
} numbers[] = {
	{ "+79121234567", "+7912•••••67" },
	{ "79121234567", "7912•••••67" },
	{ "+84912345678", "+8491•••••78" },
	{ "+123456789012345", "+1234•••••••••45" },
	{ "+1234567", "+•••••67" },
	{ "1234567", "•••••67" },
	{ "123456", "••••56" },
	{ "900", "•00" },
	{ "90", "••" },
	{ "+", "•" },
	{ "", "•••••" },
	{ "Bank24", "•••••" },
	{ "+7912 1234567", "•••••" },
	{ "+7912123456x", "•••••" },
	{ "123456789012345678", "•••••" },
	{ "++79121234567", "•••••" },
};

static void test_numbers(void **state)
{
	char out[MASK_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		mask_number(out, numbers[i].number);
		assert_string_equal(out, numbers[i].masked);
	}
}

static const struct {
	const char *line, *masked;
} lines[] = {
	{ "", "" },
	{ "OK", "OK" },
	{ "+CSQ: 20,99", "+CSQ: 20,99" },
	{ "+CMS ERROR: 500", "+CMS ERROR: 500" },
	{ "+CMGS: 123456", "+CMGS: 123456" },
	{ "+CLIP: \"+79121234567\",145,\"\",,\"\",0", "+CLIP: \"+7912•••••67\",145,\"\",,\"\",0" },
	{ "356938035643809", "35693••••••••09" },
	/* a number may stand between letters that are hexadecimal digits */
	{ "C79121234567D", "C7912•••••67D" },
	{ "abc79121234567", "abc7912•••••67" },
	{ "tel:79121234567fax", "tel:7912•••••67fax" },
	{ "1+79121234567", "1+7912•••••67" },
	{ "+CCLK: \"26/11/21,19:30:05+12\"", "+CCLK: \"26/11/21,19:30:05+12\"" },
	{ "AT+CUSD=1,\"*100#\",15", "AT+CUSD=1,\"*100#\",15" },
	/* PDUs, also in small letters and behind other text */
	{ "0001000B916407281553F8000005E8329BFD06", "<pdu>" },
	{ "0001000b916407281553f8000005e8329bfd06\x1a", "<pdu>\x1a" },
	{ "> 0001000B916407281553F8000005E8329BFD06", "> <pdu>" },
	{ "+CUSD: 0,\"04110430043B0430043D0441\",72", "+CUSD: 0,\"<pdu>\",72" },
	{ "\"AA180C3602\"", "\"AA180C3602\"" },
};

static void test_lines(void **state)
{
	char out[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		mask_line(out, sizeof(out), lines[i].line);
		assert_string_equal(out, lines[i].masked);
	}
}

/* Whatever the room: ended, within it, and no digit more than in full. */
static void test_room(void **state)
{
	static const char line[] =
		"+CMT: \"+79121234567\",20 0001000B916407281553F8000005E8329BFD06";
	char out[128];

	(void)state;
	for (size_t size = 0; size < sizeof(out); size++) {
		memset(out, '#', sizeof(out));
		mask_line(out, size, line);
		if (size > 0)
			assert_true(strnlen(out, size) < size);
		for (size_t i = size; i < sizeof(out); i++)
			assert_int_equal(out[i], '#');
		if (size > 0)
			assert_null(strstr(out, "1234"));
	}
}

static void test_disabled(void **state)
{
	char out[MASK_SIZE], line[128];

	(void)state;
	mask_disable(1);
	mask_number(out, "+79121234567");
	assert_string_equal(out, "+79121234567");
	mask_number(out, "123456789012345678901234567890123456789012345678901234567890123456789");
	assert_int_equal(strlen(out), MASK_SIZE - 1);
	mask_line(line, sizeof(line), "x+79121234567 0001000B916407281553F8000005E8329BFD06");
	assert_string_equal(line, "x+79121234567 <pdu>"); /* texts stay hidden */
	mask_disable(0);
	mask_number(out, "+79121234567");
	assert_string_equal(out, "+7912•••••67");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_disabled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
