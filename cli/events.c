/* events.c - status and the event log. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

enum { PATH_SIZE = 1536, REDRAW_S = 10 };

static void print_event_object(const json_t *event)
{
	const json_t *data = json_object_get(event, "data");

	printf("%lld  %s  %-24s %s", number_at(event, "seq"), text_at(event, "at"),
	       text_at(event, "type"), text_at(event, "subject"));
	if (text_at(data, "modem")[0] != '\0')
		printf("  %s", text_at(data, "modem"));
	if (text_at(data, "reason")[0] != '\0')
		printf("  %s", text_at(data, "reason"));
	putchar('\n');
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

/* ---- status ---- */

static const struct {
	const char *status;
	int exit;
} health[] = { { "pass", 0 }, { "warn", 1 }, { "fail", 2 } };

static void print_counts(const json_t *status)
{
	const json_t *counts = json_object_get(status, "messages");
	const char *state;
	json_t *n;

	printf("messages    ");
	json_object_foreach((json_t *)counts, state, n) if (json_integer_value(n) > 0)
		printf(" %s %lld", state, (long long)json_integer_value(n));
	putchar('\n');
}

static void print_checks(const json_t *healthz)
{
	json_t *checks = json_object_get(healthz, "checks"), *check;
	const char *name;

	print_field("health", coloured(text_at(healthz, "status")));
	json_object_foreach(checks, name, check) if (strcmp(text_at(check, "status"), "pass") != 0)
		printf("  %s: %s: %s\n", name, text_at(check, "status"), text_at(check, "detail"));
}

/* *seq (may be NULL): the newest event. Exit 0, 1 or 2 as the health is pass, warn or fail. */
static enum exit_code show_status(struct call *call, long long *seq)
{
	json_t *status, *healthz;
	enum exit_code result = http_call(&call->http, "GET", "/v1/status", NULL, &status);

	if (result != EXIT_DONE)
		return result;
	http_call(&call->http, "GET", "/healthz", NULL, &healthz);
	if (call->json) {
		json_object_set(status, "health", healthz);
		print_json(status);
	} else {
		print_field("version", text_at(status, "version"));
		print_checks(healthz);
		print_counts(status);
		call_and_print(call, "GET", "/v1/modems", NULL, print_modems);
	}
	result = EXIT_FAILED;
	for (size_t i = 0; i < sizeof(health) / sizeof(health[0]); i++)
		if (strcmp(health[i].status, text_at(healthz, "status")) == 0)
			result = (enum exit_code)health[i].exit;
	if (seq != NULL)
		*seq = number_at(status, "last_event");
	json_decref(healthz);
	json_decref(status);
	return result;
}

static bool is_enough(void *arg, const char *data)
{
	(void)arg;
	(void)data;
	return false;
}

/* Drawn anew after events, twice a second at most, and now and then for the times in it. Ends with
 * the daemon, or by Ctrl-C. */
static enum exit_code watch_status(struct call *call)
{
	bool terminal = isatty(STDOUT_FILENO) && !call->json;
	char path[PATH_SIZE];
	enum exit_code result;
	long long seq = 0;

	do {
		if (terminal)
			fputs("\033[H\033[J", stdout);
		result = show_status(call, &seq);
		fflush(stdout);
		if (result > EXIT_WRONG_USAGE) /* 0 to 2 are the health */
			return result;
		nanosleep(&(struct timespec){ .tv_nsec = 500 * 1000 * 1000 }, NULL);
		snprintf(path, sizeof(path), "/v1/events?after=%lld", seq);
		result = http_stream(&call->http, path, REDRAW_S, is_enough, NULL);
	} while (result == EXIT_DONE || result == EXIT_TIMED_OUT);
	return result;
}

static enum exit_code run_status(struct call *call)
{
	return call->option[OPT_WATCH] != NULL ? watch_status(call) : show_status(call, NULL);
}

const struct verb event_verbs[] = {
	{ "status", NULL, 0, 0, OPT(WATCH), "status [--watch]",
	  "health, queue and modems; exit 0 pass, 1 warn, 2 fail", run_status },
	{ "events", NULL, 0, 0, OPT(AFTER) | OPT(TYPES) | OPT(LIMIT) | OPT(FOLLOW), "events [-f]",
	  "what happened; -f follows", run_events },
	{ 0 },
};
