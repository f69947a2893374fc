/* json_out.c - messages, verifications, contact requests, accounts. */
#include "api/json_out.h"

#include <stdio.h>

static const char *const encoding_names[] = {
	[GSM_AUTO] = "auto",
	[GSM_GSM7] = "gsm7",
	[GSM_UCS2] = "ucs2",
};

void json_out_list_open(struct json_text *out)
{
	json_text_open(out, NULL, '{');
	json_text_open(out, "items", '[');
}

void json_out_list_close(struct json_text *out, const char *next)
{
	json_text_close(out, ']');
	json_text_string(out, "next", next != NULL ? next : "");
	json_text_close(out, '}');
}

static void out_reason(struct json_text *out, const struct message_row *row)
{
	if (row->reason_class[0] == '\0' && row->reason_code[0] == '\0' &&
	    row->reason_text[0] == '\0') {
		json_text_null(out, "reason");
		return;
	}
	json_text_open(out, "reason", '{');
	json_text_string(out, "class", row->reason_class);
	json_text_string(out, "code", row->reason_code);
	json_text_string(out, "text", row->reason_text);
	json_text_close(out, '}');
}

static void out_history(struct json_text *out, const struct message_view *view)
{
	json_text_open(out, "history", '[');
	for (size_t i = 0; i < view->n_history; i++) {
		const struct event *event = &view->history[i];

		json_text_open(out, NULL, '{');
		json_text_string(out, "state", event->state);
		json_text_time(out, "at", event->at);
		json_text_string(out, "modem", event->modem);
		json_text_string(out, "reason", event->reason);
		json_text_close(out, '}');
	}
	json_text_close(out, ']');
}

static void out_parts(struct json_text *out, const struct message_row *row)
{
	json_text_open(out, "parts", '{');
	json_text_number(out, "total", row->parts);
	json_text_number(out, "sent", row->parts_sent);
	json_text_close(out, '}');
}

void json_out_advice(struct json_text *out, enum delivery_reason reason, const char *next_step,
		     bool of_code, int64_t wait_ms)
{
	char words[ADVICE_SIZE];

	if (reason == DELIVERY_NONE) {
		json_text_null(out, "advice");
		json_text_null(out, "next_step");
		return;
	}
	json_text_open(out, "advice", '{');
	for (int i = 0; i < ADVICE_LANGUAGES; i++) {
		enum advice_language language = (enum advice_language)i;

		advice_words(reason, language, of_code, wait_ms, words);
		json_text_string(out, advice_language_name(language), words);
	}
	json_text_close(out, '}');
	json_text_string(out, "next_step", next_step);
}

static void out_diagnosis(struct json_text *out, const struct diagnosis *d)
{
	json_text_string(out, "reason", delivery_reason_name(d->reason));
	json_out_advice(out, d->reason, d->next_step, d->of_code, d->wait_ms);
}

void json_out_message(struct json_text *out, const struct message_view *view, bool with_history)
{
	const struct message_row *row = &view->row;

	json_text_open(out, NULL, '{');
	json_text_string(out, "id", row->id);
	json_text_string(out, "kind", config_kind_name(row->kind));
	json_text_string(out, "site", row->site);
	json_text_string(out, "to", view->to);
	json_text_string(out, "state", message_state_name(row->state));
	out_reason(out, row);
	json_text_string(out, "encoding", encoding_names[row->encoding]);
	out_parts(out, row);
	json_text_string(out, "priority", message_priority_name(row->priority));
	json_text_string(out, "modem", row->modem);
	json_text_string(out, "reference", row->reference);
	json_text_string(out, "retry_of", row->retry_of);
	json_text_time(out, "created_at", row->created_at);
	json_text_time(out, "deadline", row->deadline);
	json_text_time(out, "sent_at", row->sent_at);
	json_text_time(out, "delivered_at", row->delivered_at);
	json_text_time(out, "estimated_send_at", view->estimated_send_at);
	if (view->diagnosed) {
		json_text_open(out, "diagnosis", '{');
		out_diagnosis(out, &view->diagnosis);
		json_text_string(out, "explanation", view->diagnosis.detail);
		json_text_close(out, '}');
	}
	if (with_history)
		out_history(out, view);
	json_text_close(out, '}');
}

static void out_preview(struct json_text *out, const struct text_preview *preview)
{
	json_text_string(out, "encoding", encoding_names[preview->shape.encoding]);
	json_text_number(out, "parts", preview->shape.n_parts);
	json_text_number(out, "units", preview->shape.units);
	json_text_number(out, "units_left", preview->shape.units_left);
	json_text_open(out, "offending", '[');
	for (size_t i = 0; i < preview->n_offending; i++) {
		json_text_open(out, NULL, '{');
		json_text_string(out, "char", preview->offending[i].character);
		json_text_number(out, "at", (int64_t)preview->offending[i].at);
		json_text_close(out, '}');
	}
	json_text_close(out, ']');
	json_text_string(out, "text", preview->text);
}

void json_out_preview(struct json_text *out, const struct text_preview *preview)
{
	json_text_open(out, NULL, '{');
	out_preview(out, preview);
	json_text_close(out, '}');
}

void json_out_template(struct json_text *out, const struct text_template *template)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", config_kind_name(template->kind),
		 template->purpose[0] != '\0' ? "." : "", template->purpose);
	json_text_open(out, NULL, '{');
	json_text_string(out, "template", name);
	json_text_string(out, "locale", template->locale);
	json_text_string(out, "source", template->built_in ? "built_in" : "site");
	json_text_flag(out, "chosen", template->chosen);
	out_preview(out, &template->preview);
	json_text_close(out, '}');
}

/* What the site may tell its user about a code that is on its way, or is not. */
static void out_delivery(struct json_text *out, const struct verification_view *view)
{
	if (view->message_id[0] == '\0') {
		json_text_null(out, "delivery");
		return;
	}
	json_text_open(out, "delivery", '{');
	json_text_string(out, "state", message_state_name(view->delivery));
	out_diagnosis(out, &view->diagnosis);
	json_text_close(out, '}');
}

/* What the user must do, where it is he who sends or rings. */
static void out_instructions(struct json_text *out, const struct verification_instructions *todo)
{
	if (todo->words == NULL) {
		json_text_null(out, "instructions");
		return;
	}
	json_text_open(out, "instructions", '{');
	json_text_string(out, "action", todo->words->action);
	json_text_string(out, "token", todo->token);
	json_text_open(out, "numbers", '[');
	for (size_t i = 0; i < todo->n_numbers; i++)
		json_text_string(out, NULL, todo->numbers[i]);
	json_text_close(out, ']');
	json_text_open(out, "advice", '{');
	json_text_string(out, "ru", todo->words->ru);
	json_text_string(out, "vi", todo->words->vi);
	json_text_string(out, "en", todo->words->en);
	json_text_close(out, '}');
	json_text_close(out, '}');
}

static void out_alternatives(struct json_text *out, const struct verification_view *view)
{
	json_text_open(out, "alternatives", '[');
	for (size_t i = 0; i < RULE_ALTERNATIVES && view->alternatives[i] != NULL; i++)
		json_text_string(out, NULL, view->alternatives[i]);
	json_text_close(out, ']');
}

static void out_events(struct json_text *out, const struct event *events, size_t n)
{
	json_text_open(out, "history", '[');
	for (size_t i = 0; i < n; i++) {
		json_text_open(out, NULL, '{');
		json_text_time(out, "at", events[i].at);
		json_text_string(out, "event", events[i].type);
		json_text_string(out, "state", events[i].state);
		json_text_string(out, "modem", events[i].modem);
		json_text_string(out, "reason", events[i].reason);
		json_text_close(out, '}');
	}
	json_text_close(out, ']');
}

void json_out_verification(struct json_text *out, const struct verification_view *view,
			   const struct event *history, size_t n_history)
{
	const struct verification_row *row = &view->row;

	json_text_open(out, NULL, '{');
	json_text_string(out, "id", row->id);
	json_text_string(out, "site", row->site);
	json_text_string(out, "account", row->account);
	json_text_string(out, "phone", view->phone);
	json_text_string(out, "purpose", row->purpose);
	json_text_string(out, "channel", row->channel);
	json_text_string(out, "locale", row->locale);
	json_text_string(out, "state", verification_state_name(row->state));
	json_text_time(out, "created_at", row->created_at);
	json_text_time(out, "expires_at", view->expires_at);
	json_text_time(out, "resend_at", view->resend_at);
	json_text_number(out, "attempts_left", view->attempts_left);
	json_text_number(out, "sends", row->sends);
	json_text_time(out, "approved_at", row->approved_at);
	out_delivery(out, view);
	json_text_string(out, "explanation", view->diagnosis.detail);
	json_text_string(out, "message", view->message_id);
	out_instructions(out, &view->todo);
	out_alternatives(out, view);
	json_text_string(out, "assurance", view->assurance);
	json_text_string(out, "service_centre", row->service_centre);
	json_text_string(out, "refused", row->refused);
	if (history != NULL)
		out_events(out, history, n_history);
	json_text_close(out, '}');
}

static const char *const result_names[] = {
	[CHECK_APPROVED] = "approved",
	[CHECK_WRONG_CODE] = "wrong_code",
	[CHECK_SUPERSEDED_CODE] = "superseded_code",
};

void json_out_check(struct json_text *out, const struct verification_view *view,
		    enum check_result result)
{
	json_text_open(out, NULL, '{');
	json_text_string(out, "id", view->row.id);
	json_text_string(out, "state", verification_state_name(view->row.state));
	json_text_string(out, "result", result_names[result]);
	json_text_number(out, "attempts_left", view->attempts_left);
	json_text_time(out, "expires_at", view->expires_at);
	json_text_string(out, "account", view->row.account);
	json_text_string(out, "phone", view->phone);
	json_text_close(out, '}');
}

void json_out_contact(struct json_text *out, const struct contact_view *view)
{
	const struct message_row *message = &view->message.row;

	json_text_open(out, NULL, '{');
	json_text_string(out, "id", view->row.id);
	json_text_string(out, "site", view->row.site);
	json_text_string(out, "state", message_state_name(message->state));
	json_text_string(out, "message", message->id);
	json_text_string(out, "from_account", view->row.from_account);
	json_text_string(out, "to_account", view->row.to_account);
	json_text_string(out, "order", view->row.order);
	json_text_time(out, "created_at", view->row.created_at);
	json_text_time(out, "next_allowed_at", view->next_allowed_at);
	json_text_open(out, "delivery", '{');
	json_text_string(out, "state", message_state_name(message->state));
	out_reason(out, message);
	json_text_time(out, "sent_at", message->sent_at);
	json_text_time(out, "delivered_at", message->delivered_at);
	json_text_close(out, '}');
	json_text_close(out, '}');
}

void json_out_account(struct json_text *out, const struct account_view *view)
{
	json_text_string(out, "account", view->account);
	json_text_string(out, "phone", view->phone);
	json_text_time(out, "opted_out_at", view->opted_out_at);
	json_text_open(out, "proofs", '[');
	for (size_t i = 0; i < view->n_proofs; i++) {
		json_text_open(out, NULL, '{');
		json_text_string(out, "phone", view->phones[i]);
		json_text_string(out, "channel", view->proofs[i].channel);
		json_text_time(out, "verified_at", view->proofs[i].verified_at);
		json_text_string(out, "assurance", view->proofs[i].assurance);
		json_text_close(out, '}');
	}
	json_text_close(out, ']');
}
