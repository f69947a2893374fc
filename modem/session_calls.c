/* session_calls.c - calls that ring: told once, with their number if there is one, and rejected.
 *
 * The number comes with +CLIP after the first RING, or one or two rings later; at the second RING
 * without it the list of calls is asked for it, and a third means that there is none. A call ends
 * with the modem's word for it, with our rejection, or after ten seconds without RING. One that
 * rings on although the modem took the rejection (OK) is the same: hung up the other way. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "modem/bringup.h"
#include "modem/parse.h"
#include "modem/session_private.h"

enum {
	RING_MS = 10000,
	REJECT_MS = 20000,
	RINGS_UNTIL_LIST = 2,
	RINGS_WITHOUT_NUMBER = 3,
	LIST_MS = 5000,
	TYPE_UNKNOWN = 128,
	TYPE_INTERNATIONAL = 145,
	CALL_INCOMING = 4, /* states in +CLCC */
	CALL_WAITING = 5,
	ECHO_MS = 1000,
	GOES_ON_MS = 7000, /* the next RING of a call, had it not been hung up */
	ASK_AGAIN_MS = 1000,
	ASK_TRIES = 3,
};

/* Some modems ask the network first, which may not have time yet. */
enum step calls_caller_id(struct session *s, const struct at_reply *reply, enum step usual)
{
	s->status.no_caller_id = reply->status != AT_OK;
	if (reply->status != AT_ERROR || s->bringup.tries >= ASK_TRIES)
		return usual;
	s->bringup.wait_ms = ASK_AGAIN_MS;
	return ST_CALLER_ID;
}

static void tell(struct session *s, const char *number, int type)
{
	snprintf(s->call.number, sizeof(s->call.number), "%s", number);
	s->call.told = s->call.reject = true;
	s->call.doubted = false;
	s->events->call(s->arg, s, number, type);
	session_work(s);
}

static void note_ring(struct session *s)
{
	s->call.ringing = true;
	session_after(s, TIMER_CALL, RING_MS);
}

/* Lines of the call may still be on their way: a moment later they would be another call. */
void calls_ended(struct session *s)
{
	struct session_call over = { .ended_ms = clock_mono_ms(), .by_ath = s->call.by_ath };

	session_stop(s, TIMER_CALL);
	if (s->call.told)
		memcpy(over.number, s->call.number, sizeof(over.number));
	if (s->call.told || s->call.ringing)
		s->call = over;
}

static void hung_up(struct session *s)
{
	if (!s->call.told)
		return; /* it ended meanwhile */
	s->call.hung_up = true;
	s->call.ringing = s->call.reject = false;
	s->call.rings = 0;
	s->call.ended_ms = clock_mono_ms();
	session_after(s, TIMER_CALL, GOES_ON_MS);
}

/* Is it another call? Its number tells; until then it is not known. */
static void rings_again(struct session *s)
{
	s->call.hung_up = s->call.told = false;
	s->call.doubted = true;
}

/* The one that was told goes on: hung up the other way, not told again. */
static void goes_on(struct session *s)
{
	s->call.doubted = false;
	s->call.told = s->call.reject = true;
	s->call.by_ath = !s->call.by_ath;
	session_work(s);
}

static bool is_echo(const struct session *s)
{
	return s->call.ended_ms != 0 && clock_mono_ms() - s->call.ended_ms < ECHO_MS;
}

void calls_ring(struct session *s)
{
	if (is_echo(s))
		return;
	if (s->call.hung_up)
		rings_again(s);
	note_ring(s);
	s->call.rings++;
	if (s->call.told) {
		s->call.reject = true;
		session_work(s);
	} else if (s->call.rings >= RINGS_WITHOUT_NUMBER && s->call.doubted) {
		goes_on(s);
	} else if (s->call.rings >= RINGS_WITHOUT_NUMBER) {
		tell(s, "", TYPE_UNKNOWN);
	} else if (s->call.rings == RINGS_UNTIL_LIST) {
		s->call.list = true;
		session_work(s);
	}
}

/* Two fields from first on: the number and its type. */
static void take_number(struct session *s, const struct parse_fields *fields, size_t first)
{
	const char *text = parse_text(fields, first);
	int type = parse_int(fields, first + 1, TYPE_UNKNOWN);
	char number[CALL_NUMBER_SIZE];

	snprintf(number, sizeof(number), "%s%s",
		 type == TYPE_INTERNATIONAL && text[0] != '\0' && text[0] != '+' ? "+" : "", text);
	if (is_echo(s) && strcmp(number, s->call.number) == 0)
		return;
	if (s->call.hung_up)
		rings_again(s);
	note_ring(s);
	if (s->call.doubted && strcmp(number, s->call.number) == 0)
		goes_on(s);
	else if (!s->call.told)
		tell(s, number, type);
}

void calls_number(struct session *s, const char *rest)
{
	struct parse_fields fields;

	parse_fields(&fields, rest);
	take_number(s, &fields, 0);
}

/* +CLCC: index,direction,state,mode,multiparty[,number,type]: direction 1 is to us. */
static void on_listed(void *arg, const struct at_reply *reply)
{
	struct session *s = arg;

	if (reply->status == AT_CLOSED)
		return;
	for (size_t i = 0; i < reply->n_lines && s->call.ringing && !s->call.told; i++) {
		const char *rest = parse_after(reply->lines[i], "+CLCC:");
		struct parse_fields fields = { .n = 0 };
		int state;

		if (rest != NULL)
			parse_fields(&fields, rest);
		state = parse_int(&fields, 2, -1);
		if (parse_int(&fields, 1, 0) == 1 && parse_text(&fields, 5)[0] != '\0' &&
		    (state == CALL_INCOMING || state == CALL_WAITING))
			take_number(s, &fields, 5);
	}
	session_work_done(s);
}

static bool list(struct session *s)
{
	struct at_command command = {
		.text = "AT+CLCC",
		.prefix = "+CLCC:",
		.timeout_ms = LIST_MS,
		.done = on_listed,
	};

	s->call.list = false;
	return session_work_send(s, &command);
}

static void on_hung_up(void *arg, const struct at_reply *reply)
{
	struct session *s = arg;

	if (reply->status == AT_CLOSED)
		return;
	if (reply->status == AT_OK)
		hung_up(s);
	session_work_done(s);
}

static bool hang_up(struct session *s, bool by_ath, at_done *done)
{
	struct at_command command = {
		.text = by_ath ? "ATH" : "AT+CHUP",
		.timeout_ms = REJECT_MS,
		.done = done,
	};

	return session_work_send(s, &command);
}

static void on_rejected(void *arg, const struct at_reply *reply)
{
	struct session *s = arg;

	if (reply->status == AT_ERROR && hang_up(s, !s->call.by_ath, on_hung_up))
		return;
	on_hung_up(s, reply);
}

bool calls_work(struct session *s)
{
	if (s->call.list && !s->call.told)
		return list(s);
	if (!s->call.reject)
		return false;
	s->call.reject = false;
	return hang_up(s, s->call.by_ath, on_rejected);
}
