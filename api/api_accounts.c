/* api_accounts.c - what is held of an account: shown, exported, unbound, erased. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/reply.h"
#include "api/request.h"
#include "base/clock.h"

enum { EXPORT_PAGE = 200, EXPORT_PAGES_MAX = 50 };

struct account_job {
	const char *account, *phone;
	struct account_view view;
	/* of an export: messages to its number, newest first */
	struct message_view *messages;
	size_t n_messages;
};

static void forget(struct account_job *job)
{
	account_view_free(&job->view);
	memset(&job->view, 0, sizeof(job->view));
	for (size_t i = 0; i < job->n_messages; i++)
		message_view_free(&job->messages[i]);
	free(job->messages);
	job->messages = NULL;
	job->n_messages = 0;
}

static void account_job_free(void *arg)
{
	forget(arg);
}

static int run_show(const struct rule *rule, void *arg, struct refusal *why)
{
	struct account_job *job = arg;

	forget(job);
	return account_show(rule, job->account, &job->view, why);
}

static int run_erase(const struct rule *rule, void *arg, struct refusal *why)
{
	struct account_job *job = arg;

	return account_erase(rule, job->account, why);
}

static int run_unbind(const struct rule *rule, void *arg, struct refusal *why)
{
	struct account_job *job = arg;

	return account_unbind(rule, job->account, job->phone, why);
}

/* Takes the page over. */
static int add_page(struct account_job *job, struct message_view *page, size_t n)
{
	struct message_view *all = realloc(job->messages, (job->n_messages + n) * sizeof(*all) + 1);

	if (all == NULL) {
		for (size_t i = 0; i < n; i++)
			message_view_free(&page[i]);
		free(page);
		return -ENOMEM;
	}
	if (n > 0)
		memcpy(all + job->n_messages, page, n * sizeof(*all));
	free(page);
	job->messages = all;
	job->n_messages += n;
	return 0;
}

static int read_messages(const struct rule *rule, struct account_job *job, struct refusal *why)
{
	char next[ID_SIZE] = "", after[ID_SIZE];
	struct message_filter filter = {
		.state = -1,
		.kind = -1,
		.to = job->view.phone,
		.limit = EXPORT_PAGE,
		.sites = &rule->site->name,
		.n_sites = 1,
	};

	for (int page = 0; page < EXPORT_PAGES_MAX; page++) {
		struct message_view *views = NULL;
		size_t n = 0;
		int err = message_list(rule, &filter, &views, &n, next, why);

		if (err == 0)
			err = add_page(job, views, n);
		if (err != 0 || next[0] == '\0')
			return err;
		memcpy(after, next, sizeof(after));
		filter.after = after;
	}
	return 0;
}

static int run_export(const struct rule *rule, void *arg, struct refusal *why)
{
	struct account_job *job = arg;
	int err = run_show(rule, job, why);

	if (err == 0 && why->reason == REASON_NONE && job->view.phone[0] != '\0')
		err = read_messages(rule, job, why);
	return err;
}

static void render(struct request *request)
{
	struct account_job *job = request->job;
	struct json_text out = { 0 };

	json_text_open(&out, NULL, '{');
	json_out_account(&out, &job->view);
	json_text_close(&out, '}');
	reply_json(request, MHD_HTTP_OK, &out);
}

static void render_export(struct request *request)
{
	struct account_job *job = request->job;
	struct json_text out = { 0 };

	json_text_open(&out, NULL, '{');
	json_text_string(&out, "site", request->site->name);
	json_text_time(&out, "exported_at", clock_now_ms());
	json_out_account(&out, &job->view);
	json_text_open(&out, "messages", '[');
	for (size_t i = 0; i < job->n_messages; i++)
		json_out_message(&out, &job->messages[i], false);
	json_text_close(&out, ']');
	json_text_close(&out, '}');
	reply_json(request, MHD_HTTP_OK, &out);
}

/* Accounts are the site's own words: only one that could be held is looked for. */
static struct account_job *job_of(struct request *request)
{
	struct account_job *job;

	if (strlen(request->param[0]) >= ACCOUNT_SIZE) {
		reply_not_found(request);
		return NULL;
	}
	job = request_job(request, sizeof(*job), account_job_free);
	if (job == NULL)
		return NULL;
	job->account = request->param[0];
	job->phone = request->param[1];
	return job;
}

void handle_account_show(struct request *request)
{
	if (job_of(request) != NULL)
		request_fetch(request, run_show, render);
}

void handle_account_export(struct request *request)
{
	if (job_of(request) != NULL)
		request_fetch(request, run_export, render_export);
}

void handle_account_erase(struct request *request)
{
	if (job_of(request) != NULL)
		request_write(request, run_erase, reply_nothing);
}

void handle_account_unbind(struct request *request)
{
	if (job_of(request) != NULL)
		request_write(request, run_unbind, reply_nothing);
}
