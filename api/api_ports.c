/* api_ports.c - GET /v1/ports and /v1/doctor (which walks through the database, too): every port is
 * looked at (for the list, free ones are asked), which takes seconds, so the request waits. It may
 * leave before the answer comes. */
#include <errno.h>
#include <stdlib.h>

#include "api/checks.h"
#include "api/handlers.h"
#include "api/json_out_ports.h"
#include "api/reply.h"
#include "api/request.h"
#include "base/util.h"
#include "queue/db_check.h"

enum { LOOK_LIMIT_MS = 180000, CHECK_LIMIT_MS = 5000 };

/* Given to the fleet: stands by itself. */
struct look {
	struct look_job *job; /* NULL: nobody waits any more */
};

struct look_job {
	struct request *request;
	struct look *look;
	struct wait wait;
	void (*render)(struct request *request, const struct modem_ports *ports);
	enum db_check check; /* of the database, for the doctor */
	char damage[160];
};

static void look_job_free(void *arg)
{
	struct look_job *job = arg;

	wait_clear(&job->wait);
	if (job->look != NULL)
		job->look->job = NULL;
}

static void on_ports(void *arg, const struct modem_ports *ports)
{
	struct look *look = arg;
	struct look_job *job = look->job;

	free(look);
	if (job == NULL)
		return;
	job->look = NULL;
	wait_clear(&job->wait);
	job->render(job->request, ports);
}

static void on_limit(struct wait *wait)
{
	struct look_job *job = container_of(wait, struct look_job, wait);

	if (job->request->api->closing)
		reply_problem(job->request, PROBLEM_SHUTTING_DOWN, "simgated is stopping.");
	else
		reply_problem(job->request, PROBLEM_MODEM_ERROR,
			      "The ports did not answer in time.");
}

static void start_look(struct request *request, bool ask,
		       void (*render)(struct request *, const struct modem_ports *))
{
	struct look_job *job = request->job;
	struct look *look = malloc(sizeof(*look));
	int err = -ENOMEM;

	if (look != NULL && request->api->modems != NULL) {
		look->job = job;
		err = control_ports(request->api->modems, ask, on_ports, look);
	}
	if (err < 0) {
		free(look);
		reply_problem(request, err == -EBUSY ? PROBLEM_MODEM_BUSY : PROBLEM_MODEM_NOT_READY,
			      err == -EBUSY ? "The ports are being looked at already: try again "
					      "in a moment."
					    : "The ports cannot be looked at now.");
		return;
	}
	job->request = request;
	job->look = look;
	job->render = render;
	job->wait.due = on_limit;
	wait_set(&request->api->waits, &job->wait, LOOK_LIMIT_MS);
	request_wait(request);
}

static void render_ports(struct request *request, const struct modem_ports *ports)
{
	struct json_text out = { 0 };

	json_out_ports(&out, ports);
	reply_json(request, MHD_HTTP_OK, &out);
}

void handle_port_list(struct request *request)
{
	if (request_job(request, sizeof(struct look_job), look_job_free) != NULL)
		start_look(request, true, render_ports);
}

static void check_store(struct request *request, struct json_findings *findings)
{
	struct store_stats stats;

	store_stats(request->api->store, &stats);
	checks_tell(json_findings_add, findings,
		    stats.failed_commits > 0 ? FINDING_WARN : FINDING_PASS, "store", "",
		    "look at the log for what the disk said",
		    "%lld commits, %lld failed, the last took %lld us", (long long)stats.commits,
		    (long long)stats.failed_commits, (long long)stats.commit_us_last);
}

static void check_pages(const struct look_job *job, struct json_findings *findings)
{
	switch (job->check) {
	case DB_WHOLE:
		checks_tell(json_findings_add, findings, FINDING_PASS, "pages", "", "",
			    "no page of the database is damaged");
		return;
	case DB_CHECK_LATE:
		checks_tell(json_findings_add, findings, FINDING_PASS, "pages", "", "",
			    "the database is too large to walk through in %d s; no damage was "
			    "met",
			    CHECK_LIMIT_MS / 1000);
		return;
	case DB_DAMAGED:
		checks_tell(json_findings_add, findings, FINDING_FAIL, "pages", "",
			    "keep a copy of it and restore a backup: man simgated",
			    "the database is damaged: %s", job->damage);
		return;
	}
}

static void render_doctor(struct request *request, const struct modem_ports *ports)
{
	const struct config *config = request->access->config;
	struct json_findings findings;

	json_findings_open(&findings);
	checks_tell(json_findings_add, &findings, FINDING_PASS, "daemon", "", "",
		    "simgated %s runs and answers", SIMGATE_VERSION);
	checks_tell(json_findings_add, &findings, FINDING_PASS, "config", config->path, "",
		    "in force");
	checks_machine(config, json_findings_add, &findings);
	check_store(request, &findings);
	check_pages(request->job, &findings);
	modem_findings(ports, json_findings_add, &findings);
	json_findings_close(&findings);
	reply_json(request, MHD_HTTP_OK, &findings.out);
}

static int run_check(const struct rule *rule, void *arg, struct refusal *why)
{
	struct look_job *job = arg;

	(void)why; /* nothing is refused here */
	job->check = db_check(rule->db, CHECK_LIMIT_MS, job->damage, sizeof(job->damage));
	return 0;
}

static void render_checked(struct request *request)
{
	start_look(request, false, render_doctor);
}

void handle_doctor(struct request *request)
{
	if (request_job(request, sizeof(struct look_job), look_job_free) != NULL)
		request_fetch(request, run_check, render_checked);
}
