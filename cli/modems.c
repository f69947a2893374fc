/* modems.c - modems, USSD, AT, the live dialogue. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/modems.h"
#include "cli/print.h"
#include "cli/term.h"

enum { PATH_SIZE = 1536 };

/* What a modem or a network said, without what the terminal would obey. */
static void put_line(const char *text)
{
	term_wrap(text, 0, 0, term_columns());
}

static void print_lines(const json_t *answer)
{
	const json_t *lines = json_object_get(answer, "lines"), *line;
	size_t i;

	json_array_foreach(lines, i, line) put_line(json_string_value(line));
	if (text_at(answer, "final")[0] != '\0')
		put_line(text_at(answer, "final"));
	if (text_at(answer, "answer")[0] != '\0')
		put_line(text_at(answer, "answer"));
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

static void print_action(const json_t *modem)
{
	printf("%s %s: %s\n", text_at(modem, "name"), text_at(modem, "state"),
	       text_at(modem, "why"));
}

static enum exit_code act(struct call *call, const char *action)
{
	char path[PATH_SIZE];

	build_path(path, sizeof(path), "/v1/modems/%s/actions", call->words[0]);
	return call_and_print(call, "POST", path, json_pack("{ss}", "action", action),
			      print_action);
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

/* What the modem refuses is answered well by the daemon, and failed all the same. */
static bool is_refusal(const json_t *answer)
{
	const char *final = text_at(answer, "final");

	return final[0] != '\0' && strcmp(final, "OK") != 0;
}

static enum exit_code ask(struct call *call, const char *format, const char *member)
{
	char path[PATH_SIZE];
	json_t *body = json_object(), *answer;
	enum exit_code result;

	json_object_set_new(body, member, json_string(call->words[1]));
	build_path(path, sizeof(path), format, call->words[0]);
	if (call->http.timeout_s < 190)
		call->http.timeout_s = 190; /* a network may take three minutes */
	result = http_call(&call->http, "POST", path, body, &answer);
	if (call->json)
		print_answer(answer, result);
	else if (result == EXIT_DONE)
		print_lines(answer);
	if (result == EXIT_DONE && is_refusal(answer))
		result = EXIT_FAILED;
	json_decref(answer);
	json_decref(body);
	return result;
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
	else if (line != NULL) {
		int used = printf("%s %s ", text_at(line, "at"), text_at(line, "direction"));

		term_wrap(text_at(line, "line"), used, used, term_columns());
	}
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
