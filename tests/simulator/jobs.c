/* jobs.c - a list sorted by due time; most jobs of a kind have one delay, so that they are put
 * near its end. The timer stands at the first one's moment. */
#include "tests/simulator/jobs.h"

#include <stdlib.h>

static void arm(struct jobs *jobs);

static void job_free(struct job *job)
{
	free(job->data);
	free(job);
}

static void on_timer(uv_timer_t *timer)
{
	struct jobs *jobs = (struct jobs *)((char *)timer - offsetof(struct jobs, timer));
	uint64_t now = uv_hrtime();

	while (jobs->first != NULL && jobs->first->due_ns <= now) {
		struct job *job = jobs->first;

		jobs->first = job->next;
		if (jobs->first == NULL)
			jobs->last = NULL;
		job->run(jobs->owner, job);
		job_free(job);
	}
	arm(jobs);
}

static void arm(struct jobs *jobs)
{
	uint64_t now = uv_hrtime(), wait;

	if (uv_is_closing((uv_handle_t *)&jobs->timer))
		return;
	if (jobs->first == NULL) {
		uv_timer_stop(&jobs->timer);
		return;
	}
	wait = jobs->first->due_ns > now ? jobs->first->due_ns - now : 0;
	uv_update_time(jobs->timer.loop);
	uv_timer_start(&jobs->timer, on_timer, (wait + 999999) / 1000000, 0);
}

void jobs_init(struct jobs *jobs, uv_loop_t *loop, void *owner)
{
	uv_timer_init(loop, &jobs->timer);
	jobs->timer.data = owner;
	jobs->owner = owner;
	jobs->first = jobs->last = NULL;
}

static void insert(struct jobs *jobs, struct job *job)
{
	struct job **at = &jobs->first;

	if (jobs->last != NULL && jobs->last->due_ns <= job->due_ns)
		at = &jobs->last->next;
	while (*at != NULL && (*at)->due_ns <= job->due_ns)
		at = &(*at)->next;
	job->next = *at;
	*at = job;
	if (job->next == NULL)
		jobs->last = job;
}

struct job *jobs_after(struct jobs *jobs, long ms, enum job_kind kind, job_fn *run, void *data)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		abort(); /* a test tool has no better answer to an empty machine */
	job->due_ns = uv_hrtime() + (uint64_t)ms * 1000000;
	job->kind = kind;
	job->run = run;
	job->data = data;
	insert(jobs, job);
	if (jobs->first == job)
		arm(jobs);
	return job;
}

void jobs_cancel(struct jobs *jobs, enum job_kind kind)
{
	struct job **at = &jobs->first;

	jobs->last = NULL;
	while (*at != NULL) {
		struct job *job = *at;

		if (job->kind == kind) {
			*at = job->next;
			job_free(job);
		} else {
			jobs->last = job;
			at = &job->next;
		}
	}
	arm(jobs);
}

int jobs_waiting(const struct jobs *jobs, enum job_kind kind)
{
	int n = 0;

	for (const struct job *job = jobs->first; job != NULL; job = job->next)
		n += job->kind == kind;
	return n;
}

void jobs_close(struct jobs *jobs, uv_close_cb closed)
{
	while (jobs->first != NULL) {
		struct job *job = jobs->first;

		jobs->first = job->next;
		job_free(job);
	}
	jobs->last = NULL;
	uv_close((uv_handle_t *)&jobs->timer, closed);
}
