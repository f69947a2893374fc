/* test_numbers.c - what people type, and what it means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "service/numbers.h"

#define RU_LIKE "+7 9xx xxx-xx-xx"
#define VN_LIKE "+84 9x xxx xx xx"

static const char *const ru_kz[] = { "RU", "KZ" };
static const char *const vn[] = { "VN" };
static const struct config_strings countries_ru = { ru_kz, 2 }, countries_vn = { vn, 1 };

static const struct {
	const char *text, *region, *e164; /* e164 NULL: refused */
	const char *reason, *hint;
} cases[] = {
	/* plain forms */
	{ "+79120000067", "RU", "+79120000067", NULL, NULL },
	{ "+7 (912) 000-00-67", "RU", "+79120000067", NULL, NULL },
	{ "  +7.912.000.00.67\t", "RU", "+79120000067", NULL, NULL },
	{ "+7/912/0000067", "RU", "+79120000067", NULL, NULL },
	{ "tel:+7-912-000-00-67", "RU", "+79120000067", NULL, NULL },
	{ "+7[912]0000067", "", "+79120000067", NULL, NULL },
	/* invisible characters, Unicode spaces, dashes, digits, plus */
	{ "\u202a+79120000067\u202c", "RU", "+79120000067", NULL, NULL },
	{ "\u200b\u200e+7\u2060912\ufeff0000067\u2069", "RU", "+79120000067", NULL, NULL },
	{ "+7\u00a0912\u2009000\u202f00\u300067", "RU", "+79120000067", NULL, NULL },
	{ "+7\u2010912\u2011000\u201300\u201467", "RU", "+79120000067", NULL, NULL },
	{ "+7\u2212912\u2015000\uff0d0067", "RU", "+79120000067", NULL, NULL },
	{ "\uff0b\uff17\uff19\uff11\uff12\uff10\uff10\uff10\uff10\uff10\uff16\uff17", "RU",
	  "+79120000067", NULL, NULL },
	{ "+\u0667\u0669\u0661\u0662\u0660\u0660\u0660\u0660\u0660\u0666\u0667", "RU",
	  "+79120000067", NULL, NULL }, /* Arabic-Indic */
	{ "\u096d\u096f\u0967\u0968\u0966\u0966\u0966\u0966\u0966\u096c\u096d", "RU",
	  "+79120000067", NULL, NULL }, /* Devanagari */
	{ "+7\uff08912\uff090000067", "RU", "+79120000067", NULL, NULL },
	/* RU and KZ at home */
	{ "89120000067", "RU", "+79120000067", NULL, NULL },
	{ "8 (912) 000-00-67", "KZ", "+79120000067", NULL, NULL },
	{ "79120000067", "RU", "+79120000067", NULL, NULL },
	{ "9120000067", "RU", "+79120000067", NULL, NULL },
	{ "87011234567", "KZ", "+77011234567", NULL, NULL },
	{ "7011234567", "KZ", "+77011234567", NULL, NULL },
	{ "87771234567", "RU", "+77771234567", NULL, NULL },
	{ "810 7 701 123 45 67", "RU", "+77011234567", NULL, NULL },
	{ "810 84 912345678", "RU", NULL, "country_not_allowed", RU_LIKE },
	{ "007 912 000-00-67", "RU", NULL, "number_too_long", "+79120000067" },
	{ "+89120000067", "RU", NULL, "number_invalid", "+79120000067" },
	{ "+0 912 000 00 67", "RU", NULL, "number_invalid", "+79120000067" },
	{ "+8 701 123 45 67", "KZ", NULL, "number_too_short", "+77011234567" },
	{ "+9120000067", "RU", NULL, "number_too_short", "+79120000067" },
	/* VN */
	{ "0912345678", "VN", "+84912345678", NULL, NULL },
	{ "84912345678", "VN", "+84912345678", NULL, NULL },
	{ "+84912345678", "VN", "+84912345678", NULL, NULL },
	{ "+84 0912 345 678", "VN", "+84912345678", NULL, NULL },
	{ "+84(0)912345678", "VN", "+84912345678", NULL, NULL },
	{ "840912345678", "VN", "+84912345678", NULL, NULL },
	{ "912345678", "VN", "+84912345678", NULL, NULL },
	{ "321234567", "VN", "+84321234567", NULL, NULL },
	{ "561234567", "VN", "+84561234567", NULL, NULL },
	{ "701234567", "VN", "+84701234567", NULL, NULL },
	{ "841234567", "VN", "+84841234567", NULL, NULL },
	{ "0084912345678", "VN", "+84912345678", NULL, NULL },
	{ "00840912345678", "VN", "+84912345678", NULL, NULL },
	{ "+0912345678", "VN", NULL, "number_invalid", "+84912345678" },
	/* Vietnamese mobiles of eleven digits: every row of 2018 */
	{ "01621234567", "VN", NULL, "number_old_form", "+84321234567" },
	{ "01631234567", "VN", NULL, "number_old_form", "+84331234567" },
	{ "01641234567", "VN", NULL, "number_old_form", "+84341234567" },
	{ "01651234567", "VN", NULL, "number_old_form", "+84351234567" },
	{ "01661234567", "VN", NULL, "number_old_form", "+84361234567" },
	{ "01671234567", "VN", NULL, "number_old_form", "+84371234567" },
	{ "01681234567", "VN", NULL, "number_old_form", "+84381234567" },
	{ "01691234567", "VN", NULL, "number_old_form", "+84391234567" },
	{ "01201234567", "VN", NULL, "number_old_form", "+84701234567" },
	{ "01211234567", "VN", NULL, "number_old_form", "+84791234567" },
	{ "01221234567", "VN", NULL, "number_old_form", "+84771234567" },
	{ "01261234567", "VN", NULL, "number_old_form", "+84761234567" },
	{ "01281234567", "VN", NULL, "number_old_form", "+84781234567" },
	{ "01231234567", "VN", NULL, "number_old_form", "+84831234567" },
	{ "01241234567", "VN", NULL, "number_old_form", "+84841234567" },
	{ "01251234567", "VN", NULL, "number_old_form", "+84851234567" },
	{ "01271234567", "VN", NULL, "number_old_form", "+84811234567" },
	{ "01291234567", "VN", NULL, "number_old_form", "+84821234567" },
	{ "01861234567", "VN", NULL, "number_old_form", "+84561234567" },
	{ "01881234567", "VN", NULL, "number_old_form", "+84581234567" },
	{ "01991234567", "VN", NULL, "number_old_form", "+84591234567" },
	{ "+841621234567", "VN", NULL, "number_old_form", "+84321234567" },
	{ "+8401621234567", "VN", NULL, "number_old_form", "+84321234567" },
	{ "841621234567", "VN", NULL, "number_old_form", "+84321234567" },
	{ "8401621234567", "VN", NULL, "number_old_form", "+84321234567" },
	{ "1621234567", "VN", NULL, "number_old_form", "+84321234567" },
	{ "+841621234567", "RU", NULL, "number_old_form", "+84321234567" },
	/* letters */
	{ "+7912OOOOO67", "RU", NULL, "number_has_letters", "+79120000067" },
	{ "+7912ооООо67", "RU", NULL, "number_has_letters", "+79120000067" },
	{ "+79l20000067", "RU", NULL, "number_has_letters", "+79120000067" },
	{ "+79|20000067", "RU", NULL, "number_has_letters", "+79120000067" },
	{ "В912ОООООб7", "RU", NULL, "number_has_letters", "+79120000067" },
	{ "+7Ч12З000067", "RU", NULL, "number_has_letters", NULL },
	{ "+7912FLOWERS", "RU", NULL, "number_has_letters", NULL },
	{ "call me", "RU", NULL, "number_has_letters", NULL },
	{ "+79120000067;ext=5", "RU", NULL, "number_has_letters", NULL },
	/* signs */
	{ "++79120000067", "RU", NULL, "number_invalid", "+79120000067" },
	{ "+7+9120000067", "RU", NULL, "number_invalid", "+79120000067" },
	{ "7912+0000067", "RU", NULL, "number_invalid", "+79120000067" },
	{ "+79120000067#", "RU", NULL, "number_invalid", NULL },
	{ "*100#", "RU", NULL, "number_invalid", NULL },
	{ "+79120000067,+79120000068", "RU", NULL, "number_invalid", NULL },
	{ "", "RU", NULL, "required", NULL },
	{ NULL, "RU", NULL, "required", NULL },
	{ "   ", "RU", NULL, "number_invalid", NULL },
	{ "+", "RU", NULL, "number_invalid", NULL },
	{ "\xff\xfe+7", "RU", NULL, "number_invalid", NULL },
	{ "+7912\xc3", "RU", NULL, "number_invalid", NULL },
	/* lengths and ranges */
	{ "+7912000006", "RU", NULL, "number_too_short", NULL },
	{ "+791200000678", "RU", NULL, "number_too_long", NULL },
	{ "912000", "RU", NULL, "number_too_short", NULL },
	{ "891200000678", "RU", NULL, "number_too_long", NULL },
	{ "7", "RU", NULL, "number_invalid", NULL },
	{ "+12345678901234567890123456789", "RU", NULL, "number_too_long", NULL },
	{ "+7912000006700000000000000000000000000000000000000000000000000000000000000000000000000"
	  "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	  "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	  "0000000000000000000000000000",
	  "RU", NULL, "number_too_long", NULL },
	{ "+8491234567", "VN", NULL, "number_too_short", NULL },
	{ "+849123456789", "VN", NULL, "number_too_long", NULL },
	{ "+999123456789", "RU", NULL, "number_invalid", NULL },
	{ "+72120000067", "RU", NULL, "number_invalid", NULL },
	{ "912345678", "", NULL, "number_invalid", NULL },
	{ "84912345678", "", NULL, "number_invalid", "+84912345678" },
	/* kinds and countries */
	{ "+74951234567", "RU", NULL, "not_a_mobile", RU_LIKE },
	{ "84951234567", "RU", NULL, "not_a_mobile", RU_LIKE },
	{ "88005553535", "RU", NULL, "not_a_mobile", RU_LIKE },
	{ "+78095553535", "RU", NULL, "not_a_mobile", RU_LIKE },
	{ "02438123456", "VN", NULL, "not_a_mobile", VN_LIKE },
	{ "+84912345678", "RU", NULL, "country_not_allowed", RU_LIKE },
	{ "+79120000067", "VN", NULL, "country_not_allowed", VN_LIKE },
	{ "+12015550123", "RU", NULL, "country_not_allowed", RU_LIKE },
	{ "+77011234567", "RU", "+77011234567", NULL, NULL },
};

static const struct config_strings *countries_of(const char *region)
{
	return strcmp(region, "VN") == 0 ? &countries_vn : &countries_ru;
}

static void each_number_has_its_meaning(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct number number = { 0 };
		struct refusal why = { 0 };
		int err = number_parse_mobile(&number, cases[i].text, cases[i].region,
					      countries_of(cases[i].region), "phone", &why);
		const char *hint = cases[i].hint != NULL ? cases[i].hint : "";

		bool right =
			err == 0 ? cases[i].e164 != NULL && strcmp(number.e164, cases[i].e164) == 0
				 : cases[i].reason != NULL &&
					   strcmp(why.field_reason, cases[i].reason) == 0;

		if (!right || strcmp(why.hint, hint) != 0) {
			wrong++;
			print_error("%s in %s: %d %s, %s, hint %s\n", cases[i].text,
				    cases[i].region, err, number.e164, why.field_reason, why.hint);
		}
		if (err != 0) {
			assert_int_equal(why.reason, REASON_FIELD);
			assert_string_equal(why.field, "phone");
			assert_true(why.detail[0] != '\0');
			assert_null(strstr(why.detail, "9120"));
		}
	}
	assert_int_equal(wrong, 0);
}

static void letters_are_placed(void **state)
{
	struct number number;
	struct refusal why = { 0 };

	(void)state;
	assert_int_equal(number_parse(&number, "+7912 ж00", "RU", "to", &why), RULE_REFUSED);
	assert_non_null(strstr(why.detail, "position 7"));
	assert_string_equal(why.field, "to");
}

static void a_fixed_line_is_a_number(void **state)
{
	struct number number;
	struct refusal why = { 0 };

	(void)state;
	assert_int_equal(number_parse(&number, "+74951234567", "RU", "to", &why), 0);
	assert_false(number.mobile);
	assert_string_equal(number.region, "RU");
}

static void recipients_may_be_short_codes(void **state)
{
	static const struct {
		const char *text, *e164;
	} recipients[] = {
		{ "900", "900" },
		{ "7 700", "7700" },
		{ "12345678", "12345678" },
		{ "+900", NULL },
		{ "90", NULL },
		{ "9a0", NULL },
		{ "123456789", NULL },
		{ "89120000067", "+79120000067" },
		{ NULL, NULL },
		{ "\xff", NULL },
		{ "9#0", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(recipients); i++) {
		struct number number;
		struct refusal why = { 0 };
		int err = number_parse_recipient(&number, recipients[i].text, "RU", "to", &why);

		assert_int_equal(err, recipients[i].e164 == NULL ? RULE_REFUSED : 0);
		if (err == 0)
			assert_string_equal(number.e164, recipients[i].e164);
		assert_int_equal(why.reason, err == 0 ? REASON_NONE : REASON_FIELD);
	}
}

static void the_prefix_lacks_four_digits(void **state)
{
	char prefix[NUMBER_SIZE];

	(void)state;
	number_prefix("+79120000067", prefix);
	assert_string_equal(prefix, "+7912000");
	number_prefix("900", prefix);
	assert_string_equal(prefix, "");
}

/* Any bytes may come: cut every case at every byte, and turn bytes over. */
static void any_bytes_end_in_an_answer(void **state)
{
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t n = cases[i].text != NULL ? strlen(cases[i].text) : 0;

		for (size_t at = 0; at < n && n < sizeof(text); at++) {
			struct number number;
			struct refusal why = { 0 };

			memcpy(text, cases[i].text, n + 1);
			text[at] = (char)(text[at] ^ 0x85);
			number_parse_recipient(&number, text, "VN", "to", &why);
			text[at] = '\0';
			number_parse_recipient(&number, text, "RU", "to", &why);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_number_has_its_meaning),
		cmocka_unit_test(letters_are_placed),
		cmocka_unit_test(a_fixed_line_is_a_number),
		cmocka_unit_test(recipients_may_be_short_codes),
		cmocka_unit_test(the_prefix_lacks_four_digits),
		cmocka_unit_test(any_bytes_end_in_an_answer),
	};

	numbers_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
