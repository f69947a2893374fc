/* api_modem_show.c - modems as they are, with what their limits leave.
 *
 * What a modem does is known on the loop; how much of a limit is used is counted on disk. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/modem_limits.h"
#include "api/reply.h"
#include "api/request.h"

struct show_job {
	unsigned code; /* of the answer */
	bool list;
	struct modem_limits *modems;
	size_t n;
};

static void show_job_free(void *arg)
{
	struct show_job *job = arg;

	modem_limits_free(job->modems, job->n);
}

/* ---- on the store's thread ---- */

static int run_count(const struct rule *rule, void *arg, struct refusal *why)
{
	struct show_job *job = arg;

	(void)why; /* nothing is refused here */
	return modem_limits_count(rule, job->modems, job->n);
}

/* ---- on the loop ---- */

static void render(struct request *request)
{
	const struct show_job *job = request->job;
	struct control *modems = request->api->modems;
	struct json_text out = { 0 };
	size_t shown = 0;

	if (job->list)
		json_out_list_open(&out);
	for (size_t i = 0; i < job->n; i++) {
		const struct modem_limits *modem = &job->modems[i];
		const struct modem_status *status =
			modems != NULL ? control_find(modems, modem->name) : NULL;

		if (status == NULL)
			continue;
		json_out_modem(&out, status, config_modem(request->access->config, modem->name),
			       modem->items, modem->n);
		shown++;
	}
	if (job->list)
		json_out_list_close(&out, NULL);
	else if (shown == 0) /* it went meanwhile */
		reply_not_found(request);
	if (job->list || shown > 0)
		reply_json(request, job->code, &out);
}

/* NULL: answered. */
static struct show_job *job_new(struct request *request, size_t n)
{
	struct show_job *job = request_job(request, sizeof(*job), show_job_free);

	if (job == NULL)
		return NULL;
	job->modems = calloc(n > 0 ? n : 1, sizeof(*job->modems));
	if (job->modems != NULL)
		return job;
	reply_problem(request, PROBLEM_STORE_UNAVAILABLE, "No memory: try again later.");
	return NULL;
}

void reply_modem(struct request *request, unsigned code, const struct modem_status *status)
{
	struct show_job *job = job_new(request, 1);

	if (job == NULL)
		return;
	job->code = code;
	modem_limits_of(&job->modems[job->n++], status);
	request_fetch(request, run_count, render);
}

void handle_modem_list(struct request *request)
{
	struct control *modems = request->api->modems;
	size_t n = modems != NULL ? control_count(modems) : 0;
	struct show_job *job = job_new(request, n);

	if (job == NULL)
		return;
	job->code = MHD_HTTP_OK;
	job->list = true;
	for (size_t i = 0; i < n; i++)
		modem_limits_of(&job->modems[job->n++], control_at(modems, i));
	request_fetch(request, run_count, render);
}
