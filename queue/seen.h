/* seen.h - what transactions saw, for counters of the loop: told after their COMMIT. */
#pragma once

#include <stdint.h>

enum seen_kind {
	SEEN_EVENT,   /* a: type, b: channel */
	SEEN_MESSAGE, /* a: kind, b: the state that it came into */
	SEEN_ERROR,   /* a: modem, b: class of a refusal */
	SEEN_QUEUE,   /* a: kind; value: ms from due to the first modem */
	SEEN_NETWORK, /* a: kind; value: ms from the first modem to the network's OK */
	SEEN_REPORT,  /* a: kind; value: ms from the network's OK to the phone's report */
	SEEN_KINDS,
};

struct db_seen {
	enum seen_kind kind;
	int64_t value;
	char a[64], b[24];
};
