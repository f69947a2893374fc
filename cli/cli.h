/* cli.h - a verb: what it is called with, and what it prints. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cli/http.h"

enum cli_option {
	OPT_ACCOUNT,
	OPT_AFTER,
	OPT_APP_HASH,
	OPT_BUNDLE,
	OPT_CHANNEL,
	OPT_ENCODING,
	OPT_FOLLOW,
	OPT_FROM_NAME,
	OPT_KEY,
	OPT_KIND,
	OPT_LIMIT,
	OPT_LOCALE,
	OPT_OPT_IN,
	OPT_ORDER,
	OPT_PRIORITY,
	OPT_PURPOSE,
	OPT_REFERENCE,
	OPT_REPORT,
	OPT_SEND_AT,
	OPT_STATE,
	OPT_TEMPLATE,
	OPT_TO,
	OPT_TO_NAME,
	OPT_TRANSLITERATE,
	OPT_TTL,
	OPT_TYPES,
	OPT_WAIT,
	OPT_WATCH,
	OPT_COUNT,
};

#define OPT(x) (1u << (OPT_##x))

struct call {
	struct http http;
	bool json;      /* print what the daemon answered, as it is */
	long timeout_s; /* of wait; 0: for ever */
	char **words;   /* after the verb (and its sub-verb) */
	int n_words;
	const char *option[OPT_COUNT]; /* NULL: not given; "" for those without a value */
};

struct verb {
	const char *name, *sub; /* sub NULL: none */
	int min_words, max_words;
	unsigned options; /* OPT(X) | ... */
	const char *usage, *help;
	enum exit_code (*run)(struct call *call);
};

/* Verbs by file; each list ends with a name of NULL. */
extern const struct verb message_verbs[], verify_verbs[], number_verbs[], modem_verbs[],
	event_verbs[], field_verbs[], backup_verbs[];

/* Printers that more than one verb needs. */
void print_verification(const json_t *verification);
void print_contact(const json_t *contact);
void print_modems(const json_t *list);

/* ---- print.c ---- */

/* A table is rows of words; the widest word of a column makes its width. */
struct table;
struct table *table_new(const char *const *heads, size_t n);
void table_row(struct table *table, const char *const *words); /* copied; NULL is "" */
void table_print(struct table *table);                         /* and frees it */

const char *text_at(const json_t *object, const char *key); /* "" if there is none */
long long number_at(const json_t *object, const char *key);

/* "12 s ago", "in 3 min", "2026-11-20 19:30"; "-" for null. Valid until the next 8 calls. */
const char *relative_time(const char *rfc3339);

/* The word, on a terminal green where it is good news, red where it is bad, else yellow. Valid
 * until the next 8 calls. */
const char *coloured(const char *word);

void print_json(const json_t *json);
/* "name: value" with aligned values; nothing for an empty value. */
void print_field(const char *name, const char *value);

/* ---- story.c ---- */

/* Broken at 80 columns. */
void print_paragraph(const char *text);
/* reason, explanation, advice and next_step as a paragraph; nothing where there is nothing to say.
 */
void print_story(const json_t *diagnosis, const char *explanation, const json_t *alternatives);
void print_timeline(const json_t *history);

/* ---- call.c ---- */

/* The words joined, or standard input where there are none; malloced. NULL after telling why. */
char *text_argument(const struct call *call, int first_word);

/* Adds option's value under its JSON name if it was given. */
void set_option(json_t *body, const char *name, const struct call *call, enum cli_option option);

/* Path builders: the format's %s get encoded values. */
void build_path(char *out, size_t size, const char *format, const char *value);
void add_query(char *path, size_t size, const char *name, const char *value);

/* One call, then print (or the JSON). print may be NULL: nothing is printed. */
enum exit_code call_and_print(struct call *call, const char *method, const char *path, json_t *body,
			      void (*print)(const json_t *answer));
