/* fuzz_at.c - any bytes at any time, into the lexer and a conversation whose peer is half a modem.
 *
 * The input is a program: a byte says what happens next (bytes from the modem, a command, its
 * payload, ESC, time), the peer answers some commands as a modem does. Whatever comes, every
 * command completes exactly once, memory stays bounded and the loop closes. */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "modem/at_private.h"

enum { COMMANDS_MAX = 24, PEER_ROOM = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct at_times times = {
	.quiet_ms = 1,
	.guard_ms = 1,
	.drain_ms = 2,
	.probe_ms = 1,
	.query_ms = 1,
	.pause_ms = 1,
	.escape_ms = 1,
	.late_ok_ms = 1,
	.quote_ms = 1,
	.late_mr_ms = 1,
	.byte_ms = 1,
};

static const struct {
	const char *text, *prefix;
	unsigned flags;
	bool payload;
} commands[] = {
	{ "AT", NULL, 0, false },
	{ "AT+CGSN", "+CGSN:", AT_BARE_LINES, false },
	{ "AT+CREG?", "+CREG:", 0, false },
	{ "AT+CMGL=4", "+CMGL:", 0, false },
	{ "AT+CMGS=18", "+CMGS:", 0, true },
	{ "AT+CPIN=\"1234\"", NULL, AT_SECRET, false },
	{ "AT+CFUN=1,1", NULL, AT_NO_REPLY, false },
	{ "ATD*99#", NULL, 0, false },
};

static struct {
	uv_loop_t loop;
	struct at *at;
	unsigned asked, done;
	bool open[COMMANDS_MAX], peer;
	char peer_says[PEER_ROOM];
	size_t n_peer;
	unsigned resyncs;
} rig;

struct slot {
	size_t i;
};
static struct slot slots[COMMANDS_MAX];

static void say(const char *text)
{
	size_t n = strlen(text);

	if (rig.n_peer + n > PEER_ROOM)
		return;
	memcpy(rig.peer_says + rig.n_peer, text, n);
	rig.n_peer += n;
}

/* Half a modem: it answers what it knows and is silent else. */
static void on_write(void *arg, const void *bytes, size_t n)
{
	const char *text = bytes;

	(void)arg;
	if (!rig.peer || n == 0)
		return;
	if (n == 3 && memcmp(text, "AT\r", 3) == 0)
		say("\r\nOK\r\n");
	else if (n > 7 && memcmp(text, "AT+CGSN", 7) == 0)
		say("\r\n356938035643809\r\n\r\nOK\r\n");
	else if (n > 7 && memcmp(text, "AT+CMGS", 7) == 0)
		say("\r\n> ");
	else if (text[n - 1] == 0x1a)
		say("\r\n+CMGS: 7\r\n\r\nOK\r\n");
}

static void on_done(void *arg, const struct at_reply *reply)
{
	struct slot *slot = arg;

	assert(rig.open[slot->i]); /* exactly once */
	rig.open[slot->i] = false;
	rig.done++;
	for (size_t i = 0; i < reply->n_lines; i++)
		assert(strlen(reply->lines[i]) <= LEX_LINE_MAX);
	assert(reply->final != NULL);
}

static void on_prompt(void *arg)
{
	(void)arg;
	if (rig.peer)
		at_payload(rig.at, "0001000B916407281553F80000");
}

static void on_urc(void *arg, const char *line, const char *second)
{
	(void)arg;
	assert(strlen(line) <= LEX_LINE_MAX);
	assert(second == NULL || at_line_is_hex(second));
}

static void on_stuck(void *arg, const char *why)
{
	(void)arg;
	assert(why[0] != '\0');
}

static void on_resync(void *arg, bool over)
{
	(void)arg;
	rig.resyncs += over ? 0 : 1;
}

static void on_trace(void *arg, char direction, const char *masked)
{
	(void)arg;
	assert(direction == '<' || direction == '>');
	assert(strstr(masked, "1234\"") == NULL || direction == '<');
	for (const char *c = masked; *c != '\0'; c++)
		assert((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void ask(uint8_t which)
{
	size_t i = which % ARRAY_LEN(commands), slot = rig.asked;
	struct at_command command = {
		.text = commands[i].text,
		.prefix = commands[i].prefix,
		.flags = commands[i].flags,
		.timeout_ms = 1,
		.prompt_timeout_ms = 1,
		.prompt = commands[i].payload ? on_prompt : NULL,
		.done = on_done,
		.arg = &slots[slot],
	};

	if (rig.asked >= COMMANDS_MAX)
		return;
	slots[slot].i = slot;
	rig.open[slot] = true;
	rig.asked++;
	if (at_send(rig.at, &command) < 0)
		abort();
}

static void pass(void)
{
	size_t n = rig.n_peer;
	char said[PEER_ROOM];

	uv_run(&rig.loop, UV_RUN_NOWAIT);
	memcpy(said, rig.peer_says, n);
	rig.n_peer = 0;
	if (n > 0)
		at_feed(rig.at, (const uint8_t *)said, n);
}

static void wait_a_moment(void)
{
	uv_run(&rig.loop, UV_RUN_ONCE);
	pass();
}

/* One instruction; how many bytes of the program it took. */
static size_t step(const uint8_t *data, size_t size)
{
	uint8_t op = data[0];
	size_t n = op >> 3;

	switch (op & 7) {
	case 0:
	case 1:
	case 2: /* n bytes from the modem */
		n = n + 1 < size ? n + 1 : size - 1;
		at_feed(rig.at, data + 1, n);
		pass();
		return n + 1;
	case 3:
		ask(op >> 3);
		break;
	case 4:
		at_payload(rig.at, "0001000B916407281553F80000");
		break;
	case 5:
		at_abandon(rig.at);
		break;
	case 6:
		rig.peer = (op & 8) != 0;
		if (op & 16)
			at_resync(rig.at);
		break;
	default:
		if (!at_idle(rig.at))
			wait_a_moment();
		break;
	}
	pass();
	return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct at_events events = { on_urc, on_stuck, on_resync, on_trace };
	size_t at = 0;

	memset(&rig, 0, sizeof(rig));
	rig.peer = true;
	uv_loop_init(&rig.loop);
	rig.at = at_new(&rig.loop, on_write, &events, NULL);
	if (rig.at == NULL)
		abort();
	at_set_times(rig.at, &times);
	at_tracing(rig.at, true);
	while (at < size)
		at += step(data + at, size - at);
	at_close(rig.at, NULL, NULL);
	uv_run(&rig.loop, UV_RUN_DEFAULT);
	assert(rig.done == rig.asked);
	if (uv_loop_close(&rig.loop) != 0)
		abort();
	return 0;
}
