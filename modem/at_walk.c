/* at_walk.c - what the bytes of one read are, and who is told.
 *
 * Steps: the lexer splits them; each line is an echo, a PDU line, a final result, a claimed line,
 * a late one, or unsolicited; what matters to a handler is kept in the order of the wire. After
 * the walk the handlers run, so that they may send or close. A command that a handler sends is
 * never answered by bytes of the same read: they came before it was written. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "modem/at_private.h"
#include "modem/at_resync.h"

enum {
	CTRL_Z = 0x1a,
	ESC = 0x1b,
	WALKED_ROOM = 64,   /* kept between reads */
	WALKED_RESERVE = 2, /* a read holds at most one prompt and one final result more */
};

static bool is_open(const struct at_turn *turn)
{
	return turn != NULL && !turn->over;
}

static struct at_event *add_event(struct at *at, size_t reserve)
{
	if (at->n_walked + 1 + reserve > at->walked_room) {
		size_t room = at->walked_room * 2;
		struct at_event *larger = realloc(at->walked, room * sizeof(*larger));

		if (larger == NULL)
			return NULL;
		at->walked = larger;
		at->walked_room = room;
	}
	at->walked[at->n_walked] = (struct at_event){ 0 };
	return &at->walked[at->n_walked++];
}

/* Takes line and second. Without memory an unsolicited line is lost, as it may be on any wire. */
static void add_urc(struct at *at, char *line, char *second)
{
	struct at_event *event = line != NULL ? add_event(at, WALKED_RESERVE) : NULL;

	if (event == NULL) {
		free(line);
		free(second);
		return;
	}
	event->kind = AT_EVENT_URC;
	event->line = line;
	event->second = second;
}

/* In text mode the second line of a message is its text, which no trace may show. */
static void trace_line(struct at *at, const char *line)
{
	bool second = at->half != NULL || (is_open(at->current) && at->current->second_due);
	struct at_final unused;

	if (!at->tracing)
		return;
	if (second && !at_line_is_hex(line) && !at_line_marked(line) &&
	    !at_line_final(line, 0, &unused))
		line = "<text>";
	at_trace(at, '<', line);
}

/* The line after +CMT, +CDS or +CBM, other unsolicited ones apart. If it is not the PDU announced,
 * both stand alone. */
static bool take_pdu(struct at *at, const char *line)
{
	char *header = at->half;
	bool agrees = at_line_pdu_agrees(header, line);

	if (at_line_marked(line) && at_line_pdu_length(line) < 0)
		return false;
	at->half = NULL;
	if (!agrees)
		log_debug("a %.5s line came without the PDU that it announces", header);
	add_urc(at, header, agrees ? strndup(line, strcspn(line, " ")) : NULL);
	return agrees;
}

static void tell_cut(struct at *at)
{
	add_urc(at, at->cut, NULL);
	at->cut = NULL;
}

/* A USSD text of several lines whose end was cut off, quote and all: what says nothing else behind
 * its first line is of it. */
static bool take_cut(struct at *at, const char *line)
{
	struct at_final unused;
	char *longer;

	if (at->cut == NULL) {
		at->cut = at_line_quotes_text(line) ? strdup(line) : NULL;
		return at->cut != NULL;
	}
	if (at_line_marked(line) || at_line_final(line, 0, &unused)) {
		tell_cut(at);
		return false;
	}
	if (asprintf(&longer, "%s\n%s", at->cut, line) >= 0) {
		secret_free(at->cut);
		at->cut = longer;
	}
	return true;
}

/* OK is success only after the payload, and not if an ESC of anybody came before it (some clones
 * echo one when they gave up). */
static enum at_status judge(const struct at_turn *turn, enum at_status status, bool escaped)
{
	if (turn->command.prompt == NULL || (turn->submitted && !escaped))
		return status;
	return AT_ERROR;
}

/* Does this result look like that of another command (a read command always has a line), or leave
 * a prompt open? Then the next command would get a false answer, or be typed into a message. */
static bool is_suspect(const struct at *at, const struct at_turn *turn, enum at_status status)
{
	const char *end = turn->command.text + turn->n_text;

	if (turn->is_probe)
		return false;
	if (turn->command.prompt != NULL)
		return at->phase == PHASE_PAYLOAD || at->phase == PHASE_PROMPT_GAP ||
		       (at->phase == PHASE_PROMPT && status == AT_OK);
	return status == AT_OK && turn->command.prefix != NULL && turn->n_lines == 0 &&
	       !turn->hinted && turn->n_text > 2 && end[-1] == '?' && end[-2] != '=';
}

/* The OK behind a late +CMGS:, or one before the line that must come. */
static bool is_of_another(struct at_turn *turn)
{
	bool owed = turn->late_ok_due, lacks = turn->needs_line && turn->n_lines == 0;

	turn->late_ok_due = false;
	turn->nodded = turn->nodded || lacks;
	return owed || lacks;
}

/* Some say OK first, and then +CMGS: with the reference by which a report is known. */
static bool awaits_reference(const struct at *at, const struct at_turn *turn)
{
	return turn->submitted && turn->command.prefix != NULL && turn->n_lines == 0 &&
	       turn->result.status == AT_OK && !at->no_reference;
}

static void conclude(struct at *at, struct at_turn *turn)
{
	struct at_event *event = add_event(at, 0); /* room is reserved */

	turn->over = true;
	lex_expect_prompt(&at->lex, false);
	at_enter(at, PHASE_READY, 0);
	assert(event != NULL);
	event->kind = AT_EVENT_DONE;
}

static bool take_final(struct at *at, const char *line, bool escaped)
{
	struct at_turn *turn = at->current;
	unsigned scope =
		at_line_scope(turn->command.text) | (turn->is_probe ? AT_SCOPE_NUMERIC : 0);
	struct at_final final;

	if (at->phase == PHASE_REFERENCE || !at_line_final(line, scope, &final))
		return false;
	if (turn->is_probe && final.domain == AT_DOMAIN_CMS)
		return false; /* the fate of an earlier message */
	if (final.status == AT_OK && is_of_another(turn))
		return true;
	turn->suspect = is_suspect(at, turn, final.status);
	turn->result = final;
	turn->result.status = judge(turn, final.status, escaped);
	turn->final = strdup(line);
	if (awaits_reference(at, turn))
		at_enter(at, PHASE_REFERENCE, at->times.late_mr_ms);
	else
		conclude(at, turn);
	return true;
}

static size_t count_digits(const char *line)
{
	size_t n = 0;

	for (; *line != '\0'; line++)
		n += *line >= '0' && *line <= '9';
	return n;
}

static bool take_claimed(struct at *at, const char *line)
{
	struct at_turn *turn = at->current;
	struct at_asked asked = at_turn_asked(turn);

	if (turn->second_due && !at_line_marked(line)) {
		turn->second_due = false;
		at_turn_keep(turn, line);
		return true;
	}
	if (!at_line_claimed(&asked, line) || count_digits(line) < turn->probe_digits) {
		turn->hinted = turn->hinted || at_line_like_reply(&asked, line);
		return false;
	}
	turn->late_ok_due = false;
	turn->second_due = at_line_has_second(line);
	at_turn_keep(turn, line);
	if (at->phase == PHASE_REFERENCE) {
		conclude(at, turn);
		return true;
	}
	turn->answered = at_line_says_all(line);
	if (turn->answered && uv_timer_get_due_in(&at->timer) > at->times.late_ok_ms)
		at_enter(at, at->phase, at->times.late_ok_ms);
	return true;
}

/* An echoed payload ends in Ctrl-Z; modems that put no line end before an answer put it there. */
static const char *after_echo(const char *line)
{
	const char *end = strrchr(line, CTRL_Z);

	return end != NULL && end[1] != '\0' ? end + 1 : line;
}

/* Of a message before, whose OK is due, or came already and was not followed soon enough. */
static void late_reference(struct at *at)
{
	if (is_open(at->current) && !at->no_reference)
		at->current->late_ok_due = true;
	at->no_reference = false;
}

static void take_line(struct at *at, const char *line)
{
	bool escaped;

	line = after_echo(line);
	escaped = *line == ESC;
	while (*line != '\0' && (unsigned char)*line <= ' ')
		line++;                       /* echoed ESC or Ctrl-Z */
	if (line[strspn(line, "> ")] == '\0') /* a prompt that nobody waits for */
		return;
	if ((at->ghost != NULL && at_turn_echoes(at->ghost, line)) ||
	    (is_open(at->current) && at_turn_echoes(at->current, line)))
		return;
	trace_line(at, line);
	if (at->half != NULL && take_pdu(at, line))
		return;
	if (at->cutting && take_cut(at, line))
		return;
	if (is_open(at->current) && (take_final(at, line, escaped) || take_claimed(at, line)))
		return;
	if (at->resyncing && at_resync_is_late(at, line))
		return;
	if (strncmp(line, "+CMGS:", strlen("+CMGS:")) == 0)
		late_reference(at);
	if (at_line_pdu_length(line) >= 0)
		at->half = strdup(line);
	else
		add_urc(at, strdup(line), NULL);
}

static void take_prompt(struct at *at)
{
	struct at_turn *turn = at->current;
	struct at_event *event;

	at_trace(at, '<', "> ");
	if (at->phase != PHASE_PROMPT) {
		if (at->resyncing)
			at_resync_prompt(at);
		return;
	}
	turn->prompted = true;
	turn->late_ok_due = false;
	at->prompt_ms = at_now(at);
	if (turn->abandoned) {
		at_write_escape(at);
		at_enter(at, PHASE_ESCAPED, at->times.escape_ms);
		return;
	}
	at_enter(at, PHASE_PAYLOAD, turn->command.timeout_ms);
	event = add_event(at, 0);
	assert(event != NULL);
	event->kind = AT_EVENT_PROMPT;
}

static void on_token(void *arg, enum lex_kind kind, const char *line, size_t n)
{
	struct at *at = arg;

	(void)n;
	switch (kind) {
	case LEX_LINE:
		take_line(at, line);
		break;
	case LEX_PROMPT:
		take_prompt(at);
		break;
	}
}

static void tell_done(struct at *at)
{
	struct at_turn *turn = at->current;

	at->current = NULL;
	if (turn->is_probe) {
		at_resync_reply(at, turn, turn->result.status);
		return;
	}
	at->timeouts = 0;
	if (turn->suspect) {
		at->ghost = turn;
		at->resync_wanted = true;
	}
	at_turn_finish(at, turn);
	if (!turn->suspect)
		at_turn_free(turn);
	at_pump(at);
}

static void tell(struct at *at, const struct at_event *event)
{
	switch (event->kind) {
	case AT_EVENT_URC:
		at->events.urc(at->arg, event->line, event->second);
		break;
	case AT_EVENT_PROMPT:
		if (at->phase == PHASE_PAYLOAD) /* not if an error came right behind it */
			at->current->command.prompt(at->current->command.arg);
		break;
	case AT_EVENT_DONE:
		tell_done(at);
		break;
	}
}

static void forget_walked(struct at *at)
{
	for (size_t i = 0; i < at->n_walked; i++) {
		secret_free(at->walked[i].line);
		secret_free(at->walked[i].second);
	}
	at->n_walked = 0;
}

static void tell_walked(struct at *at)
{
	for (size_t i = 0; i < at->n_walked && !at->closing; i++)
		tell(at, &at->walked[i]);
	forget_walked(at);
	if (at->walked_room > WALKED_ROOM) { /* after a flood */
		struct at_event *smaller = realloc(at->walked, WALKED_ROOM * sizeof(*smaller));

		if (smaller != NULL) {
			at->walked = smaller;
			at->walked_room = WALKED_ROOM;
		}
	}
}

void at_walk(struct at *at, const uint8_t *bytes, size_t n)
{
	assert(!at->walking); /* the port never calls from inside a write */
	at->walking = true;
	lex_feed(&at->lex, bytes, n);
	tell_walked(at);
	at->walking = false;
}

void at_walk_release(struct at *at)
{
	assert(!at->walking);
	at->walking = true;
	at->cutting = at->lex.in_quotes;
	lex_release(&at->lex);
	at->cutting = false;
	tell_cut(at);
	tell_walked(at);
	at->walking = false;
}

int at_walk_init(struct at *at)
{
	at->walked = calloc(WALKED_ROOM, sizeof(*at->walked));
	if (at->walked == NULL)
		return -ENOMEM;
	at->walked_room = WALKED_ROOM;
	lex_init(&at->lex, on_token, at);
	return 0;
}

void at_walk_free(struct at *at)
{
	forget_walked(at);
	free(at->walked);
	free(at->half);
}
