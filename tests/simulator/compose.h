/* compose.h - SMS-DELIVER and SMS-STATUS-REPORT as the network hands them to a modem. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/simulator/sms.h"

enum {
	COMPOSE_HEX_SIZE = 2 * (12 + SMS_TPDU_MAX) + 1,
	COMPOSE_PARTS_MAX = 32,
};

struct pdu { /* as in +CMT: the length counts no SMSC octets */
	char hex[COMPOSE_HEX_SIZE];
	unsigned length;
};

struct incoming {
	const char *from;  /* "+79...", digits, or up to 11 characters of GSM7 */
	const char *text;  /* UTF-8 */
	const char *smsc;  /* "+..." or "" for none */
	int coding;        /* enum sms_coding, or -1: the smallest that can carry it */
	int message_class; /* -1: none */
	uint8_t pid;
	unsigned reference; /* of the set, if the text needs several parts */
	bool wide_reference;
	int64_t at_ms; /* wall time */
	int zone;      /* quarters of an hour */
};

/* The parts of one message, in order. Their number, or -1: the text or sender cannot be coded. */
int compose_deliver(struct pdu parts[static COMPOSE_PARTS_MAX], const struct incoming *in);

struct report {
	uint8_t reference, status; /* TP-MR, TP-ST */
	uint8_t to_field[12];      /* the recipient as it was submitted */
	size_t to_field_size;
	int64_t sent_ms, done_ms;
	int zone;
	const char *smsc;
};

void compose_report(struct pdu *pdu, const struct report *report);
