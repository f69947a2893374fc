/* profile.h - what differs between families of modems, as data. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "modem/errors.h"

enum { PROFILE_LIST = 6 };

/* How the answer to the PIN counter query is read: which number of the line is PIN1's. */
struct profile_tries {
	const char *cmd, *prefix; /* cmd NULL: this family has none */
	size_t field;
};

struct profile {
	const char *name;
	const char *maker,
		*model; /* prefixes of +CGMI and +CGMM split by '|', any case; "" fits all */
	enum modem_family family;
	const char *calm[PROFILE_LIST];  /* URC calm-down; errors ignored; NULL ends */
	const char *iccid[PROFILE_LIST]; /* tried before the generic ones */
	struct profile_tries tries;
	const char *reset; /* reboots the modem */
	bool direct_mode;  /* +CNMI mode 2 is advertised but inert: begin with mode 1 */
	bool paced;        /* not known to be good: needs gaps until it proves itself */
	bool ussd_packed;  /* +CUSD always carries packed GSM 7-bit as hex */
};

/* Never NULL: the last row fits everything. */
const struct profile *profile_find(const char *manufacturer, const char *model);
const struct profile *profile_generic(void);

/* Generic commands after a profile's own: by i until NULL. */
const char *profile_iccid(const struct profile *profile, size_t i);
const struct profile_tries *profile_tries(const struct profile *profile, size_t i);

/* PIN1 tries left as the line says, or -1. */
int profile_tries_left(const struct profile_tries *tries, const char *line);

/* Gaps in milliseconds by step, 0 the fastest. */
struct profile_pace {
	unsigned command_gap_ms, prompt_gap_ms;
};
enum { PROFILE_PACE_START = 3, PROFILE_PACES = 6, PROFILE_CLEAN_SENDS = 20 };
const struct profile_pace *profile_pace(unsigned step);
