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

static json_t *messages_json(const struct status_job *job)
{
	json_t *json = json_object();

	for (int state = 0; state < MSG_STATES; state++)
		json_object_set_new(json, message_state_name((enum message_state)state),
				    json_integer(job->counts.by_state[state]));
	return json;
}

static json_t *queue_json(const struct status_job *job)
{
	const struct message_counts *counts = &job->counts;
	json_t *json = json_pack(
		"{s:I, s:I}", "waiting",
		(json_int_t)(counts->by_state[MSG_SCHEDULED] + counts->by_state[MSG_QUEUED]),
		"oldest_age", (json_int_t)oldest_age_s(job));

	json_out_time(json, "oldest_queued_at", counts->oldest_queued_at);
	return json;
}

static json_t *modems_json(struct control *modems)
{
	size_t n = modems != NULL ? control_count(modems) : 0;
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct modem_status *status = control_at(modems, i);
		json_t *json = json_object();

		json_out_text(json, "name", status->name);
		json_out_text(json, "state", modem_state_name(status->state));
		json_out_text(json, "why", status->why);
		json_out_time(json, "since", status->since_ms);
		json_array_append_new(list, json);
	}
	return list;
}

static json_t *store_json(const struct store_stats *stats)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "commits", (json_int_t)stats->commits,
			 "transactions", (json_int_t)stats->transactions, "failed_commits",
			 (json_int_t)stats->failed_commits, "last_commit_us",
			 (json_int_t)stats->commit_us_last);
}

static void render_status(struct request *request)
{
	struct status_job *job = request->job;
	struct api *api = request->api;
	struct store_stats stats;
	json_t *json = json_object();

	store_stats(api->store, &stats);
	json_out_text(json, "version", SIMGATE_VERSION);
	json_out_time(json, "started_at", api->started_at);
	json_object_set_new(json, "uptime",
			    json_integer((clock_mono_ms() - api->started_mono) / 1000));
	json_object_set_new(json, "messages", messages_json(job));
	json_object_set_new(json, "queue", queue_json(job));
	json_object_set_new(json, "modems", modems_json(api->modems));
	json_object_set_new(json, "store", store_json(&stats));
	json_object_set_new(json, "last_event", json_integer(api->last_seq));
	reply_json(request, MHD_HTTP_OK, json);
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
	json_t *checks;
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
	json_object_set_new(
		report->checks, name,
		json_pack("{s:s, s:s}", "status", health_names[health], "detail", detail));
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

static void reply_health(struct request *request, struct health_report *report)
{
	json_t *json = json_pack("{s:s, s:s, s:o}", "status", health_names[report->worst],
				 "version", SIMGATE_VERSION, "checks", report->checks);

	reply_json(request,
		   report->worst == HEALTH_FAIL ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, json);
}

/* The store did not answer: that is the answer. */
static void reply_no_store(struct request *request, const char *detail)
{
	struct health_report report = { .checks = json_object() };

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
	struct health_report report = { .checks = json_object() };

	wait_clear(&job->wait);
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
