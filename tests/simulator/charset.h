/* charset.h - strings in quotes as AT+CSCS asks for them: as they are, or as UCS2 hex. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tests/simulator/settings.h"

enum { CHARSET_TEXT_SIZE = 1024 };

void charset_encode(char out[static CHARSET_TEXT_SIZE], enum charset charset, const char *text);

/* False if text is not of this charset or too long for size. */
bool charset_decode(char *out, size_t size, enum charset charset, const char *text);
