/* pdu_reader.h - octets of a PDU, and the fields that DELIVER and STATUS-REPORT share. Private to
 * pdu*.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modem/pdu.h"

enum { READER_OCTETS_MAX = 12 + 256 };

struct reader {
	uint8_t octets[READER_OCTETS_MAX];
	size_t at, n;
	bool bad; /* something is missing, or is no address */
};

/* 0, or -EBADMSG if hex is not hex or too long. */
int reader_fill(struct reader *r, const char *hex);

uint8_t reader_octet(struct reader *r); /* 0 if there is none */

/* The next n octets, or NULL. */
const uint8_t *reader_take(struct reader *r, size_t n);

/* The SMSC field: its length counts octets. */
void reader_smsc(struct reader *r, char out[static PDU_ADDRESS_SIZE]);

/* An address field: its length counts digits. Returns whether it is letters. */
bool reader_address(struct reader *r, char out[static PDU_SENDER_SIZE]);

/* A time stamp as milliseconds since 1970 UTC; 0 if it says none. */
int64_t reader_time(struct reader *r);
