/* standing.c - whether a lane may send.
 *
 * A refusal that speaks of the SIM pauses the lane for 1, 5, 15, then 60 minutes; the first part
 * after it is the probe. Limits are counted on disk (db_quota.h): each claim's transaction says
 * when the next part may go, and a timer waits for that. All of it is told once: in the log, as an
 * event, and in the modem's status. An operator who drains and resumes a modem ends its pause; so
 * does another SIM. */
#include "daemon/standing.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "daemon/dispatch_private.h"
#include "modem/profile.h"
#include "queue/message.h"

static const int64_t pauses_ms[] = { 60000, 300000, 900000, 3600000 };

static const struct {
	int64_t ms;
	char letter;
} units[] = { { 86400000, 'd' }, { 3600000, 'h' }, { 60000, 'm' }, { 1000, 's' } };

#define lane_log(lane, level, ...)                                                                 \
	log_write(level, &(struct log_tags){ .kind = LOG_KIND_PAUSE, .modem = (lane)->modem },     \
		  __VA_ARGS__)

enum quota_use standing_use(int rank)
{
	return message_rank_kind(rank) == KIND_VERIFICATION ? QUOTA_CODES : QUOTA_OTHERS;
}

bool standing_works(const struct lane *lane)
{
	enum modem_state state;

	if (lane->session == NULL) /* simgate stops; outcomes may still be on their way to disk */
		return false;
	state = session_status(lane->session)->state;
	return state == MODEM_READY || state == MODEM_SENDING;
}

bool standing_allows_at(const struct lane *lane, enum quota_use use, int64_t now)
{
	const struct standing *s = &lane->standing;

	return s->paused_until == 0 && lane->unrecorded == NULL && s->quota_known &&
	       s->quota.open_at[use] <= now && standing_works(lane);
}

bool standing_is_unknown(const struct lane *lane)
{
	const struct standing *s = &lane->standing;

	return !s->quota_known && s->looks > 0 && s->paused_until == 0 &&
	       lane->unrecorded == NULL && standing_works(lane);
}

int64_t standing_opens_at(const struct lane *lane, enum quota_use use, int64_t now)
{
	const struct standing *s = &lane->standing;
	int64_t pause = s->paused_until != 0 ? now + s->paused_until - clock_mono_ms() : 0;
	int64_t opens = s->quota.open_at[use];

	if (lane->unrecorded != NULL || !s->quota_known || !standing_works(lane))
		return INT64_MAX;
	opens = opens > pause ? opens : pause;
	return opens > now ? opens : 0;
}

bool standing_allows(const struct lane *lane, enum quota_use use)
{
	return standing_allows_at(lane, use, clock_now_ms());
}

struct quota_limits standing_limits(const struct config *config, const char *modem)
{
	static const struct config_rates none = { NULL, 0 };
	const struct config_modem *named = config_modem(config, modem);

	if (named == NULL)
		return (struct quota_limits){ &none, &none };
	return (struct quota_limits){ &named->limits, &named->recipients };
}

/* ---- what is told ---- */

static void tell(struct lane *lane, const char *type, const char *state, const char *reason)
{
	const struct event_new event = {
		.type = type,
		.subject = lane->modem,
		.state = state,
		.modem = lane->modem,
		.reason = reason,
	};

	notice(lane->dispatch, &event);
}

/* "10/1m", "200/30d recipients" */
static void name_limit(const struct quota_state *quota, char *out, size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (quota->full.window_ms % units[i].ms != 0)
			continue;
		snprintf(out, size, "%u/%" PRId64 "%c%s", quota->full.count,
			 quota->full.window_ms / units[i].ms, units[i].letter,
			 quota->full_recipients ? " recipients" : "");
		return;
	}
}

/* The status of a lane that is not paused. */
static void show_limit(struct lane *lane)
{
	const struct quota_state *quota = &lane->standing.quota;
	struct modem_sending *shown = &lane->standing.shown;
	int64_t now = clock_now_ms();
	bool codes = quota->open_at[QUOTA_CODES] <= now;
	char limit[48] = "";

	shown->paused = false;
	shown->until_ms = quota->open_at[QUOTA_OTHERS];
	shown->codes_until_ms = codes ? 0 : quota->open_at[QUOTA_CODES];
	shown->why[0] = '\0';
	if (shown->until_ms <= now) {
		shown->until_ms = 0;
		return;
	}
	name_limit(quota, limit, sizeof(limit));
	snprintf(shown->why, sizeof(shown->why), "the limit of %s is used up%s", limit,
		 codes ? " but for codes" : "");
}

/* ---- limits ---- */

void standing_quota(struct lane *lane, const struct quota_state *quota)
{
	struct standing *s = &lane->standing;
	char limit[48] = "";

	s->quota = *quota;
	s->quota_known = true;
	if (s->paused_until == 0)
		show_limit(lane);
	if (s->limit_told || quota->open_at[QUOTA_OTHERS] <= clock_now_ms())
		return;
	s->limit_told = true;
	name_limit(quota, limit, sizeof(limit));
	lane_log(lane, LOG_LEVEL_INFO, "the limit of %s is reached; %s for %" PRId64 " s", limit,
		 quota->open_at[QUOTA_CODES] <= clock_now_ms() ? "only codes are sent"
							       : "nothing is sent",
		 (quota->open_at[QUOTA_OTHERS] - clock_now_ms() + 999) / 1000);
	tell(lane, "modem.limit_reached", NULL, limit);
}

void standing_idle(struct lane *lane)
{
	struct standing *s = &lane->standing;

	if (!s->limit_told || !standing_allows(lane, QUOTA_OTHERS))
		return;
	s->limit_told = false;
	lane_log(lane, LOG_LEVEL_INFO, "the limit holds nothing up any more");
	tell(lane, "modem.limit_free", NULL, NULL);
}

struct look {
	struct lane *lane;
	char sim[SIM_SIZE];
	const struct config *config; /* counted */
	struct quota_state quota;
};

static int look_tx(struct db *db, void *arg)
{
	struct look *look = arg;
	const struct quota_limits limits = standing_limits(look->config, look->lane->modem);

	return db_quota_look(db, look->sim, &limits, 1, &look->quota);
}

static void on_looked(void *arg, int status)
{
	struct look *look = arg;
	struct lane *lane = look->lane;

	lane->standing.looks--;
	if (status == 0 && strcmp(look->sim, lane->sim) == 0 && lane->session != NULL) {
		standing_quota(lane, &look->quota);
		lane_arm(lane);
		lane_advance(lane);
	}
	if (status != -ECANCELED) /* whoever waited for this lane need not any more */
		dispatch_pump(lane->dispatch);
	config_unref(look->config);
	free(look);
}

void standing_look(struct lane *lane)
{
	struct dispatch *d = lane->dispatch;
	const struct quota_limits limits = standing_limits(d->config, lane->modem);
	const struct quota_state open = { 0 };
	struct look *look;

	if (limits.parts->n == 0 && limits.recipients->n == 0) {
		standing_quota(lane, &open);
		return;
	}
	look = calloc(1, sizeof(*look));
	if (look == NULL || d->stopping) {
		free(look);
		return;
	}
	look->lane = lane;
	look->config = config_ref(d->config);
	memcpy(look->sim, lane->sim, sizeof(look->sim));
	lane->standing.looks++;
	store_run(d->store, STORE_FIRST, look_tx, on_looked, look);
}

/* ---- pauses ---- */

static void pause_lane(struct lane *lane, const char *why)
{
	struct standing *s = &lane->standing;
	size_t last = ARRAY_LEN(pauses_ms) - 1;
	int64_t ms = pauses_ms[s->pauses < last ? s->pauses : last];

	if (s->paused_until != 0)
		return;
	s->pauses++;
	s->paused_until = clock_mono_ms() + ms;
	s->shown.paused = true;
	s->shown.until_ms = s->shown.codes_until_ms = clock_now_ms() + ms;
	snprintf(s->shown.why, sizeof(s->shown.why), "sending rests: %.140s", why);
	lane_log(lane, LOG_LEVEL_WARN, "sending rests for %" PRId64 " s: %s", ms / 1000, why);
	tell(lane, "modem.paused", "paused", why);
}

static void resume_lane(struct lane *lane, const char *why)
{
	struct standing *s = &lane->standing;

	if (s->paused_until == 0)
		return;
	s->paused_until = 0;
	show_limit(lane);
	lane_log(lane, LOG_LEVEL_INFO, "sending goes on: %s", why);
	tell(lane, "modem.resumed", "resumed", why);
}

static void forget_errors(struct lane *lane)
{
	lane->standing.in_row = 0;
	lane->standing.pauses = 0;
}

void standing_note(struct lane *lane, struct flight *flight)
{
	const struct modem_status *status = session_status(lane->session);
	struct standing *s = &lane->standing;

	flight->family = profile_find(status->manufacturer, status->model)->family;
	if (flight->verdict == SEND_ACCEPTED)
		forget_errors(lane);
	if (flight->verdict != SEND_REFUSED)
		return;
	if (s->last_code != flight->code || s->last_is_cme != flight->is_cme)
		s->in_row = 0;
	s->last_code = flight->code;
	s->last_is_cme = flight->is_cme;
	flight->in_row = ++s->in_row;
}

bool standing_refuses_validity(const struct flight *flight)
{
	enum { CMS_VALIDITY_FORMAT = 198, CMS_VALIDITY = 199 };

	return flight->verdict == SEND_REFUSED && !flight->is_cme &&
	       (flight->code == CMS_VALIDITY_FORMAT || flight->code == CMS_VALIDITY);
}

void standing_judged(struct lane *lane, const struct step *step)
{
	const struct flight *flight = step->ended;

	if (flight->verdict != SEND_REFUSED || lane->session == NULL)
		return;
	if (standing_refuses_validity(flight))
		lane->standing.no_validity = true;
	if (step->judged.class == ERR_SIM)
		pause_lane(lane, flight->why);
	else if (step->judged.recover)
		session_reopen_later(lane->session, "it refused a message: the SIM or the modem "
						    "is not well");
}

/* ---- time, and the modem's own changes ---- */

static void note_sim(struct lane *lane)
{
	const char *sim = modem_sim(session_status(lane->session));

	if (strcmp(sim, lane->sim) == 0 && lane->standing.quota_known)
		return;
	if (strcmp(sim, lane->sim) != 0) {
		snprintf(lane->sim, sizeof(lane->sim), "%.23s", sim);
		lane->standing.quota_known = false;
		lane->standing.limit_told = lane->standing.no_validity = false;
		forget_errors(lane);
		resume_lane(lane, "another SIM");
	}
	standing_look(lane);
}

void standing_changed(struct lane *lane)
{
	enum modem_state state = session_status(lane->session)->state;

	if (state == MODEM_DRAINED || state == MODEM_DRAINING)
		lane->standing.drained = true;
	if (!standing_works(lane))
		return;
	if (lane->standing.drained) {
		forget_errors(lane);
		resume_lane(lane, "resumed by an operator");
	}
	lane->standing.drained = false;
	note_sim(lane);
}

/* A wait on the wall clock as a monotonic time; it is looked at again then. */
static int64_t wall_wait(int64_t wall, int64_t now)
{
	return wall > now ? clock_mono_ms() + (wall - now) : INT64_MAX;
}

int64_t standing_wake_at(const struct lane *lane)
{
	const struct standing *s = &lane->standing;
	int64_t at = s->paused_until != 0 ? s->paused_until : INT64_MAX, now = clock_now_ms();

	for (int use = 0; use < QUOTA_USES; use++) {
		int64_t opens = wall_wait(s->quota.open_at[use], now);

		at = opens < at ? opens : at;
	}
	return at;
}

void standing_wake(struct lane *lane)
{
	if (lane->standing.paused_until != 0 && lane->standing.paused_until <= clock_mono_ms())
		resume_lane(lane, "the pause is over");
	else if (lane->standing.paused_until == 0)
		show_limit(lane);
}
