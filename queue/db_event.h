/* db_event.h - durable events; those of a message are its history. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "queue/db.h"

enum { EVENT_TYPE_SIZE = 40, EVENT_TEXT_SIZE = 160, EVENT_MODEM_SIZE = 64 };

struct event {
	int64_t seq, at;
	char type[EVENT_TYPE_SIZE];     /* "message.sent" */
	char site[64];                  /* "": of the gateway, for operators */
	char subject[EVENT_MODEM_SIZE]; /* msg_..., ver_..., or a modem's name */
	char state[24];                 /* of the subject after it, or "" */
	char modem[EVENT_MODEM_SIZE];
	char reason[EVENT_TEXT_SIZE]; /* code or words; never a number, code or text */
	char channel[16];             /* of a verification, or "" */
};

/* Pointers may be NULL: "". seq and at are given by the database. */
struct event_new {
	const char *type, *site, *subject, *state, *modem, *reason, *channel;
};

int db_event_add(struct db *db, const struct event_new *event);

struct event_query {
	int64_t after;
	const char *const *sites; /* NULL: every site's and the gateway's */
	size_t n_sites;
	bool modems; /* those of modems, too, which belong to no site */
	const char
		*types; /* NULL, or a comma list of types or prefixes ("message.", "modem.lost") */
	size_t limit;
};

/* Fills at most limit events, oldest first; *n how many. *last is the newest number looked at,
 * also where a filter dropped it: go on from there. One call looks at 10,000 at most; it has
 * looked at all there are when *last comes back as it went in. -ERANGE: after is before the
 * retention. */
int db_event_list(struct db *db, const struct event_query *query, struct event *events, size_t *n,
		  int64_t *last);

/* Oldest first, the newest 500; *events is malloced, the caller frees. */
int db_event_history(struct db *db, const char *subject, struct event **events, size_t *n);

/* At most 1000 a call. */
int db_event_prune(struct db *db, int64_t before_ms);
