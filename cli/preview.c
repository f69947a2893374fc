/* preview.c - how a text, or the site's templates, become SMS parts. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "cli/messages.h"
#include "cli/print.h"
#include "cli/term.h"

enum { LINE_SIZE = 1024, TEMPLATE_WIDTH = 4096 };

/* Every character that the short alphabet lacks, once. */
static void print_offending(const json_t *offending)
{
	char words[LINE_SIZE] = "not in GSM 7-bit:";
	const json_t *one;
	size_t i, used = strlen(words);

	if (json_array_size(offending) == 0)
		return;
	json_array_foreach(offending, i, one)
	{
		char quoted[16];

		snprintf(quoted, sizeof(quoted), " '%s'", text_at(one, "char"));
		if (strstr(words, quoted) == NULL && used + sizeof(quoted) < sizeof(words))
			used += (size_t)snprintf(words + used, sizeof(words) - used, "%s", quoted);
	}
	term_wrap(words, 0, 2, term_prose());
}

static void print_preview(const json_t *preview)
{
	long long parts = number_at(preview, "parts"), units = number_at(preview, "units");

	if (json_object_get(preview, "template") != NULL)
		printf("%s in %s, %s\n", text_at(preview, "template"), text_at(preview, "locale"),
		       strcmp(text_at(preview, "source"), "site") == 0 ? "the site's own"
								       : "built in");
	printf("%s, %lld part%s, %lld unit%s, %lld left in the last part\n",
	       text_at(preview, "encoding"), parts, parts == 1 ? "" : "s", units,
	       units == 1 ? "" : "s", number_at(preview, "units_left"));
	print_offending(json_object_get(preview, "offending"));
	printf("%s\n", text_at(preview, "text"));
}

/* Every form of the site; a star marks those that are sent with samples like these. */
static void print_templates(const json_t *list)
{
	static const struct column columns[] = {
		{ "", 0, 0, false },       { "TEMPLATE", 0, 0, false }, { "LOCALE", 0, 0, false },
		{ "SOURCE", 0, 1, false }, { "ENCODING", 0, 0, false }, { "PARTS", 0, 0, false },
		{ "UNITS", 0, 2, false },  { "TEXT", 30, 0, false },
	};
	struct table *table = table_new(columns, ARRAY_LEN(columns));
	const json_t *items = json_object_get(list, "items"), *t;
	size_t i;

	json_array_foreach(items, i, t)
	{
		char parts[24], units[24], text[TEMPLATE_WIDTH];
		const char *row[] = { json_is_true(json_object_get(t, "chosen")) ? "*" : "",
				      text_at(t, "template"),
				      text_at(t, "locale"),
				      text_at(t, "source"),
				      text_at(t, "encoding"),
				      parts,
				      units,
				      text };

		snprintf(parts, sizeof(parts), "%lld", number_at(t, "parts"));
		snprintf(units, sizeof(units), "%lld", number_at(t, "units"));
		snprintf(text, sizeof(text), "%s", text_at(t, "text"));
		for (char *c = text; *c != '\0'; c++)
			if (*c == '\n') /* the auto-fill line, after a sign that no text has */
				*c = '|';
		table_row(table, row);
	}
	table_print(table);
}

/* The name stands behind --template=, or is the word after it; without one: all of them. */
static enum exit_code preview_template(struct call *call)
{
	const char *name = call->option[OPT_TEMPLATE];
	json_t *body;

	if (name[0] == '\0' && call->n_words > 0)
		name = call->words[0];
	if (name[0] == '\0')
		return call_and_print(call, "GET", "/v1/templates", NULL, print_templates);
	body = json_object();
	json_object_set_new(body, "template", json_string(name));
	set_option(body, "locale", call, OPT_LOCALE);
	set_option(body, "from_name", call, OPT_FROM_NAME);
	set_option(body, "to_name", call, OPT_TO_NAME);
	set_option(body, "order", call, OPT_ORDER);
	set_option(body, "app_hash", call, OPT_APP_HASH);
	return call_and_print(call, "POST", "/v1/preview", body, print_preview);
}

static enum exit_code run_preview(struct call *call)
{
	json_t *body;

	if (call->option[OPT_TEMPLATE] != NULL)
		return preview_template(call);
	body = text_body(call, 0);
	return body == NULL ? EXIT_WRONG_USAGE
			    : call_and_print(call, "POST", "/v1/preview", body, print_preview);
}

const struct verb preview_verbs[] = {
	{ "preview", NULL, 0, 64,
	  OPT(ENCODING) | OPT(TRANSLITERATE) | OPT(TEMPLATE) | OPT(LOCALE) | OPT(FROM_NAME) |
		  OPT(TO_NAME) | OPT(ORDER) | OPT(APP_HASH),
	  "preview [TEXT | --template [KIND[.PURPOSE]]]",
	  "how a text, or the site's templates, become SMS parts", run_preview },
	{ 0 },
};
