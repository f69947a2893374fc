/* test_session_sim.c - SIMs, settings and modems that make bring-up wait, ask again or give up. */
#include "session_time.h"

static const char *why(void)
{
	return session_status(fake.session)->why;
}

static bool is_ready(void)
{
	return session_can_send(fake.session);
}

/* Answers after which it is asked again, how often, and what is done meanwhile. */
static const struct {
	const char *cpin;
	size_t asked; /* times in which it is answered so */
	enum modem_state meanwhile;
	size_t off;
} waits[] = {
	{ "+CME ERROR: 14", 5, MODEM_STARTING, 0 },
	{ "+CMS ERROR: 314", 5, MODEM_STARTING, 0 },
	{ "+CPIN: NOT READY|OK", 5, MODEM_STARTING, 0 },
	{ "+CPIN: SOMETHING NEW|OK", 5, MODEM_STARTING, 0 },
	{ "+CME ERROR: 13", 1, MODEM_STARTING, 1 },
	{ "OK", 2, MODEM_STARTING, 0 },
};

static void asks_again_while_the_sim_starts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		fake_prepare(fake_full, "");
		fake_rule("AT+CFUN=*", "OK");
		fake_rule("AT+CPIN?", waits[i].cpin);
		fake_start();
		SESSION_UNTIL(fake_count("AT+CPIN?") == waits[i].asked);
		assert_int_equal(fake_state(), waits[i].meanwhile);
		fake_rule("AT+CPIN?", "+CPIN: READY|OK");
		SESSION_UNTIL(is_ready());
		assert_int_equal(fake_count("AT+CPIN?"), waits[i].asked + 1);
		assert_int_equal(fake_count("AT+CFUN=0"), waits[i].off);
		assert_int_equal(fake.opened, 1);
		fake_end();
	}
}

/* Where that does not end. */
static const struct {
	const char *cpin;
	size_t asked;
	enum modem_state state;
	const char *why;
} ends[] = {
	{ "+CME ERROR: 14", 20, MODEM_SIM_MISSING, "the SIM does not become ready" },
	{ "+CME ERROR: 13", 2, MODEM_SIM_MISSING, "the SIM fails: take it out" },
	{ "OK", 3, MODEM_READY, "registered" },    /* it does not tell */
	{ "ERROR", 3, MODEM_READY, "registered" }, /* nor does it know the question */
	{ "+CME ERROR: 100", 1, MODEM_READY, "registered" },
};

static void gives_up_or_goes_on_without_an_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		fake_prepare(fake_full, "");
		fake_rule("AT+CFUN=*", "OK");
		fake_rule("AT+CPIN?", ends[i].cpin);
		fake_start();
		SESSION_UNTIL(fake_state() == ends[i].state);
		assert_int_equal(fake_count("AT+CPIN?"), ends[i].asked);
		assert_int_equal(strncmp(why(), ends[i].why, strlen(ends[i].why)), 0);
		fake_rule("AT+CPIN?", "+CPIN: READY|OK"); /* and it is never too late */
		SESSION_UNTIL(is_ready());
		fake_end();
	}
}

static void a_sim_that_is_never_answered_for_is_trouble(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CPIN?", "");
	fake_start();
	SESSION_UNTIL(fake.opened == 2);
	assert_int_equal(fake_count("AT+CPIN?"), 3);
	assert_int_equal(session_status(fake.session)->recoveries[RUNG_REOPEN], 1);
	fake_rule("AT+CPIN?", "+CPIN: READY|OK");
	SESSION_UNTIL(is_ready());
	fake_end();
}

static char pin_path[64];

static void prepare_pin(void)
{
	char more[128];
	int fd;

	strcpy(pin_path, "/tmp/simgate-pin-XXXXXX");
	fd = mkstemp(pin_path);
	assert_true(fd >= 0 && write(fd, "1234\n", 5) == 5);
	close(fd);
	snprintf(more, sizeof(more), "pin_file = \"%s\";", pin_path);
	fake_prepare(fake_full, more);
	fake.pin_allowed = true;
	fake_rule("AT+CPIN?", "+CPIN: SIM PIN|OK");
	fake_rule("AT+CPIN=*", "OK");
}

/* It took the PIN and asks on: that may pass, but is no reason to try again. */
static void a_pin_that_does_not_help_is_entered_once(void **state)
{
	(void)state;
	prepare_pin();
	fake_start();
	SESSION_UNTIL(strcmp(why(), "the SIM still asks for its PIN after the PIN was entered") ==
		      0);
	assert_int_equal(fake_state(), MODEM_SIM_PIN);
	SESSION_UNTIL(fake_count("AT+CPIN?") == 20);
	assert_int_equal(fake_count("AT+CPIN=*"), 1);
	assert_int_equal(fake.n_pin, 1);
	fake_rule("AT+CPIN?", "+CPIN: READY|OK");
	SESSION_UNTIL(is_ready());
	session_pin_answer(fake.session, true); /* nobody asked */
	assert_true(is_ready());
	assert_int_equal(fake_count("AT+CPIN=*"), 1);
	fake_end();
	unlink(pin_path);
}

static void lose_the_file(void *arg, struct session *session, const char *iccid, int tries)
{
	unlink(pin_path);
	fake_pin(arg, session, iccid, tries);
}

static void a_pin_that_is_gone_when_it_is_needed_is_told(void **state)
{
	struct session_events events = fake_events;

	(void)state;
	prepare_pin();
	events.pin_wanted = lose_the_file;
	fake.session = session_new(&fake.loop, fake.config, "gsm0", &events, &fake);
	SESSION_UNTIL(strcmp(why(), "pin_file No such file or directory") == 0);
	assert_int_equal(fake_state(), MODEM_SIM_PIN);
	assert_int_equal(fake_count("AT+CPIN=*"), 0);
	fake_end();
}

static void no_pdu_mode_is_no_sms(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CMGF=0", "ERROR");
	fake_start();
	SESSION_UNTIL(fake_state() == MODEM_FAILED);
	assert_int_equal(fake_count("AT+CMGF=0"), 10); /* it may not be ready yet */
	assert_non_null(strstr(why(), "it cannot send SMS"));
	assert_null(fake.port);
	fake_rule("AT+CMGF=0", "OK");
	assert_true(SESSION_UNTIL(is_ready()) >= 60000); /* looked at once a minute */
	assert_int_equal(fake.opened, 2);
	fake_end();
}

static void a_storage_that_is_busy_is_asked_again(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CPMS=\"*", "+CMS ERROR: 314");
	fake_start();
	SESSION_UNTIL(fake_count("AT+CPMS=\"ME\",\"ME\",\"ME\"") == 3);
	assert_int_equal(fake_count("AT+CPMS=\"SM*"), 0);
	fake_rule("AT+CPMS=\"*", "+CPMS: 0,20,0,20,0,20|OK");
	SESSION_UNTIL(is_ready());
	assert_string_equal(fake.session->rx.stores[0], "ME");
	fake_end();
}

static void a_refused_service_centre_is_told(void **state)
{
	(void)state;
	fake_prepare(fake_full, "smsc = \"+79111111111\";");
	fake_rule("AT+CSCA?", "+CSCA: \"\",129|OK");
	fake_rule("AT+CSCA=*", "+CMS ERROR: 304");
	fake_start();
	SESSION_UNTIL(is_ready());
	assert_non_null(strstr(session_status(fake.session)->last_error, "service centre number"));
	assert_string_equal(session_status(fake.session)->smsc, "");
	fake_end();
}

/* The SIM's own file, where no command tells its number. */
static const struct {
	const char *file, *iccid;
} files[] = {
	{ "+CRSM: 144,0,\"98071032547698103254\"|OK", "89700123456789012345" },
	{ "+CRSM: 106,130,\"98071032547698103254\"|OK", "" },
	{ "+CRSM: 144,0|OK", "" },
	{ "ERROR", "" },
};

static void reads_the_iccid_from_its_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		fake_prepare(fake_full, "");
		fake_rule("AT^ICCID?", "ERROR");
		fake_rule("AT+CRSM=176,12258,0,0,10", files[i].file);
		fake_start();
		SESSION_UNTIL(is_ready());
		assert_int_equal(fake_count("AT+CRSM=*"), 1);
		assert_string_equal(session_status(fake.session)->iccid, files[i].iccid);
		fake_end();
	}
}

/* A fixed speed, where the family guesses it and there is one. */
static const struct {
	const char *maker, *model;
	enum port_kind kind;
	size_t set;
} speeds[] = {
	{ "SIMCOM_Ltd", "SIMCOM_SIM800L", PORT_SERIAL, 1 },
	{ "SIMCOM_Ltd", "SIMCOM_SIM800L", PORT_TCP, 0 },
	{ "SIMCOM_Ltd", "SIMCOM_SIM800L", PORT_PTY, 0 },
	{ "huawei", "E173", PORT_SERIAL, 0 },
};

static void fixes_the_speed_of_a_real_line(void **state)
{
	char maker[64], model[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(speeds); i++) {
		snprintf(maker, sizeof(maker), "%s|OK", speeds[i].maker);
		snprintf(model, sizeof(model), "%s|OK", speeds[i].model);
		fake_prepare(fake_full, "baud = 57600;");
		fake.kind = speeds[i].kind;
		fake_rule("AT+CGMI", maker);
		fake_rule("AT+CGMM", model);
		fake_start();
		SESSION_UNTIL(is_ready());
		assert_int_equal(fake_count("AT+IPR=57600"), speeds[i].set);
		fake_end();
	}
}

static bool is_here(void *arg, struct session *session, char device[static SESSION_DEVICE_SIZE],
		    char text[static SESSION_WHY_SIZE])
{
	(void)arg;
	(void)session;
	(void)text;
	snprintf(device, SESSION_DEVICE_SIZE, "tcp://127.0.0.1:1");
	return true;
}

/* Whoever locates learns from it where else to look: at once, not in a minute. */
static void another_modem_is_left_at_once_where_ports_are_searched(void **state)
{
	struct session_events events = fake_events;
	struct config_modem *modem;

	(void)state;
	fake_prepare(fake_full, "match = { imei = \"111111111111119\"; };");
	modem = (struct config_modem *)config_modem(fake.config, "gsm0");
	modem->device = "";
	events.locate = is_here;
	fake.session = session_new(&fake.loop, fake.config, "gsm0", &events, &fake);
	SESSION_UNTIL(fake_state() == MODEM_FAILED);
	assert_non_null(strstr(why(), "another modem (IMEI)"));
	assert_true(SESSION_UNTIL(fake.opened == 2) <= 2000);
	fake_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_again_while_the_sim_starts),
		cmocka_unit_test(gives_up_or_goes_on_without_an_answer),
		cmocka_unit_test(a_sim_that_is_never_answered_for_is_trouble),
		cmocka_unit_test(a_pin_that_does_not_help_is_entered_once),
		cmocka_unit_test(a_pin_that_is_gone_when_it_is_needed_is_told),
		cmocka_unit_test(no_pdu_mode_is_no_sms),
		cmocka_unit_test(a_storage_that_is_busy_is_asked_again),
		cmocka_unit_test(a_refused_service_centre_is_told),
		cmocka_unit_test(reads_the_iccid_from_its_file),
		cmocka_unit_test(fixes_the_speed_of_a_real_line),
		cmocka_unit_test(another_modem_is_left_at_once_where_ports_are_searched),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
