/* at_resync.c - back in step with a modem that may still owe answers.
 *
 * Steps: ESC (leaves a prompt that may be open, without sending; outside one it does nothing),
 * silence, AT, then a query whose reply line cannot be a late answer of something else. A modem
 * answers in order, so with that reply everything older is answered too. A query that the modem
 * refuses, or has nothing but OK for, is not asked again; without any, a second AT after a second
 * silence must do.
 * One that answers in numbers (ATV0 was saved in it) is told to use words before anything else.
 * Where frames of PPP are heard a last try follows: it was left in a data call, which +++ between
 * two silences leaves and ATH ends.
 * A round that fails is told (stuck) and repeated after a pause until it succeeds or at_close. */
#include "modem/at_resync.h"

#include <ctype.h>
#include <string.h>

#include "base/util.h"

enum {
	TRIES_MAX = 4,  /* of one round */
	WAKING_TRY = 2, /* counted from 0 */
	DATA_TRY = 3,
	ESCAPES_MAX = 3, /* a modem that only prints prompts is not answered for ever */
};

static const struct query {
	const char *text, *prefix;
	unsigned flags, digits;
} queries[] = {
	{ "AT+CGSN", "+CGSN:", AT_BARE_LINES, 14 },
	{ "AT+CMEE?", "+CMEE:", 0, 0 },
	{ "AT+GSN", "+GSN:", AT_BARE_LINES, 14 },
	{ "ATI", NULL, AT_BARE_LINES, 0 },
};

static unsigned silence_ms(const struct at *at)
{
	return at->resync_tries == DATA_TRY ? at->times.guard_ms : at->times.quiet_ms;
}

static void drain(struct at *at)
{
	lex_expect_prompt(&at->lex, true);
	at->drain_end_ms = at_now(at) + at->times.drain_ms;
	at_enter(at, PHASE_DRAIN, silence_ms(at));
}

/* Nothing was written since the try before: that was the first silence. */
static void leave_data_call(struct at *at)
{
	at_trace(at, '>', "+++");
	at->write(at->arg, "+++", 3);
}

static void escape_and_drain(struct at *at)
{
	at->resync_escapes = 0;
	at->resync_confirmed = false;
	if (at->resync_tries == DATA_TRY)
		leave_data_call(at);
	else
		at_write_escape(at);
	drain(at);
}

void at_resync_begin(struct at *at)
{
	at->resyncing = true;
	at->resync_wanted = false;
	at->resync_tries = 0;
	escape_and_drain(at);
}

void at_resync_tell(struct at *at, bool over)
{
	if (at->closing || at->events.resync == NULL || (over && !at->resync_told))
		return;
	at->resync_told = !over;
	at->events.resync(at->arg, over);
}

static void fail(struct at *at)
{
	at->resync_query = 0; /* whatever was learnt may have been another device's silence */
	at_enter(at, PHASE_PAUSE, at->times.pause_ms);
	at->events.stuck(at->arg, "the modem does not answer AT, or not what was asked");
}

static void try_again(struct at *at)
{
	if (++at->resync_tries < (at->resync_in_data ? TRIES_MAX : DATA_TRY))
		escape_and_drain(at);
	else
		fail(at);
}

static void ask(struct at *at, enum at_resync_step step, const struct query *query,
		unsigned timeout_ms)
{
	struct at_command command = {
		.text = query->text,
		.prefix = query->prefix,
		.flags = query->flags,
		.timeout_ms = timeout_ms,
	};
	struct at_turn *probe = at_turn_new(&command);

	if (probe == NULL) {
		at_enter(at, PHASE_PAUSE, at->times.pause_ms);
		return;
	}
	probe->is_probe = true;
	probe->needs_line = step == RESYNC_QUERY;
	probe->probe_digits = query->digits;
	at->resync_step = step;
	at_turn_start(at, probe);
}

void at_resync_noise(struct at *at)
{
	uint64_t now = at_now(at);
	uint64_t left = now < at->drain_end_ms ? at->drain_end_ms - now : 1;

	at_enter(at, PHASE_DRAIN, left < silence_ms(at) ? (unsigned)left : silence_ms(at));
}

void at_resync_quiet(struct at *at)
{
	/* One of them also wakes a modem that was told to give no results, or numbers. */
	static const struct query probes[TRIES_MAX] = {
		{ .text = "AT" },
		{ .text = "AT" },
		[WAKING_TRY] = { .text = "ATQ0V1" },
		[DATA_TRY] = { .text = "ATH" },
	};

	if (at_now(at) < at->drain_end_ms && !at->lex.in_quotes)
		lex_reset(&at->lex); /* half a line, then silence: its rest was lost */
	ask(at, RESYNC_PROBE, &probes[at->resync_tries], at->times.probe_ms);
}

/* ESC again; a probe in flight was typed into the message and will have no answer. */
void at_resync_prompt(struct at *at)
{
	struct at_turn *probe = at->current;

	if (at->resync_escapes++ >= ESCAPES_MAX)
		return;
	at_write_escape(at);
	if (probe == NULL || probe->over)
		return;
	at->current = NULL;
	at_turn_free(probe);
	drain(at);
}

/* Could a late line of the ghost be taken for the answer? */
static bool confusable(const struct at_turn *ghost, const struct query *query)
{
	if (ghost == NULL)
		return false;
	return strncmp(ghost->command.text, query->text, strlen(query->text)) == 0 ||
	       (ghost->command.flags & query->flags & AT_BARE_LINES) != 0;
}

static const struct query *next_query(const struct at *at)
{
	for (size_t i = at->resync_query; i < ARRAY_LEN(queries); i++)
		if (!confusable(at->ghost, &queries[i]))
			return &queries[i];
	return NULL;
}

static void in_step(struct at *at)
{
	at_turn_free(at->ghost);
	at->ghost = NULL;
	at->resyncing = at->resync_in_data = false;
	at->free_ms = at_now(at);
	lex_expect_prompt(&at->lex, false);
	at_enter(at, PHASE_READY, 0);
	at_resync_tell(at, true);
	at_pump(at);
}

static void probe_answered(struct at *at)
{
	const struct query *query = next_query(at);

	if (query != NULL) {
		ask(at, RESYNC_QUERY, query, at->times.query_ms);
	} else if (at->resync_confirmed) {
		in_step(at);
	} else {
		at->resync_confirmed = true;
		drain(at);
	}
}

static void query_answered(struct at *at, const struct at_turn *probe, enum at_status status)
{
	if (status == AT_OK) {
		in_step(at);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(queries); i++)
		if (strncmp(queries[i].text, probe->command.text, probe->n_text) == 0)
			at->resync_query = i + 1;
	if (status == AT_ERROR || probe->nodded)
		drain(at);
	else
		try_again(at);
}

static const struct query in_words = { .text = "ATV1" };

/* Asked once: if ATV1 is answered by a number as well, this may be the last of them. */
static bool must_learn_words(const struct at_turn *probe)
{
	return probe->final != NULL && isdigit((unsigned char)*probe->final) &&
	       probe->n_text != strlen(in_words.text);
}

/* A modem that does not know the command that wakes is awake when it says so. */
static bool is_awake(const struct at *at, enum at_status status)
{
	return status == AT_OK || (status == AT_ERROR && at->resync_tries == WAKING_TRY);
}

void at_resync_reply(struct at *at, struct at_turn *probe, enum at_status status)
{
	switch (at->resync_step) {
	case RESYNC_PROBE:
		if (is_awake(at, status) && must_learn_words(probe))
			ask(at, RESYNC_PROBE, &in_words, at->times.probe_ms);
		else if (is_awake(at, status))
			probe_answered(at);
		else
			try_again(at);
		break;
	case RESYNC_QUERY:
		query_answered(at, probe, status);
		break;
	}
	at_turn_free(probe);
}

bool at_resync_is_late(const struct at *at, const char *line)
{
	const struct at_turn *ghost = at->ghost;
	struct at_asked asked;
	struct at_final final;

	if (at_line_final(line, AT_SCOPE_NUMERIC, &final)) /* of a message: it settles its fate */
		return ghost == NULL || !ghost->submitted || final.domain != AT_DOMAIN_CMS;
	if (at_line_says_all(line))
		return false;
	if (!at_line_marked(line))
		return true;
	if (ghost == NULL)
		return false;
	asked = at_turn_asked(ghost);
	return at_line_claimed(&asked, line);
}
