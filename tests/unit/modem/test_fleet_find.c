/* test_fleet_find.c - which port belongs to which modem: a tree of USB devices whose ports are
 * pseudo-terminals with modems behind them, and a fleet that looks for its own. */
#include "fleet_rig.h"

static void by_imei_wherever_it_is(void **state)
{
	struct tree_device one, two, moved;

	(void)state;
	begin();
	one = stick("1-1", NULL, 0, "ttyUSB0", "ttyUSB1");
	two = stick("1-2", NULL, 1, "ttyUSB2", "ttyUSB3");
	tree_plug(&one);
	tree_plug(&two);
	start("{ name = \"a\"; match = { imei = \"356938035643802\"; }; },"
	      "{ name = \"b\"; match = { imei = \"356938035643801\"; }; },"
	      "{ name = \"c\"; match = { imei = \"356938035643809\"; }; }");
	RUN_UNTIL(is("a", MODEM_READY) && is("b", MODEM_READY) && says("c", "in use"));
	assert_string_equal(device("a"), "ttyUSB3");
	assert_string_equal(device("b"), "ttyUSB1");
	assert_true(is("c", MODEM_ABSENT));
	/* It comes back at another place, under the other's old name; the other is gone. */
	tree_unplug(&one);
	tree_unplug(&two);
	pty_end(&rig.modems[0]);
	pty_end(&rig.modems[1]);
	RUN_UNTIL(is("a", MODEM_ABSENT) && is("b", MODEM_ABSENT));
	pty_begin(&rig.modems[1], &rig.loop);
	moved = stick("1-1", NULL, 1, "ttyUSB0", "ttyUSB1");
	tree_plug(&moved);
	RUN_UNTIL(is("a", MODEM_READY) && !says("b", "does not exist") && !says("b", "asking"));
	assert_string_equal(device("a"), "ttyUSB1");
	assert_true(is("b", MODEM_ABSENT));
	end();
}

static void another_modem_in_its_place_is_not_used(void **state)
{
	struct tree_device mine, other;

	(void)state;
	begin();
	mine = stick("1-1", NULL, 0, "ttyUSB0", "ttyUSB1");
	tree_plug(&mine);
	start("{ name = \"a\"; match = { imei = \"356938035643801\"; }; }");
	RUN_UNTIL(is("a", MODEM_READY));
	tree_unplug(&mine);
	pty_end(&rig.modems[0]);
	other = stick("1-1", NULL, 1, "ttyUSB0", "ttyUSB1");
	tree_plug(&other);
	RUN_UNTIL(says("a", "none fits"));
	assert_true(is("a", MODEM_ABSENT));
	end();
}

/* USB facts choose without opening the others. */
static void by_usb_facts_without_asking(void **state)
{
	static const struct {
		const char *match, *device;
	} cases[] = {
		{ "usb_path = \"1-1.2\";", "ttyUSB3" },
		{ "usb_serial = \"S2\";", "ttyUSB3" },
		{ "usb_id = \"12D1:1436\"; usb_serial = \"S2\";", "ttyUSB3" },
		{ "usb_path = \"1-1.2\"; interface = 4;", "ttyUSB3" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct tree_device one, two;
		char text[160];

		begin();
		one = stick("1-1.1", "S1", 0, "ttyUSB0", "ttyUSB1");
		two = stick("1-1.2", "S2", 1, "ttyUSB2", "ttyUSB3");
		tree_plug(&one);
		tree_plug(&two);
		snprintf(text, sizeof(text), "{ name = \"a\"; match = { %s }; }", cases[i].match);
		start(text);
		RUN_UNTIL(is("a", MODEM_READY));
		assert_string_equal(device("a"), cases[i].device);
		assert_int_equal(rig.modems[0].n_bytes, 0);
		end();
	}
}

static void by_sim_even_if_it_moves(void **state)
{
	struct tree_device one, two;

	(void)state;
	begin();
	one = stick("1-1", NULL, 0, "ttyUSB0", "ttyUSB1");
	two = stick("1-2", NULL, 1, "ttyUSB2", "ttyUSB3");
	tree_plug(&one);
	tree_plug(&two);
	start("{ name = \"a\"; match = { iccid = \"89701012345678900002\"; }; },"
	      "{ name = \"b\"; match = { imsi = \"250011234567801\"; }; }");
	RUN_UNTIL(is("a", MODEM_READY) && is("b", MODEM_READY));
	assert_string_equal(device("a"), "ttyUSB3");
	assert_string_equal(device("b"), "ttyUSB1");
	/* The SIMs change places while the modems are out. */
	tree_unplug(&one);
	tree_unplug(&two);
	pty_end(&rig.modems[0]);
	pty_end(&rig.modems[1]);
	RUN_UNTIL(is("a", MODEM_ABSENT) && is("b", MODEM_ABSENT));
	rig.modems[0].iccid = prototypes[1].iccid;
	rig.modems[0].imsi = prototypes[1].imsi;
	rig.modems[1].iccid = prototypes[0].iccid;
	rig.modems[1].imsi = prototypes[0].imsi;
	pty_begin(&rig.modems[0], &rig.loop);
	pty_begin(&rig.modems[1], &rig.loop);
	one = stick("1-1", NULL, 0, "ttyUSB0", "ttyUSB1");
	two = stick("1-2", NULL, 1, "ttyUSB2", "ttyUSB3");
	tree_plug(&one);
	tree_plug(&two);
	RUN_UNTIL(is("a", MODEM_READY) && is("b", MODEM_READY));
	assert_string_equal(device("a"), "ttyUSB1");
	assert_string_equal(device("b"), "ttyUSB3");
	end();
}

/* A PIN is for one SIM: a stranger's is not touched (on_pin fails the test). */
static void no_pin_for_a_stranger(void **state)
{
	char text[256];

	(void)state;
	begin();
	rig.modems[0].sim = "SIM PIN";
	snprintf(text, sizeof(text),
		 "{ name = \"a\"; device = \"%s\"; pin_file = \"/dev/null\";"
		 " match = { iccid = \"89701012345678900002\"; }; }",
		 rig.modems[0].node);
	start(text);
	RUN_UNTIL(is("a", MODEM_FAILED));
	assert_true(says("a", "another SIM (ICCID) answers here: ...00001, not ...00002"));
	end();
}

/* Without modems in the configuration: what the table knows, named after its place. */
static void unnamed_modems_get_the_name_of_their_place(void **state)
{
	struct tree_device known, unknown, late;

	(void)state;
	begin();
	known = stick("1-1.3", NULL, 0, "ttyUSB0", "ttyUSB1");
	unknown = (struct tree_device){
		.path = "1-2",
		.vendor = 0x1a86,
		.product = 0x7523,
		.ports = { { 0, 0xff, 1, 2, "ttyUSB5", rig.modems[1].node } },
	};
	tree_plug(&known);
	tree_plug(&unknown);
	start("");
	assert_int_equal(control_count(rig.fleet), 1);
	RUN_UNTIL(is("usb-1-1.3", MODEM_READY));
	assert_int_equal(fleet_max(rig.fleet), FLEET_PLACES_MAX);
	rig.added = 0;
	late = stick("2-1", NULL, 2, "ttyUSB6", "ttyUSB7");
	tree_plug(&late);
	RUN_UNTIL(rig.added == 1 && is("usb-2-1", MODEM_READY));
	assert_int_equal(control_count(rig.fleet), 2);
	assert_int_equal(rig.modems[1].n_bytes, 0);
	tree_unplug(&late);
	pty_end(&rig.modems[2]);
	RUN_UNTIL(is("usb-2-1", MODEM_ABSENT));
	end();
}

static void two_names_for_one_modem(void **state)
{
	struct tree_device mine;
	char text[512];

	(void)state;
	begin();
	mine = stick("1-1", NULL, 0, "ttyUSB0", "ttyUSB1");
	tree_plug(&mine);
	snprintf(text, sizeof(text),
		 "{ name = \"a\"; match = { usb_path = \"1-1\"; }; },"
		 "{ name = \"b\"; device = \"%s/ttyUSB0\"; },"
		 "{ name = \"c\"; match = { usb_path = \"1-1\"; interface = 4; }; }",
		 tree.dev);
	start(text);
	/* b's device is on the same stick: whoever is first, the others wait. */
	RUN_UNTIL((says("a", "in use") || is("a", MODEM_READY)) && says("c", "in use"));
	assert_false(is("a", MODEM_READY) && is("b", MODEM_READY));
	end();
}

/* An unknown device is asked only if the configuration names it; its ports are tried in turn. */
static void an_unknown_device_that_is_named(void **state)
{
	struct tree_device unknown;

	(void)state;
	begin();
	unknown = (struct tree_device){
		.path = "1-2",
		.vendor = 0xdead,
		.product = 0xbeef,
		.ports = { { 0, 0xff, 0, 0, "ttyUSB0", rig.modems[0].node },
			   { 1, 0xff, 0, 0, "ttyUSB1", rig.modems[3].node } },
	};
	tree_plug(&unknown);
	start("{ name = \"a\"; match = { usb_id = \"dead:beef\"; }; },"
	      "{ name = \"b\"; match = { imei = \"356938035643809\"; }; }");
	RUN_UNTIL(is("a", MODEM_READY));
	assert_string_equal(device("a"), "ttyUSB0");
	assert_true(rig.modems[3].n_bytes > 0);
	assert_true(says("b", "no known USB modem"));
	end();
}

/* Both ports of one modem are found while it is locked: the second one to know it gives way. */
static void two_ports_of_one_modem(void **state)
{
	struct tree_device mine;
	char text[512];

	(void)state;
	begin();
	rig.modems[1].imei = rig.modems[0].imei;
	rig.modems[0].sim = "PH-NET PIN";
	mine = stick("1-1", NULL, 0, "ttyUSB0", "ttyUSB1");
	mine.ports[0].node = rig.modems[1].node;
	tree_plug(&mine);
	snprintf(text, sizeof(text),
		 "{ name = \"a\"; device = \"%s/ttyUSB1\"; },"
		 "{ name = \"b\"; device = \"%s/ttyUSB0\"; }",
		 tree.dev, tree.dev);
	start(text);
	RUN_UNTIL(says("a", "locked to another operator") && is("b", MODEM_READY));
	rig.modems[0].sim = NULL;
	pty_say(&rig.modems[0], "+CPIN: READY");
	RUN_UNTIL(says("a", "the same modem (IMEI) is in use as b"));
	assert_true(is("a", MODEM_FAILED) && is("b", MODEM_READY));
	end();
}

static void a_device_that_is_another_than_match_says(void **state)
{
	struct tree_device mine;
	char text[256];

	(void)state;
	begin();
	mine = stick("1-1", "S1", 0, "ttyUSB0", "ttyUSB1");
	tree_plug(&mine);
	snprintf(text, sizeof(text),
		 "{ name = \"a\"; device = \"%s/ttyUSB1\"; match = { usb_serial = \"S2\"; }; }",
		 tree.dev);
	start(text);
	RUN_UNTIL(says("a", "is another USB device than the one that \"match\" names"));
	assert_true(is("a", MODEM_ABSENT));
	assert_int_equal(rig.modems[0].n_bytes, 0);
	end();
}

/* Nobody answered: it is asked again a little later. */
static void who_was_silent_is_asked_again(void **state)
{
	struct tree_device mine;

	(void)state;
	begin();
	rig.modems[0].imei = NULL;
	mine = stick("1-1", NULL, 0, "ttyUSB0", "ttyUSB1");
	tree_plug(&mine);
	start("{ name = \"a\"; match = { imei = \"356938035643801\"; }; }");
	RUN_UNTIL(rig.modems[0].n_bytes > 0);
	while (!says("a", "1 USB modem looked at, none fits"))
		pass_a_second();
	rig.modems[0].imei = "356938035643801";
	while (is("a", MODEM_ABSENT) && !says("a", "asking"))
		pass_a_second();
	RUN_UNTIL(is("a", MODEM_READY)); /* who answers has real time for it */
	end();
}

static void closes_while_it_asks(void **state)
{
	struct tree_device silent;

	(void)state;
	begin();
	silent = stick("1-1", NULL, 3, "ttyUSB0", "ttyUSB1");
	tree_plug(&silent);
	start("{ name = \"a\"; match = { imei = \"356938035643801\"; }; }");
	RUN_UNTIL(rig.modems[3].n_bytes > 0);
	assert_true(says("a", "asking 1 USB modem who they are"));
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_imei_wherever_it_is),
		cmocka_unit_test(another_modem_in_its_place_is_not_used),
		cmocka_unit_test(by_usb_facts_without_asking),
		cmocka_unit_test(by_sim_even_if_it_moves),
		cmocka_unit_test(no_pin_for_a_stranger),
		cmocka_unit_test(unnamed_modems_get_the_name_of_their_place),
		cmocka_unit_test(two_names_for_one_modem),
		cmocka_unit_test(an_unknown_device_that_is_named),
		cmocka_unit_test(two_ports_of_one_modem),
		cmocka_unit_test(a_device_that_is_another_than_match_says),
		cmocka_unit_test(who_was_silent_is_asked_again),
		cmocka_unit_test(closes_while_it_asks),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
