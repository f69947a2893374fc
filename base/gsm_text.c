/* gsm_text.c - the default alphabet of 3GPP TS 23.038 6.2.1 and how texts break into parts.
 *
 * Steps of gsm_shape: one pass decodes the text and counts it in both alphabets, remembering
 * where parts of each would end; the alphabet is then chosen and its count becomes the answer.
 * Nothing is allocated, so a rule may ask for every keystroke of a preview. */
#include "base/gsm_text.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"

#define NONE 0xffffu /* no character: the escape itself */

/* 23.038 6.2.1, by code. */
static const uint16_t default_table[128] = {
	/* 0 */ 0x0040,  0x00a3, 0x0024, 0x00a5, 0x00e8, 0x00e9, 0x00f9, 0x00ec,
	/* 8 */ 0x00f2,  0x00c7, 0x000a, 0x00d8, 0x00f8, 0x000d, 0x00c5, 0x00e5,
	/* 10 */ 0x0394, 0x005f, 0x03a6, 0x0393, 0x039b, 0x03a9, 0x03a0, 0x03a8,
	/* 18 */ 0x03a3, 0x0398, 0x039e, NONE,   0x00c6, 0x00e6, 0x00df, 0x00c9,
	/* 20 */ 0x0020, 0x0021, 0x0022, 0x0023, 0x00a4, 0x0025, 0x0026, 0x0027,
	/* 28 */ 0x0028, 0x0029, 0x002a, 0x002b, 0x002c, 0x002d, 0x002e, 0x002f,
	/* 30 */ 0x0030, 0x0031, 0x0032, 0x0033, 0x0034, 0x0035, 0x0036, 0x0037,
	/* 38 */ 0x0038, 0x0039, 0x003a, 0x003b, 0x003c, 0x003d, 0x003e, 0x003f,
	/* 40 */ 0x00a1, 0x0041, 0x0042, 0x0043, 0x0044, 0x0045, 0x0046, 0x0047,
	/* 48 */ 0x0048, 0x0049, 0x004a, 0x004b, 0x004c, 0x004d, 0x004e, 0x004f,
	/* 50 */ 0x0050, 0x0051, 0x0052, 0x0053, 0x0054, 0x0055, 0x0056, 0x0057,
	/* 58 */ 0x0058, 0x0059, 0x005a, 0x00c4, 0x00d6, 0x00d1, 0x00dc, 0x00a7,
	/* 60 */ 0x00bf, 0x0061, 0x0062, 0x0063, 0x0064, 0x0065, 0x0066, 0x0067,
	/* 68 */ 0x0068, 0x0069, 0x006a, 0x006b, 0x006c, 0x006d, 0x006e, 0x006f,
	/* 70 */ 0x0070, 0x0071, 0x0072, 0x0073, 0x0074, 0x0075, 0x0076, 0x0077,
	/* 78 */ 0x0078, 0x0079, 0x007a, 0x00e4, 0x00f6, 0x00f1, 0x00fc, 0x00e0,
};

/* 23.038 6.2.1.1: what follows an escape. */
static const struct extension {
	uint8_t code;
	uint16_t character;
} extensions[] = {
	{ 0x0a, 0x000c }, { 0x14, 0x005e }, { 0x28, 0x007b }, { 0x29, 0x007d }, { 0x2f, 0x005c },
	{ 0x3c, 0x005b }, { 0x3d, 0x007e }, { 0x3e, 0x005d }, { 0x40, 0x007c }, { 0x65, 0x20ac },
};

/* The way back for U+0000..U+00FF, where nearly every text lives. 0: not in the alphabet, except
 * for U+0040 whose code is 0; an extension code has the top bit. */
#define X(code) (0x80u | (code))
static const uint8_t latin_codes[256] = {
	[0x0a] = 0x0a,    [0x0c] = X(0x0a), [0x0d] = 0x0d,    [0x20] = 0x20,    [0x21] = 0x21,
	[0x22] = 0x22,    [0x23] = 0x23,    [0x24] = 0x02,    [0x25] = 0x25,    [0x26] = 0x26,
	[0x27] = 0x27,    [0x28] = 0x28,    [0x29] = 0x29,    [0x2a] = 0x2a,    [0x2b] = 0x2b,
	[0x2c] = 0x2c,    [0x2d] = 0x2d,    [0x2e] = 0x2e,    [0x2f] = 0x2f,    ['0'] = '0',
	['1'] = '1',      ['2'] = '2',      ['3'] = '3',      ['4'] = '4',      ['5'] = '5',
	['6'] = '6',      ['7'] = '7',      ['8'] = '8',      ['9'] = '9',      [0x3a] = 0x3a,
	[0x3b] = 0x3b,    [0x3c] = 0x3c,    [0x3d] = 0x3d,    [0x3e] = 0x3e,    [0x3f] = 0x3f,
	['A'] = 'A',      ['B'] = 'B',      ['C'] = 'C',      ['D'] = 'D',      ['E'] = 'E',
	['F'] = 'F',      ['G'] = 'G',      ['H'] = 'H',      ['I'] = 'I',      ['J'] = 'J',
	['K'] = 'K',      ['L'] = 'L',      ['M'] = 'M',      ['N'] = 'N',      ['O'] = 'O',
	['P'] = 'P',      ['Q'] = 'Q',      ['R'] = 'R',      ['S'] = 'S',      ['T'] = 'T',
	['U'] = 'U',      ['V'] = 'V',      ['W'] = 'W',      ['X'] = 'X',      ['Y'] = 'Y',
	['Z'] = 'Z',      [0x5b] = X(0x3c), [0x5c] = X(0x2f), [0x5d] = X(0x3e), [0x5e] = X(0x14),
	[0x5f] = 0x11,    ['a'] = 'a',      ['b'] = 'b',      ['c'] = 'c',      ['d'] = 'd',
	['e'] = 'e',      ['f'] = 'f',      ['g'] = 'g',      ['h'] = 'h',      ['i'] = 'i',
	['j'] = 'j',      ['k'] = 'k',      ['l'] = 'l',      ['m'] = 'm',      ['n'] = 'n',
	['o'] = 'o',      ['p'] = 'p',      ['q'] = 'q',      ['r'] = 'r',      ['s'] = 's',
	['t'] = 't',      ['u'] = 'u',      ['v'] = 'v',      ['w'] = 'w',      ['x'] = 'x',
	['y'] = 'y',      ['z'] = 'z',      [0x7b] = X(0x28), [0x7c] = X(0x40), [0x7d] = X(0x29),
	[0x7e] = X(0x3d), [0xa1] = 0x40,    [0xa3] = 0x01,    [0xa4] = 0x24,    [0xa5] = 0x03,
	[0xa7] = 0x5f,    [0xbf] = 0x60,    [0xc4] = 0x5b,    [0xc5] = 0x0e,    [0xc6] = 0x1c,
	[0xc7] = 0x09,    [0xc9] = 0x1f,    [0xd1] = 0x5d,    [0xd6] = 0x5c,    [0xd8] = 0x0b,
	[0xdc] = 0x5e,    [0xdf] = 0x1e,    [0xe0] = 0x7f,    [0xe4] = 0x7b,    [0xe5] = 0x0f,
	[0xe6] = 0x1d,    [0xe8] = 0x04,    [0xe9] = 0x05,    [0xec] = 0x07,    [0xf1] = 0x7d,
	[0xf2] = 0x08,    [0xf6] = 0x7c,    [0xf8] = 0x0c,    [0xf9] = 0x06,    [0xfc] = 0x7e,
};

/* The rest: Greek capitals and the euro. */
static const struct extension far_codes[] = {
	{ 0x13, 0x0393 }, { 0x10, 0x0394 }, { 0x19, 0x0398 },    { 0x14, 0x039b },
	{ 0x1a, 0x039e }, { 0x16, 0x03a0 }, { 0x18, 0x03a3 },    { 0x12, 0x03a6 },
	{ 0x17, 0x03a8 }, { 0x15, 0x03a9 }, { X(0x65), 0x20ac },
};

/* Lead bytes of RFC 3629: how many bytes follow, which bits of the lead count, and the smallest
 * character that needs so many. */
static const struct lead {
	uint8_t mask, value, more;
	uint32_t least;
} leads[] = {
	{ 0x80, 0x00, 0, 0 },
	{ 0xe0, 0xc0, 1, 0x80 },
	{ 0xf0, 0xe0, 2, 0x800 },
	{ 0xf8, 0xf0, 3, 0x10000 },
};

static bool is_character(uint32_t c)
{
	return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

size_t gsm_utf8_next(const char *text, size_t n, uint32_t *character)
{
	const uint8_t *s = (const uint8_t *)text;
	const struct lead *lead = leads;
	uint32_t c;

	if (n == 0)
		return 0;
	while ((s[0] & lead->mask) != lead->value)
		if (++lead == leads + ARRAY_LEN(leads))
			return 0;
	if (n < 1u + lead->more)
		return 0;
	c = s[0] & (uint8_t)~lead->mask;
	for (size_t i = 1; i <= lead->more; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < lead->least || !is_character(c))
		return 0;
	*character = c;
	return 1u + lead->more;
}

bool gsm_utf8_valid(const char *text)
{
	size_t left = strlen(text), used = 1;
	uint32_t c;

	for (; left > 0 && used > 0; text += used, left -= used)
		used = gsm_utf8_next(text, left, &c);
	return left == 0;
}

size_t gsm_utf8_put(char out[static 4], uint32_t c)
{
	if (!is_character(c))
		c = 0xfffd;
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static uint8_t far_code(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_LEN(far_codes); i++)
		if (far_codes[i].character == c)
			return far_codes[i].code;
	return 0;
}

size_t gsm_septets(uint32_t c, uint8_t out[static 2])
{
	uint8_t code = c < ARRAY_LEN(latin_codes) ? latin_codes[c] : far_code(c);

	if (code == 0 && c != '@')
		return 0;
	if ((code & 0x80) == 0) {
		out[0] = code;
		return 1;
	}
	out[0] = GSM_ESCAPE;
	out[1] = code & 0x7f;
	return 2;
}

uint32_t gsm_default_character(uint8_t code)
{
	uint16_t c = default_table[code & 0x7f];

	return c == NONE ? 0xa0 : c;
}

uint32_t gsm_extension_character(uint8_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
		if (extensions[i].code == code)
			return extensions[i].character;
	return gsm_default_character(code);
}

/* One alphabet's count while the text goes by. */
struct count {
	unsigned single, each; /* units of a lone part, and of each of several */
	unsigned total;        /* of the whole text */
	unsigned n;            /* parts begun, if there are several */
	bool possible;         /* the alphabet has every character so far */
	struct gsm_part parts[GSM_PARTS_MAX];
};

static void count_start(struct count *count, unsigned single, unsigned each)
{
	count->single = single;
	count->each = each;
	count->total = 0;
	count->n = 1;
	count->possible = true;
	count->parts[0] = (struct gsm_part){ 0, 0, 0 };
}

/* A character of units at text[at]: it opens a new part if it does not fit as a whole. */
static void count_add(struct count *count, size_t at, size_t bytes, unsigned units)
{
	struct gsm_part *part;

	count->total += units;
	if (count->n > GSM_PARTS_MAX)
		return;
	part = &count->parts[count->n - 1];
	if (part->units + units > count->each) {
		if (++count->n > GSM_PARTS_MAX)
			return;
		part = &count->parts[count->n - 1];
		*part = (struct gsm_part){ at, 0, 0 };
	}
	part->bytes += bytes;
	part->units += units;
}

static int count_text(const char *text, struct count *gsm7, struct count *ucs2, size_t *length)
{
	size_t n = strlen(text), at = 0;

	*length = n;
	while (at < n) {
		uint8_t septets[2];
		uint32_t c;
		size_t bytes = gsm_utf8_next(text + at, n - at, &c), cost;

		if (bytes == 0)
			return -EILSEQ;
		cost = gsm7->possible ? gsm_septets(c, septets) : 0;
		if (cost == 0)
			gsm7->possible = false;
		else
			count_add(gsm7, at, bytes, (unsigned)cost);
		count_add(ucs2, at, bytes, c > 0xffff ? 2 : 1);
		at += bytes;
	}
	return 0;
}

int gsm_shape(struct gsm_shape *shape, const char *text, enum gsm_encoding wanted, bool wide_ref)
{
	struct count gsm7, ucs2, *chosen;
	size_t length;
	unsigned room;
	int err;

	count_start(&gsm7, GSM_PART_UNITS_MAX, wide_ref ? 152 : 153);
	count_start(&ucs2, 70, wide_ref ? 66 : 67);
	err = count_text(text, &gsm7, &ucs2, &length);
	if (err < 0)
		return err;
	if (wanted == GSM_GSM7 && !gsm7.possible)
		return -EILSEQ;
	chosen = wanted == GSM_UCS2 || !gsm7.possible ? &ucs2 : &gsm7;
	if (chosen->total <= chosen->single) {
		chosen->n = 1;
		chosen->parts[0] = (struct gsm_part){ 0, length, chosen->total };
	}
	if (chosen->n > GSM_PARTS_MAX)
		return -EMSGSIZE;
	room = chosen->n == 1 ? chosen->single : chosen->each;
	shape->encoding = chosen == &gsm7 ? GSM_GSM7 : GSM_UCS2;
	shape->units = chosen->total;
	shape->units_left = room - chosen->parts[chosen->n - 1].units;
	shape->n_parts = chosen->n;
	memcpy(shape->parts, chosen->parts, sizeof(shape->parts[0]) * chosen->n);
	return 0;
}
