/* tools.c - detect and doctor without a daemon: one loop that ends with the last answer.
 *
 * doctor asks the ports of the configuration too (ptys, tcp://), and says which configured modem
 * is behind none of them. What the daemon holds is told as held by it and not asked. */
#include "daemon/tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <uv.h>

#include "api/checks.h"
#include "api/json_out_ports.h"
#include "base/live_socket.h"
#include "modem/detect.h"

static void write_json(struct json_text *out)
{
	if (!out->failed && out->data != NULL)
		printf("%.*s\n", (int)out->n, out->data);
	json_text_free(out);
}

/* Runs until every port is looked at; -1: no memory. */
static int look(const struct detect_settings *settings,
		void (*done)(void *arg, const struct modem_ports *ports), void *arg)
{
	uv_loop_t loop;

	uv_loop_init(&loop);
	if (detect_start(&loop, settings, done, arg) == NULL) {
		fputs("simgated: no memory\n", stderr);
		uv_loop_close(&loop);
		return -1;
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

/* ---- detect ---- */

struct detecting {
	bool json;
	size_t found;
};

static void print_ports(const struct modem_ports *ports)
{
	char words[320];

	for (size_t i = 0; i < ports->n_ports; i++) {
		modem_port_words(&ports->ports[i], words, sizeof(words));
		printf("%-16s %s\n", ports->ports[i].device, words);
	}
	for (size_t i = 0; i < ports->n_strays; i++)
		printf("usb %-12s %s: %s\n", ports->strays[i].usb_path, ports->strays[i].usb_id,
		       ports->strays[i].why);
	if (ports->n_ports == 0 && ports->n_strays == 0)
		puts("no serial port: is the modem plugged in?");
	if (ports->config[0] != '\0')
		printf("\n# for simgate.conf:\n%s", ports->config);
}

static void on_detected(void *arg, const struct modem_ports *ports)
{
	struct detecting *detecting = arg;
	struct json_text out = { 0 };

	for (size_t i = 0; i < ports->n_ports; i++)
		detecting->found += ports->ports[i].answer == PORT_ANSWERS ||
				    strncmp(ports->ports[i].holder, "simgated ", 9) == 0;
	if (!detecting->json) {
		print_ports(ports);
		return;
	}
	json_out_ports(&out, ports);
	write_json(&out);
}

int tool_detect(const struct tool *tool)
{
	const struct detect_settings settings = {
		.root = &ports_system,
		.devices = (const char *const *)tool->devices,
		.n_devices = tool->n_devices,
		.every = tool->n_devices == 0,
		.ask = true,
	};
	struct detecting detecting = { .json = tool->json };

	if (look(&settings, on_detected, &detecting) < 0)
		return EXIT_FAILURE;
	return detecting.found > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- doctor ---- */

struct doctoring {
	const struct config *config; /* NULL: it has problems */
	bool json;
	struct json_findings findings;
	enum finding_level worst;
};

static void on_finding(void *arg, const struct finding *finding)
{
	struct doctoring *d = arg;

	if (finding->level > d->worst)
		d->worst = finding->level;
	if (d->json) {
		json_findings_add(&d->findings, finding);
		return;
	}
	printf("%-4s  %-12s %s%s%s\n", finding_level_name(finding->level), finding->check,
	       finding->subject, finding->subject[0] != '\0' ? ": " : "", finding->detail);
	if (finding->remedy[0] != '\0')
		printf("      %-12s -> %s\n", "", finding->remedy);
}

static void on_problem(void *arg, const char *file, unsigned line, const char *setting,
		       const char *problem)
{
	char where[32] = "";

	if (line > 0)
		snprintf(where, sizeof(where), "line %u: ", line);
	checks_tell(on_finding, arg, FINDING_FAIL, "config", file,
		    "put it right; man simgate.conf explains every setting", "%s%s%s%s", where,
		    setting, setting[0] != '\0' ? ": " : "", problem);
}

static bool is_empty_or(const char *wanted, const char *got)
{
	return wanted[0] == '\0' || strcasecmp(wanted, got) == 0;
}

static bool fits(const struct config_modem *modem, const struct modem_port *port)
{
	const struct config_match *match = &modem->match;

	if (port->answer == PORT_SAME || port->answer == PORT_LEFT)
		return false;
	if (modem->device[0] != '\0')
		return strcmp(modem->device, port->device) == 0 ||
		       strcmp(modem->device, port->by_id) == 0;
	return is_empty_or(match->imei, port->imei) && is_empty_or(match->iccid, port->iccid) &&
	       is_empty_or(match->imsi, port->imsi) &&
	       is_empty_or(match->usb_path, port->usb_path) &&
	       is_empty_or(match->usb_serial, port->usb_serial) &&
	       is_empty_or(match->usb_id, port->usb_id) &&
	       (match->interface < 0 || match->interface == port->interface);
}

/* Who is held by the daemon cannot be asked who he is: then a missing one proves nothing. */
static void name_ports(struct doctoring *d, struct modem_port *ports, size_t n)
{
	bool daemon_holds = false;

	for (size_t k = 0; k < n; k++)
		daemon_holds |= strncmp(ports[k].holder, "simgated ", 9) == 0;
	for (size_t i = 0; d->config != NULL && i < d->config->n_modems; i++) {
		const struct config_modem *modem = &d->config->modems[i];
		size_t k = 0;

		while (k < n && !fits(modem, &ports[k]))
			k++;
		if (k < n)
			snprintf(ports[k].used_by, sizeof(ports[k].used_by), "%s", modem->name);
		else if (!daemon_holds)
			checks_tell(on_finding, d, FINDING_FAIL, "modem", modem->name,
				    "plug it in; simgated --detect shows who is there",
				    "no port leads to this modem");
	}
}

static void on_looked(void *arg, const struct modem_ports *ports)
{
	struct doctoring *d = arg;
	struct modem_port *named = calloc(ports->n_ports + 1, sizeof(*named));
	struct modem_ports mine = *ports;

	if (named == NULL)
		return;
	memcpy(named, ports->ports, ports->n_ports * sizeof(*named));
	mine.ports = named;
	name_ports(d, named, ports->n_ports);
	modem_findings(&mine, on_finding, d);
	free(named);
}

static void check_config(struct doctoring *d, const struct tool *tool)
{
	d->config = tool->load(tool->config_path, on_problem, d);
	if (d->config == NULL)
		return;
	checks_tell(on_finding, d, FINDING_PASS, "config", d->config->path, "", "no problems");
	if (socket_is_live(d->config->socket_path))
		checks_tell(on_finding, d, FINDING_PASS, "daemon", d->config->socket_path, "",
			    "simgated runs; ask it for more: simgate doctor");
	else
		checks_tell(on_finding, d, FINDING_WARN, "daemon", d->config->socket_path,
			    "systemctl start simgated; journalctl -u simgated says why it ended",
			    "nobody answers on the socket");
	checks_machine(d->config, on_finding, d);
}

/* The devices of the configuration, or those of the command line. */
static size_t list_devices(const struct doctoring *d, const struct tool *tool, const char **devices)
{
	size_t n = 0;

	for (size_t i = 0; i < tool->n_devices; i++)
		devices[n++] = tool->devices[i];
	for (size_t i = 0; tool->n_devices == 0 && d->config != NULL && i < d->config->n_modems;
	     i++)
		if (d->config->modems[i].device[0] != '\0')
			devices[n++] = d->config->modems[i].device;
	return n;
}

int tool_doctor(const struct tool *tool)
{
	struct doctoring d = { .json = tool->json };
	struct detect_settings settings = {
		.root = &ports_system,
		.every = tool->n_devices == 0,
		.ask = true,
	};
	const char **devices;
	int r = -1;

	json_findings_open(&d.findings);
	check_config(&d, tool);
	devices = calloc(tool->n_devices + (d.config != NULL ? d.config->n_modems : 0) + 1,
			 sizeof(*devices));
	if (devices != NULL) {
		settings.devices = devices;
		settings.n_devices = list_devices(&d, tool, devices);
		r = look(&settings, on_looked, &d);
	}
	json_findings_close(&d.findings);
	if (d.json)
		write_json(&d.findings.out);
	else
		json_text_free(&d.findings.out);
	free(devices);
	config_unref(d.config);
	return r < 0 ? FINDING_FAIL : (int)d.worst;
}
