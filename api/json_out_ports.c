/* json_out_ports.c - ports, who answers there, findings. */
#include "api/json_out_ports.h"

#include "api/json_out.h"

static void out_number_or_null(struct json_text *out, const char *name, int value, bool known)
{
	if (known)
		json_text_number(out, name, value);
	else
		json_text_null(out, name);
}

static void out_modem(struct json_text *out, const struct modem_port *port)
{
	json_text_string(out, "manufacturer", port->manufacturer);
	json_text_string(out, "model", port->model);
	json_text_string(out, "revision", port->revision);
	json_text_string(out, "profile", port->profile);
	json_text_string(out, "imei", port->imei);
	json_text_string(out, "imsi", port->imsi);
	json_text_string(out, "iccid", port->iccid);
	json_text_string(out, "sim", port->sim);
	json_text_string(out, "operator", port->operator_name);
	json_text_string(out, "rat", port->rat);
	json_text_string(out, "smsc", port->smsc);
	out_number_or_null(out, "dbm", port->dbm, port->dbm != 0);
	out_number_or_null(out, "storage_used", port->storage_used, port->storage_used >= 0);
	out_number_or_null(out, "storage_total", port->storage_total, port->storage_total > 0);
}

static void out_port(struct json_text *out, const struct modem_port *port)
{
	char words[320];

	modem_port_words(port, words, sizeof(words));
	json_text_open(out, NULL, '{');
	json_text_string(out, "device", port->device);
	json_text_string(out, "answer", port_answer_name(port->answer));
	json_text_string(out, "summary", words);
	json_text_string(out, "modem", port->used_by);
	json_text_string(out, "state", port->state);
	json_text_string(out, "holder", port->holder);
	json_text_string(out, "by_id", port->by_id);
	json_text_string(out, "usb_path", port->usb_path);
	json_text_string(out, "usb_id", port->usb_id);
	json_text_string(out, "usb_serial", port->usb_serial);
	out_number_or_null(out, "interface", port->interface, port->interface >= 0);
	json_text_string(out, "known", port->known);
	out_modem(out, port);
	json_text_close(out, '}');
}

void json_out_ports(struct json_text *out, const struct modem_ports *ports)
{
	json_text_open(out, NULL, '{');
	json_text_open(out, "items", '[');
	for (size_t i = 0; i < ports->n_ports; i++)
		out_port(out, &ports->ports[i]);
	json_text_close(out, ']');
	json_text_null(out, "next");
	json_text_open(out, "usb", '[');
	for (size_t i = 0; i < ports->n_strays; i++) {
		json_text_open(out, NULL, '{');
		json_text_string(out, "usb_path", ports->strays[i].usb_path);
		json_text_string(out, "usb_id", ports->strays[i].usb_id);
		json_text_string(out, "summary", ports->strays[i].why);
		json_text_close(out, '}');
	}
	json_text_close(out, ']');
	json_text_string(out, "config", ports->config);
	json_text_close(out, '}');
}

void json_findings_open(struct json_findings *findings)
{
	*findings = (struct json_findings){ .worst = FINDING_PASS };
	json_text_open(&findings->out, NULL, '{');
	json_text_open(&findings->out, "checks", '[');
}

void json_findings_add(void *arg, const struct finding *finding)
{
	struct json_findings *findings = arg;
	struct json_text *out = &findings->out;

	if (finding->level > findings->worst)
		findings->worst = finding->level;
	json_text_open(out, NULL, '{');
	json_text_string(out, "check", finding->check);
	json_text_string(out, "subject", finding->subject);
	json_text_string(out, "status", finding_level_name(finding->level));
	json_text_string(out, "detail", finding->detail);
	json_text_string(out, "remedy", finding->remedy);
	json_text_close(out, '}');
}

void json_findings_close(struct json_findings *findings)
{
	json_text_close(&findings->out, ']');
	json_text_string(&findings->out, "status", finding_level_name(findings->worst));
	json_text_string(&findings->out, "version", SIMGATE_VERSION);
	json_text_close(&findings->out, '}');
}
