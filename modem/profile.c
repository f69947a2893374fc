/* profile.c - which family a modem belongs to, and how its quirks are read. */
#include "modem/profile.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "modem/parse.h"
#include "modem/profile_table.h"

static const struct profile_pace paces[PROFILE_PACES] = {
	{ 0, 0 }, { 5, 10 }, { 10, 25 }, { 20, 50 }, { 50, 100 }, { 100, 200 },
};

/* Does text begin with one of the prefixes, which are split by '|'? */
static bool begins_with_any(const char *text, const char *prefixes)
{
	for (;;) {
		size_t n = strcspn(prefixes, "|");

		if (strncasecmp(text, prefixes, n) == 0)
			return true;
		if (prefixes[n] == '\0')
			return false;
		prefixes += n + 1;
	}
}

const struct profile *profile_find(const char *manufacturer, const char *model)
{
	const struct profile *p = profile_table;

	while (!begins_with_any(manufacturer, p->maker) || !begins_with_any(model, p->model))
		p++; /* the last one fits all */
	return p;
}

const struct profile *profile_generic(void)
{
	return &profile_table[profile_table_size - 1];
}

const struct quirk *profile_quirk(const struct profile *profile, enum quirk_kind kind, size_t i)
{
	for (size_t k = 0; k < profile->n_quirks; k++)
		if (profile->quirks[k].kind == kind && i-- == 0)
			return &profile->quirks[k];
	return NULL;
}

bool profile_has(const struct profile *profile, enum quirk_kind kind)
{
	return profile_quirk(profile, kind, 0) != NULL;
}

const struct quirk *profile_try(const struct profile *profile, enum quirk_kind kind, size_t i)
{
	size_t own = 0;

	while (profile_quirk(profile, kind, own) != NULL)
		own++;
	if (i < own)
		return profile_quirk(profile, kind, i);
	return profile != profile_generic() ? profile_quirk(profile_generic(), kind, i - own)
					    : NULL;
}

/* The status word of an empty VERIFY: 63Cx has x tries left, 6983 none. */
static int tries_of_status(const char *word)
{
	size_t n = strlen(word);

	if (n >= 4 && strncasecmp(word + n - 4, "63C", 3) == 0)
		return (int)strtol(word + n - 1, NULL, 16);
	return n >= 4 && strcmp(word + n - 4, "6983") == 0 ? 0 : -1;
}

/* Some have a line for each code: only PIN1's counts. */
static bool is_of_another_code(const char *prefix, const char *code)
{
	static const struct {
		const char *prefix, *pin1;
	} rows[] = { { "+QPINC:", "SC" }, { "+CPINR", "SIM PIN" } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(prefix, rows[i].prefix) == 0)
			return strcmp(code, rows[i].pin1) != 0;
	return false;
}

int profile_tries_left(const struct quirk *tries, const char *line)
{
	const char *rest = parse_after(line, tries->prefix);
	struct parse_fields fields;
	int left;

	if (rest == NULL)
		return -1;
	if (strncmp(rest, "E:", 2) == 0 || *rest == ':')
		rest = strchr(rest, ':') + 1; /* +CPINR: and +CPINRE: */
	parse_fields(&fields, rest);
	if (strcmp(tries->prefix, "+CSIM:") == 0)
		return tries_of_status(parse_text(&fields, tries->number));
	if (is_of_another_code(tries->prefix, parse_text(&fields, 0)))
		return -1;
	left = parse_int(&fields, tries->number, -1);
	return left >= 0 && left <= 10 ? left : -1;
}

const struct profile_pace *profile_pace(unsigned step)
{
	return &paces[step < PROFILE_PACES ? step : PROFILE_PACES - 1];
}
