/* api_numbers.c - one phone number, for operators: what is held, locks opened, all forgotten. */
#include <stdbool.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/reply.h"
#include "api/request_input.h"
#include "base/util.h"
#include "service/subscribers.h"

enum { PHONE_MAX = 64 };

struct number_job {
	const char *phone;
	bool opt_in;
	struct subscriber_view view;
};

static void number_job_free(void *arg)
{
	struct number_job *job = arg;

	subscriber_view_free(&job->view);
}

static int run_show(const struct rule *rule, void *arg, struct refusal *why)
{
	struct number_job *job = arg;

	subscriber_view_free(&job->view);
	return subscriber_show(rule, job->phone, &job->view, why);
}

static int run_unlock(const struct rule *rule, void *arg, struct refusal *why)
{
	struct number_job *job = arg;

	return subscriber_unlock(rule, job->phone, job->opt_in, why);
}

static int run_erase(const struct rule *rule, void *arg, struct refusal *why)
{
	struct number_job *job = arg;

	return subscriber_erase(rule, job->phone, why);
}

static void out_account(struct json_text *out, const struct subscriber_account *account)
{
	json_text_open(out, NULL, '{');
	json_text_string(out, "account", account->account);
	json_text_flag(out, "owner", account->owner);
	json_text_number(out, "wrong_entries", account->wrong_entries);
	json_text_time(out, "locked_until", account->locked_until);
	json_text_close(out, '}');
}

static void out_site(struct json_text *out, const struct subscriber_site *site)
{
	json_text_open(out, NULL, '{');
	json_text_string(out, "site", site->site);
	json_text_number(out, "sends_hour", site->sends_hour);
	json_text_number(out, "sends_day", site->sends_day);
	json_text_number(out, "wrong_entries", site->wrong_entries);
	json_text_time(out, "locked_until", site->locked_until);
	json_text_time(out, "next_send_at", site->next_send_at);
	json_text_time(out, "suspended_until", site->suspended_until);
	json_text_open(out, "accounts", '[');
	for (size_t i = 0; i < site->n_accounts; i++)
		out_account(out, &site->accounts[i]);
	json_text_close(out, ']');
	json_text_close(out, '}');
}

static void render(struct request *request)
{
	const struct subscriber_view *view = &((struct number_job *)request->job)->view;
	struct json_text out = { 0 };

	json_text_open(&out, NULL, '{');
	json_text_string(&out, "phone", view->phone);
	json_text_time(&out, "opted_out_at", view->opted_out_at);
	json_text_open(&out, "sites", '[');
	for (size_t i = 0; i < view->n_sites; i++)
		out_site(&out, &view->sites[i]);
	json_text_close(&out, ']');
	json_text_close(&out, '}');
	reply_json(request, MHD_HTTP_OK, &out);
}

/* An operator of every site who names none means all, also what a site that is no more has left;
 * one of several sites names the one that he means. */
static struct number_job *job_of(struct request *request)
{
	struct number_job *job;

	if (request->access->every_site && !request->site_named)
		request->site = NULL;
	if (request->site == NULL && !request->access->every_site) {
		reply_problem(request, PROBLEM_SITE_REQUIRED,
			      "Name one of your sites by the header Simgate-Site or ?site=.");
		return NULL;
	}
	if (strlen(request->param[0]) > PHONE_MAX) {
		reply_not_found(request);
		return NULL;
	}
	job = request_job(request, sizeof(*job), number_job_free);
	if (job != NULL)
		job->phone = request->param[0];
	return job;
}

void handle_number_show(struct request *request)
{
	if (job_of(request) != NULL)
		request_fetch(request, run_show, render);
}

static const struct json_member unlock_members[] = {
	{ .name = "opt_in", .kind = JSON_IN_FLAG, .offset = offsetof(struct number_job, opt_in) },
};

void handle_number_unlock(struct request *request)
{
	struct number_job *job = job_of(request);

	if (job != NULL && request_read(request, unlock_members, ARRAY_LEN(unlock_members), job))
		request_write(request, run_unlock, reply_nothing);
}

void handle_number_erase(struct request *request)
{
	if (job_of(request) != NULL)
		request_write(request, run_erase, reply_nothing);
}
