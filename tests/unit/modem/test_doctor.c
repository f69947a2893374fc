/* test_doctor.c - what is found about a port, as a table. */
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"
#include "modem/control_ports.h"

static struct finding found[64];
static size_t n_found;

static void on_finding(void *arg, const struct finding *finding)
{
	(void)arg;
	assert_true(n_found < ARRAY_LEN(found));
	found[n_found++] = *finding;
}

static void examine(const struct modem_port *ports, size_t n, const struct modem_stray *strays,
		    size_t n_strays)
{
	const struct modem_ports all = {
		.ports = ports, .n_ports = n, .strays = strays, .n_strays = n_strays, .config = ""
	};

	n_found = 0;
	modem_findings(&all, on_finding, NULL);
}

static const struct finding *of(const char *check)
{
	for (size_t i = 0; i < n_found; i++)
		if (strcmp(found[i].check, check) == 0)
			return &found[i];
	return NULL;
}

/* A modem in good order, but for what a case changes. */
#define GOOD                                                                                       \
	.device = "/dev/ttyUSB0", .answer = PORT_ANSWERS, .known = "K", .sim = "READY",            \
	.registration = 1, .smsc = "+79100000000", .dbm = -71, .rat = "LTE", .storage_used = 1,    \
	.storage_total = 20

static const struct {
	const char *check;
	int level; /* -1: nothing is said */
	struct modem_port port;
	const char *says, *remedy; /* parts of them */
} cases[] = {
	{ "modem", FINDING_PASS, { GOOD }, "LTE, -71 dBm", "" },
	{ "rights", -1, { GOOD }, "", "" },
	{ "rights",
	  FINDING_FAIL,
	  { .device = "/nonexistent", .answer = PORT_NO_RIGHTS, .known = "K" },
	  "may not open",
	  "usermod -aG dialout simgate" },
	{ "rights", FINDING_WARN, { .device = "/nonexistent", .answer = PORT_NO_RIGHTS }, "", "" },
	{ "holder",
	  FINDING_FAIL,
	  { .answer = PORT_HELD,
	    .used_by = "gsm0",
	    .holder = "ModemManager (7)",
	    .why = "mask it" },
	  "held by ModemManager (7)",
	  "mask it" },
	{ "holder",
	  FINDING_FAIL,
	  { .answer = PORT_HELD, .used_by = "gsm0" },
	  "another program",
	  "gammu-smsd" },
	{ "holder", FINDING_WARN, { .answer = PORT_HELD, .holder = "x (1)" }, "held by x (1)", "" },
	{ "holder", FINDING_PASS, { .answer = PORT_HELD, .holder = "simgated (1)" }, "in use", "" },
	{ "port",
	  FINDING_FAIL,
	  { .answer = PORT_FAULTY, .used_by = "a", .why = "gone" },
	  "gone",
	  "dmesg" },
	{ "port",
	  FINDING_WARN,
	  { .answer = PORT_SILENT, .known = "K", .why = "nobody" },
	  "nobody",
	  "power" },
	{ "port", -1, { .answer = PORT_SILENT, .why = "nobody" }, "", "" },
	{ "modem",
	  FINDING_PASS,
	  { .answer = PORT_OURS, .used_by = "a", .state = "sending" },
	  "sending",
	  "" },
	{ "modem",
	  FINDING_FAIL,
	  { .answer = PORT_OURS, .used_by = "a", .state = "absent", .why = "plugged in?" },
	  "absent: plugged in?",
	  "detect" },
	{ "modem",
	  FINDING_WARN,
	  { .answer = PORT_OURS, .used_by = "a", .state = "drained" },
	  "",
	  "resume" },
	{ "sim", FINDING_PASS, { GOOD }, "ready", "" },
	{ "sim", FINDING_WARN, { .answer = PORT_ANSWERS, .sim = "SIM PIN" }, "PIN", "pin_file" },
	{ "sim", FINDING_FAIL, { .answer = PORT_ANSWERS, .sim = "SIM PUK" }, "PUK", "telephone" },
	{ "sim", FINDING_FAIL, { .answer = PORT_OURS, .sim = "MISSING" }, "no SIM", "put one in" },
	{ "sim",
	  FINDING_FAIL,
	  { .answer = PORT_ANSWERS, .sim = "PH-NET PIN" },
	  "PH-NET",
	  "locked" },
	{ "registration", FINDING_PASS, { GOOD, .operator_name = "Net" }, "registered, Net", "" },
	{ "registration",
	  FINDING_FAIL,
	  { .answer = PORT_ANSWERS, .sim = "READY", .registration = 3 },
	  "denies",
	  "paid" },
	{ "registration",
	  FINDING_WARN,
	  { .answer = PORT_ANSWERS, .sim = "READY", .registration = 2 },
	  "searching",
	  "antenna" },
	{ "registration",
	  FINDING_PASS,
	  { .answer = PORT_ANSWERS, .sim = "READY", .registration = 6 },
	  "SMS only",
	  "" },
	{ "registration",
	  -1,
	  { .answer = PORT_ANSWERS, .sim = "READY", .registration = 99 },
	  "",
	  "" },
	{ "registration",
	  -1,
	  { .answer = PORT_ANSWERS, .sim = "SIM PIN", .registration = 3 },
	  "",
	  "" },
	{ "signal", FINDING_PASS, { GOOD }, "LTE -71 dBm", "" },
	{ "signal",
	  FINDING_WARN,
	  { .answer = PORT_OURS, .sim = "READY", .dbm = -109 },
	  "-109",
	  "antenna" },
	{ "smsc", FINDING_PASS, { GOOD }, "+7910", "" },
	{ "smsc", FINDING_WARN, { .answer = PORT_ANSWERS, .sim = "READY" }, "330", "smsc" },
	{ "storage", FINDING_PASS, { GOOD }, "1 of 20", "" },
	{ "storage",
	  FINDING_WARN,
	  { .answer = PORT_ANSWERS, .storage_used = 18, .storage_total = 20 },
	  "18 of 20",
	  "deleted" },
	{ "storage",
	  FINDING_FAIL,
	  { .answer = PORT_ANSWERS, .storage_used = 20, .storage_total = 20 },
	  "20 of 20",
	  "deleted" },
	{ "signal",
	  FINDING_PASS,
	  { .answer = PORT_ANSWERS, .sim = "READY", .rat = "LTE" },
	  "LTE; the modem tells no strength",
	  "" },
	{ "storage",
	  -1,
	  { .answer = PORT_ANSWERS, .storage_used = -1, .storage_total = -1 },
	  "",
	  "" },
};

static void every_rule_has_its_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct finding *finding;

		examine(&cases[i].port, 1, NULL, 0);
		finding = of(cases[i].check);
		if (finding == NULL && cases[i].level == -1)
			continue;
		if (finding == NULL || (int)finding->level != cases[i].level ||
		    strstr(finding->detail, cases[i].says) == NULL ||
		    strstr(finding->remedy, cases[i].remedy) == NULL)
			fail_msg("case %zu, %s: %s: %s (%s)", i, cases[i].check,
				 finding != NULL ? finding_level_name(finding->level) : "nothing",
				 finding != NULL ? finding->detail : "",
				 finding != NULL ? finding->remedy : "");
	}
}

static void without_any_modem_something_is_wrong(void **state)
{
	static const struct modem_port silent = { .device = "/dev/ttyS0", .answer = PORT_SILENT };
	static const struct modem_stray stray = { "1-3", "12d1:1446", "needs usb_modeswitch" };

	(void)state;
	examine(&silent, 1, &stray, 1);
	assert_int_equal(of("modem")->level, FINDING_FAIL);
	assert_int_equal(of("usb")->level, FINDING_WARN);
	assert_string_equal(of("usb")->subject, "1-3");
	assert_non_null(strstr(of("usb")->detail, "usb_modeswitch"));
}

/* Of the device itself, also where its group has no name. */
static void tells_who_may_open_it(void **state)
{
	struct modem_port port = { .answer = PORT_NO_RIGHTS, .known = "K" };
	char words[64];
	struct stat st;
	int fd;

	(void)state;
	strcpy(port.device, "/tmp/simgate-port-XXXXXX");
	fd = mkstemp(port.device);
	assert_true(fd >= 0 && fchmod(fd, 0640) == 0 && fstat(fd, &st) == 0);
	examine(&port, 1, NULL, 0);
	snprintf(words, sizeof(words), "(group %s, mode 640)", getgrgid(st.st_gid)->gr_name);
	assert_non_null(strstr(of("rights")->detail, words));
	snprintf(words, sizeof(words), "-aG %s simgate", getgrgid(st.st_gid)->gr_name);
	assert_non_null(strstr(of("rights")->remedy, words));
	if (fchown(fd, (uid_t)-1, 54321) == 0) { /* root may */
		examine(&port, 1, NULL, 0);
		assert_non_null(strstr(of("rights")->detail, "(group unknown, mode 640)"));
	}
	close(fd);
	unlink(port.device);
}

/* doctor's report may leave the house: no full number stands in it. */
static void numbers_are_masked(void **state)
{
	static const struct modem_port port = { GOOD, .imei = "356938035643809" };

	(void)state;
	examine(&port, 1, NULL, 0);
	for (size_t i = 0; i < n_found; i++) {
		assert_null(strstr(found[i].detail, "356938035643809"));
		assert_null(strstr(found[i].detail, "79100000000"));
	}
}

/* One line about one port. */
static const struct {
	struct modem_port port;
	const char *words;
} lines[] = {
	{ { GOOD, .manufacturer = "huawei", .model = "E173", .iccid = "89701012345678900001" },
	  "huawei E173, SIM READY (...00001) LTE, -71 dBm" },
	{ { .answer = PORT_ANSWERS, .why = "it stopped answering in the middle" },
	  "a modem; it stopped answering in the middle" },
	{ { .answer = PORT_OURS, .used_by = "gsm0", .state = "ready", .known = "Huawei stick" },
	  "in use as gsm0, ready: Huawei stick" },
	{ { .answer = PORT_HELD, .why = "mask it" }, "held by another program: mask it" },
	{ { .answer = PORT_LEFT, .why = "not its AT interface", .known = "Huawei stick" },
	  "not its AT interface [Huawei stick]" },
	{ { .answer = PORT_SILENT, .why = "nobody answers AT" }, "nobody answers AT" },
};

static void a_port_in_one_line(void **state)
{
	char words[256], few[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		modem_port_words(&lines[i].port, words, sizeof(words));
		assert_string_equal(words, lines[i].words);
	}
	modem_port_words(&lines[0].port, few, sizeof(few));
	assert_string_equal(few, "huawei ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_has_its_say),
		cmocka_unit_test(without_any_modem_something_is_wrong),
		cmocka_unit_test(tells_who_may_open_it),
		cmocka_unit_test(numbers_are_masked),
		cmocka_unit_test(a_port_in_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
