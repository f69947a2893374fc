/* events_stream.c - durable events pushed as they come.
 *
 * The next batch is read only when the client has taken the one before, so a slow reader holds one
 * batch and no more, and catches up from disk. A read that fails is tried again at the next
 * event or beat; a reader that fell behind the retention is ended, and told so when it returns. */
#include <string.h>

#include "api/events_job.h"
#include "api/json_out.h"
#include "base/util.h"

static void read_next(struct events_job *job);

static int on_store_thread(struct db *db, void *arg)
{
	struct events_job *job = arg;
	struct rule rule = { .db = db };
	struct refusal why;

	return events_read(&rule, job, &why);
}

static void add_batch(struct events_job *job)
{
	for (size_t i = 0; i < job->n; i++) {
		const struct event *event = &job->events[i];
		struct json_text data = { 0 };

		json_out_event(&data, event);
		if (!stream_add(&job->stream, event->seq, event->type, &data)) {
			job->stream.ended = true; /* no memory: it comes back for the rest */
			break;
		}
	}
	job->n = 0;
}

static void on_read(void *arg, int status)
{
	struct events_job *job = arg;
	struct request *request = job->request;

	job->reading = false;
	if (request->connection == NULL) {
		request_unref(request);
		return;
	}
	if (status < 0)
		job->newest_seen = -1; /* so that the next chance is taken */
	else if (job->gone)
		job->stream.ended = true;
	else if (job->n > 0)
		add_batch(job);
	else if (job->more || request->api->last_seq > job->newest_seen)
		read_next(job);
	if (job->stream.size > 0 || job->stream.ended)
		stream_flush(&job->stream);
	request_unref(request);
}

static void read_next(struct events_job *job)
{
	if (job->reading || job->stream.ended)
		return;
	job->reading = true;
	job->newest_seen = job->request->api->last_seq;
	request_ref(job->request);
	store_read(job->request->api->store, on_store_thread, on_read, job);
}

static void on_empty(struct stream *stream)
{
	struct events_job *job = container_of(stream, struct events_job, stream);

	if (job->reading) /* what it found so far is the other thread's */
		return;
	if (job->more || stream->request->api->last_seq > job->newest_seen)
		read_next(job);
}

static void on_events(struct stream *stream)
{
	read_next(container_of(stream, struct events_job, stream));
}

void events_stream_start(struct events_job *job)
{
	job->stream.request = job->request;
	job->stream.empty = on_empty;
	job->stream.events = on_events;
	add_batch(job);
	stream_start(&job->stream);
}
