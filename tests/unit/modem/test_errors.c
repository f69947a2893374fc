/* +CMS ERROR and +CME ERROR numbers: classes as the field notes give them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "base/util.h"
#include "modem/errors.h"

struct expected {
	int first, last;
	enum modem_error_class class;
};

static const struct expected cms[] = {
	{ -1, 0, ERR_AMBIGUOUS }, /* a bare ERROR, and no code at all */
	{ 1, 1, ERR_RECIPIENT },
	{ 2, 7, ERR_RETRY_SOON }, /* unlisted below 128: as 41 */
	{ 8, 8, ERR_SIM },
	{ 10, 10, ERR_SIM },
	{ 11, 11, ERR_RETRY_LATER },
	{ 17, 17, ERR_RETRY_SOON },
	{ 21, 22, ERR_RETRY_LATER },
	{ 27, 27, ERR_RETRY_LATER },
	{ 28, 28, ERR_SIM },
	{ 29, 29, ERR_RETRY_LATER },
	{ 30, 30, ERR_RECIPIENT },
	{ 38, 38, ERR_RETRY_LATER },
	{ 41, 41, ERR_RETRY_SOON },
	{ 42, 42, ERR_RETRY_LATER },
	{ 43, 46, ERR_RETRY_SOON },
	{ 47, 47, ERR_RETRY_LATER },
	{ 50, 50, ERR_SIM },
	{ 69, 69, ERR_SIM },
	{ 81, 81, ERR_RETRY_SOON },
	{ 95, 96, ERR_MESSAGE },
	{ 97, 98, ERR_RETRY_SOON },
	{ 99, 99, ERR_MESSAGE },
	{ 111, 111, ERR_RETRY_SOON },
	{ 127, 127, ERR_RETRY_LATER },
	{ 128, 130, ERR_MESSAGE },
	{ 131, 142, ERR_RETRY_LATER }, /* unlisted below 256: as 255 */
	{ 143, 145, ERR_MESSAGE },
	{ 159, 161, ERR_MESSAGE },
	{ 175, 176, ERR_MESSAGE },
	{ 192, 192, ERR_RETRY_LATER },
	{ 193, 193, ERR_SIM },
	{ 194, 194, ERR_RETRY_LATER },
	{ 195, 196, ERR_RECIPIENT },
	{ 197, 197, ERR_ACCEPTED },
	{ 198, 199, ERR_MESSAGE },
	{ 208, 209, ERR_RETRY_SOON },
	{ 210, 210, ERR_RECOVER },
	{ 211, 212, ERR_RETRY_SOON },
	{ 213, 213, ERR_SIM },
	{ 214, 255, ERR_RETRY_LATER },
	{ 256, 299, ERR_AMBIGUOUS }, /* unlisted: as 500 */
	{ 300, 300, ERR_RECOVER },
	{ 301, 302, ERR_RETRY_SOON },
	{ 303, 305, ERR_MESSAGE },
	{ 310, 310, ERR_RECOVER },
	{ 311, 312, ERR_SIM },
	{ 313, 313, ERR_RECOVER },
	{ 314, 314, ERR_RETRY_SOON },
	{ 315, 315, ERR_RECOVER },
	{ 316, 318, ERR_SIM },
	{ 320, 320, ERR_RECOVER },
	{ 321, 321, ERR_IGNORE },
	{ 322, 322, ERR_RETRY_LATER },
	{ 330, 330, ERR_SIM },
	{ 331, 331, ERR_RETRY_LATER },
	{ 332, 332, ERR_AMBIGUOUS },
	{ 340, 340, ERR_IGNORE },
	{ 350, 350, ERR_AMBIGUOUS },
	{ 500, 511, ERR_AMBIGUOUS },
	{ 100000, 100001, ERR_AMBIGUOUS },
};

static const struct expected cme[] = {
	{ -1, 0, ERR_AMBIGUOUS },
	{ 1, 2, ERR_RECOVER },
	{ 3, 3, ERR_RETRY_SOON },
	{ 4, 4, ERR_MESSAGE },
	{ 5, 7, ERR_SIM },
	{ 10, 10, ERR_RECOVER },
	{ 11, 12, ERR_SIM },
	{ 13, 13, ERR_RECOVER },
	{ 14, 14, ERR_RETRY_SOON },
	{ 15, 15, ERR_RECOVER },
	{ 16, 18, ERR_SIM },
	{ 20, 20, ERR_RETRY_LATER },
	{ 21, 22, ERR_IGNORE },
	{ 23, 23, ERR_RECOVER },
	{ 24, 27, ERR_MESSAGE },
	{ 30, 32, ERR_RETRY_LATER },
	{ 40, 48, ERR_SIM },
	{ 50, 51, ERR_MESSAGE },
	{ 52, 52, ERR_RECOVER },
	{ 54, 56, ERR_SIM },
	{ 57, 57, ERR_RETRY_LATER },
	{ 60, 60, ERR_RECOVER },
	{ 61, 61, ERR_MESSAGE },
	{ 62, 62, ERR_SIM },
	{ 99, 100, ERR_AMBIGUOUS },
	{ 102, 108, ERR_SIM },
	{ 111, 114, ERR_SIM },
	{ 115, 118, ERR_RETRY_LATER },
	{ 122, 122, ERR_RETRY_LATER },
	{ 126, 126, ERR_RETRY_LATER },
	{ 132, 133, ERR_SIM },
	{ 134, 134, ERR_RETRY_LATER },
	{ 139, 139, ERR_RETRY_LATER },
	{ 256, 256, ERR_RETRY_SOON },
	{ 257, 257, ERR_SIM },
	{ 258, 258, ERR_RETRY_SOON },
	{ 259, 259, ERR_RECOVER },
	{ 260, 260, ERR_MESSAGE },
	{ 261, 261, ERR_RETRY_LATER },
	{ 262, 262, ERR_SIM },
	{ 263, 263, ERR_MESSAGE },
	{ 515, 515, ERR_RETRY_SOON },
	{ 772, 772, ERR_RECOVER },
	{ 9999, 9999, ERR_AMBIGUOUS },
};

/* Above 500 the families clash. */
static const struct {
	enum modem_family family;
	struct expected codes;
} vendor[] = {
	{ FAMILY_GENERIC, { 512, 800, ERR_AMBIGUOUS } },
	{ FAMILY_QUECTEL_LTE, { 512, 512, ERR_RETRY_SOON } },
	{ FAMILY_QUECTEL_LTE, { 513, 514, ERR_MESSAGE } },
	{ FAMILY_QUECTEL_LTE, { 515, 515, ERR_RECOVER } },
	{ FAMILY_QUECTEL_LTE, { 516, 516, ERR_AMBIGUOUS } },
	{ FAMILY_QUECTEL_LTE, { 528, 528, ERR_RETRY_SOON } },
	{ FAMILY_QUECTEL_LTE, { 529, 529, ERR_SIM } },
	{ FAMILY_QUECTEL_LTE, { 530, 530, ERR_RETRY_SOON } },
	{ FAMILY_QUECTEL_LTE, { 531, 531, ERR_RETRY_LATER } },
	{ FAMILY_QUECTEL_LTE, { 50, 50, ERR_SIM } }, /* standard codes stay */
	{ FAMILY_SIMCOM_2G, { 512, 513, ERR_RECOVER } },
	{ FAMILY_SIMCOM_2G, { 514, 517, ERR_MESSAGE } },
	{ FAMILY_SIMCOM_2G, { 518, 518, ERR_AMBIGUOUS } },
	{ FAMILY_SIMCOM_2G, { 519, 520, ERR_MESSAGE } },
	{ FAMILY_SIMCOM_2G, { 521, 521, ERR_AMBIGUOUS } },
	{ FAMILY_SIMCOM_2G, { 522, 522, ERR_RETRY_SOON } },
	{ FAMILY_SIMCOM_2G, { 532, 532, ERR_RETRY_SOON } },
	{ FAMILY_SIMCOM_2G, { 535, 535, ERR_RETRY_SOON } },
	{ FAMILY_SIMCOM_2G, { 538, 538, ERR_MESSAGE } },
	{ FAMILY_SIMCOM_2G, { 549, 554, ERR_MESSAGE } },
	{ FAMILY_SIMCOM_2G, { 615, 616, ERR_RETRY_LATER } },
	{ FAMILY_SIMCOM_2G, { 640, 640, ERR_RETRY_SOON } },
	{ FAMILY_SIMCOM_2G, { 765, 765, ERR_MESSAGE } },
	{ FAMILY_SIMCOM_2G, { 767, 767, ERR_RETRY_SOON } },
	{ FAMILY_SIMCOM_2G, { 770, 770, ERR_SIM } },
	{ FAMILY_SIMCOM_2G, { 771, 771, ERR_RETRY_SOON } },
	{ FAMILY_SIMCOM_2G, { 772, 772, ERR_RECOVER } },
	{ FAMILY_SIMCOM_2G, { 773, 773, ERR_SIM } },
	{ FAMILY_WAVECOM, { 512, 512, ERR_RETRY_SOON } },
	{ FAMILY_WAVECOM, { 513, 513, ERR_AMBIGUOUS } },
	{ FAMILY_WAVECOM, { 514, 514, ERR_RETRY_LATER } },
	{ FAMILY_WAVECOM, { 515, 515, ERR_RETRY_SOON } },
	{ FAMILY_WAVECOM, { 516, 516, ERR_AMBIGUOUS } },
};

typedef const struct modem_error *lookup(enum modem_family family, int code);

static void check(lookup *find, enum modem_family family, const struct expected *e)
{
	for (int code = e->first; code <= e->last; code++) {
		const struct modem_error *error = find(family, code);

		assert_non_null(error);
		if (error->class != e->class)
			fail_msg("family %d, code %d: %s", (int)family, code,
				 modem_error_class_name(error->class));
	}
}

static void test_cms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cms); i++)
		check(modem_error_cms, FAMILY_GENERIC, &cms[i]);
}

static void test_cme(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cme); i++)
		check(modem_error_cme, FAMILY_GENERIC, &cme[i]);
}

static void test_vendors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vendor); i++)
		check(modem_error_cms, vendor[i].family, &vendor[i].codes);
}

/* Every row has words for an operator, and a listed code comes back as itself. */
static void test_words(void **state)
{
	static const int listed[] = { 1, 21, 41, 50, 197, 224, 300, 332, 350, 500 };

	(void)state;
	for (int family = FAMILY_GENERIC; family <= FAMILY_WAVECOM; family++)
		for (int code = -1; code < 1000; code++) {
			assert_true(strlen(modem_error_cms((enum modem_family)family, code)->text) >
				    4);
			assert_true(strlen(modem_error_cme((enum modem_family)family, code)->text) >
				    4);
		}
	for (size_t i = 0; i < ARRAY_LEN(listed); i++)
		assert_int_equal(modem_error_cms(FAMILY_GENERIC, listed[i])->code, listed[i]);
	assert_int_equal(modem_error_cms(FAMILY_GENERIC, -1)->code, 500);
	assert_int_equal(modem_error_cms(FAMILY_GENERIC, 2)->code, 41);
	assert_int_equal(modem_error_cme(FAMILY_GENERIC, -1)->code, 100);
}

static void test_class_names(void **state)
{
	(void)state;
	for (int i = ERR_RETRY_SOON; i <= ERR_IGNORE; i++) {
		const char *name = modem_error_class_name((enum modem_error_class)i);

		assert_true(strlen(name) > 2);
		for (int j = ERR_RETRY_SOON; j < i; j++)
			assert_string_not_equal(name,
						modem_error_class_name((enum modem_error_class)j));
	}
}

static const struct {
	bool is_cme;
	int code;
	unsigned in_row, tries;
	enum modem_error_class class;
	bool recover, suspect;
} judged[] = {
	{ false, 41, 1, 1, ERR_RETRY_SOON, false, false },
	{ false, 41, 9, 9, ERR_RETRY_SOON, false, false },
	{ false, 21, 2, 9, ERR_RETRY_LATER, false, true },
	{ false, 21, 3, 1, ERR_SIM, false, true },
	{ false, 21, 4, 1, ERR_SIM, false, true },
	{ false, 29, 3, 1, ERR_SIM, false, true },
	{ false, 30, 1, 1, ERR_RECIPIENT, false, true },
	{ false, 30, 3, 1, ERR_SIM, false, true },
	{ false, 50, 1, 1, ERR_SIM, false, true },
	{ false, 81, 2, 1, ERR_RETRY_SOON, false, true },
	{ false, 81, 3, 1, ERR_RETRY_SOON, true, true },
	{ false, 81, 4, 1, ERR_RETRY_SOON, false, true },
	{ false, 81, 6, 1, ERR_RETRY_SOON, true, true },
	{ false, 127, 9, 2, ERR_RETRY_LATER, false, false },
	{ false, 127, 1, 3, ERR_RECIPIENT, false, false },
	{ false, 300, 1, 1, ERR_RECOVER, false, true },
	{ false, 300, 3, 1, ERR_RECOVER, true, true },
	{ false, 302, 1, 1, ERR_RETRY_SOON, false, true },
	{ false, 322, 1, 1, ERR_RETRY_LATER, false, true },
	{ false, 310, 1, 1, ERR_RECOVER, true, true },
	{ false, 310, 2, 1, ERR_SIM, false, true },
	{ false, 314, 9, 1, ERR_RETRY_SOON, false, true },
	{ false, 314, 10, 1, ERR_RETRY_SOON, true, true },
	{ false, 350, 2, 1, ERR_AMBIGUOUS, false, true },
	{ false, 350, 3, 1, ERR_SIM, false, true },
	{ false, 500, 1, 1, ERR_AMBIGUOUS, false, true },
	{ false, 500, 3, 1, ERR_AMBIGUOUS, true, true },
	{ false, 500, 9, 1, ERR_AMBIGUOUS, true, true },
	{ false, 500, 10, 1, ERR_SIM, false, true },
	{ false, -1, 3, 1, ERR_AMBIGUOUS, true, true },
	{ true, 0, 3, 1, ERR_AMBIGUOUS, true, true },
	{ true, 3, 1, 1, ERR_RETRY_SOON, false, true },
	{ true, 10, 1, 1, ERR_RECOVER, true, true },
	{ true, 10, 2, 1, ERR_SIM, false, true },
	{ true, 100, 2, 1, ERR_AMBIGUOUS, false, true },
};

static void refusals_in_a_row_mean_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(judged); i++) {
		const struct modem_error *error =
			judged[i].is_cme ? modem_error_cme(FAMILY_GENERIC, judged[i].code)
					 : modem_error_cms(FAMILY_GENERIC, judged[i].code);
		struct modem_judgement got = modem_error_judge(
			error, judged[i].is_cme, judged[i].code, judged[i].in_row, judged[i].tries);

		if (got.class != judged[i].class || got.recover != judged[i].recover ||
		    got.suspect != judged[i].suspect)
			fail_msg("row %zu: %s %d %d", i, modem_error_class_name(got.class),
				 got.recover, got.suspect);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cms),         cmocka_unit_test(test_cme),
		cmocka_unit_test(test_vendors),     cmocka_unit_test(test_words),
		cmocka_unit_test(test_class_names), cmocka_unit_test(refusals_in_a_row_mean_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
