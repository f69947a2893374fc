/* fleet_ports.c - the fleet's own modems among the ports that detect and doctor show. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modem/detect.h"
#include "modem/fleet_private.h"
#include "modem/parse.h"

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

static bool is_open(const struct modem_status *status)
{
	return status->state != MODEM_ABSENT && status->state != MODEM_OPENING &&
	       status->state != MODEM_RECOVERING && status->state != MODEM_FAILED;
}

/* A session that could not open its port leaves the word to who holds it. */
bool fleet_port(const struct control *fleet, struct modem_port *port)
{
	const struct seat *user;

	for (size_t i = 0; i < fleet->n; i++) {
		const struct modem_status *status = session_status(fleet->seats[i]->session);

		if (!is_device(status->device, port->device))
			continue;
		if (!is_open(status) &&
		    (port->answer == PORT_HELD || port->answer == PORT_NO_RIGHTS))
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

/* ---- how full the memories of our modems are: the one thing that a session does not keep ---- */

struct asking {
	struct control *fleet;
	modem_ports_done *done;
	void *arg;
	struct modem_ports ports; /* copies, while sessions are asked */
	size_t open;              /* questions, and the one who asks them */
};

struct storage_question {
	struct asking *asking;
	struct modem_port *port;
};

static void *copy(const void *bytes, size_t n)
{
	void *copied = malloc(n > 0 ? n : 1);

	if (copied != NULL && n > 0)
		memcpy(copied, bytes, n);
	return copied;
}

static void free_copies(const struct modem_ports *ports)
{
	free((void *)ports->ports);
	free((void *)ports->strays);
	free((void *)ports->config);
}

static void asked_one(struct asking *asking)
{
	struct asking ended = *asking;

	if (--asking->open > 0)
		return;
	free(asking);
	ended.fleet->detecting = false;
	ended.done(ended.arg, &ended.ports);
	free_copies(&ended.ports);
	fleet_ended(ended.fleet);
}

/* +CPMS: "SM",3,20,... : the first is where messages are read. */
static void on_storage(void *arg, const char *const *lines, size_t n, const char *final)
{
	struct storage_question question = *(struct storage_question *)arg;
	const char *rest = parse_find(lines, n, "+CPMS:");
	struct parse_fields fields = { .n = 0 };

	(void) final;
	free(arg);
	if (rest != NULL)
		parse_fields(&fields, rest);
	question.port->storage_used = parse_int(&fields, 1, -1);
	question.port->storage_total = parse_int(&fields, 2, -1);
	asked_one(question.asking);
}

static void ask_storage(struct asking *asking, struct modem_port *port)
{
	struct storage_question *question = malloc(sizeof(*question));

	if (question == NULL)
		return;
	*question = (struct storage_question){ asking, port };
	if (control_at_command(asking->fleet, port->used_by, "AT+CPMS?", on_storage, question) == 0)
		asking->open++;
	else
		free(question);
}

static void on_detected(void *arg, const struct modem_ports *ports)
{
	struct asking *asking = arg;
	struct modem_port *own = copy(ports->ports, ports->n_ports * sizeof(*own));

	asking->fleet->detect = NULL;
	asking->ports = (struct modem_ports){
		.ports = own,
		.n_ports = own != NULL ? ports->n_ports : 0,
		.strays = copy(ports->strays, ports->n_strays * sizeof(*ports->strays)),
		.config = strdup(ports->config),
	};
	if (asking->ports.strays != NULL)
		asking->ports.n_strays = ports->n_strays;
	if (asking->ports.config == NULL)
		asking->ports.config = strdup("");
	asking->open = 1;
	for (size_t i = 0; i < asking->ports.n_ports; i++)
		if (own[i].answer == PORT_OURS && strcmp(own[i].sim, "READY") == 0)
			ask_storage(asking, &own[i]);
	asked_one(asking);
}

/* The devices of sessions too: not all of them (ptys, tcp://) are among the machine's ports. */
static struct detect *start(struct control *fleet, bool ask, struct asking *asking)
{
	const char **devices = calloc(fleet->n + 1, sizeof(*devices));
	struct detect_settings settings = {
		.root = &fleet->root,
		.fleet = fleet,
		.devices = devices,
		.every = true,
		.ask = ask,
	};
	struct detect *detect;

	if (devices == NULL)
		return NULL;
	for (size_t i = 0; i < fleet->n; i++)
		if (control_at(fleet, i)->device[0] != '\0')
			devices[settings.n_devices++] = control_at(fleet, i)->device;
	detect = detect_start(fleet->loop, &settings, on_detected, asking);
	free(devices);
	return detect;
}

int control_ports(struct control *fleet, bool ask, modem_ports_done *done, void *arg)
{
	struct asking *asking;

	if (fleet->detecting || fleet->closing)
		return -EBUSY;
	asking = calloc(1, sizeof(*asking));
	if (asking == NULL)
		return -ENOMEM;
	asking->fleet = fleet;
	asking->done = done;
	asking->arg = arg;
	fleet->detect = start(fleet, ask, asking);
	if (fleet->detect == NULL) {
		free(asking);
		return -ENOMEM;
	}
	fleet->detecting = true;
	fleet->open++;
	return 0;
}
