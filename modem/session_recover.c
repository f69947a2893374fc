/* session_recover.c - what is done about a modem in trouble: a ladder, as data.
 *
 * Each trouble in a row climbs one rung; the first success puts the ladder away. Rebooting is
 * bounded (once in ten minutes, six times an hour): where it is not allowed yet, the rung below
 * is used again. Nothing here is a fault of the messages that wait. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "modem/bringup.h"

enum { RESET_COOL_MS = 600000, HOUR_MS = 3600000 };

static void climb_resync(struct session *s, const char *why);
static void climb_radio(struct session *s, const char *why);
static void climb_reset(struct session *s, const char *why);

static const struct rung {
	const char *name;
	void (*climb)(struct session *s, const char *why);
	bool needs_answers; /* of no use while the modem is silent since it was opened */
	bool is_reset;
} rungs[] = {
	{ "resync", climb_resync, true, false },
	{ "reopen", session_reopen, false, false },
	{ "radio", climb_radio, true, false },
	{ "reset", climb_reset, false, true },
};

/* Where each trouble gets on the ladder at the earliest. */
static const size_t first_rung[] = {
	[TROUBLE_SILENT] = 1,
	[TROUBLE_ERRORS] = 0,
	[TROUBLE_NO_NETWORK] = 2,
	[TROUBLE_ASKED] = 3,
};

static const unsigned backoff_ms[] = { 250, 1000, 2000, 5000, 10000, 30000 };

uint64_t recover_backoff(struct session *s)
{
	unsigned *i = &s->recovery.backoff;
	uint64_t ms = backoff_ms[*i];

	if (*i + 1 < ARRAY_LEN(backoff_ms))
		++*i;
	return ms;
}

/* A time of 0 is a reset that never was. */
static bool may_reset(const struct session_recovery *r)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < ARRAY_LEN(r->resets); i++)
		if (r->resets[i] != 0 && now - r->resets[i] < RESET_COOL_MS)
			return false;
	return r->resets[r->next_reset] == 0 || now - r->resets[r->next_reset] >= HOUR_MS;
}

static void note_reset(struct session_recovery *r)
{
	r->resets[r->next_reset] = clock_mono_ms();
	r->next_reset = (r->next_reset + 1) % ARRAY_LEN(r->resets);
}

static void climb_resync(struct session *s, const char *why)
{
	(void)why;
	at_resync(s->at);
}

/* In a fresh conversation: nothing that is queued may come between. */
static void climb_radio(struct session *s, const char *why)
{
	session_renew(s, ST_RADIO_CYCLE_OFF, why);
}

static void climb_reset(struct session *s, const char *why)
{
	note_reset(&s->recovery);
	session_renew(s, ST_RESET, why);
}

/* A rung that is of no use now is passed over downwards; the next trouble tries a higher one. */
static size_t choose(const struct session *s, enum trouble trouble)
{
	size_t i = s->recovery.rung[trouble], last = ARRAY_LEN(rungs) - 1;

	if (i < first_rung[trouble])
		i = first_rung[trouble];
	if (i > last)
		i = last;
	if (trouble != TROUBLE_ASKED && rungs[i].is_reset && !may_reset(&s->recovery))
		i--;
	while (rungs[i].needs_answers && !s->recovery.answered && i > 1)
		i--;
	return i;
}

void recover_trouble(struct session *s, enum trouble trouble, const char *why)
{
	const struct rung *rung;
	char kept[160];
	size_t i;

	if (s->closing || s->at == NULL)
		return;
	snprintf(kept, sizeof(kept), "%s", why);
	i = choose(s, trouble);
	rung = &rungs[i];
	if (trouble == TROUBLE_SILENT || trouble == TROUBLE_ERRORS)
		s->recovery.rung[trouble] = (unsigned)i + 1;
	snprintf(s->status.recovery_step, sizeof(s->status.recovery_step), "%s", rung->name);
	session_error(s, "%s", kept);
	session_log(s, LOG_LEVEL_WARN, "%s; recovery step: %s", kept, rung->name);
	rung->climb(s, kept);
}

void recover_answers(struct session *s)
{
	s->recovery.rung[TROUBLE_SILENT] = 0;
}

void recover_sends(struct session *s)
{
	recover_answers(s);
	s->recovery.rung[TROUBLE_ERRORS] = 0;
	s->status.recovery_step[0] = '\0';
}

bool recover_reset_cmd(struct session *s, char *cmd, size_t size)
{
	snprintf(cmd, size, "%s", s->profile->reset);
	return true;
}
