/* secret.h - strings and buffers whose bytes must not outlive their use. */
#pragma once

#include <stddef.h>

/* Overwrites in a way that the compiler may not remove. */
void secret_wipe(void *bytes, size_t n);

/* Wipes up to the NUL, then frees. NULL is allowed. For strings from malloc or strdup. */
void secret_free(char *text);
