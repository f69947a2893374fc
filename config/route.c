/* route.c - prefixes and routes. Pure functions of a snapshot. */
#include "config/route.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUTE_SIZE = 24 };

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Digits of the modem's longest prefix that text begins with, and one; 0: none does. */
static unsigned longest(const struct config_modem *modem, const char *text, const char **prefix)
{
	unsigned best = 0;

	for (size_t i = 0; i < modem->prefixes.n; i++) {
		const char *one = modem->prefixes.items[i];
		unsigned size = (unsigned)strlen(one);

		if (size <= best || !begins_with(text, one))
			continue;
		best = size;
		*prefix = one;
	}
	return best;
}

int64_t config_route(const struct config *config, const char *e164)
{
	const char *prefix = NULL, *found = NULL;
	unsigned best = 0;

	for (size_t i = 0; i < config->n_modems; i++) {
		unsigned size = longest(&config->modems[i], e164, &prefix);

		if (size <= best)
			continue;
		best = size;
		found = prefix;
	}
	return found == NULL ? ROUTE_NONE : strtoll(found + 1, NULL, 10);
}

unsigned config_route_reach(const struct config_modem *modem, int64_t route)
{
	const char *prefix;
	char text[ROUTE_SIZE] = "";

	if (modem == NULL || modem->prefixes.n == 0)
		return 1;
	if (route != ROUTE_NONE)
		snprintf(text, sizeof(text), "+%" PRId64, route);
	return longest(modem, text, &prefix);
}

bool config_route_open(const struct config *config, int64_t route)
{
	for (size_t i = 0; i < config->n_modems; i++)
		if (config_route_reach(&config->modems[i], route) > 0)
			return true;
	return config->n_modems == 0;
}

bool config_has_prefixes(const struct config *config)
{
	for (size_t i = 0; i < config->n_modems; i++)
		if (config->modems[i].prefixes.n > 0)
			return true;
	return false;
}

/* FNV-1a, 63 bits. */
static int64_t hash(const char *text)
{
	uint64_t value = 0xcbf29ce484222325u;

	for (; *text != '\0'; text++)
		value = (value ^ (unsigned char)*text) * 0x100000001b3u;
	return (int64_t)(value >> 1);
}

/* Is it a prefix that no modem before this one, and no earlier entry of this one, has? */
static bool is_first(const struct config *config, size_t modem, size_t prefix)
{
	const char *text = config->modems[modem].prefixes.items[prefix];

	for (size_t i = 0; i <= modem; i++) {
		const struct config_strings *list = &config->modems[i].prefixes;

		for (size_t k = 0; k < (i == modem ? prefix : list->n); k++)
			if (strcmp(list->items[k], text) == 0)
				return false;
	}
	return true;
}

/* A sum, so that their order is of no matter: routes are of the set. */
int64_t config_route_version(const struct config *config)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < config->n_modems; i++)
		for (size_t k = 0; k < config->modems[i].prefixes.n; k++)
			if (is_first(config, i, k))
				sum += (uint64_t)hash(config->modems[i].prefixes.items[k]);
	return (int64_t)(sum >> 1);
}
