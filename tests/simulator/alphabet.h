/* alphabet.h - the GSM 7-bit alphabet, septet packing, UTF-16BE and UTF-8 (3GPP TS 23.038).
 *
 * Written apart from simgate's own tables on purpose: the simulator is the network that checks
 * them. Pure functions. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { ALPHABET_UTF8_MAX = 4 };

/* One character of text[0..n), 0 < n. Bytes used, or 0 if these bytes are not UTF-8. */
size_t alphabet_utf8_next(const char *text, size_t n, uint32_t *character);

/* Writes 1..4 bytes. */
size_t alphabet_utf8_put(char *out, uint32_t character);

/* Septets as UTF-8 into out (3 * n + 1 bytes, NUL added). *odd counts what a phone cannot show:
 * an escape before an unassigned code, or at the end. Returns the bytes written. */
size_t alphabet_decode(char *out, const uint8_t *septets, size_t n, unsigned *odd);

/* The septets of one character: 1, 2 (escape first) or 0 if the alphabet lacks it. */
size_t alphabet_septets(uint8_t out[static 2], uint32_t character);

/* n septets that start at a bit of octets; the caller has checked that they are there. */
void alphabet_unpack(uint8_t *septets, const uint8_t *octets, size_t first_bit, size_t n);
void alphabet_pack(uint8_t *octets, const uint8_t *septets, size_t first_bit, size_t n);

/* n octets (even) of UTF-16BE as UTF-8 into out (3 * n / 2 + 1 bytes). Bytes written, or -1 if a
 * surrogate stands alone. */
long alphabet_from_utf16(char *out, const uint8_t *octets, size_t n);

/* The UTF-16BE octets of one character: 2 or 4. */
size_t alphabet_to_utf16(uint8_t out[static 4], uint32_t character);
