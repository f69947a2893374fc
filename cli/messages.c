/* messages.c - send, preview, show, list, cancel, retry, wait, inbox. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"

enum { PATH_SIZE = 1536, POLL_S = 25, DEFAULT_WAIT_S = 300, TEMPLATE_WIDTH = 4096 };

/* ---- printing ---- */

static void print_message(const json_t *message)
{
	const json_t *parts = json_object_get(message, "parts");
	const json_t *reason = json_object_get(message, "reason");
	const json_t *diagnosis = json_object_get(message, "diagnosis");
	char words[64];

	print_field("id", text_at(message, "id"));
	print_field("state", text_at(message, "state"));
	print_field("reason", text_at(reason, "text"));
	print_field("to", text_at(message, "to"));
	print_field("kind", text_at(message, "kind"));
	snprintf(words, sizeof(words), "%lld of %lld, %s", number_at(parts, "sent"),
		 number_at(parts, "total"), text_at(message, "encoding"));
	print_field("parts sent", words);
	print_field("modem", text_at(message, "modem"));
	print_field("reference", text_at(message, "reference"));
	print_field("created", relative_time(text_at(message, "created_at")));
	print_field("deadline", relative_time(text_at(message, "deadline")));
	print_field("sent", relative_time(text_at(message, "sent_at")));
	print_field("delivered", relative_time(text_at(message, "delivered_at")));
	print_story(diagnosis, text_at(diagnosis, "explanation"), NULL);
	print_timeline(json_object_get(message, "history"));
}

static void print_created(const json_t *message)
{
	printf("%s %s\n", text_at(message, "id"), text_at(message, "state"));
}

static void print_list(const json_t *list)
{
	static const char *const heads[] = { "ID",      "STATE", "KIND",  "TO",
					     "CREATED", "MODEM", "REASON" };
	struct table *table = table_new(heads, 7);
	const json_t *items = json_object_get(list, "items"), *m;
	size_t i;

	json_array_foreach(items, i, m)
	{
		const char *row[] = { text_at(m, "id"),
				      text_at(m, "state"),
				      text_at(m, "kind"),
				      text_at(m, "to"),
				      relative_time(text_at(m, "created_at")),
				      text_at(m, "modem"),
				      text_at(json_object_get(m, "reason"), "code") };

		table_row(table, row);
	}
	table_print(table);
	if (text_at(list, "next")[0] != '\0')
		printf("more: --after %s\n", text_at(list, "next"));
}

static void print_inbox(const json_t *list)
{
	const json_t *items = json_object_get(list, "items"), *sms;
	size_t i;

	json_array_foreach(items, i, sms)
		printf("%s  %s  from %s on %s\n  %s\n", text_at(sms, "id"),
		       relative_time(text_at(sms, "received_at")), text_at(sms, "from"),
		       text_at(sms, "modem"), text_at(sms, "text"));
	if (text_at(list, "next")[0] != '\0')
		printf("more: --after %s\n", text_at(list, "next"));
}

static void print_preview(const json_t *preview)
{
	const json_t *offending = json_object_get(preview, "offending"), *one;
	size_t i;

	if (json_object_get(preview, "template") != NULL)
		printf("%s in %s, %s\n", text_at(preview, "template"), text_at(preview, "locale"),
		       strcmp(text_at(preview, "source"), "site") == 0 ? "the site's own"
								       : "built in");
	printf("%s, %lld parts, %lld units, %lld left in the last part\n",
	       text_at(preview, "encoding"), number_at(preview, "parts"),
	       number_at(preview, "units"), number_at(preview, "units_left"));
	json_array_foreach(offending, i, one) printf("  not in GSM 7-bit: '%s' at %lld\n",
						     text_at(one, "char"), number_at(one, "at"));
	printf("%s\n", text_at(preview, "text"));
}

/* Every form of the site; a star marks those that are sent with samples like these. */
static void print_templates(const json_t *list)
{
	static const char *const heads[] = { "",         "TEMPLATE", "LOCALE", "SOURCE",
					     "ENCODING", "PARTS",    "UNITS",  "TEXT" };
	struct table *table = table_new(heads, 8);
	const json_t *items = json_object_get(list, "items"), *t;
	size_t i;

	json_array_foreach(items, i, t)
	{
		char parts[24], units[24], text[TEMPLATE_WIDTH];
		const char *row[] = { json_is_true(json_object_get(t, "chosen")) ? "*" : "",
				      text_at(t, "template"),
				      text_at(t, "locale"),
				      text_at(t, "source"),
				      text_at(t, "encoding"),
				      parts,
				      units,
				      text };

		snprintf(parts, sizeof(parts), "%lld", number_at(t, "parts"));
		snprintf(units, sizeof(units), "%lld", number_at(t, "units"));
		snprintf(text, sizeof(text), "%s", text_at(t, "text"));
		for (char *c = text; *c != '\0'; c++)
			if (*c == '\n') /* the auto-fill line, after a sign that no text has */
				*c = '|';
		table_row(table, row);
	}
	table_print(table);
}

/* ---- waiting ---- */

struct state_row {
	const char *state;
	enum exit_code exit;
	bool waits_on; /* for a report, if one was asked for */
};

static const struct state_row ends[] = {
	{ "sent", EXIT_DONE, false },       { "delivered", EXIT_DONE, false },
	{ "failed", EXIT_FAILED, false },   { "expired", EXIT_FAILED, false },
	{ "canceled", EXIT_FAILED, false }, { "uncertain", EXIT_UNCERTAIN, true },
};

static const struct state_row *end_of(const json_t *message)
{
	const char *state = text_at(message, "state");

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strcmp(ends[i].state, state) == 0)
			return &ends[i];
	return NULL;
}

static enum exit_code finish_wait(const struct call *call, const json_t *message,
				  enum exit_code result)
{
	if (call->json)
		print_json(message);
	else if (result == EXIT_DONE)
		print_created(message);
	else
		print_message(message);
	return result;
}

/* The newest event before the message was read: a later one tells of a change. */
static long long last_event(const struct call *call)
{
	long long seq = 0;
	json_t *status;

	if (http_call(&call->http, "GET", "/v1/status", NULL, &status) == EXIT_DONE)
		seq = number_at(status, "last_event");
	json_decref(status);
	return seq;
}

static enum exit_code wait_for(struct call *call, const char *id)
{
	long limit = call->timeout_s > 0 ? call->timeout_s : DEFAULT_WAIT_S;
	time_t until = time(NULL) + limit;
	char path[PATH_SIZE], events[96];

	build_path(path, sizeof(path), "/v1/messages/%s", id);
	call->http.timeout_s = POLL_S + 15;
	for (;;) {
		long long seq = last_event(call);
		long left = (long)(until - time(NULL));
		const struct state_row *end;
		json_t *answer;
		enum exit_code result = http_call(&call->http, "GET", path, NULL, &answer);

		end = result == EXIT_DONE ? end_of(answer) : NULL;
		if (end != NULL)
			result = finish_wait(call, answer, end->exit);
		else if (result == EXIT_DONE && left <= 0)
			result = finish_wait(call, answer, EXIT_TIMED_OUT);
		json_decref(answer);
		if (result != EXIT_DONE || end != NULL)
			return result;
		snprintf(events, sizeof(events), "/v1/events?after=%lld&wait=%ld&types=message.",
			 seq, left < POLL_S ? left : POLL_S);
		result = http_call(&call->http, "GET", events, NULL, &answer);
		json_decref(answer);
		if (result != EXIT_DONE)
			return result;
	}
}

/* ---- verbs ---- */

static enum exit_code not_utf8(void)
{
	fputs("simgate: the text is not valid UTF-8: convert it first (iconv -t UTF-8)\n", stderr);
	return EXIT_WRONG_USAGE;
}

/* The option as a JSON number, or as it stands where it is none: the daemon says what is wrong. */
static void set_number(json_t *body, const char *name, const struct call *call,
		       enum cli_option option)
{
	const char *text = call->option[option];
	char *end;
	long long value;

	if (text == NULL)
		return;
	value = strtoll(text, &end, 10);
	json_object_set_new(body, name,
			    *end == '\0' && end != text ? json_integer(value) : json_string(text));
}

static json_t *text_body(const struct call *call, int first_word)
{
	char *text = text_argument(call, first_word);
	json_t *body = json_object(), *value = text != NULL ? json_string(text) : NULL;

	free(text);
	if (value == NULL) {
		json_decref(body);
		return NULL;
	}
	json_object_set_new(body, "text", value);
	set_option(body, "encoding", call, OPT_ENCODING);
	set_option(body, "transliterate", call, OPT_TRANSLITERATE);
	return body;
}

static enum exit_code run_send(struct call *call)
{
	json_t *body = text_body(call, 1), *answer;
	enum exit_code result;
	char id[64];

	if (body == NULL)
		return not_utf8();
	json_object_set_new(body, "to", json_string(call->words[0]));
	set_option(body, "priority", call, OPT_PRIORITY);
	set_option(body, "send_at", call, OPT_SEND_AT);
	set_option(body, "reference", call, OPT_REFERENCE);
	set_number(body, "ttl", call, OPT_TTL);
	if (call->option[OPT_REPORT] != NULL)
		json_object_set_new(body, "report", json_true());
	call->http.idempotency_key = call->option[OPT_KEY];
	if (call->option[OPT_WAIT] == NULL)
		return call_and_print(call, "POST", "/v1/messages", body, print_created);
	result = http_call(&call->http, "POST", "/v1/messages", body, &answer);
	snprintf(id, sizeof(id), "%s", text_at(answer, "id"));
	json_decref(answer);
	json_decref(body);
	return result == EXIT_DONE ? wait_for(call, id) : result;
}

/* The name stands behind --template=, or is the word after it; without one: all of them. */
static enum exit_code preview_template(struct call *call)
{
	const char *name = call->option[OPT_TEMPLATE];
	json_t *body;

	if (name[0] == '\0' && call->n_words > 0)
		name = call->words[0];
	if (name[0] == '\0')
		return call_and_print(call, "GET", "/v1/templates", NULL, print_templates);
	body = json_object();
	json_object_set_new(body, "template", json_string(name));
	set_option(body, "locale", call, OPT_LOCALE);
	set_option(body, "from_name", call, OPT_FROM_NAME);
	set_option(body, "to_name", call, OPT_TO_NAME);
	set_option(body, "order", call, OPT_ORDER);
	set_option(body, "app_hash", call, OPT_APP_HASH);
	return call_and_print(call, "POST", "/v1/preview", body, print_preview);
}

static enum exit_code run_preview(struct call *call)
{
	json_t *body;

	if (call->option[OPT_TEMPLATE] != NULL)
		return preview_template(call);
	body = text_body(call, 0);

	return body == NULL ? not_utf8()
			    : call_and_print(call, "POST", "/v1/preview", body, print_preview);
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
	return call_and_print(call, "DELETE", path, NULL, print_created);
}

static enum exit_code run_retry(struct call *call)
{
	char path[PATH_SIZE];

	build_path(path, sizeof(path), "/v1/messages/%s/retry", call->words[0]);
	return call_and_print(call, "POST", path, NULL, print_created);
}

static enum exit_code run_wait(struct call *call)
{
	return wait_for(call, call->words[0]);
}

const struct verb message_verbs[] = {
	{ "send", NULL, 1, 64,
	  OPT(PRIORITY) | OPT(SEND_AT) | OPT(REFERENCE) | OPT(TTL) | OPT(REPORT) | OPT(ENCODING) |
		  OPT(TRANSLITERATE) | OPT(WAIT) | OPT(KEY),
	  "send NUMBER [TEXT]", "queue a text (from standard input without TEXT)", run_send },
	{ "preview", NULL, 0, 64,
	  OPT(ENCODING) | OPT(TRANSLITERATE) | OPT(TEMPLATE) | OPT(LOCALE) | OPT(FROM_NAME) |
		  OPT(TO_NAME) | OPT(ORDER) | OPT(APP_HASH),
	  "preview [TEXT | --template [KIND[.PURPOSE]]]",
	  "how a text, or the site's templates, become SMS parts", run_preview },
	{ "show", NULL, 1, 1, 0, "show ID", "a message, verification or contact request",
	  run_show },
	{ "list", NULL, 0, 0,
	  OPT(STATE) | OPT(KIND) | OPT(TO) | OPT(REFERENCE) | OPT(AFTER) | OPT(LIMIT), "list",
	  "messages, newest first", run_list },
	{ "cancel", NULL, 1, 1, 0, "cancel ID", "cancel a waiting message", run_cancel },
	{ "retry", NULL, 1, 1, 0, "retry ID", "send a failed message again as a new one",
	  run_retry },
	{ "wait", NULL, 1, 1, 0, "wait ID", "until a message is sent or has failed", run_wait },
	{ "inbox", NULL, 0, 0, OPT(AFTER) | OPT(LIMIT), "inbox", "received SMS", run_inbox },
	{ 0 },
};
