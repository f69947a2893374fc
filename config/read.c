/* read.c - groups, lists and words of a configuration file.
 *
 * A group is walked twice: each setting that stands in it is looked up in the group's table
 * (unknown: the nearest name is suggested), then the table's required settings are looked for.
 * Nothing stops at a problem: the default stays and the walk goes on, so that all are told. */
#include "config/read.h"

#include <string.h>

#include "base/gsm_text.h"
#include "base/util.h"

enum { NAME_COLUMNS = 40, LIST_BYTES = 200 };

static const char *const type_words[] = {
	[CONFIG_TYPE_NONE] = "nothing",        [CONFIG_TYPE_GROUP] = "a group { ... }",
	[CONFIG_TYPE_INT] = "a number",        [CONFIG_TYPE_INT64] = "a number",
	[CONFIG_TYPE_FLOAT] = "a fraction",    [CONFIG_TYPE_STRING] = "a string in quotes",
	[CONFIG_TYPE_BOOL] = "true or false",  [CONFIG_TYPE_ARRAY] = "a list [ ... ]",
	[CONFIG_TYPE_LIST] = "a list ( ... )",
};

bool conf_is(struct conf_reader *r, const config_setting_t *s, int type)
{
	int is = config_setting_type(s);

	if (is == type || (type == CONFIG_TYPE_LIST && is == CONFIG_TYPE_ARRAY) ||
	    (type == CONFIG_TYPE_INT && is == CONFIG_TYPE_INT64))
		return true;
	problem_add(&r->problems, s, NULL, "must be %s, not %s", type_words[type], type_words[is]);
	return false;
}

static bool is_utf8(const char *text)
{
	size_t left = strlen(text);
	uint32_t c;

	while (left > 0) {
		size_t n = gsm_utf8_next(text, left, &c);

		if (n == 0)
			return false;
		text += n;
		left -= n;
	}
	return true;
}

const char *conf_text(struct conf_reader *r, const config_setting_t *s)
{
	const char *text;

	if (!conf_is(r, s, CONFIG_TYPE_STRING))
		return NULL;
	text = config_setting_get_string(s);
	if (is_utf8(text))
		return text;
	problem_add(&r->problems, s, NULL, "must be UTF-8 text");
	return NULL;
}

static unsigned least_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters differ, one row of the usual matrix at a time. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_COLUMNS + 1];
	size_t n = strnlen(b, NAME_COLUMNS);

	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (; *a != '\0'; a++) {
		unsigned corner = row[0];

		row[0]++;
		for (size_t j = 1; j <= n; j++) {
			unsigned above = row[j];

			row[j] = least_of(corner + (*a != b[j - 1]),
					  least_of(above, row[j - 1]) + 1);
			corner = above;
		}
	}
	return row[n];
}

static void tell_unknown(struct conf_reader *r, const config_setting_t *s,
			 const struct conf_group *group)
{
	const char *name = config_setting_name(s), *nearest = NULL;
	char known[LIST_BYTES] = "";
	unsigned best = (unsigned)strlen(name) / 3 + 2;
	size_t used = 0;

	for (size_t i = 0; i < group->n_specs; i++) {
		unsigned d = distance(name, group->specs[i].name);

		if (d < best) {
			best = d;
			nearest = group->specs[i].name;
		}
		if (used < sizeof(known))
			used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
						 i > 0 ? ", " : "", group->specs[i].name);
	}
	if (nearest != NULL)
		problem_add(&r->problems, s, NULL, "unknown setting; did you mean \"%s\"?",
			    nearest);
	else
		problem_add(&r->problems, s, NULL, "unknown setting; known here: %s", known);
}

static const struct conf_spec *find_spec(const struct conf_group *group, const char *name)
{
	for (size_t i = 0; i < group->n_specs; i++)
		if (strcmp(group->specs[i].name, name) == 0)
			return &group->specs[i];
	return NULL;
}

void conf_read_group(struct conf_reader *r, const config_setting_t *s,
		     const struct conf_group *group, void *base)
{
	if (!conf_is(r, s, CONFIG_TYPE_GROUP))
		return;
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *member = config_setting_get_elem(s, (unsigned)i);
		const struct conf_spec *spec = find_spec(group, config_setting_name(member));

		if (spec == NULL)
			tell_unknown(r, member, group);
		else
			spec->read(r, member, spec, base);
	}
	for (size_t i = 0; i < group->n_specs; i++)
		if (group->specs[i].required &&
		    config_setting_get_member(s, group->specs[i].name) == NULL)
			problem_add(&r->problems, s, group->specs[i].name, "is missing");
	if (group->finish != NULL)
		group->finish(r, s, base);
}

void conf_read_inner(struct conf_reader *r, const config_setting_t *s, const struct conf_spec *spec,
		     void *base)
{
	conf_read_group(r, s, spec->group, (char *)base + spec->at);
}

void conf_read_inner_or_first(struct conf_reader *r, const config_setting_t *s,
			      const struct conf_spec *spec, void *base)
{
	const struct conf_spec *first = &spec->group->specs[0];

	if (config_setting_type(s) == CONFIG_TYPE_STRING)
		first->read(r, s, first, (char *)base + spec->at);
	else
		conf_read_inner(r, s, spec, base);
}

void conf_read_groups(struct conf_reader *r, const config_setting_t *s,
		      const struct conf_spec *spec, void *base)
{
	const struct conf_group *group = spec->group;
	char *items;
	size_t n;

	if (!conf_is(r, s, CONFIG_TYPE_LIST))
		return;
	n = (size_t)config_setting_length(s);
	items = arena_alloc(&r->arena, n * group->size);
	if (items == NULL) {
		r->problems.lost = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		memcpy(items + i * group->size, group->defaults, group->size);
		conf_read_group(r, config_setting_get_elem(s, (unsigned)i), group,
				items + i * group->size);
	}
	memcpy((char *)base + spec->at, &items, sizeof(items));
	memcpy((char *)base + spec->count_at, &n, sizeof(n));
}
