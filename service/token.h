/* token.h - the word that a user texts to us. It is made from the verification's id by a key, so
 * that it can be shown again without being kept; the database holds a keyed hash of it. */
#pragma once

#include <stddef.h>

#include "queue/seal.h"
#include "service/verifications.h"

enum { TOKEN_LENGTH = 8, TOKEN_CANDIDATES = 40 };

/* 40 bits in Crockford's base 32: no I, L, O and U. */
void token_make(const struct seal_keys *keys, const char *verification,
		char token[static TOKEN_SIZE]);
void token_hash(const struct seal_keys *keys, const char *token,
		unsigned char hash[static SEAL_HASH_SIZE]);

/* What in a text might be a token, as token_make writes it: whole words of its length, also split
 * by spaces or dashes, in any case, O for 0, I and l for 1, Cyrillic letters that look Latin.
 * Returns how many; what is not UTF-8 ends the text. */
size_t token_candidates(const char *text, char found[static TOKEN_CANDIDATES][TOKEN_SIZE]);
