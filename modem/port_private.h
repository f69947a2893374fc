/* port_private.h - one port, as its own files see it: port.c (interface, reading, write queue),
 * port_tty.c (serial lines and ptys) and port_tcp.c. */
#pragma once

#include <netdb.h>
#include <stdbool.h>

#include "modem/port.h"

enum port_state {
	PORT_OPENING, /* opened or lost is due */
	PORT_OPEN,
	PORT_LOST, /* told, or about to be */
	PORT_CLOSING,
};

struct sp_port;     /* libserialport's */
struct port_lookup; /* of a name; private to port_tcp.c */

struct port {
	uv_loop_t *loop;
	struct port_events events;
	void *arg;
	char *device; /* as configured */
	enum port_kind kind;
	enum port_state state;
	char why[PORT_WHY_SIZE]; /* of PORT_LOST */

	int fd;                 /* -1: none yet */
	struct sp_port *serial; /* owns fd if it is a serial line */
	uv_poll_t *poll;        /* on fd; frees itself in its close callback */
	uv_timer_t timer;       /* tells what may not be told inside a call; connect limit */

	uint8_t *out; /* out[out_at .. out_end) waits for the descriptor */
	size_t out_at, out_end, out_room;

	struct port_lookup *lookup;            /* under way */
	struct addrinfo *addresses, *untested; /* of the host */

	void (*closed)(void *arg);
	void *closed_arg;
};

/* port.c. error: a positive errno, or 0 for an end of file. */
void port_explain(char why[static PORT_WHY_SIZE], enum port_kind kind, const char *device,
		  int error);
void port_lose(struct port *port, const char *why); /* lost is told on the next turn */
void port_lose_by(struct port *port, int error);
int port_poll_start(struct port *port, int events); /* makes the handle; -errno */
void port_poll_end(struct port *port);
void port_set_open(struct port *port); /* tells opened: not inside a call */

/* port_tty.c. Opens path (no symlink); sets kind and fd. 0, -errno. */
int port_tty_open(struct port *port, const char *path, const struct port_settings *settings);
void port_tty_close(struct port *port);

/* port_tcp.c */
bool port_tcp_is(const char *device);
int port_tcp_open(struct port *port); /* -EINVAL: not tcp://host:port */
void port_tcp_connected(struct port *port);
void port_tcp_end(struct port *port); /* name lookup and addresses; NULL-safe */
