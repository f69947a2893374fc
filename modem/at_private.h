/* at_private.h - one conversation, as its own files see it: at.c (commands, deadlines, life),
 * at_walk.c (lines become events) and at_resync.c (back in step). */
#pragma once

#include "modem/at.h"
#include "modem/at_lines.h"
#include "modem/lex.h"

/* Waits that belong to the conversation itself. Tests shorten them. */
struct at_times {
	unsigned quiet_ms;   /* silence that proves that nothing more comes */
	unsigned drain_ms;   /* waiting for that silence ends here, whatever floods */
	unsigned probe_ms;   /* for the answer to AT */
	unsigned query_ms;   /* for the answer to a recognisable query */
	unsigned pause_ms;   /* between rounds of a resynchronisation that failed */
	unsigned escape_ms;  /* for the answer to ESC at a prompt */
	unsigned late_ok_ms; /* for the OK after a reply that says all (+CMGS:, +CPIN:) */
	unsigned quote_ms;   /* for a closing quote */
};

enum at_phase {
	PHASE_READY,      /* nothing in flight; the timer is off */
	PHASE_GAP,        /* pacing, before the next command */
	PHASE_RESULT,     /* a final result is due */
	PHASE_PROMPT,     /* a prompt is due */
	PHASE_PAYLOAD,    /* the prompt came, at_payload or at_abandon is due */
	PHASE_PROMPT_GAP, /* pacing, before the payload */
	PHASE_ESCAPED,    /* ESC took the payload's place; a final result is due */
	PHASE_DRAIN,      /* resynchronising: silence is due */
	PHASE_PAUSE,      /* resynchronising failed: soon again */
};

/* One command, from at_send to its completion. */
struct at_turn {
	struct at_turn *next;
	struct at_command command; /* text (with CR) and prefix are our copies */
	char *payload;             /* copy, with Ctrl-Z */
	size_t n_text;             /* without CR */
	unsigned probe_digits;     /* of a line that answers a probe; 0: any line does */
	bool is_probe;             /* of the resynchronisation; has no done */
	bool needs_line;           /* an OK without a reply line is a late one of another command */
	bool prompted, submitted, abandoned;
	bool second_due; /* the next line belongs to the claimed one before it */
	bool over;       /* result is set; done is due */
	struct at_final result;
	char *final;
	char **lines;
	size_t n_lines, room;
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
	struct at_event *walked; /* what the walk found, in the order of the wire */
	size_t n_walked, walked_room;
	bool walking; /* over the bytes, or over what they were */

	enum at_phase phase;
	uv_timer_t timer; /* the end of the phase */
	uv_timer_t quote; /* the end of patience with an open quote */
	uint64_t free_ms; /* when the last command ended */
	uint64_t prompt_ms;
	struct at_turn *current, *queue, **queue_end;
	unsigned timeouts; /* in a row */

	struct at_turn *ghost; /* timed out; what it would claim is late and dropped */
	bool resyncing, resync_wanted;
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
const struct at_times *at_default_times(void);

/* at.c */
struct at_turn *at_turn_new(const struct at_command *command); /* NULL: no memory */
void at_turn_free(struct at_turn *turn);                       /* NULL is allowed */
void at_turn_start(struct at *at, struct at_turn *turn);       /* it becomes current */
void at_turn_finish(struct at *at, struct at_turn *turn);      /* runs done; frees nothing */
void at_enter(struct at *at, enum at_phase phase, unsigned ms);
void at_write_escape(struct at *at);
void at_pump(struct at *at); /* the next command, if it may go */
void at_trace(struct at *at, char direction, const char *text);
uint64_t at_now(struct at *at);

/* at_walk.c */
int at_walk_init(struct at *at);
void at_walk(struct at *at, const uint8_t *bytes, size_t n);
void at_walk_release(struct at *at); /* the open quote is given up */
void at_walk_free(struct at *at);
struct at_asked at_asked(const struct at_turn *turn); /* borrows from turn */

/* at_resync.c */
void at_resync_begin(struct at *at);
void at_resync_noise(struct at *at);  /* bytes came while draining */
void at_resync_quiet(struct at *at);  /* the drain's timer */
void at_resync_prompt(struct at *at); /* a prompt was open after all */
void at_resync_reply(struct at *at, struct at_turn *probe, enum at_status status);
/* Is this line of no meaning to anyone: an answer to a command that is over? */
bool at_resync_is_late(const struct at *at, const char *line);
