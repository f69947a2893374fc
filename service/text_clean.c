/* text_clean.c - words of strangers, made harmless.
 *
 * Names travel from the same sender as codes, so nothing in them may look like a code, a link, a
 * second line or an auto-fill line. Steps: compatibility forms become plain ones (full-width @, #,
 * letters), only characters of names are kept, words that look like links go, then runs of digits
 * go, then it is cut to length. Order numbers are refused rather than changed: another order is
 * worse than none. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/secret.h"
#include "base/util.h"
#include "service/chars.h"
#include "service/texts.h"

enum {
	NAME_MAX_CHARS = 24,
	NAME_TYPED_MAX = 400, /* bytes looked at; a name is shorter */
	NAME_ROOM = 1024,     /* after folding; a space after each inner dot at most doubles it */
	NAME_UNITS = 2048,    /* of it in UTF-16 */
	DIGIT_RUN = 4,        /* as long as a short code */
	ORDER_MAX = 20,
};

struct name {
	uint32_t c[NAME_ROOM];
	size_t n;
};

int text_check(const char *text, const char *field, struct refusal *why)
{
	if (text == NULL || text[0] == '\0')
		return rule_refuse_field(why, field, "required", "It may not be empty.");
	if (strlen(text) >= TEXT_SIZE)
		return rule_refuse_field(why, field, "too_long", "At most %d bytes are taken.",
					 TEXT_SIZE - 1);
	if (!gsm_utf8_valid(text))
		return rule_refuse_field(why, field, "bad_utf8", "It is not valid UTF-8.");
	return 0;
}

static int normalize(const UChar *wide, int32_t n, struct name *name, UErrorCode error)
{
	UChar plain[NAME_UNITS];
	const UNormalizer2 *nfkc = unorm2_getNFKCInstance(&error);

	n = unorm2_normalize(nfkc, wide, n, plain, NAME_UNITS, &error);
	if (U_SUCCESS(error))
		u_strToUTF32((UChar32 *)name->c, NAME_ROOM, &n, plain, n, &error);
	name->n = (size_t)n;
	secret_wipe(plain, sizeof(plain));
	return U_SUCCESS(error) ? 0 : -EMSGSIZE;
}

/* Full-width and other compatibility characters become the plain ones that they look like. */
static int fold_compatible(const char *text, struct name *name)
{
	UErrorCode error = U_ZERO_ERROR;
	UChar wide[NAME_UNITS];
	int32_t n = 0;
	int err;

	u_strFromUTF8(wide, NAME_UNITS, &n, text, -1, &error);
	err = normalize(wide, n, name, error);
	secret_wipe(wide, sizeof(wide));
	return err;
}

/* What stood between a letter's marks may be gone: they are put in their order again. */
static int fold_again(struct name *name)
{
	UErrorCode error = U_ZERO_ERROR;
	UChar wide[NAME_UNITS];
	int32_t n = 0;
	int err;

	u_strFromUTF32(wide, NAME_UNITS, &n, (const UChar32 *)name->c, (int32_t)name->n, &error);
	err = normalize(wide, n, name, error);
	secret_wipe(wide, sizeof(wide));
	return err;
}

/* Full stops of every script that a browser takes for a dot in a host. */
static bool is_dot(uint32_t c)
{
	return c == '.' || c == 0x3002 || c == 0x2024 || c == 0xb7;
}

/* Letters to the character class that become signs or digits in Latin letters: phonetic marks of
 * length (a colon), letters for numbers (a zero). */
static bool is_letter_of_names(uint32_t c)
{
	return char_is_letter(c) && u_charType((UChar32)c) != U_LETTER_NUMBER &&
	       (c < 0x2b0 || c > 0x2ff) && (c < 0x10780 || c > 0x107bf);
}

/* As it may stand in a name, or 0: it goes. */
static uint32_t name_character(uint32_t c)
{
	static const char allowed[] = "-'(),&_";

	if (char_is_space(c))
		return ' ';
	if (char_is_invisible(c))
		return 0;
	if (is_dot(c))
		return '.';
	if (char_digit(c) >= 0)
		return '0' + (uint32_t)char_digit(c);
	if (is_letter_of_names(c))
		return c;
	if (c == 0x2018 || c == 0x2019 || c == 0x2bb || c == 0x2bc) /* O‘zbek, Oʻzbek */
		return '\'';
	if (char_is_dash(c))
		return '-';
	return c < 0x80 && strchr(allowed, (int)c) != NULL ? c : 0;
}

static void keep_name_characters(struct name *name)
{
	size_t n = 0;

	for (size_t i = 0; i < name->n; i++) {
		uint32_t c = name_character(name->c[i]);

		if (c == 0 || (c == ' ' && (n == 0 || name->c[n - 1] == ' ')))
			continue;
		name->c[n++] = c;
	}
	name->n = n;
}

static bool begins(const uint32_t *word, size_t n, const char *prefix)
{
	size_t length = strlen(prefix);

	for (size_t i = 0; i < length; i++)
		if (i >= n || u_tolower((UChar32)word[i]) != prefix[i])
			return false;
	return true;
}

/* A dot between two characters of a word: what readers and telephones take for a link. */
static bool is_inner_dot(const uint32_t *word, size_t n, size_t i)
{
	return word[i] == '.' && i > 0 && i + 1 < n && word[i - 1] != '.' && word[i + 1] != '.';
}

/* "J.Smith", "И.И.Иванов": one letter before each dot. */
static bool is_initials(const uint32_t *word, size_t n)
{
	size_t label = 0;

	for (size_t i = 0; i < n; i++) {
		if (word[i] == '.' && label != 1)
			return false;
		label = word[i] == '.' ? 0 : label + 1;
	}
	return true;
}

static bool is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

/* What stands before it is no part of a word, or of a name. */
static bool begins_a_word(uint32_t c)
{
	return is_digit(c) || u_isUAlphabetic((UChar32)c);
}

static bool is_link(const uint32_t *word, size_t n)
{
	bool dotted = false;
	size_t start = 0;

	for (size_t i = 0; i < n; i++)
		dotted |= is_inner_dot(word, n, i);
	while (start < n && !begins_a_word(word[start]))
		start++;
	return begins(word + start, n - start, "http") || begins(word + start, n - start, "www") ||
	       (dotted && !is_initials(word, n));
}

/* Drops words that look like links; initials get a space after each dot, which makes "t.me" none.
 */
static void drop_links(struct name *name)
{
	struct name kept = { .n = 0 };

	for (size_t at = 0, end; at < name->n; at = end + 1) {
		const uint32_t *word = name->c + at;

		for (end = at; end < name->n && name->c[end] != ' '; end++)
			;
		if (end == at || is_link(word, end - at))
			continue;
		if (kept.n > 0)
			kept.c[kept.n++] = ' ';
		for (size_t i = 0; i < end - at; i++) {
			kept.c[kept.n++] = word[i];
			if (is_inner_dot(word, end - at, i))
				kept.c[kept.n++] = ' ';
		}
	}
	*name = kept;
	secret_wipe(&kept, sizeof(kept));
}

/* The end of a run of digits that begins at i; what is no letter does not interrupt it. */
static size_t digit_run(const struct name *name, size_t i, size_t *digits)
{
	size_t end = i;

	*digits = 0;
	for (; i < name->n && !char_is_letter(name->c[i]); i++)
		if (is_digit(name->c[i])) {
			++*digits;
			end = i + 1;
		}
	return end;
}

static void drop_digit_runs(struct name *name)
{
	size_t n = 0, digits, end;

	for (size_t i = 0; i < name->n; i++) {
		if (is_digit(name->c[i])) {
			end = digit_run(name, i, &digits);
			if (digits >= DIGIT_RUN) {
				i = end - 1;
				continue;
			}
			while (i + 1 < end)
				name->c[n++] = name->c[i++];
		}
		name->c[n++] = name->c[i];
	}
	name->n = n;
}

static bool is_same(const struct name *a, const struct name *b)
{
	return a->n == b->n && memcmp(a->c, b->c, a->n * sizeof(a->c[0])) == 0;
}

/* What one of them takes out may join what the other looks for: again, until nothing changes. */
static int drop_dangers(struct name *name)
{
	struct name before;
	int err;

	do {
		before = *name;
		drop_links(name);
		drop_digit_runs(name);
		keep_name_characters(name);
		err = fold_again(name);
	} while (err == 0 && !is_same(name, &before));
	secret_wipe(&before, sizeof(before));
	return err;
}

/* Cuts to length, without a mark that lost its letter or punctuation at either end. */
static void cut(struct name *name)
{
	size_t start = 0;

	if (name->n > NAME_MAX_CHARS)
		name->n = NAME_MAX_CHARS;
	while (name->n > 0 && strchr(" -,(&_", (int)(name->c[name->n - 1] & 0x7f)) != NULL &&
	       name->c[name->n - 1] < 0x80)
		name->n--;
	while (start < name->n && !begins_a_word(name->c[start]))
		start++;
	memmove(name->c, name->c + start, (name->n - start) * sizeof(name->c[0]));
	name->n -= start;
}

int text_clean_name(const char *name, const char *field, char out[static 128], struct refusal *why)
{
	struct name cleaned;
	int err = -EMSGSIZE;
	size_t used = 0;

	if (text_check(name, field, why) != 0)
		return RULE_REFUSED;
	if (strlen(name) <= NAME_TYPED_MAX)
		err = fold_compatible(name, &cleaned);
	if (err == 0) {
		keep_name_characters(&cleaned);
		err = drop_dangers(&cleaned);
	}
	if (err < 0)
		return rule_refuse_field(why, field, "too_long", "A name of at most %d characters.",
					 NAME_MAX_CHARS);
	cut(&cleaned);
	for (size_t i = 0; i < cleaned.n; i++)
		used += gsm_utf8_put(out + used, cleaned.c[i]);
	out[used] = '\0';
	secret_wipe(&cleaned, sizeof(cleaned));
	if (used == 0)
		return rule_refuse_field(why, field, "not_a_name",
					 "Nothing is left after links, codes and signs are taken "
					 "out. Send a name of letters.");
	return 0;
}

int text_clean_order(const char *order, const char *field, char out[static 32], struct refusal *why)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-";
	size_t n;

	if (text_check(order, field, why) != 0)
		return RULE_REFUSED;
	n = strlen(order);
	if (n > ORDER_MAX)
		return rule_refuse_field(why, field, "too_long", "At most %d characters.",
					 ORDER_MAX);
	if (strspn(order, allowed) != n)
		return rule_refuse_field(why, field, "bad_characters",
					 "Latin letters, digits and hyphens only.");
	memcpy(out, order, n + 1);
	return 0;
}
