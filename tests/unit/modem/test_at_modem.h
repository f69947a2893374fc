/* test_at_modem.h - a modem that takes its time, under a conversation with short waits.
 *
 * It works like a real one: it reads command lines in order and answers each when it is done with
 * those before. A test ends at an event, never after a guessed time. */
#pragma once

#include "base/util.h"
#include "modem/at_private.h"
#include "tests/unit/modem/test_at_rig.h"

enum { LIMIT_MS = 20000, INPUT_MAX = 4096 };

static const struct at_times quick = {
	.quiet_ms = 30,
	.guard_ms = 60,
	.drain_ms = 150,
	.probe_ms = 150,
	.query_ms = 150,
	.pause_ms = 20,
	.escape_ms = 60,
	.late_ok_ms = 40,
	.quote_ms = 40,
	.late_mr_ms = 20,
	.byte_ms = 10,
};

/* This command line (or, with a '*' at its end, one that starts so) is answered so, after that
 * time. reply NULL: never. */
struct habit {
	const char *line, *reply;
	unsigned after_ms;
	unsigned times; /* then the next habit for the same line counts; 0: for ever */
};

static struct modem {
	const struct habit *habits;
	size_t n_habits;
	unsigned used[16];
	char input[INPUT_MAX];
	size_t n_input;
	bool at_prompt, deaf;
	uv_timer_t work, noise, limit;
	const char *reply; /* under way while work is active */
	const char *noise_text;
} modem;

static void modem_go_on(void);

static size_t find_habit(const char *line)
{
	for (size_t i = 0; i < modem.n_habits; i++) {
		const struct habit *habit = &modem.habits[i];
		const char *star = strchr(habit->line, '*');

		if ((star != NULL ? strncmp(line, habit->line, (size_t)(star - habit->line))
				  : strcmp(line, habit->line)) == 0 &&
		    (habit->times == 0 || modem.used[i] < habit->times))
			return i;
	}
	return modem.n_habits;
}

static void on_work_done(uv_timer_t *timer)
{
	const char *reply = modem.reply;

	(void)timer;
	modem.reply = NULL;
	if (reply != NULL) {
		modem.at_prompt = strstr(reply, "> ") != NULL;
		feed(reply);
	}
	modem_go_on();
}

static void start_work(const char *line)
{
	size_t i = find_habit(line);

	if (i == modem.n_habits) { /* the default: it knows no such command */
		modem.reply = "\r\nERROR\r\n";
		uv_timer_start(&modem.work, on_work_done, 0, 0);
		return;
	}
	modem.used[i]++;
	modem.reply = modem.habits[i].reply;
	if (modem.reply != NULL)
		uv_timer_start(&modem.work, on_work_done, modem.habits[i].after_ms, 0);
}

/* Takes the next line, payload or ESC, unless it is still at work. */
static void modem_go_on(void)
{
	while (modem.reply == NULL && modem.n_input > 0) {
		size_t n = strcspn(modem.input, modem.at_prompt ? "\x1a\x1b" : "\r\x1b");
		char end = modem.input[n], line[INPUT_MAX];

		if (end == '\0')
			return;
		modem.input[n] = '\0';
		strcpy(line, modem.input);
		modem.n_input -= n + 1;
		memmove(modem.input, modem.input + n + 1, modem.n_input + 1);
		if (end == '\x1b') {
			if (modem.at_prompt)
				feed("\r\nOK\r\n");
			modem.at_prompt = false;
		} else if (modem.at_prompt) {
			modem.at_prompt = false;
			start_work("payload");
		} else {
			start_work(line);
		}
	}
}

static void on_modem_input(uv_timer_t *timer)
{
	(void)timer;
	on_work_done(timer);
}

/* Never answers from inside the write. */
static void write_to_modem(void *arg, const void *bytes, size_t n)
{
	on_write(arg, bytes, n);
	if (modem.deaf)
		return;
	assert_true(modem.n_input + n < INPUT_MAX);
	memcpy(modem.input + modem.n_input, bytes, n);
	modem.n_input += n;
	modem.input[modem.n_input] = '\0';
	if (modem.reply == NULL && !uv_is_active((uv_handle_t *)&modem.work))
		uv_timer_start(&modem.work, on_modem_input, 0, 0);
}

static void on_noise(uv_timer_t *timer)
{
	(void)timer;
	feed(modem.noise_text);
}

static void on_limit(uv_timer_t *timer)
{
	(void)timer;
	print_error("waited for \"%s\" in vain; the log:\n%s", rig.until, rig.log);
	fail();
}

static inline void modem_open(const struct habit *habits, size_t n)
{
	static const struct at_events events = { on_urc, on_stuck, NULL, on_trace };

	memset(&rig, 0, sizeof(rig));
	memset(&modem, 0, sizeof(modem));
	modem.habits = habits;
	modem.n_habits = n;
	assert_int_equal(uv_loop_init(&rig.loop), 0);
	uv_timer_init(&rig.loop, &modem.work);
	uv_timer_init(&rig.loop, &modem.noise);
	uv_timer_init(&rig.loop, &modem.limit);
	rig.at = at_new(&rig.loop, write_to_modem, &events, NULL);
	assert_non_null(rig.at);
	at_set_times(rig.at, &quick);
}

static inline void make_noise(const char *text)
{
	modem.noise_text = text;
	uv_timer_start(&modem.noise, on_noise, 5, 5);
}

static inline void run_until(const char *text)
{
	rig.until = text;
	uv_timer_start(&modem.limit, on_limit, LIMIT_MS, 0);
	while (strstr(rig.log, text) == NULL)
		uv_run(&rig.loop, UV_RUN_DEFAULT);
	uv_timer_stop(&modem.limit);
	rig.until = NULL;
}

static inline void modem_close(void)
{
	uv_close((uv_handle_t *)&modem.work, NULL);
	uv_close((uv_handle_t *)&modem.noise, NULL);
	uv_close((uv_handle_t *)&modem.limit, NULL);
	rig_close();
}

static inline void ask(const char *text, const char *prefix, unsigned timeout_ms, unsigned flags)
{
	struct at_command command = {
		.text = text,
		.prefix = prefix,
		.timeout_ms = timeout_ms,
		.flags = flags,
		.done = on_done,
	};

	assert_int_equal(at_send(rig.at, &command), 0);
}

static inline void submit(unsigned prompt_timeout_ms, unsigned timeout_ms)
{
	struct at_command command = {
		.text = "AT+CMGS=18",
		.prefix = "+CMGS:",
		.timeout_ms = timeout_ms,
		.done = on_done,
		.prompt = on_prompt,
		.prompt_timeout_ms = prompt_timeout_ms,
	};

	rig.payload_at_prompt = true;
	assert_int_equal(at_send(rig.at, &command), 0);
}

/* Until a last command is written; the log shows what came before it. */
static inline void run_until_idle(void)
{
	static const char last[] = "write AT+LAST\\r\n";

	ask("AT+LAST", NULL, LIMIT_MS, 0);
	run_until(last);
	*strstr(rig.log, last) = '\0';
}

static inline unsigned count(const char *text)
{
	unsigned n = 0;

	for (const char *at = rig.log; (at = strstr(at, text)) != NULL; at++)
		n++;
	return n;
}

#define IN_STEP                                                                                    \
	{ "AT+CGSN", "\r\n356938035643809\r\n\r\nOK\r\n", 1, 0 },                                  \
	{                                                                                          \
		"AT", "\r\nOK\r\n", 1, 0                                                           \
	}
