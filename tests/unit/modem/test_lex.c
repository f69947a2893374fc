/* test_lex.c - the same bytes give the same tokens, however a read cuts them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "modem/lex.h"

#define BYTES(text) text, sizeof(text) - 1

enum { LOG_SIZE = 16384 };

static struct {
	char text[LOG_SIZE];
	size_t used;
	struct lex *lex;
	bool prompt_again;
} seen;

static void on_token(void *arg, enum lex_kind kind, const char *line, size_t n)
{
	const char *token = kind == LEX_PROMPT ? "<prompt>" : line;

	(void)arg;
	assert_int_equal(strlen(line), n);
	assert_true(seen.used + strlen(token) + 2 < LOG_SIZE);
	seen.used +=
		(size_t)sprintf(seen.text + seen.used, "%s%s", seen.used > 0 ? "|" : "", token);
	if (seen.prompt_again)
		lex_expect_prompt(seen.lex, true);
}

static void start(struct lex *lex, bool expect)
{
	memset(&seen, 0, sizeof(seen));
	seen.lex = lex;
	lex_init(lex, on_token, NULL);
	lex_expect_prompt(lex, expect);
}

static const struct {
	const char *bytes;
	size_t n;
	bool expect;
	const char *tokens;
} cases[] = {
	/* framing (modem-facts 2.1) */
	{ BYTES("\r\nOK\r\n"), false, "OK" },
	{ BYTES("\r\r\n+CSQ: 20,99\r\r\n\r\n\r\nOK\r\n"), false, "+CSQ: 20,99|OK" },
	{ BYTES("+CSQ: 1,2\nOK\n"), false, "+CSQ: 1,2|OK" },
	{ BYTES("OK\r"), false, "OK" },
	{ BYTES("AT\r\r\nOK\r\n"), false, "AT|OK" },
	{ BYTES("\0\0\r\n\0RDY\r\n"), false, "RDY" },
	{ BYTES("\r\nO\0K\0\r\0\n\0"), false, "OK" },
	{ BYTES("\r\n+CUSD: 0,\"a\0b\",15\r\n"), false, "+CUSD: 0,\"a@b\",15" },
	{ BYTES("\r\n\0>\0 0001\r\n"), true, "<prompt>|0001" },
	{ BYTES("\r\n  OK\r\n   \r\n"), false, "OK" },
	{ BYTES("\xff\xfe\x80\r\n"), false, "\xff\xfe\x80" },
	{ BYTES("half a line"), false, "" },
	/* the prompt (2.3) */
	{ BYTES("\r\n> "), true, "<prompt>" },
	{ BYTES("\r\n>\r\n+CMTI: \"SM\",1\r\n"), true, "<prompt>|+CMTI: \"SM\",1" },
	{ BYTES("\r\n>0001\r\n"), true, "<prompt>|0001" },
	{ BYTES("> "), true, "<prompt>" },
	{ BYTES("AT+CMGS=18\r\r\n> "), true, "AT+CMGS=18|<prompt>" },
	{ BYTES("AT+CMGS=18\r> "), true, "AT+CMGS=18|<prompt>" },
	{ BYTES("\r\n> 0001000B91\x1a\r\n+CMGS: 5\r\n\r\nOK\r\n"), true,
	  "<prompt>|0001000B91\x1a|+CMGS: 5|OK" },
	{ BYTES("\r\n+CMTI: \"SM\",1\r\n\r\n> "), true, "+CMTI: \"SM\",1|<prompt>" },
	{ BYTES("\r\n+CUSD: 0,\"a > b\",15\r\n"), true, "+CUSD: 0,\"a > b\",15" },
	{ BYTES("\r\n+CUSD: 0,\"a\r\n> b\",15\r\n"), true, "+CUSD: 0,\"a\n> b\",15" },
	{ BYTES("\r\n> \r\nOK\r\n"), false, "> |OK" },
	{ BYTES("\r\n> \r\n> x\r\n"), true, "<prompt>|> x" },
	/* line ends inside quotes: only of +CUSD */
	{ BYTES("\r\n+CUSD: 1,\"1 Balance\r\n2 Data\r\r\n3 Exit\",15\r\nOK\r\n"), false,
	  "+CUSD: 1,\"1 Balance\n2 Data\n3 Exit\",15|OK" },
	{ BYTES("+CUSD: 1,\"a\n\nb\rc\",15\r\n"), false, "+CUSD: 1,\"a\n\nb\nc\",15" },
	{ BYTES("+CUSD: 2\r\nOK\r\n"), false, "+CUSD: 2|OK" },
	{ BYTES("+COPS: 0,0,\"Te\"le\r\nOK\r\n"), false, "+COPS: 0,0,\"Te\"le|OK" },
	{ BYTES("+COPS: 0,0,\"Tele\r\nOK\r\n"), false, "+COPS: 0,0,\"Tele|OK" },
};

static void whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct lex lex;

		start(&lex, cases[i].expect);
		lex_feed(&lex, (const uint8_t *)cases[i].bytes, cases[i].n);
		assert_string_equal(seen.text, cases[i].tokens);
	}
}

static void split_at_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (size_t at = 0; at <= cases[i].n; at++) {
			const uint8_t *bytes = (const uint8_t *)cases[i].bytes;
			struct lex lex;

			start(&lex, cases[i].expect);
			lex_feed(&lex, bytes, at);
			lex_feed(&lex, bytes + at, cases[i].n - at);
			assert_string_equal(seen.text, cases[i].tokens);
		}
}

static void byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct lex lex;

		start(&lex, cases[i].expect);
		for (size_t at = 0; at < cases[i].n; at++)
			lex_feed(&lex, (const uint8_t *)cases[i].bytes + at, 1);
		assert_string_equal(seen.text, cases[i].tokens);
	}
}

static void feed_text(struct lex *lex, const char *text)
{
	lex_feed(lex, (const uint8_t *)text, strlen(text));
}

/* What an unclosed quote held back comes as the lines that it was, a prompt included. */
static void release(void **state)
{
	struct lex lex;

	(void)state;
	start(&lex, true);
	feed_text(&lex, "+CUSD: 0,\"cut at 160\r\n\r\n+CMTI: \"SM\",1\r\nOK\r\n> 00");
	assert_string_equal(seen.text, "");
	assert_true(lex.in_quotes);
	lex_release(&lex);
	assert_string_equal(seen.text, "+CUSD: 0,\"cut at 160|+CMTI: \"SM\",1|OK|<prompt>");
	assert_false(lex.in_quotes);
	feed_text(&lex, "01\r\n+CUSD: 0,\"x\r\ny\"\r\n");
	assert_string_equal(strrchr(seen.text, '>'), ">|0001|+CUSD: 0,\"x\ny\"");
	lex_release(&lex); /* nothing is open */
}

/* The modem is done with a line at its LF; one that sends none is not waited for without end. */
static void line_ends_at_lf(void **state)
{
	struct lex lex;

	(void)state;
	start(&lex, false);
	feed_text(&lex, "\r\nOK\r");
	assert_string_equal(seen.text, "");
	assert_true(lex.awaits_more);
	feed_text(&lex, "\n");
	assert_string_equal(seen.text, "OK");
	assert_false(lex.awaits_more);
	feed_text(&lex, "356938035643809\r\n0\r");
	assert_string_equal(seen.text, "OK|356938035643809");
	lex_release(&lex);
	assert_string_equal(seen.text, "OK|356938035643809|0");
	feed_text(&lex, "0\r"); /* it ends with CR: at once */
	assert_string_equal(seen.text, "OK|356938035643809|0|0");
	feed_text(&lex, "\nAT+CSQ\rA"); /* the next byte ends it, too */
	assert_string_equal(strrchr(seen.text, '|'), "|AT+CSQ");
}

/* So is a prompt at its blank; a modem that prints none is believed the next time. */
static void prompt_ends_at_its_blank(void **state)
{
	struct lex lex;

	(void)state;
	start(&lex, true);
	feed_text(&lex, "\r\n>");
	assert_string_equal(seen.text, "");
	assert_true(lex.awaits_more);
	lex_release(&lex);
	assert_string_equal(seen.text, "<prompt>");
	feed_text(&lex, "\r\nOK\r\n");
	lex_expect_prompt(&lex, true);
	feed_text(&lex, "\r\n>");
	assert_string_equal(seen.text, "<prompt>|OK|<prompt>");
	lex_release(&lex); /* nothing is open */
	assert_string_equal(seen.text, "<prompt>|OK|<prompt>");
}

static void open_quote_is_bounded(void **state)
{
	struct lex lex;

	(void)state;
	start(&lex, false);
	feed_text(&lex, "+CUSD: 0,\"open\r\nOK\r\n");
	assert_string_equal(seen.text, "");
	for (int i = 0; i < LEX_LINE_MAX; i++)
		feed_text(&lex, "x");
	assert_string_equal(seen.text, "+CUSD: 0,\"open|OK");
}

static void overlong_is_cut(void **state)
{
	struct lex lex;

	(void)state;
	start(&lex, false);
	for (int i = 0; i < 3 * LEX_LINE_MAX; i++)
		feed_text(&lex, "y");
	feed_text(&lex, "\r\nOK\r\n");
	assert_int_equal(strspn(seen.text, "y"), LEX_LINE_MAX);
	assert_string_equal(seen.text + LEX_LINE_MAX, "|OK");
}

static void expectation_may_be_renewed(void **state)
{
	struct lex lex;

	(void)state;
	start(&lex, true);
	seen.prompt_again = true;
	feed_text(&lex, "\r\n> \r\n> \r\n");
	assert_string_equal(seen.text, "<prompt>|<prompt>");
}

static void reset_forgets(void **state)
{
	struct lex lex;

	(void)state;
	start(&lex, true);
	feed_text(&lex, "+CUSD: 0,\"half\r\n");
	lex_reset(&lex);
	feed_text(&lex, "> \r\nOK\r\n");
	assert_string_equal(seen.text, "> |OK");
}

/* Any bytes: whatever comes, tokens hold no NUL, no line end but in +CUSD, and fit. */
static void noise(void **state)
{
	static const char alphabet[] = "\r\n\r\n>\"+CUSD: \0\x1a\x1bOKx\xff";
	struct lex lex;
	unsigned seed = 1;

	(void)state;
	start(&lex, true);
	for (int i = 0; i < 200000; i++) {
		uint8_t byte;

		seed = seed * 1103515245u + 12345u;
		byte = (uint8_t)alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		lex_feed(&lex, &byte, 1);
		if (i % 97 == 0)
			lex_expect_prompt(&lex, true);
		if (i % 1009 == 0)
			lex_release(&lex);
		if (seen.used > LOG_SIZE / 2)
			seen.used = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(split_at_every_byte),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(release),
		cmocka_unit_test(line_ends_at_lf),
		cmocka_unit_test(prompt_ends_at_its_blank),
		cmocka_unit_test(open_quote_is_bounded),
		cmocka_unit_test(overlong_is_cut),
		cmocka_unit_test(expectation_may_be_renewed),
		cmocka_unit_test(reset_forgets),
		cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests_name("lex", tests, NULL, NULL);
}
