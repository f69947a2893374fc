/* parse.c - lenient reading of comma-separated answers. */
#include "modem/parse.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"

const char *parse_after(const char *line, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncasecmp(line, prefix, n) != 0)
		return NULL;
	line += n;
	return line + strspn(line, " \t");
}

const char *parse_find(const char *const *lines, size_t n, const char *prefix)
{
	const char *rest = NULL;

	for (size_t i = 0; i < n && rest == NULL; i++)
		rest = parse_after(lines[i], prefix);
	return rest;
}

/* Copies one value to out, which has room for the whole rest; returns where the value ends. */
static const char *take_value(const char *rest, char *out, bool *quoted)
{
	bool inside = false;
	size_t n = 0;

	*quoted = false;
	rest += strspn(rest, " \t");
	for (; *rest != '\0' && (inside || *rest != ','); rest++) {
		if (*rest == '"') {
			inside = !inside;
			*quoted = true;
		} else {
			out[n++] = *rest;
		}
	}
	while (!*quoted && n > 0 && (out[n - 1] == ' ' || out[n - 1] == '\t'))
		n--;
	out[n] = '\0';
	return rest;
}

void parse_fields(struct parse_fields *fields, const char *rest)
{
	char cut[PARSE_LINE_SIZE / 2];
	const char *at = cut;
	size_t used = 0;

	snprintf(cut, sizeof(cut), "%s", rest);
	fields->n = 0;
	while (*at != '\0' && fields->n < PARSE_FIELDS_MAX) {
		char *out = fields->text + used;

		at = take_value(at, out, &fields->quoted[fields->n]);
		fields->item[fields->n++] = out;
		used += strlen(out) + 1;
		if (*at == ',' && *++at == '\0' && fields->n < PARSE_FIELDS_MAX) {
			fields->quoted[fields->n] = false;
			fields->item[fields->n++] = "";
		}
	}
}

const char *parse_text(const struct parse_fields *fields, size_t i)
{
	return i < fields->n ? fields->item[i] : "";
}

int parse_int(const struct parse_fields *fields, size_t i, int fallback)
{
	const char *text = parse_text(fields, i);
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end != '\0' || value < -1000000 || value > 1000000)
		return fallback;
	return (int)value;
}

/* Could this field be a registration state rather than a location area? */
static bool is_stat(const struct parse_fields *fields, size_t i)
{
	const char *text = parse_text(fields, i);
	int value = parse_int(fields, i, -1);

	return !fields->quoted[i] && strlen(text) <= 2 && value >= 0 && value <= 11;
}

bool parse_registration(const char *rest, int *stat, int *act)
{
	struct parse_fields fields;
	size_t at;

	parse_fields(&fields, rest);
	if (fields.n == 0)
		return false;
	at = fields.n != 1 && fields.n != 3 && is_stat(&fields, 1) ? 1 : 0;
	*stat = parse_int(&fields, at, -1);
	*act = parse_int(&fields, at + 3, -1);
	return *stat >= 0;
}

/* Reads "0-2", "0,2" or "3" up to the closing parenthesis. */
static const char *take_group(const char *rest, unsigned *mask)
{
	while (*rest != '\0' && *rest != ')') {
		char *end;
		long first, last;

		if (!isdigit((unsigned char)*rest)) {
			rest++;
			continue;
		}
		first = last = strtol(rest, &end, 10);
		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtol(end + 1, &end, 10);
		for (long k = first; k >= 0 && k <= last && k < 32; k++)
			*mask |= 1u << k;
		rest = end;
	}
	return rest;
}

size_t parse_ranges(const char *rest, unsigned *masks, size_t n_masks)
{
	size_t n = 0;

	while (n < n_masks && (rest = strchr(rest, '(')) != NULL) {
		masks[n] = 0;
		rest = take_group(rest + 1, &masks[n++]);
	}
	return n;
}

bool parse_group_has(const char *rest, size_t group, const char *word)
{
	char quoted[16];
	const char *open = rest, *close, *hit;

	snprintf(quoted, sizeof(quoted), "\"%s\"", word);
	for (size_t i = 0;; i++) {
		open = strchr(open, '(');
		if (open == NULL)
			return false;
		while (open[1] == '(')
			open++;
		close = strchr(open, ')');
		if (i == group || close == NULL)
			break;
		open = close;
	}
	hit = strcasestr(open, quoted);
	return hit != NULL && (close == NULL || hit < close);
}

bool parse_digits(const char *line, size_t min, size_t max, char *out, size_t size)
{
	while (*line != '\0') {
		size_t n = strspn(line, "0123456789");

		if (n >= min && n <= max && n < size) {
			memcpy(out, line, n);
			out[n] = '\0';
			return true;
		}
		line += n > 0 ? n : 1;
	}
	return false;
}

static void swap_nibbles(char *digits)
{
	for (size_t i = 0; digits[i] != '\0' && digits[i + 1] != '\0'; i += 2) {
		char low = digits[i];

		digits[i] = digits[i + 1];
		digits[i + 1] = low;
	}
}

bool parse_iccid(const char *line, char *out, size_t size)
{
	const char *at = line;
	size_t n = 0;

	for (; *at != '\0'; at += n > 0 ? n : 1) {
		n = strspn(at, "0123456789abcdefABCDEF");
		if (n == 21 && (at[20] == 'F' || at[20] == 'f'))
			n--; /* filler behind 20 digits */
		if (n >= 18 && n <= 20 && n < size)
			break;
	}
	if (*at == '\0')
		return false;
	memcpy(out, at, n);
	out[n] = '\0';
	if (strncmp(out, "98", 2) == 0)
		swap_nibbles(out);
	out[strspn(out, "0123456789")] = '\0';
	return strncmp(out, "89", 2) == 0 && strlen(out) >= 18;
}

int parse_csq_dbm(int rssi)
{
	if (rssi >= 0 && rssi <= 31)
		return -113 + 2 * rssi;
	if (rssi >= 100 && rssi <= 191)
		return -216 + rssi;
	return 0;
}

const char *parse_rat(int act)
{
	static const char *const rats[] = {
		"GSM", "GSM",    "UMTS",   "EDGE", "HSDPA", "HSUPA", "HSPA",
		"LTE", "EC-GSM", "NB-IoT", "5G",   "5G",    "5G",    "LTE+5G",
	};

	return act >= 0 && act < (int)ARRAY_LEN(rats) ? rats[act] : "";
}
