/* Alphabet, units and parts: 23.038 6.2.1, 23.040 9.2.3.24. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/gsm_text.h"
#include "base/util.h"

/* The default table again, row by row as the specification prints it. */
static const char *const rows[8] = {
	"@£$¥èéùìòÇ\nØø\rÅå", "Δ_ΦΓΛΩΠΨΣΘΞ\u00a0ÆæßÉ", " !\"#¤%&'()*+,-./", "0123456789:;<=>?",
	"¡ABCDEFGHIJKLMNO",   "PQRSTUVWXYZÄÖÑÜ§",      "¿abcdefghijklmno",  "pqrstuvwxyzäöñüà",
};

static const struct {
	uint8_t code;
	const char *text;
} extension[] = {
	{ 0x0a, "\f" }, { 0x14, "^" }, { 0x28, "{" }, { 0x29, "}" }, { 0x2f, "\\" },
	{ 0x3c, "[" },  { 0x3d, "~" }, { 0x3e, "]" }, { 0x40, "|" }, { 0x65, "€" },
};

static uint32_t next(const char **text)
{
	uint32_t c = 0;
	size_t n = gsm_utf8_next(*text, strlen(*text), &c);

	assert_true(n > 0);
	*text += n;
	return c;
}

static void test_default_alphabet(void **state)
{
	(void)state;
	for (uint8_t code = 0; code < 128; code++) {
		static const char *at;
		uint8_t septets[2];
		uint32_t c;

		if (code % 16 == 0)
			at = rows[code / 16];
		c = next(&at);
		if (gsm_default_character(code) != c)
			fail_msg("code %02x", code);
		if (code == GSM_ESCAPE) {
			assert_int_equal(gsm_septets(c, septets), 0);
			continue;
		}
		assert_int_equal(gsm_septets(c, septets), 1);
		assert_int_equal(septets[0], code);
	}
}

static void test_extension(void **state)
{
	unsigned assigned = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(extension); i++) {
		const char *at = extension[i].text;
		uint32_t c = next(&at);
		uint8_t septets[2] = { 0, 0 };

		assert_int_equal(gsm_extension_character(extension[i].code), c);
		assert_int_equal(gsm_septets(c, septets), 2);
		assert_int_equal(septets[0], GSM_ESCAPE);
		assert_int_equal(septets[1], extension[i].code);
	}
	for (uint8_t code = 0; code < 128; code++)
		assigned += gsm_extension_character(code) != gsm_default_character(code);
	assert_int_equal(assigned, ARRAY_LEN(extension));
}

/* Exactly 127 + 10 characters have septets. */
static void test_nothing_else_is_gsm7(void **state)
{
	unsigned n = 0;
	uint8_t septets[2];

	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++)
		n += gsm_septets(c, septets) > 0;
	assert_int_equal(n, 127 + 10);
	assert_int_equal(gsm_septets(0, septets), 0);
	assert_int_equal(gsm_septets('`', septets), 0);
	assert_int_equal(gsm_septets('\t', septets), 0);
	assert_int_equal(gsm_septets(0xffffffff, septets), 0);
}

static void test_utf8_round_trip(void **state)
{
	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		char bytes[4];
		size_t n = gsm_utf8_put(bytes, c), wanted = c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
		uint32_t back = 0;

		if (c > 0xffff)
			wanted = 4;
		if (n != wanted || gsm_utf8_next(bytes, n, &back) != n)
			fail_msg("U+%04X: %zu bytes", c, n);
		if (back != (c >= 0xd800 && c <= 0xdfff ? 0xfffd : c))
			fail_msg("U+%04X came back as U+%04X", c, back);
		for (size_t less = 0; less < n; less++)
			assert_int_equal(gsm_utf8_next(bytes, less, &back), 0);
	}
}

static void test_bad_utf8(void **state)
{
	static const char *const cases[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc3",
		"\xc3(",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xe2\x82",
		"\xe2(\xac",
		"\xe2\x82(",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf0\x9f\x98",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xfe",
		"\xff",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct gsm_shape shape;
		char text[16];
		uint32_t c;

		if (gsm_utf8_next(cases[i], strlen(cases[i]), &c) != 0)
			fail_msg("case %zu is taken", i);
		snprintf(text, sizeof(text), "ab%s", cases[i]);
		assert_int_equal(gsm_shape(&shape, text, GSM_AUTO, false), -EILSEQ);
	}
}

/* Repeats unit n times, between before and after. */
struct text_case {
	const char *before, *unit;
	unsigned n;
	const char *after;
	enum gsm_encoding wanted;
	bool wide;
	int err;
	enum gsm_encoding encoding;
	unsigned units, units_left, parts;
	unsigned last_units; /* of the last part */
};

static const struct text_case cases[] = {
	{ "", "", 0, "", GSM_AUTO, false, 0, GSM_GSM7, 0, 160, 1, 0 },
	{ "", "", 0, "", GSM_UCS2, false, 0, GSM_UCS2, 0, 70, 1, 0 },
	{ "", "a", 160, "", GSM_AUTO, false, 0, GSM_GSM7, 160, 0, 1, 160 },
	{ "", "a", 161, "", GSM_AUTO, false, 0, GSM_GSM7, 161, 145, 2, 8 },
	{ "", "a", 161, "", GSM_AUTO, true, 0, GSM_GSM7, 161, 143, 2, 9 },
	{ "", "a", 306, "", GSM_AUTO, false, 0, GSM_GSM7, 306, 0, 2, 153 },
	{ "", "a", 307, "", GSM_AUTO, false, 0, GSM_GSM7, 307, 152, 3, 1 },
	{ "", "a", 304, "", GSM_AUTO, true, 0, GSM_GSM7, 304, 0, 2, 152 },
	{ "", "a", 1530, "", GSM_AUTO, false, 0, GSM_GSM7, 1530, 0, 10, 153 },
	{ "", "a", 1531, "", GSM_AUTO, false, -EMSGSIZE, 0, 0, 0, 0, 0 },
	{ "", "a", 1520, "", GSM_AUTO, true, 0, GSM_GSM7, 1520, 0, 10, 152 },
	{ "", "a", 1521, "", GSM_AUTO, true, -EMSGSIZE, 0, 0, 0, 0, 0 },
	/* two septets each */
	{ "", "€", 80, "", GSM_AUTO, false, 0, GSM_GSM7, 160, 0, 1, 160 },
	{ "", "€", 81, "", GSM_AUTO, false, 0, GSM_GSM7, 162, 143, 2, 10 },
	{ "", "€", 80, "a", GSM_AUTO, false, 0, GSM_GSM7, 161, 144, 2, 9 },
	{ "a", "€", 76, "a", GSM_AUTO, false, 0, GSM_GSM7, 154, 6, 1, 154 },
	/* an extension character that would end in the next part goes there as a whole */
	{ "", "a", 152, "€bbbbbbb", GSM_AUTO, false, 0, GSM_GSM7, 161, 144, 2, 9 },
	{ "", "a", 151, "€bbbbbbbb", GSM_AUTO, false, 0, GSM_GSM7, 161, 145, 2, 8 },
	{ "", "a", 151, "€bbbbbbbb", GSM_AUTO, true, 0, GSM_GSM7, 161, 142, 2, 10 },
	{ "a", "€", 765, "", GSM_AUTO, false, -EMSGSIZE, 0, 0, 0, 0, 0 },
	{ "", "€", 760, "", GSM_AUTO, false, 0, GSM_GSM7, 1520, 1, 10, 152 },
	/* UTF-16 */
	{ "", "ж", 70, "", GSM_AUTO, false, 0, GSM_UCS2, 70, 0, 1, 70 },
	{ "", "ж", 71, "", GSM_AUTO, false, 0, GSM_UCS2, 71, 63, 2, 4 },
	{ "", "ж", 71, "", GSM_AUTO, true, 0, GSM_UCS2, 71, 61, 2, 5 },
	{ "", "ж", 670, "", GSM_AUTO, false, 0, GSM_UCS2, 670, 0, 10, 67 },
	{ "", "ж", 671, "", GSM_AUTO, false, -EMSGSIZE, 0, 0, 0, 0, 0 },
	{ "", "ж", 660, "", GSM_AUTO, true, 0, GSM_UCS2, 660, 0, 10, 66 },
	{ "", "ж", 661, "", GSM_AUTO, true, -EMSGSIZE, 0, 0, 0, 0, 0 },
	{ "", "😀", 35, "", GSM_AUTO, false, 0, GSM_UCS2, 70, 0, 1, 70 },
	{ "", "😀", 36, "", GSM_AUTO, false, 0, GSM_UCS2, 72, 61, 2, 6 },
	{ "", "😀", 36, "", GSM_AUTO, true, 0, GSM_UCS2, 72, 60, 2, 6 },
	{ "", "ж", 66, "😀жжж", GSM_AUTO, false, 0, GSM_UCS2, 71, 62, 2, 5 },
	/* one character decides for all */
	{ "ж", "a", 69, "", GSM_AUTO, false, 0, GSM_UCS2, 70, 0, 1, 70 },
	{ "", "a", 70, "ж", GSM_AUTO, false, 0, GSM_UCS2, 71, 63, 2, 4 },
	{ "", "a", 700, "ж", GSM_AUTO, false, -EMSGSIZE, 0, 0, 0, 0, 0 },
	{ "", "a", 70, "", GSM_UCS2, false, 0, GSM_UCS2, 70, 0, 1, 70 },
	{ "", "a", 71, "", GSM_UCS2, false, 0, GSM_UCS2, 71, 63, 2, 4 },
	{ "", "€", 71, "", GSM_UCS2, false, 0, GSM_UCS2, 71, 63, 2, 4 },
	{ "", "a", 160, "", GSM_GSM7, false, 0, GSM_GSM7, 160, 0, 1, 160 },
	{ "", "a", 5, "ж", GSM_GSM7, false, -EILSEQ, 0, 0, 0, 0, 0 },
	{ "`", "", 0, "", GSM_GSM7, false, -EILSEQ, 0, 0, 0, 0, 0 },
	{ "\t", "", 0, "", GSM_AUTO, false, 0, GSM_UCS2, 1, 69, 1, 1 },
	{ "\x1b", "", 0, "", GSM_AUTO, false, 0, GSM_UCS2, 1, 69, 1, 1 },
};

static void build(char *out, size_t size, const struct text_case *c)
{
	size_t n = (size_t)snprintf(out, size, "%s", c->before);

	for (unsigned i = 0; i < c->n; i++)
		n += (size_t)snprintf(out + n, size - n, "%s", c->unit);
	snprintf(out + n, size - n, "%s", c->after);
}

static void repeat(char *out, size_t size, const char *unit, unsigned n)
{
	build(out, size, &(struct text_case){ .before = "", .unit = unit, .n = n, .after = "" });
}

/* Parts lie side by side, cover the text, and begin at characters. */
static void check_parts(const struct gsm_shape *shape, const char *text)
{
	size_t at = 0;
	unsigned units = 0;

	for (unsigned i = 0; i < shape->n_parts; i++) {
		assert_int_equal(shape->parts[i].at, at);
		assert_true((text[at] & 0xc0) != 0x80);
		at += shape->parts[i].bytes;
		units += shape->parts[i].units;
	}
	assert_int_equal(at, strlen(text));
	assert_int_equal(units, shape->units);
}

static void test_shapes(void **state)
{
	static char text[8192];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct text_case *c = &cases[i];
		struct gsm_shape s = { 0 };
		int err;

		build(text, sizeof(text), c);
		err = gsm_shape(&s, text, c->wanted, c->wide);
		if (err != c->err)
			fail_msg("case %zu: %d", i, err);
		if (err < 0)
			continue;
		if (s.encoding != c->encoding || s.units != c->units ||
		    s.units_left != c->units_left || s.n_parts != c->parts ||
		    s.parts[s.n_parts - 1].units != c->last_units)
			fail_msg("case %zu: %d, %u units, %u left, %u parts, last %u", i,
				 (int)s.encoding, s.units, s.units_left, s.n_parts,
				 s.parts[s.n_parts - 1].units);
		check_parts(&s, text);
	}
}

/* Parts of 153 septets or 67 units hold whole pairs only: the odd one stays unused. */
static void test_pairs_stay_whole(void **state)
{
	static char text[8192];
	struct gsm_shape s;

	(void)state;
	for (unsigned n = 1; n <= 760; n++) {
		repeat(text, sizeof(text), "€", n);
		assert_int_equal(gsm_shape(&s, text, GSM_AUTO, false), 0);
		for (unsigned i = 0; i < s.n_parts; i++)
			assert_int_equal(s.parts[i].bytes % 3, 0);
		assert_int_equal(s.n_parts, n <= 80 ? 1 : (n + 75) / 76);
	}
	for (unsigned n = 1; n <= 330; n++) {
		repeat(text, sizeof(text), "😀", n);
		assert_int_equal(gsm_shape(&s, text, GSM_AUTO, false), 0);
		for (unsigned i = 0; i < s.n_parts; i++)
			assert_int_equal(s.parts[i].bytes % 4, 0);
		assert_int_equal(s.n_parts, n <= 35 ? 1 : (n + 32) / 33);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_alphabet),
		cmocka_unit_test(test_extension),
		cmocka_unit_test(test_nothing_else_is_gsm7),
		cmocka_unit_test(test_utf8_round_trip),
		cmocka_unit_test(test_bad_utf8),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_pairs_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
