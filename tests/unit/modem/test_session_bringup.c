/* test_session_bringup.c - from the first AT to ready, with modems that know much, little or less.
 */
#include "session_fake.h"

static size_t step(const char *command)
{
	size_t at = fake_where(command, 0);

	if (at == fake.n_log)
		fail_msg("%s was not sent", command);
	return at;
}

static void comes_up_full(void **state)
{
	const struct modem_status *status;

	(void)state;
	fake_ready(fake_full, "");
	status = session_status(fake.session);
	RUN_UNTIL(status->operator_name[0] != '\0' && fake_count("AT+CMGL=4") == 2);
	assert_string_equal(status->manufacturer, "huawei");
	assert_string_equal(status->model, "E173");
	assert_string_equal(status->profile, "huawei");
	assert_string_equal(status->imei, "356938035643809");
	assert_string_equal(status->iccid, "89700123456789012345");
	assert_string_equal(status->imsi, "250010123456789");
	assert_string_equal(status->smsc, "+79100000000");
	assert_string_equal(status->operator_name, "Test Net");
	assert_string_equal(status->rat, "UMTS");
	assert_int_equal(status->registration, 1);
	assert_int_equal(status->dbm, -73);
	assert_int_equal(status->command_gap_ms, 0);
	assert_true(step("ATE0") < step("AT+CMEE=1"));
	assert_true(step("AT+CPIN?") < step("AT+CIMI"));
	assert_true(step("AT+CMGF=0") < step("AT+CNMI=1,1,0,1,0"));
	/* Set once, and selected again after the other storage was listed. */
	assert_int_equal(fake_count("AT+CPMS=\"ME\",\"ME\",\"ME\""), 2);
	assert_string_equal(fake.session->rx.selected, "ME");
	assert_true(step("AT+CREG?") < step("AT+CMGL=4")); /* a listing may be long */
	assert_string_equal(fake.states, " opening starting ready");
	fake_end();
}

static void comes_up_minimal_and_sends(void **state)
{
	const struct session_part part = { .pdu = "0001000B91", .length = 18 };

	(void)state;
	fake_ready(fake_minimal, "");
	assert_int_equal(session_status(fake.session)->registration, 1);
	session_send(fake.session, &part);
	session_commit(fake.session);
	RUN_UNTIL(fake.n_sent == 1);
	assert_int_equal(fake.sent[0].verdict, SEND_ACCEPTED);
	assert_int_equal(fake.sent[0].reference, 5);
	fake_end();
}

/* Some say nothing to what they do not know. */
static void comes_up_where_much_has_no_answer(void **state)
{
	static const char *const unknown[] = { "AT+CGREG=*", "AT+CEREG=*", "AT+CLIP=1", "AT+CRC=0",
					       "AT+COPS=3,0" };

	(void)state;
	fake_prepare(fake_full, "");
	((struct config_modem *)config_modem(fake.config, "gsm0"))->command_timeout_ms = 100;
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		fake_rule(unknown[i], "");
	fake_start();
	RUN_UNTIL(session_can_send(fake.session));
	assert_int_equal(fake.opened, 1);
	assert_int_equal(session_status(fake.session)->recoveries[RUNG_REOPEN], 0);
	fake_end();
}

static void paces_an_unknown_modem_on_a_line(void **state)
{
	(void)state;
	fake_prepare(fake_minimal, "");
	fake.kind = PORT_TCP;
	fake_start();
	RUN_UNTIL(session_can_send(fake.session));
	assert_int_equal(session_status(fake.session)->command_gap_ms, 20);
	assert_int_equal(session_status(fake.session)->prompt_gap_ms, 50);
	fake_end();
}

/* What the SIM says, and the state that it leads to. */
static const struct {
	const char *cpin;
	enum modem_state state;
} sims[] = {
	{ "+CME ERROR: 10", MODEM_SIM_MISSING },
	{ "+CPIN: NOT INSERTED|OK", MODEM_SIM_MISSING },
	{ "+CPIN: SIM PUK|OK", MODEM_SIM_PUK },
	{ "+CME ERROR: 12", MODEM_SIM_PUK },
	{ "+CPIN: PH-NET PIN|OK", MODEM_FAILED },
	{ "+CME ERROR: 5", MODEM_FAILED },
	{ "+CME ERROR: 42", MODEM_FAILED },
	{ "+CME ERROR: SIM not inserted", MODEM_SIM_MISSING },
	{ "+CME ERROR: SIM PUK required", MODEM_SIM_PUK },
	{ "+CPIN: SIM PIN|OK", MODEM_SIM_PIN }, /* and no pin_file */
	{ "+CME ERROR: 11", MODEM_SIM_PIN },
};

static void tells_what_the_sim_lacks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sims); i++) {
		fake_prepare(fake_full, "");
		fake_rule("AT+CPIN?", sims[i].cpin);
		fake_start();
		fake_run_to(sims[i].state);
		assert_int_equal(fake_count("AT+CPIN=*"), 0);
		assert_int_equal(fake.n_pin, 0);
		fake_end();
	}
}

static void goes_on_when_the_sim_is_put_in(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CPIN?", "+CME ERROR: 10");
	fake_start();
	fake_run_to(MODEM_SIM_MISSING);
	fake_rule("AT+CPIN?", "+CPIN: READY|OK");
	fake_say("+CPIN: READY");
	RUN_UNTIL(session_can_send(fake.session));
	fake_end();
}

static void write_pin(char path[32], const char *text)
{
	int fd;

	strcpy(path, "/tmp/simgate-pin-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static const struct {
	const char *file, *tries, *answer;
	bool allowed;
	size_t asked, entered;
	bool ready;
} pins[] = {
	{ "1234\n", "^CPIN: SIM PIN,3,10,3,10,3|OK", "OK", true, 1, 1, true },
	{ "1234", "ERROR", "OK", true, 1, 1, true }, /* tries unknown: whoever asks decides */
	{ "1234\n", "^CPIN: SIM PIN,3,10,3,10,3|OK", "OK", false, 1, 0, false },
	{ "1234\n", "^CPIN: SIM PIN,1,10,1,10,3|OK", "OK", true, 0, 0, false },
	{ "1234\n", "^CPIN: SIM PIN,0,10,0,10,3|OK", "OK", true, 0, 0, false },
	{ "12\n", "^CPIN: SIM PIN,3,10,3,10,3|OK", "OK", true, 0, 0, false },
	{ "12x4\n", "^CPIN: SIM PIN,3,10,3,10,3|OK", "OK", true, 0, 0, false },
	{ "1234\n", "^CPIN: SIM PIN,3,10,3,10,3|OK", "+CME ERROR: 16", true, 1, 1, false },
};

static void enters_the_pin_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pins); i++) {
		char path[32], more[128];

		write_pin(path, pins[i].file);
		snprintf(more, sizeof(more), "pin_file = \"%s\";", path);
		fake_prepare(fake_full, more);
		fake.pin_allowed = pins[i].allowed;
		fake_rule("AT+CPIN?", "+CPIN: SIM PIN|OK");
		fake_rule("AT^CPIN?", pins[i].tries);
		fake_rule("AT+CPIN=*", pins[i].answer);
		fake_start();
		if (pins[i].ready) {
			RUN_UNTIL(fake_count("AT+CPIN=\"1234\"") == 1);
			fake_rule("AT+CPIN?", "+CPIN: READY|OK");
			RUN_UNTIL(session_can_send(fake.session));
		} else {
			RUN_UNTIL(fake_state() == MODEM_SIM_PIN &&
				  strstr(session_status(fake.session)->why, "may the") == NULL);
			RUN_UNTIL(fake_count("AT+CPIN=*") == pins[i].entered);
		}
		assert_int_equal(fake.n_pin, pins[i].asked);
		assert_int_equal(fake_count("AT+CPIN=*"), pins[i].entered);
		if (fake.n_pin > 0)
			assert_string_equal(fake.pin_iccid, "89700123456789012345");
		fake_end();
		unlink(path);
	}
}

static void another_sim_is_asked_about_anew(void **state)
{
	char path[32], more[128];

	(void)state;
	write_pin(path, "1234\n");
	snprintf(more, sizeof(more), "pin_file = \"%s\";", path);
	fake_prepare(fake_full, more);
	fake.pin_allowed = true;
	fake_rule("AT+CPIN?", "+CPIN: SIM PIN|OK");
	fake_rule("AT+CPIN=*", "OK");
	fake_start();
	RUN_UNTIL(fake.n_pin == 1 && fake_count("AT+CPIN=*") == 1);
	fake_rule("AT+CPIN?", "+CPIN: READY|OK");
	RUN_UNTIL(session_can_send(fake.session));
	fake_rule("AT+CPIN?", "+CME ERROR: 10");
	fake_say("+CPIN: NOT INSERTED");
	fake_run_to(MODEM_SIM_MISSING);
	fake_rule("AT+CPIN?", "+CPIN: SIM PIN|OK");
	fake_rule("AT^ICCID?", "^ICCID: 98071032547698103299|OK");
	fake_say("+CPIN: SIM PIN");
	RUN_UNTIL(fake.n_pin == 2 && fake_count("AT+CPIN=*") == 2);
	assert_string_equal(fake.pin_iccid, "89700123456789012399");
	fake_end();
	unlink(path);
}

static const struct {
	const char *creg;
	enum modem_state state;
} networks[] = {
	{ "+CREG: 2,1|OK", MODEM_READY },
	{ "+CREG: 2,5,\"1A2B\",\"00C3D4E5\",7|OK", MODEM_READY },
	{ "+CREG: 0,6|OK", MODEM_READY },
	{ "+CREG: 0,10|OK", MODEM_READY },
	{ "+CREG: 2,2|OK", MODEM_SEARCHING },
	{ "+CREG: 2,0|OK", MODEM_SEARCHING },
	{ "+CREG: 0,4|OK", MODEM_SEARCHING },
	{ "+CREG: 2,3|OK", MODEM_DENIED },
	{ "+CREG: 2,8|OK", MODEM_DENIED },
	{ "ERROR", MODEM_READY }, /* it does not tell: the first message will */
};

static void judges_registration(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(networks); i++) {
		fake_prepare(fake_full, "");
		fake_rule("AT+CREG?", networks[i].creg);
		fake_start();
		fake_run_to(networks[i].state);
		assert_int_equal(session_can_send(fake.session), networks[i].state == MODEM_READY);
		fake_end();
	}
}

static void refuses_to_roam(void **state)
{
	(void)state;
	fake_prepare(fake_full, "roaming = \"refuse\";");
	fake_rule("AT+CREG?", "+CREG: 2,5|OK");
	fake_start();
	fake_run_to(MODEM_DENIED);
	assert_true(session_status(fake.session)->roaming);
	fake_end();
}

static void follows_registration(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	fake_say("+CREG: 2");
	fake_run_to(MODEM_SEARCHING);
	assert_false(session_can_send(fake.session));
	fake_say("+CREG: 1,\"1A2B\",\"00C3D4E5\",2");
	fake_run_to(MODEM_READY);
	assert_true(session_can_send(fake.session));
	fake_end();
}

static void refuses_another_modem(void **state)
{
	(void)state;
	fake_prepare(fake_full, "match = { imei = \"111111111111119\"; };");
	fake_start();
	fake_run_to(MODEM_FAILED);
	assert_int_equal(fake_count("AT+CMGF=0"), 0);
	fake_end();
}

static void sets_the_service_centre(void **state)
{
	(void)state;
	fake_prepare(fake_full, "smsc = \"+79111111111\";");
	fake_rule("AT+CSCA?", "+CSCA: \"\",129|OK");
	fake_rule("AT+CSCA=*", "OK");
	fake_start();
	RUN_UNTIL(session_can_send(fake.session));
	assert_int_equal(fake_count("AT+CSCA=\"+79111111111\",145"), 1);
	assert_string_equal(session_status(fake.session)->smsc, "+79111111111");
	fake_end();
}

static void waits_for_a_loading_sim(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CIMI", "+CME ERROR: 14");
	fake_start();
	RUN_UNTIL(fake_count("AT+CIMI") == 1);
	fake_rule("AT+CIMI", "250010123456789|OK");
	RUN_UNTIL(session_can_send(fake.session));
	assert_int_equal(fake_count("AT+CIMI"), 2);
	assert_string_equal(session_status(fake.session)->imsi, "250010123456789");
	fake_end();
}

/* No numbers of errors: ERROR may be a SIM that starts, and may want its PIN then. */
static void waits_for_a_sim_behind_a_bare_error(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CMEE=1", "ERROR");
	fake_rule("AT+CPIN?", "ERROR");
	fake_start();
	RUN_UNTIL(fake_count("AT+CPIN?") == 1);
	fake_rule("AT+CPIN?", "+CPIN: SIM PIN|OK");
	fake_run_to(MODEM_SIM_PIN);
	assert_int_equal(fake_count("AT+CIMI"), 0);
	fake_end();
}

static void starts_again_after_a_restart(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	fake_say("RDY");
	RUN_UNTIL(!session_can_send(fake.session));
	fake_say("+CFUN: 1|+CPIN: READY");
	RUN_UNTIL(session_can_send(fake.session));
	assert_int_equal(fake_count("AT+CMGF=0"), 2);
	assert_int_equal(fake.opened, 1);
	fake_end();
}

/* RDY is lost where the speed of the line is guessed anew: this is all that is heard of it. */
static void sets_up_sms_when_it_is_ready(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	fake_say("SMS Ready");
	RUN_UNTIL(fake_count("AT+CMGF=0") == 2 && session_can_send(fake.session));
	assert_int_equal(fake_count("AT+CNMI=1,1,0,1,0"), 2);
	assert_int_equal(fake_count("AT+CLIP=1"), 2);
	assert_int_equal(fake_count("AT+CGMI"), 1);
	fake_end();
}

/* Who tells its IMEI in which way. */
static const struct fake_answer serials[] = {
	{ "AT+CGSN", "+CGSN: \"356938035643809\"|OK" },
	{ "AT+GSN", "35693803564380901|OK" },
	{ "AT+CGSN=1", "+CGSN: \"356938035643809\"|OK" },
	{ "ATI", "Manufacturer: x|Build: 20260102030405|IMEI: 356938035643809|+GCAP: +CGSM|OK" },
};

static void asks_for_the_imei_in_every_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(serials); i++) {
		fake_prepare(fake_full, "match = { imei = \"356938035643809\"; };");
		fake_rule("AT+CGSN*", i % 2 == 0 ? "ERROR" : "no number|OK");
		fake_rule(serials[i].command, serials[i].answer);
		fake_start();
		RUN_UNTIL(session_can_send(fake.session));
		assert_string_equal(session_status(fake.session)->imei, "356938035643809");
		fake_end();
	}
}

/* Somebody left it without a network, or with one that is not here. */
static void selects_a_network_again(void **state)
{
	static const char *const modes[] = { "+COPS: 2|OK", "+COPS: 1|OK" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		fake_prepare(fake_full, "");
		fake_rule("AT+CREG?", "+CREG: 2,0|OK");
		fake_rule("AT+COPS?", modes[i]);
		fake_rule("AT+COPS=0", "OK|+CREG: 1,\"1A2B\",\"00C3\",2");
		fake_start();
		RUN_UNTIL(session_can_send(fake.session));
		assert_int_equal(fake_count("AT+COPS=0"), 1);
		fake_end();
	}
}

static void leaves_a_search_alone(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CREG?", "+CREG: 2,2|OK");
	fake_rule("AT+COPS?", "+COPS: 1|OK");
	fake_start();
	RUN_UNTIL(fake_count("AT+CREG?") == 2);
	assert_int_equal(fake_count("AT+COPS?"), 1);
	assert_int_equal(fake_count("AT+COPS=0"), 0);
	fake_end();
}

/* What it offers, and what it is set to. */
static const struct {
	const char *offered, *set;
} storages[] = {
	{ "+CPMS: (\"SM\",\"ME\"),(\"SM\",\"ME\"),(\"SM\",\"MT\")|OK",
	  "AT+CPMS=\"SM\",\"SM\",\"SM\"" },
	{ "+CPMS: (\"SM\",\"BM\",\"SR\")|OK", "AT+CPMS=\"SM\"" },
	{ "+CPMS: \"SM\",\"ME\"|OK", "AT+CPMS=\"ME\",\"ME\",\"ME\"" },
	{ "+CPMS: (SM,ME),(SM,ME),(SM,ME)|OK", "AT+CPMS=\"ME\",\"ME\",\"ME\"" },
	{ "ERROR", "AT+CPMS=\"ME\",\"ME\",\"ME\"" },
};

static void sets_a_storage_that_is_offered(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(storages); i++) {
		fake_prepare(fake_full, "");
		fake_rule("AT+CPMS=?", storages[i].offered);
		fake_start();
		RUN_UNTIL(session_can_send(fake.session));
		assert_string_equal(fake.log[fake_where("AT+CPMS=\"*", 0)], storages[i].set);
		fake_end();
	}
}

static void sets_the_service_centre_in_ucs2(void **state)
{
	(void)state;
	fake_prepare(fake_full, "smsc = \"+7911111\";");
	fake_rule("AT+CSCS=*", "ERROR");
	fake_rule("AT+CSCS?", "+CSCS: \"UCS2\"|OK");
	fake_rule("AT+CSCA?", "+CSCA: \"\",129|OK");
	fake_rule("AT+CSCA=*", "OK");
	fake_start();
	RUN_UNTIL(session_can_send(fake.session));
	assert_int_equal(fake_count("AT+CSCA=\"002B0037003900310031003100310031\",145"), 1);
	fake_end();
}

static void decodes_names_in_ucs2(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CSCS=*", "ERROR");
	fake_rule("AT+CSCS?", "+CSCS: \"UCS2\"|OK");
	fake_rule("AT+COPS?", "+COPS: 0,0,\"041C0422042100200052\",7|OK");
	fake_start();
	RUN_UNTIL(session_status(fake.session)->operator_name[0] != '\0');
	assert_string_equal(session_status(fake.session)->operator_name, "МТС R");
	assert_string_equal(session_status(fake.session)->rat, "LTE");
	fake_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_up_full),
		cmocka_unit_test(comes_up_minimal_and_sends),
		cmocka_unit_test(comes_up_where_much_has_no_answer),
		cmocka_unit_test(paces_an_unknown_modem_on_a_line),
		cmocka_unit_test(tells_what_the_sim_lacks),
		cmocka_unit_test(goes_on_when_the_sim_is_put_in),
		cmocka_unit_test(enters_the_pin_once),
		cmocka_unit_test(another_sim_is_asked_about_anew),
		cmocka_unit_test(judges_registration),
		cmocka_unit_test(refuses_to_roam),
		cmocka_unit_test(follows_registration),
		cmocka_unit_test(refuses_another_modem),
		cmocka_unit_test(sets_the_service_centre),
		cmocka_unit_test(waits_for_a_loading_sim),
		cmocka_unit_test(waits_for_a_sim_behind_a_bare_error),
		cmocka_unit_test(starts_again_after_a_restart),
		cmocka_unit_test(sets_up_sms_when_it_is_ready),
		cmocka_unit_test(asks_for_the_imei_in_every_way),
		cmocka_unit_test(selects_a_network_again),
		cmocka_unit_test(leaves_a_search_alone),
		cmocka_unit_test(sets_a_storage_that_is_offered),
		cmocka_unit_test(sets_the_service_centre_in_ucs2),
		cmocka_unit_test(decodes_names_in_ucs2),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
