/* json_in.h - a request body read against a table of members, all problems told at once. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/problem.h"

enum json_in_kind {
	JSON_IN_TEXT,         /* const char *, borrowed from the document; min, max in bytes */
	JSON_IN_SECONDS,      /* int64_t milliseconds of a whole number of seconds, min..max */
	JSON_IN_TIME,         /* int64_t milliseconds of an RFC 3339 text */
	JSON_IN_FLAG,         /* bool */
	JSON_IN_WORD,         /* int: the index in words */
	JSON_IN_WORD_OR_FLAG, /* the same; false is the first word, true the last */
};

struct json_member {
	const char *name;
	enum json_in_kind kind;
	size_t offset; /* into what json_in_read fills */
	bool required;
	int64_t min, max;
	const char *const *words; /* NULL-ended */
};

enum { JSON_IN_WHY_SIZE = 160 };

/* Parses one JSON object. NULL with PROBLEM_NOT_JSON or PROBLEM_BAD_UTF8 and a sentence in why,
 * with line and column, and without a byte of the body: it may hold a code or a text. */
json_t *json_in_parse(const char *body, size_t size, enum problem *problem,
		      char why[static JSON_IN_WHY_SIZE]);

/* Fills into where members stand in the document; what is absent (or null) is left as it is.
 * Problems are added to errors. */
void json_in_read(const json_t *document, const struct json_member *members, size_t n, void *into,
		  struct field_errors *errors);

/* Drops the document and wipes its texts first. NULL is allowed. */
void json_in_free(json_t *document);
