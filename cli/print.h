/* print.h - tables, fields, times and stories for people. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

const char *text_at(const json_t *object, const char *key); /* "" if there is none */
long long number_at(const json_t *object, const char *key);

/* ---- table.c ---- */

/* A table is rows of words; the widest word of a column makes its width. Where the terminal is too
 * narrow, columns with nothing in them go first, then those of the highest rank, then what may be
 * cut is cut. An id is never cut: its line is rather too long. */
struct column {
	const char *head;
	int least;  /* columns that must be left of it; 0: it is never cut */
	int rank;   /* 0: it never goes */
	bool state; /* its words have a colour */
};

struct table;
struct table *table_new(const struct column *columns, size_t n); /* columns: borrowed */
void table_row(struct table *table, const char *const *words);   /* copied; NULL is "" */
void table_print(struct table *table);                           /* and frees it */

/* ---- print.c ---- */

/* "12 s ago", "in 3 min", "2026-11-20 19:30"; "-" for null. Valid until the next 8 calls. */
const char *relative_time(const char *rfc3339);

/* The same for a table, without "ago": "12 s", "in 3 min", "5 d". */
const char *short_time(const char *rfc3339);

/* "3 hours", "90 seconds". Valid until the next 8 calls. */
const char *span_words(long long seconds);

void print_json(const json_t *json);
/* "name: value" with aligned values; nothing for an empty value. */
void print_field(const char *name, const char *value);
void print_state(const char *name, const char *word); /* in its colour */
void print_line(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "more: ..." where the list goes on. */
void print_next(const json_t *list);

/* ---- story.c ---- */

/* reason, explanation, advice and next_step as a paragraph; nothing where there is nothing to say.
 */
void print_story(const json_t *diagnosis, const char *explanation, const json_t *alternatives);
void print_timeline(const json_t *history);
