/* at_words.c - a table of words. Makers vary them; what is not known here is an error all the same.
 */
#include "modem/at_words.h"

#include <string.h>
#include <strings.h>

#include "base/util.h"

static const struct {
	int code;
	const char *words;
} cme[] = {
	{ 0, "phone failure" },
	{ 1, "no connection to phone" },
	{ 3, "operation not allowed" },
	{ 4, "operation not supported" },
	{ 5, "PH-SIM PIN required" },
	{ 6, "PH-FSIM PIN required" },
	{ 7, "PH-FSIM PUK required" },
	{ 10, "SIM not inserted" },
	{ 11, "SIM PIN required" },
	{ 12, "SIM PUK required" },
	{ 13, "SIM failure" },
	{ 14, "SIM busy" },
	{ 15, "SIM wrong" },
	{ 16, "incorrect password" },
	{ 17, "SIM PIN2 required" },
	{ 18, "SIM PUK2 required" },
	{ 20, "memory full" },
	{ 21, "invalid index" },
	{ 22, "not found" },
	{ 23, "memory failure" },
	{ 30, "no network service" },
	{ 31, "network timeout" },
	{ 32, "network not allowed - emergency calls only" },
	{ 40, "network personalization PIN required" },
	{ 41, "network personalization PUK required" },
	{ 100, "unknown" },
};

int at_words_cme(const char *words)
{
	size_t n;

	words += strspn(words, " ");
	n = strlen(words);
	while (n > 0 && words[n - 1] == ' ')
		n--;
	for (size_t i = 0; i < ARRAY_LEN(cme); i++)
		if (strlen(cme[i].words) == n && strncasecmp(words, cme[i].words, n) == 0)
			return cme[i].code;
	return -1;
}
