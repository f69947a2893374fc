/* pdu.h - SMS TPDUs as hex (3GPP TS 23.040 section 9.2, 23.038). Pure functions: no I/O, no state.
 *
 * Every read checks the bytes it has, every write the room it has: a modem can send any bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/gsm_text.h"

enum {
	PDU_HEX_SIZE = 2 * (12 + 164) + 1, /* SMSC and the longest TPDU, as hex */
	PDU_ADDRESS_SIZE = 24,             /* +, 20 digits and NUL */
	PDU_SENDER_SIZE = 48,              /* an address, or 11 characters of UTF-8 */
	PDU_TEXT_SIZE = 160 * 4 + 1,       /* the text of one part as UTF-8 */
};

struct pdu_submit {
	const char *to;                /* "+" and digits, or digits for a short code */
	const char *text;              /* the whole text, UTF-8 */
	const struct gsm_shape *shape; /* of text */
	unsigned part;                 /* 0 .. shape->n_parts - 1 */
	unsigned reference;            /* of the set; used only if there are several parts */
	bool wide_reference;           /* 16-bit; shape must have been made so */
	bool report;                   /* TP-SRR */
	int64_t validity_ms;           /* remaining life; 0: no TP-VP */
	int message_class;             /* 0..3, or -1 for none */
};

/* Writes upper-case hex with SMSC octet 00; *length is what AT+CMGS= wants. 0, -EINVAL (number or
 * part), -EMSGSIZE. */
int pdu_encode_submit(const struct pdu_submit *submit, char hex[static PDU_HEX_SIZE],
		      unsigned *length);

/* TP-VP relative: the smallest coding not below ms, 23.040 9.2.3.12.1. */
uint8_t pdu_validity(int64_t ms);

enum pdu_kind { PDU_DELIVER, PDU_STATUS_REPORT, PDU_OTHER };

struct pdu_deliver {
	char smsc[PDU_ADDRESS_SIZE];
	char sender[PDU_SENDER_SIZE]; /* "+7912...", "900", or letters */
	bool sender_alphanumeric;
	char text[PDU_TEXT_SIZE]; /* UTF-8; of 8-bit data: upper-case hex */
	bool is_binary;
	int64_t sent_at_ms;              /* by the service centre's clock; 0 if unknown */
	int message_class;               /* -1: none */
	bool silent;                     /* PID 0x40: acknowledge and drop */
	unsigned reference, total, part; /* part 1..total; total 1 where it stands alone */
	bool wide_reference;
};

struct pdu_report {
	char recipient[PDU_SENDER_SIZE];
	uint8_t reference, status; /* TP-MR, TP-ST */
	int64_t sent_at_ms, discharged_at_ms;
};

struct pdu_inbound {
	enum pdu_kind kind;
	union {
		struct pdu_deliver deliver;
		struct pdu_report report;
	};
};

/* hex: with its SMSC field. tpdu_length: what the modem announced, or -1. 0, or -EBADMSG. */
int pdu_decode(struct pdu_inbound *inbound, const char *hex, int tpdu_length);

enum pdu_status_class { ST_DELIVERED, ST_PENDING, ST_FAILED, ST_EXPIRED };
enum pdu_status_class pdu_status_class(uint8_t status); /* 23.040 9.2.3.15 */
const char *pdu_status_text(uint8_t status);
