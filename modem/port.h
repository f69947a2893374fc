/* port.h - bytes to and from one modem: a serial line, a pty, or tcp://host:port.
 *
 * Runs on one uv loop. A port that vanishes is an event (lost), never a signal or an exit. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "config/config.h"

struct port; /* private to port.c and its kinds */

enum port_kind { PORT_SERIAL, PORT_PTY, PORT_TCP };

struct port_settings {
	const char *device; /* a path (symlinks are resolved at each open) or tcp://host:port */
	unsigned baud;
	enum config_flow flow;
};

/* All run on the loop, never inside port_open or port_write. After lost, only port_close may be
 * called. Bytes are borrowed. */
struct port_events {
	void (*opened)(void *arg);
	void (*data)(void *arg, const uint8_t *bytes, size_t n);
	void (*lost)(void *arg, const char *why); /* why: one line for an operator */
};

enum { PORT_WHY_SIZE = 160 };

/* Starts opening. 0: opened or lost follows. Negative errno: nothing follows, why says what
 * happened and what to do, *port is NULL. Strings of settings are copied. */
int port_open(struct port **port, uv_loop_t *loop, const struct port_settings *settings,
	      const struct port_events *events, void *arg, char why[static PORT_WHY_SIZE]);

/* Copies and queues bytes. A failure to write comes as lost. */
void port_write(struct port *port, const void *bytes, size_t n);

/* Bytes that the kernel or peer has not taken yet. */
size_t port_unwritten(const struct port *port);

enum port_kind port_kind(const struct port *port);

/* No more events. closed (may be NULL) runs on the loop when the descriptor is gone. */
void port_close(struct port *port, void (*closed)(void *arg), void *arg);
