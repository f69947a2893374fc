/* credentials.c - looks for a credential once, when the configuration is read. */
#include "config/credentials.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/read.h"

static const char *folder(void)
{
	const char *path = getenv("CREDENTIALS_DIRECTORY");

	return path != NULL && path[0] == '/' ? path : NULL;
}

bool credentials_own(const char *path)
{
	const char *own = folder();
	size_t n = own == NULL ? 0 : strlen(own);

	return n > 0 && strncmp(path, own, n) == 0 && path[n] == '/';
}

void credentials_take(struct conf_reader *reader, const char *prefix, const char *name,
		      const char **path)
{
	const char *own = folder(), *copy;
	char found[PATH_MAX];

	if (own == NULL || strchr(name, '/') != NULL ||
	    snprintf(found, sizeof(found), "%s/%s%s", own, prefix, name) >= (int)sizeof(found) ||
	    access(found, F_OK) < 0)
		return;
	copy = arena_copy(&reader->arena, found);
	if (copy == NULL)
		reader->problems.lost = true;
	else
		*path = copy;
}
