/* detect.h - looks at every serial port, and at who answers there. */
#pragma once

#include <uv.h>

#include "modem/control_ports.h"
#include "modem/ports.h"

struct control;
struct detect; /* private to detect.c */

struct detect_settings {
	const struct ports_root *root;
	const struct control *fleet; /* whose ports are not asked but told; NULL: none */
	const char *const *devices;  /* only these (ptys and tcp:// too); NULL: every port */
	size_t n_devices;
	bool ask; /* open free ports and ask; else only look */
};

/* done runs once, not inside this call; after detect_cancel with what was known then. NULL: no
 * memory, done never runs. Strings are copied. */
struct detect *detect_start(uv_loop_t *loop, const struct detect_settings *settings,
			    void (*done)(void *arg, const struct modem_ports *ports), void *arg);
void detect_cancel(struct detect *detect);

/* detect_words.c: what to do about this holder ("" none known of that name). */
const char *detect_remedy(const char *holder);

/* A "modems" setting for the ports that answered; malloced, NULL: no memory. */
char *detect_config(const struct modem_port *ports, size_t n);

/* fleet_ports.c: is it a port of a session? Then its answer and facts are filled in. */
bool fleet_port(const struct control *fleet, struct modem_port *port);
/* The i-th session's port, where none of the n ports is its. */
bool fleet_port_missing(const struct control *fleet, size_t i, const struct modem_port *ports,
			size_t n, struct modem_port *port);
