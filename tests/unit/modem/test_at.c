/* test_at.c - queue, payload, abandoning, closing and trace. No time passes: see test_at_time.c. */
#include <errno.h>

#include "base/util.h"
#include "modem/at_lines.h"
#include "tests/unit/modem/test_at_rig.h"

enum { BARE = AT_BARE_LINES };

static const struct at_command next_command = {
	.text = "AT+CREG?",
	.prefix = "+CREG:",
	.timeout_ms = 60 * SECONDS,
	.done = on_done,
};

/* The next command is written inside the same at_feed, and no byte of that read answers it. */
static void next_goes_at_once(void **state)
{
	(void)state;
	rig_open();
	rig.then = &next_command;
	send_with("AT", NULL, 0, false);
	feed("\r\nOK\r\n+CREG: 0,1\r\nOK\r\n");
	assert_string_equal(rig.log, "write AT\\r\ndone OK -1 \"OK\"\nwrite AT+CREG?\\r\n"
				     "urc +CREG: 0,1\nurc OK\n");
	feed("\r\n+CREG: 0,5\r\nOK\r\n");
	assert_string_equal(strstr(rig.log, "urc OK\n") + 7, "done OK -1 \"OK\" [+CREG: 0,5]\n");
	assert_true(at_idle(rig.at));
	rig_close();
}

static void queue_keeps_order(void **state)
{
	(void)state;
	rig_open();
	send_with("AT+A", NULL, 0, false);
	send_with("AT+B", NULL, 0, false);
	send_with("AT+C", NULL, 0, false);
	assert_false(at_idle(rig.at));
	for (int i = 0; i < 3; i++)
		feed("\r\nOK\r\n");
	assert_string_equal(rig.log, "write AT+A\\r\ndone OK -1 \"OK\"\n"
				     "write AT+B\\r\ndone OK -1 \"OK\"\n"
				     "write AT+C\\r\ndone OK -1 \"OK\"\n");
	rig_close();
}

/* Whatever is unfinished ends once, in order, before closed; nothing else comes. */
static void close_ends_all(void **state)
{
	(void)state;
	rig_open();
	send_with("AT+A", "+A:", 0, false);
	send_with("AT+B", NULL, 0, false);
	feed("\r\n+A: 1\r\n");
	at_close(rig.at, on_closed, NULL);
	feed("\r\nOK\r\nRING\r\n");
	assert_int_equal(at_send(rig.at, &next_command), -ENOTCONN);
	at_payload(rig.at, PDU);
	at_abandon(rig.at);
	at_resync(rig.at);
	assert_int_equal(rig.dones, 0);
	rig_end();
	assert_string_equal(rig.log, "write AT+A\\r\ndone CLOSED -1 \"\" [+A: 1]\n"
				     "done CLOSED -1 \"\"\n");
}

static void close_inside_handlers(void **state)
{
	(void)state;
	rig_open();
	rig.close_in_done = true;
	send_with("AT+A", NULL, 0, false);
	send_with("AT+B", NULL, 0, false);
	feed("\r\nOK\r\nRING\r\n");
	rig_end();
	assert_string_equal(rig.log, "write AT+A\\r\ndone OK -1 \"OK\"\ndone CLOSED -1 \"\"\n");

	/* The final result that came with the read is not thrown away. */
	rig_open();
	rig.close_in_urc = rig.payload_at_prompt = true;
	send_with("AT+CMGS=18", "+CMGS:", 0, true);
	feed("\r\n> ");
	feed("\r\nRING\r\n+CMGS: 5\r\nOK\r\nRING\r\n");
	rig_end();
	assert_string_equal(strstr(rig.log, "urc"),
			    "urc RING\ndone OK -1 \"OK\" [+CMGS: 5] prompted submitted\n");
}

/* The record of the attempt may be on disk long after the prompt. */
static void payload_comes_later(void **state)
{
	(void)state;
	rig_open();
	send_with("AT+CMGS=18", "+CMGS:", 0, true);
	at_payload(rig.at, PDU); /* nobody asked yet */
	feed("\r\n> ");
	feed("\r\nRING\r\n");
	assert_string_equal(rig.log, "write AT+CMGS=18\\r\nprompt\nurc RING\n");
	at_payload(rig.at, PDU);
	at_payload(rig.at, PDU);
	at_abandon(rig.at); /* too late */
	feed("\r\n+CMGS: 1\r\nOK\r\n");
	assert_string_equal(strstr(rig.log, "urc RING\n") + 9,
			    "write " PDU "^Z\ndone OK -1 \"OK\" [+CMGS: 1] prompted submitted\n");
	rig_close();
}

static void abandon_before_the_prompt(void **state)
{
	(void)state;
	rig_open();
	send_with("AT+CMGS=18", "+CMGS:", 0, true);
	at_abandon(rig.at);
	at_abandon(rig.at);
	assert_string_equal(rig.log, "write AT+CMGS=18\\r\n");
	feed("\r\n> ");
	at_payload(rig.at, PDU);
	feed("\r\nOK\r\n");
	assert_string_equal(rig.log,
			    "write AT+CMGS=18\\r\nwrite ^[\ndone ERROR -1 \"OK\" prompted\n");
	assert_true(at_idle(rig.at));
	rig_close();
}

static void abandon_in_the_queue(void **state)
{
	(void)state;
	rig_open();
	at_abandon(rig.at);
	send_with("AT+CMMS=2", NULL, 0, false);
	send_with("AT+CMGS=18", "+CMGS:", 0, true);
	at_abandon(rig.at);
	feed("\r\nOK\r\n");
	assert_string_equal(rig.log, "write AT+CMMS=2\\r\ndone OK -1 \"OK\"\ndone ERROR -1 \"\"\n");
	assert_true(at_idle(rig.at));
	rig_close();
}

/* An error at the open prompt ends the command; the prompt may have stayed: ESC. */
/* Reports of registration beside the answer to the question: what could be a location is one. */
static void registration_is_told_from_its_reports(void **state)
{
	(void)state;
	rig_open();
	send_with("AT+CREG?", "+CREG:", 0, false);
	feed("\r\n+CREG: 1,AB,C3D4\r\n+CREG: 5,\"1A2B\",\"C3D4\"\r\n+CREG: 2,1\r\nOK\r\n");
	assert_string_equal(rig.log, "write AT+CREG?\\r\nurc +CREG: 1,AB,C3D4\n"
				     "urc +CREG: 5,\"1A2B\",\"C3D4\"\n"
				     "done OK -1 \"OK\" [+CREG: 2,1]\n");
	rig_close();
}

/* The message is given up, not what waits before it. */
static void abandon_behind_another_command(void **state)
{
	(void)state;
	rig_open();
	send_with("AT+A", NULL, 0, false);
	send_with("AT+B", NULL, 0, false);
	send_with("AT+CMGS=18", "+CMGS:", 0, true);
	at_abandon(rig.at);
	at_abandon(rig.at);
	for (int i = 0; i < 2; i++)
		feed("\r\nOK\r\n");
	assert_string_equal(rig.log, "write AT+A\\r\ndone OK -1 \"OK\"\nwrite AT+B\\r\n"
				     "done OK -1 \"OK\"\ndone ERROR -1 \"\"\n");
	assert_true(at_idle(rig.at));
	rig_close();
}

/* More lines in one read than are usually kept, and a usual one after it. */
static void a_flood_of_lines_is_told_whole(void **state)
{
	char flood[4096] = "", *end = flood;
	unsigned n = 0;

	(void)state;
	rig_open();
	for (; n < 200; n++)
		end += sprintf(end, "\r\n+CREG: %u\r\n", n % 6);
	feed(flood);
	for (const char *at = rig.log; (at = strstr(at, "urc +CREG: ")) != NULL; at++, n--)
		assert_int_equal(at[strlen("urc +CREG: ")] - '0', (200 - n) % 6);
	assert_int_equal(n, 0);
	rig.used = 0;
	feed("\r\nRING\r\n");
	assert_string_equal(rig.log, "urc RING\n");
	rig_close();
}

static void error_while_waiting_for_the_disk(void **state)
{
	(void)state;
	rig_open();
	send_with("AT+CMGS=18", "+CMGS:", 0, true);
	feed("\r\n> ");
	feed("\r\n+CMS ERROR: 512\r\n");
	at_payload(rig.at, PDU);
	assert_string_equal(rig.log, "write AT+CMGS=18\\r\nprompt\n"
				     "done ERROR cms 512 \"+CMS ERROR: 512\" prompted\nwrite ^[\n");
	assert_false(at_idle(rig.at));
	rig_close();

	rig_open(); /* both in one read: no prompt is told */
	send_with("AT+CMGS=18", "+CMGS:", 0, true);
	feed("\r\n> \r\n+CMS ERROR: 512\r\n");
	assert_string_equal(rig.log, "write AT+CMGS=18\\r\n"
				     "done ERROR cms 512 \"+CMS ERROR: 512\" prompted\nwrite ^[\n");
	rig_close();
}

static void bad_commands_are_refused(void **state)
{
	static const struct {
		const char *text;
		int error;
	} bad[] = {
		{ "", -EINVAL },       { "AT\rAT", -EINVAL }, { "AT\n", -EINVAL },
		{ "AT\x1a", -EINVAL }, { "AT\x1b", -EINVAL },
	};
	struct at_command command = next_command;
	char text[4096];

	(void)state;
	rig_open();
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		command.text = bad[i].text;
		assert_int_equal(at_send(rig.at, &command), bad[i].error);
	}
	memset(text, 'A', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	command.text = text;
	assert_int_equal(at_send(rig.at, &command), -EMSGSIZE);
	assert_string_equal(rig.log, "");
	rig_close();
}

/* No PDU, number, PIN or text in a trace, not even in an echo. */
static void trace_hides(void **state)
{
	static const char want[] = "trace > AT+CPIN=...\n"
				   "trace < OK\n"
				   "trace > AT+CMGS=18\n"
				   "trace < > \n"
				   "trace > <pdu>\n"
				   "trace > <Ctrl-Z>\n"
				   "trace < +CMGS: 5\n"
				   "trace < OK\n"
				   "trace < +CMT: ,30\n"
				   "trace < <pdu>\n"
				   "trace < ? ?(\n"
				   "trace < +CMT: \"";
	char traces[4096] = "";

	(void)state;
	rig_open();
	rig.payload_at_prompt = true;
	at_tracing(rig.at, true);
	send_with("AT+CPIN=\"1234\"", NULL, AT_SECRET, false);
	feed("AT+CPIN=\"1234\"\r\r\n\x01garbled=\"1234\"\r\nOK\r\n");
	send_with("AT+CMGS=18", "+CMGS:", 0, true);
	feed("\r\n> ");
	feed(PDU "\x1a\r\n+CMGS: 5\r\nOK\r\n+CMT: ,30\r\n" DELIVER "\r\n");
	feed("\xff\x07\xc3\x28\r\n");
	feed("+CMT: \"+491234567890\",,\"26/11/21\",145,4\r\n1234 is your code\r\n");
	at_tracing(rig.at, false);
	feed("RING\r\n");
	for (char *line = strtok(rig.log, "\n"); line != NULL; line = strtok(NULL, "\n"))
		if (strncmp(line, "trace", 5) == 0)
			sprintf(traces + strlen(traces), "%s\n", line);
	assert_null(strstr(traces, "1234 is"));
	assert_null(strstr(traces, "\"1234\""));
	assert_null(strstr(traces, "1234567890"));
	assert_memory_equal(traces, want, strlen(want)); /* the masked number is mask.c's */
	assert_non_null(strstr(traces, "trace < <text>\n"));
	assert_null(strstr(traces, "RING"));
	rig_close();
}

/* Long replies are kept whole; beyond any sense they are cut. */
static void long_replies(void **state)
{
	(void)state;
	rig_open();
	send_with("AT+CMGL=4", "+CMGL:", BARE, false);
	for (int i = 0; i < 600; i++)
		feed("+CMGL: 1,1,,2\r\n000102\r\n");
	feed("OK\r\n");
	assert_int_equal(rig.n_lines, 1200);
	send_with("AT+CMGL=4", "+CMGL:", BARE, false);
	for (int i = 0; i < 20000; i++)
		feed("line\r\n");
	feed("OK\r\n");
	assert_in_range(rig.n_lines, 1200, 19999);
	rig_close();
	assert_int_equal(rig.dones, 2);
}

static void garbage(void **state)
{
	static const char alphabet[] = "\r\n\r\n>\"+CMT: ,12\x1a\x1bOKERROR0\xff";
	unsigned seed = 7;

	(void)state;
	rig_open();
	rig.payload_at_prompt = true;
	for (int i = 0; i < 300000; i++) {
		uint8_t byte;

		seed = seed * 1103515245u + 12345u;
		byte = (uint8_t)alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		rig.used = 0;
		at_feed(rig.at, &byte, 1);
		if (i % 1000 == 0)
			send_with("AT+CMGS=18", "+CMGS:", i % 2000 == 0 ? BARE : 0, true);
	}
	rig_close();
	assert_int_equal(rig.dones, 300);
}

static void final_table(void **state)
{
	static const struct {
		const char *line;
		unsigned scope;
		bool is_final;
		int code;
	} rows[] = {
		{ "OK", 0, true, -1 },
		{ "OK  ", 0, true, -1 },
		{ "OKAY", 0, false, 0 },
		{ "ok", 0, false, 0 },
		{ "ERROR", 0, true, -1 },
		{ "ERROR: 3", 0, false, 0 },
		{ "+CME ERROR: 0", 0, true, 0 },
		{ "+CMS ERROR:  332 ", 0, true, 332 },
		{ "+CMS ERROR: 33x", 0, true, -1 },
		{ "+CMS ERROR:", 0, true, -1 },
		{ "+CMS ERROR: Unassigned (unallocated) number", 0, true, 1 },
		{ "+CMS ERROR: NETWORK TIMEOUT ", 0, true, 332 },
		{ "+CMS ERROR: SIM not inserted", 0, true, 310 },
		{ "+CMS ERROR: (U)SIM not inserted", 0, true, 310 },
		{ "+CMS ERROR: operation not allowed", 0, true, 302 },
		{ "+CME ERROR: operation not allowed", 0, true, 3 },
		{ "+CMS ERROR: some words", 0, true, -1 },
		{ "+CMS ERROR: unknown errors", 0, true, -1 },
		{ "NA", 0, true, -1 },
		{ "NANO", 0, false, 0 },
		{ "0", 0, false, 0 },
		{ "0", AT_SCOPE_NUMERIC, true, -1 },
		{ "4", AT_SCOPE_NUMERIC, true, -1 },
		{ "44", AT_SCOPE_NUMERIC, false, 0 },
		{ "BUSY", 0, false, 0 },
		{ "BUSY", AT_SCOPE_DIAL, true, -1 },
		{ "NO DIAL TONE", AT_SCOPE_DIAL, true, -1 },
		{ "CONNECTED", AT_SCOPE_DIAL, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct at_final final;

		assert_int_equal(at_line_final(rows[i].line, rows[i].scope, &final),
				 rows[i].is_final);
		if (rows[i].is_final)
			assert_int_equal(final.code, rows[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_goes_at_once),
		cmocka_unit_test(queue_keeps_order),
		cmocka_unit_test(close_ends_all),
		cmocka_unit_test(close_inside_handlers),
		cmocka_unit_test(payload_comes_later),
		cmocka_unit_test(abandon_before_the_prompt),
		cmocka_unit_test(abandon_in_the_queue),
		cmocka_unit_test(registration_is_told_from_its_reports),
		cmocka_unit_test(abandon_behind_another_command),
		cmocka_unit_test(a_flood_of_lines_is_told_whole),
		cmocka_unit_test(error_while_waiting_for_the_disk),
		cmocka_unit_test(bad_commands_are_refused),
		cmocka_unit_test(trace_hides),
		cmocka_unit_test(long_replies),
		cmocka_unit_test(garbage),
		cmocka_unit_test(final_table),
	};

	return cmocka_run_group_tests_name("at", tests, NULL, NULL);
}
