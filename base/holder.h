/* holder.h - which other process has a device open. */
#pragma once

#include <stddef.h>

struct holder {
	int pid; /* 0: nobody, as far as we may look */
	char name[32];
};

/* One walk over /proc for all n paths (links are resolved; NULL is skipped). Who has locked a file
 * is always seen; who merely has it open only by root and the same user. This process does not
 * count. It may take some ten milliseconds: not for the loop. */
void holders_find(const char *const *paths, size_t n, struct holder *holders);
