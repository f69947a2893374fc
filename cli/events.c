/* events.c - the event log. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/print.h"
#include "cli/term.h"

enum { PATH_SIZE = 1536, WORDS_SIZE = 512, DAY_CHARS = 10, CLOCK_AT = 11 };

/* In a terminal the clock is enough: the day stands above the first of its events. */
static int put_time(const char *at)
{
	static char day[DAY_CHARS + 1];

	if (term_columns() == INT_MAX)
		return printf("%s", at);
	if (strncmp(day, at, DAY_CHARS) != 0) {
		snprintf(day, sizeof(day), "%s", at);
		printf("%s UTC\n", day);
	}
	return printf("%.8s", strlen(at) > CLOCK_AT ? at + CLOCK_AT : at);
}

static void print_event_object(const json_t *event)
{
	const json_t *data = json_object_get(event, "data");
	const char *subject = text_at(event, "subject"), *modem = text_at(data, "modem");
	const char *reason = text_at(data, "reason");
	int used, indent;
	char words[WORDS_SIZE];

	used = put_time(text_at(event, "at"));
	used += printf("  %-5lld  ", number_at(event, "seq"));
	indent = used;
	used += printf("%-17s  ", text_at(event, "type"));
	used += term_put(subject, term_columns());
	if (strcmp(modem, subject) == 0) /* of the modem's own */
		modem = "";
	snprintf(words, sizeof(words), "%s%s%s%s", modem[0] != '\0' ? "  " : "", modem,
		 reason[0] != '\0' ? "  " : "", reason);
	term_wrap(words, used, indent, term_columns());
}

static void print_events(const json_t *list)
{
	const json_t *items = json_object_get(list, "items"), *event;
	size_t i;

	json_array_foreach(items, i, event) print_event_object(event);
}

static bool print_streamed(void *arg, const char *data)
{
	const struct call *call = arg;
	json_t *event = json_loads(data, 0, NULL);

	if (call->json)
		puts(data);
	else if (event != NULL)
		print_event_object(event);
	fflush(stdout);
	json_decref(event);
	return true;
}

static enum exit_code run_events(struct call *call)
{
	char path[PATH_SIZE] = "/v1/events";

	add_query(path, sizeof(path), "after", call->option[OPT_AFTER]);
	add_query(path, sizeof(path), "types", call->option[OPT_TYPES]);
	if (call->option[OPT_FOLLOW] != NULL)
		return http_stream(&call->http, path, call->timeout_s, print_streamed, call);
	add_query(path, sizeof(path), "limit", call->option[OPT_LIMIT]);
	return call_and_print(call, "GET", path, NULL, print_events);
}

const struct verb event_verbs[] = {
	{ "events", NULL, 0, 0, OPT(AFTER) | OPT(TYPES) | OPT(LIMIT) | OPT(FOLLOW), "events [-f]",
	  "what happened; -f follows", run_events },
	{ 0 },
};
