/* test_usb_table.c - field notes 2.8 and 2.10 as vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "modem/usb_table.h"

static const struct {
	const char *what;
	unsigned vendor, product;
	struct usb_interface interface;
	int rank; /* -2: not in the table */
} cases[] = {
	{ "E1550 PCUI", 0x12d1, 0x1001, { 2, 0xff, 0xff, 0xff }, 0 },
	{ "E1550 modem port", 0x12d1, 0x1001, { 0, 0xff, 0xff, 0xff }, 1 },
	{ "E1550 diagnosis", 0x12d1, 0x1001, { 1, 0xff, 0xff, 0xff }, -1 },
	{ "E173 140c", 0x12d1, 0x140c, { 3, 0xff, 0xff, 0xff }, 0 },
	{ "E173 140c audio", 0x12d1, 0x140c, { 2, 0xff, 0xff, 0xff }, -1 },
	{ "E173 1436", 0x12d1, 0x1436, { 4, 0xff, 0xff, 0xff }, 0 },
	{ "E173 1c05 by class", 0x12d1, 0x1c05, { 3, 0xff, 0x01, 0x02 }, 0 },
	{ "E3372s PCUI", 0x12d1, 0x1506, { 2, 0xff, 0x02, 0x02 }, 0 },
	{ "E3372s modem port", 0x12d1, 0x1506, { 0, 0xff, 0x02, 0x01 }, 1 },
	{ "E3372s diagnosis", 0x12d1, 0x1506, { 4, 0xff, 0x02, 0x03 }, -1 },
	{ "E3372s GPS", 0x12d1, 0x1506, { 5, 0xff, 0x01, 0x05 }, -1 },
	{ "Vodafone PCUI", 0x12d1, 0x1506, { 2, 0xff, 0x01, 0x32 }, 0 },
	{ "Vodafone modem port", 0x12d1, 0x1506, { 0, 0xff, 0x01, 0x31 }, 1 },
	{ "E171 by number", 0x12d1, 0x1506, { 1, 0xff, 0xff, 0xff }, 2 },
	{ "HiLink", 0x12d1, 0x14dc, { 0, 0xff, 0x02, 0x02 }, -1 },
	{ "MF190", 0x19d2, 0x0117, { 2, 0xff, 0xff, 0xff }, 0 },
	{ "MF100", 0x19d2, 0x0031, { 3, 0xff, 0xff, 0xff }, 0 },
	{ "MF100 second", 0x19d2, 0x0031, { 1, 0xff, 0xff, 0xff }, 1 },
	{ "EC25", 0x2c7c, 0x0125, { 2, 0xff, 0, 0 }, 0 },
	{ "EC25 modem port", 0x2c7c, 0x0125, { 3, 0xff, 0, 0 }, 1 },
	{ "EC25 NMEA", 0x2c7c, 0x0125, { 1, 0xff, 0, 0 }, -1 },
	{ "SIM7600", 0x1e0e, 0x9001, { 2, 0xff, 0, 0 }, 0 },
	{ "A7670", 0x1e0e, 0x9011, { 4, 0xff, 0, 0 }, 0 },
	{ "SIM7080 third", 0x1e0e, 0x9205, { 5, 0xff, 0, 0 }, 2 },
	{ "MC7455", 0x1199, 0x9071, { 3, 0xff, 0, 0 }, 0 },
	{ "MC7455 NMEA", 0x1199, 0x9071, { 2, 0xff, 0, 0 }, -1 },
	{ "LE910", 0x1bc7, 0x1201, { 4, 0xff, 0, 0 }, 0 },
	{ "HE910 second", 0x1bc7, 0x0021, { 6, 2, 2, 1 }, 1 },
	{ "LARA-R2 GNSS", 0x1546, 0x110a, { 6, 2, 2, 1 }, -1 },
	{ "TOBY-L2: the highest first", 0x1546, 0x1143, { 4, 2, 2, 1 }, 251 },
	{ "TOBY-L2: then the lower", 0x1546, 0x1143, { 2, 2, 2, 1 }, 253 },
	{ "PLS8", 0x1e2d, 0x0061, { 2, 2, 2, 1 }, 0 },
	{ "a serial adapter", 0x1a86, 0x7523, { 0, 0xff, 1, 2 }, -2 },
	{ "a stick as a CD drive", 0x12d1, 0x1446, { 0, 8, 6, 0x50 }, -2 },
};

static void every_interface_has_its_rank(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct usb_modem *modem = usb_modem_find(cases[i].vendor, cases[i].product);
		int rank = modem != NULL ? usb_modem_rank(modem, &cases[i].interface) : -2;

		if (rank != cases[i].rank)
			fail_msg("%s: %d, not %d", cases[i].what, rank, cases[i].rank);
	}
}

static void sticks_to_switch(void **state)
{
	static const unsigned ids[][2] = { { 0x12d1, 0x1446 }, { 0x12d1, 0x14fe },
					   { 0x12d1, 0x1520 }, { 0x12d1, 0x14d1 },
					   { 0x12d1, 0x1f01 }, { 0x12d1, 0x157d },
					   { 0x19d2, 0x2000 }, { 0x19d2, 0x1225 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		assert_non_null(usb_switch_find(ids[i][0], ids[i][1]));
		assert_null(usb_modem_find(ids[i][0], ids[i][1]));
	}
	assert_null(usb_switch_find(0x12d1, 0x1506));
}

static void without_an_at_port_a_note_says_why(void **state)
{
	static const unsigned ids[][2] = { { 0x12d1, 0x14db },
					   { 0x12d1, 0x14dc },
					   { 0x19d2, 0x1403 },
					   { 0x19d2, 0x1405 },
					   { 0x05c6, 0x9008 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		const struct usb_modem *modem = usb_modem_find(ids[i][0], ids[i][1]);

		assert_non_null(modem);
		assert_int_equal(modem->how, USB_NONE);
		assert_true(strlen(modem->note) > 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_interface_has_its_rank),
		cmocka_unit_test(sticks_to_switch),
		cmocka_unit_test(without_an_at_port_a_note_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
