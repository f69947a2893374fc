/* json_out_gateway.c - events, received SMS, modems. */
#include "api/json_out.h"
#include "base/util.h"

json_t *json_out_inbox(const struct inbox_row *row)
{
	json_t *json = json_object();

	json_out_text(json, "id", row->id);
	json_out_text(json, "site", row->site);
	json_out_text(json, "modem", row->modem);
	json_out_text(json, "from", row->sender);
	json_out_text(json, "text", row->text != NULL ? row->text : "");
	json_out_time(json, "received_at", row->received_at);
	json_out_time(json, "sent_at", row->sent_at);
	return json;
}

json_t *json_out_event(const struct event *event)
{
	json_t *json = json_object(), *data = json_object();

	json_out_text(data, "site", event->site);
	json_out_text(data, "state", event->state);
	json_out_text(data, "modem", event->modem);
	json_out_text(data, "reason", event->reason);
	json_object_set_new_nocheck(json, "seq", json_integer(event->seq));
	json_out_time(json, "at", event->at);
	json_out_text(json, "type", event->type);
	json_out_text(json, "subject", event->subject);
	json_object_set_new_nocheck(json, "data", data);
	return json;
}

/* 27.007 7.2: the stat of +CREG. */
static const char *const registrations[] = {
	"not_registered", "home", "searching", "denied", "unknown", "roaming",
};

static void out_registration(json_t *json, int stat)
{
	bool known = stat >= 0 && (size_t)stat < ARRAY_LEN(registrations);

	json_out_text(json, "registration", known ? registrations[stat] : "");
}

static void out_identity(json_t *json, const struct modem_status *status)
{
	const struct {
		const char *name, *text;
	} texts[] = {
		{ "manufacturer", status->manufacturer },
		{ "model", status->model },
		{ "revision", status->revision },
		{ "profile", status->profile },
		{ "imei", status->imei },
		{ "imsi", status->imsi },
		{ "iccid", status->iccid },
		{ "number", status->number },
		{ "smsc", status->smsc },
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		json_out_text(json, texts[i].name, texts[i].text);
}

static void out_network(json_t *json, const struct modem_status *status)
{
	json_out_text(json, "operator", status->operator_name);
	out_registration(json, status->registration);
	json_object_set_new_nocheck(json, "roaming", json_boolean(status->roaming));
	json_out_text(json, "rat", status->rat);
	json_object_set_new_nocheck(json, "dbm",
				    status->dbm != 0 ? json_integer(status->dbm) : json_null());
}

static json_t *quotas_json(const struct config_modem *config)
{
	json_t *quotas = json_array();

	for (size_t i = 0; config != NULL && i < config->limits.n; i++)
		json_array_append_new(
			quotas, json_pack("{s:I, s:I}", "count",
					  (json_int_t)config->limits.items[i].count, "window",
					  (json_int_t)(config->limits.items[i].window_ms / 1000)));
	return quotas;
}

static json_t *last_error_json(const struct modem_status *status)
{
	json_t *json;

	if (status->last_error[0] == '\0')
		return json_null();
	json = json_object();
	json_out_text(json, "text", status->last_error);
	json_out_time(json, "at", status->last_error_ms);
	return json;
}

static void out_work(json_t *json, const struct modem_status *status,
		     const struct config_modem *config)
{
	json_object_set_new_nocheck(json, "quotas", quotas_json(config));
	json_object_set_new_nocheck(
		json, "counters",
		json_pack("{s:I, s:I, s:I, s:I}", "sent", (json_int_t)status->sent, "refused",
			  (json_int_t)status->refused, "uncertain", (json_int_t)status->uncertain,
			  "received", (json_int_t)status->received));
	json_out_time(json, "last_sent_at", status->last_sent_ms);
	json_object_set_new_nocheck(json, "pacing",
				    json_pack("{s:i, s:i}", "command_gap_ms",
					      (int)status->command_gap_ms, "prompt_gap_ms",
					      (int)status->prompt_gap_ms));
	json_object_set_new_nocheck(json, "last_error", last_error_json(status));
	json_out_text(json, "recovery_step", status->recovery_step);
	json_object_set_new_nocheck(json, "reopenings", json_integer(status->reopenings));
}

json_t *json_out_modem(const struct modem_status *status, const struct config_modem *config)
{
	json_t *json = json_object();

	json_out_text(json, "name", status->name);
	json_out_text(json, "device", status->device);
	json_out_text(json, "state", modem_state_name(status->state));
	json_out_text(json, "why", status->why);
	json_out_time(json, "since", status->since_ms);
	out_network(json, status);
	out_identity(json, status);
	out_work(json, status, config);
	return json;
}

json_t *json_out_trace(int64_t at_ms, char direction, const char *line)
{
	const char way[2] = { direction, '\0' };
	json_t *json = json_object();

	json_out_time(json, "at", at_ms);
	json_out_text(json, "direction", way);
	json_out_text(json, "line", line);
	return json;
}
