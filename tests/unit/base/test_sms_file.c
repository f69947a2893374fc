/* test_sms_file.c - files of older gateways: what they say, and why some are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/sms_file.h"
#include "base/util.h"

#define BYTES(text)  (text), sizeof(text) - 1
#define TO           "To: 79121234567\n"
#define IS_NO_TEXT   "no plain text"
#define OF_NO_SET    "not of the alphabet"
#define IS_NOT_WHOLE "its text is not all in it"

/* smstools: doc/fileformat.html. text NULL: refused, and to is a part of the reason. */
static const struct {
	const char *bytes;
	size_t n;
	const char *to, *text;
	bool report, high;
} smstools[] = {
	{ BYTES(TO "\nHello\n"), "+79121234567", "Hello", false, false },
	{ BYTES("To: 7 912 1234567\r\nFrom: me\r\n\r\nHello\r\n\r\n"), "+79121234567", "Hello",
	  false, false },
	{ BYTES("To: +79121234567\n\n two\n\nlines "), "+79121234567", " two\n\nlines ", false,
	  false },
	{ BYTES("To:89121234567\n\nx"), "+89121234567", "x", false, false },
	{ BYTES("To: 09121234567\n\nx"), "09121234567", "x", false, false },
	{ BYTES("To: s1234\n\nx"), "1234", "x", false, false },
	{ BYTES("To: 1\nTo: 2\n\nthe last one"), "+2", "the last one", false, false },
	{ BYTES(TO "Report: yes\nPriority: HIGH\n\nx"), "+79121234567", "x", true, true },
	{ BYTES(TO "Report: no\nPriority: low\nQueue: q\nValidity: 255\n\nx"), "+79121234567", "x",
	  false, false },
	{ BYTES(TO "no header at all\n\nx"), "+79121234567", "x", false, false },
	{ BYTES(TO "to: 1\nflash: yes\n\ncase matters"), "+79121234567", "case matters", false,
	  false },
	{ BYTES(TO), "+79121234567", "", false, false },
	{ BYTES("To: 79121234567"), "+79121234567", "", false, false },
	{ BYTES(TO "\n"), "+79121234567", "", false, false },
	/* alphabets */
	{ BYTES(TO "\nПривет"), "+79121234567", "Привет", false, false },
	{ BYTES(TO "\ncaf\xe9 \xa4"), "+79121234567", "café €", false, false },
	{ BYTES(TO "Alphabet: ISO-8859-15\n\n\xc3\xa9"), "+79121234567", "Ã©", false, false },
	{ BYTES(TO "Alphabet: latin\n\n\xe9"), "+79121234567", "é", false, false },
	{ BYTES(TO "Alphabet: utf-8\n\n\xc3\xa9"), "+79121234567", "é", false, false },
	{ BYTES(TO "Alphabet: UCS2\n\n\x04\x1f\x04\x40\xd8\x3d\xde\x00"), "+79121234567", "Пр😀",
	  false, false },
	{ BYTES(TO "Alphabet: Chinese\n\n\x00\x0a\x4f\x60\x00\x0a"), "+79121234567", "\n你", false,
	  false },
	{ BYTES(TO "Alphabet: UTF-8\n\n\xff"), OF_NO_SET, NULL, false, false },
	{ BYTES(TO "Alphabet: UTF-8\n\n\xed\xa0\x80"), OF_NO_SET, NULL, false, false },
	{ BYTES(TO "Alphabet: UCS\n\n\x04"), OF_NO_SET, NULL, false, false },
	{ BYTES(TO "Alphabet: UCS\n\n\xd8\x3d"), OF_NO_SET, NULL, false, false },
	{ BYTES(TO "Alphabet: UCS\n\n\x00\x41\x00\x00"), OF_NO_SET, NULL, false, false },
	{ BYTES(TO "\na\0b"), OF_NO_SET, NULL, false, false },
	{ BYTES(TO "Alphabet: UTF\n\nx\xf6\xaf\x8d\x93"), "not of the alphabet", NULL, false,
	  false },
	{ BYTES(TO "Alphabet: binary\n\n\x01"), "neither ISO", NULL, false, false },
	{ BYTES(TO "Alphabet: GSM\n\nx"), "neither ISO", NULL, false, false },
	{ BYTES(TO "Alphabet:\n\nx"), "neither ISO", NULL, false, false },
	/* no text, or not all of it */
	{ BYTES(TO "Flash: yes\n\nx"), IS_NO_TEXT, NULL, false, false },
	{ BYTES(TO "Flash: no\nHex: 0\nVoicecall: false\n\nx"), "+79121234567", "x", false, false },
	{ BYTES(TO "Hex: 1\n\n00"), IS_NO_TEXT, NULL, false, false },
	{ BYTES(TO "Voicecall: true\n\nx"), IS_NO_TEXT, NULL, false, false },
	{ BYTES(TO "System_message: Yes\n\nx"), IS_NO_TEXT, NULL, false, false },
	{ BYTES(TO "UDH-DATA: 05 00 03 01 02 01\n\nx"), IS_NOT_WHOLE, NULL, false, false },
	{ BYTES(TO "Include: /etc/passwd\n\nx"), IS_NOT_WHOLE, NULL, false, false },
	{ BYTES(TO "Macro: a=b\n\nx"), IS_NOT_WHOLE, NULL, false, false },
	{ BYTES("From: me\n\n" TO), "no To: header", NULL, false, false },
	{ BYTES("To: \n\nx"), "no To: header", NULL, false, false },
	{ BYTES("\n\n"), "no To: header", NULL, false, false },
	{ BYTES(""), "no To: header", NULL, false, false },
	{ BYTES("To: 7912\0\n\nx"), "headers are no text", NULL, false, false },
};

/* gammu-smsbackup(5) */
#define PART(udh, hex)                                                                             \
	"[SMSBackup000]\n; words\nPDU = Submit\nNumber = \"+7\"\r\nNumberUnicode = 002B0037\r\n"   \
	"Text00 = " hex "\r\nCoding = Default_No_Compression\nClass = -1\nUDH = " udh "\n\n"

static const struct {
	const char *name, *bytes;
	size_t n;
	const char *to, *text;
	bool report;
} gammu[] = {
	{ "OUT+79121234567.txt", BYTES("Hello"), "+79121234567", "Hello", false },
	{ "OUTA_+79121234567_00.txtd", BYTES("\xff\xfe\x1f\x04"), "+79121234567", "П", true },
	{ "OUTC20261121_193005_00_+79121234567_note_x.txt", BYTES("\xef\xbb\xbfx"), "+79121234567",
	  "x", false },
	{ "OUT79121234567.txt", BYTES("\xfe\xff\x04\x1f"), "79121234567", "П", false },
	{ "OUT_x.smsbackup", BYTES(PART("", "041F0021")), "+7", "П!", false },
	{ "OUT_x.smsbackup", BYTES(PART("050003A70201", "0041") PART("050003A70202", "0042")), "+7",
	  "AB", false },
	{ "OUT_x.smsbackup", BYTES(PART("", "0041") "PDU = Status_Report\nText01 = 0042"), "+7",
	  "AB", true },
	{ "OUT_x.smsbackup", BYTES(PART("", "004")), "text is no hex", NULL, false },
	{ "OUT_x.smsbackup", BYTES(PART("", "xy")), "text is no hex", NULL, false },
	{ "OUT_x.smsbackup", BYTES(PART("", "")), "no number or no text", NULL, false },
	{ "OUT_x.smsbackup", BYTES(""), "no number or no text", NULL, false },
	{ "OUT_x.smsbackup", BYTES(PART("06050415811581", "0041")), "a header for a port", NULL,
	  false },
	{ "OUT_x.smsbackup", BYTES(PART("", "0041") "Class = 0\n"), "flash", NULL, false },
	{ "OUT_x.smsbackup", BYTES(PART("", "0041") "Coding = 8bit\n"), "binary", NULL, false },
	{ "OUT_x.smsbackup", BYTES(PART("", "0041") "PDU = Deliver\n"), "received", NULL, false },
	{ "OUT_x.smsbackup", BYTES(PART("", "0041") "NumberUnicode = 0038\n"), "several", NULL,
	  false },
	{ "OUT_x.smsbackup", BYTES("NumberUnicode = 0\0\n"), "number is no hex", NULL, false },
	{ "OUT+79121234567.txtf", BYTES("x"), IS_NO_TEXT, NULL, false },
	{ "OUT.txt", BYTES("x"), "no number", NULL, false },
	{ "OUT__.txt", BYTES("x"), "no number", NULL, false },
	{ "IN20261121.txt", BYTES("x"), "is neither OUT", NULL, false },
	{ "OUT+79121234567", BYTES("x"), "is neither OUT", NULL, false },
};

static void check(const char *problem, struct sms_file *file, const char *to, const char *text)
{
	if (text == NULL) {
		assert_non_null(problem);
		if (strstr(problem, to) == NULL)
			fail_msg("%s, not %s", problem, to);
		return;
	}
	if (problem != NULL)
		fail_msg("%s: %s", text, problem);
	assert_string_equal(file->to, to);
	assert_string_equal(file->text, text);
	sms_file_free(file);
}

static void test_smstools(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(smstools); i++) {
		struct sms_file file;
		const char *problem = sms_file_smstools(smstools[i].bytes, smstools[i].n, &file);

		if (problem == NULL)
			assert_true(file.report == smstools[i].report &&
				    file.high == smstools[i].high);
		check(problem, &file, smstools[i].to, smstools[i].text);
	}
}

static void test_gammu(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(gammu); i++) {
		struct sms_file file;
		const char *problem =
			sms_file_gammu(gammu[i].name, gammu[i].bytes, gammu[i].n, &file);

		if (problem == NULL)
			assert_int_equal(file.report, gammu[i].report);
		check(problem, &file, gammu[i].to, gammu[i].text);
	}
}

/* A line, a number of any length: what is too long for us is cut, and is no number then. */
static void test_long_ones(void **state)
{
	static char bytes[SMS_FILE_MAX];
	struct sms_file file;

	(void)state;
	memset(bytes, '7', sizeof(bytes));
	assert_non_null(sms_file_smstools(bytes, sizeof(bytes), &file));
	memcpy(bytes, "To: ", 4);
	assert_null(sms_file_smstools(bytes, sizeof(bytes), &file));
	assert_int_equal(strlen(file.to), SMS_FILE_NUMBER_SIZE - 1);
	sms_file_free(&file);
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		bool message;
	} names[] = {
		{ "send_x7", true }, { "a.b", true },     { "LOCK", true },
		{ ".a", false },     { "a.LOCK", false }, { "a.LOCK.b", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(sms_file_is_message(names[i].name), names[i].message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smstools),
		cmocka_unit_test(test_gammu),
		cmocka_unit_test(test_long_ones),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
