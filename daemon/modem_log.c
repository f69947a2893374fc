/* modem_log.c - compares what a modem is with what was last told of it, and tells the difference.
 *
 * Steps of a change: log lines; the event of its state, unless it is the one told last (a modem
 * that flaps between two openings is one event); on disk since when it has no network, so that a
 * restart does not begin to count anew. An event that cannot be written is lost, and logged. */
#include "daemon/modem_log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mask.h"
#include "base/util.h"
#include "queue/db_event.h"

enum {
	BAND_SLACK = 3, /* dB beyond a border before another band is told */
	CHECK_LEAST_MS = 250,
	CHECK_MOST_MS = 60000,
	CHECKS = 4, /* in one alarm time */
	META_SIZE = 96,
};

struct seen {
	struct seen *next;
	struct modem_log *log;
	struct modem_status told; /* as it was when it was last looked at */
	char event[EVENT_TYPE_SIZE], step[32];
	int band;
	bool loaded;           /* what was on disk is known */
	int64_t without_since; /* wall time: without a network; 0: it has one */
	bool alarmed;
	int64_t sent, refused, uncertain, received; /* at the last summary */
};

struct modem_log {
	uv_timer_t check, summary;
	unsigned open;               /* timers and lookups */
	const struct config *config; /* counted */
	struct store *store;
	const struct control *modems;
	struct seen *first;
};

static const char *const state_events[] = {
	[MODEM_ABSENT] = "modem.lost",
	[MODEM_OPENING] = NULL,
	[MODEM_STARTING] = NULL,
	[MODEM_SIM_MISSING] = "modem.sim_missing",
	[MODEM_SIM_PIN] = "modem.sim_pin",
	[MODEM_SIM_PUK] = "modem.sim_puk",
	[MODEM_SEARCHING] = "modem.searching",
	[MODEM_DENIED] = "modem.denied",
	[MODEM_READY] = "modem.ready",
	[MODEM_SENDING] = "modem.ready",
	[MODEM_RECOVERING] = "modem.recovering",
	[MODEM_DRAINING] = NULL,
	[MODEM_DRAINED] = "modem.drained",
	[MODEM_FAILED] = "modem.failed",
};

/* Field notes 4: the words for a strength. */
static const struct {
	int least_dbm;
	const char *name;
} bands[] = {
	{ -150, "poor" },
	{ -100, "fair" },
	{ -85, "good" },
	{ -70, "excellent" },
};
enum { BAND_NONE = -1 };

static const char *band_name(int band)
{
	return band == BAND_NONE ? "no" : bands[band].name;
}

static int band_of(int dbm)
{
	int band = (int)ARRAY_LEN(bands) - 1;

	if (dbm == 0)
		return BAND_NONE;
	while (band > 0 && dbm < bands[band].least_dbm)
		band--;
	return band;
}

#define tell(seen, ...)                                                                            \
	log_write(LOG_LEVEL_INFO,                                                                  \
		  &(struct log_tags){ .kind = LOG_KIND_NETWORK, .modem = (seen)->told.name },      \
		  __VA_ARGS__)

/* ---- events ---- */

struct note {
	char type[EVENT_TYPE_SIZE], modem[EVENT_MODEM_SIZE], reason[EVENT_TEXT_SIZE];
	const char *state;
	char meta[META_SIZE]; /* "": nothing to remember */
	int64_t value;
};

static int note_tx(struct db *db, void *arg)
{
	const struct note *note = arg;
	const struct event_new event = {
		.type = note->type,
		.subject = note->modem,
		.state = note->state,
		.modem = note->modem,
		.reason = note->reason,
	};
	int err = note->type[0] != '\0' ? db_event_add(db, &event) : 0;

	if (err == 0 && note->meta[0] != '\0')
		err = db_meta_set(db, note->meta, note->value);
	return err;
}

static void on_noted(void *arg, int status)
{
	struct note *note = arg;

	if (status < 0 && status != -ECANCELED)
		log_write(LOG_LEVEL_WARN, &(struct log_tags){ .modem = note->modem },
			  "the event %s is lost: %s", note->type, strerror(-status));
	free(note);
}

static void meta_name(const struct seen *seen, char name[static META_SIZE])
{
	snprintf(name, META_SIZE, "without_network %.63s", seen->told.name);
}

/* type NULL: no event, only what is to be remembered. */
static void write_note(struct seen *seen, const char *type, const char *reason, bool remember)
{
	struct note *note = calloc(1, sizeof(*note));

	if (note == NULL)
		return;
	snprintf(note->type, sizeof(note->type), "%s", type != NULL ? type : "");
	snprintf(note->modem, sizeof(note->modem), "%s", seen->told.name);
	mask_line(note->reason, sizeof(note->reason), reason);
	note->state = modem_state_name(seen->told.state);
	if (remember)
		meta_name(seen, note->meta);
	note->value = seen->without_since;
	store_run(seen->log->store, STORE_NORMAL, note_tx, on_noted, note);
}

/* ---- how long without a network ---- */

struct lookup {
	char modem[EVENT_MODEM_SIZE], meta[META_SIZE];
	int64_t since;
	struct modem_log *log; /* kept alive by this */
};

static int lookup_tx(struct db *db, void *arg)
{
	struct lookup *lookup = arg;
	int err = db_meta_get(db, lookup->meta, &lookup->since);

	return err == -ENOENT ? 0 : err;
}

static struct seen *find(struct modem_log *log, const char *name)
{
	struct seen *seen = log->first;

	while (seen != NULL && strcmp(seen->told.name, name) != 0)
		seen = seen->next;
	return seen;
}

static void release(struct modem_log *log)
{
	if (--log->open > 0)
		return;
	while (log->first != NULL) {
		struct seen *seen = log->first;

		log->first = seen->next;
		free(seen);
	}
	config_unref(log->config);
	free(log);
}

static void on_looked_up(void *arg, int status)
{
	struct lookup *lookup = arg;
	struct seen *seen = status == 0 ? find(lookup->log, lookup->modem) : NULL;

	if (seen != NULL) {
		seen->loaded = true;
		if (lookup->since != 0 && seen->without_since > lookup->since)
			seen->without_since = lookup->since;
		else if (lookup->since == 0 && seen->without_since != 0)
			write_note(seen, NULL, "", true); /* it has had none so far */
	}
	release(lookup->log);
	free(lookup);
}

static void look_up(struct seen *seen)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (lookup == NULL)
		return;
	lookup->log = seen->log;
	lookup->log->open++;
	snprintf(lookup->modem, sizeof(lookup->modem), "%s", seen->told.name);
	meta_name(seen, lookup->meta);
	store_run(seen->log->store, STORE_NORMAL, lookup_tx, on_looked_up, lookup);
}

static bool has_network(enum modem_state state)
{
	return state == MODEM_READY || state == MODEM_SENDING || state == MODEM_DRAINING ||
	       state == MODEM_DRAINED;
}

/* Returns whether it is to be remembered. A moment of recovery is no loss of the network yet. */
static bool note_network(struct seen *seen)
{
	bool has = has_network(seen->told.state);

	if (has == (seen->without_since == 0))
		return false;
	seen->without_since = has ? 0 : clock_now_ms();
	if (has && seen->alarmed)
		write_note(seen, "modem.alarm_over", "registered again", false);
	seen->alarmed &= !has;
	return true;
}

static void check(struct seen *seen)
{
	const struct config_modem *modem = config_modem(seen->log->config, seen->told.name);
	int64_t alarm = modem != NULL ? modem->alarm_ms : 24 * 3600000LL;
	int64_t without = clock_now_ms() - seen->without_since;
	char why[EVENT_TEXT_SIZE];

	if (!seen->loaded || seen->without_since == 0 || seen->alarmed || without < alarm)
		return;
	seen->alarmed = true;
	snprintf(why, sizeof(why), "without a network for %lld h %lld min: %.100s",
		 (long long)(without / 3600000), (long long)(without / 60000 % 60), seen->told.why);
	log_write(LOG_LEVEL_ERROR,
		  &(struct log_tags){ .kind = LOG_KIND_ALARM, .modem = seen->told.name },
		  "alarm: %s", why);
	write_note(seen, "modem.alarm", why, false);
}

static void on_check(uv_timer_t *timer)
{
	struct modem_log *log = timer->data;

	for (struct seen *seen = log->first; seen != NULL; seen = seen->next)
		check(seen);
}

/* ---- lines ---- */

static void tell_registration(struct seen *seen, const struct modem_status *now)
{
	if (now->registration == seen->told.registration)
		return;
	tell(seen, "registration: %s, was: %s", modem_registration_text(now->registration),
	     modem_registration_text(seen->told.registration));
}

static void tell_operator(struct seen *seen, const struct modem_status *now)
{
	if (strcmp(now->operator_name, seen->told.operator_name) == 0 &&
	    strcmp(now->rat, seen->told.rat) == 0)
		return;
	tell(seen, "operator: %s, %s", now->operator_name[0] != '\0' ? now->operator_name : "none",
	     now->rat[0] != '\0' ? now->rat : "radio not known");
}

/* A value at a border does not make a line at each look. */
static void tell_signal(struct seen *seen, const struct modem_status *now)
{
	int band = band_of(now->dbm);

	if (band == seen->band)
		return;
	if (band != BAND_NONE && seen->band != BAND_NONE &&
	    (band_of(now->dbm - BAND_SLACK) == seen->band ||
	     band_of(now->dbm + BAND_SLACK) == seen->band))
		return;
	tell(seen, "signal: %s (%d dBm), was: %s", band_name(band), now->dbm,
	     band_name(seen->band));
	seen->band = band;
}

static void tell_sim(struct seen *seen, const struct modem_status *now)
{
	char masked[64], line[EVENT_TEXT_SIZE];
	bool swapped = seen->told.iccid[0] != '\0';

	if (now->iccid[0] == '\0')
		return; /* it is being asked for, or it is gone: the state says so */
	if (strcmp(now->iccid, seen->told.iccid) == 0)
		return;
	mask_line(masked, sizeof(masked), now->iccid);
	snprintf(line, sizeof(line), "%s SIM: ICCID %s", swapped ? "another" : "the", masked);
	tell(seen, "%s", line);
	if (swapped)
		write_note(seen, "modem.sim_changed", line, false);
}

/* ---- a change ---- */

static struct seen *add(struct modem_log *log, const struct modem_status *status)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	if (seen == NULL)
		return NULL;
	seen->log = log;
	seen->told.registration = -1;
	seen->told.state = MODEM_ABSENT;
	snprintf(seen->told.name, sizeof(seen->told.name), "%s", status->name);
	seen->band = BAND_NONE;
	seen->without_since = clock_now_ms();
	seen->next = log->first;
	log->first = seen;
	look_up(seen);
	return seen;
}

static void tell_event(struct seen *seen, bool remember)
{
	const struct modem_status *now = &seen->told;
	const char *type = state_events[now->state];

	if (type != NULL && strcmp(type, seen->event) == 0 &&
	    strcmp(now->recovery_step, seen->step) == 0)
		type = NULL;
	if (type != NULL) {
		snprintf(seen->event, sizeof(seen->event), "%s", type);
		snprintf(seen->step, sizeof(seen->step), "%s", now->recovery_step);
	}
	if (type != NULL || remember)
		write_note(seen, type, now->why, remember);
}

void modem_log_changed(struct modem_log *log, const struct modem_status *status)
{
	struct seen *seen;
	char iccid[sizeof(status->iccid)];

	if (log == NULL)
		return;
	seen = find(log, status->name);
	if (seen == NULL)
		seen = add(log, status);
	if (seen == NULL)
		return;
	tell_registration(seen, status);
	tell_operator(seen, status);
	tell_signal(seen, status);
	tell_sim(seen, status);
	memcpy(iccid, seen->told.iccid, sizeof(iccid));
	seen->told = *status;
	if (status->iccid[0] == '\0')
		memcpy(seen->told.iccid, iccid, sizeof(iccid));
	tell_event(seen, note_network(seen));
}

/* ---- the summary ---- */

static void summarise(struct seen *seen, const struct modem_status *now)
{
	char error[120] = "";
	long long minutes = (clock_now_ms() - now->since_ms) / 60000;

	if (now->last_error[0] != '\0' && clock_now_ms() - now->last_error_ms < 3600000)
		snprintf(error, sizeof(error), "; last error: %.100s", now->last_error);
	tell(seen,
	     "summary: %s for %lld min (%s); %s, %s %s, signal %s (%d dBm); %lld sent, %lld "
	     "refused, %lld uncertain, %lld received since the last summary%s",
	     modem_state_name(now->state), minutes, now->why,
	     modem_registration_text(now->registration), now->operator_name, now->rat,
	     band_name(band_of(now->dbm)), now->dbm, (long long)(now->sent - seen->sent),
	     (long long)(now->refused - seen->refused),
	     (long long)(now->uncertain - seen->uncertain),
	     (long long)(now->received - seen->received), error);
	seen->sent = now->sent;
	seen->refused = now->refused;
	seen->uncertain = now->uncertain;
	seen->received = now->received;
}

static void on_summary(uv_timer_t *timer)
{
	struct modem_log *log = timer->data;

	for (size_t i = 0; i < control_count(log->modems); i++) {
		const struct modem_status *status = control_at(log->modems, i);
		struct seen *seen = find(log, status->name);

		if (seen != NULL)
			summarise(seen, status);
	}
}

/* ---- life ---- */

static uint64_t check_ms(const struct config *config)
{
	int64_t ms = CHECK_MOST_MS;

	for (size_t i = 0; i < config->n_modems; i++)
		if (config->modems[i].alarm_ms / CHECKS < ms)
			ms = config->modems[i].alarm_ms / CHECKS;
	return (uint64_t)(ms < CHECK_LEAST_MS ? CHECK_LEAST_MS : ms);
}

void modem_log_set_config(struct modem_log *log, const struct config *config)
{
	const struct config *old = log->config;
	uint64_t summary = (uint64_t)config->log_summary_ms, every = check_ms(config);

	log->config = config_ref(config);
	uv_timer_start(&log->check, on_check, every, every);
	if (old == NULL || old->log_summary_ms != config->log_summary_ms)
		uv_timer_start(&log->summary, on_summary, summary, summary);
	config_unref(old);
}

struct modem_log *modem_log_new(uv_loop_t *loop, const struct config *config, struct store *store,
				const struct control *modems)
{
	struct modem_log *log = calloc(1, sizeof(*log));

	if (log == NULL)
		return NULL;
	log->store = store;
	log->modems = modems;
	log->open = 2;
	uv_timer_init(loop, &log->check);
	uv_timer_init(loop, &log->summary);
	log->check.data = log->summary.data = log;
	modem_log_set_config(log, config);
	return log;
}

static void on_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void modem_log_close(struct modem_log *log)
{
	if (log == NULL)
		return;
	uv_close((uv_handle_t *)&log->check, on_closed);
	uv_close((uv_handle_t *)&log->summary, on_closed);
}
