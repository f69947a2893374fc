/* reply.h - what the modem writes: replies, final results, prompts and unsolicited lines.
 *
 * A command runs from reply_begin to the end of its final result. Faults that bend a reply are
 * drawn at reply_begin and done here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct modem;

struct text {
	char *at;
	size_t n, room;
};

struct reply {
	bool busy;        /* a command runs: its final result is not out yet */
	bool excused;     /* a fault delays it: who loses patience breaks no rule */
	bool abortable;   /* another character aborts it */
	char command[64]; /* its start, for violations */
	struct text text; /* the reply so far */
	long late_ms, partial_ms, pace_ms; /* -1: not */
	bool double_ok;
	struct text pace;                  /* bytes that a slow line still holds */
	void (*then)(struct modem *modem); /* runs once, after the final result */
};

/* Results of commands. LATER: a job or the payload ends it. SILENT: nothing more will be said.
 * WRITTEN: the reply holds its own final result. */
enum {
	RESULT_OK,
	RESULT_ERROR = -1,
	RESULT_LATER = -2,
	RESULT_SILENT = -3,
	RESULT_NO_CARRIER = -4,
	RESULT_WRITTEN = -5,
};

static inline int cme_error(int code)
{
	return 10000 + code;
}

static inline int cms_error(int code)
{
	return 20000 + code;
}

void reply_begin(struct modem *modem, const char *command);
void reply_line(struct modem *modem, const char *format, ...) __attribute__((format(printf, 2, 3)));
void reply_second(struct modem *modem, const char *pdu); /* the line below the last one */
void reply_end(struct modem *modem, int result);
void reply_prompt(struct modem *modem, const char *prompt); /* ends the command: a payload comes */
void reply_reset(struct modem *modem);                      /* power is gone: nothing is owed */
void reply_free(struct modem *modem);

/* An unsolicited line; second (may be NULL) is its PDU. */
void reply_urc(struct modem *modem, const char *line, const char *second);
void reply_urcf(struct modem *modem, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes as they are: echo, noise. */
void reply_bytes(struct modem *modem, const void *bytes, size_t n);
