/* retention.c - keeps the database bounded: old texts, events, inbox, counters and keys. */
#include "daemon/retention.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "queue/db_event.h"
#include "queue/db_idempotency.h"
#include "queue/db_inbox.h"
#include "queue/db_long.h"
#include "queue/db_message.h"
#include "queue/db_place.h"
#include "queue/db_quota.h"
#include "queue/db_report.h"
#include "queue/db_verification.h"

enum { HOUR_MS = 3600 * 1000 };

static const int64_t codes_ms = 10 * 60 * 1000; /* a late entry is answered as expired */
static const int64_t day_ms = 24 * (int64_t)HOUR_MS;
static const int64_t reports_ms = 3 * 24 * (int64_t)HOUR_MS;
static const int64_t places_ms = 32 * 24 * (int64_t)HOUR_MS; /* no limit looks back further */

struct retention {
	const struct config *config; /* counted */
	struct store *store;
	uv_timer_t timer;
};

struct prune {
	const struct config *config; /* counted */
	unsigned reports;            /* that nothing asked for */
};

static int prune_tx(struct db *db, void *arg)
{
	struct prune *prune = arg;
	const struct config *config = prune->config;
	int64_t now = db_now(db);
	int err = db_message_erase_texts(db, now - config->retain_failed_texts_ms);

	if (err == 0)
		err = db_event_prune(db, now - config->retain_events_ms);
	if (err == 0)
		err = db_inbox_prune(db, now - config->retain_inbox_ms);
	if (err == 0)
		err = db_idempotency_prune(db, now - day_ms);
	if (err == 0)
		err = db_verification_prune(db, now - codes_ms, now - config->retain_events_ms);
	if (err == 0)
		err = db_place_prune(db, now - places_ms);
	if (err == 0)
		err = db_quota_prune(db, now - places_ms);
	if (err == 0)
		err = db_report_prune(db, now - reports_ms, &prune->reports);
	return err < 0 ? err : db_long_prune(db);
}

static void on_pruned(void *arg, int status)
{
	struct prune *prune = arg;

	if (status < 0 && status != -ECANCELED)
		log_warn("cannot remove old records: %s; trying again in an hour",
			 strerror(-status));
	if (status == 0 && prune->reports > 0)
		log_info("%u delivery reports for nothing that was sent are forgotten",
			 prune->reports);
	config_unref(prune->config);
	free(prune);
}

static void on_timer(uv_timer_t *timer)
{
	struct retention *r = timer->data;
	struct prune *prune = calloc(1, sizeof(*prune));

	if (prune == NULL)
		return;
	prune->config = config_ref(r->config);
	store_run(r->store, STORE_NORMAL, prune_tx, on_pruned, prune);
}

struct retention *retention_start(uv_loop_t *loop, const struct config *config, struct store *store)
{
	struct retention *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->config = config_ref(config);
	r->store = store;
	uv_timer_init(loop, &r->timer);
	r->timer.data = r;
	uv_timer_start(&r->timer, on_timer, 0, HOUR_MS);
	return r;
}

void retention_set_config(struct retention *r, const struct config *config)
{
	config_unref(r->config);
	r->config = config_ref(config);
}

static void on_closed(uv_handle_t *handle)
{
	struct retention *r = handle->data;

	config_unref(r->config);
	free(r);
}

void retention_stop(struct retention *r)
{
	uv_close((uv_handle_t *)&r->timer, on_closed);
}
