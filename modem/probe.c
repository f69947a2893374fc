/* probe.c - owns one port for as long as a few questions take.
 *
 * Steps: open (a refusal says who may hold it), get in step, ask the questions of the table one
 * by one (an error or silence leaves its answer empty), close, done. A line that stays silent is
 * tried at the next usual speed if it has speeds. One limit over all: what was heard until then
 * counts. */
#include "modem/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "modem/at_private.h"
#include "modem/port.h"
#include "modem/probe_private.h"

enum { LIMIT_MS = 60000, QUESTION_MS = 5000 };

static const unsigned usual_bauds[] = { 115200, 9600, 57600, 38400, 19200, 460800, 921600 };

/* Shorter than a session's: most ports that are asked have nobody behind them. */
static const struct at_times times = {
	.quiet_ms = 200,
	.guard_ms = 1500,
	.drain_ms = 1500,
	.probe_ms = 1000,
	.query_ms = 3000,
	.pause_ms = 60000, /* a round that failed is the answer */
	.escape_ms = 300,
	.late_ok_ms = 300,
	.quote_ms = 1000,
	.byte_ms = 30,
};

static void open_port(struct probe *p);
static void ask_next(struct probe *p);

/* ---- the end ---- */

static void on_timer_closed(uv_handle_t *handle)
{
	struct probe *p = handle->data;
	void (*done)(void *) = p->done;
	void *arg = p->arg;

	free(p->device);
	free(p);
	done(arg);
}

static void go_on_if_closed(struct probe *p)
{
	if (p->unclosed > 0)
		return;
	if (p->again) {
		p->again = false;
		p->ending = false;
		open_port(p);
	} else {
		uv_close((uv_handle_t *)&p->limit, on_timer_closed);
	}
}

static void on_part_closed(void *arg)
{
	struct probe *p = arg;

	p->unclosed--;
	go_on_if_closed(p);
}

static void close_parts(struct probe *p)
{
	struct port *port = p->port;
	struct at *at = p->at;

	p->port = NULL;
	p->at = NULL;
	p->unclosed = (port != NULL ? 1u : 0u) + (at != NULL ? 1u : 0u);
	if (at != NULL)
		at_close(at, on_part_closed, p);
	if (port != NULL)
		port_close(port, on_part_closed, p);
}

static void end(struct probe *p, enum port_answer answer, const char *why)
{
	if (p->ending)
		return;
	p->ending = true;
	p->result->answer = answer;
	snprintf(p->result->why, sizeof(p->result->why), "%s", why);
	uv_timer_stop(&p->limit);
	close_parts(p);
	go_on_if_closed(p);
}

/* Nobody answers at this speed. */
static void end_silent(struct probe *p)
{
	bool line = p->port != NULL && port_kind(p->port) == PORT_SERIAL && p->baud == 0;

	if (p->ending)
		return;
	if (!line || p->result->usb_path[0] != '\0' || p->speed + 1 >= ARRAY_LEN(usual_bauds)) {
		end(p, PORT_SILENT,
		    "nobody answers AT: not a modem's command port, switched off, or another "
		    "speed");
		return;
	}
	p->speed++;
	p->again = p->ending = true;
	close_parts(p);
	go_on_if_closed(p);
}

static void on_reply(void *arg, const struct at_reply *reply)
{
	struct probe *p = arg;
	const struct probe_question *q = &probe_questions[p->question];

	if (reply->status == AT_CLOSED)
		return;
	p->result->answer = PORT_ANSWERS; /* in step: it answered before the first of them */
	if (q->take == NULL || q->take(p, reply))
		p->question++;
	ask_next(p);
}

static void ask_next(struct probe *p)
{
	for (; p->question < probe_question_count; p->question++) {
		const struct probe_question *q = &probe_questions[p->question];
		const char *text = q->compose != NULL ? q->compose(p) : q->cmd;
		const struct at_command command = {
			.text = text,
			.prefix = q->prefix,
			.flags = q->flags,
			.timeout_ms = QUESTION_MS,
			.done = on_reply,
			.arg = p,
		};

		if (text == NULL || q->depth > p->depth)
			continue;
		if (at_send(p->at, &command) == 0)
			return;
	}
	end(p, PORT_ANSWERS, "");
}

/* ---- the port ---- */

static void write_bytes(void *arg, const void *bytes, size_t n)
{
	struct probe *p = arg;

	if (p->port != NULL)
		port_write(p->port, bytes, n);
}

static void on_urc(void *arg, const char *line, const char *second)
{
	(void)arg;
	(void)line;
	(void)second;
}

/* Silent from the start, or after some answers: those count. */
static void on_stuck(void *arg, const char *why)
{
	struct probe *p = arg;

	(void)why;
	if (p->result->answer == PORT_ANSWERS)
		end(p, PORT_ANSWERS, "it stopped answering in the middle");
	else
		end_silent(p);
}

static void on_opened(void *arg)
{
	static const struct at_events events = { .urc = on_urc, .stuck = on_stuck };
	struct probe *p = arg;

	p->at = at_new(p->loop, write_bytes, &events, p);
	if (p->at == NULL) {
		end(p, PORT_FAULTY, "no memory for a conversation");
		return;
	}
	at_set_times(p->at, &times);
	at_resync(p->at);
	ask_next(p);
}

static void on_data(void *arg, const uint8_t *bytes, size_t n)
{
	struct probe *p = arg;

	if (p->at != NULL)
		at_feed(p->at, bytes, n);
}

static void on_lost(void *arg, const char *why)
{
	end(arg, PORT_FAULTY, why);
}

static enum port_answer answer_of(int error)
{
	if (error == -EBUSY)
		return PORT_HELD;
	return error == -EACCES || error == -EPERM ? PORT_NO_RIGHTS : PORT_FAULTY;
}

static void open_port(struct probe *p)
{
	static const struct port_events events = {
		.opened = on_opened,
		.data = on_data,
		.lost = on_lost,
	};
	const struct port_settings settings = {
		.device = p->device,
		.baud = p->baud != 0 ? p->baud : usual_bauds[p->speed],
	};
	char why[PORT_WHY_SIZE];
	int r = port_open(&p->port, p->loop, &settings, &events, p, why);

	p->question = p->row = 0;
	p->result->baud = settings.baud;
	if (r < 0)
		end(p, answer_of(r), why);
}

static void on_limit(uv_timer_t *timer)
{
	struct probe *p = timer->data;

	if (p->result->answer == PORT_ANSWERS)
		end(p, PORT_ANSWERS, "it answers too slowly to be asked everything");
	else
		end(p, PORT_SILENT, "nobody answers AT");
}

static void on_start(uv_timer_t *timer)
{
	struct probe *p = timer->data;

	uv_timer_start(timer, on_limit, LIMIT_MS, 0);
	open_port(p);
}

struct probe *probe_start(uv_loop_t *loop, const struct probe_settings *settings,
			  struct modem_port *port, void (*done)(void *arg), void *arg)
{
	struct probe *p = calloc(1, sizeof(*p));

	if (p == NULL || (p->device = strdup(settings->device)) == NULL) {
		free(p);
		return NULL;
	}
	p->loop = loop;
	p->baud = settings->baud;
	p->depth = settings->depth;
	p->result = port;
	p->done = done;
	p->arg = arg;
	port->answer = PORT_SILENT;
	port->registration = -1;
	port->storage_used = port->storage_total = -1;
	uv_timer_init(loop, &p->limit);
	p->limit.data = p;
	uv_update_time(loop);
	uv_timer_start(&p->limit, on_start, 0, 0);
	return p;
}

void probe_cancel(struct probe *p)
{
	p->again = false;
	if (!p->ending)
		end(p, PORT_LEFT, "asking was broken off");
}
