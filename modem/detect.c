/* detect.c - who is behind each serial port of this machine.
 *
 * Steps: in a thread of the pool the kernel's tree is read and holders are looked for (it may
 * take a while); then ports that need no question are decided (ours, held, a console, not an AT
 * interface); the others are asked, one port of a USB device at a time and a few devices at once,
 * the most likely interface first. When one answers, its brothers are the same modem. */
#include "modem/detect.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/holder.h"
#include "base/util.h"
#include "modem/fleet.h"
#include "modem/probe.h"

enum { ASKING_MAX = 8 };

/* The i-th look is at the i-th port. */
struct look {
	struct probe *probe;
	struct detect *detect;
	bool decided;
	int rank; /* the lowest of a device is asked first */
};

struct detect {
	uv_loop_t *loop;
	uv_work_t work;
	struct ports_root root;
	const struct control *fleet;
	char **devices;
	size_t n_devices;
	bool every, ask, cancelled;
	bool complete; /* written by the pool, like everything below */
	bool looked;   /* the pool is through: what follows is the loop's */
	void (*done)(void *arg, const struct modem_ports *ports);
	void *arg;

	struct port_list list;
	struct modem_port *ports;
	struct modem_stray *strays;
	struct look *looks;
	size_t n, room, sessions, running;
};

/* ---- in the pool ---- */

static void fill_facts(struct modem_port *port, const struct port_facts *facts)
{
	snprintf(port->by_id, sizeof(port->by_id), "%s", facts->by_id);
	if (facts->usb_path[0] == '\0')
		return;
	snprintf(port->usb_path, sizeof(port->usb_path), "%s", facts->usb_path);
	snprintf(port->usb_id, sizeof(port->usb_id), "%04x:%04x", facts->vendor & 0xffff,
		 facts->product & 0xffff);
	snprintf(port->usb_serial, sizeof(port->usb_serial), "%s", facts->usb_serial);
	port->interface = facts->interface.number;
	snprintf(port->known, sizeof(port->known), "%s",
		 facts->known != NULL ? facts->known->name : "");
}

static struct modem_port *add_port(struct detect *d, const char *device)
{
	struct modem_port *port = &d->ports[d->n];

	port->interface = port->registration = -1;
	port->storage_used = port->storage_total = -1;
	snprintf(port->device, sizeof(port->device), "%s", device);
	d->looks[d->n].detect = d;
	d->n++;
	return port;
}

static bool may_open(const char *device)
{
	return faccessat(AT_FDCWD, device, R_OK | W_OK, AT_EACCESS) == 0;
}

static struct modem_port *port_of(const struct detect *d, const struct look *look)
{
	return &d->ports[look - d->looks];
}

static void decide(struct detect *d, struct look *look, enum port_answer answer, const char *why)
{
	struct modem_port *port = port_of(d, look);

	look->decided = true;
	port->answer = answer;
	snprintf(port->why, sizeof(port->why), "%s", why);
}

static int rank_of(const struct port_facts *facts)
{
	if (facts->usb_path[0] == '\0')
		return 0;
	return facts->known != NULL ? facts->rank : 255 - facts->interface.number;
}

/* What can be told without a question. */
static void look_at(struct detect *d, size_t i, const struct port_facts *facts)
{
	struct look *look = &d->looks[i];

	look->rank = rank_of(facts);
	fill_facts(port_of(d, look), facts);
	if (facts->console)
		decide(d, look, PORT_LEFT, "the console of this machine: it is never written to");
	else if (facts->known != NULL && facts->rank < 0 && d->every)
		decide(d, look, PORT_LEFT, "not its AT interface (diagnosis, GPS, network, ...)");
	else if (!may_open(port_of(d, look)->device))
		decide(d, look, PORT_NO_RIGHTS, "may not be opened: join the group of the device");
}

static int add_found(struct detect *d)
{
	d->room = d->n_devices + (d->every ? d->list.n_ports : 0) + d->sessions;
	d->ports = calloc(d->room + 1, sizeof(*d->ports));
	d->looks = calloc(d->room + 1, sizeof(*d->looks));
	d->strays = calloc(d->list.n_strays + 1, sizeof(*d->strays));
	if (d->ports == NULL || d->looks == NULL || d->strays == NULL)
		return -1;
	for (size_t i = 0; d->every && i < d->list.n_ports; i++) {
		add_port(d, d->list.ports[i].device);
		look_at(d, d->n - 1, &d->list.ports[i]);
	}
	for (size_t i = 0; i < d->n_devices; i++) {
		const struct port_facts *facts = port_list_find(&d->list, d->devices[i]);

		if (facts != NULL && d->every)
			continue;
		add_port(d, d->devices[i]);
		if (facts != NULL)
			look_at(d, d->n - 1, facts);
	}
	return 0;
}

static void add_strays(struct detect *d)
{
	for (size_t i = 0; i < d->list.n_strays; i++) {
		const struct usb_stray *from = &d->list.strays[i];
		struct modem_stray *to = &d->strays[i];

		snprintf(to->usb_path, sizeof(to->usb_path), "%s", from->usb_path);
		snprintf(to->usb_id, sizeof(to->usb_id), "%04x:%04x", from->vendor & 0xffff,
			 from->product & 0xffff);
		snprintf(to->why, sizeof(to->why), "%s", from->why);
	}
}

/* Root may open what others hold, so holders are looked for before anything is opened. */
static void find_holders(struct detect *d)
{
	const char **paths = calloc(d->n + 1, sizeof(*paths));
	struct holder *holders = calloc(d->n + 1, sizeof(*holders));

	if (paths != NULL && holders != NULL) {
		for (size_t i = 0; i < d->n; i++)
			paths[i] = d->ports[i].device;
		holders_find(paths, d->n, holders);
		for (size_t i = 0; i < d->n; i++) {
			if (holders[i].pid == 0)
				continue;
			snprintf(d->ports[i].holder, sizeof(d->ports[i].holder), "%s (%d)",
				 holders[i].name, holders[i].pid);
			decide(d, &d->looks[i], PORT_HELD, detect_remedy(holders[i].name));
		}
	}
	free(paths);
	free(holders);
}

static void in_pool(uv_work_t *work)
{
	struct detect *d = container_of(work, struct detect, work);

	if (ports_scan(&d->root, &d->list) < 0 || add_found(d) < 0)
		return;
	add_strays(d);
	find_holders(d);
	d->complete = true;
}

/* ---- the end ---- */

static void free_detect(struct detect *d)
{
	for (size_t i = 0; i < d->n_devices; i++)
		free(d->devices[i]);
	free(d->devices);
	port_list_free(&d->list);
	free(d->ports);
	free(d->strays);
	free(d->looks);
	free(d);
}

static void finish(struct detect *d)
{
	char *config = detect_config(d->ports, d->n);
	const struct modem_ports ports = {
		.ports = d->ports,
		.n_ports = d->n,
		.strays = d->strays,
		.n_strays = d->strays != NULL ? d->list.n_strays : 0,
		.config = config != NULL ? config : "",
	};

	d->done(d->arg, &ports);
	free(config);
	free_detect(d);
}

/* ---- asking ---- */

static bool is_brother(const struct modem_port *a, const struct modem_port *b)
{
	return a != b && a->usb_path[0] != '\0' && strcmp(a->usb_path, b->usb_path) == 0;
}

static bool is_asked(const struct detect *d, const struct modem_port *port)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->looks[i].probe != NULL && is_brother(port_of(d, &d->looks[i]), port))
			return true;
	return false;
}

static struct look *choose(struct detect *d)
{
	struct look *best = NULL;

	for (size_t i = 0; i < d->n; i++) {
		struct look *look = &d->looks[i];

		if (look->decided || look->probe != NULL || is_asked(d, port_of(d, look)))
			continue;
		if (best == NULL || look->rank < best->rank)
			best = look;
	}
	return best;
}

static void go_on(struct detect *d);

static void on_asked(void *arg)
{
	struct look *look = arg;
	struct detect *d = look->detect;

	look->probe = NULL;
	look->decided = true;
	d->running--;
	for (size_t i = 0; port_of(d, look)->answer == PORT_ANSWERS && i < d->n; i++)
		if (!d->looks[i].decided && is_brother(d->ports + i, port_of(d, look)))
			decide(d, &d->looks[i], PORT_SAME, "another port of the modem above");
	go_on(d);
}

static void ask(struct detect *d, struct look *look)
{
	const struct probe_settings settings = { .device = port_of(d, look)->device,
						 .depth = PROBE_ALL };

	look->probe = probe_start(d->loop, &settings, port_of(d, look), on_asked, look);
	if (look->probe == NULL)
		decide(d, look, PORT_FAULTY, "no memory");
	else
		d->running++;
}

static void go_on(struct detect *d)
{
	struct look *look;

	for (size_t i = 0; i < d->n; i++)
		if (!d->looks[i].decided && d->looks[i].probe == NULL && (!d->ask || d->cancelled))
			decide(d, &d->looks[i], PORT_LEFT, "not asked");
	while (d->running < ASKING_MAX && (look = choose(d)) != NULL)
		ask(d, look);
	if (d->running == 0)
		finish(d);
}

/* Sessions are the loop's: they are asked here, not in the pool. */
static void tell_ours(struct detect *d)
{
	size_t n = d->n;

	for (size_t i = 0; i < n; i++)
		d->looks[i].decided |= fleet_port(d->fleet, &d->ports[i]);
	for (size_t i = 0; i < control_count(d->fleet) && d->n < d->room; i++) {
		struct modem_port port = { .interface = -1, .registration = -1 };

		if (!d->every || !fleet_port_missing(d->fleet, i, d->ports, d->n, &port))
			continue;
		*add_port(d, "") = port;
		d->looks[d->n - 1].decided = true;
	}
}

static void after_pool(uv_work_t *work, int status)
{
	struct detect *d = container_of(work, struct detect, work);

	(void)status;
	d->looked = true;
	if (!d->complete)
		d->n = 0; /* no memory for them */
	else if (d->fleet != NULL && !d->cancelled)
		tell_ours(d);
	go_on(d);
}

static bool copy_devices(struct detect *d, const struct detect_settings *settings)
{
	d->devices = calloc(settings->n_devices + 1, sizeof(*d->devices));
	if (d->devices == NULL)
		return false;
	for (; d->n_devices < settings->n_devices; d->n_devices++) {
		d->devices[d->n_devices] = strdup(settings->devices[d->n_devices]);
		if (d->devices[d->n_devices] == NULL)
			return false;
	}
	return true;
}

struct detect *detect_start(uv_loop_t *loop, const struct detect_settings *settings,
			    void (*done)(void *arg, const struct modem_ports *ports), void *arg)
{
	struct detect *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->loop = loop;
	d->root = *settings->root;
	d->fleet = settings->fleet;
	d->sessions = d->fleet != NULL ? fleet_max(d->fleet) : 0;
	d->every = settings->every;
	d->ask = settings->ask;
	d->done = done;
	d->arg = arg;
	if (!copy_devices(d, settings) || uv_queue_work(loop, &d->work, in_pool, after_pool) < 0) {
		free_detect(d);
		return NULL;
	}
	return d;
}

void detect_cancel(struct detect *d)
{
	d->cancelled = true;
	for (size_t i = 0; d->looked && d->looks != NULL && i < d->n; i++)
		if (d->looks[i].probe != NULL)
			probe_cancel(d->looks[i].probe);
}
