/* test_port_rig.h - one port on a loop of its own, and what it told. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/port.h"

enum { LIMIT_MS = 20000, GOT_MAX = 1 << 20 };

static struct rig {
	uv_loop_t loop;
	uv_timer_t limit;
	struct port *port;
	bool in_call, close_when_opened, close_when_data;
	unsigned opened, lost, closed;
	char why[PORT_WHY_SIZE];
	char got[GOT_MAX];
	size_t n_got;
} rig;

static void on_closed(void *arg)
{
	assert_ptr_equal(arg, &rig);
	rig.closed++;
	rig.port = NULL;
}

static void rig_close_port(void)
{
	rig.in_call = true;
	port_close(rig.port, on_closed, &rig);
	rig.in_call = false;
}

static void on_opened(void *arg)
{
	assert_ptr_equal(arg, &rig);
	assert_false(rig.in_call);
	rig.opened++;
	if (rig.close_when_opened)
		rig_close_port();
	uv_stop(&rig.loop);
}

static void on_data(void *arg, const uint8_t *bytes, size_t n)
{
	assert_ptr_equal(arg, &rig);
	assert_false(rig.in_call);
	assert_int_equal(rig.opened, 1);
	assert_true(n > 0 && rig.n_got + n < GOT_MAX);
	memcpy(rig.got + rig.n_got, bytes, n);
	rig.n_got += n;
	rig.got[rig.n_got] = '\0';
	if (rig.close_when_data)
		rig_close_port();
	uv_stop(&rig.loop);
}

static void on_lost(void *arg, const char *why)
{
	assert_ptr_equal(arg, &rig);
	assert_false(rig.in_call);
	rig.lost++;
	snprintf(rig.why, sizeof(rig.why), "%s", why);
	uv_stop(&rig.loop);
}

static void on_limit(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing happened; got \"%s\", why \"%s\"", rig.got, rig.why);
}

static inline void rig_start(void)
{
	memset(&rig, 0, sizeof(rig));
	assert_int_equal(uv_loop_init(&rig.loop), 0);
	uv_timer_init(&rig.loop, &rig.limit);
}

static inline int rig_open_with(const struct port_settings *settings)
{
	static const struct port_events events = { on_opened, on_data, on_lost };
	int r;

	rig.opened = rig.lost = rig.closed = 0;
	rig.n_got = 0;
	rig.got[0] = '\0';
	rig.in_call = true;
	r = port_open(&rig.port, &rig.loop, settings, &events, &rig, rig.why);
	rig.in_call = false;
	assert_int_equal(r == 0, rig.port != NULL);
	assert_int_equal(r == 0, rig.why[0] == '\0');
	return r;
}

static inline int rig_open(const char *device)
{
	struct port_settings settings = { .device = device, .baud = 115200, .flow = FLOW_NONE };

	return rig_open_with(&settings);
}

/* Until the condition holds; every event ends one run of the loop. */
#define RUN_UNTIL(condition)                                                                       \
	do {                                                                                       \
		uv_timer_start(&rig.limit, on_limit, LIMIT_MS, 0);                                 \
		while (!(condition))                                                               \
			uv_run(&rig.loop, UV_RUN_ONCE);                                            \
		uv_timer_stop(&rig.limit);                                                         \
	} while (0)

static inline void rig_write(const char *text)
{
	rig.in_call = true;
	port_write(rig.port, text, strlen(text));
	rig.in_call = false;
}

static inline void rig_shut_port(void)
{
	rig_close_port();
	assert_int_equal(rig.closed, 0);
	RUN_UNTIL(rig.closed == 1);
}

static inline void rig_end(void)
{
	uv_close((uv_handle_t *)&rig.limit, NULL);
	uv_run(&rig.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&rig.loop), 0);
}
