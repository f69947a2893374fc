/* api_verifications.c - verifications: asked for, shown, checked, canceled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/reply.h"
#include "api/request_input.h"
#include "base/util.h"
#include "service/refusals.h"

/* What a form may hold; what it means is for the rules to say. */
enum { PHONE_MAX = 64, WORD_MAX = 32, CODE_MAX = 64, APP_HASH_MAX = 32 };

struct verification_job {
	struct verification_request in;
	const char *id, *code, *account;
	enum check_result result;
	struct verification_view view;
	struct event *history; /* of one that is shown */
	size_t n_history;
	struct gateways gateways;
	struct fleet_glance fleet;
};

/* clang-format off */
#define AT(member) offsetof(struct verification_job, member)
static const struct json_member create_members[] = {
	{ .name = "account", .kind = JSON_IN_TEXT, .required = true, .min = 1,
	  .max = ACCOUNT_SIZE - 1, .offset = AT(in.account) },
	{ .name = "phone", .kind = JSON_IN_TEXT, .max = PHONE_MAX, .offset = AT(in.phone) },
	{ .name = "channel", .kind = JSON_IN_TEXT, .min = 1, .max = WORD_MAX, .offset = AT(in.channel) },
	{ .name = "locale", .kind = JSON_IN_TEXT, .min = 1, .max = WORD_MAX, .offset = AT(in.locale) },
	{ .name = "purpose", .kind = JSON_IN_TEXT, .min = 1, .max = WORD_MAX, .offset = AT(in.purpose) },
	{ .name = "app_hash", .kind = JSON_IN_TEXT, .min = 1, .max = APP_HASH_MAX, .offset = AT(in.app_hash) },
};

static const struct json_member check_members[] = {
	{ .name = "code", .kind = JSON_IN_TEXT, .required = true, .max = CODE_MAX, .offset = AT(code) },
	{ .name = "account", .kind = JSON_IN_TEXT, .min = 1, .max = ACCOUNT_SIZE - 1, .offset = AT(account) },
};
#undef AT
/* clang-format on */

static void forget_history(struct verification_job *job)
{
	free(job->history);
	job->history = NULL;
	job->n_history = 0;
}

/* After a rule that filled the view; why may tell a refusal that was kept. */
static int add_history(const struct rule *rule, struct verification_job *job, int err,
		       const struct refusal *why)
{
	forget_history(job);
	if (err != 0 || why->reason != REASON_NONE)
		return err;
	return verification_history(rule, &job->view, &job->history, &job->n_history);
}

static int create(const struct rule *rule, void *arg, struct refusal *why)
{
	struct verification_job *job = arg;
	int err = verification_create(rule, &job->in, &job->view, why);

	return add_history(rule, job, err, why);
}

static int run_create(const struct rule *rule, void *arg, struct refusal *why)
{
	struct verification_job *job = arg;

	memset(&job->view, 0, sizeof(job->view));
	return refusal_told(rule, "verification.refused", NULL, create, job, why);
}

static int run_show(const struct rule *rule, void *arg, struct refusal *why)
{
	struct verification_job *job = arg;
	int err;

	memset(&job->view, 0, sizeof(job->view));
	err = verification_show(rule, job->id, &job->view, why);
	return add_history(rule, job, err, why);
}

static int check(const struct rule *rule, void *arg, struct refusal *why)
{
	struct verification_job *job = arg;

	return verification_check(rule, job->id, job->code, job->account, &job->result, &job->view,
				  why);
}

static int run_check(const struct rule *rule, void *arg, struct refusal *why)
{
	struct verification_job *job = arg;

	memset(&job->view, 0, sizeof(job->view));
	return refusal_told(rule, "verification.refused", job->id, check, job, why);
}

static int run_cancel(const struct rule *rule, void *arg, struct refusal *why)
{
	struct verification_job *job = arg;

	int err;

	memset(&job->view, 0, sizeof(job->view));
	err = verification_cancel(rule, job->id, &job->view, why);
	return add_history(rule, job, err, why);
}

static void render_new(struct request *request)
{
	struct verification_job *job = request->job;
	struct json_text out = { 0 };

	snprintf(request->location, sizeof(request->location), "/v1/verifications/%s",
		 job->view.row.id);
	json_out_verification(&out, &job->view, job->history, job->n_history);
	reply_json(request, MHD_HTTP_ACCEPTED, &out);
}

static void render(struct request *request)
{
	struct verification_job *job = request->job;
	struct json_text out = { 0 };

	json_out_verification(&out, &job->view, job->history, job->n_history);
	reply_json(request, MHD_HTTP_OK, &out);
}

static void render_check(struct request *request)
{
	struct verification_job *job = request->job;
	struct json_text out = { 0 };

	json_out_check(&out, &job->view, job->result);
	reply_json(request, MHD_HTTP_OK, &out);
}

/* Modems that are reachable at this moment, for those whom the user shall send to or ring. */
static void list_gateways(struct request *request, struct gateways *gateways)
{
	const struct control *modems = request->api->modems;
	size_t n = modems != NULL ? control_count(modems) : 0;

	for (size_t i = 0; i < n && gateways->n < GATEWAYS_MAX; i++) {
		const struct modem_status *status = control_at(modems, i);
		struct gateway *gateway = &gateways->items[gateways->n];

		if (status->number[0] == '\0' ||
		    (status->state != MODEM_READY && status->state != MODEM_SENDING))
			continue;
		snprintf(gateway->modem, sizeof(gateway->modem), "%s", status->name);
		snprintf(gateway->number, sizeof(gateway->number), "%s", status->number);
		gateway->sms_only = !modem_hears_calls(status);
		gateways->n++;
	}
	request->gateways = gateways;
}

static void verification_job_free(void *arg)
{
	forget_history(arg);
}

/* NULL: answered. */
static struct verification_job *new_job(struct request *request)
{
	struct verification_job *job = request_job(request, sizeof(*job), verification_job_free);

	if (job == NULL)
		return NULL;
	list_gateways(request, &job->gateways);
	glance_at_modems(request, &job->fleet);
	return job;
}

void handle_verification_create(struct request *request)
{
	struct verification_job *job = new_job(request);

	if (job != NULL && request_read(request, create_members, ARRAY_LEN(create_members), job))
		request_write(request, run_create, render_new);
}

static struct verification_job *job_by_id(struct request *request)
{
	struct verification_job *job;

	if (!id_is(request->param[0], ID_VERIFICATION)) {
		reply_not_found(request);
		return NULL;
	}
	job = new_job(request);
	if (job != NULL)
		job->id = request->param[0];
	return job;
}

void handle_verification_show(struct request *request)
{
	if (job_by_id(request) != NULL)
		request_fetch(request, run_show, render);
}

void handle_verification_check(struct request *request)
{
	struct verification_job *job = job_by_id(request);

	if (job != NULL && request_read(request, check_members, ARRAY_LEN(check_members), job))
		request_write(request, run_check, render_check);
}

void handle_verification_cancel(struct request *request)
{
	if (job_by_id(request) != NULL && request_read(request, NULL, 0, NULL))
		request_write(request, run_cancel, render);
}
