/* test_session.c - the life of a modem: absent, lost, stuck, drained, asked by an operator. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "session_fake.h"

static void quiet(void)
{
	RUN_UNTIL(at_idle(fake.session->at) && !fake.session->busy);
}

static struct {
	unsigned n;
	char lines[512], final[128];
} answer;

static void on_answer(void *arg, const char *const *lines, size_t n, const char *final)
{
	(void)arg;
	uv_stop(&fake.loop);
	answer.n++;
	answer.lines[0] = '\0';
	for (size_t i = 0; i < n; i++)
		strcat(strcat(answer.lines, i > 0 ? "|" : ""), lines[i]);
	snprintf(answer.final, sizeof(answer.final), "%s", final);
}

static void appears_when_it_is_plugged_in(void **state)
{
	char folder[] = "/tmp/simgate-dev-XXXXXX", deeper[64], device[96], more[128];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(deeper, sizeof(deeper), "%s/by-id", folder);
	snprintf(device, sizeof(device), "%s/modem", deeper);
	snprintf(more, sizeof(more), "device = \"%s\";", device);
	fake_prepare(fake_full, more);
	fake_start();
	fake_run_to(MODEM_ABSENT);
	RUN_UNTIL(uv_is_active((uv_handle_t *)&fake.session->watch));
	/* Polling is out of the way: only the folder's change can bring it. */
	fake.session->recovery.backoff = 5;
	session_after(fake.session, TIMER_OPEN, 600000);
	assert_int_equal(mkdir(deeper, 0700), 0);
	RUN_UNTIL(strcmp(fake.states, "") != 0);
	fd = open(device, O_CREAT | O_RDWR, 0600);
	assert_true(fd >= 0);
	close(fd);
	RUN_UNTIL(session_can_send(fake.session));
	unlink(device);
	fake_lose();
	fake_run_to(MODEM_ABSENT);
	fake_end();
	rmdir(deeper);
	rmdir(folder);
}

static void opens_again_with_back_off(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	for (unsigned i = 1; i <= 3; i++) {
		fake_lose();
		fake_run_to(MODEM_RECOVERING);
		assert_string_equal(session_status(fake.session)->why, "the modem was unplugged");
		assert_int_equal(session_status(fake.session)->reopenings, i);
		RUN_UNTIL(session_can_send(fake.session));
		assert_int_equal(fake.opened, i + 1);
	}
	fake_end();
}

static void back_off_grows_until_it_works(void **state)
{
	static const uint64_t waits[] = { 250, 1000, 2000, 5000, 10000, 30000, 30000 };

	(void)state;
	fake_prepare(fake_full, "");
	fake_start();
	for (size_t i = 0; i < ARRAY_LEN(waits); i++)
		assert_int_equal(recover_backoff(fake.session), waits[i]);
	RUN_UNTIL(session_can_send(fake.session));
	assert_int_equal(recover_backoff(fake.session), 30000); /* it may fall over at once */
	recover_well(fake.session);
	assert_int_equal(recover_backoff(fake.session), 250);
	fake_end();
}

/* What each trouble in a row leads to; a reset at most once in ten minutes. */
static void troubles_climb_the_ladder(void **state)
{
	static const struct {
		enum trouble trouble;
		const char *rung;
	} climbs[] = {
		{ TROUBLE_ERRORS, "resync" }, { TROUBLE_ERRORS, "route" },
		{ TROUBLE_ERRORS, "init" },   { TROUBLE_ERRORS, "radio" },
		{ TROUBLE_ERRORS, "reset" },  { TROUBLE_ERRORS, "route" },
		{ TROUBLE_SILENT, "reopen" },
	};

	(void)state;
	fake_ready(fake_full, "");
	fake_rule("AT+CFUN=*", "OK");
	fake_rule("AT+CGSMS=*", "OK");
	fake_rule("AT^RESET", "OK");
	for (size_t i = 0; i < ARRAY_LEN(climbs); i++) {
		quiet();
		recover_trouble(fake.session, climbs[i].trouble, "a test");
		assert_string_equal(session_status(fake.session)->recovery_step, climbs[i].rung);
		assert_string_equal(session_status(fake.session)->recovery_why, "a test");
		assert_int_equal(fake_state(), MODEM_RECOVERING);
		assert_false(session_can_send(fake.session));
		if (strcmp(climbs[i].rung, "reset") == 0) {
			RUN_UNTIL(fake_count("AT^RESET") == 1);
			fake_say("^SYSSTART");
		}
		RUN_UNTIL(fake.session->at != NULL && session_can_send(fake.session));
		assert_string_equal(session_status(fake.session)->recovery_step, "");
	}
	assert_int_equal(fake_count("AT+CGSMS=1"), 4); /* kept, then the last way */
	assert_int_equal(fake_count("AT+CGSMS=2"), 2);
	assert_int_equal(session_status(fake.session)->recoveries[RUNG_ROUTE], 2);
	assert_int_equal(session_status(fake.session)->recoveries[RUNG_RESET], 1);
	fake_end();
}

/* Steps that the configuration leaves out are not taken. */
static void takes_only_steps_that_are_allowed(void **state)
{
	(void)state;
	fake_ready(fake_full, "recovery = { steps = [ \"init\" ]; };");
	quiet();
	recover_trouble(fake.session, TROUBLE_ERRORS, "a test");
	assert_string_equal(session_status(fake.session)->recovery_step, "init");
	RUN_UNTIL(session_can_send(fake.session));
	recover_trouble(fake.session, TROUBLE_SILENT, "a test");
	assert_string_equal(session_status(fake.session)->recovery_step, "");
	assert_string_equal(session_status(fake.session)->last_error, "a test");
	RUN_UNTIL(session_can_send(fake.session));
	fake_end();
}

static void runs_the_power_command(void **state)
{
	char path[] = "/tmp/simgate-power-XXXXXX", more[256], said[128] = "";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	snprintf(more, sizeof(more),
		 "recovery = { steps = [ \"power\" ]; power_command = [ \"/bin/sh\", \"-c\", "
		 "\"echo $SIMGATE_MODEM $SIMGATE_DEVICE > %s\" ]; };",
		 path);
	fake_ready(fake_full, more);
	recover_trouble(fake.session, TROUBLE_SILENT, "a test");
	assert_string_equal(session_status(fake.session)->recovery_step, "power");
	RUN_UNTIL(session_can_send(fake.session));
	assert_int_equal(fake.opened, 2);
	assert_true(read(fd, said, sizeof(said) - 1) > 0);
	assert_string_equal(said, "gsm0 tcp://127.0.0.1:1\n");
	recover_trouble(fake.session, TROUBLE_SILENT, "again"); /* not so soon */
	assert_string_equal(session_status(fake.session)->recovery_step, "");
	close(fd);
	unlink(path);
	fake_end();
}

static void a_power_command_that_hangs_is_ended_with_us(void **state)
{
	(void)state;
	fake_ready(fake_full,
		   "recovery = { steps = [ \"power\" ]; power_command = [ \"/bin/sleep\", "
		   "\"1000\" ]; };");
	recover_trouble(fake.session, TROUBLE_SILENT, "a test");
	fake_end();
	fake_ready(fake_full, "recovery = { steps = [ \"power\" ]; power_command = [ "
			      "\"/nowhere/power\" ]; };");
	recover_trouble(fake.session, TROUBLE_SILENT, "a test");
	RUN_UNTIL(session_can_send(fake.session));
	assert_non_null(strstr(session_status(fake.session)->last_error, "cannot be run"));
	fake_end();
}

static void a_silent_command_is_seen(void **state)
{
	(void)state;
	fake_ready(fake_full, "timeouts = { command = \"1s\"; };");
	quiet();
	fake_rule("AT+CSQ", "");
	fake.session->net.wanted = 1 << 2;
	session_work(fake.session);
	fake_run_to(MODEM_RECOVERING);
	assert_string_equal(session_status(fake.session)->recovery_step, "resync");
	fake_run_to(MODEM_READY);
	assert_int_equal(session_status(fake.session)->recoveries[RUNG_RESYNC], 1);
	assert_int_equal(fake.opened, 1);
	fake_end();
}

static void errors_of_the_modem_begin_recovery(void **state)
{
	const struct session_part part = { .pdu = "0001000B917406000000F00000", .length = 18 };

	(void)state;
	fake_ready(fake_full, "");
	fake.at_payload = "+CMS ERROR: 500";
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(session_status(fake.session)->recovery_step, "");
		RUN_UNTIL(session_can_send(fake.session));
		session_send(fake.session, &part);
		session_commit(fake.session);
		RUN_UNTIL(fake.n_sent == i + 1);
	}
	assert_string_equal(session_status(fake.session)->recovery_step, "resync");
	fake.at_payload = "+CMGS: 1|OK";
	RUN_UNTIL(session_can_send(fake.session));
	assert_int_equal(fake.session->recovery.next[TROUBLE_ERRORS], 1);
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake.n_sent == 4);
	assert_int_equal(fake.session->recovery.next[TROUBLE_ERRORS], 0);
	fake_end();
}

static void drains_and_resumes(void **state)
{
	const struct session_part part = { .pdu = "0001000B917406000000F00000", .length = 18 };

	(void)state;
	fake_ready(fake_full, "");
	session_send(fake.session, &part);
	assert_int_equal(session_action(fake.session, MODEM_DRAIN), 0);
	assert_int_equal(fake_state(), MODEM_DRAINING);
	session_commit(fake.session);
	fake_run_to(MODEM_DRAINED);
	assert_int_equal(fake.n_sent, 1);
	assert_int_equal(fake.sent[0].verdict, SEND_ACCEPTED);
	assert_false(session_can_send(fake.session));
	fake_say("+CMT: ,11|07919701000000F0040B917406000000F00000"); /* it still receives */
	RUN_UNTIL(fake.n_inbound == 1);
	assert_int_equal(session_action(fake.session, MODEM_RESUME), 0);
	RUN_UNTIL(session_can_send(fake.session));
	fake_end();
}

static void resets_and_reopens_when_asked(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	fake_rule("AT^RESET", "OK");
	assert_int_equal(session_action(fake.session, MODEM_RESET), 0);
	RUN_UNTIL(fake_count("AT^RESET") == 1);
	fake_say("RDY");
	RUN_UNTIL(session_can_send(fake.session));
	assert_int_equal(session_action(fake.session, MODEM_REOPEN), 0);
	RUN_UNTIL(fake.opened == 2);
	assert_int_equal(session_action(fake.session, MODEM_REOPEN), 0);
	RUN_UNTIL(fake.opened == 3 && session_can_send(fake.session));
	fake_end();
}

static void nothing_is_reset_under_a_message(void **state)
{
	const struct session_part part = { .pdu = "0001000B917406000000F00000", .length = 18 };

	(void)state;
	fake_ready(fake_full, "");
	session_send(fake.session, &part);
	session_commit(fake.session);
	assert_int_equal(session_action(fake.session, MODEM_RESET), -EBUSY);
	assert_int_equal(session_action(fake.session, MODEM_REOPEN), -EBUSY);
	RUN_UNTIL(fake.n_sent == 1);
	fake_end();
}

static const struct {
	const char *command, *reply, *lines, *final;
} raw[] = {
	{ "AT+CSQ", "+CSQ: 20,99|OK", "+CSQ: 20,99", "OK" },
	{ "at+cops?", "+COPS: 0,0,\"Test Net\",2|OK", "+COPS: 0,0,\"Test Net\",2", "OK" },
	{ "ATI", "Manufacturer: huawei|Model: E173|OK", "Manufacturer: huawei|Model: E173", "OK" },
	{ "AT^SYSINFO", "^SYSINFO:2,3,0,5,1,,4|OK", "^SYSINFO:2,3,0,5,1,,4", "OK" },
	{ "AT+XYZ", "+CME ERROR: 3", "", "+CME ERROR: 3" },
};

static void passes_commands_through(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	for (size_t i = 0; i < ARRAY_LEN(raw); i++) {
		quiet();
		memset(&answer, 0, sizeof(answer));
		fake_rule(raw[i].command, raw[i].reply);
		assert_int_equal(session_at(fake.session, raw[i].command, on_answer, NULL), 0);
		assert_int_equal(answer.n, 0);
		RUN_UNTIL(answer.n == 1);
		assert_string_equal(answer.lines, raw[i].lines);
		assert_string_equal(answer.final, raw[i].final);
	}
	fake_end();
}

static void refuses_commands_that_would_hang(void **state)
{
	static const char *const bad[] = {
		"",       "A",          "hello",     "AT+CMGS=18", "at+cmgs=18",
		"AT\rAT", "AT+CMGW=18", "ATD*99#",   "ATO",        "AT+CSQ;+CMGS=1",
		"AT\x1a", "AT\x1b",     "AT+CMGF=1",
	};

	(void)state;
	fake_ready(fake_full, "");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(session_at(fake.session, bad[i], on_answer, NULL), -EINVAL);
	fake_end();
}

static void sets_up_again_after_an_undoing_command(void **state)
{
	(void)state;
	memset(&answer, 0, sizeof(answer));
	fake_ready(fake_full, "");
	fake_rule("ATZ", "OK");
	assert_int_equal(session_at(fake.session, "ATZ", on_answer, NULL), 0);
	RUN_UNTIL(answer.n == 1 && fake_count("AT+CMGF=0") == 2 && session_can_send(fake.session));
	fake_end();
}

static void answers_even_when_the_modem_goes(void **state)
{
	(void)state;
	memset(&answer, 0, sizeof(answer));
	fake_ready(fake_full, "");
	fake_rule("AT+SLOW", "");
	fake_rule("AT+CUSD=1*", "OK");
	assert_int_equal(session_at(fake.session, "AT+SLOW", on_answer, NULL), 0);
	assert_int_equal(session_ussd(fake.session, "*100#", on_answer, NULL), 0);
	fake_lose();
	RUN_UNTIL(answer.n == 2);
	RUN_UNTIL(session_can_send(fake.session));
	fake_end();
}

static char traced[8192];

static void on_trace(void *arg, int64_t at_ms, char direction, const char *masked)
{
	size_t n = strlen(traced);

	(void)arg;
	(void)at_ms;
	snprintf(traced + n, sizeof(traced) - n, "%c%s\n", direction, masked);
}

static void traces_without_secrets(void **state)
{
	const struct session_part part = { .pdu = "0001000B917406000000F00000AABBCCDD",
					   .length = 18 };

	(void)state;
	traced[0] = '\0';
	fake_ready(fake_full, "");
	quiet();
	assert_int_equal(session_trace(fake.session, on_trace, NULL), 0);
	assert_int_equal(session_trace(fake.session, on_trace, NULL), -EBUSY);
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake.n_sent == 1);
	assert_non_null(strstr(traced, ">AT+CMGS=18\n"));
	assert_non_null(strstr(traced, "<+CMGS: 5\n"));
	assert_null(strstr(traced, "0B91740600"));
	assert_int_equal(session_trace(fake.session, NULL, NULL), 0);
	fake_end();
}

/* Lines that no modem should say, in every state: the worst is a recovery step. */
static void survives_any_line(void **state)
{
	static const char *const lines[] = {
		"+CREG:",
		"+CREG: ,,,,,,,,,,,,,,,,,,,,,,,",
		"+CREG: 99999999999999999999",
		"+CMTI:",
		"+CMTI: \"\",-1",
		"+CMTI: \"AVERYLONGSTORAGENAME\",1",
		"+CMTI: \"S\"M\",999999999",
		"+CDSI: ,,,",
		"+CLIP:",
		"+CLIP: \"",
		"+CUSD: 9",
		"+CMGS: x",
		"+CMT: ,999",
		"+CPIN: WHAT",
		"\xff\xfe\xfd",
		"+QIND: \"smsfull\",\"ME\"",
	};

	(void)state;
	fake_ready(fake_full, "");
	quiet();
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		fake_say(lines[i]);
		RUN_UNTIL(fake.n_out == 0);
	}
	fake_say("+CREG: 1");
	RUN_UNTIL(session_can_send(fake.session));
	fake_end();
}

static void closes_in_every_state(void **state)
{
	(void)state;
	for (unsigned turns = 0; turns < 60; turns += 3) {
		fake_prepare(fake_full, "");
		fake_start();
		for (unsigned i = 0; i < turns && fake_state() != MODEM_READY; i++)
			uv_run(&fake.loop, UV_RUN_ONCE);
		fake_end();
	}
}

/* Registered on LTE alone, and the end of that comes without a line of its own. */
static void sees_lte_go_that_nobody_tells(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CREG?", "ERROR");
	fake_rule("AT+CEREG?", "+CEREG: 0,1|OK");
	fake_start();
	fake_run_to(MODEM_READY);
	fake_rule("AT+CEREG?", "+CEREG: 0,2|OK");
	network_poll(fake.session);
	fake_run_to(MODEM_SEARCHING);
	fake_end();
}

/* What a modem that works says when its SIM is taken out. */
static void looks_for_a_sim_that_left(void **state)
{
	static const char *const lines[] = { "+CPIN: NOT READY", "+QSIMSTAT: 1,0", "#QSS: 0",
					     "^SIMST: 255,0" };
	static const char *const others[] = { "+QSIMSTAT: 1,1", "#QSS: 3", "^SIMST:1",
					      "+QUSIM: 0" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		fake_ready(fake_full, "");
		fake_say(others[i]);
		fake_say("+CREG: 5"); /* and the line before has been read */
		RUN_UNTIL(session_status(fake.session)->roaming);
		assert_int_equal(fake_count("AT+CPIN?"), 1);
		fake_rule("AT+CPIN?", "+CME ERROR: 10");
		fake_say(lines[i]);
		fake_run_to(MODEM_SIM_MISSING);
		fake_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appears_when_it_is_plugged_in),
		cmocka_unit_test(opens_again_with_back_off),
		cmocka_unit_test(back_off_grows_until_it_works),
		cmocka_unit_test(troubles_climb_the_ladder),
		cmocka_unit_test(takes_only_steps_that_are_allowed),
		cmocka_unit_test(runs_the_power_command),
		cmocka_unit_test(a_power_command_that_hangs_is_ended_with_us),
		cmocka_unit_test(a_silent_command_is_seen),
		cmocka_unit_test(sees_lte_go_that_nobody_tells),
		cmocka_unit_test(looks_for_a_sim_that_left),
		cmocka_unit_test(errors_of_the_modem_begin_recovery),
		cmocka_unit_test(drains_and_resumes),
		cmocka_unit_test(resets_and_reopens_when_asked),
		cmocka_unit_test(nothing_is_reset_under_a_message),
		cmocka_unit_test(passes_commands_through),
		cmocka_unit_test(refuses_commands_that_would_hang),
		cmocka_unit_test(sets_up_again_after_an_undoing_command),
		cmocka_unit_test(answers_even_when_the_modem_goes),
		cmocka_unit_test(traces_without_secrets),
		cmocka_unit_test(survives_any_line),
		cmocka_unit_test(closes_in_every_state),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
