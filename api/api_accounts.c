/* api_accounts.c - what is held of an account: shown, exported, unbound, erased; and whether it
 * wants contact requests. */
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/reply.h"
#include "api/request_input.h"
#include "base/clock.h"
#include "base/util.h"
#include "service/export.h"
#include "service/optout.h"

struct account_job {
	const char *account, *phone;
	struct account_view view;
	struct account_export export;
	bool allowed; /* contact requests */
};

static void forget(struct account_job *job)
{
	account_view_free(&job->view);
	memset(&job->view, 0, sizeof(job->view));
	account_export_free(&job->export);
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

static int run_export(const struct rule *rule, void *arg, struct refusal *why)
{
	struct account_job *job = arg;

	forget(job);
	return account_export(rule, job->account, &job->export, why);
}

static int run_contact(const struct rule *rule, void *arg, struct refusal *why)
{
	struct account_job *job = arg;
	int err = optout_by_account(rule, job->account, job->allowed, why);

	return err == 0 ? run_show(rule, job, why) : err;
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

static void out_export(struct json_text *out, const struct account_export *export)
{
	json_text_open(out, "verifications", '[');
	for (size_t i = 0; i < export->n_verifications; i++)
		json_out_verification(out, &export->verifications[i], NULL, 0);
	json_text_close(out, ']');
	json_text_open(out, "contact_requests", '[');
	for (size_t i = 0; i < export->n_contacts; i++)
		json_out_contact(out, &export->contacts[i]);
	json_text_close(out, ']');
	json_text_open(out, "messages", '[');
	for (size_t i = 0; i < export->n_messages; i++)
		json_out_message(out, &export->messages[i], false);
	json_text_close(out, ']');
	json_text_open(out, "inbox", '[');
	for (size_t i = 0; i < export->n_inbox; i++)
		json_out_inbox(out, &export->inbox[i]);
	json_text_close(out, ']');
	json_text_open(out, "events", '[');
	for (size_t i = 0; i < export->n_events; i++)
		json_out_event(out, &export->events[i]);
	json_text_close(out, ']');
}

static void render_export(struct request *request)
{
	struct account_job *job = request->job;
	struct json_text out = { 0 };

	json_text_open(&out, NULL, '{');
	json_text_string(&out, "site", request->site->name);
	json_text_time(&out, "exported_at", clock_now_ms());
	json_text_flag(&out, "complete", job->export.whole);
	json_out_account(&out, &job->export.account);
	out_export(&out, &job->export);
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

static const struct json_member contact_members[] = {
	{ .name = "allowed",
	  .kind = JSON_IN_FLAG,
	  .required = true,
	  .offset = offsetof(struct account_job, allowed) },
};

/* The user's setting at the site: may others ask him to get in touch? */
void handle_account_contact(struct request *request)
{
	struct account_job *job = job_of(request);

	if (job != NULL && request_read(request, contact_members, ARRAY_LEN(contact_members), job))
		request_write(request, run_contact, render);
}
