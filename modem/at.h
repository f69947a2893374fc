/* at.h - one AT conversation on one port. Knows lines, prompts and final results, not messages.
 *
 * Commands run one at a time in the order queued; each completes exactly once. After a timeout the
 * conversation resynchronises (ESC, quiet, a query with a recognisable answer) before the next
 * command, so that a late reply never answers another command. The deadline of a command counts
 * from its last byte sent; unsolicited lines do not extend it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct at; /* private to at.c */

enum at_status {
	AT_OK,
	AT_ERROR,   /* a final error result; code and domain say which */
	AT_TIMEOUT, /* no final result in time, though lines may have come; the conversation
		     * resynchronises by itself */
	AT_CLOSED,  /* at_close, or the port is lost */
};

enum at_domain { AT_DOMAIN_NONE, AT_DOMAIN_CME, AT_DOMAIN_CMS };

struct at_reply { /* borrowed: valid only inside at_done */
	enum at_status status;
	enum at_domain domain;
	int code;                 /* +CME / +CMS number, -1 if none or not a number */
	const char *final;        /* the final line, "" on timeout and close */
	const char *const *lines; /* those that the command claimed, without line ends */
	size_t n_lines;
	bool prompted;  /* the prompt came */
	bool submitted; /* the payload's last byte (Ctrl-Z) was handed to the port */
};

typedef void at_done(void *arg, const struct at_reply *reply);

enum {
	AT_BARE_LINES = 1 << 0, /* may claim lines without a known prefix (AT+CGMI, AT+CGSN) */
	AT_SECRET = 1 << 1,     /* the trace shows only the command's name (AT+CPIN=) */
	AT_NO_REPLY = 1 << 2,   /* silence is AT_OK (a reset that kills the port): no resync */
	AT_MAY_LACK = 1 << 3,   /* some do not know it and say nothing: no sign that one hangs */
};

struct at_command {
	const char *text; /* without CR; copied */
	const char
		*prefix; /* NULL, or what claimed lines start with; several split by '|'; copied */
	unsigned timeout_ms;
	unsigned flags;
	at_done *done;
	void (*prompt)(void *arg);  /* not NULL: the command asks for a payload after a prompt;
				     * an OK before the payload is then AT_ERROR */
	unsigned prompt_timeout_ms; /* for the prompt; timeout_ms then counts from Ctrl-Z */
	void *arg;
};

struct at_events {
	/* One unsolicited line; second is its PDU line (+CMT, +CDS, +CBM) or NULL. Runs after the
	 * walk over the lines of one read, so it may send commands or close. */
	void (*urc)(void *arg, const char *line, const char *second);
	/* Several timeouts in a row, or a resynchronisation that failed: reopen or reset. */
	void (*stuck)(void *arg, const char *why);
	/* A command had no answer, and both sides get back in step; over: they are. May be NULL. */
	void (*resync)(void *arg, bool over);
	/* Every line and prompt in both directions, masked; only while tracing. May be NULL. */
	void (*trace)(void *arg, char direction, const char *masked);
};

/* write hands bytes to the port; it may not feed from inside. */
struct at *at_new(uv_loop_t *loop, void (*write)(void *arg, const void *bytes, size_t n),
		  const struct at_events *events, void *arg);

void at_feed(struct at *at, const uint8_t *bytes, size_t n);

/* On 0, done runs exactly once and never before at_send returns. Negative errno: it never runs. */
int at_send(struct at *at, const struct at_command *command);

/* A gap after a final result before the next command, and after a prompt before the payload. */
void at_set_pacing(struct at *at, unsigned command_gap_ms, unsigned prompt_gap_ms);

/* The waits for answers of the conversation's own, 100 as they are by themselves. */
void at_set_patience(struct at *at, unsigned percent);

/* For the command whose prompt came: the payload goes out, ended by Ctrl-Z. Copied. Without one
 * (it ended meanwhile, and its done says so) nothing happens. Due within timeout_ms, else ESC. */
void at_payload(struct at *at, const char *payload);

/* For the command with a prompt in flight or queued, before at_payload: ESC (now, or when the
 * prompt comes). It completes with AT_ERROR or AT_TIMEOUT and submitted = false: nothing was sent.
 */
void at_abandon(struct at *at);

/* ESC, quiet, AT and a query until they are answered; commands queued meanwhile wait. A round
 * without an answer is a stuck, then it goes on. For the start of a port. */
void at_resync(struct at *at);

bool at_idle(const struct at *at); /* nothing queued, nothing in flight, in step */
void at_tracing(struct at *at, bool on);

/* No more events. On the loop, not inside this call: unfinished commands end with AT_CLOSED (or
 * with the result that came last), then closed (may be NULL) runs and at is no more. */
void at_close(struct at *at, void (*closed)(void *arg), void *arg);
