/* test_at_rig.h - one conversation without a port: what it tells and writes goes to a log. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "modem/at.h"

enum { LOG_SIZE = 65536, SECONDS = 1000 };

#define PDU     "0001000B916407281553F8000005E8329BFD06"
#define DELIVER "0791448720003023240DD0E474D81C0EBB010000111011315214000BE474D81C0EBB5DE3771B"

static struct rig {
	uv_loop_t loop;
	struct at *at;
	char log[LOG_SIZE];
	size_t used;
	const char *until; /* the loop stops when the log has this; may be NULL */
	bool payload_at_prompt, abandon_at_prompt;
	const struct at_command *then; /* sent from inside the next done */
	bool close_in_done, close_in_urc;
	unsigned dones, closed;
	size_t n_lines; /* of the last reply */
} rig;

/* One event a line; CR shows as \r, Ctrl-Z as ^Z, ESC as ^[. */
__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	char text[8192];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (const char *c = text; *c != '\0'; c++) {
		const char *shown = *c == '\r'     ? "\\r"
				    : *c == '\x1a' ? "^Z"
				    : *c == '\x1b' ? "^["
						   : NULL;

		assert_true(rig.used + 4 < LOG_SIZE);
		if (shown != NULL)
			rig.used += (size_t)sprintf(rig.log + rig.used, "%s", shown);
		else
			rig.log[rig.used++] = *c;
	}
	rig.log[rig.used++] = '\n';
	rig.log[rig.used] = '\0';
	if (rig.until != NULL && strstr(rig.log, rig.until) != NULL)
		uv_stop(&rig.loop);
}

static void on_write(void *arg, const void *bytes, size_t n)
{
	(void)arg;
	note("write %.*s", (int)n, (const char *)bytes);
}

static void on_closed(void *arg)
{
	(void)arg;
	rig.closed++;
}

static void on_urc(void *arg, const char *line, const char *second)
{
	(void)arg;
	if (second != NULL)
		note("urc %s / %s", line, second);
	else
		note("urc %s", line);
	if (rig.close_in_urc)
		at_close(rig.at, on_closed, NULL);
	rig.close_in_urc = false;
}

static void on_stuck(void *arg, const char *why)
{
	(void)arg;
	note("stuck %s", why);
}

static void on_trace(void *arg, char direction, const char *masked)
{
	(void)arg;
	note("trace %c %s", direction, masked);
}

static void on_prompt(void *arg)
{
	(void)arg;
	note("prompt");
	if (rig.payload_at_prompt)
		at_payload(rig.at, PDU);
	if (rig.abandon_at_prompt)
		at_abandon(rig.at);
}

static void on_done(void *arg, const struct at_reply *reply)
{
	static const char *const names[] = { "OK", "ERROR", "TIMEOUT", "CLOSED" };
	static const char *const domains[] = { "", " cme", " cms" };
	const struct at_command *then = rig.then;
	char lines[4096] = "";

	(void)arg;
	rig.n_lines = reply->n_lines;
	for (size_t i = 0; i < reply->n_lines && i < 8; i++)
		sprintf(lines + strlen(lines), " [%s]", reply->lines[i]);
	note("done %s%s %d \"%s\"%s%s%s", names[reply->status], domains[reply->domain], reply->code,
	     reply->final, lines, reply->prompted ? " prompted" : "",
	     reply->submitted ? " submitted" : "");
	rig.dones++;
	rig.then = NULL;
	if (then != NULL)
		assert_int_equal(at_send(rig.at, then), 0);
	if (rig.close_in_done)
		at_close(rig.at, on_closed, NULL);
	rig.close_in_done = false;
}

static inline void rig_open(void)
{
	static const struct at_events events = { on_urc, on_stuck, NULL, on_trace };

	memset(&rig, 0, sizeof(rig));
	assert_int_equal(uv_loop_init(&rig.loop), 0);
	rig.at = at_new(&rig.loop, on_write, &events, NULL);
	assert_non_null(rig.at);
}

/* The log ends here; what close adds is of the test that asks for it. */
static inline void rig_end(void)
{
	uv_run(&rig.loop, UV_RUN_DEFAULT);
	assert_int_equal(rig.closed, 1);
	assert_int_equal(uv_loop_close(&rig.loop), 0);
}

static inline void rig_close(void)
{
	at_close(rig.at, on_closed, NULL);
	rig_end();
}

static inline void feed(const char *text)
{
	at_feed(rig.at, (const uint8_t *)text, strlen(text));
}

static inline void send_with(const char *text, const char *prefix, unsigned flags, bool prompt)
{
	struct at_command command = {
		.text = text,
		.prefix = prefix,
		.timeout_ms = 60 * SECONDS,
		.flags = flags,
		.done = on_done,
		.prompt = prompt ? on_prompt : NULL,
		.prompt_timeout_ms = 10 * SECONDS,
	};

	assert_int_equal(at_send(rig.at, &command), 0);
}
