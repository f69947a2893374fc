/* test_ports.c - ports read from a tree of devices, and told when they change. */
#include "usb_tree.h"

#include <uv.h>

#include "base/log.h"

static const struct tree_device e173 = {
	.path = "1-1.4",
	.vendor = 0x12d1,
	.product = 0x1436,
	.serial = "SN\001x",
	.ports = { { 0, 0xff, 0xff, 0xff, "ttyUSB0", NULL },
		   { 3, 0xff, 0xff, 0xff, "ttyUSB1", NULL },
		   { 4, 0xff, 0xff, 0xff, "ttyUSB10", NULL } },
};
static const struct tree_device ec25 = {
	.path = "1-1.10",
	.vendor = 0x2c7c,
	.product = 0x0125,
	.ports = { { 2, 0xff, 0, 0, "ttyUSB4", NULL }, { 10, 0xff, 0, 0, "ttyUSB5", NULL } },
};
static const struct tree_device adapter = {
	.path = "2-1",
	.vendor = 0x1a86,
	.product = 0x7523,
	.ports = { { 0, 0xff, 1, 2, "ttyUSB7", NULL } },
};

static void reads_facts_of_every_port(void **state)
{
	static const struct {
		const char *name, *usb_path;
		unsigned vendor, product;
		int interface, rank;
		bool known, console;
	} wanted[] = {
		{ "ttyS0", "", 0, 0, -1, -1, false, false },
		{ "ttyS1", "", 0, 0, -1, -1, false, true },
		{ "ttyUSB0", "1-1.4", 0x12d1, 0x1436, 0, 1, true, false },
		{ "ttyUSB1", "1-1.4", 0x12d1, 0x1436, 3, -1, true, false },
		{ "ttyUSB10", "1-1.4", 0x12d1, 0x1436, 4, 0, true, false },
		{ "ttyUSB4", "1-1.10", 0x2c7c, 0x0125, 2, 0, true, false },
		{ "ttyUSB5", "1-1.10", 0x2c7c, 0x0125, 10, -1, true, false },
		{ "ttyUSB7", "2-1", 0x1a86, 0x7523, 0, -1, false, false },
	};
	struct port_list list = { 0 };

	(void)state;
	tree_begin();
	tree_plug(&ec25);
	tree_plug(&adapter);
	tree_plug(&e173);
	tree_uart("ttyS0", 4);
	tree_uart("ttyS1", 4);
	tree_uart("ttyS2", 0);
	assert_int_equal(ports_scan(&tree.root, &list), 0);
	assert_int_equal(list.n_ports, ARRAY_LEN(wanted));
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		const struct port_facts *port = &list.ports[i];

		assert_string_equal(port->name, wanted[i].name);
		assert_string_equal(port->usb_path, wanted[i].usb_path);
		assert_int_equal(port->vendor, wanted[i].vendor);
		assert_int_equal(port->product, wanted[i].product);
		assert_int_equal(port->interface.number, wanted[i].interface);
		assert_int_equal(port->rank, wanted[i].rank);
		assert_int_equal(port->known != NULL, wanted[i].known);
		assert_int_equal(port->console, wanted[i].console);
	}
	assert_string_equal(list.ports[2].usb_serial, "SN?x");
	assert_string_equal(list.ports[2].usb_name, "Mobile");
	assert_int_equal(list.ports[2].enumeration, 1u << 16 | 3);
	assert_int_equal(list.n_strays, 0);
	port_list_free(&list);
	tree_end();
}

static void links_lead_to_their_port(void **state)
{
	struct port_list list = { 0 };
	char path[128], link[192];

	(void)state;
	tree_begin();
	tree_plug(&e173);
	snprintf(path, sizeof(path), "%s/serial/by-id", tree.dev);
	tree_dir(path);
	snprintf(link, sizeof(link), "%s/usb-HUAWEI_Mobile-if04-port0", path);
	tree_link("../../ttyUSB10", "%s", link);
	tree_link("../../ttyUSB99", "%s/usb-gone", path);
	assert_int_equal(ports_scan(&tree.root, &list), 0);
	assert_string_equal(list.ports[2].by_id, link);
	assert_string_equal(list.ports[0].by_id, "");
	assert_ptr_equal(port_list_find(&list, link), &list.ports[2]);
	assert_ptr_equal(port_list_find(&list, list.ports[1].device), &list.ports[1]);
	assert_null(port_list_find(&list, "/dev/null"));
	assert_null(port_list_find(&list, "tcp://127.0.0.1:1"));
	port_list_free(&list);
	tree_end();
}

static void devices_without_a_port_are_explained(void **state)
{
	static const struct {
		struct tree_device device;
		const char *says; /* NULL: not told */
	} cases[] = {
		{ { "1-1", 0x12d1, 0x1446, NULL, { { 0 } } }, "usb_modeswitch" },
		{ { "1-2", 0x12d1, 0x14dc, NULL, { { 0 } } }, "web page" },
		{ { "1-3", 0x2c7c, 0x0125, NULL, { { 0 } } }, "modprobe option" },
		{ { "1-4", 0x046d, 0xc31c, NULL, { { 0 } } }, NULL },
		{ { "1-5", 0x05c6, 0x9008, NULL, { { 0 } } }, "firmware" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct port_list list = { 0 };

		tree_begin();
		tree_plug(&cases[i].device);
		assert_int_equal(ports_scan(&tree.root, &list), 0);
		assert_int_equal(list.n_ports, 0);
		assert_int_equal(list.n_strays, cases[i].says != NULL);
		if (cases[i].says != NULL) {
			assert_string_equal(list.strays[0].usb_path, cases[i].device.path);
			assert_non_null(strstr(list.strays[0].why, cases[i].says));
		}
		port_list_free(&list);
		tree_end();
	}
}

static void no_tree_is_no_port(void **state)
{
	static const struct ports_root nowhere = { "/nonexistent/sys", "/nonexistent/dev" };
	struct port_list list = { 0 };

	(void)state;
	assert_int_equal(ports_scan(&nowhere, &list), 0);
	assert_int_equal(list.n_ports, 0);
	port_list_free(&list);
}

/* A descriptor without an end, a folder where a file should be: nothing is believed. */
static void strange_trees_are_survived(void **state)
{
	struct port_list list = { 0 };
	char path[256], longer[5000];

	(void)state;
	tree_begin();
	tree_plug(&adapter);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	snprintf(path, sizeof(path), "%s/devices/pci0/usb1/2-1", tree.sys);
	tree_file(path, "serial", "%s", longer);
	tree_file(path, "idVendor", "zz\n");
	tree_file(path, "devnum", "99999999999999999999999\n");
	assert_int_equal(ports_scan(&tree.root, &list), 0);
	assert_int_equal(list.n_ports, 1);
	assert_int_equal(strlen(list.ports[0].usb_serial), sizeof(list.ports[0].usb_serial) - 1);
	assert_int_equal(list.ports[0].vendor, 0);
	port_list_free(&list);
	tree_end();
}

static unsigned changes;

static void on_changed(void *arg)
{
	changes++;
	uv_stop(arg);
}

static void on_late(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing was told");
}

static void a_burst_is_told_once(void **state)
{
	struct ports_watch *watch;
	uv_timer_t late;
	uv_loop_t loop;

	(void)state;
	tree_begin();
	changes = 0;
	uv_loop_init(&loop);
	uv_timer_init(&loop, &late);
	uv_timer_start(&late, on_late, 20000, 0);
	watch = ports_watch_start(&loop, tree.dev, on_changed, &loop);
	assert_non_null(watch);
	tree_plug(&e173);
	tree_file(tree.dev, "null", "%s", "");
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(changes, 1);
	tree_unplug(&e173);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(changes, 2);
	ports_watch_stop(watch);
	uv_close((uv_handle_t *)&late, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	tree_end();
}

static void a_folder_that_is_not_there_is_no_watch(void **state)
{
	uv_loop_t loop;

	(void)state;
	uv_loop_init(&loop);
	assert_null(ports_watch_start(&loop, "/nonexistent", on_changed, &loop));
	ports_watch_stop(NULL);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_facts_of_every_port),
		cmocka_unit_test(links_lead_to_their_port),
		cmocka_unit_test(devices_without_a_port_are_explained),
		cmocka_unit_test(no_tree_is_no_port),
		cmocka_unit_test(strange_trees_are_survived),
		cmocka_unit_test(a_burst_is_told_once),
		cmocka_unit_test(a_folder_that_is_not_there_is_no_watch),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
