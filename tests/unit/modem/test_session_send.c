/* test_session_send.c - one part on the air: what each reply and each silence proves. */
#include "session_fake.h"

static const struct session_part part = { .pdu = "0001000B917406000000F00000", .length = 18 };

/* Everything that can happen between AT+CMGS and its end (field notes 6.1). */
static const struct {
	const char *name, *at_prompt, *at_payload; /* at_prompt NULL: the prompt comes */
	bool commit, abandon;
	enum send_verdict verdict;
	int reference, code;
	bool is_cme;
} cases[] = {
	{ "accepted", NULL, "+CMGS: 37|OK", true, false, SEND_ACCEPTED, 37, -1, false },
	{ "accepted, no space", NULL, "+CMGS:7|OK", true, false, SEND_ACCEPTED, 7, -1, false },
	{ "accepted, more fields", NULL, "+CMGS: 8,\"26/11/21\"|OK", true, false, SEND_ACCEPTED, 8,
	  -1, false },
	{ "OK without +CMGS", NULL, "OK", true, false, SEND_ACCEPTED, -1, -1, false },
	{ "+CMGS without OK", NULL, "+CMGS: 9", true, false, SEND_ACCEPTED, 9, -1, false },
	{ "refused by the network", NULL, "+CMS ERROR: 21", true, false, SEND_REFUSED, -1, 21,
	  false },
	{ "refused, CME", NULL, "+CME ERROR: 30", true, false, SEND_REFUSED, -1, 30, true },
	{ "bare error", NULL, "ERROR", true, false, SEND_REFUSED, -1, -1, false },
	{ "error for the prompt", "+CMS ERROR: 500", "", true, false, SEND_REFUSED, -1, 500,
	  false },
	{ "bare error for the prompt", "ERROR", "", true, false, SEND_REFUSED, -1, -1, false },
	{ "OK for the prompt", "OK", "", true, false, SEND_NOT_SUBMITTED, -1, -1, false },
	{ "no prompt", "", "", true, false, SEND_NOT_SUBMITTED, -1, -1, false },
	{ "no commit", NULL, "OK", false, false, SEND_NOT_SUBMITTED, -1, -1, false },
	{ "abandoned", NULL, "OK", false, true, SEND_NOT_SUBMITTED, -1, -1, false },
	{ "silence after Ctrl-Z", NULL, "", true, false, SEND_UNCERTAIN, -1, -1, false },
	{ "OK before +CMGS", NULL, "OK|+CMTI: \"ME\",1|+CMGS: 6", true, false, SEND_ACCEPTED, 6, -1,
	  false },
	{ "+CMGS without a number", NULL, "+CMGS:|OK", true, false, SEND_ACCEPTED, -1, -1, false },
	{ "noise of a modem that did not restart", NULL, "+PACSP0|RING|NO CARRIER|+CMGS: 4|OK",
	  true, false, SEND_ACCEPTED, 4, -1, false },
	{ "URC before the result", NULL, "+CREG: 1|+CMGS: 12|+CMTI: \"ME\",1|OK", true, false,
	  SEND_ACCEPTED, 12, -1, false },
};

static void every_end_has_its_verdict(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct send_outcome *got = &fake.sent[0];

		fake_ready(fake_full, "");
		fake.at_prompt = cases[i].at_prompt;
		fake.at_payload = cases[i].at_payload;
		session_send(fake.session, &part);
		assert_false(session_can_send(fake.session));
		if (cases[i].commit)
			session_commit(fake.session);
		if (cases[i].abandon)
			session_abandon(fake.session);
		assert_int_equal(fake.n_sent, 0); /* never inside a call */
		RUN_UNTIL(fake.n_sent == 1);
		if (got->verdict != cases[i].verdict || got->reference != cases[i].reference ||
		    got->code != cases[i].code || got->is_cme != cases[i].is_cme)
			fail_msg("%s: verdict %d, reference %d, code %d: %s", cases[i].name,
				 got->verdict, got->reference, got->code, fake.sent_why[0]);
		assert_int_equal(fake_count(part.pdu), got->verdict == SEND_UNCERTAIN ||
							       got->verdict == SEND_ACCEPTED ||
							       (cases[i].at_prompt == NULL &&
								got->verdict == SEND_REFUSED));
		RUN_UNTIL(session_can_send(fake.session)); /* and it goes on */
		assert_int_equal(fake.n_sent, 1);
		fake_end();
	}
}

static void payload_waits_for_commit(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	session_send(fake.session, &part);
	assert_int_equal(fake_count("AT+CMGS=18"), 1); /* at once */
	RUN_UNTIL(fake.session->tx.prompted);
	assert_int_equal(fake_count(part.pdu), 0);
	session_commit(fake.session);
	RUN_UNTIL(fake.n_sent == 1);
	assert_int_equal(fake.sent[0].verdict, SEND_ACCEPTED);
	assert_int_equal(session_status(fake.session)->sent, 1);
	fake_end();
}

/* The port is lost, or the modem restarts, before and after Ctrl-Z. */
static const struct {
	bool submitted;
	const char *urc; /* NULL: the port is lost */
	enum send_verdict verdict;
} losses[] = {
	{ false, NULL, SEND_NOT_SUBMITTED },   { true, NULL, SEND_UNCERTAIN },
	{ false, "RDY", SEND_NOT_SUBMITTED },  { true, "RDY", SEND_UNCERTAIN },
	{ true, "^SYSSTART", SEND_UNCERTAIN }, { true, "*ATREADY: 1", SEND_UNCERTAIN },
	{ true, "+CFUN: 1", SEND_UNCERTAIN },  { true, "+AT: READY", SEND_UNCERTAIN },
};

static void losing_the_modem_is_told_and_it_returns(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(losses); i++) {
		fake_ready(fake_full, "");
		((struct config_modem *)fake.session->modem)->result_timeout_ms = 10000;
		fake.at_payload = "";
		session_send(fake.session, &part);
		RUN_UNTIL(fake.session->tx.prompted);
		if (losses[i].submitted)
			session_commit(fake.session);
		if (losses[i].urc != NULL)
			fake_say(losses[i].urc);
		else
			fake_lose();
		RUN_UNTIL(fake.n_sent == 1);
		assert_int_equal(fake.sent[0].verdict, losses[i].verdict);
		RUN_UNTIL(session_can_send(fake.session));
		assert_int_equal(fake.opened, losses[i].urc == NULL ? 2 : 1);
		assert_int_equal(fake.n_sent, 1);
		fake_end();
	}
}

static void send_next(struct session *s)
{
	size_t n = fake.n_log;

	if (fake.n_sent >= 5)
		return;
	assert_true(session_can_send(s));
	session_send(s, &part);
	if (fake.n_log != n + 1) /* written in the same turn */
		fail_msg("AT+CMGS waits");
	assert_string_equal(fake.log[n], "AT+CMGS=18");
	session_commit(s);
}

static void next_one_goes_out_in_the_same_turn(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	RUN_UNTIL(at_idle(fake.session->at) && !fake.session->busy);
	fake.on_sent = send_next;
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake.n_sent == 5);
	RUN_UNTIL(fake_state() == MODEM_READY);
	assert_int_equal(session_status(fake.session)->sent, 5);
	fake_end();
}

static void send_on(struct session *s)
{
	if (fake.n_sent >= 4 || !session_can_send(s))
		return;
	session_send(s, &part);
	session_commit(s);
}

static void reads_once_between_two_messages(void **state)
{
	size_t first, second;

	(void)state;
	fake_ready(fake_full, "");
	RUN_UNTIL(at_idle(fake.session->at) && !fake.session->busy);
	fake_rule("AT+CMGR=*", "+CMGR: 0,,18|07919701000000F0040B917406000000F00000|OK");
	fake_rule("AT+CPMS=*", "+CPMS: 0,20,0,20,0,20|OK");
	fake.on_sent = send_on;
	session_send(fake.session, &part);
	fake_say("+CMTI: \"ME\",1|+CMTI: \"ME\",2");
	RUN_UNTIL(fake.n_inbound == 0 && fake.session->rx.n == 2);
	first = fake.n_log;
	session_commit(fake.session);
	RUN_UNTIL(fake.n_inbound == 2 && fake_count("AT+CMGD=*") == 2);
	/* Never between AT+CMGS and its payload. */
	for (size_t i = first; i < fake.n_log; i++)
		if (strcmp(fake.log[i], "AT+CMGS=18") == 0)
			assert_string_equal(fake.log[i + 1], part.pdu);
	second = fake_where("AT+CMGS=18", first);
	/* One command of reading, and only one, before the next message. */
	assert_true(fake_where("AT+CMGR=1", first) < second);
	assert_true(fake_where("AT+CMGR=2", first) > second);
	assert_true(fake_where("AT+CMGD=*", first) > second);
	RUN_UNTIL(fake.n_sent == 4);
	fake_end();
}

static void asks_for_the_link_once(void **state)
{
	const struct session_part more = { .pdu = part.pdu, .length = 18, .more = true };

	(void)state;
	fake_ready(fake_full, "");
	for (size_t i = 0; i < 3; i++) {
		session_send(fake.session, &more);
		session_commit(fake.session);
		RUN_UNTIL(fake.n_sent == i + 1);
	}
	assert_int_equal(fake_count("AT+CMMS=2"), 1);
	assert_true(fake_where("AT+CMMS=2", 0) < fake_where("AT+CMGS=*", 0));
	fake_end();
}

static void late_reply_is_told(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	fake.at_payload = "";
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake.n_sent == 1);
	assert_int_equal(fake.sent[0].verdict, SEND_UNCERTAIN);
	fake_say("+CMGS: 77|OK");
	RUN_UNTIL(fake.n_late == 1);
	assert_int_equal(fake.late[0], 77);
	RUN_UNTIL(session_can_send(fake.session));
	fake_say("+CMGS: 78"); /* of nobody */
	fake_say("+CREG: 2");
	RUN_UNTIL(!session_can_send(fake.session));
	assert_int_equal(fake.n_late, 1);
	fake_end();
}

/* The modem serves others meanwhile. What it says twice of one of these is not the late one. */
static void late_reply_is_told_behind_another(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	fake.at_payload = "";
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake.n_sent == 1 && session_can_send(fake.session));
	fake.at_payload = "+CMGS: 78|OK";
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake.n_sent == 2);
	assert_int_equal(fake.sent[1].reference, 78);
	fake_say("+CMGS: 78|+CMGS: 77|OK");
	RUN_UNTIL(fake.n_late == 1);
	assert_int_equal(fake.late[0], 77);
	fake_end();
}

static void late_error_settles_the_doubt(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	fake.at_payload = "";
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake.n_sent == 1);
	fake_say("+CMS ERROR: 41");
	RUN_UNTIL(strstr(session_status(fake.session)->last_error, "too late") != NULL);
	RUN_UNTIL(session_can_send(fake.session));
	fake_say("+CMGS: 9|+CREG: 2"); /* of nobody: the doubt is over */
	RUN_UNTIL(!session_can_send(fake.session));
	assert_int_equal(fake.n_late, 0);
	fake_end();
}

static void send_without_a_modem_ends(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_start();
	session_send(fake.session, &part);
	assert_int_equal(fake.n_sent, 0);
	RUN_UNTIL(fake.n_sent == 1);
	assert_int_equal(fake.sent[0].verdict, SEND_NOT_SUBMITTED);
	fake_end();
}

static void closing_waits_for_the_part_on_the_air(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	((struct config_modem *)fake.session->modem)->result_timeout_ms = 10000;
	fake.at_payload = "";
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake_count(part.pdu) == 1);
	session_close(fake.session, 10000, fake_is_closed, NULL);
	fake_say("+CMGS: 3|OK");
	RUN_UNTIL(fake.closed);
	assert_int_equal(fake.n_sent, 1);
	assert_int_equal(fake.sent[0].verdict, SEND_ACCEPTED);
	fake_clean();
}

static void closing_without_grace_leaves_it_uncertain(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	fake.at_payload = "";
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake_count(part.pdu) == 1);
	fake_end();
	assert_int_equal(fake.n_sent, 1);
	assert_int_equal(fake.sent[0].verdict, SEND_UNCERTAIN);
}

static void prompt_trouble_slows_down_and_success_speeds_up(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	assert_int_equal(session_status(fake.session)->prompt_gap_ms, 0);
	fake.at_prompt = "";
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake.n_sent == 1);
	assert_int_equal(session_status(fake.session)->command_gap_ms, 5);
	fake.at_prompt = NULL;
	for (size_t i = 0; i < PROFILE_CLEAN_SENDS; i++) {
		RUN_UNTIL(session_can_send(fake.session));
		session_send(fake.session, &part);
		session_commit(fake.session);
		RUN_UNTIL(fake.n_sent == i + 2);
	}
	assert_int_equal(session_status(fake.session)->command_gap_ms, 0);
	fake_end();
}

/* What came is read and deleted, wherever it stands. */
static void a_full_memory_is_emptied(void **state)
{
	size_t listed;

	(void)state;
	fake_ready(fake_full, "");
	RUN_UNTIL(fake_count("AT+CMGL=4") == 2 && at_idle(fake.session->at));
	listed = fake_count("AT+CMGL=4");
	fake.at_payload = "+CMS ERROR: 322";
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake_count("AT+CMGL=4") == listed + 2);
	fake_say("^SMMEMFULL: \"SM\"");
	RUN_UNTIL(fake_count("AT+CMGL=4") == listed + 4);
	fake_end();
}

/* Somebody switched the radio off, or the service centre's number was lost. */
static void lost_states_are_restored(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	fake_rule("AT+CFUN?", "+CFUN: 4|OK");
	fake_rule("AT+CFUN=1", "OK");
	fake.at_payload = "+CMS ERROR: 302";
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake_count("AT+CFUN=1") == 1 && session_can_send(fake.session));
	fake_end();
	fake_ready(fake_full, "smsc = \"+79111111111\";");
	fake_rule("AT+CSCA?", "+CSCA: \"\",129|OK");
	fake_rule("AT+CSCA=*", "OK");
	fake.at_payload = "+CMS ERROR: 330";
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake_count("AT+CSCA=\"+79111111111\",145") == 1 &&
		  session_can_send(fake.session));
	fake_end();
}

static void wrong_mode_is_set_again(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	fake.at_payload = "+CMS ERROR: 304";
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake.n_sent == 1);
	RUN_UNTIL(fake_count("AT+CMGF=0") == 2 && session_can_send(fake.session));
	assert_int_equal(fake_count("AT+CGMI"), 1);
	fake_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_end_has_its_verdict),
		cmocka_unit_test(payload_waits_for_commit),
		cmocka_unit_test(losing_the_modem_is_told_and_it_returns),
		cmocka_unit_test(next_one_goes_out_in_the_same_turn),
		cmocka_unit_test(reads_once_between_two_messages),
		cmocka_unit_test(asks_for_the_link_once),
		cmocka_unit_test(late_reply_is_told),
		cmocka_unit_test(late_reply_is_told_behind_another),
		cmocka_unit_test(late_error_settles_the_doubt),
		cmocka_unit_test(send_without_a_modem_ends),
		cmocka_unit_test(closing_waits_for_the_part_on_the_air),
		cmocka_unit_test(closing_without_grace_leaves_it_uncertain),
		cmocka_unit_test(prompt_trouble_slows_down_and_success_speeds_up),
		cmocka_unit_test(a_full_memory_is_emptied),
		cmocka_unit_test(lost_states_are_restored),
		cmocka_unit_test(wrong_mode_is_set_again),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
