/* DELIVER and STATUS-REPORT: known PDUs and every field's edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "modem/pdu.h"

/* 2026-11-21 19:30:05 -07:00 */
#define WHEN       "6211129103508A"
#define WHEN_TEXT  "2026-11-22T02:30:05.000Z"
#define FROM       "0C919471103254760000" /* +491701234567, PID and DCS 00 */
#define FROM_PLAIN "0C91947110325476"

static const char deliver_ok[] = "00040C9194711032547600006211129103508A1050797A5C06D53665D086F75E"
				 "6F7C";
static const char deliver_bank[] = "00040BD0C2B07B2DA30100006210203040502102C834";
static const char report_expired[] = "0006250C91947110325476621112910350406211129103904046";

static int64_t at(const char *text)
{
	int64_t ms;

	assert_int_equal(clock_parse(text, &ms), 0);
	return ms;
}

static struct pdu_deliver decode(const char *hex)
{
	struct pdu_inbound in;
	int err = pdu_decode(&in, hex, -1);

	if (err != 0 || in.kind != PDU_DELIVER)
		fail_msg("%s: %d", hex, err);
	return in.deliver;
}

static void test_known_deliver(void **state)
{
	struct pdu_inbound in;

	(void)state;
	assert_int_equal(pdu_decode(&in, deliver_ok, 33), 0);
	assert_int_equal(in.kind, PDU_DELIVER);
	assert_string_equal(in.deliver.smsc, "");
	assert_string_equal(in.deliver.sender, "+491701234567");
	assert_false(in.deliver.sender_alphanumeric);
	assert_string_equal(in.deliver.text, "Price 5€ [ok]");
	assert_int_equal(in.deliver.sent_at_ms, at(WHEN_TEXT));
	assert_int_equal(in.deliver.message_class, -1);
	assert_int_equal(in.deliver.total, 1);
	assert_int_equal(in.deliver.part, 1);
	assert_false(in.deliver.silent);
	assert_false(in.deliver.is_binary);

	assert_int_equal(pdu_decode(&in, deliver_bank, 21), 0);
	assert_string_equal(in.deliver.sender, "Bank24");
	assert_true(in.deliver.sender_alphanumeric);
	assert_string_equal(in.deliver.text, "Hi");
	assert_int_equal(in.deliver.sent_at_ms, at("2026-01-02T00:04:05Z"));
}

static void test_known_report(void **state)
{
	struct pdu_inbound in;

	(void)state;
	assert_int_equal(pdu_decode(&in, report_expired, 25), 0);
	assert_int_equal(in.kind, PDU_STATUS_REPORT);
	assert_int_equal(in.report.reference, 0x25);
	assert_string_equal(in.report.recipient, "+491701234567");
	assert_int_equal(in.report.status, 0x46);
	assert_int_equal(in.report.sent_at_ms, at("2026-11-21T18:30:05Z"));
	assert_int_equal(in.report.discharged_at_ms, in.report.sent_at_ms + 4000);
	/* lower case; with PI, PID, DCS and user data behind TP-ST */
	assert_int_equal(pdu_decode(&in,
				    "0006250c91947110325476621112910350406211129103904000"
				    "0700000161",
				    -1),
			 0);
	assert_int_equal(in.report.status, 0);
}

static const struct {
	const char *smsc_hex, *smsc;
} smscs[] = {
	{ "00", "" },
	{ "07919471016704F9", "+49171076409" },
	{ "0181", "" },
	{ "0281F1", "1" },
	{ "0B9121436587092143658709", "+12345678901234567890" },
	{ "039121F3", "+123" },
};

static void test_smsc(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(smscs); i++) {
		char hex[128];
		struct pdu_deliver d;

		snprintf(hex, sizeof(hex), "%s04" FROM WHEN "0161", smscs[i].smsc_hex);
		d = decode(hex);
		assert_string_equal(d.smsc, smscs[i].smsc);
		assert_string_equal(d.sender, "+491701234567");
	}
}

static const struct {
	const char *hex, *sender;
	bool letters;
} senders[] = {
	{ "0091", "", false },
	{ "0081", "", false },
	{ "039109F0", "+900", false },
	{ "038109F0", "900", false },
	{ "03A109F0", "900", false },
	{ "04B109F0", "900", false }, /* filler where a digit should be: what stands before it */
	{ "0681BADC1E", "*#abc1", false }, /* 9.1.2.3: A to E */
	{ "149121436587092143658709", "+12345678901234567890", false },
	{ "00D0", "", true },
	{ "02D041", "A", true },
	{ "04D0D32A", "SU", true },
	/* eleven letters fill ten octets; with escapes it is five, and one escape in vain */
	{ "14D041E19058341E9149E512", "ABCDEFGHIJK", true },
	{ "14D09BF2A6BC296FCA9BF206", "€€€€€", true },
};

static void test_senders(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(senders); i++) {
		char hex[128];
		struct pdu_deliver d;

		snprintf(hex, sizeof(hex), "0004%s0000" WHEN "0161", senders[i].hex);
		d = decode(hex);
		if (strcmp(d.sender, senders[i].sender) != 0 ||
		    d.sender_alphanumeric != senders[i].letters)
			fail_msg("%s: %s", senders[i].hex, d.sender);
		assert_string_equal(d.text, "a");
	}
}

enum shown { TEXT, HEX };

static const struct {
	uint8_t dcs;
	const char *data; /* TP-UDL and TP-UD */
	const char *text;
	enum shown shown;
	int class;
} codings[] = {
	{ 0x00, "0161", "a", TEXT, -1 },
	{ 0x0c, "0161", "a", TEXT, -1 }, /* reserved alphabet */
	{ 0x03, "0161", "a", TEXT, -1 }, /* class bits without meaning */
	{ 0x10, "0161", "a", TEXT, 0 },
	{ 0x11, "0161", "a", TEXT, 1 },
	{ 0x13, "0161", "a", TEXT, 3 },
	{ 0x04, "02C3A9", "C3A9", HEX, -1 },
	{ 0x16, "02C3A9", "C3A9", HEX, 2 },
	{ 0x08, "020436", "ж", TEXT, -1 },
	{ 0x18, "020436", "ж", TEXT, 0 },
	{ 0x20, "0161", "61", HEX, -1 }, /* compressed: kept as it is */
	{ 0x28, "020436", "0436", HEX, -1 },
	{ 0x30, "0161", "61", HEX, 0 },
	{ 0x40, "0161", "a", TEXT, -1 }, /* delete after reading */
	{ 0x48, "020436", "ж", TEXT, -1 },
	{ 0x52, "0161", "a", TEXT, 2 },
	{ 0x80, "0161", "a", TEXT, -1 }, /* reserved */
	{ 0xbf, "0161", "a", TEXT, -1 },
	{ 0xc8, "0161", "a", TEXT, -1 }, /* messages are waiting */
	{ 0xd9, "0161", "a", TEXT, -1 },
	{ 0xe0, "020436", "ж", TEXT, -1 },
	{ 0xf0, "0161", "a", TEXT, 0 },
	{ 0xf2, "0161", "a", TEXT, 2 },
	{ 0xf5, "02C3A9", "C3A9", HEX, 1 },
	{ 0x00, "00", "", TEXT, -1 },
	{ 0x04, "00", "", HEX, -1 },
	{ 0x08, "00", "", TEXT, -1 },
	/* UTF-16: a pair, halves of pairs, an odd octet, and U+0000 that a text cannot hold */
	{ 0x08, "04D83DDE00", "😀", TEXT, -1 },
	{ 0x08, "04D83D0041", "\uFFFDA", TEXT, -1 },
	{ 0x08, "04DE000041", "\uFFFDA", TEXT, -1 },
	{ 0x08, "02D83D", "\uFFFD", TEXT, -1 },
	{ 0x08, "03004141", "A", TEXT, -1 },
	{ 0x08, "0400000041", "\uFFFDA", TEXT, -1 },
	{ 0x08, "04DBFFDFFF", "\U0010FFFF", TEXT, -1 },
	/* septets: escapes, a lone one at the end, unassigned ones, twice */
	{ 0x00, "029B32", "€", TEXT, -1 },
	{ 0x00, "011B", "", TEXT, -1 },
	{ 0x00, "02E10D", "a", TEXT, -1 },
	{ 0x00, "029B30", "a", TEXT, -1 },
	{ 0x00, "029B0D", "\u00a0", TEXT, -1 },
	{ 0x00, "0100", "@", TEXT, -1 },
	{ 0x00, "0731D98C56B3DD00", "1234567", TEXT, -1 },
	{ 0x00, "0831D98C56B3DD70", "12345678", TEXT, -1 },
	/* octets behind the user data */
	{ 0x00, "0161FFFF", "a", TEXT, -1 },
};

static void test_codings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(codings); i++) {
		char hex[256];
		struct pdu_deliver d;

		snprintf(hex, sizeof(hex), "0004" FROM_PLAIN "00%02X" WHEN "%s", codings[i].dcs,
			 codings[i].data);
		d = decode(hex);
		if (strcmp(d.text, codings[i].text) != 0 || d.message_class != codings[i].class ||
		    d.is_binary != (codings[i].shown == HEX))
			fail_msg("case %zu: \"%s\", class %d", i, d.text, d.message_class);
	}
}

static const struct {
	uint8_t dcs;
	const char *data;
	const char *text;
	unsigned reference, total, part;
	bool wide;
} headers[] = {
	/* 05 00 03 2A 02 02, a fill bit, "tail" */
	{ 0x00, "0B0500032A0202E8E1341B", "tail", 0x2a, 2, 2, false },
	{ 0x00, "0C06080423450202F4709A0D", "tail", 0x2345, 2, 2, true },
	{ 0x08,
	  "08050003010301"
	  "0061",
	  "a", 1, 3, 1, false },
	{ 0x08,
	  "08050003010301"
	  "0436",
	  "ж", 1, 3, 1, false },
	{ 0x04,
	  "07050003FFFFFF"
	  "00",
	  "00", 0xff, 255, 255, false },
	/* elements to be ignored: total 0, part 0, part beyond total, a wrong length */
	{ 0x08,
	  "08050003010001"
	  "0436",
	  "ж", 0, 1, 1, false },
	{ 0x08,
	  "08050003010200"
	  "0436",
	  "ж", 0, 1, 1, false },
	{ 0x08,
	  "08050003010203"
	  "0436",
	  "ж", 0, 1, 1, false },
	{ 0x08,
	  "070400020102"
	  "0436",
	  "ж", 0, 1, 1, false },
	/* unknown ones before and after; the last of two counts */
	{ 0x08,
	  "0E0B"
	  "0A0141"
	  "0003070201"
	  "050100"
	  "0436",
	  "ж", 7, 2, 1, false },
	{ 0x08,
	  "0E0B"
	  "0003070201"
	  "080400090403"
	  "0436",
	  "ж", 9, 4, 3, true },
	/* an element that runs out of the header, an empty header, half an element */
	{ 0x08,
	  "06030005"
	  "01"
	  "0436",
	  "ж", 0, 1, 1, false },
	{ 0x08,
	  "0300"
	  "0436",
	  "ж", 0, 1, 1, false },
	{ 0x08,
	  "0400"
	  "0436"
	  "00",
	  "ж", 0, 1, 1, false },
	{ 0x08,
	  "0401"
	  "00"
	  "0436",
	  "ж", 0, 1, 1, false },
	/* nothing but a header; septets that end inside it */
	{ 0x00, "0705000301020100", "", 1, 2, 1, false },
	{ 0x00, "06050003010201", "", 1, 2, 1, false },
	{ 0x08, "06050003010201", "", 1, 2, 1, false },
};

static void test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		char hex[256];
		struct pdu_deliver d;

		snprintf(hex, sizeof(hex), "0044" FROM_PLAIN "00%02X" WHEN "%s", headers[i].dcs,
			 headers[i].data);
		d = decode(hex);
		if (strcmp(d.text, headers[i].text) != 0 || d.reference != headers[i].reference ||
		    d.total != headers[i].total || d.part != headers[i].part ||
		    d.wide_reference != headers[i].wide)
			fail_msg("case %zu: \"%s\", %u, %u of %u", i, d.text, d.reference, d.part,
				 d.total);
	}
}

static const struct {
	const char *hex, *time; /* NULL: unknown */
} times[] = {
	{ WHEN, WHEN_TEXT },
	{ "62111291035080", "2026-11-21T17:30:05Z" },
	{ "62111291035021", "2026-11-21T16:30:05Z" },
	{ "62111291035000", "2026-11-21T19:30:05Z" },
	{ "62111291035008", "2026-11-21T19:30:05Z" }, /* minus nothing */
	{ "62111291035065", "2026-11-21T05:30:05Z" }, /* 56 quarters, +14:00 */
	{ "62101000000021", "2025-12-31T21:00:00Z" },
	{ "42209232959500", "2024-02-29T23:59:59Z" },
	{ "09101000000000", "1990-01-01T00:00:00Z" },
	{ "00000000000000", NULL },
	{ "FFFFFFFFFFFFFF", NULL },
	{ "6211129103500A", "2026-11-22T00:30:05Z" },
	{ "621112910350A0", NULL },
	{ "62131291035000", NULL }, /* month 31 */
	{ "62001291035000", NULL },
	{ "62112391035000", NULL }, /* day 32 */
	{ "62200300000000", NULL }, /* 30 February */
	{ "62111242035000", NULL }, /* hour 24 */
	{ "62111291065000", NULL }, /* minute 60 */
	{ "62111291030600", NULL }, /* second 60 */
	{ "6A111291035000", NULL },
	{ "A2111291035000", NULL },
};

static void test_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		int64_t wanted = times[i].time != NULL ? at(times[i].time) : 0;
		char hex[128];

		snprintf(hex, sizeof(hex), "0004" FROM "%s0161", times[i].hex);
		if (decode(hex).sent_at_ms != wanted)
			fail_msg("%s: %lld", times[i].hex, (long long)decode(hex).sent_at_ms);
	}
}

static void test_kinds(void **state)
{
	static const struct {
		const char *hex;
		enum pdu_kind kind;
	} kinds[] = {
		{ "0000" FROM WHEN "0161", PDU_DELIVER },
		{ "00BC" FROM WHEN "0161", PDU_DELIVER }, /* MMS, LP, SRI, RP */
		{ "0003" FROM WHEN "0161", PDU_DELIVER }, /* reserved */
		{ "0001000C919471103254760000"
		  "0161",
		  PDU_OTHER },
		{ "0011", PDU_OTHER },
		{ report_expired, PDU_STATUS_REPORT },
	};
	struct pdu_inbound in;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		assert_int_equal(pdu_decode(&in, kinds[i].hex, -1), 0);
		assert_int_equal(in.kind, kinds[i].kind);
	}
	assert_true(decode("0004" FROM_PLAIN "4000" WHEN "0161").silent);
	assert_false(decode("0004" FROM_PLAIN "4100" WHEN "0161").silent);
}

static void test_refused(void **state)
{
	static const struct {
		const char *hex;
		int length;
	} cases[] = {
		{ "", -1 },
		{ "0", -1 },
		{ "00", -1 },
		{ "00", 0 },
		{ "0004GG", -1 },
		{ "000", -1 },
		{ " 00", -1 },
		{ "0004" FROM WHEN "0161 ", -1 },
		{ "0004" FROM WHEN "0161", 19 }, /* 20 are there */
		{ "0004" FROM WHEN "0161", 21 },
		{ "0004" FROM WHEN "0261", -1 }, /* two septets do not fit one octet... */
		{ "0004" FROM WHEN "A1", -1 },   /* ... nor 161 what is there */
		{ "0044" FROM WHEN "00", -1 },   /* a header must be there */
		{ "0044" FROM WHEN "0261"
		  "00",
		  -1 }, /* and fit into the user data */
		{ "0004159121436587092143658709F10000" WHEN "0161", -1 }, /* 21 digits */
		{ "0C91214365870921436587092104" FROM WHEN "0161", -1 },  /* SMSC of 22 */
		{ "FF", -1 },
	};
	struct pdu_inbound in;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (pdu_decode(&in, cases[i].hex, cases[i].length) != -EBADMSG)
			fail_msg("case %zu is taken", i);
	assert_int_equal(pdu_decode(&in, "0004" FROM WHEN "0161", 20), 0);
}

/* User data of 161 septets or 141 octets is no SMS, though it be there. */
static void test_too_long(void **state)
{
	struct pdu_inbound in;
	char hex[600];
	int n = snprintf(hex, sizeof(hex), "0004" FROM WHEN "A0");

	(void)state;
	memset(hex + n, '0', 2 * 142);
	hex[n + 2 * 142] = '\0';
	assert_int_equal(pdu_decode(&in, hex, -1), 0);
	assert_int_equal(strlen(in.deliver.text), 160);
	hex[n - 1] = '1';
	assert_int_equal(pdu_decode(&in, hex, -1), -EBADMSG);
	memset(hex, '0', sizeof(hex));
	hex[598] = '\0';
	assert_int_equal(pdu_decode(&in, hex, -1), -EBADMSG);
}

static void test_status(void **state)
{
	static const struct {
		unsigned first, last;
		enum pdu_status_class class;
	} ranges[] = {
		{ 0x00, 0x1f, ST_DELIVERED }, { 0x20, 0x3f, ST_PENDING }, { 0x40, 0x45, ST_FAILED },
		{ 0x46, 0x46, ST_EXPIRED },   { 0x47, 0xff, ST_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		for (unsigned st = ranges[i].first; st <= ranges[i].last; st++) {
			assert_int_equal(pdu_status_class((uint8_t)st), ranges[i].class);
			assert_true(strlen(pdu_status_text((uint8_t)st)) > 5);
		}
	assert_non_null(strstr(pdu_status_text(0x46), "expired"));
	assert_non_null(strstr(pdu_status_text(0x01), "cannot be confirmed"));
	assert_non_null(strstr(pdu_status_text(0x20), "keeps trying"));
	assert_non_null(strstr(pdu_status_text(0x60), "gave up"));
	assert_non_null(strstr(pdu_status_text(0x4a), "failed"));
	assert_non_null(strstr(pdu_status_text(0x80), "not known"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_deliver), cmocka_unit_test(test_known_report),
		cmocka_unit_test(test_smsc),          cmocka_unit_test(test_senders),
		cmocka_unit_test(test_codings),       cmocka_unit_test(test_headers),
		cmocka_unit_test(test_times),         cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_refused),       cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
