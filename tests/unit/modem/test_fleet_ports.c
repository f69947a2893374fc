/* test_fleet_ports.c - the ports of the machine as detect shows them, with the modems that a fleet
 * uses among them. */
#include "fleet_rig.h"

#include <errno.h>

#include "modem/control.h"

enum { SEEN_MAX = 16 };

static struct {
	struct modem_port ports[SEEN_MAX];
	size_t n;
	unsigned told;
} seen;

static void on_ports(void *arg, const struct modem_ports *ports)
{
	(void)arg;
	assert_true(ports->n_ports <= SEEN_MAX);
	memcpy(seen.ports, ports->ports, ports->n_ports * sizeof(*ports->ports));
	seen.n = ports->n_ports;
	seen.told++;
	uv_stop(&rig.loop);
}

static void look(void)
{
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(control_ports(rig.fleet, false, on_ports, NULL), 0);
	assert_int_equal(control_ports(rig.fleet, false, on_ports, NULL), -EBUSY);
	RUN_UNTIL(seen.told == 1);
}

static const struct modem_port *port_of(const char *name)
{
	for (size_t i = 0; i < seen.n; i++)
		if (strcmp(strrchr(seen.ports[i].device, '/') + 1, name) == 0)
			return &seen.ports[i];
	fail_msg("%s is not in the list", name);
	return NULL;
}

/* What the SIM of a modem in use is shown as, and whether its storage is asked. */
static const struct {
	const char *cpin, *sim;
	enum modem_state state;
	int used;
} sims[] = {
	{ NULL, "READY", MODEM_READY, 3 },
	{ "SIM PIN", "SIM PIN", MODEM_SIM_PIN, -1 },
	{ "SIM PUK", "SIM PUK", MODEM_SIM_PUK, -1 },
	{ "NOT INSERTED", "MISSING", MODEM_SIM_MISSING, -1 },
	{ "PH-NET PIN", "", MODEM_FAILED, -1 },
};

static void tells_what_a_modem_in_use_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sims); i++) {
		struct tree_device mine;

		begin();
		rig.modems[0].sim = sims[i].cpin;
		mine = stick("1-1", NULL, 0, "ttyUSB0", "ttyUSB1");
		tree_plug(&mine);
		start("{ name = \"a\"; match = { usb_path = \"1-1\"; }; }");
		RUN_UNTIL(is("a", sims[i].state));
		look();
		assert_int_equal(seen.n, 2);
		assert_int_equal(port_of("ttyUSB1")->answer, PORT_OURS);
		assert_string_equal(port_of("ttyUSB1")->used_by, "a");
		assert_string_equal(port_of("ttyUSB1")->imei, "356938035643801");
		assert_string_equal(port_of("ttyUSB1")->sim, sims[i].sim);
		assert_string_equal(port_of("ttyUSB1")->state, modem_state_name(sims[i].state));
		assert_int_equal(port_of("ttyUSB1")->storage_used, sims[i].used);
		end();
	}
}

static void tells_other_ports_of_it_and_modems_without_one(void **state)
{
	struct tree_device mine;
	size_t missing = 0;

	(void)state;
	begin();
	mine = stick("1-1", NULL, 0, "ttyUSB0", "ttyUSB1");
	tree_plug(&mine);
	start("{ name = \"a\"; match = { usb_path = \"1-1\"; }; },"
	      "{ name = \"b\"; match = { usb_path = \"1-9\"; }; }");
	RUN_UNTIL(is("a", MODEM_READY) && says("b", "no USB device that fits"));
	look();
	assert_int_equal(seen.n, 3);
	assert_int_equal(port_of("ttyUSB0")->answer, PORT_SAME);
	assert_string_equal(port_of("ttyUSB0")->why, "another port of the modem in use as a");
	while (missing < seen.n && strcmp(seen.ports[missing].used_by, "b") != 0)
		missing++;
	assert_true(missing < seen.n);
	assert_int_equal(seen.ports[missing].answer, PORT_OURS);
	assert_string_equal(seen.ports[missing].device, "");
	assert_string_equal(seen.ports[missing].state, "absent");
	end();
}

static void unnamed_modems_have_so_many_places(void **state)
{
	char path[16], name[16];

	(void)state;
	begin();
	for (int i = 0; i <= FLEET_PLACES_MAX; i++) {
		struct tree_device one = { .path = path,
					   .vendor = 0x12d1,
					   .product = 0x1436,
					   .ports = { { 4, 0xff, 0xff, 0xff, name, NULL } } };

		snprintf(path, sizeof(path), "1-%d", i + 1);
		snprintf(name, sizeof(name), "ttyUSB%d", i);
		tree_plug(&one);
	}
	start("");
	assert_int_equal(control_count(rig.fleet), FLEET_PLACES_MAX);
	end();
}

static void closes_while_it_looks(void **state)
{
	struct tree_device mine;

	(void)state;
	begin();
	memset(&seen, 0, sizeof(seen));
	mine = stick("1-1", NULL, 3, "ttyUSB0", "ttyUSB1");
	tree_plug(&mine);
	start("{ name = \"a\"; match = { imei = \"356938035643801\"; }; }");
	assert_int_equal(control_ports(rig.fleet, true, on_ports, NULL), 0);
	end();
	assert_int_equal(seen.told, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_a_modem_in_use_is),
		cmocka_unit_test(tells_other_ports_of_it_and_modems_without_one),
		cmocka_unit_test(unnamed_modems_have_so_many_places),
		cmocka_unit_test(closes_while_it_looks),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
