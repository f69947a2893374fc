/* test_at_resync.c - back in step after silence; late answers are nobody's. */
#include "tests/unit/modem/test_at_modem.h"

/* However late the answer comes, it never answers the next command. */
static void late_answer_is_nobodys(void **state)
{
	static const struct {
		const char *text, *prefix, *reply;
		unsigned flags;
	} lates[] = {
		{ "AT+LATE", NULL, "\r\nOK\r\n", 0 },
		{ "AT+LATE", NULL, "\r\nERROR\r\n", 0 },
		{ "AT+LATE", "+CSQ:", "\r\n+CSQ: 1,1\r\n\r\nOK\r\n", 0 },
		{ "AT+LATE", NULL, "\r\n250010123456789\r\n\r\nOK\r\n", AT_BARE_LINES },
	};
	static const unsigned delays[] = { 15, 25, 40, 55, 90, 200, 400 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lates) * ARRAY_LEN(delays); i++) {
		size_t l = i % ARRAY_LEN(lates), d = i / ARRAY_LEN(lates);
		struct habit habits[] = {
			{ "AT+LATE", lates[l].reply, delays[d], 0 },
			{ "AT+CSQ", "\r\n+CSQ: 7,7\r\n\r\nOK\r\n", 1, 0 },
			{ "AT+CMEE?", "\r\n+CMEE: 1\r\n\r\nOK\r\n", 1, 0 },
			IN_STEP,
		};

		modem_open(habits, ARRAY_LEN(habits));
		ask(lates[l].text, lates[l].prefix, 10, lates[l].flags);
		run_until("done TIMEOUT -1 \"\"\n");
		ask("AT+CSQ", "+CSQ:", 2000, 0);
		run_until("done OK");
		assert_non_null(strstr(rig.log, "done OK -1 \"OK\" [+CSQ: 7,7]\n"));
		assert_null(strstr(rig.log, "1,1"));
		assert_null(strstr(rig.log, "urc"));
		assert_int_equal(rig.dones, 2);
		modem_close();
	}
}

/* The queries of the resynchronisation, for modems that lack some. */
static void queries_fall_back(void **state)
{
	static const struct {
		struct habit habits[4];
		const char *asked; /* in this order; the last one answers */
	} cases[] = {
		{ { IN_STEP }, "AT\\r AT+CGSN\\r" },
		{ { { "AT+CGSN", "\r\n+CGSN: \"356938035643809\"\r\nOK\r\n", 1, 0 },
		    { "AT", "\r\nOK\r\n", 1, 0 } },
		  "AT\\r AT+CGSN\\r" },
		{ { { "AT+CMEE?", "\r\n+CMEE: 1\r\nOK\r\n", 1, 0 },
		    { "AT+CGSN", "\r\n+CME ERROR: 13\r\n", 1, 0 },
		    { "AT", "\r\nOK\r\n", 1, 0 } },
		  "AT\\r AT+CGSN\\r AT\\r AT+CMEE?\\r" },
		{ { { "AT+CGSN", NULL, 1, 1 }, /* swallowed: more than ERROR */
		    { "AT+CMEE?", "\r\n+CMEE: 1\r\nOK\r\n", 1, 0 },
		    IN_STEP },
		  "AT\\r AT+CGSN\\r AT\\r AT+CMEE?\\r" },
		{ { { "AT+*", "\r\nERROR\r\n", 1, 0 },
		    { "ATI", "\r\nACME 7\r\nOK\r\n", 1, 0 },
		    { "AT", "\r\nOK\r\n", 1, 0 } },
		  "AT\\r AT+CGSN\\r AT\\r AT+CMEE?\\r AT\\r AT+GSN\\r AT\\r ATI\\r" },
		{ { { "AT+*", "\r\nERROR\r\n", 1, 0 },
		    { "ATI", "\r\nERROR\r\n", 1, 0 },
		    { "AT", "\r\nOK\r\n", 1, 0 } },
		  "AT\\r ATI\\r AT\\r AT\\r" },
		{ { { "AT+CGSN", "\r\n356938035643809\r\n\r\nOK\r\n", 1, 0 },
		    { "ATV1", "\r\nOK\r\n", 1, 0 },
		    { "AT", "0\r", 1, 0 } },
		  "AT\\r ATV1\\r AT+CGSN\\r" },
		{ { { "AT+CGSN", "356938035643809\r\n0\r", 1, 0 }, { "AT*", "0\r", 1, 0 } },
		  "AT\\r ATV1\\r AT+CGSN\\r" },
		{ { { "AT+CGSN", "\r\nOK\r\n", 1, 0 }, /* no reply line: no proof */
		    { "AT+CMEE?", "\r\n+CMEE: 1\r\nOK\r\n", 1, 0 },
		    { "AT", "\r\nOK\r\n", 1, 0 } },
		  "AT\\r AT+CGSN\\r AT\\r AT+CMEE?\\r" },
		{ { { "AT+CGSN", "\r\nOK\r\n", 1, 0 }, /* nobody wrote an IMEI into it */
		    { "AT+GSN", "\r\nOK\r\n", 1, 0 },
		    { "AT", "\r\nOK\r\n", 1, 0 } },
		  "AT+CGSN\\r AT\\r AT+CMEE?\\r AT\\r AT+GSN\\r AT\\r ATI\\r AT\\r AT\\r" },
		{ { { "AT+CGSN", "\r\n356938035643809\r\nOK\r\n", 1, 0 },
		    { "ATQ0V1", "\r\nERROR\r\n", 1, 0 }, /* what woke it */
		    { "AT", NULL, 1, 2 },
		    { "AT", "\r\nOK\r\n", 1, 0 } },
		  "AT\\r AT\\r ATQ0V1\\r AT+CGSN\\r" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *at;
		char asked[256];

		modem_open(cases[i].habits, ARRAY_LEN(cases[i].habits));
		for (modem.n_habits = 0; modem.n_habits < ARRAY_LEN(cases[i].habits) &&
					 cases[i].habits[modem.n_habits].line != NULL;)
			modem.n_habits++;
		at_resync(rig.at);
		run_until_idle();
		at = rig.log;
		strcpy(asked, cases[i].asked);
		for (char *one = strtok(asked, " "); one != NULL; one = strtok(NULL, " ")) {
			char want[64];

			snprintf(want, sizeof(want), "write %s\n", one);
			at = strstr(at, want);
			assert_non_null(at);
			at += strlen(want);
		}
		assert_string_equal(at, ""); /* and nothing after */
		assert_int_equal(count("stuck"), 0);
		assert_int_equal(strncmp(rig.log, "write ^[\n", 9), 0);
		modem_close();
	}
}

static void dead_modem_is_stuck(void **state)
{
	static const struct habit habits[] = { { "AT*", NULL, 1, 0 } };

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	at_resync(rig.at);
	ask("AT+CSQ", "+CSQ:", 1000, 0);
	run_until("stuck");
	assert_int_equal(count("write AT\\r"), 2);
	assert_int_equal(count("write ATQ0V1\\r"), 1);
	assert_int_equal(count("write +++"), 0); /* nothing tells of a data call */
	assert_int_equal(count("AT+CSQ"), 0);
	assert_int_equal(rig.dones, 0);
	modem_close();
	assert_string_equal(strstr(rig.log, "done"), "done CLOSED -1 \"\"\n");
}

/* Left in a data call, a modem passes on what it gets, but for +++ between two silences. */
static void data_call_is_left(void **state)
{
	static const struct habit habits[] = {
		{ "+++ATH", "\r\nOK\r\n", 1, 0 }, /* this one only reads lines */
		{ "AT+CGSN", "\r\n356938035643809\r\nOK\r\n", 1, 0 },
		{ "AT*", NULL, 1, 0 },
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	make_noise("~\xff}#");
	at_resync(rig.at);
	run_until_idle();
	assert_non_null(strstr(rig.log, "write +++\nwrite ATH\\r\nwrite AT+CGSN\\r\n"));
	assert_int_equal(count("stuck"), 0);
	modem_close();
}

/* A round that failed is followed by another one: a modem that comes back is found. */
static void modem_comes_back(void **state)
{
	static const struct habit habits[] = {
		{ "ATQ0V1", NULL, 1, 1 },
		{ "AT+CSQ", "\r\n+CSQ: 7,7\r\nOK\r\n", 1, 0 },
		{ "AT+CGSN", "\r\n356938035643809\r\nOK\r\n", 1, 0 },
		{ "AT", NULL, 1, 2 },
		{ "AT", "\r\nOK\r\n", 1, 0 },
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	at_resync(rig.at);
	ask("AT+CSQ", "+CSQ:", 1000, 0);
	run_until("[+CSQ: 7,7]");
	assert_int_equal(count("stuck"), 1);
	modem_close();
}

static void three_timeouts_are_stuck(void **state)
{
	static const struct habit habits[] = { { "AT+X", NULL, 1, 0 }, IN_STEP };

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	for (int i = 0; i < 3; i++)
		ask("AT+X", NULL, 10, 0);
	run_until("stuck");
	assert_int_equal(rig.dones, 3);
	assert_int_equal(count("done TIMEOUT"), 3);
	modem_close();
}

/* It knows little, but it is in step again after each. */
static void commands_that_it_may_lack_are_no_row(void **state)
{
	static const struct habit habits[] = { { "AT+X", NULL, 1, 0 }, IN_STEP };

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	for (int i = 0; i < 4; i++)
		ask("AT+X", NULL, 10, AT_MAY_LACK);
	run_until_idle();
	assert_int_equal(count("done TIMEOUT"), 4);
	assert_int_equal(count("stuck"), 0);
	modem_close();
}

static void an_answer_ends_the_row(void **state)
{
	static const struct habit habits[] = {
		{ "AT+X", NULL, 1, 0 },
		{ "AT+OK", "\r\nOK\r\n", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	for (int i = 0; i < 6; i++)
		ask(i % 3 == 2 ? "AT+OK" : "AT+X", NULL, i % 3 == 2 ? 2000 : 10, 0);
	run_until_idle();
	assert_int_equal(count("done"), 6);
	assert_int_equal(count("stuck"), 0);
	modem_close();
}

/* Unsolicited lines extend neither a deadline nor the drain. */
static void flood(void **state)
{
	static const struct habit habits[] = {
		{ "AT+X", NULL, 1, 0 },
		{ "AT+CSQ", "\r\n+CSQ: 7,7\r\nOK\r\n", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	make_noise("\r\n^RSSI: 12\r\n");
	ask("AT+X", NULL, 60, 0);
	ask("AT+CSQ", "+CSQ:", 2000, 0);
	run_until("[+CSQ: 7,7]");
	assert_true(count("urc ^RSSI: 12\n") >= 10);
	assert_int_equal(count("done TIMEOUT"), 1);
	modem_close();
}

/* The prompt does not come, or comes when nobody waits for it any more: ESC, nothing is sent. */
static void late_prompt_is_escaped(void **state)
{
	static const unsigned delays[] = { 20, 60, 120, 260 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
		struct habit habits[] = {
			{ "AT+CMGS=18", "\r\n> ", delays[i], 0 },
			{ "payload", "\r\n+CMGS: 1\r\nOK\r\n", 1, 0 },
			{ "AT+CSQ", "\r\n+CSQ: 7,7\r\nOK\r\n", 1, 0 },
			IN_STEP,
		};

		modem_open(habits, ARRAY_LEN(habits));
		submit(10, 1000);
		run_until("done");
		assert_non_null(strstr(rig.log, "done TIMEOUT -1 \"\"\n"));
		ask("AT+CSQ", "+CSQ:", 2000, 0);
		run_until("[+CSQ: 7,7]");
		assert_int_equal(count(PDU), 0);
		assert_int_equal(modem.used[1], 0);
		modem_close();
	}
}

/* After Ctrl-Z the modem is silent for too long; what it says then settles the message's fate. */
static void late_reference_goes_up(void **state)
{
	static const struct {
		const char *reply, *urc;
	} cases[] = {
		{ "\r\n+CMGS: 77\r\n\r\nOK\r\n", "urc +CMGS: 77\n" },
		{ "\r\n+CMS ERROR: 38\r\n", "urc +CMS ERROR: 38\n" },
	};
	static const unsigned delays[] = { 35, 60, 130, 350 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases) * ARRAY_LEN(delays); i++) {
		const char *reply = cases[i % ARRAY_LEN(cases)].reply;
		struct habit habits[] = {
			{ "AT+CMGS=18", "\r\n> ", 1, 0 },
			{ "payload", reply, delays[i / ARRAY_LEN(cases)], 1 },
			{ "payload", "\r\n+CMGS: 78\r\nOK\r\n", 1, 0 },
			IN_STEP,
		};

		modem_open(habits, ARRAY_LEN(habits));
		submit(1000, 25);
		run_until("done TIMEOUT -1 \"\" prompted submitted\n");
		submit(1000, 2000);
		run_until("done OK");
		assert_non_null(strstr(rig.log, cases[i % ARRAY_LEN(cases)].urc));
		assert_non_null(strstr(rig.log, "done OK -1 \"OK\" [+CMGS: 78] prompted"));
		assert_int_equal(count("write " PDU), 2);
		modem_close();
	}
}

/* At the start of a port: whatever the modem was in the middle of, commands wait until it answers.
 */
static void resync_leaves_an_open_prompt(void **state)
{
	static const struct habit habits[] = {
		{ "AT+CSQ", "\r\n+CSQ: 7,7\r\nOK\r\n", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	modem.at_prompt = true;
	at_resync(rig.at);
	at_resync(rig.at); /* once is enough */
	ask("AT+CSQ", "+CSQ:", 1000, 0);
	assert_false(at_idle(rig.at));
	run_until("[+CSQ: 7,7]");
	assert_string_equal(rig.log, "write ^[\nwrite AT\\r\nwrite AT+CGSN\\r\nwrite AT+CSQ\\r\n"
				     "done OK -1 \"OK\" [+CSQ: 7,7]\n");
	modem_close();
}

/* Two final results for one command: the false one is noticed, and no row of mistakes follows. */
static void double_ok_heals(void **state)
{
	static const struct habit habits[] = {
		{ "AT+X", "\r\nOK\r\n", 1, 0 },
		{ "AT+CREG?", "\r\n+CREG: 0,1\r\n\r\nOK\r\n", 40, 0 },
		{ "AT+CSQ", "\r\n+CSQ: 7,7\r\n\r\nOK\r\n", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	ask("AT+X", NULL, 1000, 0);
	run_until("done OK -1 \"OK\"\n");
	ask("AT+CREG?", "+CREG:", 1000, 0);
	ask("AT+CSQ", "+CSQ:", 1000, 0);
	feed("\r\nOK\r\n");
	run_until("done OK -1 \"OK\" [+CSQ: 7,7]\n");
	assert_int_equal(count("+CREG: 0,1"), 0);
	modem_close();
}

static void close_while_resyncing(void **state)
{
	static const struct habit habits[] = { { "AT+X", NULL, 1, 0 }, IN_STEP };
	static const char *const moments[] = { "done TIMEOUT", "write AT\\r", "write AT+CGSN" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		modem_open(habits, ARRAY_LEN(habits));
		ask("AT+X", NULL, 10, 0);
		ask("AT+Y", NULL, 10, 0);
		run_until(moments[i]);
		modem_close();
		assert_int_equal(rig.dones, 2);
	}
	modem_open(habits, ARRAY_LEN(habits)); /* in the done of the timeout itself */
	rig.close_in_done = true;
	ask("AT+X", NULL, 10, 0);
	run_until("done TIMEOUT");
	uv_close((uv_handle_t *)&modem.work, NULL);
	uv_close((uv_handle_t *)&modem.noise, NULL);
	uv_close((uv_handle_t *)&modem.limit, NULL);
	rig_end();
	assert_int_equal(rig.dones, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(late_answer_is_nobodys),
		cmocka_unit_test(queries_fall_back),
		cmocka_unit_test(dead_modem_is_stuck),
		cmocka_unit_test(data_call_is_left),
		cmocka_unit_test(modem_comes_back),
		cmocka_unit_test(three_timeouts_are_stuck),
		cmocka_unit_test(commands_that_it_may_lack_are_no_row),
		cmocka_unit_test(an_answer_ends_the_row),
		cmocka_unit_test(flood),
		cmocka_unit_test(late_prompt_is_escaped),
		cmocka_unit_test(late_reference_goes_up),
		cmocka_unit_test(resync_leaves_an_open_prompt),
		cmocka_unit_test(double_ok_heals),
		cmocka_unit_test(close_while_resyncing),
	};

	return cmocka_run_group_tests_name("at_resync", tests, NULL, NULL);
}
