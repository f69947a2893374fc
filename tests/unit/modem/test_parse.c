/* test_parse.c - values out of modems' answers, as odd as they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "modem/parse.h"

static const struct {
	const char *rest;
	size_t n;
	const char *items[6];
} fields[] = {
	{ "", 0, { NULL } },
	{ "1", 1, { "1" } },
	{ " 1 , 2 ,3", 3, { "1", "2", "3" } },
	{ "\"a,b\",2", 2, { "a,b", "2" } },
	{ "1,", 2, { "1", "" } },
	{ ",18", 2, { "", "18" } },
	{ ",,", 3, { "", "", "" } },
	{ "0,0,\"Test Net\",7", 4, { "0", "0", "Test Net", "7" } },
	{ "\"open", 1, { "open" } },
	{ "a\"b\"c,d", 2, { "abc", "d" } },
};

static void splits_by_commas_outside_quotes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct parse_fields got;

		parse_fields(&got, fields[i].rest);
		assert_int_equal(got.n, fields[i].n);
		for (size_t k = 0; k < got.n; k++)
			assert_string_equal(parse_text(&got, k), fields[i].items[k]);
		assert_string_equal(parse_text(&got, got.n), "");
	}
}

static void bounds_a_long_line(void **state)
{
	struct parse_fields got;
	char line[5000];

	(void)state;
	memset(line, ',', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	parse_fields(&got, line);
	assert_int_equal(got.n, PARSE_FIELDS_MAX);
	memset(line, '7', sizeof(line) - 1);
	parse_fields(&got, line);
	assert_int_equal(got.n, 1);
	assert_int_equal(parse_int(&got, 0, -5), -5);
	memset(line, '"', sizeof(line) - 1);
	parse_fields(&got, line);
	assert_int_equal(got.n, 1);
}

/* The read form has the mode in front; the unsolicited one does not (field notes 2.4). */
static const struct {
	const char *rest;
	bool ok;
	int stat, act;
} registrations[] = {
	{ "2,1", true, 1, -1 },
	{ "0,1", true, 1, -1 },
	{ "1", true, 1, -1 },
	{ "5", true, 5, -1 },
	{ "2,5,\"1A2B\",\"00C3D4E5\",7", true, 5, 7 },
	{ "1,\"1A2B\",\"00C3D4E5\",2", true, 1, 2 },
	{ "1,\"1A2B\",\"C3D4\"", true, 1, -1 },
	{ "2,1,\"1A2B\",\"C3D4\"", true, 1, -1 },
	{ "1,1A2B,C3D4", true, 1, -1 },
	{ "1,1A2B,C3D4,7", true, 1, 7 },
	{ "2,1,1A2B,C3D4", true, 1, -1 },
	{ "2, 6", true, 6, -1 },
	{ "2,10,\"FFFE\",\"0\",7", true, 10, 7 },
	{ "3,3,\"\",\"\",,0,11", true, 3, -1 },
	{ "2,0,,", true, 0, -1 },
	{ "", false, 0, 0 },
	{ "x", false, 0, 0 },
};

static void tells_registration_forms_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(registrations); i++) {
		int stat = -9, act = -9;

		assert_int_equal(parse_registration(registrations[i].rest, &stat, &act),
				 registrations[i].ok);
		if (!registrations[i].ok)
			continue;
		if (stat != registrations[i].stat || act != registrations[i].act)
			fail_msg("%s: stat %d, act %d", registrations[i].rest, stat, act);
	}
}

static const struct {
	const char *rest;
	size_t n;
	unsigned masks[5];
} ranges[] = {
	{ "(0-2),(0-3),(0,2),(0-2),(0,1)", 5, { 7, 15, 5, 7, 3 } },
	{ "(0,1,2),(0,1,2,3),(0),(0,1),(0)", 5, { 7, 15, 1, 3, 1 } },
	{ "(1)", 1, { 2 } },
	{ "(0-99999999999999999999)", 1, { 0xffffffff } },
	{ "(5-2),(", 2, { 0, 0 } },
	{ "", 0, { 0 } },
};

static void reads_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		unsigned masks[5] = { 0 };

		assert_int_equal(parse_ranges(ranges[i].rest, masks, 5), ranges[i].n);
		assert_memory_equal(masks, ranges[i].masks, sizeof(masks));
	}
}

static const struct {
	const char *rest;
	size_t group;
	const char *word;
	bool has;
} groups[] = {
	{ "(\"SM\",\"ME\"),(\"SM\"),(\"ME\")", 0, "ME", true },
	{ "(\"SM\",\"ME\"),(\"SM\"),(\"ME\")", 1, "ME", false },
	{ "(\"SM\",\"ME\"),(\"SM\"),(\"ME\")", 2, "ME", true },
	{ "((\"SM\",\"BM\",\"SR\"),(\"SM\"))", 0, "SR", true },
	{ "((\"SM\",\"BM\",\"SR\"),(\"SM\"))", 1, "SR", false },
	{ "(\"SM\")", 1, "SM", false },
	{ "", 0, "SM", false },
	{ "(\"SM\"", 0, "SM", true },
};

static void reads_groups(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		assert_int_equal(parse_group_has(groups[i].rest, groups[i].group, groups[i].word),
				 groups[i].has);
}

static const struct {
	const char *line, *iccid; /* NULL: none */
} iccids[] = {
	{ "+CCID: \"89701012345678901234\"", "89701012345678901234" },
	{ "89701012345678901234", "89701012345678901234" },
	{ "8970101234567890123F", "8970101234567890123" },
	{ "+QCCID: 89701012345678901234F", "89701012345678901234" },
	{ "^ICCID: 98071032547698103254", "89700123456789012345" },
	{ "+CRSM: 144,0,\"98071032547698103254\"", "89700123456789012345" },
	{ "+ICCID: 897010123456789012", "897010123456789012" },
	{ "+CCID: 12345678901234567890", NULL },
	{ "+CCID: 8970", NULL },
	{ "OK", NULL },
};

static void reads_iccids(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(iccids); i++) {
		char got[24];

		assert_int_equal(parse_iccid(iccids[i].line, got, sizeof(got)),
				 iccids[i].iccid != NULL);
		if (iccids[i].iccid != NULL)
			assert_string_equal(got, iccids[i].iccid);
	}
}

static void finds_digits(void **state)
{
	char got[18];

	(void)state;
	assert_true(parse_digits("+CGSN: \"356938035643809\"", 14, 17, got, sizeof(got)));
	assert_string_equal(got, "356938035643809");
	assert_true(parse_digits("2 35693803564380901", 14, 17, got, sizeof(got)));
	assert_false(parse_digits("1234567890123", 14, 17, got, sizeof(got)));
	assert_false(parse_digits("123456789012345678", 14, 17, got, sizeof(got)));
}

static void knows_signal(void **state)
{
	(void)state;
	assert_int_equal(parse_csq_dbm(0), -113);
	assert_int_equal(parse_csq_dbm(31), -51);
	assert_int_equal(parse_csq_dbm(99), 0);
	assert_int_equal(parse_csq_dbm(150), -66);
	assert_int_equal(parse_csq_dbm(-1), 0);
}

static const struct {
	const char *hex, *text; /* text NULL: not hex */
} ucs2[] = {
	{ "00480069", "Hi" },
	{ "041C04220421", "МТС" },
	{ "D83DDE00", "\xf0\x9f\x98\x80" },
	{ "D83D0041", "\xef\xbf\xbd"
		      "A" },
	{ "0048006", NULL },
	{ "Hi", NULL },
	{ "", NULL },
};

static void decodes_ucs2(void **state)
{
	char got[64], small[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ucs2); i++) {
		assert_int_equal(parse_ucs2_hex(ucs2[i].hex, got, sizeof(got)),
				 ucs2[i].text != NULL);
		if (ucs2[i].text != NULL)
			assert_string_equal(got, ucs2[i].text);
	}
	assert_true(parse_ucs2_hex("041C04220421", small, sizeof(small)));
	assert_string_equal(small, "М"); /* whole characters only */
}

/* Seven spare bits are filled with CR, which is taken off again. */
static const struct {
	const char *text, *hex;
} packed[] = {
	{ "*100#", "AA180C3602" },       { "*101#", "AA182C3602" },        { "1", "31" },
	{ "1234567", "31D98C56B3DD1A" }, { "12345678", "31D98C56B3DD70" },
};

static void packs_and_unpacks_ussd(void **state)
{
	char hex[400], text[64], again[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(packed); i++) {
		assert_true(parse_pack_ussd(packed[i].text, hex, sizeof(hex)));
		assert_string_equal(hex, packed[i].hex);
		assert_true(parse_packed_hex(packed[i].hex, text, sizeof(text)));
		assert_string_equal(text, packed[i].text);
	}
	for (size_t n = 1; n <= 182; n++) {
		char line[200] = "";

		memset(line, 'x', n);
		assert_true(parse_pack_ussd(line, hex, sizeof(hex)));
		assert_true(parse_packed_hex(hex, again, sizeof(again)));
		assert_string_equal(again, line);
	}
	assert_false(parse_pack_ussd("", hex, sizeof(hex)));
	assert_false(parse_pack_ussd("Привет", hex, sizeof(hex)));
	assert_false(parse_pack_ussd("*100#", hex, 10));
}

/* Whole characters only, and nothing past the end of out. */
static const struct {
	bool (*decode)(const char *hex, char *out, size_t size);
	const char *hex, *text; /* text NULL: refused */
	size_t size;
} hexes[] = {
	{ parse_packed_hex, "9B32", "€", 8 },
	{ parse_packed_hex, "C8329BFD06", "Hel", 4 },
	{ parse_packed_hex, "C8329", NULL, 8 },
	{ parse_packed_hex, "Hello", NULL, 8 },
	{ parse_latin1_hex, "42616CE46E7A", "Balänz", 16 },
	{ parse_latin1_hex, "42616CE46E7A", "Bal", 5 }, /* ä would be cut in two */
	{ parse_latin1_hex, "4200", "B", 8 },
	{ parse_latin1_hex, "4", NULL, 8 },
};

static void decodes_hex_within_its_room(void **state)
{
	char got[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hexes); i++) {
		memset(got, '?', sizeof(got));
		assert_int_equal(hexes[i].decode(hexes[i].hex, got, hexes[i].size),
				 hexes[i].text != NULL);
		assert_string_equal(got, hexes[i].text != NULL ? hexes[i].text : "");
		assert_int_equal(got[hexes[i].size], '?');
	}
}

static const struct {
	const char *text, *got;
	size_t size;
} gsm_texts[] = {
	{ "5 \002\021 \033e", "5 $_ €", 16 },
	{ "a\xff\x62", "a\xef\xbf\xbd\x62", 16 },
	{ "ab\033", "ab\xc2\xa0", 16 },
	{ "one\ntwo\r", "one\ntwo\n", 16 },
	{ "\001\001", "£", 4 },
	{ "МТС", "МТС", 16 },
};

static void reads_the_gsm_alphabet_in_plain_text(void **state)
{
	char got[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(gsm_texts); i++) {
		parse_gsm_text(gsm_texts[i].text, got, gsm_texts[i].size);
		assert_string_equal(got, gsm_texts[i].got);
	}
}

static void copies_whole_clean_characters(void **state)
{
	char got[8];

	(void)state;
	parse_copy(got, sizeof(got), "МТСМТС");
	assert_string_equal(got, "МТС");
	parse_copy(got, sizeof(got),
		   "a\tb\x01"
		   "c\x7f");
	assert_string_equal(got, "abc");
	parse_copy(got, sizeof(got),
		   "a\xff"
		   "b");
	assert_string_equal(got, "a\xef\xbf\xbd"
				 "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_by_commas_outside_quotes),
		cmocka_unit_test(bounds_a_long_line),
		cmocka_unit_test(tells_registration_forms_apart),
		cmocka_unit_test(reads_ranges),
		cmocka_unit_test(reads_groups),
		cmocka_unit_test(reads_iccids),
		cmocka_unit_test(finds_digits),
		cmocka_unit_test(knows_signal),
		cmocka_unit_test(decodes_ucs2),
		cmocka_unit_test(packs_and_unpacks_ussd),
		cmocka_unit_test(decodes_hex_within_its_room),
		cmocka_unit_test(reads_the_gsm_alphabet_in_plain_text),
		cmocka_unit_test(copies_whole_clean_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
