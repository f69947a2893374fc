/* stream.c - a bounded buffer between what happens and a client that reads at its own pace. */
#include "api/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/reply.h"
#include "api/request.h"
#include "base/util.h"

enum { BEAT_MS = 15000, BLOCK_BYTES = 8192, ROOM_FIRST = 4096, ROOM_MAX = 256 * 1024 };

static const char beat[] = ": beat\n\n";

bool stream_admit(struct request *request)
{
	if (request->api->n_streams < API_STREAMS_MAX)
		return true;
	reply_problem(request, PROBLEM_TOO_MANY_STREAMS,
		      "%d streams are open already: close one, or poll with wait.",
		      API_STREAMS_MAX);
	return false;
}

static bool make_room(struct stream *stream, size_t n)
{
	size_t room = stream->room > 0 ? stream->room : ROOM_FIRST;
	char *data;

	while (room < stream->size + n)
		room *= 2;
	if (room == stream->room)
		return true;
	data = room <= ROOM_MAX ? realloc(stream->data, room) : NULL;
	if (data == NULL)
		return false;
	stream->data = data;
	stream->room = room;
	return true;
}

static bool add_bytes(struct stream *stream, const char *bytes, size_t n)
{
	if (!make_room(stream, n))
		return false;
	memcpy(stream->data + stream->size, bytes, n);
	stream->size += n;
	return true;
}

bool stream_add(struct stream *stream, int64_t id, const char *type, struct json_text *data)
{
	char head[128];
	size_t before = stream->size;
	int n = 0;
	bool added;

	if (id > 0)
		n = snprintf(head, sizeof(head), "id: %lld\n", (long long)id);
	n += snprintf(head + n, sizeof(head) - (size_t)n, "event: %.64s\ndata: ", type);
	added = !data->failed && add_bytes(stream, head, (size_t)n) &&
		add_bytes(stream, data->data, data->n) && add_bytes(stream, "\n\n", 2);
	if (!added)
		stream->size = before;
	json_text_free(data);
	return added;
}

void stream_flush(struct stream *stream)
{
	if (!stream->asleep || stream->request->connection == NULL)
		return;
	stream->asleep = false;
	wait_clear(&stream->wait);
	MHD_resume_connection(stream->request->connection);
	api_wake(stream->request->api);
}

void stream_end(struct stream *stream)
{
	stream->ended = true;
	stream_flush(stream);
}

static void sleep_on(struct stream *stream)
{
	struct waits *waits = &stream->request->api->waits;
	uint64_t now = uv_now(waits->timer.loop);

	wait_set(waits, &stream->wait, stream->beat_at > now ? stream->beat_at - now : 0);
}

static void on_beat(struct wait *wait)
{
	struct stream *stream = container_of(wait, struct stream, wait);

	if (stream->request->api->closing) {
		stream_end(stream);
		return;
	}
	add_bytes(stream, beat, sizeof(beat) - 1);
	stream_flush(stream);
}

/* Whether anything is for this stream is seen later: until then it goes on waiting to beat. */
static void on_events(struct wait *wait)
{
	struct stream *stream = container_of(wait, struct stream, wait);

	sleep_on(stream);
	stream->events(stream);
}

static ssize_t read_stream(void *arg, uint64_t pos, char *out, size_t max)
{
	struct stream *stream = arg;
	size_t n;

	(void)pos;
	if (stream->at == stream->size) {
		stream->at = stream->size = 0;
		if (stream->request->api->closing)
			stream->ended = true;
		if (!stream->ended && stream->empty != NULL)
			stream->empty(stream);
	}
	n = stream->size - stream->at;
	if (n == 0 && stream->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n == 0) {
		stream->asleep = true;
		stream->beat_at = uv_now(stream->request->api->loop) + BEAT_MS;
		sleep_on(stream);
		MHD_suspend_connection(stream->request->connection);
		return 0;
	}
	n = n < max ? n : max;
	memcpy(out, stream->data + stream->at, n);
	stream->at += n;
	return (ssize_t)n;
}

void stream_start(struct stream *stream)
{
	struct request *request = stream->request;
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, stream, NULL);

	stream->wait.due = on_beat;
	stream->wait.events = stream->events != NULL ? on_events : NULL;
	stream->counted = true;
	request->api->n_streams++;
	if (response != NULL && request->head) /* else a last chunk would follow the header */
		MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
	if (response != NULL) {
		MHD_add_response_header(response, "Content-Type", "text/event-stream");
		MHD_add_response_header(response, "Cache-Control", "no-store");
	}
	reply_response(request, MHD_HTTP_OK, response);
}

void stream_free(struct stream *stream)
{
	wait_clear(&stream->wait);
	if (stream->counted)
		stream->request->api->n_streams--;
	stream->counted = false;
	free(stream->data);
	stream->data = NULL;
}
