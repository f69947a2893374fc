/* profile.h - what differs between families of modems, as data: a quirk is a row with its reason.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "modem/errors.h"

enum quirk_kind {
	QUIRK_CALM,            /* text: a command of bring-up; its error is ignored */
	QUIRK_ICCID,           /* text: a command that tells the ICCID */
	QUIRK_TRIES,           /* text, prefix, number: which value of the line is PIN1's counter */
	QUIRK_RESET,           /* text: a command that reboots */
	QUIRK_ROUTE,           /* number: AT+CGSMS, the first for bring-up, others for recovery */
	QUIRK_BAUD,            /* a serial line's speed has to be set */
	QUIRK_NOTICE_MODE_1,   /* +CNMI modes 2 and 3 are advertised but inert */
	QUIRK_PACED,           /* begins slowly, until it proves itself */
	QUIRK_GAP,             /* number: never faster than this step of profile_pace */
	QUIRK_USSD_PACKED,     /* +CUSD always carries packed GSM 7-bit as hex */
	QUIRK_NEEDS_REFERENCE, /* OK without +CMGS: is no proof of acceptance */
	QUIRK_RESULT_S,        /* number: the network's answer may take so many seconds */
};

struct quirk {
	enum quirk_kind kind;
	const char *text, *prefix; /* may be NULL */
	unsigned number;
	const char *reason;
};

struct profile {
	const char *name;
	const char *maker,
		*model; /* prefixes of +CGMI and +CGMM split by '|', any case; "" fits all */
	enum modem_family family;
	const struct quirk *quirks;
	size_t n_quirks;
};

/* Never NULL: the last row fits everything. */
const struct profile *profile_find(const char *manufacturer, const char *model);
const struct profile *profile_generic(void);

/* The i-th of this kind; NULL: no more. */
const struct quirk *profile_quirk(const struct profile *profile, enum quirk_kind kind, size_t i);

/* The same, then what is worth a try with any modem. */
const struct quirk *profile_try(const struct profile *profile, enum quirk_kind kind, size_t i);

bool profile_has(const struct profile *profile, enum quirk_kind kind);

/* PIN1 tries left as the line says that answers a QUIRK_TRIES, or -1. */
int profile_tries_left(const struct quirk *tries, const char *line);

/* Gaps in milliseconds by step, 0 the fastest. */
struct profile_pace {
	unsigned command_gap_ms, prompt_gap_ms;
};
enum { PROFILE_PACE_START = 3, PROFILE_PACES = 6, PROFILE_CLEAN_SENDS = 20 };
const struct profile_pace *profile_pace(unsigned step);
