/* api_metrics.c - GET /metrics: counters of this run, and how things stand at this moment. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/handlers.h"
#include "api/metrics.h"
#include "api/modem_limits.h"
#include "api/reply.h"
#include "api/request.h"
#include "base/clock.h"
#include "queue/db_message.h"

struct metrics_job {
	struct message_counts counts;
	int64_t oldest_due[KIND_COUNT];
	struct modem_limits *modems;
	size_t n;
};

static void metrics_job_free(void *arg)
{
	struct metrics_job *job = arg;

	modem_limits_free(job->modems, job->n);
}

/* On the store's thread. */
static int run_metrics(const struct rule *rule, void *arg, struct refusal *why)
{
	struct metrics_job *job = arg;
	int err = db_message_counts(rule->db, &job->counts);

	(void)why; /* nothing is refused here */
	for (int kind = 0; kind < KIND_COUNT && err == 0; kind++)
		err = db_message_oldest_due(rule->db, (enum config_kind)kind,
					    &job->oldest_due[kind]);
	return err < 0 ? err : modem_limits_count(rule, job->modems, job->n);
}

#define END ((const char *)NULL)

static void write_queue(FILE *out, const struct metrics_job *job)
{
	int64_t now = clock_now_ms();

	metrics_head(out, "simgate_messages", "gauge", "Messages by kind and state.");
	for (int kind = 0; kind < KIND_COUNT; kind++)
		for (int state = 0; state < MSG_STATES; state++)
			metrics_value(out, "simgate_messages",
				      (double)job->counts.by_kind[kind][state], "kind",
				      config_kind_name((enum config_kind)kind), "state",
				      message_state_name((enum message_state)state), END);
	metrics_head(out, "simgate_queue_messages", "gauge", "Messages that wait, by lane.");
	for (int kind = 0; kind < KIND_COUNT; kind++)
		metrics_value(out, "simgate_queue_messages",
			      (double)(job->counts.by_kind[kind][MSG_SCHEDULED] +
				       job->counts.by_kind[kind][MSG_QUEUED]),
			      "lane", config_kind_name((enum config_kind)kind), END);
	metrics_head(out, "simgate_queue_oldest_seconds", "gauge",
		     "How long the message of this lane that waits longest has been due.");
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		int64_t due = job->oldest_due[kind];

		metrics_value(out, "simgate_queue_oldest_seconds",
			      due > 0 && due < now ? (double)(now - due) / 1000 : 0, "lane",
			      config_kind_name((enum config_kind)kind), END);
	}
}

/* ---- modems ---- */

typedef void write_modem(FILE *out, const char *name, const struct modem_status *status);

static void write_state(FILE *out, const char *name, const struct modem_status *status)
{
	for (int state = 0; state <= MODEM_FAILED; state++)
		metrics_value(out, name, (int)status->state == state, "modem", status->name,
			      "state", modem_state_name((enum modem_state)state), END);
}

static void write_signal(FILE *out, const char *name, const struct modem_status *status)
{
	if (modem_is_heard(status) && status->dbm != 0)
		metrics_value(out, name, status->dbm, "modem", status->name, END);
}

/* 27.007 7.2: 1 and 9 home, 5 and 10 roaming, 6 and 7 for SMS alone. */
static void write_registered(FILE *out, const char *name, const struct modem_status *status)
{
	int stat = status->registration;
	bool yes = stat == 1 || (stat >= 5 && stat <= 7) || stat == 9 || stat == 10;

	metrics_value(out, name, yes && modem_is_heard(status), "modem", status->name, END);
}

static void write_roaming(FILE *out, const char *name, const struct modem_status *status)
{
	metrics_value(out, name, status->roaming && modem_is_heard(status), "modem", status->name,
		      END);
}

static void write_parts(FILE *out, const char *name, const struct modem_status *status)
{
	const struct {
		const char *result;
		int64_t n;
	} parts[] = { { "sent", status->sent },
		      { "refused", status->refused },
		      { "uncertain", status->uncertain },
		      { "received", status->received } };

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		metrics_value(out, name, (double)parts[i].n, "modem", status->name, "result",
			      parts[i].result, END);
}

static void write_recoveries(FILE *out, const char *name, const struct modem_status *status)
{
	for (int rung = 0; rung < MODEM_RUNGS; rung++)
		metrics_value(out, name, status->recoveries[rung], "modem", status->name, "step",
			      modem_rung_name((enum modem_rung)rung), END);
}

static void write_resting(FILE *out, const char *name, const struct modem_status *status)
{
	metrics_value(out, name, status->sending != NULL && status->sending->why[0] != '\0',
		      "modem", status->name, END);
}

static const struct {
	const char *name, *type, *help;
	write_modem *write;
} of_modems[] = {
	{ "simgate_modem_state", "gauge", "1 for the state that the modem is in.", write_state },
	{ "simgate_modem_signal_dbm", "gauge", "Signal; absent while it is unknown.",
	  write_signal },
	{ "simgate_modem_registered", "gauge", "1 while a network has the modem.",
	  write_registered },
	{ "simgate_modem_roaming", "gauge", "1 while that is a foreign network.", write_roaming },
	{ "simgate_modem_parts_total", "counter", "SMS parts by what came of them.", write_parts },
	{ "simgate_modem_recoveries_total", "counter", "Recovery steps taken.", write_recoveries },
	{ "simgate_modem_resting", "gauge",
	  "1 while nothing is sent, or codes alone, though the modem could.", write_resting },
};

static void write_modems(FILE *out, struct control *modems)
{
	size_t n = modems != NULL ? control_count(modems) : 0;

	for (size_t k = 0; k < sizeof(of_modems) / sizeof(of_modems[0]); k++) {
		metrics_head(out, of_modems[k].name, of_modems[k].type, of_modems[k].help);
		for (size_t i = 0; i < n; i++)
			of_modems[k].write(out, of_modems[k].name, control_at(modems, i));
	}
}

static void write_limit(FILE *out, const char *name, const struct modem_limits *modem,
			const struct json_quota *quota, double value)
{
	char limit[48];

	snprintf(limit, sizeof(limit), "%u/%llds", quota->rate.count,
		 (long long)(quota->rate.window_ms / 1000));
	metrics_value(out, name, value, "modem", modem->name, "limit", limit, "of",
		      quota->recipients ? "recipients" : "parts", END);
}

static void write_limits(FILE *out, const struct metrics_job *job)
{
	static const char used[] = "simgate_modem_limit_used", most[] = "simgate_modem_limit";

	metrics_head(out, used, "gauge", "How much of a limit of the SIM is used.");
	for (size_t i = 0; i < job->n; i++)
		for (size_t k = 0; k < job->modems[i].n; k++)
			write_limit(out, used, &job->modems[i], &job->modems[i].items[k],
				    job->modems[i].items[k].used);
	metrics_head(out, most, "gauge", "The limits of the SIM.");
	for (size_t i = 0; i < job->n; i++)
		for (size_t k = 0; k < job->modems[i].n; k++)
			write_limit(out, most, &job->modems[i], &job->modems[i].items[k],
				    job->modems[i].items[k].rate.count);
}

/* ---- store and process ---- */

static void write_store(FILE *out, struct store *store)
{
	struct store_stats stats;

	store_stats(store, &stats);
	metrics_head(out, "simgate_store_commit_seconds", "histogram",
		     "Time of a commit, the disk's sync included.");
	metrics_histogram(out, "simgate_store_commit_seconds", &stats.commit_us,
			  store_commit_bounds, STORE_COMMIT_BOUNDS, 1e6, "", "");
	metrics_head(out, "simgate_store_batch_transactions", "histogram",
		     "Transactions that shared a commit.");
	metrics_histogram(out, "simgate_store_batch_transactions", &stats.group_size,
			  store_group_bounds, STORE_GROUP_BOUNDS, 1, "", "");
	metrics_head(out, "simgate_store_transactions_total", "counter", "Transactions run.");
	metrics_value(out, "simgate_store_transactions_total", (double)stats.transactions, END);
	metrics_head(out, "simgate_store_failed_commits_total", "counter", "Commits that failed.");
	metrics_value(out, "simgate_store_failed_commits_total", (double)stats.failed_commits, END);
}

static void write_process(FILE *out, const struct api *api)
{
	metrics_head(out, "simgate_build_info", "gauge", "1; the version is a label.");
	metrics_value(out, "simgate_build_info", 1, "version", SIMGATE_VERSION, END);
	metrics_head(out, "simgate_start_time_seconds", "gauge", "When the daemon started.");
	metrics_value(out, "simgate_start_time_seconds", (double)api->started_at / 1000, END);
}

static void render_metrics(struct request *request)
{
	const struct metrics_job *job = request->job;
	struct api *api = request->api;
	struct json_text text = { 0 };
	FILE *out = open_memstream(&text.data, &text.n);

	if (out == NULL) {
		reply_problem(request, PROBLEM_STORE_UNAVAILABLE, "No memory: try again later.");
		return;
	}
	write_process(out, api);
	write_queue(out, job);
	write_modems(out, api->modems);
	write_limits(out, job);
	write_store(out, api->store);
	metrics_write(out, &api->metrics);
	text.failed = fclose(out) != 0;
	reply_plain(request, &text);
}

void handle_metrics(struct request *request)
{
	struct control *modems = request->api->modems;
	size_t n = modems != NULL ? control_count(modems) : 0;
	struct metrics_job *job = request_job(request, sizeof(*job), metrics_job_free);

	if (job == NULL)
		return;
	job->modems = calloc(n > 0 ? n : 1, sizeof(*job->modems));
	if (job->modems == NULL) {
		reply_problem(request, PROBLEM_STORE_UNAVAILABLE, "No memory: try again later.");
		return;
	}
	for (size_t i = 0; i < n; i++)
		modem_limits_of(&job->modems[job->n++], control_at(modems, i));
	request_fetch(request, run_metrics, render_metrics);
}
