/* at.c - owns the queue of commands, the one in flight, its deadline, and the life of the whole.
 *
 * Steps of a command: queued; written (after the pacing gap); with a payload: prompt, payload and
 * Ctrl-Z; final result. It fails by an error result, by silence (then at_resync.c brings both
 * sides back in step before the next one) or by at_close. Commands of the resynchronisation
 * (probes) take the same way, but their results go to at_resync.c. */
#include "modem/at.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "base/secret.h"
#include "modem/at_private.h"
#include "modem/at_resync.h"

enum {
	COMMAND_MAX = 1024,
	TRACE_MAX = 1024,
	TIMEOUTS_MAX = 3, /* in a row; more means that the modem hangs */
	CTRL_Z = 0x1a,
	ESC = 0x1b,
};

static const struct at_times default_times = {
	.quiet_ms = 300,
	.guard_ms = 1500,
	.drain_ms = 3000,
	.probe_ms = 3000,
	.query_ms = 5000,
	.pause_ms = 5000,
	.escape_ms = 5000,
	.late_ok_ms = 5000,
	.late_mr_ms = 200,
	.quote_ms = 2000,
	.byte_ms = 30,
};

void at_set_times(struct at *at, const struct at_times *times)
{
	at->times = *times;
}

void at_set_patience(struct at *at, unsigned percent)
{
	at->times.probe_ms = default_times.probe_ms * percent / 100;
	at->times.query_ms = default_times.query_ms * percent / 100;
	at->times.pause_ms = default_times.pause_ms * percent / 100;
	at->times.escape_ms = default_times.escape_ms * percent / 100;
	at->times.late_ok_ms = default_times.late_ok_ms * percent / 100;
}

uint64_t at_now(struct at *at)
{
	uv_update_time(at->loop);
	return uv_now(at->loop);
}

/* One line of dialogue, masked and fit for any log: a modem may send any bytes. Line ends within
 * it (USSD) become blanks, Ctrl-Z goes. */
void at_trace(struct at *at, char direction, const char *text)
{
	char clean[TRACE_MAX], masked[TRACE_MAX];
	size_t n = 0;

	if (!at->tracing || at->events.trace == NULL || at->closing)
		return;
	for (; text[n] != '\0' && text[n] != CTRL_Z && n + 1 < sizeof(clean); n++) {
		unsigned char c = (unsigned char)text[n];

		clean[n] = c < ' ' ? ' ' : c < 0x7f ? (char)c : '?';
	}
	clean[n] = '\0';
	mask_line(masked, sizeof(masked), clean);
	secret_wipe(clean, n); /* a PDU, or a number, as it came */
	at->events.trace(at->arg, direction, masked);
}

/* A secret command shows its name, up to its first argument. */
static void trace_command(struct at *at, const struct at_turn *turn)
{
	char shown[COMMAND_MAX + 8];
	size_t n = turn->n_text;

	if (!at->tracing)
		return;
	if (turn->command.flags & AT_SECRET)
		n = strcspn(turn->command.text, "=\r");
	memcpy(shown, turn->command.text, n);
	strcpy(shown + n, n < turn->n_text ? "=..." : "");
	at_trace(at, '>', shown);
}

void at_write_escape(struct at *at)
{
	static const char escape = ESC;

	at_trace(at, '>', "<ESC>");
	at->write(at->arg, &escape, 1);
}

static void on_timer(uv_timer_t *timer);

/* ms 0: the phase has no end of its own. */
void at_enter(struct at *at, enum at_phase phase, unsigned ms)
{
	at->phase = phase;
	if (ms == 0 || at->closing) {
		uv_timer_stop(&at->timer);
		return;
	}
	uv_update_time(at->loop);
	uv_timer_start(&at->timer, on_timer, ms, 0);
}

void at_turn_start(struct at *at, struct at_turn *turn)
{
	const struct at_command *command = &turn->command;
	bool payload = command->prompt != NULL;

	at->current = turn;
	lex_expect_prompt(&at->lex, payload || at->resyncing);
	trace_command(at, turn);
	at->write(at->arg, command->text, turn->n_text + 1);
	if (payload && command->prompt_timeout_ms != 0)
		at_enter(at, PHASE_PROMPT, command->prompt_timeout_ms);
	else
		at_enter(at, payload ? PHASE_PROMPT : PHASE_RESULT, command->timeout_ms);
}

void at_turn_finish(struct at *at, struct at_turn *turn)
{
	bool closed = at->closing && turn->final == NULL && !turn->over;
	struct at_reply reply = {
		.status = closed ? AT_CLOSED : turn->result.status,
		.domain = turn->result.domain,
		.code = turn->over ? turn->result.code : -1,
		.final = turn->final != NULL ? turn->final : "",
		.lines = (const char *const *)turn->lines,
		.n_lines = turn->n_lines,
		.prompted = turn->prompted,
		.submitted = turn->submitted,
	};

	at->free_ms = at_now(at);
	turn->command.done(turn->command.arg, &reply);
}

static struct at_turn *dequeue(struct at *at)
{
	struct at_turn *turn = at->queue;

	at->queue = turn->next;
	if (at->queue == NULL)
		at->queue_end = &at->queue;
	turn->next = NULL;
	return turn;
}

static unsigned gap_left(struct at *at)
{
	uint64_t due = at->free_ms + at->command_gap_ms, now;

	if (at->command_gap_ms == 0 || at->queue == NULL)
		return 0;
	now = at_now(at);
	return now < due ? (unsigned)(due - now) : 0;
}

/* Abandoned before it was written: nothing was sent. */
static void finish_unsent(struct at *at, struct at_turn *turn)
{
	turn->over = true;
	turn->result = (struct at_final){ .status = AT_ERROR, .code = -1 };
	at_turn_finish(at, turn);
	at_turn_free(turn);
}

void at_pump(struct at *at)
{
	while (!at->closing && at->current == NULL && !at->resyncing) {
		unsigned wait = gap_left(at);

		if (at->resync_wanted) {
			at_resync_begin(at);
			return;
		}
		if (at->queue == NULL || wait > 0) {
			at_enter(at, wait > 0 ? PHASE_GAP : PHASE_READY, wait);
			return;
		}
		if (at->queue->abandoned)
			finish_unsent(at, dequeue(at));
		else
			at_turn_start(at, dequeue(at));
	}
}

/* The command in flight had no answer. A late one must not reach the next command, so the turn
 * stays as a ghost that claims it until both sides are in step again. */
static void time_out(struct at *at)
{
	struct at_turn *turn = at->current;
	bool expected = (turn->command.flags & AT_NO_REPLY) != 0;

	at->current = NULL;
	lex_expect_prompt(&at->lex, false);
	turn->over = true;
	turn->result = (struct at_final){ .status = expected ? AT_OK : AT_TIMEOUT, .code = -1 };
	if (turn->is_probe) {
		at_resync_reply(at, turn, AT_TIMEOUT);
		return;
	}
	if (expected) {
		at_turn_finish(at, turn);
		at_turn_free(turn);
		at_pump(at);
		return;
	}
	if (turn->answered)
		at->timeouts = 0;
	else if ((turn->command.flags & AT_MAY_LACK) == 0)
		at->timeouts++;
	at->ghost = turn;
	at_resync_begin(at);
	at_resync_tell(at, false);
	at_turn_finish(at, turn);
	if (at->timeouts >= TIMEOUTS_MAX && !at->closing) {
		at->timeouts = 0;
		at->events.stuck(at->arg, "3 commands in a row had no answer");
	}
}

static void submit(struct at *at)
{
	struct at_turn *turn = at->current;
	size_t n = strlen(turn->payload);

	turn->submitted = true;
	at_trace(at, '>', turn->payload);
	at_trace(at, '>', "<Ctrl-Z>");
	at->write(at->arg, turn->payload, n); /* one write: the Ctrl-Z is in it */
	at_enter(at, PHASE_RESULT, turn->command.timeout_ms);
}

static void escape(struct at *at)
{
	at_write_escape(at);
	at_enter(at, PHASE_ESCAPED, at->times.escape_ms);
}

/* The OK was all: this modem is not waited for the next time. */
static void no_reference(struct at *at)
{
	struct at_turn *turn = at->current;

	at->current = NULL;
	at->no_reference = true;
	at->timeouts = 0;
	turn->over = true;
	at_enter(at, PHASE_READY, 0);
	at_turn_finish(at, turn);
	at_turn_free(turn);
	at_pump(at);
}

static void on_timer(uv_timer_t *timer)
{
	struct at *at = timer->data;

	switch (at->phase) {
	case PHASE_READY:
		break;
	case PHASE_GAP:
		at_pump(at);
		break;
	case PHASE_PAYLOAD: /* nobody came with one */
		at->current->abandoned = true;
		escape(at);
		break;
	case PHASE_PROMPT_GAP:
		submit(at);
		break;
	case PHASE_REFERENCE:
		no_reference(at);
		break;
	case PHASE_RESULT:
	case PHASE_PROMPT:
	case PHASE_ESCAPED:
		time_out(at);
		break;
	case PHASE_DRAIN:
		at_resync_quiet(at);
		break;
	case PHASE_PAUSE:
		at_resync_begin(at);
		break;
	}
}

static void on_open(uv_timer_t *timer)
{
	struct at *at = timer->data;

	at->patience = PATIENCE_NONE;
	at_walk_release(at);
}

/* A line that stays open is not waited for without end. */
static void watch_open_line(struct at *at)
{
	enum at_patience patience = at->lex.awaits_more ? PATIENCE_BYTE
				    : at->lex.in_quotes ? PATIENCE_QUOTE
							: PATIENCE_NONE;
	unsigned ms = patience == PATIENCE_BYTE ? at->times.byte_ms : at->times.quote_ms;

	if (patience == at->patience)
		return;
	at->patience = patience;
	uv_update_time(at->loop);
	if (patience == PATIENCE_NONE)
		uv_timer_stop(&at->open);
	else
		uv_timer_start(&at->open, on_open, ms, 0);
}

void at_feed(struct at *at, const uint8_t *bytes, size_t n)
{
	if (at->closing)
		return;
	if (at->resyncing && memchr(bytes, '~', n) != NULL)
		at->resync_in_data = true;
	at_walk(at, bytes, n);
	if (at->closing)
		return;
	if (at->phase == PHASE_DRAIN)
		at_resync_noise(at);
	watch_open_line(at);
}

struct at *at_new(uv_loop_t *loop, void (*write)(void *arg, const void *bytes, size_t n),
		  const struct at_events *events, void *arg)
{
	struct at *at = calloc(1, sizeof(*at));

	if (at == NULL)
		return NULL;
	at->loop = loop;
	at->write = write;
	at->events = *events;
	at->arg = arg;
	at->times = default_times;
	at->queue_end = &at->queue;
	if (at_walk_init(at) < 0) {
		free(at);
		return NULL;
	}
	uv_timer_init(loop, &at->timer);
	uv_timer_init(loop, &at->open);
	at->timer.data = at->open.data = at;
	at->open_handles = 2;
	return at;
}

int at_send(struct at *at, const struct at_command *command)
{
	struct at_turn *turn;
	size_t n = strlen(command->text);

	assert(command->done != NULL && command->timeout_ms > 0);
	if (at->closing)
		return -ENOTCONN;
	if (n > COMMAND_MAX)
		return -EMSGSIZE;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)command->text[i] < ' ')
			return -EINVAL; /* a second command, an ESC or a Ctrl-Z inside */
	if (n == 0)
		return -EINVAL;
	turn = at_turn_new(command);
	if (turn == NULL)
		return -ENOMEM;
	*at->queue_end = turn;
	at->queue_end = &turn->next;
	at_pump(at);
	return 0;
}

void at_set_pacing(struct at *at, unsigned command_gap_ms, unsigned prompt_gap_ms)
{
	at->command_gap_ms = command_gap_ms;
	at->prompt_gap_ms = prompt_gap_ms;
}

void at_payload(struct at *at, const char *payload)
{
	struct at_turn *turn = at->current;
	uint64_t due = at->prompt_ms + at->prompt_gap_ms, now = at_now(at);
	size_t n = strlen(payload);

	if (at->closing || at->phase != PHASE_PAYLOAD)
		return; /* the command ended meanwhile; its done says so */
	turn->payload = malloc(n + 2);
	if (turn->payload == NULL) {
		at_abandon(at);
		return;
	}
	memcpy(turn->payload, payload, n);
	turn->payload[n] = CTRL_Z;
	turn->payload[n + 1] = '\0';
	if (now < due)
		at_enter(at, PHASE_PROMPT_GAP, (unsigned)(due - now));
	else
		submit(at);
}

void at_abandon(struct at *at)
{
	struct at_turn *turn = at->current;

	if (at->closing)
		return;
	if (turn == NULL || turn->command.prompt == NULL || turn->over)
		for (turn = at->queue; turn != NULL && turn->command.prompt == NULL;)
			turn = turn->next;
	if (turn == NULL || turn->submitted || turn->abandoned)
		return;
	turn->abandoned = true;
	if (turn == at->current && (at->phase == PHASE_PAYLOAD || at->phase == PHASE_PROMPT_GAP))
		escape(at);
}

void at_resync(struct at *at)
{
	if (at->closing || at->resyncing)
		return;
	at->resync_wanted = true;
	at_pump(at);
}

bool at_idle(const struct at *at)
{
	return at->current == NULL && at->queue == NULL && !at->resyncing && !at->resync_wanted;
}

void at_tracing(struct at *at, bool on)
{
	at->tracing = on;
}

static void end_turns(struct at *at)
{
	struct at_turn *turn = at->current;

	at->current = NULL;
	if (turn != NULL && !turn->is_probe)
		at_turn_finish(at, turn);
	at_turn_free(turn);
	at_turn_free(at->ghost);
	while (at->queue != NULL) {
		turn = dequeue(at);
		at_turn_finish(at, turn);
		at_turn_free(turn);
	}
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct at *at = handle->data;
	void (*closed)(void *) = at->closed;
	void *arg = at->closed_arg;

	if (--at->open_handles > 0)
		return;
	end_turns(at);
	at_walk_free(at);
	secret_wipe(&at->lex, sizeof(at->lex));
	free(at);
	if (closed != NULL)
		closed(arg);
}

void at_close(struct at *at, void (*closed)(void *arg), void *arg)
{
	assert(!at->closing);
	at->closing = true;
	at->closed = closed;
	at->closed_arg = arg;
	uv_close((uv_handle_t *)&at->timer, on_handle_closed);
	uv_close((uv_handle_t *)&at->open, on_handle_closed);
}
