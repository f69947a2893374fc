/* usb_table.h - which interface of which USB modem speaks AT, as data. Knows ids, opens nothing. */
#pragma once

#include <stddef.h>

enum { USB_AT_MAX = 4 };

enum usb_how {
	USB_NUMBERS, /* AT interfaces by number */
	USB_CLASS,   /* by class triplet (Huawei), then by number */
	USB_PROBE,   /* one of its ports speaks AT: ask them, the highest number first */
	USB_NONE,    /* no AT port in this mode: note says why */
};

struct usb_modem {
	unsigned vendor, product;
	enum usb_how how;
	const char *name;   /* for people */
	int at[USB_AT_MAX]; /* preferred first; -1 ends a shorter list */
	const char *note;   /* NULL, or what a person should know */
};

/* NULL: not a modem that we know. */
const struct usb_modem *usb_modem_find(unsigned vendor, unsigned product);

struct usb_interface {
	int number;
	unsigned class, subclass, protocol;
};

/* 0 is the best AT interface, larger ones are worse, -1 is none to use (or not known). */
int usb_modem_rank(const struct usb_modem *modem, const struct usb_interface *interface);

/* A stick that still shows itself as a CD drive. NULL: no such id; else what it is and becomes. */
const char *usb_switch_find(unsigned vendor, unsigned product);
