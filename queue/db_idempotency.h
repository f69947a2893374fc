/* db_idempotency.h - Idempotency-Key: one key, client, site and route make one object. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "queue/db.h"

struct idempotency {
	const char *client; /* "uid:33" */
	const char *site, *route, *key;
	const void *body;
	size_t body_size;
	bool until_forgotten; /* kept longer: for what stays where it is until that is told */
};

/* 0 and the id of the object made then; -ENOENT: new; -EEXIST: same key, other body. Keys older
 * than 24 h (until_forgotten: a year) are new. */
int db_idempotency_find(struct db *db, const struct idempotency *idem, char object[static ID_SIZE]);
int db_idempotency_keep(struct db *db, const struct idempotency *idem, const char *object);
int db_idempotency_forget(struct db *db, const struct idempotency *idem);
/* At most 1000 a call. */
int db_idempotency_prune(struct db *db, int64_t before_ms);
