/* texts_private.h - what the files behind texts.h share. */
#pragma once

#include "service/texts.h"

/* One wording of a kind in a language; of several, the first of the fewest parts is sent. */
struct text_form {
	enum config_kind kind;
	const char *language, *text;
};

enum form_source { FORMS_OF_PURPOSE, FORMS_OF_SITE, FORMS_BUILT_IN };

struct form_view {
	enum config_kind kind;
	const char *purpose, *locale, *text; /* purpose "": every one */
};

/* The i-th form of the source, of any kind and purpose; false: there are no more. */
bool text_form_at(const struct config_site *site, enum form_source source, size_t i,
		  struct form_view *form);

/* Forms that compete for one text. */
struct forms {
	const struct config_site *site;
	enum config_kind kind;
	const char *purpose;
	enum form_source source;
	const char *locale;
	const char *only; /* this form alone; NULL: all of them */
};

void text_choose_forms(struct forms *forms, const struct config_site *site, enum config_kind kind,
		       const char *purpose, const char *locale);

/* *form: the one that won. 0, or -EMSGSIZE. */
int text_render_forms(const struct forms *forms, const struct text_values *values,
		      char text[static TEXT_SIZE], struct gsm_shape *shape, const char **form);

/* Which characters of a rendered text force UCS2. */
void text_find_offenders(struct text_preview *preview);

/* Built in, long forms before short ones. */
extern const struct text_form text_forms[];
extern const size_t n_text_forms;
