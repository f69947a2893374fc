/* texts.c - from a template and its values to the text of an SMS.
 *
 * The forms of the best-matching locale are filled in one after the other, each gets the auto-fill
 * lines, and the first of the fewest parts wins: nothing is ever cut. Values are put in once and
 * never looked at again, so braces in a name stay braces. Transliteration touches the words, not
 * the auto-fill lines, which browsers read byte by byte. */
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

/* Where forms come from: the site's templates, or ours. */
struct forms {
	const struct config_site *site;
	enum config_kind kind;
	bool own;
	const char *locale; /* of the chosen ones */
};

/* The i-th form of this kind's source; false: another kind's. */
static bool form_at(const struct forms *forms, size_t i, const char **locale, const char **text)
{
	if (forms->own) {
		*locale = forms->site->templates[i].locale;
		*text = forms->site->templates[i].text;
		return forms->site->templates[i].kind == forms->kind;
	}
	*locale = text_forms[i].language;
	*text = text_forms[i].text;
	return text_forms[i].kind == forms->kind;
}

static size_t form_count(const struct forms *forms)
{
	return forms->own ? forms->site->n_templates : n_text_forms;
}

/* How well a template's locale suits: 0 not at all, 1 its language does, 2 exactly. */
static int rank_of(const char *have, const char *wanted)
{
	size_t language = strcspn(wanted, "-_");

	if (strcasecmp(have, wanted) == 0)
		return 2;
	return strncasecmp(have, wanted, language) == 0 && have[language] == '\0' ? 1 : 0;
}

static bool choose_locale(struct forms *forms, const char *wanted, bool own)
{
	const char *locale, *text;
	int best = 0;

	forms->own = own;
	for (size_t i = 0; i < form_count(forms); i++)
		if (form_at(forms, i, &locale, &text) && rank_of(locale, wanted) > best) {
			best = rank_of(locale, wanted);
			forms->locale = locale;
		}
	return best > 0;
}

static void choose_forms(struct forms *forms, const char *wanted)
{
	const char *home = forms->site->locale;

	if (wanted != NULL && wanted[0] != '\0' &&
	    (choose_locale(forms, wanted, true) || choose_locale(forms, wanted, false)))
		return;
	if (!choose_locale(forms, home, true) && !choose_locale(forms, home, false))
		choose_locale(forms, "en", false);
}

/* The best so far. */
struct rendering {
	const struct text_values *values;
	char *text; /* TEXT_SIZE */
	struct gsm_shape *shape;
	bool found;
};

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
	if (err == 0 && (!best->found || shape.n_parts < best->shape->n_parts)) {
		best->found = true;
		*best->shape = shape;
		strcpy(best->text, text);
	}
	secret_wipe(text, sizeof(text));
}

static void consider_all(struct rendering *best, const struct forms *forms, bool transliterate)
{
	const char *locale, *text;

	for (size_t i = 0; i < form_count(forms); i++)
		if (form_at(forms, i, &locale, &text) && strcasecmp(locale, forms->locale) == 0)
			consider(best, forms, text, transliterate);
}

int text_render(const struct config_site *site, enum config_kind kind, const char *locale,
		const struct text_values *values, char text[static TEXT_SIZE],
		struct gsm_shape *shape)
{
	struct text_values filled = *values;
	struct forms forms = { .site = site, .kind = kind };
	struct rendering best = { .values = &filled, .text = text, .shape = shape };

	if (filled.title == NULL)
		filled.title = site->title;
	text[0] = '\0';
	choose_forms(&forms, locale);
	if (site->transliterate != TRANSLIT_ALWAYS)
		consider_all(&best, &forms, false);
	if (site->transliterate != TRANSLIT_NEVER)
		consider_all(&best, &forms, true);
	return best.found ? 0 : -EMSGSIZE;
}
