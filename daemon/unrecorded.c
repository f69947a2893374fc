/* unrecorded.c - outcomes that the disk did not take (it is full, most of all).
 *
 * They are kept in their order, told once, and tried again every second; meanwhile their lane
 * begins nothing. What is still not on disk when simgate stops is uncertain at the next start. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/dispatch_private.h"
#include "daemon/step.h"

enum { RECORD_RETRY_MS = 1000 };

void unrecorded_keep(struct lane *lane, struct step *step, int status)
{
	struct step **last = &lane->unrecorded;

	if (!step->told)
		log_write(LOG_LEVEL_ERROR,
			  &(struct log_tags){ .kind = LOG_KIND_DATABASE,
					      .modem = lane->modem,
					      .id = step->ended->job->row.id },
			  "cannot record how sending ended (%s): this modem rests until the disk "
			  "takes it",
			  strerror(-status));
	step->told = true;
	step->later = NULL;
	while (*last != NULL)
		last = &(*last)->later;
	*last = step;
	lane->record_at = clock_mono_ms() + RECORD_RETRY_MS;
}

void unrecorded_again(struct lane *lane)
{
	struct step *step = lane->unrecorded, *later;

	lane->unrecorded = NULL;
	for (; step != NULL; step = later) {
		later = step->later;
		step_run(step);
	}
}

/* Several parts of one message may be among them. */
static bool is_shared(const struct lane *lane, const struct job *job)
{
	for (const struct step *step = lane->unrecorded; step != NULL; step = step->later)
		if (step->ended->job == job)
			return true;
	return job == lane->held;
}

void unrecorded_free(struct lane *lane)
{
	struct step *step;

	while ((step = lane->unrecorded) != NULL) {
		lane->unrecorded = step->later;
		if (!is_shared(lane, step->ended->job))
			job_free(step->ended->job);
		flight_free(step->ended);
		step_free(step);
	}
}
