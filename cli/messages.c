/* messages.c - send, show, list, cancel, retry, wait, inbox. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "cli/messages.h"
#include "cli/print.h"
#include "cli/term.h"
#include "cli/verify.h"

enum { PATH_SIZE = 1536, LINE_SIZE = 256 };

/* ---- printing ---- */

void print_message(const json_t *message)
{
	const json_t *parts = json_object_get(message, "parts");
	const json_t *diagnosis = json_object_get(message, "diagnosis");

	print_field("id", text_at(message, "id"));
	print_state("state", text_at(message, "state"));
	print_field("reason", text_at(json_object_get(message, "reason"), "text"));
	print_field("to", text_at(message, "to"));
	print_field("kind", text_at(message, "kind"));
	print_line("parts sent", "%lld of %lld, %s", number_at(parts, "sent"),
		   number_at(parts, "total"), text_at(message, "encoding"));
	print_field("modem", text_at(message, "modem"));
	print_field("reference", text_at(message, "reference"));
	print_field("created", relative_time(text_at(message, "created_at")));
	print_field("deadline", relative_time(text_at(message, "deadline")));
	print_field("sent", relative_time(text_at(message, "sent_at")));
	print_field("delivered", relative_time(text_at(message, "delivered_at")));
	print_story(diagnosis, text_at(diagnosis, "explanation"), NULL);
	print_timeline(json_object_get(message, "history"));
}

void print_message_state(const json_t *message)
{
	printf("%s %s\n", text_at(message, "id"), text_at(message, "state"));
}

static void print_list(const json_t *list)
{
	static const struct column columns[] = {
		{ "ID", 0, 0, false },     { "STATE", 0, 0, true }, { "KIND", 0, 1, false },
		{ "TO", 0, 0, false },     { "AGE", 0, 0, false },  { "MODEM", 4, 0, false },
		{ "REASON", 5, 0, false },
	};
	struct table *table = table_new(columns, ARRAY_LEN(columns));
	const json_t *items = json_object_get(list, "items"), *m;
	size_t i;

	json_array_foreach(items, i, m)
	{
		const char *row[] = { text_at(m, "id"),
				      text_at(m, "state"),
				      text_at(m, "kind"),
				      text_at(m, "to"),
				      short_time(text_at(m, "created_at")),
				      text_at(m, "modem"),
				      text_at(json_object_get(m, "reason"), "code") };

		table_row(table, row);
	}
	table_print(table);
	print_next(list);
}

static void print_inbox(const json_t *list)
{
	const json_t *items = json_object_get(list, "items"), *sms;
	char words[LINE_SIZE];
	size_t i;

	json_array_foreach(items, i, sms)
	{
		snprintf(words, sizeof(words), "%s  %s  from %s on %s%s", text_at(sms, "id"),
			 relative_time(text_at(sms, "received_at")), text_at(sms, "from"),
			 text_at(sms, "modem"),
			 json_is_true(json_object_get(sms, "incomplete")) ? ", parts are missing"
									  : "");
		term_wrap(words, 0, 4, term_columns());
		fputs("  ", stdout);
		term_wrap(text_at(sms, "text"), 2, 2, term_columns());
	}
	print_next(list);
}

/* ---- verbs ---- */

json_t *text_body(const struct call *call, int first_word)
{
	char *text = text_argument(call, first_word);
	json_t *body = json_object(), *value = text != NULL ? json_string(text) : NULL;

	if (value == NULL) {
		if (text != NULL)
			fputs("simgate: the text is not valid UTF-8: convert it first "
			      "(iconv -t UTF-8)\n",
			      stderr);
		free(text);
		json_decref(body);
		return NULL;
	}
	free(text);
	json_object_set_new(body, "text", value);
	set_option(body, "encoding", call, OPT_ENCODING);
	set_option(body, "transliterate", call, OPT_TRANSLITERATE);
	return body;
}

static enum exit_code run_send(struct call *call)
{
	json_t *body, *answer;
	enum exit_code result;
	long ttl = 0;
	char id[64];

	if (!duration_option(call, OPT_TTL, &ttl))
		return EXIT_WRONG_USAGE;
	body = text_body(call, 1);
	if (body == NULL)
		return EXIT_WRONG_USAGE;
	json_object_set_new(body, "to", json_string(call->words[0]));
	set_option(body, "priority", call, OPT_PRIORITY);
	set_option(body, "send_at", call, OPT_SEND_AT);
	set_option(body, "reference", call, OPT_REFERENCE);
	if (ttl > 0)
		json_object_set_new(body, "ttl", json_integer(ttl));
	if (call->option[OPT_REPORT] != NULL)
		json_object_set_new(body, "report", json_true());
	call->http.idempotency_key = call->option[OPT_KEY];
	if (call->option[OPT_WAIT] == NULL)
		return call_and_print(call, "POST", "/v1/messages", body, print_message_state);
	result = http_call(&call->http, "POST", "/v1/messages", body, &answer);
	snprintf(id, sizeof(id), "%s", text_at(answer, "id"));
	json_decref(answer);
	json_decref(body);
	return result == EXIT_DONE ? wait_for_message(call, id) : result;
}

static enum exit_code run_list(struct call *call)
{
	char path[PATH_SIZE] = "/v1/messages";

	add_query(path, sizeof(path), "state", call->option[OPT_STATE]);
	add_query(path, sizeof(path), "kind", call->option[OPT_KIND]);
	add_query(path, sizeof(path), "to", call->option[OPT_TO]);
	add_query(path, sizeof(path), "reference", call->option[OPT_REFERENCE]);
	add_query(path, sizeof(path), "after", call->option[OPT_AFTER]);
	add_query(path, sizeof(path), "limit", call->option[OPT_LIMIT]);
	return call_and_print(call, "GET", path, NULL, print_list);
}

static enum exit_code run_inbox(struct call *call)
{
	char path[PATH_SIZE] = "/v1/inbox";

	add_query(path, sizeof(path), "after", call->option[OPT_AFTER]);
	add_query(path, sizeof(path), "limit", call->option[OPT_LIMIT]);
	return call_and_print(call, "GET", path, NULL, print_inbox);
}

/* Which route an id belongs to is said by its first letters. */
static const struct {
	const char *prefix, *path;
	void (*print)(const json_t *answer);
} shown[] = {
	{ "ver_", "/v1/verifications/%s", print_verification },
	{ "ctr_", "/v1/contact-requests/%s", print_contact },
	{ "", "/v1/messages/%s", print_message },
};

static enum exit_code run_show(struct call *call)
{
	char path[PATH_SIZE];
	size_t i = 0;

	while (strncmp(call->words[0], shown[i].prefix, strlen(shown[i].prefix)) != 0)
		i++;
	build_path(path, sizeof(path), shown[i].path, call->words[0]);
	return call_and_print(call, "GET", path, NULL, shown[i].print);
}

static enum exit_code run_cancel(struct call *call)
{
	char path[PATH_SIZE];

	build_path(path, sizeof(path), "/v1/messages/%s", call->words[0]);
	return call_and_print(call, "DELETE", path, NULL, print_message_state);
}

static enum exit_code run_retry(struct call *call)
{
	char path[PATH_SIZE];

	build_path(path, sizeof(path), "/v1/messages/%s/retry", call->words[0]);
	return call_and_print(call, "POST", path, NULL, print_message_state);
}

static enum exit_code run_wait(struct call *call)
{
	return wait_for_message(call, call->words[0]);
}

const struct verb message_verbs[] = {
	{ "send", NULL, 1, 64,
	  OPT(PRIORITY) | OPT(SEND_AT) | OPT(REFERENCE) | OPT(TTL) | OPT(REPORT) | OPT(ENCODING) |
		  OPT(TRANSLITERATE) | OPT(WAIT) | OPT(KEY),
	  "send NUMBER [TEXT]", "queue a text, from standard input without TEXT", run_send },
	{ "show", NULL, 1, 1, 0, "show ID", "a message, verification or contact request",
	  run_show },
	{ "list", NULL, 0, 0,
	  OPT(STATE) | OPT(KIND) | OPT(TO) | OPT(REFERENCE) | OPT(AFTER) | OPT(LIMIT), "list",
	  "messages, newest first", run_list },
	{ "cancel", NULL, 1, 1, 0, "cancel ID", "cancel a waiting message", run_cancel },
	{ "retry", NULL, 1, 1, 0, "retry ID", "send a failed message again as a new one",
	  run_retry },
	{ "wait", NULL, 1, 1, 0, "wait ID", "wait until a message is sent or has failed",
	  run_wait },
	{ "inbox", NULL, 0, 0, OPT(AFTER) | OPT(LIMIT), "inbox", "received SMS", run_inbox },
	{ 0 },
};
