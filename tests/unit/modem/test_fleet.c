/* test_fleet.c - every modem of the configuration by name, over pseudo terminals that are absent.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "modem/fleet.h"

static uv_loop_t loop;
static const struct config *config;
static struct control *fleet;
static unsigned n_changed;
static bool closed;

static void on_changed(void *arg, struct session *session)
{
	(void)arg;
	(void)session;
	n_changed++;
}

static void on_answer(void *arg, const char *const *lines, size_t n, const char *final)
{
	(void)arg;
	(void)lines;
	(void)n;
	(void) final;
}

static void on_problem(void *arg, const char *file, unsigned line, const char *setting,
		       const char *problem)
{
	(void)arg;
	fail_msg("%s:%u: %s: %s", file, line, setting, problem);
}

static const struct session_events events = { .changed = on_changed };

static const struct config *load(const char *text)
{
	char path[] = "/tmp/simgate-test-XXXXXX";
	int fd = mkstemp(path);
	const struct config *loaded;

	assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
	loaded = config_load(path, on_problem, NULL);
	unlink(path);
	assert_non_null(loaded);
	return loaded;
}

static void begin(const char *text)
{
	config = load(text);
	uv_loop_init(&loop);
	n_changed = 0;
	closed = false;
	fleet = fleet_new(&loop, config, &events, NULL);
	assert_non_null(fleet);
}

static void on_closed(void *arg)
{
	(void)arg;
	closed = true;
}

static void end(void)
{
	fleet_close(fleet, 1000, on_closed, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_true(closed);
	assert_int_equal(uv_loop_close(&loop), 0);
	config_unref(config);
}

static void finds_modems_by_name(void **state)
{
	(void)state;
	begin("modems = ( { name = \"a\"; device = \"/nonexistent/a\"; },"
	      " { name = \"b\"; device = \"/nonexistent/b\"; } );");
	assert_int_equal(control_count(fleet), 2);
	assert_string_equal(control_at(fleet, 1)->name, "b");
	assert_string_equal(control_find(fleet, "a")->device, "/nonexistent/a");
	assert_null(control_find(fleet, "c"));
	assert_ptr_equal(session_status(fleet_session(fleet, 0)), control_find(fleet, "a"));
	while (n_changed < 2)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_equal(control_find(fleet, "a")->state, MODEM_ABSENT);
	assert_non_null(strstr(control_find(fleet, "a")->why, "plugged in"));
	end();
}

static void set_config(const char *text)
{
	const struct config *changed = load(text);

	fleet_set_config(fleet, changed);
	config_unref(changed);
}

static bool is_absent(const char *name, const char *device)
{
	const struct modem_status *status = control_find(fleet, name);

	return status->state == MODEM_ABSENT && strstr(status->why, device) != NULL;
}

static void another_configuration(void **state)
{
	(void)state;
	begin("modems = ( { name = \"a\"; device = \"/nonexistent/a\"; } );");
	set_config("modems = ( { name = \"b\"; device = \"/nonexistent/b\"; },"
		   " { name = \"a\"; device = \"/nonexistent/c\"; } );");
	assert_int_equal(control_count(fleet), 2);
	while (!is_absent("a", "/nonexistent/c") || !is_absent("b", "/nonexistent/b"))
		uv_run(&loop, UV_RUN_ONCE);
	set_config("modems = ( { name = \"b\"; device = \"/nonexistent/b\"; } );");
	assert_int_equal(control_count(fleet), 1);
	assert_string_equal(control_at(fleet, 0)->name, "b");
	assert_null(control_find(fleet, "a"));
	assert_int_equal(control_action(fleet, "a", MODEM_REOPEN), -ENOENT);
	set_config("modems = ( { name = \"a\"; device = \"/nonexistent/a\"; } );");
	assert_int_equal(control_count(fleet), 1);
	while (!is_absent("a", "/nonexistent/a"))
		uv_run(&loop, UV_RUN_ONCE);
	end();
}

static void second_name_of_a_device_is_refused(void **state)
{
	char device[] = "/tmp/simgate-dev-XXXXXX", link[64], text[256];
	int fd = mkstemp(device);

	(void)state;
	close(fd);
	snprintf(link, sizeof(link), "%s-link", device);
	assert_int_equal(symlink(device, link), 0);
	snprintf(text, sizeof(text),
		 "modems = ( { name = \"a\"; device = \"%s\"; },"
		 " { name = \"b\"; device = \"%s\"; } );",
		 device, link);
	begin(text);
	while (n_changed < 2)
		uv_run(&loop, UV_RUN_ONCE);
	assert_int_not_equal(control_find(fleet, "a")->state, MODEM_FAILED);
	assert_int_equal(control_find(fleet, "b")->state, MODEM_FAILED);
	assert_non_null(strstr(control_find(fleet, "b")->why, "same device"));
	assert_int_equal(control_action(fleet, "b", MODEM_REOPEN), -ENOTCONN);
	end();
	unlink(link);
	unlink(device);
}

/* A reload may bring such a conflict, and end it. */
static void second_name_of_a_device_comes_and_goes(void **state)
{
	char device[] = "/tmp/simgate-dev-XXXXXX", link[64], twice[256];
	static const char once[] = "modems = ( { name = \"a\"; device = \"/nonexistent/a\"; },"
				   " { name = \"b\"; device = \"/nonexistent/b\"; } );";
	int fd = mkstemp(device);

	(void)state;
	close(fd);
	snprintf(link, sizeof(link), "%s-link", device);
	assert_int_equal(symlink(device, link), 0);
	snprintf(twice, sizeof(twice),
		 "modems = ( { name = \"a\"; device = \"%s\"; },"
		 " { name = \"b\"; device = \"%s\"; } );",
		 device, link);
	begin(once);
	for (int i = 0; i < 2; i++) {
		while (!is_absent("b", "/nonexistent/b"))
			uv_run(&loop, UV_RUN_ONCE);
		set_config(twice);
		while (control_find(fleet, "b")->state != MODEM_FAILED)
			uv_run(&loop, UV_RUN_ONCE);
		assert_non_null(strstr(control_find(fleet, "b")->why, "same device"));
		set_config(once);
	}
	end();
	unlink(link);
	unlink(device);
}

/* What a reload adds beyond that waits for a restart; the others work. */
static void a_reload_has_room_for_some_more(void **state)
{
	enum { MORE = FLEET_PLACES_MAX + 3 };
	char text[MORE * 64] = "modems = ( ", name[16];
	size_t used = strlen(text);

	(void)state;
	begin("modems = ( { name = \"m0\"; device = \"/nonexistent/0\"; } );");
	for (int i = 0; i < MORE; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s{ name = \"m%d\"; device = \"/nonexistent/%d\"; }",
					 i > 0 ? ", " : "", i, i);
	strcat(text, " );");
	set_config(text);
	assert_int_equal(control_count(fleet), 1 + FLEET_PLACES_MAX);
	for (int i = 0; i < MORE; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		assert_int_equal(control_find(fleet, name) != NULL, i <= FLEET_PLACES_MAX);
	}
	while (!is_absent("m64", "/nonexistent/64"))
		uv_run(&loop, UV_RUN_ONCE);
	end();
}

static void asks_by_name(void **state)
{
	(void)state;
	begin("modems = ( { name = \"a\"; device = \"/nonexistent/a\"; } );");
	assert_int_equal(control_action(fleet, "x", MODEM_DRAIN), -ENOENT);
	assert_int_equal(control_action(fleet, "a", MODEM_DRAIN), 0);
	assert_int_equal(control_action(fleet, "a", MODEM_RESET), -ENOTCONN);
	assert_int_equal(control_at_command(fleet, "x", "AT", on_answer, NULL), -ENOENT);
	assert_int_equal(control_at_command(fleet, "a", "AT", on_answer, NULL), -ENOTCONN);
	assert_int_equal(control_ussd(fleet, "x", "*100#", on_answer, NULL), -ENOENT);
	assert_int_equal(control_ussd(fleet, "a", "*100#", on_answer, NULL), -ENOTCONN);
	assert_int_equal(control_trace(fleet, "x", NULL, NULL), -ENOENT);
	assert_int_equal(control_trace(fleet, "a", NULL, NULL), 0);
	end();
}

static void names_every_state(void **state)
{
	(void)state;
	for (int i = 0; i <= MODEM_FAILED; i++)
		assert_true(strlen(modem_state_name((enum modem_state)i)) > 4);
	assert_string_equal(modem_state_name(MODEM_SIM_PIN), "sim_pin");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_modems_by_name),
		cmocka_unit_test(another_configuration),
		cmocka_unit_test(second_name_of_a_device_is_refused),
		cmocka_unit_test(second_name_of_a_device_comes_and_goes),
		cmocka_unit_test(a_reload_has_room_for_some_more),
		cmocka_unit_test(asks_by_name),
		cmocka_unit_test(names_every_state),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
