/* dialogue.h - another modem's answers, read from a file, in place of the built-in ones.
 *
 *     # remark
 *     < AT+CPMS=*         a command; '*' stands for any characters; the first that fits wins,
 *                         and of those with the same text each in its turn (the last one stays)
 *     > +CPMS: 0,20       its answer, line by line, final result included
 *     > OK
 *     < AT+CMGS=*
 *     > @built-in         an exception: the simulator's own answer
 *
 *     < payload           what Ctrl-Z ends; with lines of its own nothing is sent
 *
 * A command without answer lines is met with silence. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct dialogue_entry;

struct dialogue {
	struct dialogue_entry *first;
};

int dialogue_load(struct dialogue *dialogue,
		  const char *path); /* 0, or -1 after a line on stderr */
void dialogue_free(struct dialogue *dialogue);

/* The answer lines, or NULL if the built-in answer is wanted. *n may be 0: silence. */
char *const *dialogue_find(const struct dialogue *dialogue, const char *command, size_t *n);
