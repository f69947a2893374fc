/* retention.c - what time does to what is stored.
 *
 *   each minute  messages on the air whose people were erased go, if they have ended; contact
 *                requests that still wait when quiet hours begin wait on until these end
 *   each hour    old texts, events, inbox, messages, counters and keys go, a thousand of each a
 *                transaction, a second apart while there are more; sooner where something is kept
 *                for less than a day, so that nothing stays much longer than it may */
#include "daemon/retention.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/util.h"
#include "queue/db_erase.h"
#include "queue/db_event.h"
#include "queue/db_idempotency.h"
#include "queue/db_inbox.h"
#include "queue/db_long.h"
#include "queue/db_message.h"
#include "queue/db_place.h"
#include "queue/db_quota.h"
#include "queue/db_record.h"
#include "queue/db_report.h"
#include "queue/db_verification.h"
#include "service/quiet.h"

enum { SECOND_MS = 1000, MINUTE_MS = 60 * 1000, HOUR_MS = 3600 * 1000, LOOKS = 24 };

static const int64_t codes_ms = 10 * 60 * 1000; /* a late entry is answered as expired */
static const int64_t day_ms = 24 * (int64_t)HOUR_MS;
static const int64_t reports_ms = 3 * 24 * (int64_t)HOUR_MS;
static const int64_t places_ms = 32 * 24 * (int64_t)HOUR_MS; /* no limit looks back further */

struct retention {
	const struct config *config; /* counted */
	struct store *store;
	uv_timer_t timer, minute;
	unsigned running; /* transactions; the last one ends a stopped retention */
	bool closing;
	unsigned n_closed;
};

struct chore {
	struct retention *retention;
	const struct config *config; /* counted */
	bool more;                   /* something went: there may be more of it */
	unsigned reports;            /* that nothing asked for */
};

static int prune_tx(struct db *db, void *arg)
{
	struct chore *chore = arg;
	const struct config *config = chore->config;
	int64_t now = db_now(db), before = db_changes(db);
	int err = db_message_erase_texts(db, now - config->retain_failed_texts_ms);

	if (err == 0)
		err = db_event_prune(db, now - config->retain_events_ms);
	if (err == 0)
		err = db_inbox_prune(db, now - config->retain_inbox_ms);
	if (err == 0)
		err = db_idempotency_prune(db, now - day_ms);
	if (err == 0)
		err = db_code_prune(db, now - codes_ms);
	if (err == 0)
		err = db_record_prune(db, now - config->retain_messages_ms);
	if (err == 0)
		err = db_place_prune(db, now - places_ms);
	if (err == 0)
		err = db_quota_prune(db, now - places_ms);
	if (err == 0)
		err = db_report_prune(db, now - reports_ms, &chore->reports);
	if (err == 0)
		err = db_long_prune(db);
	chore->more = db_changes(db) != before;
	return err;
}

static int minute_tx(struct db *db, void *arg)
{
	const struct rule rule = { .db = db, .config = ((struct chore *)arg)->config };
	int err = db_erase_late(db);

	return err < 0 ? err : quiet_hold(&rule);
}

static void end_if_idle(struct retention *r)
{
	if (r->running > 0 || r->n_closed < 2)
		return;
	config_unref(r->config);
	free(r);
}

/* The store is closed before it ends, so its completions come (with -ECANCELED at the latest). */
static void end_chore(struct chore *chore, int status)
{
	struct retention *r = chore->retention;

	if (status < 0 && status != -ECANCELED)
		log_warn("cannot tend old records: %s; trying again later", strerror(-status));
	config_unref(chore->config);
	free(chore);
	r->running--;
	end_if_idle(r);
}

/* A twenty-fourth of what is kept the shortest: at most that much longer does it stay. */
static uint64_t every_ms(const struct config *config)
{
	const int64_t kept[] = { config->retain_failed_texts_ms, config->retain_inbox_ms,
				 config->retain_events_ms, config->retain_messages_ms };
	int64_t every = HOUR_MS;

	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (kept[i] / LOOKS < every)
			every = kept[i] / LOOKS;
	return every > SECOND_MS ? (uint64_t)every : SECOND_MS;
}

static void on_timer(uv_timer_t *timer);

static void on_pruned(void *arg, int status)
{
	struct chore *chore = arg;
	struct retention *r = chore->retention;

	if (status == 0 && chore->reports > 0)
		log_info("%u delivery reports for nothing that was sent are forgotten",
			 chore->reports);
	if (status == 0 && chore->more && !r->closing)
		uv_timer_start(&r->timer, on_timer, SECOND_MS, every_ms(r->config));
	end_chore(chore, status);
}

static void on_minute_done(void *arg, int status)
{
	end_chore(arg, status);
}

static void run(struct retention *r, store_tx *tx, store_done *done)
{
	struct chore *chore = calloc(1, sizeof(*chore));

	if (chore == NULL)
		return;
	chore->retention = r;
	chore->config = config_ref(r->config);
	r->running++;
	store_run(r->store, STORE_NORMAL, tx, done, chore);
}

static void on_timer(uv_timer_t *timer)
{
	run(timer->data, prune_tx, on_pruned);
}

static void on_minute(uv_timer_t *timer)
{
	run(timer->data, minute_tx, on_minute_done);
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
	uv_timer_init(loop, &r->minute);
	r->minute.data = r;
	uv_timer_start(&r->timer, on_timer, 0, every_ms(config));
	uv_timer_start(&r->minute, on_minute, 0, MINUTE_MS);
	return r;
}

void retention_set_config(struct retention *r, const struct config *config)
{
	config_unref(r->config);
	r->config = config_ref(config);
	uv_timer_start(&r->timer, on_timer, 0, every_ms(config));
}

static void on_closed(uv_handle_t *handle)
{
	struct retention *r = handle->data;

	r->n_closed++;
	end_if_idle(r);
}

void retention_stop(struct retention *r)
{
	r->closing = true;
	uv_close((uv_handle_t *)&r->timer, on_closed);
	uv_close((uv_handle_t *)&r->minute, on_closed);
}
