/* api_trace.c - the live AT dialogue of one modem (already masked) as an event stream. A reader
 * that is too slow misses lines and is told how many. */
#include "api/handlers.h"
#include "api/json_out.h"
#include "api/reply.h"
#include "api/request.h"
#include "api/stream.h"
#include "base/util.h"

struct trace_job {
	struct stream stream;
	struct control *modems; /* NULL: not listening any more */
	unsigned missed;
};

static void on_line(void *arg, int64_t at_ms, char direction, const char *masked)
{
	struct trace_job *job = arg;
	struct json_text data = { 0 };

	json_out_trace(&data, at_ms, direction, masked);
	if (!stream_add(&job->stream, 0, "trace", &data))
		job->missed++;
	stream_flush(&job->stream);
}

static void on_empty(struct stream *stream)
{
	struct trace_job *job = container_of(stream, struct trace_job, stream);
	struct json_text data = { 0 };

	if (job->missed == 0)
		return;
	json_text_open(&data, NULL, '{');
	json_text_number(&data, "lines", job->missed);
	json_text_close(&data, '}');
	if (stream_add(stream, 0, "missed", &data))
		job->missed = 0;
}

void modem_trace_end(struct request *request)
{
	struct trace_job *job = request->job;

	if (job->modems != NULL)
		control_trace(job->modems, request->param[0], NULL, NULL);
	job->modems = NULL;
	if (job->stream.request != NULL)
		stream_end(&job->stream);
}

static void trace_job_free(void *arg)
{
	struct trace_job *job = arg;

	if (job->stream.request == NULL)
		return;
	if (job->modems != NULL)
		control_trace(job->modems, job->stream.request->param[0], NULL, NULL);
	stream_free(&job->stream);
}

void handle_modem_trace(struct request *request)
{
	struct control *modems = request->api->modems;
	struct trace_job *job;
	int err;

	if (modems == NULL || control_find(modems, request->param[0]) == NULL) {
		reply_not_found(request);
		return;
	}
	job = stream_admit(request) ? request_job(request, sizeof(*job), trace_job_free) : NULL;
	if (job == NULL)
		return;
	err = control_trace(modems, request->param[0], on_line, job);
	if (err < 0) { /* someone else is watching */
		reply_control_error(request, err);
		return;
	}
	job->modems = modems;
	job->stream.request = request;
	job->stream.empty = on_empty;
	stream_start(&job->stream);
}
