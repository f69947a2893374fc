/* National language tables: 23.038 annex A, through the tables and through whole PDUs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/gsm_text.h"
#include "base/util.h"
#include "modem/national.h"
#include "modem/pdu.h"

struct entry {
	uint8_t language, code;
	uint16_t character;
};

/* Beginnings, ends and neighbours of runs, and what lies between them (a space). */
static const struct entry locking[] = {
	{ 0, 0x00, '@' },     { 0, 0x24, 0x00a4 },  { 1, 0x00, '@' },     { 1, 0x04, 0x20ac },
	{ 1, 0x07, 0x0131 },  { 1, 0x0b, 0x011e },  { 1, 0x0c, 0x011f },  { 1, 0x1c, 0x015e },
	{ 1, 0x1d, 0x015f },  { 1, 0x40, 0x0130 },  { 1, 0x60, 0x00e7 },  { 1, 0x61, 'a' },
	{ 2, 0x09, 0x00c7 },  { 3, 0x04, 0x00ea },  { 3, 0x12, 0x00aa },  { 3, 0x15, 0x221e },
	{ 3, 0x1a, '|' },     { 3, 0x24, 0x00ba },  { 3, 0x5b, 0x00c3 },  { 3, 0x60, '~' },
	{ 3, 0x7d, '`' },     { 3, 0x7e, 0x00fc },  { 4, 0x00, 0x0981 },  { 4, 0x02, 0x0983 },
	{ 4, 0x0a, '\n' },    { 4, 0x0d, '\r' },    { 4, 0x0e, ' ' },     { 4, 0x28, ')' },
	{ 4, 0x29, '(' },     { 4, 0x39, '9' },     { 4, 0x7a, 'z' },     { 4, 0x7f, 0x09f1 },
	{ 5, 0x00, 0x0a81 },  { 5, 0x1a, 0x0a9a },  { 5, 0x60, 0x0ad0 },  { 5, 0x7e, 0x0ae3 },
	{ 6, 0x03, 0x0905 },  { 6, 0x3e, 0x092b },  { 6, 0x4d, 0x0939 },  { 6, 0x5f, 0x094d },
	{ 6, 0x7f, 0x097f },  { 7, 0x00, ' ' },     { 7, 0x01, 0x0c82 },  { 7, 0x47, 0x0cb3 },
	{ 7, 0x48, ' ' },     { 7, 0x7f, 0x0ce3 },  { 8, 0x2e, '.' },     { 8, 0x4d, 0x0d39 },
	{ 8, 0x7f, 0x0d79 },  { 9, 0x02, 0x0b03 },  { 9, 0x7f, 0x0b63 },  { 10, 0x08, 0x0a0a },
	{ 10, 0x4b, ' ' },    { 10, 0x7f, 0x0a74 }, { 11, 0x15, 0x0b95 }, { 11, 0x4d, 0x0bb9 },
	{ 11, 0x7f, 0x0bf9 }, { 12, 0x10, 0x0c10 }, { 12, 0x7f, 0x0c63 }, { 13, 0x00, 0x0627 },
	{ 13, 0x17, 0x0687 }, { 13, 0x4f, 0x0646 }, { 13, 0x7f, 0x0670 }, { 14, 0x07, 0x00ec },
	{ 255, 0x00, '@' },
};

static const struct entry single[] = {
	{ 0, 0x65, 0x20ac },  { 0, 0x61, 'a' },     { 1, 0x47, 0x011e },  { 1, 0x65, 0x20ac },
	{ 1, 0x73, 0x015f },  { 2, 0x09, 0x00e7 },  { 2, 0x75, 0x00fa },  { 2, 0x3c, '[' },
	{ 3, 0x05, 0x00ea },  { 3, 0x12, 0x03a6 },  { 3, 0x7f, 0x00e2 },  { 3, 0x14, '^' },
	{ 4, 0x00, '@' },     { 4, 0x0c, '+' },     { 4, 0x12, '>' },     { 4, 0x19, 0x09e6 },
	{ 4, 0x23, 0x09ef },  { 4, 0x27, 0x09e2 },  { 4, 0x34, 0x09fa },  { 4, 0x41, 'A' },
	{ 4, 0x5a, 'Z' },     { 5, 0x25, 0x0aef },  { 6, 0x2e, 0x095a },  { 6, 0x38, 0x0963 },
	{ 6, 0x3a, 0x0971 },  { 7, 0x2a, 0x0cf2 },  { 8, 0x27, 0x0d71 },  { 8, 0x34, 0x0d7f },
	{ 9, 0x2c, 0x0b71 },  { 10, 0x2d, 0x0a75 }, { 11, 0x2e, 0x0bfa }, { 12, 0x1c, 0x0c66 },
	{ 12, 0x32, 0x0c7f }, { 13, 0x19, 0x0600 }, { 13, 0x3f, 0x06d4 }, { 13, 0x65, 0x20ac },
	{ 99, 0x65, 0x20ac },
};

static void test_locking(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(locking); i++) {
		uint32_t c = national_character(locking[i].language, locking[i].code);

		if (c != locking[i].character)
			fail_msg("language %u, code %02x: U+%04X", locking[i].language,
				 locking[i].code, c);
	}
}

static void test_single(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(single); i++) {
		uint32_t c = national_escaped(single[i].language, 0, single[i].code);

		if (c != single[i].character)
			fail_msg("language %u, code %02x: U+%04X", single[i].language,
				 single[i].code, c);
	}
	/* what a single shift table lacks reads by the locking table */
	assert_int_equal(national_escaped(2, 1, 0x07), 0x0131);
	assert_int_equal(national_escaped(12, 12, 0x7f), 0x0c63);
}

/* Of each script's own letters every one stands in its Unicode block, and none twice. */
static void test_blocks(void **state)
{
	static const uint16_t blocks[] = {
		[4] = 0x0980, [5] = 0x0a80,  [6] = 0x0900,  [7] = 0x0c80,  [8] = 0x0d00,
		[9] = 0x0b00, [10] = 0x0a00, [11] = 0x0b80, [12] = 0x0c00, [13] = 0x0600
	};

	(void)state;
	for (uint8_t language = 4; language <= NATIONAL_LAST; language++) {
		unsigned own = 0;

		for (uint8_t code = 0; code < 128; code++) {
			uint32_t c = national_character(language, code);

			own += c >= 0x100;
			if (c >= 0x100 && (c < blocks[language] ||
					   c >= blocks[language] + (language == 13 ? 256u : 128u)))
				fail_msg("language %u, code %02x: U+%04X", language, code, c);
			for (uint8_t other = 0; c >= 0x100 && other < code; other++)
				assert_true(national_character(language, other) != c);
		}
		assert_true(own >= 55 && own <= 85);
	}
}

/* As the sender would pack it. */
static void pack(char *out, const char *header_hex, const uint8_t *septets, unsigned n)
{
	unsigned octets = (unsigned)strlen(header_hex) / 2, skip = (octets * 8 + 6) / 7;
	unsigned bits = (skip + n) * 7, total = (bits + 7) / 8;
	uint8_t data[160] = { 0 };

	for (unsigned i = 0; i < n * 7; i++)
		if ((septets[i / 7] >> i % 7 & 1) != 0)
			data[(skip * 7 + i) / 8] |= (uint8_t)(1u << (skip * 7 + i) % 8);
	out += sprintf(out, "%02X%s", skip + n, header_hex);
	for (unsigned i = octets; i < total; i++)
		out += sprintf(out, "%02X", data[i]);
}

static void expect(const char *header_hex, const uint8_t *septets, unsigned n, const char *text)
{
	char hex[512] = "00440C9194711032547600006211129103508A";
	struct pdu_inbound in;

	pack(hex + strlen(hex), header_hex, septets, n);
	assert_int_equal(pdu_decode(&in, hex, -1), 0);
	if (strcmp(in.deliver.text, text) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", header_hex, in.deliver.text, text);
}

static void test_in_pdus(void **state)
{
	static const uint8_t turkish[] = { 0x1b, 0x47, 'a', 0x1b, 0x65, 0x07 };
	static const uint8_t hindi[] = { 0x2c, 0x2a, 0x20, 0x1b, 0x41, 0x1b, 0x1c, 0x31 };

	(void)state;
	expect("03240101", turkish, sizeof(turkish), "Ğa€ì");
	expect("03250101", turkish, sizeof(turkish), "Ga€ı");
	expect("06240101250101", turkish, sizeof(turkish), "Ğa€ı");
	expect("0B0003070201240101250101", turkish, sizeof(turkish), "Ğa€ı");
	expect("03240163", turkish, sizeof(turkish), "Ga€ì");   /* an id that nobody knows */
	expect("0424020101", turkish, sizeof(turkish), "Ga€ì"); /* an element of a wrong length */
	expect("06240106250106", hindi, sizeof(hindi), ",थ A०1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locking),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_in_pdus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
