/* text_samples.c - templates as they will look: filled with samples, counted in parts.
 *
 * The samples are of the template's language, because a Cyrillic name makes a Latin text dear. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "service/texts_private.h"

enum { CODE_ROOM = 16, MINUTES_ROOM = 24, MINUTE_MS = 60000 };

static const struct {
	const char *language, *from_name, *to_name;
} people[] = {
	{ "ru", "Пётр", "Иван" },  { "uk", "Петро", "Іван" }, { "be", "Пётр", "Іван" },
	{ "kk", "Асқар", "Әсем" }, { "vi", "Bình", "An" },    { "", "Peter", "Anna" },
};

struct samples {
	char code[CODE_ROOM], minutes[MINUTES_ROOM];
	struct text_values values;
};

static void take_samples(struct samples *samples, const struct config_site *site,
			 const char *purpose, const char *locale)
{
	const struct config_verification *v = &site->verification;
	size_t i = 0, language = strcspn(locale, "-_");

	while (people[i].language[0] != '\0' &&
	       (strncasecmp(people[i].language, locale, language) != 0 ||
		people[i].language[language] != '\0'))
		i++;
	snprintf(samples->code, sizeof(samples->code), "%.*s", (int)v->code_length, "1234567890");
	snprintf(samples->minutes, sizeof(samples->minutes), "%lld",
		 (long long)((v->sms_ttl_ms + MINUTE_MS - 1) / MINUTE_MS));
	samples->values = (struct text_values){ .code = samples->code,
						.minutes = samples->minutes,
						.from_name = people[i].from_name,
						.to_name = people[i].to_name,
						.order = "12345",
						.purpose = purpose };
}

/* "verification.login" into its halves; *purpose points into name. */
static int read_name(const char *name, enum config_kind *kind, const char **purpose,
		     struct refusal *why)
{
	size_t n = strcspn(name, ".");

	*purpose = name[n] == '.' ? name + n + 1 : "";
	for (int k = KIND_VERIFICATION; k <= KIND_CONTACT_REQUEST; k++) {
		const char *word = config_kind_name((enum config_kind)k);

		*kind = (enum config_kind)k;
		if (strlen(word) == n && strncmp(word, name, n) == 0 &&
		    (name[n] == '\0' || (k == KIND_VERIFICATION && config_is_purpose(*purpose))))
			return 0;
	}
	return rule_refuse_field(why, "template", "unknown",
				 "One of verification, verification.register, verification.login, "
				 "verification.change, contact_request.");
}

/* What the request says itself, in place of a sample. */
static int take_own(const struct template_request *request, struct text_values *values,
		    char from_name[static 128], char to_name[static 128], char order[static 32],
		    struct refusal *why)
{
	int err = 0;

	if (request->from_name != NULL) {
		err = text_clean_name(request->from_name, "from_name", from_name, why);
		values->from_name = from_name;
	}
	if (err == 0 && request->to_name != NULL) {
		err = text_clean_name(request->to_name, "to_name", to_name, why);
		values->to_name = to_name;
	}
	if (err == 0 && request->order != NULL) {
		err = text_clean_order(request->order, "order", order, why);
		values->order = order;
	}
	values->app_hash = request->app_hash;
	return err;
}

static int render(const struct forms *forms, const struct text_values *values,
		  struct text_template *template, const char **form)
{
	struct text_preview *preview = &template->preview;
	int err = text_render_forms(forms, values, preview->text, &preview->shape, form);

	template->kind = forms->kind;
	template->purpose = forms->source == FORMS_OF_PURPOSE ? forms->purpose : "";
	template->locale = forms->locale;
	template->built_in = forms->source == FORMS_BUILT_IN;
	if (err == 0)
		text_find_offenders(preview);
	return err;
}

int text_template_preview(const struct config_site *site, const struct template_request *request,
			  struct text_template *template, struct refusal *why)
{
	char from_name[128], to_name[128], order[32];
	struct samples samples;
	struct forms forms;
	enum config_kind kind;
	const char *purpose, *form;
	int err;

	memset(template, 0, sizeof(*template));
	err = read_name(request->name, &kind, &purpose, why);
	if (err != 0)
		return err;
	text_choose_forms(&forms, site, kind, purpose, request->locale);
	take_samples(&samples, site, purpose, forms.locale);
	err = take_own(request, &samples.values, from_name, to_name, order, why);
	if (err != 0)
		return err;
	template->chosen = true;
	if (render(&forms, &samples.values, template, &form) == 0)
		return 0;
	return rule_refuse_field(why, "template", "template_too_long",
				 "It needs more than %d parts. Shorten it.", GSM_PARTS_MAX);
}

/* Would a request for the form's own kind, purpose and locale get this form? */
static bool is_chosen(const struct config_site *site, const struct form_view *view,
		      const struct text_values *values)
{
	char text[TEXT_SIZE];
	struct gsm_shape shape;
	struct forms forms;
	const char *form;

	text_choose_forms(&forms, site, view->kind, view->purpose, view->locale);
	return text_render_forms(&forms, values, text, &shape, &form) == 0 && form == view->text;
}

static int render_alone(const struct config_site *site, enum form_source source,
			const struct form_view *view, struct text_template *template)
{
	struct forms forms = { .site = site,
			       .kind = view->kind,
			       .purpose = view->purpose,
			       .source = source,
			       .locale = view->locale,
			       .only = view->text };
	struct samples samples;
	const char *form;
	int err;

	memset(template, 0, sizeof(*template));
	take_samples(&samples, site, view->purpose, view->locale);
	err = render(&forms, &samples.values, template, &form);
	template->chosen = err == 0 && is_chosen(site, view, &samples.values);
	return err;
}

bool text_template_at(const struct config_site *site, size_t i, struct text_template *template)
{
	struct form_view view;
	enum form_source source = FORMS_BUILT_IN;

	if (i < site->n_templates) {
		text_form_at(site, FORMS_OF_SITE, i, &view);
		source = view.purpose[0] != '\0' ? FORMS_OF_PURPOSE : FORMS_OF_SITE;
	} else if (!text_form_at(site, FORMS_BUILT_IN, i - site->n_templates, &view)) {
		return false;
	}
	render_alone(site, source, &view, template);
	return true;
}

const char *text_template_length_problem(const struct config_site *site,
					 const struct config_template *template)
{
	struct text_template shown;
	const struct form_view view = { template->kind, template->purpose, template->locale,
					template->text };
	enum form_source source = view.purpose[0] != '\0' ? FORMS_OF_PURPOSE : FORMS_OF_SITE;

	return render_alone(site, source, &view, &shown) == 0
		       ? NULL
		       : "is too long: a text has at most 10 parts";
}
