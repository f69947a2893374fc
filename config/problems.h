/* problems.h - every problem of a file, collected so that they can be told in file order.
 * Private to config/. */
#pragma once

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

struct problem; /* private to problems.c */

struct problems {
	const char *file; /* of settings for which libconfig knows none: the main file's */
	struct problem *items;
	size_t n, size;
	bool lost; /* one could not be kept: no memory */
};

/* The problem stands at setting, or at its member (NULL: none; it may be missing). Values that
 * are secret or personal never come into the words. */
void problem_add(struct problems *problems, const config_setting_t *setting, const char *member,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* For what has no setting: a file that cannot be read, or its syntax. */
void problem_add_line(struct problems *problems, const char *file, unsigned line,
		      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* As a config_problem tells it; arg: the problems. file is borrowed until all is told. */
void problem_add_told(void *arg, const char *file, unsigned line, const char *setting,
		      const char *words);

/* Tells all, sorted by file and line; returns whether there was any. */
bool problems_tell(struct problems *problems, config_problem *tell, void *arg);
void problems_free(struct problems *problems);

enum { QUOTE_SIZE = 64 };

/* What a file says, fit for one line of a terminal. */
const char *problem_quote(char out[static QUOTE_SIZE], const char *value);
