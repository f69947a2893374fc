/* lex.h - bytes from a modem become lines and prompts (3GPP TS 27.007 section 4, V.250 5.7).
 *
 * Any run of CR and LF separates lines; empty lines, leading blanks and NULs are dropped. Inside
 * quotes a NUL is the @ of the GSM alphabet.
 * The prompt is "> " or ">" at the start of a line, with no line end, and only while one is
 * expected. A +CUSD: line goes on over line ends while a quote is open; they become LF.
 * A modem is done with a line at its LF and with a prompt at its blank: where these are to be
 * expected they are waited for, since an answer before them may be too early for it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LEX_LINE_MAX = 4096 };

enum lex_kind { LEX_LINE, LEX_PROMPT };

/* line ends in NUL (it has none inside) and is borrowed; a longer one is cut at
 * LEX_LINE_MAX. For a prompt it is "". The callback may call lex_expect_prompt, not lex_feed. */
typedef void lex_token(void *arg, enum lex_kind kind, const char *line, size_t n);

struct lex {
	lex_token *token;
	void *arg;
	size_t used;
	bool expect_prompt, odd_quotes;
	bool in_quotes;   /* a +CUSD: line is kept open: see lex_release */
	bool awaits_more; /* a line has its CR, a prompt its '>': see lex_release */
	bool follows_lf;  /* the line did: its own LF will come */
	bool bare_prompt; /* the last prompt had no blank */
	bool replaying;
	uint8_t last;
	char line[LEX_LINE_MAX + 1];
};

void lex_init(struct lex *lex, lex_token *token, void *arg);
void lex_feed(struct lex *lex, const uint8_t *bytes, size_t n);

/* One prompt ends the expectation. */
void lex_expect_prompt(struct lex *lex, bool expect);

/* What is waited for does not come: what was kept open is told as it was. For a caller with a
 * clock, which looks at in_quotes (a quote that does not end) and awaits_more after lex_feed. */
void lex_release(struct lex *lex);

void lex_reset(struct lex *lex); /* forgets a partial line and the expectation */
