/* standing.h - whether a lane may send: its modem's state, pauses after errors, limits of its SIM.
 */
#pragma once

#include "daemon/lane.h"

enum quota_use standing_use(int rank);

bool standing_works(const struct lane *lane); /* ready, or sending */
bool standing_allows(const struct lane *lane, enum quota_use use);
bool standing_allows_at(const struct lane *lane, enum quota_use use, int64_t now);

/* For the moment after it became ready: its limits are being read. */
bool standing_is_unknown(const struct lane *lane);

/* From when on it may send if nothing else happens, by the wall clock; 0: now, INT64_MAX: unknown.
 */
int64_t standing_opens_at(const struct lane *lane, enum quota_use use, int64_t now);

/* The limits of the lane's SIM by this config. */
struct quota_limits standing_limits(const struct config *config, const char *modem);

/* The modem's status changed: another SIM, or an operator's resume. */
void standing_changed(struct lane *lane);

/* The configuration may have changed: the limits are looked at anew. */
void standing_look(struct lane *lane);

/* How a part ended: counts refusals in a row, writes flight->in_row and family. */
void standing_note(struct lane *lane, struct flight *flight);

/* Did the message centre refuse the validity period? It is left out on this lane then. */
bool standing_refuses_validity(const struct flight *flight);

/* A refusal was judged: the modem recovers, or rests. */
void standing_judged(struct lane *lane, const struct step *step);

/* The limits as a transaction has just seen them. */
void standing_quota(struct lane *lane, const struct quota_state *quota);

/* Nothing that this lane could send waits: a limit that was reached holds nothing up any more. */
void standing_idle(struct lane *lane);

int64_t standing_wake_at(const struct lane *lane); /* monotonic; INT64_MAX: nothing is waited for */
void standing_wake(struct lane *lane);
