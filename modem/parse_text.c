/* parse_text.c - the texts that modems give as hex: operator names, USSD answers. */
#include "modem/parse.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/gsm_text.h"

enum { OCTETS_MAX = 512, CR = 0x0d };

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool parse_is_hex(const char *text)
{
	size_t n = strspn(text, "0123456789abcdefABCDEF");

	return n >= 2 && n % 2 == 0 && text[n] == '\0';
}

static size_t octets_of(const char *hex, uint8_t octets[OCTETS_MAX])
{
	size_t n = 0;

	for (; hex[0] != '\0' && hex[1] != '\0' && n < OCTETS_MAX; hex += 2)
		octets[n++] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
	return n;
}

/* False when out is full: what stands there stays whole characters. */
static bool put(char *out, size_t size, size_t *used, uint32_t character)
{
	char utf8[4];
	size_t n = gsm_utf8_put(utf8, character);

	if (*used + n + 1 > size)
		return false;
	memcpy(out + *used, utf8, n);
	*used += n;
	out[*used] = '\0';
	return true;
}

bool parse_ucs2_hex(const char *hex, char *out, size_t size)
{
	uint8_t octets[OCTETS_MAX];
	size_t n, used = 0;

	out[0] = '\0';
	if (!parse_is_hex(hex))
		return false;
	n = octets_of(hex, octets);
	for (size_t i = 0; i + 1 < n; i += 2) {
		uint32_t c = (uint32_t)(octets[i] << 8 | octets[i + 1]);

		if (c >= 0xd800 && c < 0xdc00 && i + 3 < n) {
			uint32_t low = (uint32_t)(octets[i + 2] << 8 | octets[i + 3]);

			if (low >= 0xdc00 && low < 0xe000) {
				c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
				i += 2;
			}
		}
		if (c != 0 && !put(out, size, &used, c))
			break;
	}
	return true;
}

bool parse_latin1_hex(const char *hex, char *out, size_t size)
{
	uint8_t octets[OCTETS_MAX];
	size_t n, used = 0;

	out[0] = '\0';
	if (!parse_is_hex(hex))
		return false;
	n = octets_of(hex, octets);
	for (size_t i = 0; i < n; i++)
		if (octets[i] != 0 && !put(out, size, &used, octets[i]))
			break;
	return true;
}

static uint32_t gsm_control(uint8_t code)
{
	return code == '\n' || code == '\r' ? '\n' : gsm_default_character(code);
}

/* Modems that take GSM for ASCII are common: what is printable there is left as it is. */
void parse_gsm_text(const char *text, char *out, size_t size)
{
	size_t used = 0, left = strlen(text);

	out[0] = '\0';
	while (left > 0) {
		uint32_t character;
		size_t bytes = gsm_utf8_next(text, left, &character);

		if (bytes == 0) {
			bytes = 1;
			character = 0xfffd;
		} else if (character == GSM_ESCAPE && left > 1) {
			bytes = 2;
			character = gsm_extension_character((uint8_t)text[1] & 0x7f);
		} else if (character < ' ') {
			character = gsm_control((uint8_t)character);
		}
		if (!put(out, size, &used, character))
			return;
		text += bytes;
		left -= bytes;
	}
}

void parse_to_ucs2(const char *text, char *hex, size_t size)
{
	for (hex[0] = '\0'; *text != '\0' && size > 4; text++, hex += 4, size -= 4)
		snprintf(hex, 5, "%04X", (unsigned char)*text);
}

static uint8_t septet_at(const uint8_t *octets, size_t n, size_t i)
{
	size_t bit = i * 7, byte = bit / 8;
	unsigned both = octets[byte] | (byte + 1 < n ? (unsigned)octets[byte + 1] << 8 : 0);

	return (uint8_t)(both >> bit % 8 & 0x7f);
}

bool parse_packed_hex(const char *hex, char *out, size_t size)
{
	uint8_t octets[OCTETS_MAX];
	size_t n, septets, used = 0;

	out[0] = '\0';
	if (!parse_is_hex(hex))
		return false;
	n = octets_of(hex, octets);
	septets = n * 8 / 7;
	if (n % 7 == 0 && septets > 0 && septet_at(octets, n, septets - 1) == CR)
		septets--; /* padding */
	for (size_t i = 0; i < septets; i++) {
		uint8_t code = septet_at(octets, n, i);
		uint32_t c;

		if (code == GSM_ESCAPE && ++i < septets)
			c = gsm_extension_character(septet_at(octets, n, i));
		else
			c = gsm_default_character(code);
		if (!put(out, size, &used, c))
			break;
	}
	return true;
}

/* Septets of text, at most max; 0 if there are too many or one has no GSM code. */
static size_t septets_of(const char *text, uint8_t *septets, size_t max)
{
	size_t n = 0, left = strlen(text);

	while (left > 0) {
		uint32_t character;
		uint8_t codes[2];
		size_t bytes = gsm_utf8_next(text, left, &character);
		size_t k = bytes > 0 ? gsm_septets(character, codes) : 0;

		if (k == 0 || n + k > max)
			return 0;
		memcpy(septets + n, codes, k);
		n += k;
		text += bytes;
		left -= bytes;
	}
	return n;
}

bool parse_pack_ussd(const char *text, char *hex, size_t size)
{
	uint8_t septets[184], octets[168] = { 0 };
	size_t n = septets_of(text, septets, 182), n_octets;

	if (n == 0)
		return false;
	if (n % 8 == 7)
		septets[n++] = CR; /* seven spare bits would read as another @ */
	n_octets = (n * 7 + 7) / 8;
	if (size < n_octets * 2 + 1)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned shifted = (unsigned)septets[i] << i * 7 % 8;

		octets[i * 7 / 8] |= (uint8_t)shifted;
		if (shifted > 0xff)
			octets[i * 7 / 8 + 1] |= (uint8_t)(shifted >> 8);
	}
	for (size_t i = 0; i < n_octets; i++)
		snprintf(hex + i * 2, 3, "%02X", octets[i]);
	return true;
}

void parse_copy(char *out, size_t size, const char *text)
{
	size_t used = 0, left = strlen(text);

	out[0] = '\0';
	while (left > 0) {
		uint32_t character;
		size_t bytes = gsm_utf8_next(text, left, &character);

		if (bytes == 0) {
			bytes = 1;
			character = 0xfffd;
		}
		if (character >= 0x20 && character != 0x7f && !put(out, size, &used, character))
			return;
		text += bytes;
		left -= bytes;
	}
}
