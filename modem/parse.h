/* parse.h - values out of the lines that modems answer.
 *
 * Modems differ in spaces, quotes, case and missing trailing fields, so everything here is lenient
 * and bounded: any bytes may come, what cannot be read is "" or the caller's fallback. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { PARSE_FIELDS_MAX = 16, PARSE_LINE_SIZE = 1024 };

/* The rest of line after prefix ("+CSQ:", any case) and spaces, or NULL if it begins otherwise. */
const char *parse_after(const char *line, const char *prefix);

/* The same of the first of the lines that has the prefix, or NULL. */
const char *parse_find(const char *const *lines, size_t n, const char *prefix);

/* Comma-separated values; commas inside quotes do not count, quotes are taken off. */
struct parse_fields {
	size_t n;
	const char *item[PARSE_FIELDS_MAX];
	bool quoted[PARSE_FIELDS_MAX];
	char text[PARSE_LINE_SIZE]; /* what item points into */
};

void parse_fields(struct parse_fields *fields, const char *rest);
const char *parse_text(const struct parse_fields *fields, size_t i); /* "" if missing */
int parse_int(const struct parse_fields *fields, size_t i, int fallback);

/* +CREG and its sisters, both "stat[,lac,ci,act]" and "n,stat[,lac,ci,act]": told apart by the
 * number of fields and by whether the second is a location area. *act -1: not told. */
bool parse_registration(const char *rest, int *stat, int *act);

/* "(0-2),(0-3),(0,2)": bit k of mask i stands where group i allows k (0..31). Groups read. */
size_t parse_ranges(const char *rest, unsigned *masks, size_t n_masks);

/* (("SM","ME"),("SM"),...): does group allow word? */
bool parse_group_has(const char *rest, size_t group, const char *word);

/* The first run of min..max digits (hex digits count after the first ten of an ICCID). */
bool parse_digits(const char *line, size_t min, size_t max, char *out, size_t size);

/* An ICCID in any of its printed forms: quotes, trailing F, swapped nibbles. */
bool parse_iccid(const char *line, char *out, size_t size);

int parse_csq_dbm(int rssi);    /* 0: unknown */
const char *parse_rat(int act); /* AcT of +CREG and +COPS; "" unknown */

/* UTF-16BE or packed GSM 7-bit as hex -> UTF-8. False if hex is not hex. */
bool parse_ucs2_hex(const char *hex, char *out, size_t size);
bool parse_packed_hex(const char *hex, char *out, size_t size);
bool parse_latin1_hex(const char *hex, char *out, size_t size); /* 8-bit data */
/* Text of a modem in the GSM alphabet: below the blank its codes are not those of ASCII. */
void parse_gsm_text(const char *text, char *out, size_t size);
/* ASCII -> UTF-16BE as hex; cut at size. */
void parse_to_ucs2(const char *text, char *hex, size_t size);
/* ASCII of the GSM alphabet -> packed hex, with USSD's padding (23.038 section 6.1.2.3). */
bool parse_pack_ussd(const char *text, char *hex, size_t size);
bool parse_is_hex(const char *text); /* even length, at least 2 digits */

/* A copy that is cut at size - 1, never inside a UTF-8 character, without control characters. */
void parse_copy(char *out, size_t size, const char *text);
