/* message.c - the words of a message's life, and the moves that design.md section 4 allows. */
#include "queue/message.h"

#include <string.h>

#include "queue/due.h"

enum { PRIORITIES = PRIORITY_LOW + 1 };

_Static_assert(KIND_COUNT *PRIORITIES == DUE_RANKS, "a rank for each lane and priority");

#define TO(state) (1u << (state))

static const struct {
	const char *name;
	unsigned may_become; /* a bit for each state */
} states[MSG_STATES] = {
	[MSG_SCHEDULED] = { "scheduled", TO(MSG_QUEUED) | TO(MSG_CANCELED) | TO(MSG_EXPIRED) },
	[MSG_QUEUED] = { "queued",
			 TO(MSG_SENDING) | TO(MSG_CANCELED) | TO(MSG_EXPIRED) | TO(MSG_FAILED) },
	[MSG_SENDING] = { "sending", TO(MSG_SENT) | TO(MSG_QUEUED) | TO(MSG_FAILED) |
					     TO(MSG_EXPIRED) | TO(MSG_UNCERTAIN) },
	[MSG_UNCERTAIN] = { "uncertain",
			    TO(MSG_SENT) | TO(MSG_DELIVERED) | TO(MSG_FAILED) | TO(MSG_QUEUED) },
	[MSG_SENT] = { "sent", TO(MSG_DELIVERED) | TO(MSG_FAILED) },
	[MSG_DELIVERED] = { .name = "delivered" },
	[MSG_FAILED] = { .name = "failed" },
	[MSG_EXPIRED] = { .name = "expired" },
	[MSG_CANCELED] = { .name = "canceled" },
};

static const char *const priorities[PRIORITIES] = {
	[PRIORITY_HIGH] = "high",
	[PRIORITY_NORMAL] = "normal",
	[PRIORITY_LOW] = "low",
};

const char *message_state_name(enum message_state state)
{
	return states[state].name;
}

int message_state_parse(const char *name)
{
	for (int i = 0; i < MSG_STATES; i++)
		if (strcmp(states[i].name, name) == 0)
			return i;
	return -1;
}

const char *message_priority_name(enum message_priority priority)
{
	return priorities[priority];
}

int message_priority_parse(const char *name)
{
	for (int i = 0; i < PRIORITIES; i++)
		if (strcmp(priorities[i], name) == 0)
			return i;
	return -1;
}

int message_rank(enum config_kind kind, enum message_priority priority)
{
	return (int)kind * PRIORITIES + (int)priority;
}

enum config_kind message_rank_kind(int rank)
{
	return (enum config_kind)(rank / PRIORITIES);
}

enum message_priority message_rank_priority(int rank)
{
	return (enum message_priority)(rank % PRIORITIES);
}

bool message_may_move(enum message_state from, enum message_state to)
{
	return (states[from].may_become & TO(to)) != 0;
}

bool message_is_final(enum message_state state)
{
	return states[state].may_become == 0;
}
