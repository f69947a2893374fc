/* test_text_clean.c - words of strangers cannot forge a code, a link or a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "service/texts.h"

static const struct {
	const char *name, *clean; /* NULL: refused */
} names[] = {
	{ "Иван", "Иван" },
	{ "  Anna  Maria ", "Anna Maria" },
	{ "Nguyễn Văn Đức", "Nguyễn Văn Đức" },
	{ "Jean-Luc O'Neil", "Jean-Luc O'Neil" },
	{ "Oʻtkir Gʼani", "O'tkir G'ani" },
	{ "佐々木", "佐々木" },
	{ "httpː Bob", "Bob" },
	{ "Bob 〇〇〇〇", "Bob" },
	{ "a\u0366\x0f\u031b", "a\u031b\u0366" }, /* marks in their order */
	{ "И.И.Иванов", "И. И. Иванов" },
	{ "И. И. Иванов", "И. И. Иванов" },
	{ "Vasya 77", "Vasya 77" },
	{ "Анна\n@evil.com #123456", "Анна" },
	{ "Анна\r\nevil", "Анна evil" },
	{ "A\u2028B\u2029C\xc2\x85 D", "A B C D" },
	{ "Anna\u202egro.live\u202c", NULL },
	{ "Anna \u202egro.live\u202c", "Anna" },
	{ "An\u200bn\xc2\xad"
	  "a\ufeff",
	  "Anna" },
	{ "Ann\x01\x02\x7f", "Ann" },
	{ "\uff20evil \uff031", "evil 1" },
	{ "ｅｖｉｌ．ｃｏｍ Bob", "Bob" },
	{ "evil。com Bob", "Bob" },
	{ "evil\u200b.\u200bcom Bob", "Bob" },
	{ "http://evil Bob", "Bob" },
	{ "HTTPS://evil.com", NULL },
	{ "ht:tp://evil Bob", "Bob" },
	{ "www.evil Bob", "Bob" },
	{ "-wwwevil Bob", "Bob" },
	{ "Bob W.wwwevil ", "Bob W." }, /* a space comes, another goes */
	{ "Bob (&http evil", "Bob evil" },
	{ "сайт.рф Боб", "Боб" },
	{ "t.me Bob", "t. me Bob" },
	{ "sub.evil.example Bob", "Bob" },
	{ "1.2.3.4 Bob", "Bob" },
	{ "Bob 123456", "Bob" },
	{ "Bob 12 34 56", "Bob" },
	{ "Bob 1-2-3-4", "Bob" },
	{ "1234", NULL },
	{ "Bob \u0661\u0662\u0663\u0664", "Bob" },
	{ "Bob ①②③④", "Bob" },
	{ "Bob ¹²³⁴", "Bob" },
	{ "123Bob456", "123Bob456" },
	{ "x1234y", "xy" },
	{ "<b>Bob</b>", "bBobb" },
	{ "😀 Bob 😀", "Bob" },
	{ "😀", NULL },
	{ "@#:/<>", NULL },
	{ "...", NULL },
	{ "abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwx" },
	{ "абвгдежзийклмнопрстуфхцчшщ", "абвгдежзийклмнопрстуфхцч" },
	{ "", NULL },
	{ NULL, NULL },
	{ "\xc3\x28", NULL },
};

static void names_are_made_harmless(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char out[128];
		struct refusal why = { 0 };
		int err = text_clean_name(names[i].name, "from_name", out, &why);

		if ((err == 0) != (names[i].clean != NULL) ||
		    (err == 0 && strcmp(out, names[i].clean) != 0)) {
			wrong++;
			print_error("%s: %d %s\n", names[i].name, err, err == 0 ? out : "");
		}
	}
	assert_int_equal(wrong, 0);
}

/* Whatever comes in, nothing of an auto-fill line, a link or a code comes out. */
static void no_name_carries_a_code(void **state)
{
	static const char *const pieces[] = {
		"1", "23",  "@",      "#",      ":",      "/",    "<", ".",  "\n",      " ",
		"a", "com", "\u200b", "\u202e", "\uff10", "http", "-", "()", "e\u0301", "\u0e31",
	};
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char name[256] = "", out[128];
		struct refusal why = { 0 };
		unsigned digits = 0;

		for (int i = 0; i < 20; i++) {
			seed = seed * 1664525 + 1013904223;
			strcat(name, pieces[(seed >> 16) % ARRAY_LEN(pieces)]);
		}
		if (text_clean_name(name, "to_name", out, &why) != 0)
			continue;
		assert_null(strpbrk(out, "@#:/<\n"));
		assert_null(strstr(out, "\u200b"));
		for (const char *c = strstr(out, ".com"); c != NULL; c = strstr(c + 1, ".com"))
			assert_true(c == out || strchr(" .-(),", c[-1]) != NULL);
		for (const char *c = out; *c != '\0'; c++) {
			digits = *c >= '0' && *c <= '9'         ? digits + 1
				 : strchr(" -().,", *c) != NULL ? digits
								: 0;
			assert_true(digits < 4);
		}
	}
}

/* A dot between two characters of a word. */
static bool is_dotted(const char *text)
{
	for (const char *dot = strchr(text, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
		if (dot > text && strchr(" .", dot[-1]) == NULL && strchr(" .", dot[1]) == NULL)
			return true;
	return false;
}

/* Every character there is: Latin letters made of it are no link, code or line either. */
static void latin_letters_of_a_name_are_harmless(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (uint32_t c = 0x80; c <= 0x10ffff; c++) {
		char name[32] = "ab", out[128], latin[TEXT_SIZE];
		struct refusal why = { 0 };

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		strcpy(name + 2 + gsm_utf8_put(name + 2, c), "cd");
		if (text_clean_name(name, "to_name", out, &why) != 0)
			continue;
		assert_int_equal(text_transliterate(out, latin), 0);
		if (strpbrk(latin, "@#:/<>\n\r{}%+=?") == NULL && !is_dotted(latin) &&
		    (strpbrk(latin, "0123456789") == NULL || strpbrk(out, "0123456789") != NULL))
			continue;
		wrong++;
		print_error("U+%04X: %s\n", (unsigned)c, latin);
	}
	assert_int_equal(wrong, 0);
}

static void orders_are_taken_or_refused(void **state)
{
	static const struct {
		const char *order;
		bool taken;
	} orders[] = {
		{ "12345", true },
		{ "AB-2026-001", true },
		{ "a", true },
		{ "", false },
		{ NULL, false },
		{ "12 45", false },
		{ "#12345", false },
		{ "12345\n", false },
		{ "заказ", false },
		{ "1/2", false },
		{ "12345678901234567890", true },
		{ "123456789012345678901", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		char out[32];
		struct refusal why = { 0 };
		int err = text_clean_order(orders[i].order, "order", out, &why);

		assert_int_equal(err == 0, orders[i].taken);
		if (err == 0)
			assert_string_equal(out, orders[i].order);
		else
			assert_string_equal(why.field, "order");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_made_harmless),
		cmocka_unit_test(no_name_carries_a_code),
		cmocka_unit_test(latin_letters_of_a_name_are_harmless),
		cmocka_unit_test(orders_are_taken_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
