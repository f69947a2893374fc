/* national.h - the national language tables of 3GPP TS 23.038 annex A, for reading only. */
#pragma once

#include <stdint.h>

enum { NATIONAL_DEFAULT = 0, NATIONAL_LAST = 13 }; /* ids of 23.038 6.2.1.2.4; Urdu is the last */

/* The character of a septet under a locking shift table. An id without such a table reads by the
 * default alphabet, a code without a character is a space. */
uint32_t national_character(uint8_t locking, uint8_t septet);

/* The character of the septet after an escape, under a single shift table. An id without such a
 * table reads by the default extension; a code without a character reads as if there were no
 * escape. */
uint32_t national_escaped(uint8_t single, uint8_t locking, uint8_t septet);
