/* probe.h - asks one port who is there, then closes it. Changes nothing that outlives the port but
 * echo and error numbers; never enters a PIN. */
#pragma once

#include <uv.h>

#include "modem/control_ports.h"

struct probe; /* private to probe.c */

enum probe_depth {
	PROBE_IDENTITY, /* model, IMEI, SIM */
	PROBE_ALL,      /* and network, message centre, storage */
};

struct probe_settings {
	const char *device; /* copied */
	unsigned baud;      /* 0: the usual ones, where it matters */
	enum probe_depth depth;
};

/* Fills the answers, answer, why and baud of port; what it knows of USB stays. done runs once, on
 * the loop, never inside this call, when the port is closed again; port lives until then.
 * NULL: no memory, done never runs. */
struct probe *probe_start(uv_loop_t *loop, const struct probe_settings *settings,
			  struct modem_port *port, void (*done)(void *arg), void *arg);

void probe_cancel(struct probe *probe); /* done comes soon */
