/* texts.c - from a template and its values to the text of an SMS.
 *
 * The forms of the best-matching locale and purpose are filled in one after the other, each gets
 * the auto-fill lines, and the first of the fewest parts wins: nothing is ever cut. Values are put
 * in once and never looked at again, so braces in a name stay braces. Transliteration touches the
 * words, not the auto-fill lines, which browsers read byte by byte. */
#include "service/texts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "base/util.h"
#include "service/texts_private.h"

struct placeholder {
	const char *name; /* with its braces */
	enum config_kind kind;
	size_t value; /* offset in struct text_values */
	bool needed;
};

static const struct placeholder placeholders[] = {
	{ "{code}", KIND_VERIFICATION, offsetof(struct text_values, code), true },
	{ "{title}", KIND_VERIFICATION, offsetof(struct text_values, title), false },
	{ "{minutes}", KIND_VERIFICATION, offsetof(struct text_values, minutes), false },
	{ "{from_name}", KIND_CONTACT_REQUEST, offsetof(struct text_values, from_name), false },
	{ "{to_name}", KIND_CONTACT_REQUEST, offsetof(struct text_values, to_name), false },
	{ "{order}", KIND_CONTACT_REQUEST, offsetof(struct text_values, order), false },
	{ "{title}", KIND_CONTACT_REQUEST, offsetof(struct text_values, title), false },
};

/* The placeholder of kind that text begins with, or NULL. */
static const struct placeholder *placeholder_at(enum config_kind kind, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(placeholders); i++)
		if (placeholders[i].kind == kind &&
		    strncmp(text, placeholders[i].name, strlen(placeholders[i].name)) == 0)
			return &placeholders[i];
	return NULL;
}

const char *text_template_problem(enum config_kind kind, const char *template_text)
{
	for (const char *at = strchr(template_text, '{'); at != NULL; at = strchr(at + 1, '{'))
		if (placeholder_at(kind, at) == NULL)
			return kind == KIND_VERIFICATION
				       ? "only {code}, {title} and {minutes} may stand in braces"
				       : "only {from_name}, {to_name}, {order} and {title} may "
					 "stand "
					 "in braces";
	for (size_t i = 0; i < ARRAY_LEN(placeholders); i++)
		if (placeholders[i].kind == kind && placeholders[i].needed &&
		    strstr(template_text, placeholders[i].name) == NULL)
			return "{code} is missing";
	return NULL;
}

/* Appends to a buffer of TEXT_SIZE. -EMSGSIZE. */
static int append(char *out, size_t *used, const char *text, size_t n)
{
	if (*used + n >= TEXT_SIZE)
		return -EMSGSIZE;
	memcpy(out + *used, text, n);
	*used += n;
	out[*used] = '\0';
	return 0;
}

static int fill(enum config_kind kind, const char *form, const struct text_values *values,
		char out[static TEXT_SIZE])
{
	size_t used = 0;
	int err = 0;

	out[0] = '\0';
	while (*form != '\0' && err == 0) {
		const struct placeholder *found = placeholder_at(kind, form);
		const char *value;

		if (found == NULL) {
			err = append(out, &used, form++, 1);
			continue;
		}
		value = *(const char *const *)((const char *)values + found->value);
		if (value != NULL)
			err = append(out, &used, value, strlen(value));
		form += strlen(found->name);
	}
	return err;
}

/* "\nHASH" and "\n@host #code": the last line is the last, without a line end. */
static int add_autofill(const struct config_site *site, const struct text_values *values,
			char text[static TEXT_SIZE])
{
	size_t used = strlen(text);
	char lines[512] = "", origin[400] = "";

	if (site->autofill && site->origin[0] != '\0')
		snprintf(origin, sizeof(origin), "\n@%s #%s", site->origin, values->code);
	snprintf(lines, sizeof(lines), "%s%s%s", values->app_hash != NULL ? "\n" : "",
		 values->app_hash != NULL ? values->app_hash : "", origin);
	return append(text, &used, lines, strlen(lines));
}

/* The site's own forms for the purpose come before its general ones, those before ours. */
static const enum form_source sources[] = { FORMS_OF_PURPOSE, FORMS_OF_SITE, FORMS_BUILT_IN };

bool text_form_at(const struct config_site *site, enum form_source source, size_t i,
		  struct form_view *form)
{
	if (source == FORMS_BUILT_IN) {
		if (i >= n_text_forms)
			return false;
		*form = (struct form_view){ text_forms[i].kind, "", text_forms[i].language,
					    text_forms[i].text };
		return true;
	}
	if (i >= site->n_templates)
		return false;
	*form = (struct form_view){ site->templates[i].kind, site->templates[i].purpose,
				    site->templates[i].locale, site->templates[i].text };
	return true;
}

static bool fits(const struct forms *forms, enum form_source source, const struct form_view *form)
{
	const char *purpose = source == FORMS_OF_PURPOSE ? forms->purpose : "";

	return form->kind == forms->kind && strcmp(form->purpose, purpose) == 0;
}

/* How well a template's locale suits: 0 not at all, 1 its language does, 2 exactly. */
static int rank_of(const char *have, const char *wanted)
{
	size_t language = strcspn(wanted, "-_");

	if (strcasecmp(have, wanted) == 0)
		return 2;
	return strncasecmp(have, wanted, language) == 0 && have[language] == '\0' ? 1 : 0;
}

static bool choose_from(struct forms *forms, const char *wanted, enum form_source source)
{
	struct form_view form;
	int best = 0;

	for (size_t i = 0; text_form_at(forms->site, source, i, &form); i++)
		if (fits(forms, source, &form) && rank_of(form.locale, wanted) > best) {
			best = rank_of(form.locale, wanted);
			forms->source = source;
			forms->locale = form.locale;
		}
	return best > 0;
}

static bool choose_locale(struct forms *forms, const char *wanted)
{
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		if ((sources[i] != FORMS_OF_PURPOSE || forms->purpose[0] != '\0') &&
		    choose_from(forms, wanted, sources[i]))
			return true;
	return false;
}

/* A language that people read comes before words made for a purpose. */
static void choose_forms(struct forms *forms, const char *wanted)
{
	if ((wanted == NULL || wanted[0] == '\0' || !choose_locale(forms, wanted)) &&
	    !choose_locale(forms, forms->site->locale))
		choose_locale(forms, "en");
}

/* The best so far. */
struct rendering {
	const struct text_values *values;
	char *text; /* TEXT_SIZE */
	struct gsm_shape *shape;
	const char *form; /* NULL: none so far */
	unsigned cost;
};

/* Parts, and more than any of them where a form names a site that has no name. */
static unsigned cost_of(const struct forms *forms, const char *form, const struct gsm_shape *shape)
{
	bool nameless = forms->site->title[0] == '\0' && forms->site->origin[0] == '\0' &&
			strstr(form, "{title}") != NULL;

	return shape->n_parts + (nameless ? GSM_PARTS_MAX : 0);
}

static void consider(struct rendering *best, const struct forms *forms, const char *form,
		     bool transliterate)
{
	char text[TEXT_SIZE];
	struct gsm_shape shape;
	int err = fill(forms->kind, form, best->values, text);

	if (err == 0 && transliterate)
		err = text_transliterate(text, text);
	if (err == 0 && forms->kind == KIND_VERIFICATION)
		err = add_autofill(forms->site, best->values, text);
	if (err == 0)
		err = gsm_shape(&shape, text, GSM_AUTO, false);
	if (err == 0 && (best->form == NULL || cost_of(forms, form, &shape) < best->cost)) {
		best->form = form;
		best->cost = cost_of(forms, form, &shape);
		*best->shape = shape;
		strcpy(best->text, text);
	}
	secret_wipe(text, sizeof(text));
}

static void consider_all(struct rendering *best, const struct forms *forms, bool transliterate)
{
	struct form_view form;

	for (size_t i = 0; text_form_at(forms->site, forms->source, i, &form); i++)
		if (fits(forms, forms->source, &form) &&
		    strcasecmp(form.locale, forms->locale) == 0 &&
		    (forms->only == NULL || forms->only == form.text))
			consider(best, forms, form.text, transliterate);
}

int text_render_forms(const struct forms *forms, const struct text_values *values,
		      char text[static TEXT_SIZE], struct gsm_shape *shape, const char **form)
{
	const struct config_site *site = forms->site;
	struct text_values filled = *values;
	struct rendering best = { .values = &filled, .text = text, .shape = shape };

	if (filled.title == NULL)
		filled.title = site->title[0] != '\0'    ? site->title
			       : site->origin[0] != '\0' ? site->origin
							 : site->name;
	text[0] = '\0';
	if (site->transliterate != TRANSLIT_ALWAYS)
		consider_all(&best, forms, false);
	if (site->transliterate != TRANSLIT_NEVER)
		consider_all(&best, forms, true);
	*form = best.form;
	return best.form != NULL ? 0 : -EMSGSIZE;
}

void text_choose_forms(struct forms *forms, const struct config_site *site, enum config_kind kind,
		       const char *purpose, const char *locale)
{
	*forms = (struct forms){ .site = site,
				 .kind = kind,
				 .purpose = purpose != NULL ? purpose : "" };
	choose_forms(forms, locale);
}

int text_render(const struct config_site *site, enum config_kind kind, const char *locale,
		const struct text_values *values, char text[static TEXT_SIZE],
		struct gsm_shape *shape)
{
	struct forms forms;
	const char *form;

	text_choose_forms(&forms, site, kind, values->purpose, locale);
	return text_render_forms(&forms, values, text, shape, &form);
}
