/* secret.c - wiping. */
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

void secret_wipe(void *bytes, size_t n)
{
	explicit_bzero(bytes, n);
}

void secret_free(char *text)
{
	if (text == NULL)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}
