/* mask.h - what logs, traces, events and errors may show of a phone number. */
#pragma once

#include <stddef.h>

enum { MASK_SIZE = 64 };

/* +79121234567 -> +7912•••••67 (UTF-8). Never hides fewer than five digits where the number has
 * seven or more; a shorter one keeps its last two. Anything that is not a number becomes "•••••".
 */
void mask_number(char out[static MASK_SIZE], const char *e164);

/* Copies one line of AT dialogue with every run of seven or more digits and every PDU masked.
 * Always ends out; the result is never longer than size - 1. */
void mask_line(char *out, size_t size, const char *line);

/* Shows numbers in full (log.numbers = "full"); off by default. */
void mask_disable(int disabled);
