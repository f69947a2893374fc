/* usage.c - finds verbs and explains them: all, one, or those that share a first word. */
#include "cli/usage.h"

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "cli/term.h"

enum { HELP_AT = 33, OPTION_AT = 29 };

static const struct verb *const lists[] = {
	status_verbs, event_verbs, message_verbs, preview_verbs, verify_verbs, account_verbs,
	number_verbs, modem_verbs, field_verbs,   backup_verbs,  import_verbs,
};

/* NULL: there are not so many. */
static const struct verb *verb_at(size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (const struct verb *verb = lists[i]; verb->name != NULL; verb++)
			if (n-- == 0)
				return verb;
	return NULL;
}

const struct verb *find_verb(char **words, int n, int *used, const struct verb **group)
{
	const struct verb *verb;

	*group = NULL;
	for (size_t i = 0; (verb = verb_at(i)) != NULL; i++) {
		if (strcmp(verb->name, words[0]) != 0)
			continue;
		*used = verb->sub != NULL ? 2 : 1;
		if (verb->sub == NULL || (n > 1 && strcmp(verb->sub, words[1]) == 0))
			return verb;
		if (*group == NULL)
			*group = verb;
	}
	return NULL;
}

/* A name, and what it is for in the column `at`. */
static void explain(const char *name, int at, const char *help)
{
	int used = printf("  %s", name);

	if (used + 1 > at) {
		putchar('\n');
		used = 0;
	}
	printf("%*s", at - used, "");
	term_wrap(help, at, at, term_prose());
}

static void explain_option(enum cli_option option)
{
	const struct option_row *row = &option_rows[option];
	char name[64];

	snprintf(name, sizeof(name), "--%s%s%s", row->name, row->value != NULL ? " " : "",
		 row->value != NULL ? row->value : "");
	explain(name, OPTION_AT, row->help);
}

static void explain_common(void)
{
	for (int option = OPT_HELP; option < OPT_ALL; option++)
		if (option != OPT_VERBS)
			explain_option((enum cli_option)option);
}

void usage_all(void)
{
	const struct verb *verb;

	puts("usage: simgate [OPTION...] VERB ...\n");
	for (size_t i = 0; (verb = verb_at(i)) != NULL; i++)
		explain(verb->usage, HELP_AT, verb->help);
	puts("\nWith every verb (simgate VERB --help tells of those of one):");
	explain_common();
	puts("\nExit: 0 done, 1 failed, 2 usage, 3 daemon unreachable, 4 not found, 5 limited or\n"
	     "temporary, 6 timed out, 7 uncertain, 8 not allowed; status and doctor: 0 pass,\n"
	     "1 warn, 2 fail. More: man simgate");
}

void usage_verb(const struct verb *verb)
{
	printf("usage: simgate %s\n\n", verb->usage);
	term_wrap(verb->help, 0, 0, term_prose());
	putchar('\n');
	for (int option = 0; option < OPT_COUNT; option++)
		if ((verb->options & 1u << option) != 0)
			explain_option((enum cli_option)option);
	explain_common();
}

void usage_group(const char *name)
{
	const struct verb *verb;
	const char *before = "usage:";

	for (size_t i = 0; (verb = verb_at(i)) != NULL; i++)
		if (strcmp(verb->name, name) == 0) {
			printf("%-6s simgate %s\n", before, verb->usage);
			before = "";
		}
}

void tell_subs(const char *name)
{
	const struct verb *verb;
	const char *before = "one of";

	for (size_t i = 0; (verb = verb_at(i)) != NULL; i++)
		if (strcmp(verb->name, name) == 0) {
			fprintf(stderr, "%s %s", before, verb->sub);
			before = ",";
		}
	fprintf(stderr, "; try: simgate %s --help\n", name);
}

void usage_list(void)
{
	const struct verb *verb;

	for (size_t i = 0; (verb = verb_at(i)) != NULL; i++) {
		printf("%s %s", verb->name, verb->sub != NULL ? verb->sub : "-");
		for (int option = 0; option < OPT_COUNT; option++)
			if ((verb->options & 1u << option) != 0)
				printf(" --%s", option_rows[option].name);
		putchar('\n');
	}
}
