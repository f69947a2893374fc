/* api_events.c - durable events as a list, or waited for: a read that brings nothing puts the
 * request to sleep until new events come or its time is up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/events_job.h"
#include "api/handlers.h"
#include "api/json_out.h"
#include "api/reply.h"
#include "api/request_input.h"
#include "base/util.h"

enum { WAIT_MAX_S = 30 };

static void events_job_free(void *arg)
{
	struct events_job *job = arg;

	wait_clear(&job->wait);
	if (job->stream.request != NULL)
		stream_free(&job->stream);
	free(job->events);
}

/* The last number before the oldest event that is kept, by halving: a read of no events tells
 * whether a place is still there. */
static int find_oldest(struct db *db, int64_t *after)
{
	struct event_query probe = { .limit = 0 };
	int64_t low = 0, high = INT64_MAX, last;
	size_t n;
	int err;

	while (low < high) {
		probe.after = low + (high - low) / 2;
		err = db_event_list(db, &probe, NULL, &n, &last);
		if (err < 0 && err != -ERANGE)
			return err;
		if (err == 0)
			high = probe.after;
		else
			low = probe.after + 1;
	}
	*after = low;
	return 0;
}

int events_read(const struct rule *rule, void *arg, struct refusal *why)
{
	struct events_job *job = arg;
	int64_t last = 0;
	int err;

	(void)why; /* nothing is refused by rules */
	job->n = 0;
	err = db_event_list(rule->db, &job->query, job->events, &job->n, &last);
	if (err == -ERANGE && !job->named) {
		err = find_oldest(rule->db, &job->query.after);
		if (err == 0)
			err = db_event_list(rule->db, &job->query, job->events, &job->n, &last);
	}
	job->gone = err == -ERANGE;
	if (err < 0)
		return job->gone ? 0 : err;
	job->more = last > job->query.after;
	job->query.after = last;
	job->named = true;
	return 0;
}

static void reply_events(struct events_job *job)
{
	struct json_text out = { 0 };

	json_text_open(&out, NULL, '{');
	json_text_open(&out, "items", '[');
	for (size_t i = 0; i < job->n; i++)
		json_out_event(&out, &job->events[i]);
	json_text_close(&out, ']');
	/* A cursor always: whoever asks again from there misses nothing. */
	json_text_number(&out, "next", job->query.after);
	json_text_close(&out, '}');
	reply_json(job->request, MHD_HTTP_OK, &out);
}

static void render_events(struct request *request);

static void read_again(struct events_job *job)
{
	job->newest_seen = job->request->api->last_seq;
	request_fetch(job->request, events_read, render_events);
}

static void on_wait_over(struct wait *wait)
{
	reply_events(container_of(wait, struct events_job, wait));
}

static void on_wait_events(struct wait *wait)
{
	read_again(container_of(wait, struct events_job, wait));
}

static void reply_gone(struct request *request)
{
	reply_problem(request, PROBLEM_EVENTS_GONE,
		      "Events before that place are no longer kept: start without after.");
}

static void render_events(struct request *request)
{
	struct events_job *job = request->job;
	uint64_t now = uv_now(request->api->loop);

	if (job->gone)
		reply_gone(request);
	else if (job->n > 0 || now >= job->give_up_at || request->api->closing)
		reply_events(job);
	else if (job->more || request->api->last_seq > job->newest_seen)
		read_again(job);
	else
		wait_set(&request->api->waits, &job->wait, job->give_up_at - now);
}

static void render_stream(struct request *request)
{
	struct events_job *job = request->job;

	if (job->gone)
		reply_gone(request);
	else if (stream_admit(request))
		events_stream_start(job);
}

/* "0.25" as thousandths. */
static int quality(const char *text)
{
	int value = *text == '1' ? 1000 : 0, unit = 100;

	if (text[0] == '0' && text[1] == '.')
		for (text += 2; *text >= '0' && *text <= '9'; text++, unit /= 10)
			value += (*text - '0') * unit;
	return value;
}

/* How much a client wants a type (RFC 9110 12.4.2); -1: it does not name it. */
static int wanted(const char *accept, const char *type)
{
	const char *named = strcasestr(accept, type), *q;

	if (named == NULL)
		return -1;
	q = strcasestr(named, "q=");
	return q != NULL && q < named + strcspn(named, ",") ? quality(q + 2) : 1000;
}

static bool wants_stream(struct request *request)
{
	const char *accept =
		MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Accept");
	int stream = accept != NULL ? wanted(accept, "text/event-stream") : -1;

	return stream > 0 && stream >= wanted(accept, "application/json");
}

/* Where to go on: Last-Event-ID (who connects again keeps the after= of the first time), else
 * after=, else from the oldest (a list) or from now on (a stream). False: answered. */
static bool read_place(struct request *request, struct events_job *job, bool stream)
{
	const char *id =
		MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "Last-Event-ID");
	int64_t after = -1;
	char *end;

	if (!request_number(request, "after", 0, INT64_MAX, &after))
		return false;
	if (id != NULL) {
		errno = 0;
		after = strtoll(id, &end, 10);
		end += strspn(end, " \t"); /* no part of the value */
		if (*id < '0' || *id > '9' || *end != '\0' || errno != 0) {
			reply_problem(request, PROBLEM_BAD_HEADER,
				      "Last-Event-ID must be a number.");
			return false;
		}
	}
	job->named = after >= 0;
	if (!job->named)
		after = stream ? request->api->last_seq : 0;
	job->query.after = after;
	return true;
}

static bool read_query(struct request *request, struct events_job *job, bool stream)
{
	int64_t wait_s = 0;

	if (!read_place(request, job, stream) ||
	    !request_number(request, "wait", 0, WAIT_MAX_S, &wait_s) ||
	    !request_limit(request, &job->query.limit))
		return false;
	job->give_up_at = uv_now(request->api->loop) + (uint64_t)wait_s * 1000;
	job->query.types = path_query(&request->path, "types");
	request_sites(request, &job->query.sites, &job->query.n_sites);
	job->query.modems =
		!request->site_named; /* everybody sees the modems, see GET /v1/modems */
	job->events = calloc(job->query.limit, sizeof(*job->events));
	if (job->events == NULL)
		reply_problem(request, PROBLEM_STORE_UNAVAILABLE, "No memory: try again later.");
	return job->events != NULL;
}

void handle_events(struct request *request)
{
	struct events_job *job = request_job(request, sizeof(*job), events_job_free);
	bool stream = wants_stream(request);

	if (job == NULL || (stream && !stream_admit(request)) || !read_query(request, job, stream))
		return;
	job->request = request;
	job->wait.due = on_wait_over;
	job->wait.events = on_wait_events;
	job->newest_seen = request->api->last_seq;
	request_fetch(request, events_read, stream ? render_stream : render_events);
}
