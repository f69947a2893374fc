/* held.c - jobs that a lane keeps for later: the rest of a set, whose turn is next, and parts that
 * are tried again in a moment. The former go first: sets are not interleaved. */
#include "daemon/dispatch_private.h"

void held_put(struct lane *lane, struct job *job, int64_t until)
{
	held_take(lane, job);
	job->is_held = true;
	job->held_until = until;
	if (until == 0)
		TAILQ_INSERT_HEAD(&lane->held, job, held_link);
	else
		TAILQ_INSERT_TAIL(&lane->held, job, held_link);
}

void held_take(struct lane *lane, struct job *job)
{
	if (job->is_held)
		TAILQ_REMOVE(&lane->held, job, held_link);
	job->is_held = false;
}

void held_free(struct lane *lane)
{
	struct job *job;

	while ((job = TAILQ_FIRST(&lane->held)) != NULL) {
		held_take(lane, job);
		job_free(job);
	}
}
