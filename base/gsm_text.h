/* gsm_text.h - how a text becomes SMS parts: alphabet choice, length in units, where parts break.
 *
 * Both the rules (how many parts will this be?) and the PDU codec (pack them) need one answer,
 * so it stands here. Sources: 3GPP TS 23.038 section 6.2.1 (alphabet), 23.040 9.2.3.24 (lengths).
 *
 * A unit is a septet in GSM7 (an extension character costs two) or a UTF-16 code unit in UCS2. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gsm_encoding { GSM_AUTO, GSM_GSM7, GSM_UCS2 };

enum {
	GSM_PARTS_MAX = 10, /* what simgate sends; operators and handsets take fewer or this */
	GSM_PART_UNITS_MAX = 160, /* the largest single part, in units */
	GSM_ESCAPE = 0x1b,
};

/* One part: text[at .. at + bytes) of the UTF-8 source. */
struct gsm_part {
	size_t at, bytes;
	unsigned units;
};

struct gsm_shape {
	enum gsm_encoding encoding; /* GSM_GSM7 or GSM_UCS2 */
	unsigned units;             /* of the whole text */
	unsigned units_left;        /* free in the last part */
	unsigned n_parts;           /* 1..GSM_PARTS_MAX; an empty text is one empty part */
	struct gsm_part parts[GSM_PARTS_MAX];
};

/* Parts break for an 8-bit reference (153 / 67 units a part) or a 16-bit one (152 / 66), never
 * inside an extension character or a surrogate pair. 0; -EILSEQ if text is not UTF-8 (no
 * surrogates, no overlong forms) or, with GSM_GSM7, has a character outside the alphabet;
 * -EMSGSIZE if it needs more than GSM_PARTS_MAX parts. */
int gsm_shape(struct gsm_shape *shape, const char *text, enum gsm_encoding wanted, bool wide_ref);

/* Decodes one UTF-8 character of at most n bytes. Bytes used, or 0 if there is none. */
size_t gsm_utf8_next(const char *text, size_t n, uint32_t *character);

/* Is all of it UTF-8? */
bool gsm_utf8_valid(const char *text);

/* Writes character as UTF-8 (no NUL). Bytes written: 1..4; U+FFFD for what is not a character. */
size_t gsm_utf8_put(char out[static 4], uint32_t character);

/* Septets of a character in the default alphabet and its extension: 1 in out[0], 2 (escape
 * first), or 0 if the alphabet lacks it. */
size_t gsm_septets(uint32_t character, uint8_t out[static 2]);

/* The character of a default-table code (0..127; 0x1b gives U+00A0) or of an extension code
 * (an unassigned one gives the default table's character). */
uint32_t gsm_default_character(uint8_t code);
uint32_t gsm_extension_character(uint8_t code);
