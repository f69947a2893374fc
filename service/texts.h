/* texts.h - the words of an SMS: templates, what users may put into them, transliteration.
 * Pure functions; texts are UTF-8. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/gsm_text.h"
#include "config/config.h"
#include "service/rule.h"

enum { TEXT_SIZE = 4096 }; /* the longest text simgate handles, in bytes */

struct text_values {                             /* NULL: the template may not use it */
	const char *code, *title, *minutes;      /* verification */
	const char *from_name, *to_name, *order; /* contact requests */
	const char *app_hash;                    /* Android's 11 characters, or NULL */
	const char *purpose;                     /* whose own templates come first, or NULL */
};

/* The template for kind and locale (exact, then its language; the site's own for the purpose
 * before its general ones, these before a built-in ru, vi or en one; then the same for the site's
 * locale), of several the first of the fewest parts, filled in, transliterated as the site says,
 * with the auto-fill lines for a code. title NULL: the site's title, else its origin, else its name
 * (where a form can do without, it is preferred to the last). 0, or -EMSGSIZE. */
int text_render(const struct config_site *site, enum config_kind kind, const char *locale,
		const struct text_values *values, char text[static TEXT_SIZE],
		struct gsm_shape *shape);

/* Are all placeholders known to kind and all needed ones there ({code})? NULL, or what is wrong. */
const char *text_template_problem(enum config_kind kind, const char *template_text);

/* A person's name or an order number from a user, made harmless (facts 2.4): no line ends,
 * control, bidi or zero-width characters, no @ # : / <, no links, no runs of 4 digits in names;
 * at most 24 characters. Empty after cleaning: RULE_REFUSED. */
int text_clean_name(const char *name, const char *field, char out[static 128], struct refusal *why);
int text_clean_order(const char *order, const char *field, char out[static 32],
		     struct refusal *why);

/* Latin letters for Cyrillic, no marks for Vietnamese, as ICU does it; untouched where it fits
 * GSM7 already. */
int text_transliterate(const char *text, char out[static TEXT_SIZE]);

/* Valid UTF-8 without NUL or unpaired surrogates, 1..limit bytes? Else RULE_REFUSED for field. */
int text_check(const char *text, const char *field, struct refusal *why);

struct text_offender {
	char character[5];
	size_t at; /* in characters, from 0 */
};

struct text_preview {
	struct gsm_shape shape;
	char text[TEXT_SIZE];
	struct text_offender offending[16]; /* what forced UCS2, or does not fit gsm7 */
	size_t n_offending;
};

int text_preview(struct text_preview *preview, const char *text, enum config_translit transliterate,
		 enum gsm_encoding encoding, struct refusal *why);

/* A template by its name in the configuration ("verification", "verification.login",
 * "contact_request") and locale (NULL: the site's), filled with samples where values are NULL. */
struct template_request {
	const char *name, *locale;
	const char *from_name, *to_name, *order, *app_hash;
};

struct text_template {
	enum config_kind kind;
	const char *purpose, *locale; /* of the form that was taken; purpose "": every one */
	bool built_in;
	bool chosen; /* what a request for this kind, purpose and locale gets; else another form */
	struct text_preview preview;
};

int text_template_preview(const struct config_site *site, const struct template_request *request,
			  struct text_template *template, struct refusal *why);

/* The i-th form of the site, its own before the built-in ones, with samples; false: no more. A form
 * that needs too many parts has 0. */
bool text_template_at(const struct config_site *site, size_t i, struct text_template *template);

/* A line of the site that no sample can make fit, for --check-config: NULL, or what is wrong. */
const char *text_template_length_problem(const struct config_site *site,
					 const struct config_template *template);
