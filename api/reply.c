/* reply.c - answers become libmicrohttpd responses, and sleeping connections wake for them. */
#include "api/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/request.h"
#include "base/clock.h"
#include "base/secret.h"

static const char media_json[] = "application/json";
static const char media_problem[] = "application/problem+json";

void reply_response(struct request *request, unsigned status, struct MHD_Response *response)
{
	bool sleeping = request->phase == PHASE_WAITING;

	if (request->phase == PHASE_ANSWERED || request->connection == NULL) {
		if (response != NULL)
			MHD_destroy_response(response);
		return;
	}
	request->phase = PHASE_ANSWERED;
	request->response = response;
	request->status = status;
	metrics_answer(&request->api->metrics, request->route, status);
	if (!sleeping)
		return;
	MHD_resume_connection(request->connection);
	api_wake(request->api);
}

static void free_text(void *text)
{
	secret_free(text);
}

static void reply_text(struct request *request, unsigned status, const char *type,
		       struct json_text *text, int64_t retry_after_s)
{
	struct MHD_Response *response =
		text->failed ? NULL
			     : MHD_create_response_from_buffer_with_free_callback(
				       text->n, text->data, free_text);
	char seconds[24];

	if (response == NULL) {
		json_text_free(text);
		reply_response(request, status, NULL); /* no memory: the connection ends */
		return;
	}
	MHD_add_response_header(response, "Content-Type", type);
	if (request->location[0] != '\0')
		MHD_add_response_header(response, "Location", request->location);
	if (request->allow[0] != '\0')
		MHD_add_response_header(response, "Allow", request->allow);
	if (retry_after_s > 0) {
		snprintf(seconds, sizeof(seconds), "%lld", (long long)retry_after_s);
		MHD_add_response_header(response, "Retry-After", seconds);
	}
	if (request->api->closing)
		MHD_add_response_header(response, "Connection", "close");
	reply_response(request, status, response);
}

void reply_json(struct request *request, unsigned status, struct json_text *body)
{
	reply_text(request, status, media_json, body, problem_retry_after(status, 0));
}

void reply_plain(struct request *request, struct json_text *text)
{
	reply_text(request, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text, 0);
}

void reply_nothing(struct request *request)
{
	static char empty[] = "";

	reply_response(request, MHD_HTTP_NO_CONTENT,
		       MHD_create_response_from_buffer(0, empty, MHD_RESPMEM_PERSISTENT));
}

static void reply_refused(struct request *request, unsigned status, const char *reason,
			  const char *detail, const struct problem_more *more)
{
	struct json_text body = { 0 };

	problem_json(&body, status, reason, detail, more);
	request->location[0] = '\0';
	reply_text(request, status, media_problem, &body, more->retry_after_s);
}

void reply_problem(struct request *request, enum problem problem, const char *format, ...)
{
	struct problem_more more = { .retry_after_s =
					     problem_retry_after(problem_status(problem), 0) };
	char detail[256];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	reply_refused(request, problem_status(problem), problem_reason(problem), detail, &more);
}

void reply_fields(struct request *request, const struct field_errors *errors)
{
	const struct problem_more more = { .errors = errors };
	char detail[320];

	snprintf(detail, sizeof(detail), "%s: %s", errors->items[0].field, errors->items[0].detail);
	reply_refused(request, problem_status(PROBLEM_FIELDS), errors->items[0].reason, detail,
		      &more);
}

void reply_refusal(struct request *request, const struct refusal *why)
{
	unsigned status = problem_reason_status(why->reason);
	struct field_errors errors = { .n = 0 };
	const struct problem_more more = {
		.errors = &errors,
		.alternatives = why->alternatives,
		.retry_after_s = problem_retry_after(status, why->retry_after_ms),
		.why = why,
		.next_allowed_at_ms =
			why->retry_after_ms > 0 ? clock_now_ms() + why->retry_after_ms : 0,
	};

	if (why->field[0] != '\0') {
		problem_add_field(&errors, why->field, why->field_reason, "%s", why->detail);
		snprintf(errors.items[0].hint, sizeof(errors.items[0].hint), "%s", why->hint);
	}
	reply_refused(request, status,
		      why->reason == REASON_FIELD ? why->field_reason : reason_name(why->reason),
		      why->detail, &more);
}

void reply_not_found(struct request *request)
{
	reply_problem(request, PROBLEM_NOT_FOUND,
		      "There is no such object among what this client may see.");
}
