/* at_lines.h - what one line from a modem is: a final result, a reply, or unsolicited.
 *
 * Pure functions over tables (modem-facts 2.2, 2.4, 2.5); any text may come. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "modem/at.h"

struct at_final {
	enum at_status status; /* AT_OK or AT_ERROR */
	enum at_domain domain;
	int code; /* -1: none */
};

enum at_scope {
	AT_SCOPE_DIAL = 1 << 0,    /* NO CARRIER, BUSY, CONNECT ... end this command */
	AT_SCOPE_NUMERIC = 1 << 1, /* 0 and 4, as after ATV0 */
};

bool at_line_final(const char *line, unsigned scope, struct at_final *final);
unsigned at_line_scope(const char *command); /* AT_SCOPE_DIAL for ATD, ATA and ATO */

/* The command in flight, as far as it decides which lines are its own. */
struct at_asked {
	const char *text; /* n_text characters; CR may follow */
	size_t n_text;
	const char *prefix;  /* may be NULL */
	bool bare;           /* AT_BARE_LINES */
	bool awaits_payload; /* asks for a payload that is not submitted yet */
};

bool at_line_claimed(const struct at_asked *asked, const char *line);

/* It starts as the command's own lines do, though it may be unsolicited. */
bool at_line_like_reply(const struct at_asked *asked, const char *line);

/* Starts like text of a modem's own ("+", "^", ...), or is a word such as RING or RDY. */
bool at_line_marked(const char *line);

bool at_line_quotes_text(const char *line); /* +CUSD: */

/* +CMGS: and +CPIN: mean the same in a reply and late, and nothing but OK follows them. */
bool at_line_says_all(const char *line);

/* A claimed +CMGL or +CMGR line: the line after it belongs to the same reply. */
bool at_line_has_second(const char *line);

/* +CMT, +CDS, +CBM: the octets announced for the PDU on the next line; -1 for any other line. */
int at_line_pdu_length(const char *line);

bool at_line_is_hex(const char *line); /* whole octets, at least one */

/* Is pdu, with its SMSC field, what the two-line header announced? */
bool at_line_pdu_agrees(const char *header, const char *pdu);
