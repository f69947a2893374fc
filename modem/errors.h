/* errors.h - what +CMS ERROR and +CME ERROR numbers mean, as data (24.011 annex E, 23.040
 * 9.2.3.22, 27.005 3.2.5, 27.007 9.2; classes as in our field notes). */
#pragma once

#include <stdbool.h>

enum modem_error_class {
	ERR_RETRY_SOON,  /* 2-10 s, at most 3 times, then as ERR_RETRY_LATER */
	ERR_RETRY_LATER, /* 1, 5, 15, 60 min */
	ERR_RECIPIENT,   /* permanent for this number */
	ERR_MESSAGE,     /* permanent for this message as built */
	ERR_RECOVER,     /* the modem needs a recovery step, then retry */
	ERR_SIM,         /* SIM, account or configuration: this modem pauses, another may send */
	ERR_AMBIGUOUS,   /* 332, 350, 500: usually not accepted; first retry after 5 s */
	ERR_ACCEPTED,    /* 197: the centre already has this message */
	ERR_IGNORE,
};

enum modem_family { FAMILY_GENERIC, FAMILY_QUECTEL_LTE, FAMILY_SIMCOM_2G, FAMILY_WAVECOM };

struct modem_error {
	int code;
	enum modem_error_class class;
	const char *text; /* for an operator; never NULL */
};

/* Never NULL. code -1 (a bare ERROR) is as 500. An unlisted code gives the row that it is treated
 * as (1-127 as 41, 128-255 as 255, others as 500; of CME as 100), a listed span its first code:
 * to show a code, show the modem's own. */
const struct modem_error *modem_error_cms(enum modem_family family, int code);
const struct modem_error *modem_error_cme(enum modem_family family, int code);

const char *modem_error_class_name(enum modem_error_class class);

/* What a refusal means once it is seen beside those before it. */
struct modem_judgement {
	enum modem_error_class class; /* for the message; ERR_SIM also pauses the modem */
	bool recover;                 /* the modem needs a recovery step now */
	bool suspect; /* it may be this modem's or SIM's fault: better another one tries next */
};

/* in_row: how many refusals with this code this modem has given, this one too, since it last
 * accepted something; tries: of the message, this one too. */
struct modem_judgement modem_error_judge(const struct modem_error *error, bool is_cme, int code,
					 unsigned in_row, unsigned tries);
