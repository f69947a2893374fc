/* events_job.h - reading events from a place on, for lists, long polls and streams. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "api/request.h"
#include "api/stream.h"
#include "queue/db_event.h"

struct events_job {
	struct request *request;
	struct event_query query; /* after moves on with what was read */
	bool named;               /* a place to go on from; else the oldest kept will do */
	bool gone;                /* the place is before the retention */
	bool more;                /* the last read may not have seen all there is */
	struct event *events;
	size_t n;
	int64_t newest_seen; /* api.last_seq when the last read began */

	struct wait wait; /* long poll */
	uint64_t give_up_at;

	struct stream stream;
	bool reading;
};

/* A rule (request.h): fills events, n, gone, more and moves query.after on. */
int events_read(const struct rule *rule, void *job, struct refusal *why);

/* Answers with an event stream; what the first read brought goes first. */
void events_stream_start(struct events_job *job);
