/* charset.c - see charset.h. */
#include "tests/simulator/charset.h"

#include <stdio.h>
#include <string.h>

#include "tests/simulator/alphabet.h"
#include "tests/simulator/sms.h"

void charset_encode(char out[static CHARSET_TEXT_SIZE], enum charset charset, const char *text)
{
	size_t left = strlen(text), used, n = 0;
	uint8_t units[4];
	uint32_t c;

	if (charset != CHARSET_UCS2) {
		snprintf(out, CHARSET_TEXT_SIZE, "%s", text);
		return;
	}
	out[0] = '\0';
	for (; left > 0 && n + 9 < CHARSET_TEXT_SIZE; text += used, left -= used) {
		size_t octets;

		used = alphabet_utf8_next(text, left, &c);
		if (used == 0)
			return;
		octets = alphabet_to_utf16(units, c);
		sms_hex(out + n, units, octets);
		n += 2 * octets;
	}
}

bool charset_decode(char *out, size_t size, enum charset charset, const char *text)
{
	uint8_t units[CHARSET_TEXT_SIZE];
	size_t n = strlen(text);

	if (charset != CHARSET_UCS2) {
		snprintf(out, size, "%s", text);
		return n < size;
	}
	if (n % 4 != 0 || n / 2 > sizeof(units) || 3 * n / 4 + 1 > size)
		return false;
	return sms_unhex(units, text, n) && alphabet_from_utf16(out, units, n / 2) >= 0;
}
