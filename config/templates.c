/* templates.c - a site's own texts: templates = { KIND = { LOCALE = "text"; ... }; ... }, where a
 * list of texts may stand for one (the rules take the shortest), and, for verification, a group
 * PURPOSE = { LOCALE = "text"; ... } of texts for that purpose alone.
 * The kinds and purposes are known, the locales are free, so these levels are read by hand; what a
 * text may hold is the rules' business (service/texts.h). */
#include <string.h>

#include "config/spec.h"

static const struct conf_word kinds[] = { { "verification", KIND_VERIFICATION },
					  { "contact_request", KIND_CONTACT_REQUEST },
					  { 0 } };

static int find_kind(const char *name)
{
	for (const struct conf_word *w = kinds; w->word != NULL; w++)
		if (strcmp(w->word, name) == 0)
			return w->value;
	return -1;
}

/* At least the number of texts below s: whatever stands in a text's place counts as one. */
static size_t count_texts(const config_setting_t *s)
{
	size_t n = 0;

	if (!config_setting_is_aggregate(s))
		return 1;
	for (int i = 0; i < config_setting_length(s); i++)
		n += count_texts(config_setting_get_elem(s, (unsigned)i));
	return n + 1;
}

static void read_text(struct conf_reader *r, const config_setting_t *s, const char *locale,
		      struct config_template *template)
{
	const char *text = conf_text(r, s);

	if (text == NULL)
		return;
	if (*text == '\0')
		problem_add(&r->problems, s, NULL, "must not be empty");
	template->locale = locale;
	template->line = (unsigned)config_setting_source_line(s);
	template->text = arena_copy(&r->arena, text);
	if (template->text == NULL)
		r->problems.lost = true;
}

/* One locale: a text, or a list of them. Returns how many were read into items. */
static size_t read_locale(struct conf_reader *r, const config_setting_t *s,
			  struct config_template *items)
{
	const char *wrong = value_locale(config_setting_name(s));
	const char *locale = arena_copy(&r->arena, config_setting_name(s));
	size_t n;

	if (locale == NULL)
		r->problems.lost = true;
	if (wrong != NULL)
		problem_add(&r->problems, s, NULL, "the name of a template %s", wrong);
	if (!config_setting_is_list(s) && !config_setting_is_array(s)) {
		read_text(r, s, locale, items);
		return 1;
	}
	n = (size_t)config_setting_length(s);
	for (size_t i = 0; i < n; i++)
		read_text(r, config_setting_get_elem(s, (unsigned)i), locale, &items[i]);
	return n;
}

/* A group below verification: the texts of one purpose. */
static const char *purpose_of(struct conf_reader *r, const config_setting_t *s)
{
	const char *purpose;

	if (!config_is_purpose(config_setting_name(s))) {
		problem_add(&r->problems, s, NULL,
			    "must be a string; a group is named after a purpose: register, login, "
			    "change");
		return NULL;
	}
	purpose = arena_copy(&r->arena, config_setting_name(s));
	if (purpose == NULL)
		r->problems.lost = true;
	return purpose;
}

/* The locales in group s; items is the site's whole room. */
static void read_locales(struct conf_reader *r, const config_setting_t *s, struct config_site *site,
			 struct config_template *items, enum config_kind kind, const char *purpose)
{
	for (int i = 0; i < config_setting_length(s); i++) {
		const config_setting_t *member = config_setting_get_elem(s, (unsigned)i);
		struct config_template *first = &items[site->n_templates];
		size_t n;

		if (kind == KIND_VERIFICATION && *purpose == '\0' &&
		    config_setting_is_group(member)) {
			const char *inner = purpose_of(r, member);

			if (inner != NULL)
				read_locales(r, member, site, items, kind, inner);
			continue;
		}
		n = read_locale(r, member, first);
		for (size_t j = 0; j < n; j++) {
			first[j].kind = kind;
			first[j].purpose = purpose;
		}
		site->n_templates += n;
	}
}

static void read_kind(struct conf_reader *r, const config_setting_t *s, struct config_site *site,
		      struct config_template *items)
{
	int kind = find_kind(config_setting_name(s));

	if (kind < 0) {
		problem_add(&r->problems, s, NULL,
			    "unknown kind of template; known: verification, contact_request");
		return;
	}
	if (conf_is(r, s, CONFIG_TYPE_GROUP))
		read_locales(r, s, site, items, (enum config_kind)kind, "");
}

void spec_read_templates(struct conf_reader *r, const config_setting_t *s,
			 const struct conf_spec *spec, void *base)
{
	struct config_site *site = base;
	struct config_template *items;

	(void)spec;
	if (!conf_is(r, s, CONFIG_TYPE_GROUP))
		return;
	items = arena_alloc(&r->arena, count_texts(s) * sizeof(*items));
	if (items == NULL) {
		r->problems.lost = true;
		return;
	}
	site->templates = items;
	for (int i = 0; i < config_setting_length(s); i++)
		read_kind(r, config_setting_get_elem(s, (unsigned)i), site, items);
}
