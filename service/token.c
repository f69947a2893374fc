/* token.c - tokens made, and found in what people type. */
#include "service/token.h"

#include <stdbool.h>
#include <string.h>
#include <unicode/uchar.h>

#include "base/gsm_text.h"
#include "base/util.h"
#include "service/chars.h"

enum { SYMBOLS_MAX = 512, SYMBOL_BITS = 5 };

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void token_make(const struct seal_keys *keys, const char *verification,
		char token[static TOKEN_SIZE])
{
	unsigned char bytes[SEAL_HASH_SIZE];
	uint64_t bits = 0;

	seal_hash(keys, SEAL_CODE, bytes, "token of", verification, NULL);
	for (size_t i = 0; i < sizeof(bits); i++)
		bits = bits << 8 | bytes[i];
	for (size_t i = 0; i < TOKEN_LENGTH; i++, bits >>= SYMBOL_BITS)
		token[i] = alphabet[bits & ((1 << SYMBOL_BITS) - 1)];
	token[TOKEN_LENGTH] = '\0';
}

void token_hash(const struct seal_keys *keys, const char *token,
		unsigned char hash[static SEAL_HASH_SIZE])
{
	seal_hash(keys, SEAL_CODE, hash, "token", token, NULL);
}

static const struct {
	UChar32 seen;
	char meant;
} look_alikes[] = {
	{ 'O', '0' },   { 'I', '1' },   { 'L', '1' },   { 0x410, 'A' },
	{ 0x412, 'B' }, { 0x415, 'E' }, { 0x41a, 'K' }, { 0x41c, 'M' },
	{ 0x41d, 'H' }, { 0x41e, '0' }, { 0x420, 'P' }, { 0x421, 'C' },
	{ 0x422, 'T' }, { 0x423, 'Y' }, { 0x425, 'X' }, { 0x406, '1' },
};

/* The symbol that a character stands for, 0: none. */
static char symbol_of(uint32_t character)
{
	UChar32 c = u_toupper((UChar32)character);
	int digit = char_digit(character);

	if (digit >= 0)
		return (char)('0' + digit);
	if (c >= 0xff21 && c <= 0xff3a) /* full width */
		c -= 0xff21 - 'A';
	for (size_t i = 0; i < ARRAY_LEN(look_alikes); i++)
		if (look_alikes[i].seen == c)
			return look_alikes[i].meant;
	return c < 0x80 && c > 0 && strchr(alphabet, c) != NULL ? (char)c : 0;
}

/* The text as symbols. Where one begins a word a token may begin, or have ended; it goes on over
 * spaces and dashes, not over anything else. */
struct folded {
	char symbols[SYMBOLS_MAX];
	bool begins[SYMBOLS_MAX + 1], torn[SYMBOLS_MAX + 1];
	size_t n;
};

static void fold(struct folded *folded, const char *text)
{
	size_t left = strlen(text), used;
	uint32_t c;

	memset(folded, 0, sizeof(*folded));
	folded->begins[0] = true;
	for (; left > 0 && folded->n < SYMBOLS_MAX; text += used, left -= used) {
		char symbol;

		used = gsm_utf8_next(text, left, &c);
		if (used == 0)
			break;
		symbol = symbol_of(c);
		if (symbol != 0) {
			folded->symbols[folded->n++] = symbol;
		} else if (!char_is_invisible(c)) {
			folded->begins[folded->n] = true;
			folded->torn[folded->n] |= !char_is_space(c) && !char_is_dash(c);
		}
	}
	folded->begins[folded->n] = true;
}

static bool is_token_at(const struct folded *folded, size_t at)
{
	if (!folded->begins[at] || at + TOKEN_LENGTH > folded->n ||
	    !folded->begins[at + TOKEN_LENGTH])
		return false;
	for (size_t i = 1; i < TOKEN_LENGTH; i++)
		if (folded->torn[at + i])
			return false;
	return true;
}

size_t token_candidates(const char *text, char found[static TOKEN_CANDIDATES][TOKEN_SIZE])
{
	struct folded folded;
	size_t n = 0;

	fold(&folded, text);
	for (size_t at = 0; at < folded.n && n < TOKEN_CANDIDATES; at++)
		if (is_token_at(&folded, at)) {
			memcpy(found[n], folded.symbols + at, TOKEN_LENGTH);
			found[n++][TOKEN_LENGTH] = '\0';
		}
	return n;
}
