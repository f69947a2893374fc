/* lex.c - owns one partial line. Steps: skip what may lead a line, collect, tell it at its end.
 *
 * Nothing here fails: any bytes may come. A line that grows too long is cut, an open quote that
 * grows too long is released, so memory is bounded and no line is swallowed for good. */
#include "modem/lex.h"

#include <string.h>

#include "base/secret.h"

/* The only line in which a line end inside quotes is text (modem-facts 2.1): elsewhere an odd
 * quote is a fault of the modem and must not hide the final result behind it. */
static const char quoting_line[] = "+CUSD:";

void lex_init(struct lex *lex, lex_token *token, void *arg)
{
	lex->token = token;
	lex->arg = arg;
	lex->replaying = lex->bare_prompt = false;
	lex->last = '\0';
	lex_reset(lex);
}

void lex_expect_prompt(struct lex *lex, bool expect)
{
	lex->expect_prompt = expect;
}

void lex_reset(struct lex *lex)
{
	lex->used = 0;
	lex->odd_quotes = lex->in_quotes = lex->expect_prompt = false;
	lex->awaits_more = lex->follows_lf = false;
}

static void tell_line(struct lex *lex)
{
	size_t n = lex->used;

	lex->line[n] = '\0';
	lex->used = 0;
	lex->odd_quotes = lex->in_quotes = lex->awaits_more = false;
	lex->token(lex->arg, LEX_LINE, lex->line, n);
	secret_wipe(lex->line, n);
}

static void tell_prompt(struct lex *lex)
{
	lex->expect_prompt = lex->awaits_more = false;
	lex->token(lex->arg, LEX_PROMPT, "", 0);
}

/* What was waited for is not the next byte, or does not come. */
static void tell_as_it_is(struct lex *lex)
{
	if (lex->used > 0) {
		tell_line(lex);
		lex->follows_lf = false;
	} else {
		lex->bare_prompt = true;
		tell_prompt(lex);
	}
}

static bool stays_open(const struct lex *lex)
{
	size_t n = sizeof(quoting_line) - 1;

	return lex->odd_quotes && !lex->replaying && lex->used >= n && lex->used < LEX_LINE_MAX &&
	       memcmp(lex->line, quoting_line, n) == 0;
}

static void end_line(struct lex *lex, uint8_t c)
{
	if (lex->used > 0 && stays_open(lex)) {
		lex->in_quotes = true;
		if (lex->last != '\r') /* CR, LF, CR LF and CR CR LF are one line end each */
			lex->line[lex->used++] = '\n';
		return;
	}
	if (lex->used > 0 && c == '\r' && lex->follows_lf) {
		lex->awaits_more = true;
		return;
	}
	if (lex->used > 0)
		tell_line(lex);
	lex->follows_lf = c == '\n';
}

static void collect(struct lex *lex, uint8_t c)
{
	if (lex->used == LEX_LINE_MAX && lex->in_quotes)
		lex_release(lex);
	if (lex->used == LEX_LINE_MAX)
		return;
	if (c == '"')
		lex->odd_quotes = !lex->odd_quotes;
	lex->line[lex->used++] = c == '\0' ? '@' : (char)c; /* as in the GSM alphabet */
}

static void begin_prompt(struct lex *lex)
{
	lex->awaits_more = true;
	if (lex->bare_prompt)
		tell_prompt(lex);
}

/* Is c what a line with its CR, or a prompt with its '>', waits for? */
static bool continues(const struct lex *lex, uint8_t c)
{
	return lex->used > 0 ? c == '\r' || c == '\n' : c == ' ';
}

static void feed_byte(struct lex *lex, uint8_t c)
{
	if (c == '\0' && !lex->odd_quotes)
		return; /* noise of a line */
	if (lex->awaits_more && !continues(lex, c))
		tell_as_it_is(lex);
	if (c == '\r' || c == '\n') {
		end_line(lex, c);
	} else if (lex->used == 0 && (c == ' ' || c == '\t')) {
		if (c == ' ' && lex->last == '>')
			lex->bare_prompt = false;
		if (lex->awaits_more)
			tell_prompt(lex);
	} else if (lex->used == 0 && c == '>' && lex->expect_prompt) {
		begin_prompt(lex);
	} else {
		collect(lex, c);
	}
	lex->last = c;
}

void lex_feed(struct lex *lex, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		feed_byte(lex, bytes[i]);
}

void lex_release(struct lex *lex)
{
	uint8_t held[LEX_LINE_MAX];
	size_t n = lex->used;

	if (lex->awaits_more)
		tell_as_it_is(lex);
	if (!lex->in_quotes)
		return;
	memcpy(held, lex->line, n);
	lex->used = 0;
	lex->odd_quotes = lex->in_quotes = false;
	lex->replaying = true;
	lex_feed(lex, held, n);
	lex->replaying = false;
	secret_wipe(held, n);
}
