/* api_modem_show.c - modems as they are, with what their limits leave.
 *
 * What a modem does is known on the loop; how much of a limit is used is counted on disk. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/reply.h"
#include "api/request.h"
#include "queue/db_quota.h"

struct counted {
	char name[64], sim[24];
	struct json_quota *items;
	size_t n;
};

struct show_job {
	unsigned code; /* of the answer */
	bool list;
	struct counted *modems;
	size_t n;
};

static void forget(struct show_job *job)
{
	for (size_t i = 0; i < job->n; i++) {
		free(job->modems[i].items);
		job->modems[i].items = NULL;
		job->modems[i].n = 0;
	}
}

static void show_job_free(void *arg)
{
	struct show_job *job = arg;

	forget(job);
	free(job->modems);
}

/* ---- on the store's thread ---- */

static int count_one(struct db *db, const char *sim, struct json_quota *quota)
{
	static const struct config_rates none = { NULL, 0 };
	const struct config_rates one = { &quota->rate, 1 };
	const struct quota_limits limits = {
		.parts = quota->recipients ? &none : &one,
		.recipients = quota->recipients ? &one : &none,
	};
	struct quota_state state;
	int err = db_quota_look(db, sim, &limits, 1, &state);

	quota->next_at = state.open_at[QUOTA_OTHERS];
	if (err < 0)
		return err;
	return quota->recipients
		       ? db_quota_recipients_used(db, sim, quota->rate.window_ms, &quota->used)
		       : db_quota_parts_used(db, sim, quota->rate.window_ms, &quota->used);
}

static int count_rates(struct db *db, struct counted *modem, const struct config_rates *rates,
		       bool recipients)
{
	int err = 0;

	for (size_t i = 0; i < rates->n && err == 0; i++) {
		struct json_quota *quota = &modem->items[modem->n++];

		quota->rate = rates->items[i];
		quota->recipients = recipients;
		err = count_one(db, modem->sim, quota);
	}
	return err;
}

static int run_count(const struct rule *rule, void *arg, struct refusal *why)
{
	struct show_job *job = arg;
	int err = 0;

	(void)why; /* nothing is refused here */
	forget(job);
	for (size_t i = 0; i < job->n && err == 0; i++) {
		struct counted *modem = &job->modems[i];
		const struct config_modem *config = config_modem(rule->config, modem->name);

		if (config == NULL || config->limits.n + config->recipients.n == 0)
			continue;
		modem->items =
			calloc(config->limits.n + config->recipients.n, sizeof(*modem->items));
		if (modem->items == NULL)
			return -ENOMEM;
		err = count_rates(rule->db, modem, &config->limits, false);
		if (err == 0)
			err = count_rates(rule->db, modem, &config->recipients, true);
	}
	return err;
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
		const struct counted *modem = &job->modems[i];
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

static void add(struct show_job *job, const struct modem_status *status)
{
	struct counted *modem = &job->modems[job->n++];

	snprintf(modem->name, sizeof(modem->name), "%s", status->name);
	snprintf(modem->sim, sizeof(modem->sim), "%.23s", modem_sim(status));
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
	add(job, status);
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
		add(job, control_at(modems, i));
	request_fetch(request, run_count, render);
}
