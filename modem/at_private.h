/* at_private.h - one conversation, as its own files see it: at.c (commands, deadlines, life),
 * at_walk.c (lines become events) and at_resync.c (back in step). */
#pragma once

#include "modem/at_turn.h"
#include "modem/lex.h"

/* Waits that belong to the conversation itself. Tests shorten them. */
struct at_times {
	unsigned quiet_ms;   /* silence that proves that nothing more comes */
	unsigned guard_ms;   /* silence around +++: a second, and the time for its answer */
	unsigned drain_ms;   /* waiting for that silence ends here, whatever floods */
	unsigned probe_ms;   /* for the answer to AT */
	unsigned query_ms;   /* for the answer to a recognisable query */
	unsigned pause_ms;   /* between rounds of a resynchronisation that failed */
	unsigned escape_ms;  /* for the answer to ESC at a prompt */
	unsigned late_ok_ms; /* for the OK after a reply that says all (+CMGS:, +CPIN:) */
	unsigned late_mr_ms; /* for the reference (+CMGS:) behind an OK */
	unsigned quote_ms;   /* for a closing quote */
	unsigned byte_ms;    /* for the LF after a CR, the blank after '>' */
};

struct at_event {
	enum { AT_EVENT_URC, AT_EVENT_PROMPT, AT_EVENT_DONE } kind;
	char *line, *second; /* owned; may be NULL */
};

enum at_resync_step { RESYNC_PROBE, RESYNC_QUERY };

struct at {
	uv_loop_t *loop;
	void (*write)(void *arg, const void *bytes, size_t n);
	struct at_events events;
	void *arg;
	struct at_times times;
	unsigned command_gap_ms, prompt_gap_ms;
	bool tracing;

	struct lex lex;
	char *half;              /* a +CMT, +CDS or +CBM line whose PDU line is due */
	bool cutting;            /* the lexer gives up a quote that does not end: */
	char *cut;               /* its line, and those behind it that are of its text */
	struct at_event *walked; /* what the walk found, in the order of the wire */
	size_t n_walked, walked_room;
	bool walking; /* over the bytes, or over what they were */

	enum at_phase phase;
	uv_timer_t timer; /* the end of the phase */
	uv_timer_t open;  /* the end of patience with a line that the lexer keeps open */
	enum at_patience { PATIENCE_NONE, PATIENCE_BYTE, PATIENCE_QUOTE } patience;
	uint64_t free_ms, prompt_ms; /* when the last command ended; when the prompt came */
	struct at_turn *current, *queue, **queue_end;
	unsigned timeouts; /* in a row */
	bool no_reference; /* the last +CMGS: that was waited for behind an OK did not come */

	struct at_turn *ghost; /* timed out or suspect; what it would claim is late */
	bool resyncing, resync_wanted;
	bool resync_in_data;   /* frames of PPP were heard */
	bool resync_told;      /* by events.resync, which is told its end */
	bool resync_confirmed; /* AT answered once, and no query is known to this modem */
	enum at_resync_step resync_step;
	unsigned resync_tries, resync_escapes;
	size_t resync_query; /* the first that is not known to fail on this modem */
	uint64_t drain_end_ms;

	bool closing;
	unsigned open_handles;
	void (*closed)(void *arg);
	void *closed_arg;
};

void at_set_times(struct at *at, const struct at_times *times);

/* at.c */
void at_turn_start(struct at *at, struct at_turn *turn);  /* it becomes current */
void at_turn_finish(struct at *at, struct at_turn *turn); /* runs done; frees nothing */
void at_enter(struct at *at, enum at_phase phase, unsigned ms);
void at_write_escape(struct at *at);
void at_pump(struct at *at); /* the next command, if it may go */
void at_trace(struct at *at, char direction, const char *text);
uint64_t at_now(struct at *at);

/* at_walk.c */
int at_walk_init(struct at *at);
void at_walk(struct at *at, const uint8_t *bytes, size_t n);
void at_walk_release(struct at *at); /* the open line is given up */
void at_walk_free(struct at *at);
