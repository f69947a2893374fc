/* cli.h - a verb: what it is called with, and what it prints. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/http.h"
#include "cli/options.h"

struct call {
	struct http http;
	bool json;      /* print what the daemon answered, as it is */
	long timeout_s; /* of wait; 0: for ever */
	char **words;   /* after the verb (and its sub-verb) */
	int n_words;
	const char *option[OPT_ALL]; /* NULL: not given; "" for those without a value */
};

struct verb {
	const char *name, *sub; /* sub NULL: none */
	int min_words, max_words;
	unsigned options; /* OPT(X) | ... */
	const char *usage, *help;
	enum exit_code (*run)(struct call *call);
};

/* Verbs by file; each list ends with a name of NULL. */
extern const struct verb message_verbs[], preview_verbs[], verify_verbs[], account_verbs[],
	number_verbs[], modem_verbs[], status_verbs[], event_verbs[], field_verbs[], backup_verbs[],
	import_verbs[];

/* ---- call.c ---- */

/* The words joined, or standard input where there are none; malloced. NULL after telling why. */
char *text_argument(const struct call *call, int first_word);

/* Adds option's value under its JSON name if it was given. */
void set_option(json_t *body, const char *name, const struct call *call, enum cli_option option);

/* 90s 5m 3h 1d, or a number of seconds. */
bool parse_duration(const char *text, long *seconds);
/* *seconds stays where the option is not given. false after telling that it is no time. */
bool duration_option(const struct call *call, enum cli_option option, long *seconds);

/* Path builders: the format's %s get encoded values. */
void build_path(char *out, size_t size, const char *format, const char *value);
void add_query(char *path, size_t size, const char *name, const char *value);

/* One call, then print (answer: NULL where there is no body), or the JSON. */
enum exit_code call_and_print(struct call *call, const char *method, const char *path, json_t *body,
			      void (*print)(const json_t *answer));
void print_answer(const json_t *answer, enum exit_code result); /* as JSON */
