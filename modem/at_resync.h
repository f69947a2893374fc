/* at_resync.h - what the other files of a conversation tell the resynchronisation. */
#pragma once

#include "modem/at_private.h"

void at_resync_begin(struct at *at);
void at_resync_tell(struct at *at, bool over); /* of one that a silence began */
void at_resync_noise(struct at *at);           /* bytes came while draining */
void at_resync_quiet(struct at *at);           /* the drain's timer */
void at_resync_prompt(struct at *at);          /* a prompt was open after all */
void at_resync_reply(struct at *at, struct at_turn *probe, enum at_status status);
/* Is this line of no meaning to anyone: an answer to a command that is over? */
bool at_resync_is_late(const struct at *at, const char *line);
