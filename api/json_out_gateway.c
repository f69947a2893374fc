/* json_out_gateway.c - events, received SMS, modems. */
#include "api/json_out.h"
#include "base/util.h"

void json_out_inbox(struct json_text *out, const struct inbox_row *row)
{
	json_text_open(out, NULL, '{');
	json_text_string(out, "id", row->id);
	json_text_string(out, "site", row->site);
	json_text_string(out, "modem", row->modem);
	json_text_string(out, "from", row->sender);
	json_text_string(out, "text", row->text != NULL ? row->text : "");
	json_text_flag(out, "incomplete", row->incomplete);
	json_text_time(out, "received_at", row->received_at);
	json_text_time(out, "sent_at", row->sent_at);
	json_text_close(out, '}');
}

void json_out_event(struct json_text *out, const struct event *event)
{
	json_text_open(out, NULL, '{');
	json_text_number(out, "seq", event->seq);
	json_text_time(out, "at", event->at);
	json_text_string(out, "type", event->type);
	json_text_string(out, "subject", event->subject);
	json_text_open(out, "data", '{');
	json_text_string(out, "site", event->site);
	json_text_string(out, "state", event->state);
	json_text_string(out, "modem", event->modem);
	json_text_string(out, "reason", event->reason);
	if (event->channel[0] != '\0')
		json_text_string(out, "channel", event->channel);
	json_text_close(out, '}');
	json_text_close(out, '}');
}

enum { UNNAMED_IDLE_MS = 60000 }; /* of a modem that stands in no configuration */

/* 27.007 7.2: the stat of +CREG. */
static const char *const registrations[] = {
	"not_registered", "home",    "searching",     "denied",
	"unknown",        "roaming", "home_sms_only", "roaming_sms_only",
	"emergency_only", "home",    "roaming",       "emergency_only",
};

bool modem_is_heard(const struct modem_status *status)
{
	return status->state != MODEM_ABSENT && status->state != MODEM_OPENING &&
	       status->state != MODEM_STARTING && status->state != MODEM_FAILED;
}

static void out_network(struct json_text *out, const struct modem_status *status)
{
	bool heard = modem_is_heard(status);
	int stat = status->registration;
	bool known = heard && stat >= 0 && (size_t)stat < ARRAY_LEN(registrations);

	json_text_string(out, "operator", heard ? status->operator_name : "");
	json_text_string(out, "registration", known ? registrations[stat] : "");
	json_text_flag(out, "roaming", heard && status->roaming);
	json_text_string(out, "rat", heard ? status->rat : "");
	if (heard && status->dbm != 0)
		json_text_number(out, "dbm", status->dbm);
	else
		json_text_null(out, "dbm");
}

static void out_identity(struct json_text *out, const struct modem_status *status)
{
	json_text_string(out, "manufacturer", status->manufacturer);
	json_text_string(out, "model", status->model);
	json_text_string(out, "revision", status->revision);
	json_text_string(out, "profile", status->profile);
	json_text_string(out, "imei", status->imei);
	json_text_string(out, "imsi", status->imsi);
	json_text_string(out, "iccid", status->iccid);
	json_text_string(out, "number", status->number);
	json_text_string(out, "smsc", status->smsc);
}

static void out_quotas(struct json_text *out, const struct json_quota *quotas, size_t n)
{
	json_text_open(out, "quotas", '[');
	for (size_t i = 0; i < n; i++) {
		json_text_open(out, NULL, '{');
		json_text_number(out, "count", quotas[i].rate.count);
		json_text_number(out, "window", quotas[i].rate.window_ms / 1000);
		json_text_string(out, "of", quotas[i].recipients ? "recipients" : "parts");
		json_text_number(out, "used", quotas[i].used);
		json_text_time(out, "next_at", quotas[i].next_at);
		json_text_close(out, '}');
	}
	json_text_close(out, ']');
}

static void out_balance(struct json_text *out, const struct modem_sending *sending)
{
	if (sending == NULL || sending->balance_at_ms == 0) {
		json_text_null(out, "balance");
		return;
	}
	json_text_open(out, "balance", '{');
	json_text_string(out, "amount", sending->balance);
	json_text_flag(out, "low", sending->balance_low);
	json_text_time(out, "at", sending->balance_at_ms);
	json_text_close(out, '}');
}

/* Nothing is sent though the modem could; else null. */
static void out_sending(struct json_text *out, const struct modem_sending *sending)
{
	if (sending == NULL || sending->why[0] == '\0') {
		json_text_null(out, "resting");
		return;
	}
	json_text_open(out, "resting", '{');
	json_text_flag(out, "paused", sending->paused);
	json_text_string(out, "why", sending->why);
	json_text_time(out, "until", sending->until_ms);
	json_text_close(out, '}');
}

const char *json_modem_why(const struct modem_status *status)
{
	bool works = status->state == MODEM_READY || status->state == MODEM_SENDING;

	if (works && status->sending != NULL && status->sending->why[0] != '\0')
		return status->sending->why;
	return status->why;
}

static void out_last_error(struct json_text *out, const struct modem_status *status)
{
	if (status->last_error[0] == '\0') {
		json_text_null(out, "last_error");
		return;
	}
	json_text_open(out, "last_error", '{');
	json_text_string(out, "text", status->last_error);
	json_text_time(out, "at", status->last_error_ms);
	json_text_close(out, '}');
}

static void out_work(struct json_text *out, const struct modem_status *status)
{
	json_text_open(out, "counters", '{');
	json_text_number(out, "sent", status->sent);
	json_text_number(out, "refused", status->refused);
	json_text_number(out, "uncertain", status->uncertain);
	json_text_number(out, "received", status->received);
	json_text_close(out, '}');
	json_text_time(out, "last_sent_at", status->last_sent_ms);
	json_text_time(out, "last_answer_at", status->last_answer_ms);
	json_text_open(out, "pacing", '{');
	json_text_number(out, "step", status->pace);
	json_text_number(out, "command_gap_ms", status->command_gap_ms);
	json_text_number(out, "prompt_gap_ms", status->prompt_gap_ms);
	json_text_close(out, '}');
	out_last_error(out, status);
	json_text_string(out, "recovery_step", status->recovery_step);
	json_text_string(out, "recovery_reason", status->recovery_why);
	json_text_open(out, "recoveries", '{');
	for (int i = 0; i < MODEM_RUNGS; i++)
		json_text_number(out, modem_rung_name((enum modem_rung)i), status->recoveries[i]);
	json_text_close(out, '}');
	json_text_number(out, "reopenings", status->reopenings);
}

void json_out_modem(struct json_text *out, const struct modem_status *status,
		    const struct config_modem *config, const struct json_quota *quotas, size_t n)
{
	json_text_open(out, NULL, '{');
	json_text_string(out, "name", status->name);
	json_text_string(out, "device", status->device);
	json_text_string(out, "state", modem_state_name(status->state));
	json_text_string(out, "why", json_modem_why(status));
	json_text_time(out, "since", status->since_ms);
	json_text_flag(
		out, "healthy",
		modem_is_healthy(status, config != NULL ? config->idle_ms : UNNAMED_IDLE_MS));
	out_network(out, status);
	out_identity(out, status);
	out_quotas(out, quotas, n);
	out_sending(out, status->sending);
	out_balance(out, status->sending);
	out_work(out, status);
	json_text_close(out, '}');
}

void json_out_trace(struct json_text *out, int64_t at_ms, char direction, const char *line)
{
	const char way[2] = { direction, '\0' };

	json_text_open(out, NULL, '{');
	json_text_time(out, "at", at_ms);
	json_text_string(out, "direction", way);
	json_text_string(out, "line", line);
	json_text_close(out, '}');
}
