/* ports.h - the serial ports of this machine and what USB says of them. Opens none of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "modem/usb_table.h"

enum { USB_PATH_SIZE = 32, PORT_DEVICE_SIZE = 128 };

/* A pseudo-terminal and a line of the main board have no USB facts: usb_path is "". */
struct port_facts {
	char name[32];                                         /* ttyUSB2 */
	char device[PORT_DEVICE_SIZE], real[PORT_DEVICE_SIZE]; /* real: links resolved */
	char by_id[192];              /* its link in /dev/serial/by-id, or "" */
	char usb_path[USB_PATH_SIZE]; /* 1-1.4 */
	unsigned vendor, product;
	unsigned enumeration; /* another number whenever the device is plugged in or resets */
	struct usb_interface interface;
	char usb_serial[64], usb_name[64];
	const struct usb_modem *known; /* NULL: not in our table */
	int rank;                      /* of its AT interfaces, -1: none */
	bool console;                  /* of this machine: nothing of ours is written there */
};

/* A USB device that a person takes for a modem and that has no port to use. */
struct usb_stray {
	char usb_path[USB_PATH_SIZE];
	unsigned vendor, product;
	char why[240]; /* and what to do */
};

struct port_list {                /* start from { 0 } */
	struct port_facts *ports; /* of one device together, in order of usb_path and interface */
	size_t n_ports;
	struct usb_stray *strays;
	size_t n_strays;
};

/* Where the kernel shows its devices; tests have trees of their own. */
struct ports_root {
	const char *sys, *dev;
};
extern const struct ports_root ports_system; /* "/sys", "/dev" */

/* Replaces what list holds. 0, -ENOMEM; a tree that is not there is an empty list. */
int ports_scan(const struct ports_root *root, struct port_list *list);
void port_list_free(struct port_list *list);

/* NULL: not one of them (a pty, a network address). Links are resolved. */
const struct port_facts *port_list_find(const struct port_list *list, const char *device);

/* Tells that ports came or went, by the kernel's event of the folder of devices: a moment after
 * the last one of a burst. */
struct ports_watch;

/* NULL: the kernel gives no more watches, or no memory; it was logged. */
struct ports_watch *ports_watch_start(uv_loop_t *loop, const char *dev, void (*changed)(void *arg),
				      void *arg);
void ports_watch_stop(struct ports_watch *watch); /* frees itself; no more changed. NULL: nothing */
