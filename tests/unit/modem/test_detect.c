/* test_detect.c - every port of a tree of devices: who is asked, who answers, what is made of it.
 */
#include "pty_modem.h"
#include "usb_tree.h"

#include "base/log.h"
#include "config/config.h"
#include "modem/detect.h"

enum { SEEN_MAX = 16, MODEMS = 4 };

static struct {
	uv_loop_t loop;
	struct pty_modem modems[MODEMS];
	struct modem_port seen[SEEN_MAX];
	size_t n_seen, n_strays;
	char config[2048];
	bool done;
} rig;

static void on_done(void *arg, const struct modem_ports *ports)
{
	(void)arg;
	assert_false(rig.done);
	rig.done = true;
	assert_true(ports->n_ports <= SEEN_MAX);
	memcpy(rig.seen, ports->ports, ports->n_ports * sizeof(*ports->ports));
	rig.n_seen = ports->n_ports;
	rig.n_strays = ports->n_strays;
	snprintf(rig.config, sizeof(rig.config), "%s", ports->config);
	uv_stop(&rig.loop);
}

static void begin(void)
{
	memset(&rig, 0, sizeof(rig));
	tree_begin();
	uv_loop_init(&rig.loop);
	for (size_t i = 0; i < MODEMS; i++) {
		static const char *const imeis[MODEMS] = { "356938035643801", "356938035643802",
							   "356938035643803", NULL };

		rig.modems[i].imei = imeis[i];
		rig.modems[i].iccid = "89701012345678900001";
		rig.modems[i].imsi = "250011234567801";
		pty_begin(&rig.modems[i], &rig.loop);
	}
}

static void detect(bool ask)
{
	const struct detect_settings settings = { .root = &tree.root, .every = true, .ask = ask };

	assert_non_null(detect_start(&rig.loop, &settings, on_done, NULL));
	assert_false(rig.done);
	while (!rig.done)
		uv_run(&rig.loop, UV_RUN_ONCE);
}

static void end(void)
{
	for (size_t i = 0; i < MODEMS; i++)
		pty_end(&rig.modems[i]);
	uv_run(&rig.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&rig.loop), 0);
	tree_end();
}

static const struct modem_port *seen(const char *name)
{
	for (size_t i = 0; i < rig.n_seen; i++)
		if (strcmp(strrchr(rig.seen[i].device, '/') + 1, name) == 0)
			return &rig.seen[i];
	fail_msg("%s is not in the list", name);
	return NULL;
}

static void plug_all(void)
{
	struct tree_device huawei = {
		.path = "1-1",
		.vendor = 0x12d1,
		.product = 0x1436,
		.ports = { { 0, 0xff, 0xff, 0xff, "ttyUSB0", rig.modems[1].node },
			   { 1, 0xff, 0xff, 0xff, "ttyUSB1", rig.modems[2].node },
			   { 4, 0xff, 0xff, 0xff, "ttyUSB2", rig.modems[0].node } },
	};
	struct tree_device unknown = {
		.path = "1-2",
		.vendor = 0xdead,
		.product = 0xbeef,
		.ports = { { 2, 0xff, 0, 0, "ttyUSB3", rig.modems[3].node } },
	};
	struct tree_device cdrom = { .path = "1-3", .vendor = 0x12d1, .product = 0x1446 };

	tree_plug(&huawei);
	tree_plug(&unknown);
	tree_plug(&cdrom);
	tree_uart("ttyS1", 4);
}

/* One port of a modem is asked, the best one; its brothers, consoles and other interfaces never. */
static void asks_the_port_that_speaks_at(void **state)
{
	const struct modem_port *port;

	(void)state;
	begin();
	rig.modems[3].frames = true; /* a port for diagnosis */
	plug_all();
	detect(true);
	assert_int_equal(rig.n_seen, 5);
	assert_int_equal(rig.n_strays, 1);
	port = seen("ttyUSB2");
	assert_int_equal(port->answer, PORT_ANSWERS);
	assert_string_equal(port->manufacturer, "huawei");
	assert_string_equal(port->imei, "356938035643801");
	assert_string_equal(port->iccid, "89701012345678900001");
	assert_string_equal(port->sim, "READY");
	assert_string_equal(port->operator_name, "Test Net");
	assert_string_equal(port->smsc, "+79100000000");
	assert_int_equal(port->registration, 1);
	assert_int_equal(port->dbm, -73);
	assert_int_equal(port->storage_used, 3);
	assert_int_equal(port->storage_total, 20);
	assert_int_equal(seen("ttyUSB0")->answer, PORT_SAME);
	assert_int_equal(seen("ttyUSB1")->answer, PORT_LEFT);
	assert_int_equal(seen("ttyUSB3")->answer, PORT_SILENT);
	assert_non_null(strstr(seen("ttyUSB3")->why, "nobody answers AT:"));
	assert_int_equal(seen("ttyS1")->answer, PORT_LEFT);
	assert_int_equal(rig.modems[1].n_bytes, 0);
	assert_int_equal(rig.modems[2].n_bytes, 0);
	end();
}

static void only_looks(void **state)
{
	(void)state;
	begin();
	plug_all();
	detect(false);
	for (size_t i = 0; i < rig.n_seen; i++)
		assert_int_equal(rig.seen[i].answer, PORT_LEFT);
	for (size_t i = 0; i < MODEMS; i++)
		assert_int_equal(rig.modems[i].n_bytes, 0);
	assert_string_equal(rig.config, "");
	end();
}

static void ends_when_it_is_cancelled(void **state)
{
	const struct detect_settings settings = { .root = &tree.root, .every = true, .ask = true };
	struct detect *running;

	(void)state;
	for (int late = 0; late < 2; late++) {
		begin();
		plug_all();
		running = detect_start(&rig.loop, &settings, on_done, NULL);
		assert_non_null(running);
		while (late == 1 && rig.modems[3].n_bytes == 0)
			uv_run(&rig.loop, UV_RUN_ONCE);
		detect_cancel(running);
		while (!rig.done)
			uv_run(&rig.loop, UV_RUN_ONCE);
		end();
	}
}

static void on_problem(void *arg, const char *file, unsigned line, const char *setting,
		       const char *problem)
{
	(void)arg;
	fail_msg("%s:%u: %s: %s", file, line, setting, problem);
}

/* What is printed can be put into the file; modems of one IMEI are told apart by their place, and
 * no modem's name breaks out of the remark. */
static void configuration_can_be_used(void **state)
{
	static const struct {
		struct modem_port port;
		const char *expected;
	} cases[] = {
		{ { .device = "/dev/ttyUSB0",
		    .answer = PORT_ANSWERS,
		    .usb_path = "1-1",
		    .known = "K",
		    .imei = "111111111111111",
		    .interface = 2 },
		  "name = \"gsm1\"; match = { imei = \"111111111111111\"; };" },
		{ { .device = "/dev/ttyUSB1", .answer = PORT_SAME, .usb_path = "1-1" }, NULL },
		{ { .device = "/dev/ttyUSB2",
		    .answer = PORT_ANSWERS,
		    .usb_path = "1-2",
		    .known = "K",
		    .imei = "222222222222222",
		    .interface = 2 },
		  "name = \"gsm2\"; match = { usb_path = \"1-2\"; interface = 2; };" },
		{ { .device = "/dev/ttyUSB3",
		    .answer = PORT_ANSWERS,
		    .usb_path = "1-3",
		    .known = "K",
		    .imei = "222222222222222",
		    .interface = 3,
		    .model = "x\n}; evil = ( \"\x1b[31m" },
		  "name = \"gsm3\"; match = { usb_path = \"1-3\"; interface = 3; };" },
		{ { .device = "/dev/ttyUSB4",
		    .answer = PORT_ANSWERS,
		    .usb_path = "1-4",
		    .imei = "333333333333333",
		    .interface = 0 },
		  "name = \"gsm4\"; match = { usb_path = \"1-4\"; interface = 0; };" },
		{ { .device = "/dev/ttyS0", .answer = PORT_ANSWERS, .baud = 9600, .interface = -1 },
		  "name = \"gsm5\"; device = \"/dev/ttyS0\"; baud = 9600;" },
		{ { .device = "/dev/ttyS1",
		    .answer = PORT_OURS,
		    .used_by = "gsm0",
		    .state = "ready",
		    .imei = "444444444444444",
		    .interface = -1 },
		  "name = \"gsm0\"; device = \"/dev/ttyS1\";" },
	};
	struct modem_port ports[ARRAY_LEN(cases)];
	const struct config *config;
	char path[64], *text;
	size_t n = 0;

	(void)state;
	tree_begin();
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ports[i] = cases[i].port;
	text = detect_config(ports, ARRAY_LEN(ports));
	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (cases[i].expected == NULL)
			continue;
		n++;
		if (strstr(text, cases[i].expected) == NULL)
			fail_msg("%s\nis not in\n%s", cases[i].expected, text);
	}
	tree_file(tree.folder, "made.conf", "%s", text);
	snprintf(path, sizeof(path), "%s/made.conf", tree.folder);
	config = config_load(path, on_problem, NULL);
	assert_non_null(config);
	assert_int_equal(config->n_modems, n);
	config_unref(config);
	free(text);
	text = detect_config(ports, 0);
	assert_string_equal(text, "");
	free(text);
	tree_end();
}

static void culprits_have_a_remedy(void **state)
{
	static const char *const names[] = { "ModemManager", "gammu-smsd", "smsd", "brltty",
					     "gpsd" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_true(strlen(detect_remedy(names[i])) > 30);
	assert_non_null(strstr(detect_remedy("ModemManager"), "ID_MM_DEVICE_IGNORE"));
	assert_non_null(strstr(detect_remedy("sleep"), "stop it"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_the_port_that_speaks_at),
		cmocka_unit_test(only_looks),
		cmocka_unit_test(ends_when_it_is_cancelled),
		cmocka_unit_test(configuration_can_be_used),
		cmocka_unit_test(culprits_have_a_remedy),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
