/* at_turn.h - one command and what came of it so far. For the files of a conversation. */
#pragma once

#include "modem/at.h"
#include "modem/at_lines.h"

/* How far the command in flight is, or what is done instead. */
enum at_phase {
	PHASE_READY,      /* nothing in flight; the timer is off */
	PHASE_GAP,        /* pacing, before the next command */
	PHASE_RESULT,     /* a final result is due */
	PHASE_PROMPT,     /* a prompt is due */
	PHASE_PAYLOAD,    /* the prompt came, at_payload or at_abandon is due */
	PHASE_PROMPT_GAP, /* pacing, before the payload */
	PHASE_REFERENCE,  /* OK came after the payload; the reference may follow it */
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
	bool hinted;               /* by a line like its own, which was taken as unsolicited */
	bool nodded;               /* such an OK came; or it is all that this modem has to say */
	bool prompted, submitted, abandoned;
	bool second_due;  /* the next line belongs to the claimed one before it */
	bool late_ok_due; /* a late +CMGS: came: its OK is due before our own answer */
	bool answered;    /* by a reply that says all; only its OK is missing */
	bool suspect;     /* its result may be another's, so the modem may owe its own */
	bool over;        /* result is set; done is due */
	struct at_final result;
	char *final;
	char **lines;
	size_t n_lines, room, n_bytes;
};

struct at_turn *at_turn_new(const struct at_command *command); /* NULL: no memory */
void at_turn_free(struct at_turn *turn);                       /* NULL is allowed */

/* A line of the reply. Beyond any sense of size it is dropped. */
void at_turn_keep(struct at_turn *turn, const char *line);

/* Is line what the modem echoed of the command or its payload? */
bool at_turn_echoes(const struct at_turn *turn, const char *line);

struct at_asked at_turn_asked(const struct at_turn *turn); /* borrows from turn */
