/* jobs.h - what a modem or its network does later: one sorted list on one timer. */
#pragma once

#include <stdint.h>
#include <uv.h>

/* Kinds that are dropped when the modem loses power stand first. */
enum job_kind {
	JOB_REPLY,    /* a reply that a fault delays, or its second half */
	JOB_SEND,     /* the network's answer to Ctrl-Z */
	JOB_BOOT,     /* power-up is over */
	JOB_SIM,      /* the SIM's files are loaded */
	JOB_REGISTER, /* the network has been found */
	JOB_RING,
	JOB_USSD,
	JOB_ACK,   /* +CNMA did not come */
	JOB_PACE,  /* the next byte of a slow line */
	JOB_AWAKE, /* a hang is over */
	JOB_URC,   /* lines of a flood */
	JOB_POWER_KINDS,
	JOB_REPORT = JOB_POWER_KINDS, /* the network's: they outlive a reboot */
	JOB_PLUG,
};

struct job;
typedef void job_fn(void *owner, struct job *job); /* job is freed after it returns */

struct job {
	struct job *next;
	uint64_t due_ns;
	enum job_kind kind;
	job_fn *run;
	void *data; /* freed with the job; may be NULL */
	long number;
};

struct jobs {
	uv_timer_t timer;
	struct job *first, *last;
	void *owner;
};

void jobs_init(struct jobs *jobs, uv_loop_t *loop, void *owner);

/* Jobs due at the same moment run in the order in which they were made. data is taken over. */
struct job *jobs_after(struct jobs *jobs, long ms, enum job_kind kind, job_fn *run, void *data);

void jobs_cancel(struct jobs *jobs, enum job_kind kind);
int jobs_waiting(const struct jobs *jobs, enum job_kind kind);

/* Drops all; closed gets the timer handle, whose data is owner. */
void jobs_close(struct jobs *jobs, uv_close_cb closed);
