/* usb_tree.h - a tree of devices as the kernel shows it in /sys, with a folder of nodes, made for
 * one test in a folder of its own. */
#pragma once

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
#include "modem/ports.h"

static struct {
	char folder[32], sys[48], dev[48];
	struct ports_root root;
	unsigned devnum;
} tree;

struct tree_port {
	int interface;
	unsigned class, subclass, protocol;
	const char *name, *node; /* node: what dev/name is a link to; NULL: an empty file */
};

struct tree_device {
	const char *path;
	unsigned vendor, product;
	const char *serial; /* NULL: it has none */
	struct tree_port ports[6];
};

static inline void tree_dir(const char *path)
{
	char part[512];

	for (const char *slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdir(part, 0755);
	}
	mkdir(path, 0755);
}

static inline void tree_file(const char *folder, const char *name, const char *format, ...)
{
	char path[600];
	va_list args;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	fclose(file);
}

static inline void tree_link(const char *to, const char *format, ...)
{
	char path[600];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	assert_int_equal(symlink(to, path), 0);
}

static inline void tree_begin(void)
{
	char path[128];

	memset(&tree, 0, sizeof(tree));
	snprintf(tree.folder, sizeof(tree.folder), "/tmp/sgtree-XXXXXX");
	assert_non_null(mkdtemp(tree.folder));
	snprintf(tree.sys, sizeof(tree.sys), "%s/sys", tree.folder);
	snprintf(tree.dev, sizeof(tree.dev), "%s/dev", tree.folder);
	tree_dir(tree.dev);
	snprintf(path, sizeof(path), "%s/class/tty/console", tree.sys);
	tree_dir(path);
	tree_file(path, "active", "tty0 ttyS1\n");
	snprintf(path, sizeof(path), "%s/bus/usb/devices", tree.sys);
	tree_dir(path);
	tree.root = (struct ports_root){ tree.sys, tree.dev };
}

static inline void tree_end(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", tree.folder);
	assert_int_equal(system(command), 0);
}

/* The node comes last, as with the kernel. */
static inline void tree_node(const char *name, const char *node)
{
	if (node != NULL)
		tree_link(node, "%s/%s", tree.dev, name);
	else
		tree_file(tree.dev, name, "%s", "");
}

static inline void tree_tty(const char *below, const char *name, const char *node)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s/tty/%s", below, name, name);
	tree_dir(path);
	tree_link("../..", "%s/device", path);
	tree_link(path, "%s/class/tty/%s", tree.sys, name);
	tree_node(name, node);
}

static inline void tree_plug(const struct tree_device *device)
{
	char folder[256], below[300];

	snprintf(folder, sizeof(folder), "%s/devices/pci0/usb1/%s", tree.sys, device->path);
	tree_dir(folder);
	tree_file(folder, "idVendor", "%04x\n", device->vendor);
	tree_file(folder, "idProduct", "%04x\n", device->product);
	tree_file(folder, "busnum", "1\n");
	tree_file(folder, "devnum", "%u\n", ++tree.devnum);
	tree_file(folder, "product", "Mobile\n");
	if (device->serial != NULL)
		tree_file(folder, "serial", "%s\n", device->serial);
	tree_link(folder, "%s/bus/usb/devices/%s", tree.sys, device->path);
	for (size_t i = 0; i < ARRAY_LEN(device->ports) && device->ports[i].name != NULL; i++) {
		const struct tree_port *port = &device->ports[i];

		snprintf(below, sizeof(below), "%s/%s:1.%d", folder, device->path, port->interface);
		tree_dir(below);
		tree_file(below, "bInterfaceNumber", "%02x\n", (unsigned)port->interface);
		tree_file(below, "bInterfaceClass", "%02x\n", port->class);
		tree_file(below, "bInterfaceSubClass", "%02x\n", port->subclass);
		tree_file(below, "bInterfaceProtocol", "%02x\n", port->protocol);
		tree_tty(below, port->name, port->node);
	}
}

static inline void tree_unplug(const struct tree_device *device)
{
	char command[512], path[256];

	for (size_t i = 0; i < ARRAY_LEN(device->ports) && device->ports[i].name != NULL; i++) {
		snprintf(path, sizeof(path), "%s/class/tty/%s", tree.sys, device->ports[i].name);
		unlink(path);
		snprintf(path, sizeof(path), "%s/%s", tree.dev, device->ports[i].name);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/bus/usb/devices/%s", tree.sys, device->path);
	unlink(path);
	snprintf(command, sizeof(command), "rm -rf %s/devices/pci0/usb1/%s", tree.sys,
		 device->path);
	assert_int_equal(system(command), 0);
}

/* A line of the main board; type 0: a socket without a chip. */
static inline void tree_uart(const char *name, unsigned type)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/devices/platform/serial8250", tree.sys);
	tree_dir(path);
	tree_tty(path, name, NULL);
	snprintf(path, sizeof(path), "%s/class/tty/%s", tree.sys, name);
	tree_file(path, "type", "%u\n", type);
}
