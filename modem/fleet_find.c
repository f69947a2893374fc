/* fleet_find.c - which port belongs to which modem, by its match; one modem, one name.
 *
 * Steps for a session that wants to open: ports are looked at; a configured device is taken as it
 * is; else the USB devices that fit usb_* and that nobody uses are gone through, and where match
 * names IMEI or SIM, or the table does not know the interface, they are asked who they are (the
 * session waits and is woken). Only modems of our table are asked, unless match names the device.
 * Two ports of one USB device, and two modems of one IMEI, are one modem: its second user waits. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "modem/fleet_private.h"

enum { FRESH_MS = 2000 };

/* ---- ports ---- */

static bool has_place(const struct control *fleet, const char *usb_path)
{
	for (size_t i = 0; i < fleet->n; i++)
		if (strcmp(fleet->seats[i]->path, usb_path) == 0)
			return true;
	return false;
}

static void add_places(struct control *fleet)
{
	for (size_t i = 0; i < fleet->list.n_ports; i++) {
		const struct port_facts *port = &fleet->list.ports[i];
		const struct seat *seat;

		if (port->usb_path[0] == '\0' || port->rank < 0 || has_place(fleet, port->usb_path))
			continue;
		seat = fleet_add(fleet, port);
		if (seat == NULL) {
			log_warn("no room for another modem at USB %s: name your modems in the "
				 "configuration",
				 port->usb_path);
			return;
		}
		log_info("%s: %s found; it is in no configuration, so its stored messages are "
			 "read but not deleted",
			 seat->name, port->known->name);
		if (fleet->events->added != NULL)
			fleet->events->added(fleet->arg, seat->session);
	}
}

void find_scan(struct control *fleet)
{
	if (ports_scan(&fleet->root, &fleet->list) < 0)
		log_error("no memory for the list of serial ports");
	fleet->scanned_ms = clock_mono_ms();
	if (fleet->config->n_modems == 0)
		add_places(fleet);
}

void find_wake(struct control *fleet)
{
	for (size_t i = 0; i < fleet->n; i++)
		session_wake(fleet->seats[i]->session);
}

/* ---- match ---- */

static bool is_given(const char *wanted)
{
	return wanted[0] != '\0';
}

static bool names_usb(const struct config_match *match)
{
	return is_given(match->usb_serial) || is_given(match->usb_path) || is_given(match->usb_id);
}

static bool names_sim(const struct config_match *match)
{
	return is_given(match->iccid) || is_given(match->imsi);
}

static bool fits_usb(const struct config_match *match, const struct port_facts *port)
{
	char id[12];

	snprintf(id, sizeof(id), "%04x:%04x", port->vendor & 0xffff, port->product & 0xffff);
	return (!is_given(match->usb_serial) || strcmp(match->usb_serial, port->usb_serial) == 0) &&
	       (!is_given(match->usb_path) || strcmp(match->usb_path, port->usb_path) == 0) &&
	       (!is_given(match->usb_id) || strcasecmp(match->usb_id, id) == 0);
}

static bool fits_identity(const struct config_match *match, const struct modem_port *port)
{
	return (!is_given(match->imei) || strcmp(match->imei, port->imei) == 0) &&
	       (!is_given(match->iccid) || strcasecmp(match->iccid, port->iccid) == 0) &&
	       (!is_given(match->imsi) || strcmp(match->imsi, port->imsi) == 0);
}

/* Is the USB device another modem's: in use, or behind its configured device? */
static const struct seat *claimant(const struct seat *seat, const char *usb_path)
{
	const struct control *fleet = seat->fleet;
	const struct seat *user = fleet_user(fleet, usb_path);

	if (user != NULL && user != seat)
		return user;
	for (size_t i = 0; i < fleet->n; i++) {
		const struct seat *other = fleet->seats[i];
		const struct port_facts *port;

		if (other == seat || !is_given(other->modem->device))
			continue;
		port = port_list_find(&fleet->list, other->modem->device);
		if (port != NULL && strcmp(port->usb_path, usb_path) == 0)
			return other;
	}
	return NULL;
}

/* ---- one USB device: ports[0] .. ports[n - 1] ---- */

static size_t device_ports(const struct port_list *list, size_t at)
{
	size_t n = 1;

	while (at + n < list->n_ports &&
	       strcmp(list->ports[at + n].usb_path, list->ports[at].usb_path) == 0)
		n++;
	return n;
}

static const struct port_facts *best_port(const struct port_facts *ports, size_t n, int interface)
{
	const struct port_facts *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (interface >= 0) {
			if (ports[i].interface.number == interface)
				return &ports[i];
		} else if (ports[i].rank >= 0 && (best == NULL || ports[i].rank < best->rank)) {
			best = &ports[i];
		}
	}
	return best;
}

/* The table, or the configuration, says which of its interfaces it is. */
static bool knows_interface(const struct config_match *match, const struct port_facts *port)
{
	return match->interface >= 0 || (port->known != NULL && port->known->how != USB_PROBE);
}

struct search {
	struct seat *seat;
	const struct port_facts *found;
	unsigned asking, others, taken; /* devices that fit usb_* */
	const struct seat *taken_by;
	char device[PORT_DEVICE_SIZE];
};

/* True: found. */
static bool look_at(struct search *search, const struct port_facts *ports, size_t n)
{
	struct seat *seat = search->seat;
	const struct config_match *match = &seat->modem->match;
	bool by_identity = is_given(match->imei) || names_sim(match);
	const struct port_facts *port = best_port(ports, n, match->interface);
	const struct asked *asked;

	if (!by_identity && knows_interface(match, ports)) {
		if (port != NULL)
			snprintf(search->device, sizeof(search->device), "%s", port->device);
		search->others += port == NULL;
		return port != NULL;
	}
	asked = ask_known(seat->fleet, ports);
	if (asked == NULL || asked->probe == NULL)
		ask_start(seat->fleet, ports, names_sim(match));
	asked = ask_known(seat->fleet, ports);
	if (asked == NULL || asked->probe != NULL) {
		search->asking++;
		return false;
	}
	if (asked->port.answer != PORT_ANSWERS || !fits_identity(match, &asked->port)) {
		search->others++;
		return false;
	}
	snprintf(search->device, sizeof(search->device), "%s", asked->device);
	return true;
}

static bool look(struct search *search)
{
	struct seat *seat = search->seat;
	const struct port_list *list = &seat->fleet->list;
	const struct config_match *match = &seat->modem->match;
	size_t n;

	for (size_t i = 0; i < list->n_ports; i += n) {
		const struct port_facts *ports = &list->ports[i];
		const struct seat *other;

		n = device_ports(list, i);
		if (ports->usb_path[0] == '\0' || !fits_usb(match, ports) ||
		    (best_port(ports, n, match->interface) == NULL && !names_usb(match)))
			continue;
		other = claimant(seat, ports->usb_path);
		if (other != NULL) {
			search->taken++;
			search->taken_by = other;
		} else if (look_at(search, ports, n)) {
			search->found = ports;
			return true;
		}
	}
	return false;
}

static void explain(const struct search *search, char why[static SESSION_WHY_SIZE])
{
	if (search->asking > 0)
		snprintf(why, SESSION_WHY_SIZE, "asking %u USB modem%s who they are",
			 search->asking, search->asking == 1 ? "" : "s");
	else if (search->others > 0)
		snprintf(why, SESSION_WHY_SIZE,
			 "%u USB modem%s looked at, none fits \"match\": see simgate detect",
			 search->others, search->others == 1 ? "" : "s");
	else if (search->taken > 0)
		snprintf(why, SESSION_WHY_SIZE,
			 "every modem that fits \"match\" is in use, one of them as %.40s",
			 session_status(search->taken_by->session)->name);
	else if (names_usb(&search->seat->modem->match))
		snprintf(why, SESSION_WHY_SIZE,
			 "no USB device that fits \"match\": is the modem plugged in?");
	else
		snprintf(why, SESSION_WHY_SIZE,
			 "no known USB modem to ask: plugged in? Others need usb_* in \"match\" "
			 "or a \"device\"");
}

/* ---- what sessions ask ---- */

static void sit(struct seat *seat, const struct port_facts *port)
{
	seat->open = true;
	if (port == NULL)
		return;
	snprintf(seat->usb_path, sizeof(seat->usb_path), "%s", port->usb_path);
	seat->enumeration = port->enumeration;
}

static bool take_configured(struct seat *seat, char device[static SESSION_DEVICE_SIZE],
			    char why[static SESSION_WHY_SIZE])
{
	const struct port_facts *port = port_list_find(&seat->fleet->list, seat->modem->device);
	const struct seat *user = port != NULL ? fleet_user(seat->fleet, port->usb_path) : NULL;

	if (user != NULL && user != seat) {
		snprintf(why, SESSION_WHY_SIZE, "another port of the modem that is in use as %.40s",
			 session_status(user->session)->name);
		return false;
	}
	if (port != NULL && !fits_usb(&seat->modem->match, port)) {
		snprintf(why, SESSION_WHY_SIZE,
			 "%.60s is another USB device than the one that \"match\" names",
			 seat->modem->device);
		return false;
	}
	snprintf(device, SESSION_DEVICE_SIZE, "%s", seat->modem->device);
	sit(seat, port);
	return true;
}

bool find_device(struct seat *seat, char device[static SESSION_DEVICE_SIZE],
		 char why[static SESSION_WHY_SIZE])
{
	struct search search = { .seat = seat };

	seat->open = false;
	seat->usb_path[0] = seat->imei[0] = '\0';
	if (clock_mono_ms() - seat->fleet->scanned_ms > FRESH_MS)
		find_scan(seat->fleet);
	if (is_given(seat->modem->device))
		return take_configured(seat, device, why);
	device[0] = '\0';
	if (!look(&search)) {
		explain(&search, why);
		return false;
	}
	snprintf(device, SESSION_DEVICE_SIZE, "%s", search.device);
	sit(seat, search.found);
	return true;
}

/* Modems of one IMEI on two USB devices are two: cheap ones share numbers. */
static const struct seat *twin(const struct seat *seat)
{
	const struct control *fleet = seat->fleet;

	for (size_t i = 0; i < fleet->n; i++) {
		const struct seat *other = fleet->seats[i];
		enum modem_state state = session_status(other->session)->state;

		if (other != seat && other->open && strcmp(other->imei, seat->imei) == 0 &&
		    (other->usb_path[0] == '\0' || seat->usb_path[0] == '\0' ||
		     strcmp(other->usb_path, seat->usb_path) == 0) &&
		    state != MODEM_ABSENT && state != MODEM_FAILED)
			return other;
	}
	return NULL;
}

bool find_identified(struct seat *seat, const struct session_identity *identity,
		     char why[static SESSION_WHY_SIZE])
{
	const struct seat *other;

	if (seat->usb_path[0] != '\0')
		ask_note(seat, identity);
	if (identity->imei[0] == '\0')
		return true;
	snprintf(seat->imei, sizeof(seat->imei), "%s", identity->imei);
	other = twin(seat);
	if (other == NULL)
		return true;
	seat->open = false;
	snprintf(why, SESSION_WHY_SIZE,
		 "the same modem (IMEI) is in use as %.40s: two ports of one modem are not used",
		 session_status(other->session)->name);
	return false;
}
