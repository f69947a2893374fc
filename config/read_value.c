/* read_value.c - single values, and lists of them, into the fields of a struct. */
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/read.h"

enum { MODE_MAX = 0777, WORDS_BYTES = 160 };

#define DURATION_HELP "durations are written 90s, 5m, 3h or 1d, from 1s on"
#define RATE_HELP     "limits are written N/duration, such as \"5/1h\""

static void store(void *base, size_t at, const void *value, size_t size)
{
	memcpy((char *)base + at, value, size);
}

/* A copy of setting's string if spec's check likes it, else NULL after a problem was told. */
static char *checked_copy(struct conf_reader *r, const config_setting_t *s,
			  const struct conf_spec *spec)
{
	const char *text = conf_text(r, s), *wrong;
	char *copy;

	if (text == NULL)
		return NULL;
	wrong = spec->check != NULL ? spec->check(text) : NULL;
	if (wrong != NULL) {
		problem_add(&r->problems, s, NULL, "%s", wrong);
		return NULL;
	}
	copy = arena_copy(&r->arena, text);
	if (copy == NULL)
		r->problems.lost = true;
	return copy;
}

static char *upper_copy(struct conf_reader *r, const config_setting_t *s,
			const struct conf_spec *spec)
{
	char *copy = checked_copy(r, s, spec);

	for (char *c = copy; c != NULL && *c != '\0'; c++)
		*c = (char)toupper((unsigned char)*c);
	return copy;
}

void conf_read_string(struct conf_reader *r, const config_setting_t *s,
		      const struct conf_spec *spec, void *base)
{
	const char *copy = checked_copy(r, s, spec);

	if (copy != NULL)
		store(base, spec->at, &copy, sizeof(copy));
}

void conf_read_region(struct conf_reader *r, const config_setting_t *s,
		      const struct conf_spec *spec, void *base)
{
	const char *copy = upper_copy(r, s, spec);

	if (copy != NULL)
		store(base, spec->at, &copy, sizeof(copy));
}

/* A whole number within spec's bounds; false after a problem was told. */
static bool bounded(struct conf_reader *r, const config_setting_t *s, const struct conf_spec *spec,
		    long long *value)
{
	if (!conf_is(r, s, CONFIG_TYPE_INT))
		return false;
	*value = config_setting_type(s) == CONFIG_TYPE_INT64 ? config_setting_get_int64(s)
							     : config_setting_get_int(s);
	if (*value >= spec->least && *value <= spec->most)
		return true;
	problem_add(&r->problems, s, NULL, "must be from %lld to %lld", spec->least, spec->most);
	return false;
}

void conf_read_count(struct conf_reader *r, const config_setting_t *s, const struct conf_spec *spec,
		     void *base)
{
	long long value;
	unsigned count;

	if (!bounded(r, s, spec, &value))
		return;
	count = (unsigned)value;
	store(base, spec->at, &count, sizeof(count));
}

void conf_read_number(struct conf_reader *r, const config_setting_t *s,
		      const struct conf_spec *spec, void *base)
{
	long long value;
	int number;

	if (!bounded(r, s, spec, &value))
		return;
	number = (int)value;
	store(base, spec->at, &number, sizeof(number));
}

void conf_read_number64(struct conf_reader *r, const config_setting_t *s,
			const struct conf_spec *spec, void *base)
{
	long long value;
	uint64_t number;

	if (!bounded(r, s, spec, &value))
		return;
	number = (uint64_t)value;
	store(base, spec->at, &number, sizeof(number));
}

void conf_read_bool(struct conf_reader *r, const config_setting_t *s, const struct conf_spec *spec,
		    void *base)
{
	bool value;

	if (!conf_is(r, s, CONFIG_TYPE_BOOL))
		return;
	value = config_setting_get_bool(s) != 0;
	store(base, spec->at, &value, sizeof(value));
}

static void tell_words(struct conf_reader *r, const config_setting_t *s, const char *text,
		       const struct conf_word *words)
{
	char allowed[WORDS_BYTES] = "", quoted[QUOTE_SIZE];
	size_t used = 0;

	for (const struct conf_word *w = words; w->word != NULL && used < sizeof(allowed); w++)
		used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s\"%s\"",
					 w == words ? "" : ", ", w->word);
	problem_add(&r->problems, s, NULL, "%s is not known; allowed: %s",
		    problem_quote(quoted, text), allowed);
}

/* The word of the table that setting says, or NULL after a problem was told. */
static const struct conf_word *find_word(struct conf_reader *r, const config_setting_t *s,
					 const struct conf_word *words)
{
	const char *text = conf_text(r, s);

	if (text == NULL)
		return NULL;
	for (const struct conf_word *w = words; w->word != NULL; w++)
		if (strcmp(w->word, text) == 0)
			return w;
	tell_words(r, s, text, words);
	return NULL;
}

void conf_read_word(struct conf_reader *r, const config_setting_t *s, const struct conf_spec *spec,
		    void *base)
{
	const struct conf_word *word = find_word(r, s, spec->words);

	if (word != NULL)
		store(base, spec->at, &word->value, sizeof(word->value));
}

void conf_read_word_flag(struct conf_reader *r, const config_setting_t *s,
			 const struct conf_spec *spec, void *base)
{
	const struct conf_word *word = find_word(r, s, spec->words);
	bool flag;

	if (word == NULL)
		return;
	flag = word->value != 0;
	store(base, spec->at, &flag, sizeof(flag));
}

void conf_read_mode(struct conf_reader *r, const config_setting_t *s, const struct conf_spec *spec,
		    void *base)
{
	const char *text = conf_text(r, s);
	unsigned mode;

	if (text == NULL)
		return;
	mode = (unsigned)strtoul(text, NULL, 8);
	if (strlen(text) < 3 || strlen(text) > 4 || strspn(text, "01234567") != strlen(text) ||
	    mode > MODE_MAX) {
		problem_add(&r->problems, s, NULL,
			    "must be an octal mode in quotes, such as \"0660\"");
		return;
	}
	store(base, spec->at, &mode, sizeof(mode));
}

static bool read_duration(struct conf_reader *r, const config_setting_t *s, int64_t *ms)
{
	const char *text = conf_text(r, s);
	char quoted[QUOTE_SIZE];

	if (text == NULL)
		return false;
	if (config_parse_duration(text, ms) == 0)
		return true;
	problem_add(&r->problems, s, NULL, "%s is no duration; " DURATION_HELP,
		    problem_quote(quoted, text));
	return false;
}

void conf_read_duration(struct conf_reader *r, const config_setting_t *s,
			const struct conf_spec *spec, void *base)
{
	int64_t ms;

	if (!read_duration(r, s, &ms))
		return;
	if (spec->most != 0 && ms > spec->most)
		problem_add(&r->problems, s, NULL, "must be at most %llds", spec->most / 1000);
	else
		store(base, spec->at, &ms, sizeof(ms));
}

/* Room for every element of a list; NULL after a problem was told. *n is their number. */
static void *list_room(struct conf_reader *r, const config_setting_t *s, size_t size, size_t *n)
{
	void *items;

	if (!conf_is(r, s, CONFIG_TYPE_LIST))
		return NULL;
	*n = (size_t)config_setting_length(s);
	items = arena_alloc(&r->arena, *n * size);
	if (items == NULL)
		r->problems.lost = true;
	return items;
}

static void read_copies(struct conf_reader *r, const config_setting_t *s,
			const struct conf_spec *spec, void *base,
			char *(*copy)(struct conf_reader *r, const config_setting_t *s,
				      const struct conf_spec *spec))
{
	struct config_strings strings;
	const char **items = list_room(r, s, sizeof(*items), &strings.n);

	if (items == NULL)
		return;
	for (size_t i = 0; i < strings.n; i++)
		items[i] = copy(r, config_setting_get_elem(s, (unsigned)i), spec);
	strings.items = items;
	store(base, spec->at, &strings, sizeof(strings));
}

void conf_read_strings(struct conf_reader *r, const config_setting_t *s,
		       const struct conf_spec *spec, void *base)
{
	read_copies(r, s, spec, base, checked_copy);
}

void conf_read_regions(struct conf_reader *r, const config_setting_t *s,
		       const struct conf_spec *spec, void *base)
{
	read_copies(r, s, spec, base, upper_copy);
}

void conf_read_rates(struct conf_reader *r, const config_setting_t *s, const struct conf_spec *spec,
		     void *base)
{
	struct config_rates rates;
	struct config_rate *items = list_room(r, s, sizeof(*items), &rates.n);
	char quoted[QUOTE_SIZE];

	if (items == NULL)
		return;
	for (size_t i = 0; i < rates.n; i++) {
		const config_setting_t *item = config_setting_get_elem(s, (unsigned)i);
		const char *text = conf_text(r, item);

		if (text != NULL && value_parse_rate(text, &items[i]) < 0)
			problem_add(&r->problems, item, NULL,
				    "%s is no limit; " RATE_HELP "; " DURATION_HELP,
				    problem_quote(quoted, text));
	}
	rates.items = items;
	store(base, spec->at, &rates, sizeof(rates));
}

void conf_read_durations(struct conf_reader *r, const config_setting_t *s,
			 const struct conf_spec *spec, void *base)
{
	size_t n;
	int64_t *items = list_room(r, s, sizeof(*items), &n);

	if (items == NULL)
		return;
	if (n == 0)
		problem_add(&r->problems, s, NULL, "must hold at least one duration");
	for (size_t i = 0; i < n; i++)
		read_duration(r, config_setting_get_elem(s, (unsigned)i), &items[i]);
	store(base, spec->at, &items, sizeof(items));
	store(base, spec->count_at, &n, sizeof(n));
}
