/* test_probe.c - one port that is asked who is there: at every speed, by halves, not at all. */
#include "session_time.h"

#include "modem/probe.h"

static struct modem_port port;
static struct probe *probe;
static bool done;

static void on_done(void *arg)
{
	(void)arg;
	done = true;
}

static void begin(enum port_kind kind)
{
	memset(&fake, 0, sizeof(fake));
	memset(&port, 0, sizeof(port));
	done = false;
	uv_loop_init(&fake.loop);
	uv_timer_init(&fake.loop, &fake.limit);
	fake.base = fake_full;
	fake.kind = kind;
	fake_rule("AT+CPMS?", "+CPMS: \"SM\",3,20,\"SM\",3,20,\"SM\",3,20|OK");
}

static void start(unsigned baud)
{
	const struct probe_settings settings = { .device = "/dev/ttyS9",
						 .baud = baud,
						 .depth = PROBE_ALL };

	probe = probe_start(&fake.loop, &settings, &port, on_done, NULL);
	assert_non_null(probe);
}

static void end(void)
{
	uv_close((uv_handle_t *)&fake.limit, NULL);
	uv_run(&fake.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&fake.loop), 0);
	for (size_t i = 0; i < fake.n_log; i++)
		free(fake.log[i]);
}

static void tells_who_is_there(void **state)
{
	(void)state;
	begin(PORT_PTY);
	fake_rule("AT+CGMM", "RING|^RSSI: 20|E173|OK"); /* some of it is of no interest */
	start(0);
	SESSION_UNTIL(done);
	assert_int_equal(port.answer, PORT_ANSWERS);
	assert_string_equal(port.why, "");
	assert_string_equal(port.imei, "356938035643809");
	assert_string_equal(port.iccid, "89700123456789012345");
	assert_string_equal(port.imsi, "250010123456789");
	assert_string_equal(port.sim, "READY");
	assert_int_equal(port.registration, 1);
	assert_string_equal(port.rat, "UMTS");
	assert_int_equal(port.dbm, -73);
	assert_int_equal(port.storage_used, 3);
	assert_int_equal(fake_count("AT+CPIN=*"), 0);
	assert_null(fake.port);
	end();
}

/* What it does not tell stays empty. */
static void one_that_knows_little_is_one(void **state)
{
	(void)state;
	begin(PORT_PTY);
	fake.base = fake_minimal;
	start(0);
	SESSION_UNTIL(done);
	assert_int_equal(port.answer, PORT_ANSWERS);
	assert_string_equal(port.sim, "READY");
	assert_int_equal(port.registration, 1);
	assert_string_equal(port.imei, "");
	assert_string_equal(port.iccid, "");
	assert_int_equal(port.dbm, 0);
	end();
}

/* Lines with speeds are tried at the usual ones, where none is given. */
static const struct {
	enum port_kind kind;
	const char *usb_path;
	unsigned baud, answers_at; /* 1: at none of them */
	unsigned opened;
	enum port_answer answer;
} lines[] = {
	{ PORT_SERIAL, "", 0, 115200, 1, PORT_ANSWERS },
	{ PORT_SERIAL, "", 0, 19200, 5, PORT_ANSWERS },
	{ PORT_SERIAL, "", 0, 921600, 7, PORT_ANSWERS },
	{ PORT_SERIAL, "", 0, 1, 7, PORT_SILENT },
	{ PORT_SERIAL, "", 9600, 19200, 1, PORT_SILENT },
	{ PORT_SERIAL, "1-1", 0, 19200, 1, PORT_SILENT },
	{ PORT_TCP, "", 0, 19200, 1, PORT_SILENT },
};

static void tries_the_usual_speeds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		begin(lines[i].kind);
		fake.answers_at = lines[i].answers_at;
		snprintf(port.usb_path, sizeof(port.usb_path), "%s", lines[i].usb_path);
		start(lines[i].baud);
		SESSION_UNTIL(done);
		if (fake.opened != lines[i].opened || port.answer != lines[i].answer)
			fail_msg("row %zu: opened %u, answer %d: %s", i, fake.opened, port.answer,
				 port.why);
		if (lines[i].answer == PORT_ANSWERS)
			assert_int_equal(port.baud, lines[i].answers_at);
		end();
	}
}

static void what_was_heard_counts_when_it_stops_answering(void **state)
{
	(void)state;
	begin(PORT_PTY);
	fake_rule("AT+CGMM", "");
	start(0);
	SESSION_UNTIL(fake_count("AT+CGMM") == 1);
	fake.answers_at = 1;
	SESSION_UNTIL(done);
	assert_int_equal(port.answer, PORT_ANSWERS);
	assert_string_equal(port.why, "it stopped answering in the middle");
	assert_string_equal(port.manufacturer, "huawei");
	end();
}

/* Every other question has no answer: it is there, but asking ends. */
static void asking_has_a_minute(void **state)
{
	static const char *const silent[] = {
		"AT+CMEE=1", "AT+CGMI",  "AT+CGMR",     "AT+CGSN",  "AT+CPIN?", "AT+CCID",
		"AT+CIMI",   "AT+CREG?", "AT+COPS=3,0", "AT+COPS?", "AT+CSCA?", "AT+CPMS?",
	};

	(void)state;
	begin(PORT_PTY);
	fake_rule("AT+GSN", "356938035643809|OK");
	fake_rule("AT+QCCID", "89700123456789012345|OK");
	fake_rule("AT+CEREG?", "+CEREG: 0,1|OK");
	for (size_t i = 0; i < ARRAY_LEN(silent); i++)
		fake_rule(silent[i], "");
	start(0);
	assert_in_range(SESSION_UNTIL(done), 59000, 61000);
	assert_int_equal(port.answer, PORT_ANSWERS);
	assert_string_equal(port.why, "it answers too slowly to be asked everything");
	assert_string_equal(port.model, "E173");
	assert_string_equal(port.manufacturer, "");
	end();
}

static void a_port_that_goes_is_faulty(void **state)
{
	(void)state;
	begin(PORT_PTY);
	fake_rule("AT+CGMM", "");
	start(0);
	SESSION_UNTIL(fake_count("AT+CGMM") == 1);
	fake_lose();
	SESSION_UNTIL(done);
	assert_int_equal(port.answer, PORT_FAULTY);
	assert_string_equal(port.why, "the modem was unplugged");
	end();
}

static void asking_may_be_broken_off(void **state)
{
	(void)state;
	begin(PORT_SERIAL);
	fake.answers_at = 1;
	start(0);
	SESSION_UNTIL(fake.opened == 2);
	probe_cancel(probe);
	probe_cancel(probe);
	SESSION_UNTIL(done);
	assert_int_equal(port.answer, PORT_LEFT);
	assert_int_equal(fake.opened, 2);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_who_is_there),
		cmocka_unit_test(one_that_knows_little_is_one),
		cmocka_unit_test(tries_the_usual_speeds),
		cmocka_unit_test(what_was_heard_counts_when_it_stops_answering),
		cmocka_unit_test(asking_has_a_minute),
		cmocka_unit_test(a_port_that_goes_is_faulty),
		cmocka_unit_test(asking_may_be_broken_off),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
