/* api_status.c - how it goes: counts and ages for people, pass/warn/fail for a monitor. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/reply.h"
#include "api/request.h"
#include "base/clock.h"
#include "base/util.h"

enum {
	QUEUE_WARN_S = 300, /* the oldest waiting message */
	DISK_WARN_MB = 100,
	DISK_FAIL_MB = 10,
	STORE_LIMIT_MS = 5000, /* healthz: an answer later than this is none */
};

struct status_job {
	struct request *request;
	struct message_counts counts;
	int64_t disk_free_mb; /* where the database is; -1: not known */
	struct wait wait;
};

static void status_job_free(void *arg)
{
	struct status_job *job = arg;

	wait_clear(&job->wait);
}

static int run_counts(const struct rule *rule, void *arg, struct refusal *why)
{
	struct status_job *job = arg;
	struct statvfs disk;

	(void)why; /* nothing is refused here */
	job->disk_free_mb = -1;
	if (statvfs(rule->config->database, &disk) == 0)
		job->disk_free_mb =
			(int64_t)((uint64_t)disk.f_bavail * disk.f_frsize / (1024 * 1024));
	return db_message_counts(rule->db, &job->counts);
}

static int64_t oldest_age_s(const struct status_job *job)
{
	int64_t age = clock_now_ms() - job->counts.oldest_queued_at;

	return job->counts.oldest_queued_at > 0 && age > 0 ? age / 1000 : 0;
}

/* ---- status ---- */

static void out_messages(struct json_text *out, const struct message_counts *counts)
{
	json_text_open(out, "messages", '{');
	for (int state = 0; state < MSG_STATES; state++)
		json_text_number(out, message_state_name((enum message_state)state),
				 counts->by_state[state]);
	json_text_close(out, '}');
}

static void out_queue(struct json_text *out, const struct status_job *job)
{
	const struct message_counts *counts = &job->counts;

	json_text_open(out, "queue", '{');
	json_text_number(out, "waiting",
			 counts->by_state[MSG_SCHEDULED] + counts->by_state[MSG_QUEUED]);
	json_text_number(out, "oldest_age", oldest_age_s(job));
	json_text_time(out, "oldest_queued_at", counts->oldest_queued_at);
	json_text_close(out, '}');
}

static void out_modems(struct json_text *out, struct control *modems)
{
	size_t n = modems != NULL ? control_count(modems) : 0;

	json_text_open(out, "modems", '[');
	for (size_t i = 0; i < n; i++) {
		const struct modem_status *status = control_at(modems, i);

		json_text_open(out, NULL, '{');
		json_text_string(out, "name", status->name);
		json_text_string(out, "state", modem_state_name(status->state));
		json_text_string(out, "why", json_modem_why(status));
		json_text_time(out, "since", status->since_ms);
		json_text_close(out, '}');
	}
	json_text_close(out, ']');
}

static void out_store(struct json_text *out, const struct store_stats *stats)
{
	json_text_open(out, "store", '{');
	json_text_number(out, "commits", stats->commits);
	json_text_number(out, "transactions", stats->transactions);
	json_text_number(out, "failed_commits", stats->failed_commits);
	json_text_number(out, "last_commit_us", stats->commit_us_last);
	json_text_close(out, '}');
}

static void render_status(struct request *request)
{
	struct status_job *job = request->job;
	struct api *api = request->api;
	struct json_text out = { 0 };
	struct store_stats stats;

	store_stats(api->store, &stats);
	json_text_open(&out, NULL, '{');
	json_text_string(&out, "version", SIMGATE_VERSION);
	json_text_time(&out, "started_at", api->started_at);
	json_text_number(&out, "uptime", (clock_mono_ms() - api->started_mono) / 1000);
	out_messages(&out, &job->counts);
	out_queue(&out, job);
	out_modems(&out, api->modems);
	out_store(&out, &stats);
	json_text_number(&out, "last_event", api->last_seq);
	json_text_close(&out, '}');
	reply_json(request, MHD_HTTP_OK, &out);
}

void handle_status(struct request *request)
{
	if (request_job(request, sizeof(struct status_job), NULL) != NULL)
		request_fetch(request, run_counts, render_status);
}

/* ---- healthz ---- */

enum health { HEALTH_PASS, HEALTH_WARN, HEALTH_FAIL };

static const char *const health_names[] = { "pass", "warn", "fail" };

struct health_report {
	enum health worst;
	struct json_text out; /* the whole answer */
};

static void add_check(struct health_report *report, const char *name, enum health health,
		      const char *format, ...) __attribute__((format(printf, 4, 5)));

static void add_check(struct health_report *report, const char *name, enum health health,
		      const char *format, ...)
{
	char detail[160];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	if (health > report->worst)
		report->worst = health;
	json_text_open(&report->out, name, '{');
	json_text_string(&report->out, "status", health_names[health]);
	json_text_string(&report->out, "detail", detail);
	json_text_close(&report->out, '}');
}

static void check_modems(struct health_report *report, struct control *modems)
{
	size_t n = modems != NULL ? control_count(modems) : 0, ready = 0, aside = 0;

	for (size_t i = 0; i < n; i++) {
		enum modem_state state = control_at(modems, i)->state;

		ready += state == MODEM_READY || state == MODEM_SENDING;
		aside += state == MODEM_DRAINING || state == MODEM_DRAINED;
	}
	add_check(report, "modems",
		  ready == 0          ? HEALTH_FAIL
		  : ready + aside < n ? HEALTH_WARN
				      : HEALTH_PASS,
		  "%zu of %zu modems are ready", ready, n);
}

static void check_queue(struct health_report *report, const struct status_job *job)
{
	int64_t age = oldest_age_s(job);

	add_check(report, "queue", age > QUEUE_WARN_S ? HEALTH_WARN : HEALTH_PASS,
		  "the oldest waiting message is %lld s old", (long long)age);
}

static void check_disk(struct health_report *report, int64_t free_mb)
{
	if (free_mb < 0)
		add_check(report, "disk", HEALTH_WARN, "free space is not known");
	else
		add_check(report, "disk",
			  free_mb < DISK_FAIL_MB   ? HEALTH_FAIL
			  : free_mb < DISK_WARN_MB ? HEALTH_WARN
						   : HEALTH_PASS,
			  "%lld MB are free", (long long)free_mb);
}

static void begin_report(struct health_report *report)
{
	*report = (struct health_report){ .worst = HEALTH_PASS };
	json_text_open(&report->out, NULL, '{');
	json_text_open(&report->out, "checks", '{');
}

static void reply_health(struct request *request, struct health_report *report)
{
	json_text_close(&report->out, '}');
	json_text_string(&report->out, "status", health_names[report->worst]);
	json_text_string(&report->out, "version", SIMGATE_VERSION);
	json_text_close(&report->out, '}');
	reply_json(request,
		   report->worst == HEALTH_FAIL ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK,
		   &report->out);
}

/* The store did not answer: that is the answer. */
static void reply_no_store(struct request *request, const char *detail)
{
	struct health_report report;

	begin_report(&report);
	add_check(&report, "store", HEALTH_FAIL, "%s", detail);
	check_modems(&report, request->api->modems);
	reply_health(request, &report);
}

static void on_store_late(struct wait *wait)
{
	struct status_job *job = container_of(wait, struct status_job, wait);

	reply_no_store(job->request, "the database does not answer");
}

static void render_health(struct request *request)
{
	struct status_job *job = request->job;
	struct health_report report;
	struct store_stats stats;

	wait_clear(&job->wait);
	begin_report(&report);
	store_stats(request->api->store, &stats);
	if (stats.damaged)
		add_check(&report, "store", HEALTH_FAIL,
			  "the database is damaged: restore a backup (man simgated)");
	else if (stats.failing)
		add_check(&report, "store", HEALTH_FAIL,
			  "the database takes no changes: look at its disk");
	else
		add_check(&report, "store", HEALTH_PASS, "the database answers");
	check_modems(&report, request->api->modems);
	check_queue(&report, job);
	check_disk(&report, job->disk_free_mb);
	reply_health(request, &report);
}

void handle_healthz(struct request *request)
{
	struct status_job *job = request_job(request, sizeof(*job), status_job_free);

	if (job == NULL)
		return;
	job->request = request;
	job->wait.due = on_store_late;
	wait_set(&request->api->waits, &job->wait, STORE_LIMIT_MS);
	request_fetch(request, run_counts, render_health);
}
