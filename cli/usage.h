/* usage.h - the table of all verbs, and what is told of it. */
#pragma once

#include "cli/cli.h"

/* The verb that words name, *used of them. NULL: none; *group is then the first of the verbs that
 * share the name, if its sub-verb is missing or unknown. */
const struct verb *find_verb(char **words, int n, int *used, const struct verb **group);

void usage_all(void);                     /* on standard output */
void usage_verb(const struct verb *verb); /* with its options */
void usage_group(const char *name);
void tell_subs(const char *name); /* ends a line of standard error */
void usage_list(void);            /* for completion and tests: each verb and its options */
