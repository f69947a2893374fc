/* status.c - health, queue and modems in one picture; drawn anew: watch.c. */
#include "cli/status.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "cli/modems.h"
#include "cli/print.h"
#include "cli/term.h"

enum { LINE_SIZE = 256 };

void status_free(struct status *status)
{
	json_decref(status->status);
	json_decref(status->health);
	json_decref(status->modems);
	*status = (struct status){ 0 };
}

enum exit_code status_fetch(const struct call *call, struct status *status)
{
	struct status got = { 0 };
	enum exit_code result = http_call(&call->http, "GET", "/v1/status", NULL, &got.status);

	if (result == EXIT_DONE)
		result = http_call(&call->http, "GET", "/v1/modems", NULL, &got.modems);
	if (result == EXIT_DONE) /* where the health is fail, 503 comes with it */
		http_call(&call->http, "GET", "/healthz", NULL, &got.health);
	if (result == EXIT_DONE && got.health == NULL)
		result = EXIT_UNREACHABLE;
	status_free(result == EXIT_DONE ? status : &got);
	if (result == EXIT_DONE)
		*status = got;
	return result;
}

enum exit_code status_exit(const struct status *status)
{
	static const struct {
		const char *health;
		enum exit_code exit;
	} exits[] = { { "pass", EXIT_DONE },
		      { "warn", EXIT_FAILED },
		      { "fail", EXIT_WRONG_USAGE } };

	for (size_t i = 0; i < ARRAY_LEN(exits); i++)
		if (strcmp(exits[i].health, text_at(status->health, "status")) == 0)
			return exits[i].exit;
	return EXIT_WRONG_USAGE;
}

/* ---- the picture ---- */

static void print_health(const json_t *health)
{
	json_t *checks = json_object_get(health, "checks"), *check;
	const char *name;

	print_state("health", text_at(health, "status"));
	json_object_foreach(checks, name, check)
	{
		if (strcmp(text_at(check, "status"), "pass") != 0)
			print_line("", "%s: %s", name, text_at(check, "detail"));
	}
}

static void print_queue(const json_t *queue)
{
	const char *since = short_time(text_at(queue, "oldest_queued_at"));

	print_line("queue", "%lld waiting%s%s", number_at(queue, "waiting"),
		   since[0] != '-' ? ", the oldest for " : "", since[0] != '-' ? since : "");
}

static void print_counts(const json_t *counts)
{
	char line[LINE_SIZE] = "";
	const char *state;
	size_t used = 0;
	json_t *n;

	json_object_foreach((json_t *)counts, state, n)
	{
		if (json_integer_value(n) > 0 && used < sizeof(line))
			used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s %lld",
						 used > 0 ? ", " : "", state,
						 (long long)json_integer_value(n));
	}
	print_field("messages", line[0] != '\0' ? line : "none");
}

void status_print(const struct call *call, const struct status *status)
{
	if (call->json) {
		json_object_set(status->status, "health", status->health);
		print_json(status->status);
		return;
	}
	print_health(status->health);
	print_line("simgated", "%s, started %s", text_at(status->status, "version"),
		   relative_time(text_at(status->status, "started_at")));
	print_queue(json_object_get(status->status, "queue"));
	print_counts(json_object_get(status->status, "messages"));
	putchar('\n');
	print_modems(status->modems);
}

static enum exit_code run_status(struct call *call)
{
	struct status status = { 0 };
	enum exit_code result;

	if (call->option[OPT_WATCH] != NULL)
		return status_watch(call);
	result = status_fetch(call, &status);
	if (result == EXIT_DONE) {
		status_print(call, &status);
		result = status_exit(&status);
	}
	status_free(&status);
	return result;
}

const struct verb status_verbs[] = {
	{ "status", NULL, 0, 0, OPT(WATCH), "status [--watch]",
	  "health, queue and modems; exit 0 pass, 1 warn, 2 fail", run_status },
	{ 0 },
};
