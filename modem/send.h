/* send.h - one message part: what a modem gets, and how its sending ended. */
#pragma once

#include <stdbool.h>

struct session_part {
	const char *pdu; /* hex; borrowed until send_done */
	unsigned length; /* for AT+CMGS= */
	bool more;       /* others wait: keep the radio link open (AT+CMMS=2) */
};

enum send_verdict {
	SEND_ACCEPTED,      /* +CMGS, or OK after Ctrl-Z */
	SEND_REFUSED,       /* an error in place of the prompt or after Ctrl-Z: not accepted */
	SEND_NOT_SUBMITTED, /* no prompt, port lost or abandoned before Ctrl-Z: nothing left */
	SEND_UNCERTAIN,     /* silence, a lost port or a reboot after Ctrl-Z */
};

struct send_outcome {
	enum send_verdict verdict;
	int reference; /* TP-MR of +CMGS, -1 if the modem gave none */
	int code;      /* CMS number of a refusal (CME if is_cme), -1 if none */
	bool is_cme;
	const char *why; /* one line, never NULL, borrowed */
};
