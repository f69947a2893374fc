/* store.h - one message memory of a modem: SM, ME or SR. Indexes start at 1. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tests/simulator/compose.h"

enum memory { MEMORY_SM, MEMORY_ME, MEMORY_SR, MEMORY_COUNT };

enum stored_status { STORED_UNREAD, STORED_READ, STORED_UNSENT, STORED_SENT, STORED_ALL };

struct stored {
	struct pdu *pdu; /* NULL: the place is free */
	enum stored_status status;
};

struct store {
	struct stored *places;
	size_t size, used;
};

void store_init(struct store *store, size_t size);
void store_free(struct store *store);

int store_add(struct store *store, const struct pdu *pdu, enum stored_status status); /* 0: full */
struct stored *store_at(struct store *store, long index); /* NULL: no message there */
void store_remove(struct store *store, long index);

const char *memory_name(enum memory memory);
int memory_parse(const char *name); /* -1: there is none */
