/* term.h - the terminal: how wide it is, whether it shows colours, and text that fits it.
 *
 * Texts are UTF-8 from anybody: what a terminal would obey (escapes, control characters) or cannot
 * show is written as '?'. Where output is no terminal, lines are as long as they are. */
#pragma once

#include <stdbool.h>

/* Columns of the terminal; INT_MAX: there is none. */
int term_columns(void);
int term_rows(void); /* INT_MAX, too */

/* A sentence is read in lines: 80 columns where there is no terminal. */
int term_prose(void);

/* On a terminal, unless NO_COLOR or TERM=dumb asks for none. */
bool term_colours(void);

/* How many columns text takes. */
int term_width(const char *text);

/* Writes text in at most room columns: a longer one ends in an ellipsis. Returns its width. */
int term_put(const char *text, int room);

/* The same in the colour of its meaning: green where it is good news, red where it is bad. */
int term_put_state(const char *word, int room);

/* Ends the line that has `used` columns already: text broken at blanks (a longer word anywhere)
 * before column `columns`, each further line behind `indent` blanks. */
void term_wrap(const char *text, int used, int indent, int columns);
