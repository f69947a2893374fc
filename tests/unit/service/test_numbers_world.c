/* test_numbers_world.c - numbers of many countries, as people there write them: what is taken, what
 * is refused and with which hint (facts 7.2 and 4: premium, toll-free, satellites). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "service/numbers.h"
#include "service/numbers_parse.h"

static const struct {
	const char *home, *text;
	const char *e164; /* "": refused */
	const char *told; /* the number's region, or the reason */
	const char *hint;
} cases[] = {
	/* the neighbours */
	{ "UA", "0671234567", "+380671234567", "UA", "" },
	{ "UA", "671234567", "+380671234567", "UA", "" },
	{ "UA", "380671234567", "+380671234567", "UA", "" },
	{ "UA", "+380 (67) 123-45-67", "+380671234567", "UA", "" },
	{ "UA", "+38 067 123 45 67", "+380671234567", "UA", "" },
	{ "UA", "80671234567", "", "number_too_long", "+380671234567" },
	{ "UA", "0441234567", "", "not_a_mobile", "+380 5x xxx xxxx" },
	{ "UA", "0800501234", "", "not_a_mobile", "+380 5x xxx xxxx" },
	{ "BY", "80291234567", "+375291234567", "BY", "" },
	{ "BY", "8 (029) 123-45-67", "+375291234567", "BY", "" },
	{ "BY", "291234567", "+375291234567", "BY", "" },
	{ "BY", "375291234567", "+375291234567", "BY", "" },
	{ "BY", "+375 8 029 1234567", "+375291234567", "BY", "" },
	{ "BY", "8 017 200-00-00", "", "not_a_mobile", "+375 2x xxx-xx-xx" },
	{ "KG", "0555123456", "+996555123456", "KG", "" },
	{ "KG", "+996 555 123456", "+996555123456", "KG", "" },
	{ "UZ", "90 123 45 67", "+998901234567", "UZ", "" },
	{ "UZ", "8 90 123 45 67", "+998901234567", "UZ", "" },
	{ "UZ", "+998901234567", "+998901234567", "UZ", "" },
	{ "TJ", "917123456", "+992917123456", "TJ", "" },
	{ "TM", "865123456", "+99365123456", "TM", "" },
	{ "AM", "091123456", "+37491123456", "AM", "" },
	{ "AZ", "0501234567", "+994501234567", "AZ", "" },
	{ "GE", "555123456", "+995555123456", "GE", "" },
	{ "MD", "060123456", "+37360123456", "MD", "" },
	/* the Baltic and Europe */
	{ "LT", "861234567", "+37061234567", "LT", "" },
	{ "LT", "061234567", "+37061234567", "LT", "" },
	{ "LV", "21234567", "+37121234567", "LV", "" },
	{ "EE", "51234567", "+37251234567", "EE", "" },
	{ "PL", "512345678", "+48512345678", "PL", "" },
	{ "PL", "48512345678", "+48512345678", "PL", "" },
	{ "CZ", "601123456", "+420601123456", "CZ", "" },
	{ "ES", "612345678", "+34612345678", "ES", "" },
	{ "ES", "34612345678", "+34612345678", "ES", "" },
	{ "HU", "06 20 123 4567", "+36201234567", "HU", "" },
	{ "HU", "201234567", "+36201234567", "HU", "" },
	{ "IT", "347 123 4567", "+393471234567", "IT", "" },
	{ "IT", "+39 347 123 4567", "+393471234567", "IT", "" },
	{ "IT", "06 1234 5678", "", "not_a_mobile", "+39 3xx xxx xxxx" },
	{ "FR", "06 12 34 56 78", "+33612345678", "FR", "" },
	{ "FR", "+33(0)612345678", "+33612345678", "FR", "" },
	{ "FR", "0899123456", "", "not_a_mobile", "+33 6 xx xx xx xx" },
	{ "DE", "0151 23456789", "+4915123456789", "DE", "" },
	{ "DE", "+49 (0)151 23456789", "+4915123456789", "DE", "" },
	{ "DE", "004915123456789", "+4915123456789", "DE", "" },
	{ "DE", "4915123456789", "", "not_a_mobile", "+4915123456789" },
	{ "DE", "016012345678", "+4916012345678", "DE", "" },
	{ "DE", "030 123456", "", "not_a_mobile", "+49 1xxx xxxxxxx" },
	{ "DE", "0900 1234567", "", "not_a_mobile", "+49 1xxx xxxxxxx" },
	{ "DE", "0800 1234567", "", "not_a_mobile", "+49 1xxx xxxxxxx" },
	{ "GB", "07400 123456", "+447400123456", "GB", "" },
	{ "GB", "+44 (0) 7400 123456", "+447400123456", "GB", "" },
	{ "GB", "020 7946 0018", "", "not_a_mobile", "+44 7xxx xxxxxx" },
	{ "GB", "0906 123 4567", "", "not_a_mobile", "+44 7xxx xxxxxx" },
	{ "GB", "0845 123 4567", "", "not_a_mobile", "+44 7xxx xxxxxx" },
	{ "GB", "070 1234 5678", "", "not_a_mobile", "+44 7xxx xxxxxx" },
	{ "GB", "07640 123456", "", "not_a_mobile", "+44 7xxx xxxxxx" },
	{ "GB", "056 1234 5678", "", "not_a_mobile", "+44 7xxx xxxxxx" },
	{ "TR", "05321234567", "+905321234567", "TR", "" },
	{ "IL", "050-123-4567", "+972501234567", "IL", "" },
	/* America */
	{ "US", "(202) 555-0123", "+12025550123", "US", "" },
	{ "US", "12025550123", "+12025550123", "US", "" },
	{ "US", "+1 202.555.0123", "+12025550123", "US", "" },
	{ "US", "1-800-555-0199", "", "not_a_mobile", "+1 2xx-xxx-xxxx" },
	{ "US", "1-900-555-0199", "", "not_a_mobile", "+1 2xx-xxx-xxxx" },
	{ "US", "911", "", "number_too_short", "" },
	{ "US", "011 44 7400 123456", "+447400123456", "GB", "" },
	{ "US", "001 202 555 0123", "", "number_too_long", "+12025550123" },
	{ "BR", "(11) 91234-5678", "+5511912345678", "BR", "" },
	{ "MX", "55 1234 5678", "+525512345678", "MX", "" },
	{ "MX", "+52 1 55 1234 5678", "+525512345678", "MX", "" },
	{ "AR", "011 15-2345-6789", "+5491123456789", "AR", "" },
	/* Asia */
	{ "TH", "0812345678", "+66812345678", "TH", "" },
	{ "CN", "13812345678", "+8613812345678", "CN", "" },
	{ "JP", "090-1234-5678", "+819012345678", "JP", "" },
	{ "KR", "010-1234-5678", "+821012345678", "KR", "" },
	{ "SG", "81234567", "+6581234567", "SG", "" },
	{ "HK", "51234567", "+85251234567", "HK", "" },
	{ "IN", "09876543210", "+919876543210", "IN", "" },
	{ "PH", "0917 123 4567", "+639171234567", "PH", "" },
	{ "ID", "0812-3456-7890", "+6281234567890", "ID", "" },
	{ "MY", "012-345 6789", "+60123456789", "MY", "" },
	{ "KH", "012 345 678", "+85512345678", "KH", "" },
	{ "LA", "020 55 123 456", "+8562055123456", "LA", "" },
	/* satellites and services of no country */
	{ "", "+870773123456", "", "not_a_mobile", "" },
	{ "", "+881612345678", "", "not_a_mobile", "" },
	{ "", "+88216123456", "", "not_a_mobile", "" },
	{ "", "+883510000000000", "", "not_a_mobile", "" },
	{ "", "+979123456789", "", "not_a_mobile", "" },
	{ "", "+80012345678", "", "not_a_mobile", "" },
	{ "", "+80812345678", "", "not_a_mobile", "" },
	{ "RU", "+870773123456", "", "not_a_mobile", "+7 9xx xxx-xx-xx" },
	{ "US", "+881612345678", "", "not_a_mobile", "+1 2xx-xxx-xxxx" },
	/* what Russians type */
	{ "RU", "8 800 555 35 35", "", "not_a_mobile", "+7 9xx xxx-xx-xx" },
	{ "RU", "8 495 123-45-67", "", "not_a_mobile", "+7 9xx xxx-xx-xx" },
	{ "RU", "8 10 375 29 123-45-67", "+375291234567", "BY", "" },
	{ "RU", "380671234567", "", "number_too_long", "+380671234567" },
	{ "RU", "00375291234567", "", "number_too_long", "+375291234567" },
	{ "RU", "+7 8 916 123 45 67", "+79161234567", "RU", "" },
	{ "RU", "+7(8)9161234567", "+79161234567", "RU", "" },
	{ "RU", "779161234567", "", "number_too_long", "+79161234567" },
	{ "RU", "+7 7 9161234567", "", "number_too_long", "+79161234567" },
	{ "RU", "8+79161234567", "", "number_invalid", "+79161234567" },
	{ "RU", "16912345678", "", "number_too_long", "" },
	{ "RU", "+7 (916) 123-45-67 доб. 5", "", "number_has_letters", "" },
	{ "RU", "+7916123-4S-67", "", "number_has_letters", "" },
	{ "RU", "Ч951234567", "", "number_has_letters", "+74951234567" },
	{ "RU", "8916l23ОО67", "", "number_has_letters", "+79161230067" },
	{ "RU", "८९१६१२३४५६७", "+79161234567", "RU", "" },
	{ "RU", "+７（９１６）１２３－４５－６７", "+79161234567", "RU", "" },
	/* what Vietnamese type */
	{ "VN", "84 091 234 5678", "+84912345678", "VN", "" },
	{ "VN", "+84 84 912345678", "", "number_too_long", "+84912345678" },
	{ "VN", "0084 0912345678", "+84912345678", "VN", "" },
	{ "VN", "+840 912345678", "+84912345678", "VN", "" },
	{ "VN", "0123456789", "", "number_invalid", "" },
	{ "VN", "01234567890", "", "number_old_form", "+84834567890" },
	{ "VN", "09l2345678", "", "number_has_letters", "+84912345678" },
	{ "VN", "O912345678", "", "number_has_letters", "+84912345678" },
	{ "VN", "091234567", "", "number_too_short", "" },
	{ "VN", "19001234", "", "not_a_mobile", "+84 9x xxx xx xx" },
	{ "VN", "024 3812 3456", "", "not_a_mobile", "+84 9x xxx xx xx" },
	{ "VN", "０９１２３４５６７８", "+84912345678", "VN", "" },
};

static void each_country_is_read_as_its_people_write(void **state)
{
	static const struct config_strings everywhere = { NULL, 0 };
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct number number = { .e164 = "" };
		struct refusal why = { 0 };
		int err = number_parse_mobile(&number, cases[i].text, cases[i].home, &everywhere,
					      "phone", &why);
		const char *told = err == 0 ? number.region : why.field_reason;
		const char *e164 = err == 0 ? number.e164 : "";

		if (strcmp(e164, cases[i].e164) == 0 && strcmp(told, cases[i].told) == 0 &&
		    strcmp(why.hint, cases[i].hint) == 0)
			continue;
		wrong++;
		print_error("%s at home in %s: %s %s, hint %s\n", cases[i].text, cases[i].home,
			    e164, told, why.hint);
	}
	assert_int_equal(wrong, 0);
}

/* What was understood is understood again, whatever the home: it can be echoed and compared. */
static void what_was_normalised_stays_so(void **state)
{
	static const struct config_strings everywhere = { NULL, 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		static const char *const homes[] = { "RU", "VN", "US", "DE", "" };

		for (size_t h = 0; h < ARRAY_LEN(homes) && cases[i].e164[0] != '\0'; h++) {
			struct number number;
			struct refusal why = { 0 };

			assert_int_equal(number_parse_mobile(&number, cases[i].e164, homes[h],
							     &everywhere, "phone", &why),
					 0);
			assert_string_equal(number.e164, cases[i].e164);
		}
	}
}

static void a_country_that_is_not_allowed_is_told_which_are(void **state)
{
	static const char *const two[] = { "VN", "KZ" };
	static const struct config_strings countries = { two, 2 };
	struct number number;
	struct refusal why = { 0 };

	(void)state;
	assert_int_equal(
		number_parse_mobile(&number, "+79120000067", "RU", &countries, "phone", &why),
		RULE_REFUSED);
	assert_string_equal(why.field_reason, "country_not_allowed");
	assert_non_null(strstr(why.detail, "VN, KZ"));
	assert_string_equal(why.hint, "+84 9x xxx xx xx");
}

enum { VARIANTS = 40 };

/* Another number of the country: some digits behind the code change, some stand there twice. */
static void vary(char *digits, size_t size, const char *e164, uint32_t seed)
{
	size_t n = strlen(e164 + 1), from = 2 + seed % 5;

	snprintf(digits, size, "%.*s%c%s", (int)from, e164 + 1, "18"[seed % 2],
		 e164 + 1 + from + seed % 3);
	for (size_t i = from; seed % 7 != 0 && i < n && digits[i] != '\0'; i++) {
		seed = seed * 1664525 + 1013904223;
		digits[i] = (char)('0' + (seed >> 16) % 10);
	}
}

/* A number with a plus may be read in a shorter way than the same one dialled from abroad. */
static void with_a_plus_or_dialled_from_abroad(void **state)
{
	unsigned valid = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (uint32_t seed = 1; seed <= VARIANTS && cases[i].e164[0] != '\0'; seed++) {
			struct parsed_number plus = { .e164 = "" }, dialled = { .e164 = "" };
			char digits[32], text[40];
			enum parse_verdict verdict;

			vary(digits, sizeof(digits), cases[i].e164, seed * 2654435761u);
			snprintf(text, sizeof(text), "00%s", digits);
			verdict = numbers_parse(text, "DE", &dialled);
			snprintf(text, sizeof(text), "+%s", digits);
			if (numbers_parse(text, "DE", &plus) != verdict ||
			    strcmp(plus.e164, dialled.e164) != 0 ||
			    strcmp(plus.region, dialled.region) != 0 ||
			    plus.mobile != dialled.mobile)
				fail_msg("%s: %s or %s", text, plus.e164, dialled.e164);
			valid += verdict == PARSE_VALID && plus.mobile;
		}
	}
	assert_in_range(valid, 100, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_country_is_read_as_its_people_write),
		cmocka_unit_test(what_was_normalised_stays_so),
		cmocka_unit_test(a_country_that_is_not_allowed_is_told_which_are),
		cmocka_unit_test(with_a_plus_or_dialled_from_abroad),
	};

	numbers_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
