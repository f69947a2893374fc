/* ports.c - walks the kernel's tree of devices: every serial port, its USB device and interface.
 *
 * Steps: each entry of class/tty with a device behind it is a port; upwards from that device the
 * first folder with bInterfaceNumber is its interface and the first with idVendor its USB device.
 * Then USB devices without a port are looked at. What cannot be read is left empty: the tree
 * changes while it is walked. libserialport enumerates too, but knows no interface numbers. */
#include "modem/ports.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

enum { UNKNOWN_UART = 0, STRAYS_MAX = 64 };

const struct ports_root ports_system = { "/sys", "/dev" };

/* ---- files of one line ---- */

static bool read_line(const char *folder, const char *name, char *out, size_t size)
{
	char path[PATH_MAX];
	FILE *file;
	bool ok;

	out[0] = '\0';
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return false;
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	ok = fgets(out, (int)size, file) != NULL;
	fclose(file);
	out[strcspn(out, "\r\n")] = '\0';
	for (char *c = out; *c != '\0'; c++) /* descriptors hold whatever their maker wrote */
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			*c = '?';
	return ok;
}

static unsigned read_number(const char *folder, const char *name, int base, unsigned fallback)
{
	char text[32], *end;
	unsigned long value;

	if (!read_line(folder, name, text, sizeof(text)))
		return fallback;
	value = strtoul(text, &end, base);
	return end != text && value <= UINT_MAX ? (unsigned)value : fallback;
}

static bool has_file(const char *folder, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

/* Cuts path at its last folder that holds name; false if there is none below root. */
static bool climb_to(char *path, size_t root, const char *name)
{
	while (strlen(path) > root) {
		if (has_file(path, name))
			return true;
		*strrchr(path, '/') = '\0';
	}
	return false;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* ---- one port ---- */

static void read_device(const char *folder, struct port_facts *port)
{
	snprintf(port->usb_path, sizeof(port->usb_path), "%.31s", last_part(folder));
	port->vendor = read_number(folder, "idVendor", 16, 0);
	port->product = read_number(folder, "idProduct", 16, 0);
	port->enumeration =
		read_number(folder, "busnum", 10, 0) << 16 | read_number(folder, "devnum", 10, 0);
	read_line(folder, "serial", port->usb_serial, sizeof(port->usb_serial));
	read_line(folder, "product", port->usb_name, sizeof(port->usb_name));
}

static void read_interface(const char *folder, struct usb_interface *interface)
{
	interface->number = (int)read_number(folder, "bInterfaceNumber", 16, 0);
	interface->class = read_number(folder, "bInterfaceClass", 16, 0);
	interface->subclass = read_number(folder, "bInterfaceSubClass", 16, 0);
	interface->protocol = read_number(folder, "bInterfaceProtocol", 16, 0);
}

static void read_usb(char *path, size_t root, struct port_facts *port)
{
	if (!climb_to(path, root, "bInterfaceNumber"))
		return;
	read_interface(path, &port->interface);
	if (!climb_to(path, root, "idVendor"))
		return;
	read_device(path, port);
	port->known = usb_modem_find(port->vendor, port->product);
	if (port->known != NULL)
		port->rank = usb_modem_rank(port->known, &port->interface);
}

/* Is name among the words of class/tty/console/active? */
static bool is_console(const char *class, const char *name)
{
	char folder[PATH_MAX], text[256], *save = NULL;

	if (snprintf(folder, sizeof(folder), "%s/console", class) >= (int)sizeof(folder))
		return false;
	read_line(folder, "active", text, sizeof(text));
	for (char *word = strtok_r(text, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save))
		if (strcmp(word, name) == 0)
			return true;
	return false;
}

/* False: not a serial port (no device behind it, or an UART that is not there). */
static bool read_port(const struct ports_root *root, const char *class, const char *name,
		      struct port_facts *port)
{
	char entry[PATH_MAX], real[PATH_MAX], real_root[PATH_MAX];
	size_t n;

	if (snprintf(entry, sizeof(entry), "%s/%s/device", class, name) >= (int)sizeof(entry) ||
	    realpath(entry, real) == NULL || realpath(root->sys, real_root) == NULL)
		return false;
	*strrchr(entry, '/') = '\0';
	if (read_number(entry, "type", 10, 1) == UNKNOWN_UART)
		return false;
	memset(port, 0, sizeof(*port));
	port->interface.number = -1;
	port->rank = -1;
	snprintf(port->name, sizeof(port->name), "%.31s", name);
	n = (size_t)snprintf(port->device, sizeof(port->device), "%s/%s", root->dev, name);
	if (n >= sizeof(port->device))
		return false;
	snprintf(port->real, sizeof(port->real), "%.127s",
		 realpath(port->device, entry) != NULL ? entry : port->device);
	port->console = is_console(class, name);
	read_usb(real, strlen(real_root), port);
	return true;
}

/* ---- by-id ---- */

static struct port_facts *find_real(const struct port_list *list, const char *path)
{
	char real[PATH_MAX];

	if (realpath(path, real) == NULL)
		return NULL;
	for (size_t i = 0; i < list->n_ports; i++)
		if (strcmp(list->ports[i].real, real) == 0)
			return &list->ports[i];
	return NULL;
}

static void read_links(const struct ports_root *root, struct port_list *list)
{
	char folder[PATH_MAX], path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%.*s/serial/by-id", 256, root->dev);
	dir = opendir(folder);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct port_facts *port;

		if (snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >=
		    (int)sizeof(path))
			continue;
		port = entry->d_name[0] != '.' ? find_real(list, path) : NULL;
		if (port != NULL)
			snprintf(port->by_id, sizeof(port->by_id), "%.191s", path);
	}
	if (dir != NULL)
		closedir(dir);
}

/* ---- USB devices without a port ---- */

static bool has_port(const struct port_list *list, const char *usb_path)
{
	for (size_t i = 0; i < list->n_ports; i++)
		if (strcmp(list->ports[i].usb_path, usb_path) == 0)
			return true;
	return false;
}

/* False: there is nothing to say about this device. */
static bool explain(const struct usb_stray *stray, char *why, size_t size)
{
	const char *before = usb_switch_find(stray->vendor, stray->product);
	const struct usb_modem *modem = usb_modem_find(stray->vendor, stray->product);

	if (before != NULL)
		snprintf(why, size,
			 "%s, still a CD drive: needs usb_modeswitch (install usb-modeswitch and "
			 "usb-modeswitch-data, then plug it in again)",
			 before);
	else if (modem != NULL && modem->how == USB_NONE)
		snprintf(why, size, "%s: %s", modem->name, modem->note);
	else if (modem != NULL)
		snprintf(why, size,
			 "%s without a serial port: its driver is not loaded (modprobe option; "
			 "qcserial for Sierra, cdc_acm for u-blox)",
			 modem->name);
	return before != NULL || modem != NULL;
}

static void read_stray(struct port_list *list, const char *folder, const char *usb_path)
{
	struct usb_stray stray = {
		.vendor = read_number(folder, "idVendor", 16, 0),
		.product = read_number(folder, "idProduct", 16, 0),
	};

	if (list->n_strays == STRAYS_MAX || has_port(list, usb_path) ||
	    !explain(&stray, stray.why, sizeof(stray.why)))
		return;
	snprintf(stray.usb_path, sizeof(stray.usb_path), "%.31s", usb_path);
	list->strays[list->n_strays++] = stray;
}

static int read_strays(const struct ports_root *root, struct port_list *list)
{
	char folder[PATH_MAX], path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	list->strays = calloc(STRAYS_MAX, sizeof(*list->strays));
	if (list->strays == NULL)
		return -ENOMEM;
	snprintf(folder, sizeof(folder), "%.*s/bus/usb/devices", 256, root->sys);
	dir = opendir(folder);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		/* 1-1.4 is a device, 1-1.4:1.2 an interface, usb1 a hub of the machine */
		if (entry->d_name[0] == '.' || strchr(entry->d_name, ':') != NULL ||
		    snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >=
			    (int)sizeof(path))
			continue;
		read_stray(list, path, entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	return 0;
}

/* ---- all of them ---- */

static int compare(const void *a, const void *b)
{
	const struct port_facts *one = a, *other = b;
	int by = strverscmp(one->usb_path, other->usb_path);

	if (by == 0)
		by = one->interface.number - other->interface.number;
	return by != 0 ? by : strverscmp(one->name, other->name);
}

static int add_port(struct port_list *list, const struct port_facts *port)
{
	struct port_facts *grown = realloc(list->ports, (list->n_ports + 1) * sizeof(*list->ports));

	if (grown == NULL)
		return -ENOMEM;
	list->ports = grown;
	list->ports[list->n_ports++] = *port;
	return 0;
}

static int read_ports(const struct ports_root *root, struct port_list *list)
{
	char class[PATH_MAX];
	struct port_facts port;
	struct dirent *entry;
	int r = 0;
	DIR *dir;

	snprintf(class, sizeof(class), "%.*s/class/tty", 256, root->sys);
	dir = opendir(class);
	while (dir != NULL && r == 0 && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && read_port(root, class, entry->d_name, &port))
			r = add_port(list, &port);
	if (dir != NULL)
		closedir(dir);
	if (list->n_ports > 0)
		qsort(list->ports, list->n_ports, sizeof(*list->ports), compare);
	return r;
}

int ports_scan(const struct ports_root *root, struct port_list *list)
{
	int r;

	port_list_free(list);
	r = read_ports(root, list);
	if (r == 0)
		r = read_strays(root, list);
	if (r == 0)
		read_links(root, list);
	return r;
}

void port_list_free(struct port_list *list)
{
	free(list->ports);
	free(list->strays);
	memset(list, 0, sizeof(*list));
}

const struct port_facts *port_list_find(const struct port_list *list, const char *device)
{
	return find_real(list, device);
}
