/* stream.h - an answer that goes on: text/event-stream, pulled by the client's own pace.
 *
 * libmicrohttpd asks for bytes when the socket takes more; when there are none the connection
 * sleeps until stream_flush. A comment every 15 s shows a client that has left. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/json_text.h"
#include "api/waits.h"

struct request;

struct stream { /* lives in the request's job */
	struct request *request;
	char *data;
	size_t at, size, room;
	bool asleep, ended, counted;
	uint64_t beat_at;
	struct wait wait;
	/* The client has taken all: may add more at once, or later. NULL: more comes by itself. */
	void (*empty)(struct stream *stream);
	/* New events, while asleep. NULL: they do not matter. */
	void (*events)(struct stream *stream);
};

/* Is there a place for one more? False: answered. */
bool stream_admit(struct request *request);

/* Answers the request with what is in the stream and goes on. request, empty and events are set. */
void stream_start(struct stream *stream);

/* id 0: none. False: the buffer is full, nothing was added. Takes data. */
bool stream_add(struct stream *stream, int64_t id, const char *type, struct json_text *data);

void stream_flush(struct stream *stream);
void stream_end(struct stream *stream); /* after what is in it */
void stream_free(struct stream *stream);
