/* step.h - one transaction of sending: how the last part ended, and which one begins. */
#pragma once

#include "daemon/lane.h"

struct step *step_new(struct lane *lane, struct flight *ended, struct flight *begun);
void step_run(struct step *step);
void step_free(struct step *step);
void flight_free(struct flight *flight);

/* What the modem said of the part. */
void step_note(struct flight *flight, const struct send_outcome *outcome);

/* The limits as they are now; where the whole message does not fit yet, they open when it does. */
int step_look(struct db *db, const char *sim, const struct quota_limits *limits,
	      const struct message_row *row, struct quota_state *quota);
