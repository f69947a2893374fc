/* fleet_private.h - the fleet, as its own files see it.
 *
 * fleet.c        sessions by name, their events, closing
 * fleet_find.c   which port belongs to which modem
 * fleet_ask.c    identities behind ports that nobody uses */
#pragma once

#include "modem/fleet.h"
#include "modem/ports.h"
#include "modem/probe.h"

enum { ASKED_MAX = 64, ASKING_MAX = 8, USB_NAME_SIZE = USB_PATH_SIZE + 8 };

/* A modem's place in the fleet. */
struct seat {
	struct control *fleet;
	struct session *session;
	const struct config_modem *modem; /* in config, or own */
	struct config_modem own;          /* without modems in the config: by its USB path */
	char name[USB_NAME_SIZE], path[USB_PATH_SIZE];

	char usb_path[USB_PATH_SIZE]; /* of the USB device it uses; "" none, or none known */
	unsigned enumeration;
	bool open; /* its session was given a device and has not asked again since */
	char imei[24];
};

/* Who is behind a USB device, as told by a probe or by a session that used it. */
struct asked {
	struct control *fleet;
	char usb_path[USB_PATH_SIZE];
	unsigned enumeration;
	char device[PORT_DEVICE_SIZE]; /* the port that is asked, then the one that answered */
	int rank_tried;                /* ports up to this one were silent; -1: none yet */
	int64_t at_ms;                 /* monotonic: of the answer */
	struct probe *probe;           /* running */
	struct modem_port port;        /* identity; answer says whether anybody answered */
};

struct control {
	uv_loop_t *loop;
	const struct config *config;
	const struct session_events *events; /* the dispatcher's */
	void *arg;
	struct ports_root root;
	struct ports_watch *watch;
	struct port_list list;
	int64_t scanned_ms; /* monotonic */

	struct seat **seats;
	size_t n, room;
	struct asked *asked[ASKED_MAX];
	size_t n_asked, n_asking;
	struct detect *detect; /* running */

	size_t open; /* itself, sessions, probes: what must end before the memory goes */
	bool closing;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* fleet.c */
void fleet_ended(struct control *fleet);                                      /* one of open */
struct seat *fleet_add(struct control *fleet, const struct port_facts *port); /* NULL: full */
const struct seat *fleet_user(const struct control *fleet, const char *usb_path);

/* fleet_find.c */
void find_scan(struct control *fleet); /* and places for modems that are in no config */
bool find_device(struct seat *seat, char device[static SESSION_DEVICE_SIZE],
		 char why[static SESSION_WHY_SIZE]);
bool find_identified(struct seat *seat, const struct session_identity *identity,
		     char why[static SESSION_WHY_SIZE]);
void find_wake(struct control *fleet); /* sessions that wait try again */

/* fleet_ask.c */
/* The freshest identity behind this USB device; NULL: not known (any more). */
struct asked *ask_known(struct control *fleet, const struct port_facts *port);
/* Asks who is there unless it is known, being asked, or answered a moment ago. */
void ask_start(struct control *fleet, const struct port_facts *port, bool by_sim);
void ask_note(const struct seat *seat, const struct session_identity *identity); /* by a session */
void ask_close(struct control *fleet);
