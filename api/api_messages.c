/* api_messages.c - messages: parse on the loop, rule on the store's thread, render on the loop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/reply.h"
#include "api/request_input.h"
#include "base/secret.h"
#include "base/util.h"

enum { TO_MAX = 64, TTL_MAX_S = 365 * 24 * 3600 };

struct message_job {
	struct message_request in;
	const char *id;
	struct fleet_glance fleet;
	struct message_view view;
};

static void message_job_free(void *arg)
{
	struct message_job *job = arg;

	message_view_free(&job->view);
}

/* A transaction may run again: what an earlier run left goes first. */
static void forget(struct message_job *job)
{
	message_view_free(&job->view);
	memset(&job->view, 0, sizeof(job->view));
}

static void render_message(struct request *request)
{
	struct message_job *job = request->job;
	struct json_text out = { 0 };

	json_out_message(&out, &job->view, true);
	reply_json(request, MHD_HTTP_OK, &out);
}

static void render_new_message(struct request *request)
{
	struct message_job *job = request->job;
	struct json_text out = { 0 };

	snprintf(request->location, sizeof(request->location), "/v1/messages/%s", job->view.row.id);
	json_out_message(&out, &job->view, true);
	reply_json(request, MHD_HTTP_ACCEPTED, &out);
}

static int run_create(const struct rule *rule, void *arg, struct refusal *why)
{
	struct message_job *job = arg;

	forget(job);
	return message_create(rule, &job->in, &job->view, why);
}

static int run_show(const struct rule *rule, void *arg, struct refusal *why)
{
	struct message_job *job = arg;

	forget(job);
	return message_show(rule, job->id, &job->view, why);
}

static int run_cancel(const struct rule *rule, void *arg, struct refusal *why)
{
	struct message_job *job = arg;

	forget(job);
	return message_cancel(rule, job->id, &job->view, why);
}

static int run_retry(const struct rule *rule, void *arg, struct refusal *why)
{
	struct message_job *job = arg;

	forget(job);
	return message_retry(rule, job->id, &job->view, why);
}

/* In the order of enum message_priority, enum gsm_encoding, enum config_translit. */
static const char *const priority_words[] = { "high", "normal", "low", NULL };
const char *const encoding_words[] = { "auto", "gsm7", "ucs2", NULL };
const char *const translit_words[] = { "never", "save_parts", "always", NULL };

/* clang-format off */
static const struct json_member create_members[] = {
	{ .name = "to", .kind = JSON_IN_TEXT, .required = true, .min = 1, .max = TO_MAX,
	  .offset = offsetof(struct message_job, in.to) },
	{ .name = "text", .kind = JSON_IN_TEXT, .required = true, .min = 1, .max = TEXT_SIZE - 1,
	  .offset = offsetof(struct message_job, in.text) },
	{ .name = "priority", .kind = JSON_IN_WORD, .words = priority_words,
	  .offset = offsetof(struct message_job, in.priority) },
	{ .name = "ttl", .kind = JSON_IN_SECONDS, .min = 1, .max = TTL_MAX_S,
	  .offset = offsetof(struct message_job, in.ttl_ms) },
	{ .name = "report", .kind = JSON_IN_FLAG,
	  .offset = offsetof(struct message_job, in.report) },
	{ .name = "encoding", .kind = JSON_IN_WORD, .words = encoding_words,
	  .offset = offsetof(struct message_job, in.encoding) },
	{ .name = "transliterate", .kind = JSON_IN_WORD_OR_FLAG, .words = translit_words,
	  .offset = offsetof(struct message_job, in.transliterate) },
	{ .name = "send_at", .kind = JSON_IN_TIME,
	  .offset = offsetof(struct message_job, in.send_at) },
	{ .name = "reference", .kind = JSON_IN_TEXT, .min = 1, .max = REFERENCE_SIZE - 1,
	  .offset = offsetof(struct message_job, in.reference) },
};
/* clang-format on */

void handle_message_create(struct request *request)
{
	struct message_job *job = request_job(request, sizeof(*job), message_job_free);

	if (job == NULL)
		return;
	job->in.priority = PRIORITY_NORMAL;
	job->in.encoding = GSM_AUTO;
	job->in.transliterate = -1;
	glance_at_modems(request, &job->fleet);
	if (request_read(request, create_members, ARRAY_LEN(create_members), job))
		request_write(request, run_create, render_new_message);
}

/* The job of a route about one message; NULL: answered. */
static struct message_job *job_by_id(struct request *request)
{
	struct message_job *job;

	if (!id_is(request->param[0], ID_MESSAGE)) {
		reply_not_found(request);
		return NULL;
	}
	job = request_job(request, sizeof(*job), message_job_free);
	if (job == NULL)
		return NULL;
	job->id = request->param[0];
	glance_at_modems(request, &job->fleet);
	return job;
}

void handle_message_show(struct request *request)
{
	if (job_by_id(request) != NULL)
		request_fetch(request, run_show, render_message);
}

void handle_message_cancel(struct request *request)
{
	if (job_by_id(request) != NULL)
		request_write(request, run_cancel, render_message);
}

void handle_message_retry(struct request *request)
{
	if (job_by_id(request) != NULL && request_read(request, NULL, 0, NULL))
		request_write(request, run_retry, render_new_message);
}

struct list_job {
	struct message_filter filter;
	struct fleet_glance fleet;
	struct message_view *views;
	size_t n;
	char next[ID_SIZE];
};

static void list_job_free(void *arg)
{
	struct list_job *job = arg;

	for (size_t i = 0; i < job->n; i++)
		message_view_free(&job->views[i]);
	free(job->views);
	job->views = NULL;
	job->n = 0;
}

static int run_list(const struct rule *rule, void *arg, struct refusal *why)
{
	struct list_job *job = arg;

	list_job_free(job);
	return message_list(rule, &job->filter, &job->views, &job->n, job->next, why);
}

static void render_list(struct request *request)
{
	struct list_job *job = request->job;
	struct json_text out = { 0 };

	json_out_list_open(&out);
	for (size_t i = 0; i < job->n; i++)
		json_out_message(&out, &job->views[i], false);
	json_out_list_close(&out, job->next);
	reply_json(request, MHD_HTTP_OK, &out);
}

static int parse_kind(const char *name)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if (strcmp(config_kind_name((enum config_kind)kind), name) == 0)
			return kind;
	}
	return -1;
}

void handle_message_list(struct request *request)
{
	struct list_job *job = request_job(request, sizeof(*job), list_job_free);
	struct message_filter *filter;

	if (job == NULL)
		return;
	filter = &job->filter;
	filter->state = filter->kind = -1;
	filter->to = path_query(&request->path, "to");
	filter->reference = path_query(&request->path, "reference");
	request_sites(request, &filter->sites, &filter->n_sites);
	glance_at_modems(request, &job->fleet);
	if (request_page(request, ID_MESSAGE, &filter->after, &filter->limit) &&
	    request_word(request, "state", message_state_parse, &filter->state) &&
	    request_word(request, "kind", parse_kind, &filter->kind))
		request_fetch(request, run_list, render_list);
}
