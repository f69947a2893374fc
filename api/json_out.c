/* json_out.c - messages, verifications, contact requests, accounts. */
#include "api/json_out.h"

#include "base/clock.h"

static const char *const encoding_names[] = {
	[GSM_AUTO] = "auto",
	[GSM_GSM7] = "gsm7",
	[GSM_UCS2] = "ucs2",
};

/* What is not UTF-8 cannot be told as JSON: null then. */
void json_out_text(json_t *object, const char *name, const char *text)
{
	json_t *value = text[0] != '\0' ? json_string(text) : NULL;

	json_object_set_new_nocheck(object, name, value != NULL ? value : json_null());
}

void json_out_time(json_t *object, const char *name, int64_t ms)
{
	char text[CLOCK_TEXT_SIZE] = "";

	if (ms > 0)
		clock_format(ms, text);
	json_out_text(object, name, text);
}

static void out_number(json_t *object, const char *name, int64_t value)
{
	json_object_set_new_nocheck(object, name, json_integer(value));
}

json_t *json_out_list(json_t *items, const char *next)
{
	json_t *list = json_object();

	json_object_set_new_nocheck(list, "items", items);
	json_out_text(list, "next", next != NULL ? next : "");
	return list;
}

static json_t *reason_json(const struct message_row *row)
{
	json_t *reason;

	if (row->reason_class[0] == '\0' && row->reason_code[0] == '\0' &&
	    row->reason_text[0] == '\0')
		return json_null();
	reason = json_object();
	json_out_text(reason, "class", row->reason_class);
	json_out_text(reason, "code", row->reason_code);
	json_out_text(reason, "text", row->reason_text);
	return reason;
}

static json_t *history_json(const struct message_view *view)
{
	json_t *history = json_array();

	for (size_t i = 0; i < view->n_history; i++) {
		const struct event *event = &view->history[i];
		json_t *item = json_object();

		json_out_text(item, "state", event->state);
		json_out_time(item, "at", event->at);
		json_out_text(item, "modem", event->modem);
		json_out_text(item, "reason", event->reason);
		json_array_append_new(history, item);
	}
	return history;
}

static json_t *parts_json(const struct message_row *row)
{
	json_t *parts = json_object();

	out_number(parts, "total", row->parts);
	out_number(parts, "sent", row->parts_sent);
	return parts;
}

json_t *json_out_message(const struct message_view *view, bool with_history)
{
	const struct message_row *row = &view->row;
	json_t *json = json_object();

	json_out_text(json, "id", row->id);
	json_out_text(json, "kind", config_kind_name(row->kind));
	json_out_text(json, "site", row->site);
	json_out_text(json, "to", view->to);
	json_out_text(json, "state", message_state_name(row->state));
	json_object_set_new_nocheck(json, "reason", reason_json(row));
	json_out_text(json, "encoding", encoding_names[row->encoding]);
	json_object_set_new_nocheck(json, "parts", parts_json(row));
	json_out_text(json, "priority", message_priority_name(row->priority));
	json_out_text(json, "modem", row->modem);
	json_out_text(json, "reference", row->reference);
	json_out_text(json, "retry_of", row->retry_of);
	json_out_time(json, "created_at", row->created_at);
	json_out_time(json, "deadline", row->deadline);
	json_out_time(json, "sent_at", row->sent_at);
	json_out_time(json, "delivered_at", row->delivered_at);
	json_out_time(json, "estimated_send_at", view->estimated_send_at);
	if (with_history)
		json_object_set_new_nocheck(json, "history", history_json(view));
	return json;
}

json_t *json_out_preview(const struct text_preview *preview)
{
	json_t *json = json_object(), *offending = json_array();

	for (size_t i = 0; i < preview->n_offending; i++) {
		json_t *item = json_object();

		json_out_text(item, "char", preview->offending[i].character);
		out_number(item, "at", (int64_t)preview->offending[i].at);
		json_array_append_new(offending, item);
	}
	json_out_text(json, "encoding", encoding_names[preview->shape.encoding]);
	out_number(json, "parts", preview->shape.n_parts);
	out_number(json, "units", preview->shape.units);
	out_number(json, "units_left", preview->shape.units_left);
	json_object_set_new_nocheck(json, "offending", offending);
	json_out_text(json, "text", preview->text);
	return json;
}

/* What the site may tell its user about a code that is on its way, or is not. */
static json_t *delivery_json(const struct verification_view *view)
{
	const struct delivery_advice *advice = delivery_advice(view->delivery_reason);
	json_t *json, *words;

	if (view->message_id[0] == '\0')
		return json_null();
	json = json_object();
	json_out_text(json, "state", message_state_name(view->delivery));
	if (view->delivery_reason == DELIVERY_NONE || advice == NULL) {
		json_out_text(json, "reason", "");
		json_out_text(json, "advice", "");
		json_out_text(json, "next_step", "");
		return json;
	}
	words = json_object();
	json_out_text(words, "ru", advice->ru);
	json_out_text(words, "vi", advice->vi);
	json_out_text(words, "en", advice->en);
	json_out_text(json, "reason", advice->reason);
	json_object_set_new_nocheck(json, "advice", words);
	json_out_text(json, "next_step", advice->next_step);
	return json;
}

json_t *json_out_verification(const struct verification_view *view)
{
	const struct verification_row *row = &view->row;
	json_t *json = json_object();

	json_out_text(json, "id", row->id);
	json_out_text(json, "site", row->site);
	json_out_text(json, "account", row->account);
	json_out_text(json, "phone", view->phone);
	json_out_text(json, "purpose", row->purpose);
	json_out_text(json, "channel", row->channel);
	json_out_text(json, "locale", row->locale);
	json_out_text(json, "state", verification_state_name(row->state));
	json_out_time(json, "created_at", row->created_at);
	json_out_time(json, "expires_at", view->expires_at);
	json_out_time(json, "resend_at", view->resend_at);
	out_number(json, "attempts_left", view->attempts_left);
	out_number(json, "sends", row->sends);
	json_out_time(json, "approved_at", row->approved_at);
	json_object_set_new_nocheck(json, "delivery", delivery_json(view));
	json_out_text(json, "message", view->message_id);
	return json;
}

static const char *const result_names[] = {
	[CHECK_APPROVED] = "approved",
	[CHECK_WRONG_CODE] = "wrong_code",
	[CHECK_SUPERSEDED_CODE] = "superseded_code",
};

json_t *json_out_check(const struct verification_view *view, enum check_result result)
{
	json_t *json = json_object();

	json_out_text(json, "id", view->row.id);
	json_out_text(json, "state", verification_state_name(view->row.state));
	json_out_text(json, "result", result_names[result]);
	out_number(json, "attempts_left", view->attempts_left);
	json_out_time(json, "expires_at", view->expires_at);
	json_out_text(json, "account", view->row.account);
	json_out_text(json, "phone", view->phone);
	return json;
}

static json_t *contact_delivery_json(const struct message_view *message)
{
	json_t *json = json_object();

	json_out_text(json, "state", message_state_name(message->row.state));
	json_object_set_new_nocheck(json, "reason", reason_json(&message->row));
	json_out_time(json, "sent_at", message->row.sent_at);
	json_out_time(json, "delivered_at", message->row.delivered_at);
	return json;
}

json_t *json_out_contact(const struct contact_view *view)
{
	json_t *json = json_object();

	json_out_text(json, "id", view->row.id);
	json_out_text(json, "site", view->row.site);
	json_out_text(json, "state", message_state_name(view->message.row.state));
	json_out_text(json, "message", view->message.row.id);
	json_out_text(json, "from_account", view->row.from_account);
	json_out_text(json, "to_account", view->row.to_account);
	json_out_text(json, "order", view->row.order);
	json_out_time(json, "created_at", view->row.created_at);
	json_out_time(json, "next_allowed_at", view->next_allowed_at);
	json_object_set_new_nocheck(json, "delivery", contact_delivery_json(&view->message));
	return json;
}

json_t *json_out_account(const struct account_view *view)
{
	json_t *json = json_object(), *proofs = json_array();

	for (size_t i = 0; i < view->n_proofs; i++) {
		json_t *proof = json_object();

		json_out_text(proof, "phone", view->phones[i]);
		json_out_text(proof, "channel", view->proofs[i].channel);
		json_out_time(proof, "verified_at", view->proofs[i].verified_at);
		json_out_text(proof, "assurance", view->proofs[i].assurance);
		json_array_append_new(proofs, proof);
	}
	json_out_text(json, "account", view->account);
	json_out_text(json, "phone", view->phone);
	json_object_set_new_nocheck(json, "proofs", proofs);
	return json;
}
