/* usb_table.c - the tables: modems in modem mode, and sticks that must be switched to it first.
 *
 * The "secondary" AT interface stands first: the other one is where a data call would be made.
 * Interfaces for diagnosis, GPS, audio and network are in no row and never opened. */
#include "modem/usb_table.h"

#include "base/util.h"

#define BY_NUMBER(v, p, n, ...)                                                                    \
	{                                                                                          \
		v, p, USB_NUMBERS, n, { __VA_ARGS__, -1 }, NULL                                    \
	}
#define BY_CLASS(v, p, n)                                                                          \
	{                                                                                          \
		v, p, USB_CLASS, n, { -1 }, NULL                                                   \
	}
#define BY_PROBE(v, p, n)                                                                          \
	{                                                                                          \
		v, p, USB_PROBE, n, { -1 }, NULL                                                   \
	}
#define HAS_NONE(v, p, n, why)                                                                     \
	{                                                                                          \
		v, p, USB_NONE, n, { -1 }, why                                                     \
	}

#define HILINK                                                                                     \
	"a network card with a web page, without an AT port; only a firmware of the \"stick\" "    \
	"kind has one"

/* clang-format off */
static const struct usb_modem modems[] = {
	/* Huawei */
	BY_NUMBER(0x12d1, 0x1001, "Huawei E1550, E169, E160, E303", 2, 0),
	BY_NUMBER(0x12d1, 0x140c, "Huawei E17x", 3, 0),
	BY_NUMBER(0x12d1, 0x1436, "Huawei E173", 4, 0),
	BY_CLASS(0x12d1, 0x1c05, "Huawei E173"),
	BY_CLASS(0x12d1, 0x1c07, "Huawei E173"),
	{ 0x12d1, 0x1506, USB_CLASS, "Huawei E171, E3xx, E3372s", { 1, -1 }, NULL },
	BY_CLASS(0x12d1, 0x1442, "Huawei E3372 with stick firmware"),
	BY_CLASS(0x12d1, 0x1573, "Huawei ME909u"),
	BY_CLASS(0x12d1, 0x15c1, "Huawei ME909s"),
	BY_NUMBER(0x12d1, 0x1465, "Huawei K3765", 2),
	HAS_NONE(0x12d1, 0x14db, "Huawei HiLink", HILINK),
	HAS_NONE(0x12d1, 0x14dc, "Huawei HiLink", HILINK),
	BY_PROBE(0x3566, 0x2001, "Huawei E3372-325"),
	/* ZTE */
	BY_NUMBER(0x19d2, 0x0117, "ZTE MF190 class", 2, 1),
	BY_NUMBER(0x19d2, 0x0016, "ZTE MF class", 2, 1),
	BY_NUMBER(0x19d2, 0x0017, "ZTE MF class", 2, 1),
	BY_NUMBER(0x19d2, 0x0018, "ZTE MF class", 2, 1),
	BY_NUMBER(0x19d2, 0x0031, "ZTE MF100 class", 3, 1),
	BY_NUMBER(0x19d2, 0x0037, "ZTE MF class", 3, 1),
	BY_NUMBER(0x19d2, 0x0052, "ZTE MF class", 3, 1),
	BY_NUMBER(0x19d2, 0x0063, "ZTE MF class", 3, 1),
	BY_NUMBER(0x19d2, 0x0104, "ZTE MF class", 3, 1),
	BY_NUMBER(0x19d2, 0x1008, "ZTE MF class", 3, 1),
	HAS_NONE(0x19d2, 0x1403, "ZTE MF823, MF831", HILINK),
	HAS_NONE(0x19d2, 0x1405, "ZTE MF823, MF831", HILINK),
	/* Quectel */
	BY_NUMBER(0x2c7c, 0x0121, "Quectel EC21", 2, 3),
	BY_NUMBER(0x2c7c, 0x0125, "Quectel EC25, EG25-G", 2, 3),
	BY_NUMBER(0x2c7c, 0x0191, "Quectel EG91", 2, 3),
	BY_NUMBER(0x2c7c, 0x0195, "Quectel EG95", 2, 3),
	BY_NUMBER(0x2c7c, 0x0203, "Quectel BG95", 2, 3),
	BY_NUMBER(0x2c7c, 0x0296, "Quectel BG96", 2, 3),
	BY_NUMBER(0x2c7c, 0x0700, "Quectel BG95", 2, 3),
	/* under Qualcomm's vendor id */
	BY_NUMBER(0x05c6, 0x9000, "SIMCom SIM5320", 2, 3),
	BY_NUMBER(0x05c6, 0x9003, "Quectel UC20", 2, 3),
	BY_NUMBER(0x05c6, 0x9090, "Quectel UC15", 2, 3),
	BY_PROBE(0x05c6, 0x90b2, "u-blox SARA-R4"),
	HAS_NONE(0x05c6, 0x9008, "Qualcomm download mode",
		 "it waits for firmware: power it off and on; if it stays so it must be flashed"),
	/* SIMCom */
	BY_NUMBER(0x1e0e, 0x9001, "SIMCom SIM7000, SIM7100, SIM7500, SIM7600", 2, 3),
	BY_NUMBER(0x1e0e, 0x9003, "SIMCom SIM7x00 (MBIM)", 2, 3),
	BY_NUMBER(0x1e0e, 0x9011, "SIMCom A7600, A7602, A7670", 4, 5),
	BY_NUMBER(0x1e0e, 0x9205, "SIMCom SIM7070, SIM7080, SIM7090", 2, 3, 5),
	BY_NUMBER(0x1e0e, 0x9206, "SIMCom SIM7070, SIM7080, SIM7090", 2, 3, 5),
	/* Sierra Wireless */
	BY_NUMBER(0x1199, 0x68c0, "Sierra MC7304, MC7354", 3),
	BY_NUMBER(0x1199, 0x9071, "Sierra MC7455", 3),
	BY_NUMBER(0x1199, 0x9079, "Sierra EM7455", 3),
	/* Telit */
	BY_NUMBER(0x1bc7, 0x1201, "Telit LE910", 4, 5),
	BY_NUMBER(0x1bc7, 0x1031, "Telit LE910C1", 1, 2),
	BY_NUMBER(0x1bc7, 0x1033, "Telit LE910C1", 1, 2),
	BY_NUMBER(0x1bc7, 0x0021, "Telit HE910, UE910", 0, 6),
	BY_NUMBER(0x1bc7, 0x1003, "Telit, older types", 0, 2, 3),
	BY_NUMBER(0x1bc7, 0x1004, "Telit, older types", 0, 2, 3),
	BY_NUMBER(0x1bc7, 0x1005, "Telit, older types", 0, 2, 3),
	BY_NUMBER(0x1bc7, 0x1006, "Telit, older types", 0, 2, 3),
	/* u-blox */
	BY_NUMBER(0x1546, 0x1102, "u-blox LISA-U2, SARA-U2", 0, 2, 4),
	BY_NUMBER(0x1546, 0x1107, "u-blox TOBY-R2, LARA-R2", 0, 2, 4),
	BY_NUMBER(0x1546, 0x110a, "u-blox TOBY-R2, LARA-R2", 0, 2, 4),
	BY_PROBE(0x1546, 0x1141, "u-blox TOBY-L2"),
	BY_PROBE(0x1546, 0x1143, "u-blox TOBY-L2"),
	BY_PROBE(0x1546, 0x1146, "u-blox TOBY-L2"),
	BY_NUMBER(0x1546, 0x1010, "u-blox TOBY-L4", 6),
	/* Cinterion */
	BY_PROBE(0x1e2d, 0x0053, "Cinterion EHS, PHS"),
	BY_NUMBER(0x1e2d, 0x005b, "Cinterion EHS, PHS", 0, 2),
	BY_NUMBER(0x1e2d, 0x0061, "Cinterion PLS8", 2),
};

static const struct {
	unsigned vendor, product;
	const char *what;
} switches[] = {
	{ 0x12d1, 0x1446, "a Huawei stick (12d1:1001, 140c, 1436 or 1506 when switched)" },
	{ 0x12d1, 0x14d1, "a Huawei stick (12d1:14c9 when switched)" },
	{ 0x12d1, 0x14fe, "a Huawei stick (12d1:1506 when switched)" },
	{ 0x12d1, 0x1520, "a Huawei K3765 (12d1:1465 when switched)" },
	{ 0x12d1, 0x157d, "a Huawei E3533 (12d1:1001, or 14db as a network card)" },
	{ 0x12d1, 0x15ce, "a Huawei E3531 (12d1:1001 or 1506, or 14db as a network card)" },
	{ 0x12d1, 0x15d2, "a Huawei E3531 (12d1:1001 or 1506, or 14db as a network card)" },
	{ 0x12d1, 0x1f01, "a Huawei E303, E3372 (12d1:1001, or 14dc as a network card)" },
	{ 0x19d2, 0x1225, "a ZTE MF823, MF831 (19d2:1405 or 1403 when switched)" },
	{ 0x19d2, 0x2000, "a ZTE stick (19d2:0016, 0031 or 0117 when switched)" },
};
/* clang-format on */

const struct usb_modem *usb_modem_find(unsigned vendor, unsigned product)
{
	for (size_t i = 0; i < ARRAY_LEN(modems); i++)
		if (modems[i].vendor == vendor && modems[i].product == product)
			return &modems[i];
	return NULL;
}

/* Vendor class; PCUI (AT) is protocol 02, the modem's port 01; Vodafone's firmware adds 30. */
static int rank_by_class(const struct usb_interface *interface)
{
	unsigned protocol = interface->protocol;

	if (protocol >= 0x30 && protocol < 0x40)
		protocol -= 0x30;
	if (interface->class != 0xff ||
	    (interface->subclass != 1 && interface->subclass != 2 && interface->subclass != 6))
		return -1;
	return protocol == 2 ? 0 : protocol == 1 ? 1 : -1;
}

static int rank_by_number(const struct usb_modem *modem, int number)
{
	for (int i = 0; i < USB_AT_MAX && modem->at[i] >= 0; i++)
		if (modem->at[i] == number)
			return i;
	return -1;
}

int usb_modem_rank(const struct usb_modem *modem, const struct usb_interface *interface)
{
	int rank = -1, by_number;

	switch (modem->how) {
	case USB_NUMBERS:
		return rank_by_number(modem, interface->number);
	case USB_CLASS:
		rank = rank_by_class(interface);
		by_number = rank_by_number(modem, interface->number);
		return rank >= 0 || by_number < 0 ? rank : 2 + by_number;
	case USB_PROBE:
		return interface->number >= 0 && interface->number < 256 ? 255 - interface->number
									 : -1;
	case USB_NONE:
		break;
	}
	return -1;
}

const char *usb_switch_find(unsigned vendor, unsigned product)
{
	for (size_t i = 0; i < ARRAY_LEN(switches); i++)
		if (switches[i].vendor == vendor && switches[i].product == product)
			return switches[i].what;
	return NULL;
}
