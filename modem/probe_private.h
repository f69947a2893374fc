/* probe_private.h - one probe, as its own files see it: probe.c (port, order, end) and
 * probe_questions.c (what is asked). */
#pragma once

#include <stdbool.h>

#include "modem/probe.h"

struct at;
struct at_reply;
struct port;

struct probe {
	uv_loop_t *loop;
	char *device;
	unsigned baud;
	enum probe_depth depth;
	struct modem_port *result;
	void (*done)(void *arg);
	void *arg;

	struct port *port;
	struct at *at;
	uv_timer_t limit;
	unsigned unclosed; /* port and conversation that are closing */
	size_t speed;      /* in usual_bauds */
	size_t question, row;
	bool ending, again; /* again: at the next speed */
};

struct probe_question {
	const char *cmd, *prefix;
	unsigned flags;
	enum probe_depth depth;
	/* False: the same question again, with another command. NULL: nothing is learnt. */
	bool (*take)(struct probe *p, const struct at_reply *reply);
	const char *(*compose)(struct probe *p); /* NULL: cmd; gives NULL: leave it out */
};

extern const struct probe_question probe_questions[];
extern const size_t probe_question_count;
