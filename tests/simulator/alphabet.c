/* alphabet.c - the alphabets of an SMS. See alphabet.h. */
#include "tests/simulator/alphabet.h"

#include "base/util.h"

enum { ESCAPE = 0x1b };

/* 23.038 section 6.2.1, row by row. */
static const uint16_t basic[128] = {
	0x0040, 0x00a3, 0x0024, 0x00a5, 0x00e8, 0x00e9, 0x00f9, 0x00ec, /* 00 */
	0x00f2, 0x00c7, 0x000a, 0x00d8, 0x00f8, 0x000d, 0x00c5, 0x00e5, /* 08 */
	0x0394, 0x005f, 0x03a6, 0x0393, 0x039b, 0x03a9, 0x03a0, 0x03a8, /* 10 */
	0x03a3, 0x0398, 0x039e, 0x00a0, 0x00c6, 0x00e6, 0x00df, 0x00c9, /* 18 */
	0x0020, 0x0021, 0x0022, 0x0023, 0x00a4, 0x0025, 0x0026, 0x0027, /* 20 */
	0x0028, 0x0029, 0x002a, 0x002b, 0x002c, 0x002d, 0x002e, 0x002f, /* 28 */
	0x0030, 0x0031, 0x0032, 0x0033, 0x0034, 0x0035, 0x0036, 0x0037, /* 30 */
	0x0038, 0x0039, 0x003a, 0x003b, 0x003c, 0x003d, 0x003e, 0x003f, /* 38 */
	0x00a1, 0x0041, 0x0042, 0x0043, 0x0044, 0x0045, 0x0046, 0x0047, /* 40 */
	0x0048, 0x0049, 0x004a, 0x004b, 0x004c, 0x004d, 0x004e, 0x004f, /* 48 */
	0x0050, 0x0051, 0x0052, 0x0053, 0x0054, 0x0055, 0x0056, 0x0057, /* 50 */
	0x0058, 0x0059, 0x005a, 0x00c4, 0x00d6, 0x00d1, 0x00dc, 0x00a7, /* 58 */
	0x00bf, 0x0061, 0x0062, 0x0063, 0x0064, 0x0065, 0x0066, 0x0067, /* 60 */
	0x0068, 0x0069, 0x006a, 0x006b, 0x006c, 0x006d, 0x006e, 0x006f, /* 68 */
	0x0070, 0x0071, 0x0072, 0x0073, 0x0074, 0x0075, 0x0076, 0x0077, /* 70 */
	0x0078, 0x0079, 0x007a, 0x00e4, 0x00f6, 0x00f1, 0x00fc, 0x00e0, /* 78 */
};

/* 23.038 section 6.2.1.1 */
static const struct {
	uint8_t code;
	uint16_t character;
} extension[] = {
	{ 0x0a, 0x000c }, { 0x14, 0x005e }, { 0x28, 0x007b }, { 0x29, 0x007d }, { 0x2f, 0x005c },
	{ 0x3c, 0x005b }, { 0x3d, 0x007e }, { 0x3e, 0x005d }, { 0x40, 0x007c }, { 0x65, 0x20ac },
};

/* The shortest form's smallest character, by the number of bytes: overlong forms are not UTF-8. */
static const uint32_t utf8_smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };

size_t alphabet_utf8_next(const char *text, size_t n, uint32_t *character)
{
	uint8_t first = (uint8_t)text[0];
	size_t length = first < 0x80             ? 1
			: (first & 0xe0) == 0xc0 ? 2
			: (first & 0xf0) == 0xe0 ? 3
			: (first & 0xf8) == 0xf0 ? 4
						 : 0;
	uint32_t value = length == 1 ? first : first & (0x7fU >> length);

	if (length == 0 || length > n)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if (((uint8_t)text[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | ((uint8_t)text[i] & 0x3f);
	}
	if (value < utf8_smallest[length] || value > 0x10ffff ||
	    (value >= 0xd800 && value < 0xe000))
		return 0;
	*character = value;
	return length;
}

size_t alphabet_utf8_put(char *out, uint32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(lead[n] | c);
	return n;
}

static uint32_t extension_character(uint8_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(extension); i++)
		if (extension[i].code == code)
			return extension[i].character;
	return 0;
}

size_t alphabet_decode(char *out, const uint8_t *septets, size_t n, unsigned *odd)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t c = basic[septets[i]];

		if (septets[i] == ESCAPE && i + 1 == n) {
			++*odd; /* a phone drops it */
			break;
		}
		if (septets[i] == ESCAPE) {
			c = extension_character(septets[++i]);
			if (c == 0) {
				++*odd;
				c = basic[septets[i]];
			}
		}
		used += alphabet_utf8_put(out + used, c);
	}
	out[used] = '\0';
	return used;
}

size_t alphabet_septets(uint8_t out[static 2], uint32_t character)
{
	for (size_t i = 0; i < ARRAY_LEN(basic); i++) {
		if (basic[i] == character && i != ESCAPE) {
			out[0] = (uint8_t)i;
			return 1;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(extension); i++) {
		if (extension[i].character == character) {
			out[0] = ESCAPE;
			out[1] = extension[i].code;
			return 2;
		}
	}
	return 0;
}

void alphabet_unpack(uint8_t *septets, const uint8_t *octets, size_t first_bit, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t bit = first_bit + 7 * i, shift = bit % 8;
		unsigned pair = octets[bit / 8];

		if (shift > 1) /* the septet reaches into the next octet */
			pair |= (unsigned)octets[bit / 8 + 1] << 8;
		septets[i] = (uint8_t)(pair >> shift & 0x7f);
	}
}

void alphabet_pack(uint8_t *octets, const uint8_t *septets, size_t first_bit, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t bit = first_bit + 7 * i, shift = bit % 8;
		unsigned pair = (unsigned)septets[i] << shift;

		octets[bit / 8] = (uint8_t)(octets[bit / 8] | pair);
		if (shift > 1)
			octets[bit / 8 + 1] = (uint8_t)(octets[bit / 8 + 1] | pair >> 8);
	}
}

long alphabet_from_utf16(char *out, const uint8_t *octets, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i + 1 < n; i += 2) {
		uint32_t c = (uint32_t)octets[i] << 8 | octets[i + 1], low;

		if (c >= 0xdc00 && c < 0xe000)
			return -1;
		if (c >= 0xd800 && c < 0xdc00) {
			i += 2;
			low = i + 1 < n ? (uint32_t)octets[i] << 8 | octets[i + 1] : 0;
			if (low < 0xdc00 || low >= 0xe000)
				return -1;
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
		used += alphabet_utf8_put(out + used, c);
	}
	out[used] = '\0';
	return (long)used;
}

size_t alphabet_to_utf16(uint8_t out[static 4], uint32_t c)
{
	uint32_t unit = c < 0x10000 ? c : 0xd800 + ((c - 0x10000) >> 10);
	uint32_t low = 0xdc00 + (c & 0x3ff);

	out[0] = (uint8_t)(unit >> 8);
	out[1] = (uint8_t)unit;
	if (c < 0x10000)
		return 2;
	out[2] = (uint8_t)(low >> 8);
	out[3] = (uint8_t)low;
	return 4;
}
