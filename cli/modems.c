/* modems.c - modems, USSD, AT, the live dialogue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { PATH_SIZE = 1536 };

static const char *bars(const json_t *modem, char out[24])
{
	static const char *const steps[] = { "....", "|...", "||..", "|||.", "||||" };
	long long dbm = number_at(modem, "dbm");
	int n = 0;

	if (dbm == 0)
		return "-";
	for (long long at = -110; at <= -71 && n < 4; at += 13)
		n += dbm >= at;
	snprintf(out, 24, "%s %lld dBm", steps[n], dbm);
	return out;
}

void print_modems(const json_t *list)
{
	static const char *const heads[] = { "NAME", "STATE",  "SINCE", "OPERATOR",
					     "RAT",  "SIGNAL", "WHY" };
	const json_t *items = json_object_get(list, "items"), *m;
	struct table *table = table_new(heads, 7);
	size_t i;

	json_array_foreach(items, i, m)
	{
		char signal[24];
		const char *row[] = { text_at(m, "name"),
				      coloured(text_at(m, "state")),
				      relative_time(text_at(m, "since")),
				      text_at(m, "operator"),
				      text_at(m, "rat"),
				      bars(m, signal),
				      text_at(m, "why") };

		table_row(table, row);
	}
	table_print(table);
}

static void print_value(const char *name, const json_t *value)
{
	char *dumped;

	if (json_is_null(value))
		return;
	if (json_is_string(value)) {
		print_field(name, strcmp(name, "since") == 0
					  ? relative_time(json_string_value(value))
					  : json_string_value(value));
		return;
	}
	dumped = json_dumps(value, JSON_ENCODE_ANY);
	if (dumped != NULL)
		print_field(name, dumped);
	free(dumped);
}

static void print_modem(const json_t *modem)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)modem, key, value) print_value(key, value);
}

static void print_lines(const json_t *answer)
{
	const json_t *lines = json_object_get(answer, "lines"), *line;
	size_t i;

	json_array_foreach(lines, i, line) puts(json_string_value(line));
	if (text_at(answer, "final")[0] != '\0')
		puts(text_at(answer, "final"));
	if (text_at(answer, "answer")[0] != '\0')
		puts(text_at(answer, "answer"));
}

static enum exit_code run_list(struct call *call)
{
	return call_and_print(call, "GET", "/v1/modems", NULL, print_modems);
}

static enum exit_code run_show(struct call *call)
{
	char path[PATH_SIZE];

	build_path(path, sizeof(path), "/v1/modems/%s", call->words[0]);
	return call_and_print(call, "GET", path, NULL, print_modem);
}

static enum exit_code act(struct call *call, const char *action)
{
	char path[PATH_SIZE];

	build_path(path, sizeof(path), "/v1/modems/%s/actions", call->words[0]);
	return call_and_print(call, "POST", path, json_pack("{ss}", "action", action), NULL);
}

static enum exit_code run_drain(struct call *call)
{
	return act(call, "drain");
}

static enum exit_code run_resume(struct call *call)
{
	return act(call, "resume");
}

static enum exit_code run_reset(struct call *call)
{
	return act(call, "reset");
}

static enum exit_code run_reopen(struct call *call)
{
	return act(call, "reopen");
}

static enum exit_code ask(struct call *call, const char *format, const char *member)
{
	char path[PATH_SIZE];
	json_t *body = json_object();

	json_object_set_new(body, member, json_string(call->words[1]));
	build_path(path, sizeof(path), format, call->words[0]);
	if (call->http.timeout_s < 190)
		call->http.timeout_s = 190; /* a network may take three minutes */
	return call_and_print(call, "POST", path, body, print_lines);
}

static enum exit_code run_at(struct call *call)
{
	return ask(call, "/v1/modems/%s/at", "command");
}

static enum exit_code run_ussd(struct call *call)
{
	return ask(call, "/v1/modems/%s/ussd", "code");
}

static bool print_trace(void *arg, const char *data)
{
	const struct call *call = arg;
	json_t *line = json_loads(data, 0, NULL);

	if (call->json)
		puts(data);
	else if (line != NULL)
		printf("%s %s %s\n", text_at(line, "at"), text_at(line, "direction"),
		       text_at(line, "line"));
	fflush(stdout);
	json_decref(line);
	return true;
}

static enum exit_code run_trace(struct call *call)
{
	char path[PATH_SIZE];

	build_path(path, sizeof(path), "/v1/modems/%s/trace", call->words[0]);
	return http_stream(&call->http, path, call->timeout_s, print_trace, call);
}

const struct verb modem_verbs[] = {
	{ "modem", "list", 0, 0, 0, "modem list", "all modems and what they are doing", run_list },
	{ "modem", "show", 1, 1, 0, "modem show NAME", "everything known of one", run_show },
	{ "modem", "drain", 1, 1, 0, "modem drain NAME", "send nothing more on it", run_drain },
	{ "modem", "resume", 1, 1, 0, "modem resume NAME", "send on it again", run_resume },
	{ "modem", "reset", 1, 1, 0, "modem reset NAME", "restart the modem", run_reset },
	{ "modem", "reopen", 1, 1, 0, "modem reopen NAME", "close and open its port", run_reopen },
	{ "modem", "at", 2, 2, 0, "modem at NAME COMMAND", "one AT command", run_at },
	{ "modem", "trace", 1, 1, 0, "modem trace NAME", "the live dialogue, masked", run_trace },
	{ "ussd", NULL, 2, 2, 0, "ussd NAME CODE", "a USSD code, such as '*100#'", run_ussd },
	{ 0 },
};
