/* store.c - places for messages. A new one takes the first free place, as on a SIM. */
#include "tests/simulator/store.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"

static const char *const names[] = { "SM", "ME", "SR" };

const char *memory_name(enum memory memory)
{
	return names[memory];
}

int memory_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return (int)i;
	return -1;
}

void store_init(struct store *store, size_t size)
{
	store->places = calloc(size, sizeof(*store->places));
	store->size = store->places != NULL ? size : 0;
	store->used = 0;
}

void store_free(struct store *store)
{
	for (size_t i = 0; i < store->size; i++)
		free(store->places[i].pdu);
	free(store->places);
	memset(store, 0, sizeof(*store));
}

int store_add(struct store *store, const struct pdu *pdu, enum stored_status status)
{
	size_t i = 0;

	while (i < store->size && store->places[i].pdu != NULL)
		i++;
	if (i == store->size)
		return 0;
	store->places[i].pdu = malloc(sizeof(*pdu));
	if (store->places[i].pdu == NULL)
		return 0;
	*store->places[i].pdu = *pdu;
	store->places[i].status = status;
	store->used++;
	return (int)i + 1;
}

struct stored *store_at(struct store *store, long index)
{
	struct stored *place;

	if (index < 1 || (size_t)index > store->size)
		return NULL;
	place = &store->places[index - 1];
	return place->pdu != NULL ? place : NULL;
}

void store_remove(struct store *store, long index)
{
	struct stored *place = store_at(store, index);

	if (place == NULL)
		return;
	free(place->pdu);
	place->pdu = NULL;
	store->used--;
}
