/* wait.c - until a message is sent or has failed: asked anew after each of its events. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/messages.h"
#include "cli/print.h"

enum { PATH_SIZE = 1536, POLL_S = 25, DEFAULT_WAIT_S = 300 };

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
		print_message_state(message);
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

enum exit_code wait_for_message(struct call *call, const char *id)
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
