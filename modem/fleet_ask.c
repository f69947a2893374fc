/* fleet_ask.c - who is behind USB devices that nobody uses: asked once for each enumeration.
 *
 * Steps: the best AT port of the device is probed; if it stays silent the next one; an answer, or
 * the last silence, is kept until the device goes. Whoever waits is woken after each. Silence is
 * asked about again after a while (a modem that boots), and so is the SIM (it may be changed). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "modem/fleet_private.h"

enum { SILENT_AGAIN_MS = 10000, SIM_AGAIN_MS = 60000 };

static bool is_same(const struct asked *asked, const struct port_facts *port)
{
	return strcmp(asked->usb_path, port->usb_path) == 0 &&
	       asked->enumeration == port->enumeration;
}

struct asked *ask_known(struct control *fleet, const struct port_facts *port)
{
	for (size_t i = 0; i < fleet->n_asked; i++)
		if (is_same(fleet->asked[i], port))
			return fleet->asked[i];
	return NULL;
}

static bool is_there(const struct control *fleet, const struct asked *asked)
{
	for (size_t i = 0; i < fleet->list.n_ports; i++)
		if (is_same(asked, &fleet->list.ports[i]))
			return true;
	return false;
}

static void forget_gone(struct control *fleet)
{
	for (size_t i = fleet->n_asked; i-- > 0;) {
		struct asked *asked = fleet->asked[i];

		if (asked->probe != NULL || is_there(fleet, asked))
			continue;
		fleet->asked[i] = fleet->asked[--fleet->n_asked];
		free(asked);
	}
}

static struct asked *remember(struct control *fleet, const char *usb_path, unsigned enumeration)
{
	struct asked *asked;

	forget_gone(fleet);
	asked = fleet->n_asked < ASKED_MAX ? calloc(1, sizeof(*asked)) : NULL;
	if (asked == NULL)
		return NULL;
	asked->fleet = fleet;
	asked->rank_tried = -1;
	asked->enumeration = enumeration;
	snprintf(asked->usb_path, sizeof(asked->usb_path), "%s", usb_path);
	fleet->asked[fleet->n_asked++] = asked;
	return asked;
}

/* Ports of a device that the table does not know: the highest interface first. */
static int rank_of(const struct port_facts *port)
{
	return port->known != NULL ? port->rank : 255 - port->interface.number;
}

static const struct port_facts *next_port(const struct asked *asked)
{
	const struct port_list *list = &asked->fleet->list;
	const struct port_facts *next = NULL;

	for (size_t i = 0; i < list->n_ports; i++)
		if (is_same(asked, &list->ports[i]) &&
		    rank_of(&list->ports[i]) > asked->rank_tried &&
		    (next == NULL || rank_of(&list->ports[i]) < rank_of(next)))
			next = &list->ports[i];
	return next;
}

static void on_answer(void *arg);

/* False: there is no (other) port to ask. */
static bool ask_next(struct asked *asked)
{
	const struct port_facts *port = next_port(asked);
	const struct probe_settings settings = {
		.device = asked->device,
		.depth = PROBE_IDENTITY,
	};

	if (port == NULL)
		return false;
	asked->rank_tried = rank_of(port);
	memset(&asked->port, 0, sizeof(asked->port));
	snprintf(asked->device, sizeof(asked->device), "%s", port->device);
	snprintf(asked->port.usb_path, sizeof(asked->port.usb_path), "%s", port->usb_path);
	asked->probe = probe_start(asked->fleet->loop, &settings, &asked->port, on_answer, asked);
	if (asked->probe == NULL)
		return false;
	asked->fleet->n_asking++;
	asked->fleet->open++;
	return true;
}

static void on_answer(void *arg)
{
	struct asked *asked = arg;
	struct control *fleet = asked->fleet;

	asked->probe = NULL;
	asked->at_ms = clock_mono_ms();
	fleet->n_asking--;
	if (fleet->closing) {
		free(asked);
		fleet_ended(fleet);
		return;
	}
	if (asked->port.answer == PORT_ANSWERS || !ask_next(asked))
		find_wake(fleet);
	fleet->open--; /* never the last: the fleet itself is one */
}

static bool is_due(const struct asked *asked, bool by_sim)
{
	int64_t age = clock_mono_ms() - asked->at_ms;

	if (asked->port.answer != PORT_ANSWERS)
		return age >= SILENT_AGAIN_MS;
	return by_sim && age >= SIM_AGAIN_MS;
}

void ask_start(struct control *fleet, const struct port_facts *port, bool by_sim)
{
	struct asked *asked = ask_known(fleet, port);

	if (fleet->n_asking >= ASKING_MAX || (asked != NULL && asked->probe != NULL))
		return;
	if (asked == NULL)
		asked = remember(fleet, port->usb_path, port->enumeration);
	else if (!is_due(asked, by_sim))
		return;
	if (asked == NULL)
		return;
	asked->rank_tried = -1;
	if (!ask_next(asked))
		asked->at_ms = clock_mono_ms();
}

void ask_note(const struct seat *seat, const struct session_identity *identity)
{
	struct port_facts key = { .enumeration = seat->enumeration };
	struct control *fleet = seat->fleet;
	struct asked *asked;

	snprintf(key.usb_path, sizeof(key.usb_path), "%s", seat->usb_path);
	asked = ask_known(fleet, &key);
	if (asked == NULL)
		asked = remember(fleet, seat->usb_path, seat->enumeration);
	if (asked == NULL || asked->probe != NULL)
		return;
	asked->at_ms = clock_mono_ms();
	asked->port.answer = PORT_ANSWERS;
	snprintf(asked->device, sizeof(asked->device), "%s", session_status(seat->session)->device);
	snprintf(asked->port.imei, sizeof(asked->port.imei), "%s", identity->imei);
	snprintf(asked->port.iccid, sizeof(asked->port.iccid), "%s", identity->iccid);
	snprintf(asked->port.imsi, sizeof(asked->port.imsi), "%s", identity->imsi);
}

void ask_close(struct control *fleet)
{
	for (size_t i = 0; i < fleet->n_asked; i++) {
		if (fleet->asked[i]->probe != NULL)
			probe_cancel(fleet->asked[i]->probe);
		else
			free(fleet->asked[i]);
	}
	fleet->n_asked = 0;
}
