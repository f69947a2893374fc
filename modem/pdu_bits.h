/* pdu_bits.h - what encoding and decoding of PDUs share. Private to pdu*.c. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	TPDU_MTI_MASK = 0x03, /* 23.040 9.2.3.1 */
	TPDU_DELIVER = 0x00,
	TPDU_SUBMIT = 0x01,
	TPDU_STATUS_REPORT = 0x02,
	TPDU_VPF_RELATIVE = 0x10, /* 9.2.3.3 */
	TPDU_SRR = 0x20,          /* 9.2.3.5 */
	TPDU_UDHI = 0x40,         /* 9.2.3.23 */

	TOA_UNKNOWN = 0x81, /* 9.1.2.5: type of number, numbering plan E.164 */
	TOA_INTERNATIONAL = 0x91,
	TON_INTERNATIONAL = 1,
	TON_ALPHANUMERIC = 5,
	ADDRESS_DIGITS_MAX = 20,

	DCS_CLASS_MEANT = 0x10, /* 23.038 section 4 */
	DCS_UCS2 = 0x08,

	IE_CONCAT_8 = 0x00, /* 23.040 9.2.3.24 */
	IE_CONCAT_16 = 0x08,
	IE_SINGLE_SHIFT = 0x24,
	IE_LOCKING_SHIFT = 0x25,

	USER_DATA_MAX = 140,
	SEPTETS_MAX = 160,
};

/* Septets that cover so many octets of header, so that the text starts at a septet. */
static inline unsigned pdu_header_septets(unsigned octets)
{
	return (octets * 8 + 6) / 7;
}

/* Septet i of a stream packed from the lowest bit on (23.038 6.1.2.1). */
static inline uint8_t pdu_septet(const uint8_t *octets, size_t n, unsigned i)
{
	size_t at = (size_t)i * 7 / 8;
	unsigned shift = i * 7 % 8;
	unsigned pair = at < n ? octets[at] : 0;

	if (at + 1 < n)
		pair |= (unsigned)octets[at + 1] << 8;
	return pair >> shift & 0x7f;
}

static inline void pdu_put_septet(uint8_t *octets, unsigned i, uint8_t septet)
{
	size_t at = (size_t)i * 7 / 8;
	unsigned shifted = (unsigned)septet << i * 7 % 8;

	octets[at] |= (uint8_t)shifted;
	if (shifted > 0xff)
		octets[at + 1] |= (uint8_t)(shifted >> 8);
}
