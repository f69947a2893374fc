/* reply.c - composes what the modem says in the form that ATV, ATQ and AT+CMEE ask for, bends it
 * as faults say, and hands it to the lines. */
#include "tests/simulator/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "tests/simulator/modem.h"

enum { URC_SIZE = 1024, NOISE_SIZE = 24 };

/* Texts of AT+CMEE=2, 27.007 9.2 and 27.005 3.2.5. */
static const struct {
	int code;
	const char *text;
} cme_texts[] = {
	{ 3, "operation not allowed" },	 { 4, "operation not supported" },
	{ 10, "SIM not inserted" },	 { 11, "SIM PIN required" },
	{ 12, "SIM PUK required" },	 { 13, "SIM failure" },
	{ 14, "SIM busy" },		 { 16, "incorrect password" },
	{ 20, "memory full" },		 { 21, "invalid index" },
	{ 30, "no network service" },	 { 50, "incorrect parameters" },
	{ 100, "unknown" },
}, cms_texts[] = {
	{ 302, "operation not allowed" }, { 303, "operation not supported" },
	{ 304, "invalid PDU mode parameter" }, { 310, "SIM not inserted" },
	{ 311, "SIM PIN required" },	 { 313, "SIM failure" },
	{ 314, "SIM busy" },		 { 316, "SIM PUK required" },
	{ 321, "invalid memory index" }, { 322, "memory full" },
	{ 330, "SMSC address unknown" }, { 331, "no network service" },
	{ 332, "network timeout" },	 { 340, "no +CNMA acknowledgement expected" },
	{ 500, "unknown error" },
};

static void text_add(struct text *text, const void *bytes, size_t n)
{
	if (text->n + n > text->room) {
		text->room = (text->n + n) * 2;
		text->at = realloc(text->at, text->room);
		if (text->at == NULL)
			abort(); /* a test tool has no better answer to an empty machine */
	}
	memcpy(text->at + text->n, bytes, n);
	text->n += n;
}

static void text_puts(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

static void to_lines(struct modem *modem, const void *bytes, size_t n)
{
	modem->stats.bytes_out += n;
	sink_trace(modem->log, modem->options->name, '>', bytes, n);
	for (size_t i = 0; i < MODEM_LINES_MAX; i++)
		if (modem->lines[i] != NULL)
			line_write(modem->lines[i], bytes, n);
}

static void finished(struct modem *modem);

static void pace(void *owner, struct job *job)
{
	struct modem *modem = owner;
	struct text *slow = &modem->reply.pace;

	(void)job;
	to_lines(modem, slow->at, 1);
	memmove(slow->at, slow->at + 1, --slow->n);
	if (slow->n > 0)
		jobs_after(&modem->jobs, modem->reply.pace_ms, JOB_PACE, pace, NULL);
	else
		finished(modem);
}

/* While a slow line still holds bytes, all others queue behind them. */
void reply_bytes(struct modem *modem, const void *bytes, size_t n)
{
	if (modem->reply.pace.n > 0)
		text_add(&modem->reply.pace, bytes, n);
	else if (n > 0)
		to_lines(modem, bytes, n);
}

/* The ARG of a fault that strikes, -1 if none does. */
static long draw(struct modem *modem, enum fault_kind kind, const char *command)
{
	long number;

	return modem_fault(modem, kind, command, &number) ? number : -1;
}

static void bend_nothing(struct reply *reply)
{
	reply->late_ms = reply->partial_ms = reply->pace_ms = -1;
	reply->excused = reply->double_ok = false;
}

static void put_garbage(struct modem *modem)
{
	uint8_t noise[NOISE_SIZE];

	for (size_t i = 0; i < sizeof(noise); i++) /* any byte but what ends a line */
		noise[i] = (uint8_t)((i * 37 + modem->stats.commands * 11) % 242 + 14);
	text_puts(&modem->reply.text, "\r\n");
	text_add(&modem->reply.text, noise, sizeof(noise));
	text_puts(&modem->reply.text, "\r\n");
}

void reply_begin(struct modem *modem, const char *command)
{
	struct reply *reply = &modem->reply;

	snprintf(reply->command, sizeof(reply->command), "%s", command);
	reply->busy = true;
	reply->abortable = false;
	reply->text.n = 0;
	reply->then = NULL;
	bend_nothing(reply);
	if (modem->faults.first == NULL)
		return;
	reply->late_ms = draw(modem, FAULT_LATE, command);
	reply->partial_ms = draw(modem, FAULT_PARTIAL_LINE, command);
	reply->pace_ms = draw(modem, FAULT_BYTE_BY_BYTE, command);
	if (modem_fault(modem, FAULT_GARBAGE, command, NULL))
		put_garbage(modem);
	reply->double_ok = modem_fault(modem, FAULT_DOUBLE_OK, command, NULL);
	reply->excused = reply->late_ms >= 0 || reply->partial_ms >= 0;
}

void reply_line(struct modem *modem, const char *format, ...)
{
	char line[URC_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (modem->set.verbose)
		text_puts(&modem->reply.text, "\r\n");
	text_puts(&modem->reply.text, line);
	text_puts(&modem->reply.text, "\r\n");
}

void reply_second(struct modem *modem, const char *pdu)
{
	text_puts(&modem->reply.text, pdu);
	text_puts(&modem->reply.text, "\r\n");
}

static const char *error_text(bool cms, int code)
{
	size_t n = cms ? ARRAY_LEN(cms_texts) : ARRAY_LEN(cme_texts);

	for (size_t i = 0; i < n; i++)
		if ((cms ? cms_texts[i].code : cme_texts[i].code) == code)
			return cms ? cms_texts[i].text : cme_texts[i].text;
	return NULL;
}

/* +CMS ERROR does not depend on +CMEE (27.005 3.2.5) but for its text form. */
static void put_coded(struct modem *modem, bool cms, int code)
{
	const char *name = cms ? "+CMS ERROR" : "+CME ERROR", *text = error_text(cms, code);

	if (!cms && modem->set.errors == 0)
		reply_line(modem, "ERROR");
	else if (modem->set.errors == 2 && text != NULL)
		reply_line(modem, "%s: %s", name, text);
	else
		reply_line(modem, "%s: %d", name, code);
}

static void put_final(struct modem *modem, int result)
{
	static const struct {
		const char *word, *digit;
	} finals[] = { { "OK", "0\r" }, { "ERROR", "4\r" }, { "NO CARRIER", "3\r" } };
	size_t i = result == RESULT_OK ? 0 : result == RESULT_NO_CARRIER ? 2 : 1;

	if (modem->set.quiet)
		return;
	if (result >= cms_error(0))
		put_coded(modem, true, result - cms_error(0));
	else if (result >= cme_error(0))
		put_coded(modem, false, result - cme_error(0));
	else if (modem->set.verbose)
		reply_line(modem, "%s", finals[i].word);
	else
		text_puts(&modem->reply.text, finals[i].digit);
}

/* The last byte is out: the next command may come, and what waited for this happens. */
static void finished(struct modem *modem)
{
	void (*then)(struct modem *) = modem->reply.then;

	modem->reply.then = NULL;
	modem->reply.text.n = 0;
	modem->reply.busy = modem->reply.excused = false;
	if (then != NULL)
		then(modem);
	network_pump(modem);
}

static void write_reply(struct modem *modem, size_t from, size_t to)
{
	struct reply *reply = &modem->reply;
	bool slow = reply->pace_ms >= 0 && to > from;

	if (slow) {
		bool running = reply->pace.n > 0;

		text_add(&reply->pace, reply->text.at + from, to - from);
		if (!running)
			jobs_after(&modem->jobs, reply->pace_ms, JOB_PACE, pace, NULL);
		return;
	}
	reply_bytes(modem, reply->text.at + from, to - from);
	if (to == reply->text.n && reply->pace.n == 0)
		finished(modem);
}

static void write_rest(void *owner, struct job *job)
{
	struct modem *modem = owner;

	write_reply(modem, (size_t)job->number, modem->reply.text.n);
}

static void write_now(struct modem *modem)
{
	struct reply *reply = &modem->reply;
	size_t half = reply->text.n / 2;

	if (reply->partial_ms >= 0) {
		reply_bytes(modem, reply->text.at, half);
		jobs_after(&modem->jobs, reply->partial_ms, JOB_REPLY, write_rest, NULL)->number =
			(long)half;
	} else {
		write_reply(modem, 0, reply->text.n);
	}
}

static void write_late(void *owner, struct job *job)
{
	(void)job;
	write_now(owner);
}

void reply_end(struct modem *modem, int result)
{
	struct reply *reply = &modem->reply;

	if (result == RESULT_LATER)
		return;
	if (result == RESULT_SILENT) {
		finished(modem);
		return;
	}
	if (result != RESULT_WRITTEN)
		put_final(modem, result);
	if (reply->double_ok)
		put_final(modem, RESULT_OK);
	if (reply->late_ms >= 0)
		jobs_after(&modem->jobs, reply->late_ms, JOB_REPLY, write_late, NULL);
	else
		write_now(modem);
}

static void open_prompt(struct modem *modem)
{
	bend_nothing(&modem->reply); /* what the payload brings is bent by its own faults */
	modem->input.prompt = true;
	modem->stats.prompts++;
}

void reply_prompt(struct modem *modem, const char *prompt)
{
	modem->reply.then = open_prompt;
	modem->reply.double_ok = false;
	text_puts(&modem->reply.text, prompt);
	reply_end(modem, RESULT_WRITTEN);
}

void reply_reset(struct modem *modem)
{
	struct reply *reply = &modem->reply;

	reply->busy = false;
	bend_nothing(reply);
	reply->text.n = reply->pace.n = 0;
	reply->then = NULL;
}

void reply_free(struct modem *modem)
{
	free(modem->reply.text.at);
	free(modem->reply.pace.at);
}

void reply_urc(struct modem *modem, const char *line, const char *second)
{
	char text[URC_SIZE + COMPOSE_HEX_SIZE];
	int n = snprintf(text, sizeof(text), "\r\n%s\r\n%s%s", line, second != NULL ? second : "",
			 second != NULL ? "\r\n" : "");

	if (modem->power == POWER_UP)
		reply_bytes(modem, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

void reply_urcf(struct modem *modem, const char *format, ...)
{
	char line[URC_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	reply_urc(modem, line, NULL);
}
