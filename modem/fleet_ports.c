/* fleet_ports.c - the fleet's own modems among the ports that detect and doctor show. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modem/detect.h"
#include "modem/fleet_private.h"

static const char *sim_word(const struct modem_status *status)
{
	switch (status->state) {
	case MODEM_SIM_MISSING:
		return "MISSING";
	case MODEM_SIM_PIN:
		return "SIM PIN";
	case MODEM_SIM_PUK:
		return "SIM PUK";
	case MODEM_SEARCHING:
	case MODEM_DENIED:
	case MODEM_READY:
	case MODEM_SENDING:
	case MODEM_DRAINING:
	case MODEM_DRAINED:
		return "READY";
	case MODEM_ABSENT:
	case MODEM_OPENING:
	case MODEM_STARTING:
	case MODEM_RECOVERING:
	case MODEM_FAILED:
		break;
	}
	return "";
}

static void fill(struct modem_port *port, const struct modem_status *status)
{
	port->answer = PORT_OURS;
	snprintf(port->used_by, sizeof(port->used_by), "%s", status->name);
	snprintf(port->state, sizeof(port->state), "%s", modem_state_name(status->state));
	snprintf(port->why, sizeof(port->why), "%s", status->why);
	snprintf(port->manufacturer, sizeof(port->manufacturer), "%s", status->manufacturer);
	snprintf(port->model, sizeof(port->model), "%s", status->model);
	snprintf(port->revision, sizeof(port->revision), "%s", status->revision);
	snprintf(port->profile, sizeof(port->profile), "%s", status->profile);
	snprintf(port->imei, sizeof(port->imei), "%s", status->imei);
	snprintf(port->imsi, sizeof(port->imsi), "%s", status->imsi);
	snprintf(port->iccid, sizeof(port->iccid), "%s", status->iccid);
	snprintf(port->smsc, sizeof(port->smsc), "%s", status->smsc);
	snprintf(port->sim, sizeof(port->sim), "%s", sim_word(status));
	snprintf(port->operator_name, sizeof(port->operator_name), "%s", status->operator_name);
	snprintf(port->rat, sizeof(port->rat), "%s", status->rat);
	port->registration = status->registration;
	port->dbm = status->dbm;
}

static bool is_device(const char *device, const char *other)
{
	char one[PATH_MAX], two[PATH_MAX];

	if (device[0] == '\0' || other[0] == '\0')
		return false;
	return strcmp(device, other) == 0 ||
	       (realpath(device, one) != NULL && realpath(other, two) != NULL &&
		strcmp(one, two) == 0);
}

/* A session that could not open its port leaves the word to who holds it. */
bool fleet_port(const struct control *fleet, struct modem_port *port)
{
	const struct seat *user;

	for (size_t i = 0; i < fleet->n; i++) {
		const struct modem_status *status = session_status(fleet->seats[i]->session);

		if (!is_device(status->device, port->device))
			continue;
		if (port->answer == PORT_HELD || port->answer == PORT_NO_RIGHTS)
			snprintf(port->used_by, sizeof(port->used_by), "%s", status->name);
		else
			fill(port, status);
		return true;
	}
	user = fleet_user(fleet, port->usb_path);
	if (user == NULL)
		return false;
	port->answer = PORT_SAME;
	snprintf(port->why, sizeof(port->why), "another port of the modem in use as %.64s",
		 session_status(user->session)->name);
	return true;
}

bool fleet_port_missing(const struct control *fleet, size_t i, const struct modem_port *ports,
			size_t n, struct modem_port *port)
{
	const struct modem_status *status = session_status(fleet->seats[i]->session);

	for (size_t k = 0; k < n; k++)
		if (strcmp(ports[k].used_by, status->name) == 0)
			return false;
	snprintf(port->device, sizeof(port->device), "%s", status->device);
	port->storage_used = port->storage_total = -1;
	fill(port, status);
	return true;
}

struct asking {
	struct control *fleet;
	modem_ports_done *done;
	void *arg;
};

static void on_detected(void *arg, const struct modem_ports *ports)
{
	struct asking asking = *(struct asking *)arg;

	free(arg);
	asking.fleet->detect = NULL;
	asking.done(asking.arg, ports);
	fleet_ended(asking.fleet);
}

int control_ports(struct control *fleet, bool ask, modem_ports_done *done, void *arg)
{
	const struct detect_settings settings = {
		.root = &fleet->root,
		.fleet = fleet,
		.ask = ask,
	};
	struct asking *asking;

	if (fleet->detect != NULL || fleet->closing)
		return -EBUSY;
	asking = malloc(sizeof(*asking));
	if (asking == NULL)
		return -ENOMEM;
	*asking = (struct asking){ fleet, done, arg };
	fleet->detect = detect_start(fleet->loop, &settings, on_detected, asking);
	if (fleet->detect == NULL) {
		free(asking);
		return -ENOMEM;
	}
	fleet->open++;
	return 0;
}
