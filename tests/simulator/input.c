/* input.c - bytes from the host become command lines and payloads, and its mistakes are noted.
 *
 * A command line ends with CR alone (V.250 5.2.1). A line that begins before an earlier command
 * has its final result aborts that command or is swallowed, as in a real modem. Bytes that come in
 * one read after a CR were written before any answer could have been seen: they are early. */
#include "tests/simulator/input.h"

#include <string.h>

#include "tests/simulator/command.h"
#include "tests/simulator/modem.h"

enum { ESC = 0x1b, CTRL_Z = 0x1a };

void input_reset(struct modem *modem)
{
	memset(&modem->input, 0, sizeof(modem->input));
}

static void keep(struct input *in, uint8_t byte)
{
	if (in->n < INPUT_LINE_MAX)
		in->line[in->n++] = byte != 0 ? (char)byte : '?'; /* a NUL must not end it */
	else
		in->overlong = true;
}

static void forget_line(struct input *in)
{
	in->n = 0;
	in->overlong = in->early = in->excused = false;
}

/* A line during a command. Impatience with a command that a fault holds up is no mistake. */
static void disturb(struct modem *modem, const char *line, bool excused)
{
	if (excused)
		modem->stats.excused++;
	else
		modem_violation(modem, "%.40s before the final result of %s", line,
				modem->reply.command);
	if (modem->reply.busy && modem->reply.abortable) {
		jobs_cancel(&modem->jobs, JOB_REPLY);
		reply_end(modem, RESULT_ERROR);
	}
}

/* V.250 ignores what stands before AT; a host that writes anything there is out of step. */
static const char *find_command(struct modem *modem, const char *line)
{
	const char *at = strcasestr(line, "AT");

	if (at != line)
		modem_violation(modem, "not a command: %.40s", line);
	return at;
}

static void line_complete(struct modem *modem)
{
	struct input *in = &modem->input;
	char line[INPUT_LINE_MAX + 1];
	bool early = in->early, excused = in->excused || modem->reply.excused;
	bool overlong = in->overlong;
	const char *command;

	memcpy(line, in->line, in->n);
	line[in->n] = '\0';
	forget_line(in);
	if (line[0] == '\0')
		return;
	if (early || modem->reply.busy) {
		disturb(modem, line, excused);
		return;
	}
	command = find_command(modem, line);
	if (overlong)
		modem_violation(modem, "a command line of more than %d characters", INPUT_LINE_MAX);
	else if (command != NULL)
		command_run(modem, command);
}

static void stray_lf(struct modem *modem)
{
	modem_violation(modem, modem->input.after_cr ? "LF after the CR of a command" : "stray LF");
	if (modem->reply.busy && modem->reply.abortable)
		reply_end(modem, RESULT_ERROR);
}

static void command_byte(struct modem *modem, uint8_t byte, bool early)
{
	struct input *in = &modem->input;

	if (byte == ESC) {
		forget_line(in);
	} else if (byte == '\n') {
		stray_lf(modem);
	} else if (byte == CTRL_Z) {
		modem_violation(modem, "Ctrl-Z without a prompt");
		forget_line(in);
	} else if (byte == '\r') {
		line_complete(modem);
	} else {
		if (in->n == 0) {
			in->early = early || modem->reply.busy;
			in->excused = modem->reply.excused;
		}
		keep(in, byte);
	}
}

static void payload_byte(struct modem *modem, uint8_t byte)
{
	struct input *in = &modem->input;
	char typed[INPUT_LINE_MAX + 1];

	if (in->drop_at_payload) {
		modem_drop(modem, in->drop_back_ms);
	} else if (byte == ESC) {
		in->prompt = false;
		forget_line(in);
		modem->stats.escaped++;
		reply_end(modem, RESULT_OK);
	} else if (byte == CTRL_Z) {
		in->prompt = false;
		memcpy(typed, in->line, in->n);
		typed[in->n] = '\0';
		forget_line(in);
		payload_end(modem, typed);
	} else {
		if (byte == '\n' && in->after_cr)
			modem_violation(modem, "LF after the CR of a command is in the prompt");
		keep(in, byte);
	}
}

/* The prompt empties the input buffer: a payload that did not wait for it is lost. */
static bool lost_at_prompt(struct modem *modem, uint8_t byte)
{
	if (byte == '\n')
		return false; /* a CR LF pair: the LF gets into the prompt */
	modem_violation(modem, "payload before the prompt");
	return true;
}

/* The echo goes out in one piece, but before what its last byte sets off. */
struct echo {
	uint8_t bytes[256];
	size_t n;
};

static void echo_flush(struct modem *modem, struct echo *echo)
{
	if (echo->n > 0)
		reply_bytes(modem, echo->bytes, echo->n);
	echo->n = 0;
}

static void echo_byte(struct modem *modem, struct echo *echo, uint8_t byte)
{
	bool acts = byte == '\r' || byte == ESC || byte == CTRL_Z;

	if (modem->set.echo && (modem->input.prompt || !modem->reply.busy))
		echo->bytes[echo->n++] = byte;
	if (acts || echo->n == sizeof(echo->bytes))
		echo_flush(modem, echo);
}

void input_bytes(struct modem *modem, const uint8_t *bytes, size_t n)
{
	struct input *in = &modem->input;
	struct echo echo = { .n = 0 };
	bool early = false;

	for (size_t i = 0; i < n && modem->power == POWER_UP && !modem->asleep; i++) {
		if (in->prompt && early && lost_at_prompt(modem, bytes[i]))
			return;
		echo_byte(modem, &echo, bytes[i]);
		if (in->prompt) {
			payload_byte(modem, bytes[i]);
		} else {
			uint64_t before = modem->stats.commands;

			command_byte(modem, bytes[i], early);
			early = early || modem->stats.commands != before;
		}
		in->after_cr = bytes[i] == '\r';
	}
	echo_flush(modem, &echo);
}
