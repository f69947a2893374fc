/* test_session_recover.c - steps of recovery: which is taken when, what ends them, what they do. */
#include "session_time.h"

#include "base/clock.h"

static const struct session_part part = { .pdu = "0001000B917406000000F00000", .length = 18 };

static bool is_ready(void)
{
	return session_can_send(fake.session);
}

static const struct modem_status *status(void)
{
	return session_status(fake.session);
}

static void ready(const char *more)
{
	fake_prepare(fake_full, more);
	fake_start();
	SESSION_UNTIL(is_ready());
	SESSION_UNTIL(at_idle(fake.session->at) && !fake.session->busy);
}

static void assert_step(const char *step)
{
	assert_string_equal(status()->recovery_step, step);
}

/* A step that has not helped in its time leads to the next one, and in the end to none. */
static void what_does_not_help_in_time_is_followed_by_more(void **state)
{
	(void)state;
	ready("recovery = { steps = [ \"init\", \"reset\" ]; }; timeouts = { command = \"60s\"; "
	      "};");
	fake_rule("AT^RESET", "OK");
	fake_rule("AT+CPIN?", "+CME ERROR: 14"); /* it does not come up again for long */
	recover_trouble(fake.session, TROUBLE_ERRORS, "a test");
	assert_step("init");
	assert_in_range(SESSION_UNTIL(strcmp(status()->recovery_step, "init") != 0), 119000,
			121000);
	assert_step("reset");
	assert_string_equal(status()->recovery_why, "recovery step init did not help in time");
	assert_int_equal(fake_state(), MODEM_RECOVERING);
	SESSION_UNTIL(!fake.session->recovery.active);
	assert_int_equal(status()->recoveries[RUNG_INIT], 12); /* a milder one, while it may be */
	assert_step("");
	fake_rule("AT+CPIN?", "+CPIN: READY|OK");
	SESSION_UNTIL(is_ready());
	assert_step("");
	fake_end();
}

/* Before its first answer neither resync nor radio can help, and without another way no route. */
static void takes_no_step_that_cannot_help(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_start();
	SESSION_UNTIL(fake.session->at != NULL);
	assert_false(fake.session->recovery.answered);
	while (send_has_route(fake.session))
		send_next_route(fake.session);
	recover_trouble(fake.session, TROUBLE_ERRORS, "a test");
	assert_step("init");
	SESSION_UNTIL(is_ready());
	while (send_has_route(fake.session)) /* its family has others */
		send_next_route(fake.session);
	recover_trouble(fake.session, TROUBLE_NO_ROUTE, "a test");
	assert_step("");
	assert_true(is_ready());
	fake_end();
}

/* What a person must do ends a step; so does a port that leaves unasked, or another one. */
static void a_missing_sim_ends_a_step(void **state)
{
	(void)state;
	ready("recovery = { steps = [ \"init\" ]; };");
	fake_rule("AT+CPIN?", "+CME ERROR: 10");
	recover_trouble(fake.session, TROUBLE_ERRORS, "a test");
	assert_step("init");
	SESSION_UNTIL(fake_state() == MODEM_SIM_MISSING);
	assert_step("");
	fake_end();
}

static void a_lost_port_ends_a_step(void **state)
{
	(void)state;
	ready("recovery = { steps = [ \"init\" ]; };");
	fake_rule("AT+CPIN?", "+CME ERROR: 14");
	recover_trouble(fake.session, TROUBLE_ERRORS, "a test");
	SESSION_UNTIL(fake_count("AT+CPIN?") > 1);
	assert_step("init");
	fake_lose();
	SESSION_UNTIL(fake.port == NULL);
	assert_step("");
	assert_string_equal(status()->why, "the modem was unplugged");
	fake_rule("AT+CPIN?", "+CPIN: READY|OK");
	SESSION_UNTIL(is_ready());
	fake_end();
}

/* Which step runs when the port is another one, and whether it goes on. */
static const struct {
	const char *steps;
	bool goes_on;
} others[] = { { "reopen", false }, { "reset", true } };

static void another_port_begins_anew_but_after_our_own_restart(void **state)
{
	char more[96];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		snprintf(more, sizeof(more), "recovery = { steps = [ \"%s\" ]; };",
			 others[i].steps);
		ready(more);
		fake_rule("AT^RESET", "");
		recover_trouble(fake.session, TROUBLE_SILENT, "a test");
		assert_step(others[i].steps);
		recover_new_port(fake.session);
		assert_step(others[i].goes_on ? others[i].steps : "");
		assert_int_equal(status()->recoveries[RUNG_RESET], others[i].goes_on);
		assert_int_equal(status()->recoveries[RUNG_REOPEN], 0);
		SESSION_UNTIL(is_ready());
		fake_end();
	}
}

/* The command of the configuration first, then those of the family, the next if one is refused. */
static void resets_with_the_command_that_is_known(void **state)
{
	(void)state;
	ready("recovery = { reset = \"AT+OURS\"; };");
	fake_rule("AT+OURS", "OK");
	assert_int_equal(session_action(fake.session, MODEM_RESET), 0);
	SESSION_UNTIL(fake_count("AT+OURS") == 1);
	SESSION_UNTIL(is_ready());
	assert_int_equal(fake_count("AT^RESET"), 0);
	fake_end();
	ready("");
	fake_rule("AT+CFUN=1,1", "OK");
	assert_int_equal(session_action(fake.session, MODEM_RESET), 0);
	SESSION_UNTIL(fake_count("AT+CFUN=1,1") == 1);
	assert_int_equal(fake_count("AT^RESET"), 1);
	SESSION_UNTIL(is_ready());
	fake_end();
}

/* A command of the operator's own brings it back: here by making its device. */
static void a_modem_that_is_gone_for_long_has_its_power_cut(void **state)
{
	char folder[] = "/tmp/simgate-gone-XXXXXX", device[64], more[256];
	struct config_modem *modem;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(device, sizeof(device), "%s/modem", folder);
	snprintf(more, sizeof(more),
		 "device = \"%s\"; recovery = { steps = [ \"power\" ]; power_command = [ "
		 "\"/usr/bin/touch\", \"%s\" ]; };",
		 device, device);
	fake_prepare(fake_full, more);
	modem = (struct config_modem *)config_modem(fake.config, "gsm0");
	modem->restart_ms = 100; /* less than a file may say */
	fake_start();
	fake_run_to(MODEM_ABSENT);
	RUN_UNTIL(is_ready());
	assert_int_equal(status()->recoveries[RUNG_POWER], 1);
	assert_int_equal(fake.opened, 1);
	fake_end();
	unlink(device);
	rmdir(folder);
}

/* How the operator's command may end, and what is told of it. */
static const struct {
	const char *command, *told;
} commands[] = {
	{ "exit 3", "power_command: ended with status 3" },
	{ "kill -TERM $$", "power_command: ended by signal 15" },
};

static void a_power_command_that_fails_is_told(void **state)
{
	char more[192];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		snprintf(more, sizeof(more),
			 "recovery = { steps = [ \"power\" ]; power_command = [ \"/bin/sh\", "
			 "\"-c\", \"%s\" ]; };",
			 commands[i].command);
		ready(more);
		recover_trouble(fake.session, TROUBLE_SILENT, "a test");
		RUN_UNTIL(strcmp(status()->last_error, commands[i].told) == 0);
		RUN_UNTIL(is_ready()); /* it is opened all the same */
		fake_end();
	}
}

static void a_power_command_has_a_minute(void **state)
{
	(void)state;
	ready("recovery = { steps = [ \"power\" ]; power_command = [ \"/bin/sleep\", \"1000\" ]; "
	      "};");
	recover_trouble(fake.session, TROUBLE_SILENT, "a test");
	pass(&fake.loop, 59000);
	uv_run(&fake.loop, UV_RUN_NOWAIT);
	assert_int_equal(fake.opened, 1);
	assert_string_equal(status()->last_error, "a test");
	pass(&fake.loop, 1000);
	RUN_UNTIL(strcmp(status()->last_error, "power_command: stopped before it was done") == 0);
	RUN_UNTIL(is_ready());
	fake_end();
}

/* Errors that say that the network has no way for SMS: the third in a row tries the other one. */
static void no_way_for_sms_tries_the_other_one(void **state)
{
	static const char *const answers[] = {
		"+CMS ERROR: 38", "+CMS ERROR: 69", "+CMS ERROR: 21",
		"+CMS ERROR: 69", "+CMS ERROR: 38", "+CMS ERROR: 38"
	};

	(void)state;
	ready("");
	fake_rule("AT+CGSMS=*", "OK");
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		assert_step("");
		fake.at_payload = answers[i];
		session_send(fake.session, &part);
		session_commit(fake.session);
		SESSION_UNTIL(fake.n_sent == i + 1);
		if (i + 1 < ARRAY_LEN(answers))
			SESSION_UNTIL(is_ready());
	}
	assert_step("route");
	SESSION_UNTIL(is_ready());
	assert_int_equal(fake_count("AT+CGSMS=1"), 1);
	fake_end();
}

/* A message that was quicker than the action is left to its end. */
static void an_action_waits_for_the_message_on_the_air(void **state)
{
	(void)state;
	ready("");
	fake_rule("AT^RESET", "OK");
	session_send(fake.session, &part);
	assert_int_equal(session_action(fake.session, MODEM_RESET), 0);
	session_commit(fake.session);
	SESSION_UNTIL(fake.n_sent == 1);
	assert_int_equal(fake.sent[0].verdict, SEND_ACCEPTED);
	assert_int_equal(fake_count("AT^RESET"), 0);
	SESSION_UNTIL(fake_count("AT^RESET") == 1);
	SESSION_UNTIL(is_ready());
	fake_end();
}

/* The radio's off and on while it searches: what it says, minutes so far, cycles so far. */
static const struct {
	const char *creg;
	unsigned cycles, minutes;
	bool due;
} cycles[] = {
	{ "+CREG: 2,2|OK", 0, 2, false },  { "+CREG: 2,2|OK", 0, 3, true },
	{ "+CREG: 2,2|OK", 1, 5, false },  { "+CREG: 2,2|OK", 1, 6, true },
	{ "+CREG: 2,3|OK", 0, 14, false }, /* denied: not so soon */
	{ "+CREG: 2,3|OK", 0, 15, true },  { "+CREG: 2,2|OK", 3, 59, false },
	{ "+CREG: 2,2|OK", 9, 60, true },
};

static void the_radio_is_switched_ever_more_rarely(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cycles); i++) {
		fake_prepare(fake_full, "");
		fake_rule("AT+CREG?", cycles[i].creg);
		fake_start();
		SESSION_UNTIL(fake.session->net.searching_ms != 0);
		fake.session->net.searching_ms = clock_mono_ms() - cycles[i].minutes * 60000;
		fake.session->net.radio_cycles = cycles[i].cycles;
		network_poll(fake.session);
		if ((strcmp(status()->recovery_step, "radio") == 0) != cycles[i].due)
			fail_msg("row %zu: step \"%s\"", i, status()->recovery_step);
		assert_int_equal(fake.session->net.radio_cycles, cycles[i].cycles + cycles[i].due);
		fake_end();
	}
}

static void a_modem_that_has_not_answered_for_long_is_silent(void **state)
{
	(void)state;
	ready("");
	fake.session->status.last_answer_ms -= 3 * fake.session->modem->idle_ms;
	network_poll(fake.session);
	assert_step("");
	SESSION_UNTIL(at_idle(fake.session->at) && !fake.session->busy);
	fake.session->status.last_answer_ms -= 3 * fake.session->modem->idle_ms + 61000;
	network_poll(fake.session);
	assert_step("reopen");
	assert_string_equal(status()->recovery_why, "no command was answered for long");
	SESSION_UNTIL(is_ready());
	fake_end();
}

/* It does not tell the circuit-switched registration, but the other one. */
static void registration_on_lte_counts_where_it_is_the_only_one(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CREG?", "ERROR");
	fake_rule("AT+CEREG?", "+CEREG: 0,5|OK");
	fake_start();
	SESSION_UNTIL(is_ready());
	assert_int_equal(status()->registration, 5);
	assert_true(status()->roaming);
	fake_say("+CEREG: 3");
	SESSION_UNTIL(fake_state() == MODEM_DENIED);
	fake_end();
}

static struct {
	unsigned n;
	char final[128];
} answer;

static void on_answer(void *arg, const char *const *lines, size_t n, const char *final)
{
	(void)arg;
	(void)lines;
	answer.n += n == 0;
	snprintf(answer.final, sizeof(answer.final), "%s", final);
}

/* What may stay away, and what is told then. */
static const struct {
	const char *cusd, *told;
	unsigned after_ms;
} ussds[] = {
	{ "OK", "no answer came in time", 60000 },
	{ "", "the modem did not answer", 30000 },
};

static void a_ussd_answer_is_not_waited_for_for_ever(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ussds); i++) {
		memset(&answer, 0, sizeof(answer));
		ready("");
		fake_rule("AT+CUSD=1*", ussds[i].cusd);
		assert_int_equal(session_ussd(fake.session, "*100#", on_answer, NULL), 0);
		assert_in_range(SESSION_UNTIL(answer.n == 1), ussds[i].after_ms - 1000,
				ussds[i].after_ms + 1000);
		assert_string_equal(answer.final, ussds[i].told);
		SESSION_UNTIL(is_ready());
		assert_int_equal(fake_count("AT+CUSD=2"), i == 0);
		fake_end();
	}
}

/* Asked to open while what was there still closes: it opens when that is over. */
static void opens_when_the_one_before_is_closed(void **state)
{
	(void)state;
	ready("");
	session_disconnect(fake.session);
	session_open(fake.session);
	assert_int_equal(fake.opened, 1);
	assert_null(fake.port);
	SESSION_UNTIL(is_ready());
	assert_int_equal(fake.opened, 2);
	fake_end();
}

/* Given up twice: once is enough. */
static void a_part_is_abandoned_once(void **state)
{
	(void)state;
	ready("");
	session_abandon(fake.session);
	session_send(fake.session, &part);
	session_abandon(fake.session);
	session_abandon(fake.session);
	session_commit(fake.session);
	SESSION_UNTIL(fake.n_sent == 1);
	assert_int_equal(fake.sent[0].verdict, SEND_NOT_SUBMITTED);
	assert_int_equal(fake_count(part.pdu), 0);
	SESSION_UNTIL(is_ready());
	fake_end();
}

/* Trouble with the prompt slows down step by step, but not beyond the last one. */
static void pacing_has_a_last_step(void **state)
{
	(void)state;
	ready("recovery = { steps = [ ]; };");
	fake.at_prompt = "";
	for (size_t i = 0; i < PROFILE_PACES + 2; i++) {
		session_send(fake.session, &part);
		session_commit(fake.session);
		SESSION_UNTIL(fake.n_sent == i + 1);
		SESSION_UNTIL(is_ready());
	}
	assert_int_equal(status()->command_gap_ms, profile_pace(PROFILE_PACES - 1)->command_gap_ms);
	assert_int_equal(status()->prompt_gap_ms, profile_pace(PROFILE_PACES - 1)->prompt_gap_ms);
	fake_end();
}

static void a_refused_deletion_is_told(void **state)
{
	(void)state;
	ready("");
	fake_rule("AT+CMGR=*", "+CMGR: 0,,18|07919701000000F0040B917406000000F00000|OK");
	fake_rule("AT+CMGD=*", "+CMS ERROR: 500");
	fake_say("+CMTI: \"ME\",1");
	SESSION_UNTIL(fake_count("AT+CMGD=*") == 1 && !fake.session->busy);
	assert_non_null(strstr(status()->last_error, "could not be deleted"));
	assert_int_equal(fake.n_inbound, 1);
	fake_end();
}

static void a_raw_command_without_an_answer_ends(void **state)
{
	(void)state;
	memset(&answer, 0, sizeof(answer));
	ready("");
	fake_rule("AT+SLOW", "");
	assert_int_equal(session_at(fake.session, "AT+SLOW", on_answer, NULL), 0);
	SESSION_UNTIL(answer.n == 1);
	assert_string_equal(answer.final, "the modem did not answer in time");
	SESSION_UNTIL(is_ready());
	fake_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_does_not_help_in_time_is_followed_by_more),
		cmocka_unit_test(takes_no_step_that_cannot_help),
		cmocka_unit_test(a_missing_sim_ends_a_step),
		cmocka_unit_test(a_lost_port_ends_a_step),
		cmocka_unit_test(another_port_begins_anew_but_after_our_own_restart),
		cmocka_unit_test(resets_with_the_command_that_is_known),
		cmocka_unit_test(a_modem_that_is_gone_for_long_has_its_power_cut),
		cmocka_unit_test(a_power_command_that_fails_is_told),
		cmocka_unit_test(a_power_command_has_a_minute),
		cmocka_unit_test(no_way_for_sms_tries_the_other_one),
		cmocka_unit_test(an_action_waits_for_the_message_on_the_air),
		cmocka_unit_test(the_radio_is_switched_ever_more_rarely),
		cmocka_unit_test(a_modem_that_has_not_answered_for_long_is_silent),
		cmocka_unit_test(registration_on_lte_counts_where_it_is_the_only_one),
		cmocka_unit_test(a_ussd_answer_is_not_waited_for_for_ever),
		cmocka_unit_test(opens_when_the_one_before_is_closed),
		cmocka_unit_test(a_part_is_abandoned_once),
		cmocka_unit_test(pacing_has_a_last_step),
		cmocka_unit_test(a_refused_deletion_is_told),
		cmocka_unit_test(a_raw_command_without_an_answer_ends),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
