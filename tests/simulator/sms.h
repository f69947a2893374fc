/* sms.h - SMS-SUBMIT as a strict network reads it (3GPP TS 23.040 section 9.2.2.2). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SMS_ADDRESS_SIZE = 24, /* + and 20 digits, and NUL */
	SMS_TEXT_SIZE = 512,   /* the text of one part as UTF-8 (or 140 octets as hex) */
	SMS_TPDU_MAX = 164,    /* octets: what AT+CMGS takes at most */
	SMS_UD_MAX = 140,      /* octets of user data */
	SMS_SEPTETS_MAX = 160,
};

enum sms_coding { SMS_GSM7, SMS_OCTETS, SMS_UCS2 };

struct submit {
	char to[SMS_ADDRESS_SIZE], smsc[SMS_ADDRESS_SIZE]; /* smsc "": as +CSCA */
	uint8_t to_field[12];                              /* as it came: length, TOA, digits */
	size_t to_field_size;
	bool report;          /* TP-SRR */
	int validity_minutes; /* -1: no TP-VP, or an absolute one that is past */
	int message_class;    /* -1: none */
	enum sms_coding coding;
	unsigned reference, total, sequence; /* total 1: no concatenation element */
	bool wide_reference;
	char text[SMS_TEXT_SIZE];
	size_t text_size;
};

/* hex: what was typed at the prompt. length: what AT+CMGS= said. 0, or a +CMS ERROR number with
 * *why set. With 0, *why may name a thing that a network lets pass and a phone shows wrongly. */
int submit_decode(struct submit *submit, const char *hex, unsigned length, const char **why);

const char *sms_coding_name(enum sms_coding coding);

/* n hex digits (even) to n / 2 octets; false if one is not a hex digit. */
bool sms_unhex(uint8_t *octets, const char *hex, size_t n);
void sms_hex(char *hex, const uint8_t *octets, size_t n); /* 2 * n + 1 bytes, upper case */
