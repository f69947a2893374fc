/* api_contacts.c - contact requests between two accounts of a site. */
#include <stdio.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/reply.h"
#include "api/request_input.h"
#include "base/util.h"
#include "service/refusals.h"

/* Names and orders are cleaned and cut by the rules; here only their size is bounded. */
enum { NAME_MAX_BYTES = 256, LOCALE_MAX = 32 };

struct contact_job {
	struct contact_request in;
	const char *id;
	struct contact_view view;
};

/* clang-format off */
#define AT(member) offsetof(struct contact_job, in.member)
static const struct json_member create_members[] = {
	{ .name = "from_account", .kind = JSON_IN_TEXT, .required = true, .min = 1,
	  .max = ACCOUNT_SIZE - 1, .offset = AT(from_account) },
	{ .name = "to_account", .kind = JSON_IN_TEXT, .required = true, .min = 1,
	  .max = ACCOUNT_SIZE - 1, .offset = AT(to_account) },
	{ .name = "from_name", .kind = JSON_IN_TEXT, .required = true, .min = 1,
	  .max = NAME_MAX_BYTES, .offset = AT(from_name) },
	{ .name = "to_name", .kind = JSON_IN_TEXT, .required = true, .min = 1,
	  .max = NAME_MAX_BYTES, .offset = AT(to_name) },
	{ .name = "order", .kind = JSON_IN_TEXT, .required = true, .min = 1,
	  .max = NAME_MAX_BYTES, .offset = AT(order) },
	{ .name = "locale", .kind = JSON_IN_TEXT, .min = 1, .max = LOCALE_MAX, .offset = AT(locale) },
};
#undef AT
/* clang-format on */

static void contact_job_free(void *arg)
{
	struct contact_job *job = arg;

	contact_view_free(&job->view);
}

static void forget(struct contact_job *job)
{
	contact_view_free(&job->view);
	memset(&job->view, 0, sizeof(job->view));
}

static int create(const struct rule *rule, void *arg, struct refusal *why)
{
	struct contact_job *job = arg;

	return contact_create(rule, &job->in, &job->view, why);
}

static int run_create(const struct rule *rule, void *arg, struct refusal *why)
{
	struct contact_job *job = arg;

	forget(job);
	return refusal_told(rule, "contact_request.refused", NULL, create, job, why);
}

static int run_show(const struct rule *rule, void *arg, struct refusal *why)
{
	struct contact_job *job = arg;

	forget(job);
	return contact_show(rule, job->id, &job->view, why);
}

static void render_new(struct request *request)
{
	struct contact_job *job = request->job;
	struct json_text out = { 0 };

	snprintf(request->location, sizeof(request->location), "/v1/contact-requests/%s",
		 job->view.row.id);
	json_out_contact(&out, &job->view);
	reply_json(request, MHD_HTTP_ACCEPTED, &out);
}

static void render(struct request *request)
{
	struct contact_job *job = request->job;
	struct json_text out = { 0 };

	json_out_contact(&out, &job->view);
	reply_json(request, MHD_HTTP_OK, &out);
}

void handle_contact_create(struct request *request)
{
	struct contact_job *job = request_job(request, sizeof(*job), contact_job_free);

	if (job != NULL && request_read(request, create_members, ARRAY_LEN(create_members), job))
		request_write(request, run_create, render_new);
}

void handle_contact_show(struct request *request)
{
	struct contact_job *job;

	if (!id_is(request->param[0], ID_CONTACT)) {
		reply_not_found(request);
		return;
	}
	job = request_job(request, sizeof(*job), contact_job_free);
	if (job == NULL)
		return;
	job->id = request->param[0];
	request_fetch(request, run_show, render);
}
