/* chars.h - what kinds of characters people paste into a number, a code or a name. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Zero-width, bidirectional and other format or control characters: nobody sees them. */
bool char_is_invisible(uint32_t character);

/* Any Unicode space, tabs and line ends. */
bool char_is_space(uint32_t character);

/* Hyphens, dashes and minus signs of any width. */
bool char_is_dash(uint32_t character);

bool char_is_plus(uint32_t character);

bool char_is_letter(uint32_t character); /* and marks that belong to one */

/* 0..9 for a decimal digit of any script, else -1. */
int char_digit(uint32_t character);

/* The site's user typed text as a code: spaces, hyphens and invisible characters go, digits of any
 * script become ASCII. 0, or -1: something else stands there or it has not length digits. */
int code_normalise(const char *text, unsigned length, char *code);
