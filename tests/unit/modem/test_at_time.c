/* test_at_time.c - deadlines, pacing and resynchronisation, against a modem that takes its time.
 *
 * The modem works like a real one: it reads command lines in order and answers each when it is
 * done with those before. Waits are short; a test ends at an event, never after a guessed time. */
#include "base/util.h"
#include "modem/at_private.h"
#include "tests/unit/modem/test_at_rig.h"

enum { LIMIT_MS = 20000, INPUT_MAX = 4096 };

static const struct at_times quick = {
	.quiet_ms = 30,
	.drain_ms = 150,
	.probe_ms = 150,
	.query_ms = 150,
	.pause_ms = 20,
	.escape_ms = 60,
	.late_ok_ms = 40,
	.quote_ms = 40,
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

static void modem_open(const struct habit *habits, size_t n)
{
	static const struct at_events events = { on_urc, on_stuck, on_trace };

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

static void make_noise(const char *text)
{
	modem.noise_text = text;
	uv_timer_start(&modem.noise, on_noise, 5, 5);
}

static void run_until(const char *text)
{
	rig.until = text;
	uv_timer_start(&modem.limit, on_limit, LIMIT_MS, 0);
	while (strstr(rig.log, text) == NULL)
		uv_run(&rig.loop, UV_RUN_DEFAULT);
	uv_timer_stop(&modem.limit);
	rig.until = NULL;
}

static void modem_close(void)
{
	uv_close((uv_handle_t *)&modem.work, NULL);
	uv_close((uv_handle_t *)&modem.noise, NULL);
	uv_close((uv_handle_t *)&modem.limit, NULL);
	rig_close();
}

static void ask(const char *text, const char *prefix, unsigned timeout_ms, unsigned flags)
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

static void submit(unsigned prompt_timeout_ms, unsigned timeout_ms)
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
static void run_until_idle(void)
{
	static const char last[] = "write AT+LAST\\r\n";

	ask("AT+LAST", NULL, LIMIT_MS, 0);
	run_until(last);
	*strstr(rig.log, last) = '\0';
}

static unsigned count(const char *text)
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

/* However late the answer comes, it never answers the next command. */
static void late_answer_is_nobodys(void **state)
{
	static const struct {
		const char *text, *prefix, *reply;
		unsigned flags;
	} lates[] = {
		{ "AT+LATE", NULL, "\r\nOK\r\n", 0 },
		{ "AT+LATE", NULL, "\r\nERROR\r\n", 0 },
		{ "AT+LATE", "+CSQ:", "\r\n+CSQ: 1,1\r\n\r\nOK\r\n", 0 },
		{ "AT+LATE", NULL, "\r\n250010123456789\r\n\r\nOK\r\n", AT_BARE_LINES },
	};
	static const unsigned delays[] = { 15, 25, 40, 55, 90, 200, 400 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lates) * ARRAY_LEN(delays); i++) {
		size_t l = i % ARRAY_LEN(lates), d = i / ARRAY_LEN(lates);
		struct habit habits[] = {
			{ "AT+LATE", lates[l].reply, delays[d], 0 },
			{ "AT+CSQ", "\r\n+CSQ: 7,7\r\n\r\nOK\r\n", 1, 0 },
			{ "AT+CMEE?", "\r\n+CMEE: 1\r\n\r\nOK\r\n", 1, 0 },
			IN_STEP,
		};

		modem_open(habits, ARRAY_LEN(habits));
		ask(lates[l].text, lates[l].prefix, 10, lates[l].flags);
		run_until("done TIMEOUT -1 \"\"\n");
		ask("AT+CSQ", "+CSQ:", 2000, 0);
		run_until("done OK");
		assert_non_null(strstr(rig.log, "done OK -1 \"OK\" [+CSQ: 7,7]\n"));
		assert_null(strstr(rig.log, "1,1"));
		assert_null(strstr(rig.log, "urc"));
		assert_int_equal(rig.dones, 2);
		modem_close();
	}
}

/* The queries of the resynchronisation, for modems that lack some. */
static void queries_fall_back(void **state)
{
	static const struct {
		struct habit habits[4];
		const char *asked; /* in this order; the last one answers */
	} cases[] = {
		{ { IN_STEP }, "AT\\r AT+CGSN\\r" },
		{ { { "AT+CGSN", "\r\n+CGSN: \"356938035643809\"\r\nOK\r\n", 1, 0 },
		    { "AT", "\r\nOK\r\n", 1, 0 } },
		  "AT\\r AT+CGSN\\r" },
		{ { { "AT+CMEE?", "\r\n+CMEE: 1\r\nOK\r\n", 1, 0 },
		    { "AT+CGSN", "\r\n+CME ERROR: 13\r\n", 1, 0 },
		    { "AT", "\r\nOK\r\n", 1, 0 } },
		  "AT\\r AT+CGSN\\r AT\\r AT+CMEE?\\r" },
		{ { { "AT+CGSN", NULL, 1, 1 }, /* swallowed: more than ERROR */
		    { "AT+CMEE?", "\r\n+CMEE: 1\r\nOK\r\n", 1, 0 },
		    IN_STEP },
		  "AT\\r AT+CGSN\\r AT\\r AT+CMEE?\\r" },
		{ { { "AT+*", "\r\nERROR\r\n", 1, 0 },
		    { "ATI", "\r\nACME 7\r\nOK\r\n", 1, 0 },
		    { "AT", "\r\nOK\r\n", 1, 0 } },
		  "AT\\r AT+CGSN\\r AT\\r AT+CMEE?\\r AT\\r AT+GSN\\r AT\\r ATI\\r" },
		{ { { "AT+*", "\r\nERROR\r\n", 1, 0 },
		    { "ATI", "\r\nERROR\r\n", 1, 0 },
		    { "AT", "\r\nOK\r\n", 1, 0 } },
		  "AT\\r ATI\\r AT\\r AT\\r" },
		{ { { "AT+CGSN", "356938035643809\r\n0\r", 1, 0 }, { "AT", "0\r", 1, 0 } },
		  "AT\\r AT+CGSN\\r" },
		{ { { "AT+CGSN", "\r\nOK\r\n", 1, 0 }, /* no reply line: no proof */
		    { "AT+CMEE?", "\r\n+CMEE: 1\r\nOK\r\n", 1, 0 },
		    { "AT", "\r\nOK\r\n", 1, 0 } },
		  "AT\\r AT+CGSN\\r AT\\r AT+CMEE?\\r" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *at;
		char asked[256];

		modem_open(cases[i].habits, ARRAY_LEN(cases[i].habits));
		for (modem.n_habits = 0; modem.n_habits < ARRAY_LEN(cases[i].habits) &&
					 cases[i].habits[modem.n_habits].line != NULL;)
			modem.n_habits++;
		at_resync(rig.at);
		run_until_idle();
		at = rig.log;
		strcpy(asked, cases[i].asked);
		for (char *one = strtok(asked, " "); one != NULL; one = strtok(NULL, " ")) {
			char want[64];

			snprintf(want, sizeof(want), "write %s\n", one);
			at = strstr(at, want);
			assert_non_null(at);
			at += strlen(want);
		}
		assert_string_equal(at, ""); /* and nothing after */
		assert_int_equal(strncmp(rig.log, "write ^[\n", 9), 0);
		modem_close();
	}
}

static void dead_modem_is_stuck(void **state)
{
	static const struct habit habits[] = { { "AT*", NULL, 1, 0 } };

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	at_resync(rig.at);
	ask("AT+CSQ", "+CSQ:", 1000, 0);
	run_until("stuck");
	assert_int_equal(count("write AT\\r"), 2);
	assert_int_equal(count("write ATQ0V1\\r"), 1);
	assert_int_equal(count("AT+CSQ"), 0);
	assert_int_equal(rig.dones, 0);
	modem_close();
	assert_string_equal(strstr(rig.log, "done"), "done CLOSED -1 \"\"\n");
}

/* A round that failed is followed by another one: a modem that comes back is found. */
static void modem_comes_back(void **state)
{
	static const struct habit habits[] = {
		{ "ATQ0V1", NULL, 1, 1 },
		{ "AT+CSQ", "\r\n+CSQ: 7,7\r\nOK\r\n", 1, 0 },
		{ "AT+CGSN", "\r\n356938035643809\r\nOK\r\n", 1, 0 },
		{ "AT", NULL, 1, 2 },
		{ "AT", "\r\nOK\r\n", 1, 0 },
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	at_resync(rig.at);
	ask("AT+CSQ", "+CSQ:", 1000, 0);
	run_until("[+CSQ: 7,7]");
	assert_int_equal(count("stuck"), 1);
	modem_close();
}

static void three_timeouts_are_stuck(void **state)
{
	static const struct habit habits[] = { { "AT+X", NULL, 1, 0 }, IN_STEP };

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	for (int i = 0; i < 3; i++)
		ask("AT+X", NULL, 10, 0);
	run_until("stuck");
	assert_int_equal(rig.dones, 3);
	assert_int_equal(count("done TIMEOUT"), 3);
	modem_close();
}

static void an_answer_ends_the_row(void **state)
{
	static const struct habit habits[] = {
		{ "AT+X", NULL, 1, 0 },
		{ "AT+OK", "\r\nOK\r\n", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	for (int i = 0; i < 6; i++)
		ask(i % 3 == 2 ? "AT+OK" : "AT+X", NULL, i % 3 == 2 ? 2000 : 10, 0);
	run_until_idle();
	assert_int_equal(count("done"), 6);
	assert_int_equal(count("stuck"), 0);
	modem_close();
}

/* Unsolicited lines extend neither a deadline nor the drain. */
static void flood(void **state)
{
	static const struct habit habits[] = {
		{ "AT+X", NULL, 1, 0 },
		{ "AT+CSQ", "\r\n+CSQ: 7,7\r\nOK\r\n", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	make_noise("\r\n^RSSI: 12\r\n");
	ask("AT+X", NULL, 60, 0);
	ask("AT+CSQ", "+CSQ:", 2000, 0);
	run_until("[+CSQ: 7,7]");
	assert_true(count("urc ^RSSI: 12\n") >= 10);
	assert_int_equal(count("done TIMEOUT"), 1);
	modem_close();
}

/* The prompt does not come, or comes when nobody waits for it any more: ESC, nothing is sent. */
static void late_prompt_is_escaped(void **state)
{
	static const unsigned delays[] = { 20, 60, 120, 260 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
		struct habit habits[] = {
			{ "AT+CMGS=18", "\r\n> ", delays[i], 0 },
			{ "payload", "\r\n+CMGS: 1\r\nOK\r\n", 1, 0 },
			{ "AT+CSQ", "\r\n+CSQ: 7,7\r\nOK\r\n", 1, 0 },
			IN_STEP,
		};

		modem_open(habits, ARRAY_LEN(habits));
		submit(10, 1000);
		run_until("done");
		assert_non_null(strstr(rig.log, "done TIMEOUT -1 \"\"\n"));
		ask("AT+CSQ", "+CSQ:", 2000, 0);
		run_until("[+CSQ: 7,7]");
		assert_int_equal(count(PDU), 0);
		assert_int_equal(modem.used[1], 0);
		modem_close();
	}
}

/* After Ctrl-Z the modem is silent for too long; what it says then settles the message's fate. */
static void late_reference_goes_up(void **state)
{
	static const struct {
		const char *reply, *urc;
	} cases[] = {
		{ "\r\n+CMGS: 77\r\n\r\nOK\r\n", "urc +CMGS: 77\n" },
		{ "\r\n+CMS ERROR: 38\r\n", "urc +CMS ERROR: 38\n" },
	};
	static const unsigned delays[] = { 35, 60, 130, 350 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases) * ARRAY_LEN(delays); i++) {
		const char *reply = cases[i % ARRAY_LEN(cases)].reply;
		struct habit habits[] = {
			{ "AT+CMGS=18", "\r\n> ", 1, 0 },
			{ "payload", reply, delays[i / ARRAY_LEN(cases)], 1 },
			{ "payload", "\r\n+CMGS: 78\r\nOK\r\n", 1, 0 },
			IN_STEP,
		};

		modem_open(habits, ARRAY_LEN(habits));
		submit(1000, 25);
		run_until("done TIMEOUT -1 \"\" prompted submitted\n");
		submit(1000, 2000);
		run_until("done OK");
		assert_non_null(strstr(rig.log, cases[i % ARRAY_LEN(cases)].urc));
		assert_non_null(strstr(rig.log, "done OK -1 \"OK\" [+CMGS: 78] prompted"));
		assert_int_equal(count("write " PDU), 2);
		modem_close();
	}
}

/* The reference came, its OK does not: no reason to wait for the whole time limit. */
static void missing_ok(void **state)
{
	static const struct habit habits[] = {
		{ "AT+CMGS=18", "\r\n> ", 1, 0 },
		{ "payload", "\r\n+CMGS: 5\r\n", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	for (int i = 0; i < 4; i++)
		submit(1000, 3600 * SECONDS);
	run_until_idle();
	assert_int_equal(count("done TIMEOUT -1 \"\" [+CMGS: 5] prompted submitted\n"), 4);
	assert_int_equal(count("stuck"), 0); /* the modem does answer */
	modem_close();
}

/* Nobody brings a payload: the prompt is left, nothing is sent. */
static void payload_never_comes(void **state)
{
	static const struct habit habits[] = {
		{ "AT+CMGS=18", "\r\n> ", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	submit(1000, 30);
	rig.payload_at_prompt = false;
	run_until("done ERROR -1 \"OK\" prompted\n");
	assert_int_equal(count("write ^[\n"), 1);
	modem_close();
}

static void silence_after_escape(void **state)
{
	static const struct habit habits[] = { { "AT+CMGS=18", "\r\n> ", 1, 0 } };

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	submit(1000, 1000);
	rig.payload_at_prompt = false;
	run_until("prompt\n");
	modem.deaf = true;
	at_abandon(rig.at);
	run_until("done TIMEOUT -1 \"\" prompted\n");
	assert_int_equal(count(PDU), 0);
	modem_close();
}

/* A reset kills the port: silence is what was wanted. */
static void no_reply_wanted(void **state)
{
	static const struct habit habits[] = { { "AT+CFUN=1,1", NULL, 1, 0 } };

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	ask("AT+CFUN=1,1", NULL, 20, AT_NO_REPLY);
	run_until("done");
	assert_string_equal(rig.log, "write AT+CFUN=1,1\\r\ndone OK -1 \"\"\n");
	assert_true(at_idle(rig.at));
	modem_close();
}

/* A closing quote that never comes holds nothing back for long. */
static void open_quote_is_given_up(void **state)
{
	static const struct habit habits[] = {
		{ "AT+CUSD=1", "\r\n+CUSD: 0,\"cut\r\nhere\r\n\r\nOK\r\n", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	ask("AT+CUSD=1", NULL, 5000, 0);
	run_until("done");
	assert_string_equal(rig.log, "write AT+CUSD=1\\r\nurc +CUSD: 0,\"cut\nurc here\n"
				     "done OK -1 \"OK\"\n");
	modem_close();
}

static uint64_t now_ms(void)
{
	return uv_hrtime() / 1000000;
}

static void pacing(void **state)
{
	static const struct habit habits[] = {
		{ "AT+CMGS=18", "\r\n> ", 0, 0 },
		{ "payload", "\r\n+CMGS: 5\r\nOK\r\n", 0, 0 },
		IN_STEP,
	};
	uint64_t start;

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	at_set_pacing(rig.at, 60, 80);
	start = now_ms();
	ask("AT", NULL, 1000, 0);
	assert_int_equal(count("write AT\\r"), 1); /* no gap before the first */
	submit(1000, 1000);
	run_until("write AT+CMGS=18\\r\n");
	assert_true(now_ms() - start >= 59);
	run_until("prompt\n");
	assert_int_equal(count(PDU), 0);
	start = now_ms();
	run_until("[+CMGS: 5]");
	assert_true(now_ms() - start >= 75);
	modem_close();
}

static void abandon_during_the_prompt_gap(void **state)
{
	static const struct habit habits[] = { { "AT+CMGS=18", "\r\n> ", 0, 0 }, IN_STEP };

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	at_set_pacing(rig.at, 0, 5000);
	submit(1000, 1000);
	run_until("prompt\n");
	at_abandon(rig.at);
	run_until("done ERROR -1 \"OK\" prompted\n");
	assert_int_equal(count(PDU), 0);
	modem_close();
}

/* At the start of a port: whatever the modem was in the middle of, commands wait until it answers.
 */
static void resync_leaves_an_open_prompt(void **state)
{
	static const struct habit habits[] = {
		{ "AT+CSQ", "\r\n+CSQ: 7,7\r\nOK\r\n", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	modem.at_prompt = true;
	at_resync(rig.at);
	at_resync(rig.at); /* once is enough */
	ask("AT+CSQ", "+CSQ:", 1000, 0);
	assert_false(at_idle(rig.at));
	run_until("[+CSQ: 7,7]");
	assert_string_equal(rig.log, "write ^[\nwrite AT\\r\nwrite AT+CGSN\\r\nwrite AT+CSQ\\r\n"
				     "done OK -1 \"OK\" [+CSQ: 7,7]\n");
	modem_close();
}

/* Two final results for one command: the false one is noticed, and no row of mistakes follows. */
static void double_ok_heals(void **state)
{
	static const struct habit habits[] = {
		{ "AT+X", "\r\nOK\r\n", 1, 0 },
		{ "AT+CREG?", "\r\n+CREG: 0,1\r\n\r\nOK\r\n", 40, 0 },
		{ "AT+CSQ", "\r\n+CSQ: 7,7\r\n\r\nOK\r\n", 1, 0 },
		IN_STEP,
	};

	(void)state;
	modem_open(habits, ARRAY_LEN(habits));
	ask("AT+X", NULL, 1000, 0);
	run_until("done OK -1 \"OK\"\n");
	ask("AT+CREG?", "+CREG:", 1000, 0);
	ask("AT+CSQ", "+CSQ:", 1000, 0);
	feed("\r\nOK\r\n");
	run_until("done OK -1 \"OK\" [+CSQ: 7,7]\n");
	assert_int_equal(count("+CREG: 0,1"), 0);
	modem_close();
}

static void close_while_resyncing(void **state)
{
	static const struct habit habits[] = { { "AT+X", NULL, 1, 0 }, IN_STEP };
	static const char *const moments[] = { "done TIMEOUT", "write AT\\r", "write AT+CGSN" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		modem_open(habits, ARRAY_LEN(habits));
		ask("AT+X", NULL, 10, 0);
		ask("AT+Y", NULL, 10, 0);
		run_until(moments[i]);
		modem_close();
		assert_int_equal(rig.dones, 2);
	}
	modem_open(habits, ARRAY_LEN(habits)); /* in the done of the timeout itself */
	rig.close_in_done = true;
	ask("AT+X", NULL, 10, 0);
	run_until("done TIMEOUT");
	uv_close((uv_handle_t *)&modem.work, NULL);
	uv_close((uv_handle_t *)&modem.noise, NULL);
	uv_close((uv_handle_t *)&modem.limit, NULL);
	rig_end();
	assert_int_equal(rig.dones, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(late_answer_is_nobodys),
		cmocka_unit_test(queries_fall_back),
		cmocka_unit_test(dead_modem_is_stuck),
		cmocka_unit_test(modem_comes_back),
		cmocka_unit_test(three_timeouts_are_stuck),
		cmocka_unit_test(an_answer_ends_the_row),
		cmocka_unit_test(flood),
		cmocka_unit_test(late_prompt_is_escaped),
		cmocka_unit_test(late_reference_goes_up),
		cmocka_unit_test(missing_ok),
		cmocka_unit_test(payload_never_comes),
		cmocka_unit_test(silence_after_escape),
		cmocka_unit_test(no_reply_wanted),
		cmocka_unit_test(open_quote_is_given_up),
		cmocka_unit_test(pacing),
		cmocka_unit_test(abandon_during_the_prompt_gap),
		cmocka_unit_test(resync_leaves_an_open_prompt),
		cmocka_unit_test(double_ok_heals),
		cmocka_unit_test(close_while_resyncing),
	};

	return cmocka_run_group_tests_name("at_time", tests, NULL, NULL);
}
