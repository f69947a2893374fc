/* notice.c - events that belong to no other transaction: what becomes of a modem. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/dispatch_private.h"

struct notice {
	char type[EVENT_TYPE_SIZE], modem[EVENT_MODEM_SIZE], state[24], reason[EVENT_TEXT_SIZE];
};

static int notice_tx(struct db *db, void *arg)
{
	const struct notice *n = arg;
	const struct event_new event = {
		.type = n->type,
		.subject = n->modem,
		.state = n->state[0] != '\0' ? n->state : NULL,
		.modem = n->modem,
		.reason = n->reason[0] != '\0' ? n->reason : NULL,
	};

	return db_event_add(db, &event);
}

static void on_noted(void *arg, int status)
{
	const struct notice *n = arg;

	if (status < 0)
		log_write(LOG_LEVEL_WARN, &(struct log_tags){ .modem = n->modem },
			  "the event %s could not be kept", n->type);
	free(arg);
}

static void copy(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text != NULL ? text : "");
}

void notice(struct dispatch *d, const struct event_new *event)
{
	struct notice *n = d->stopping ? NULL : calloc(1, sizeof(*n));

	if (n == NULL)
		return;
	copy(n->type, sizeof(n->type), event->type);
	copy(n->modem, sizeof(n->modem), event->modem);
	copy(n->state, sizeof(n->state), event->state);
	copy(n->reason, sizeof(n->reason), event->reason);
	store_run(d->store, STORE_NORMAL, notice_tx, on_noted, n);
}
