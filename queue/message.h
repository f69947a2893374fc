/* message.h - the words of a message's life and the table of its moves. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

enum message_state {
	MSG_SCHEDULED,
	MSG_QUEUED,
	MSG_SENDING,
	MSG_UNCERTAIN,
	MSG_SENT,
	MSG_DELIVERED,
	MSG_FAILED,
	MSG_EXPIRED,
	MSG_CANCELED,
	MSG_STATES,
};

enum message_priority { PRIORITY_HIGH, PRIORITY_NORMAL, PRIORITY_LOW };

const char *message_state_name(enum message_state state);
int message_state_parse(const char *name); /* -1: no such state */
const char *message_priority_name(enum message_priority priority);
int message_priority_parse(const char *name); /* -1 */

/* The lane is the kind: codes before contact requests before texts. */
int message_rank(enum config_kind kind, enum message_priority priority);
enum config_kind message_rank_kind(int rank);
enum message_priority message_rank_priority(int rank);

bool message_may_move(enum message_state from, enum message_state to);

/* Nothing moves on from here, whatever comes: delivered, failed, expired, canceled. */
bool message_is_final(enum message_state state);
