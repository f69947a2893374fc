/* test_at_time.c - deadlines and pacing. */
#include "tests/unit/modem/test_at_modem.h"

/* The reference came, its OK does not: no reason to wait for the whole time limit. */
static void missing_ok(void **state)
{
	static const struct habit habits[] = {
		{ "AT+CMGS=18", "\r\n> ", 1, 0 },
		{ "payload", "\r\n+CMGS: 5\r\n", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	for (int i = 0; i < 4; i++)
		submit(1000, 3600 * SECONDS);
	run_until_idle();
	assert_int_equal(count("done TIMEOUT -1 \"\" [+CMGS: 5] prompted submitted\n"), 4);
	assert_int_equal(count("stuck"), 0); /* the modem does answer */
	modem_close();
}

/* Nobody brings a payload: the prompt is left, nothing is sent. */
static void payload_never_comes(void **state)
{
	static const struct habit habits[] = {
		{ "AT+CMGS=18", "\r\n> ", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	submit(1000, 30);
	rig.payload_at_prompt = false;
	run_until("done ERROR -1 \"OK\" prompted\n");
	assert_int_equal(count("write ^[\n"), 1);
	modem_close();
}

static void silence_after_escape(void **state)
{
	static const struct habit habits[] = { { "AT+CMGS=18", "\r\n> ", 1, 0 } };

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	submit(1000, 1000);
	rig.payload_at_prompt = false;
	run_until("prompt\n");
	modem.deaf = true;
	at_abandon(rig.at);
	run_until("done TIMEOUT -1 \"\" prompted\n");
	assert_int_equal(count(PDU), 0);
	modem_close();
}

/* A reset kills the port: silence is what was wanted. */
static void no_reply_wanted(void **state)
{
	static const struct habit habits[] = { { "AT+CFUN=1,1", NULL, 1, 0 } };

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	ask("AT+CFUN=1,1", NULL, 20, AT_NO_REPLY);
	run_until("done");
	assert_string_equal(rig.log, "write AT+CFUN=1,1\\r\ndone OK -1 \"\"\n");
	assert_true(at_idle(rig.at));
	modem_close();
}

/* A closing quote that never comes holds nothing back for long. */
static void open_quote_is_given_up(void **state)
{
	static const struct habit habits[] = {
		{ "AT+CUSD=1", "\r\n+CUSD: 0,\"cut\r\nhere\r\n\r\nOK\r\n", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	ask("AT+CUSD=1", NULL, 5000, 0);
	run_until("done");
	assert_string_equal(rig.log, "write AT+CUSD=1\\r\nurc +CUSD: 0,\"cut\nhere\n"
				     "done OK -1 \"OK\"\n");
	modem_close();
}

static uint64_t now_ms(void)
{
	return uv_hrtime() / 1000000;
}

static void pacing(void **state)
{
	static const struct habit habits[] = {
		{ "AT+CMGS=18", "\r\n> ", 0, 0 },
		{ "payload", "\r\n+CMGS: 5\r\nOK\r\n", 0, 0 },
		IN_STEP,
	};
	uint64_t start;

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	at_set_pacing(rig.at, 60, 80);
	start = now_ms();
	ask("AT", NULL, 1000, 0);
	assert_int_equal(count("write AT\\r"), 1); /* no gap before the first */
	submit(1000, 1000);
	run_until("write AT+CMGS=18\\r\n");
	assert_true(now_ms() - start >= 59);
	run_until("prompt\n");
	assert_int_equal(count(PDU), 0);
	start = now_ms();
	run_until("[+CMGS: 5]");
	assert_true(now_ms() - start >= 75);
	modem_close();
}

static void abandon_during_the_prompt_gap(void **state)
{
	static const struct habit habits[] = { { "AT+CMGS=18", "\r\n> ", 0, 0 }, IN_STEP };

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	at_set_pacing(rig.at, 0, 5000);
	submit(1000, 1000);
	run_until("prompt\n");
	at_abandon(rig.at);
	run_until("done ERROR -1 \"OK\" prompted\n");
	assert_int_equal(count(PDU), 0);
	modem_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_ok),
		cmocka_unit_test(payload_never_comes),
		cmocka_unit_test(silence_after_escape),
		cmocka_unit_test(no_reply_wanted),
		cmocka_unit_test(open_quote_is_given_up),
		cmocka_unit_test(pacing),
		cmocka_unit_test(abandon_during_the_prompt_gap),
	};

	return cmocka_run_group_tests_name("at_time", tests, NULL, NULL);
}
