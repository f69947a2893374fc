/* due.h - all that the scheduler knows of a waiting message: ids and times, no text, no number. */
#pragma once

#include <stdint.h>

enum { DUE_RANKS = 9, DUE_LANES = 3 };

struct due {
	int64_t seq;        /* message.seq */
	int64_t number;     /* number.id of the recipient: sets to one recipient never interleave */
	int64_t route;      /* who may send it: config/route.h */
	int64_t due_at;     /* not before */
	int64_t submit_by;  /* not after: it expires */
	uint64_t avoid;     /* bits of modems that better do not send it; in memory only */
	int64_t avoid_till; /* and must not before this time; in memory only */
	int rank;           /* lane * 3 + priority, 0 first; DUE_RANKS of them */
};
