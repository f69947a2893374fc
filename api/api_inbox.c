/* api_inbox.c - received SMS of the client's sites; for operators also those of no site. */
#include <errno.h>
#include <stdlib.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/reply.h"
#include "api/request_input.h"
#include "base/secret.h"

struct inbox_job {
	struct inbox_query query;
	struct inbox_row *rows; /* one more than asked for tells whether more follow */
	size_t limit, n;
};

static void forget(struct inbox_job *job)
{
	for (size_t i = 0; i < job->n; i++)
		secret_free(job->rows[i].text);
	free(job->rows);
	job->rows = NULL;
	job->n = 0;
}

static void inbox_job_free(void *arg)
{
	forget(arg);
}

static int run_list(const struct rule *rule, void *arg, struct refusal *why)
{
	struct inbox_job *job = arg;

	(void)why; /* nothing is refused here */
	forget(job);
	job->rows = calloc(job->query.limit, sizeof(*job->rows));
	if (job->rows == NULL)
		return -ENOMEM;
	return db_inbox_list(rule->db, &job->query, job->rows, &job->n);
}

static void render(struct request *request)
{
	struct inbox_job *job = request->job;
	size_t shown = job->n < job->limit ? job->n : job->limit;
	struct json_text out = { 0 };

	json_out_list_open(&out);
	for (size_t i = 0; i < shown; i++)
		json_out_inbox(&out, &job->rows[i]);
	json_out_list_close(&out, job->n > shown ? job->rows[shown - 1].id : NULL);
	reply_json(request, MHD_HTTP_OK, &out);
}

void handle_inbox(struct request *request)
{
	struct inbox_job *job = request_job(request, sizeof(*job), inbox_job_free);

	if (job == NULL)
		return;
	request_sites(request, &job->query.sites, &job->query.n_sites);
	if (!request_page(request, ID_INBOUND, &job->query.after, &job->limit))
		return;
	job->query.limit = job->limit + 1;
	request_fetch(request, run_list, render);
}
