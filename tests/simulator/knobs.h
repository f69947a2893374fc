/* knobs.h - what the command line and the control command `set` may turn, by name. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Times in milliseconds. */
struct knobs {
	long send_time;     /* Ctrl-Z to the network's answer */
	long boot_time;     /* silence after power-up, then the boot lines; 0: neither */
	long sim_time;      /* the SIM is busy after power-up or PIN */
	long register_time; /* searching, after the SIM is ready and the radio on */
	long report_time;   /* acceptance to each status report */
	long ring_time;     /* RING to RING */
	long ussd_time;     /* OK to +CUSD */
	long ack_time;      /* +CMT or +CDS to +CNMA */
	long cops_time;     /* AT+COPS=? */
	long zone;          /* of time stamps, in quarters of an hour */
	long mr;            /* the next TP-MR */
	long vanish;        /* 1: the port goes away while the modem reboots */
	long unknown;       /* +CME ERROR for an unknown command; 0: ERROR */
	long memory_sm, memory_me, memory_sr; /* places; at start only */
};

struct knob {
	const char *name;
	size_t offset; /* of a long in struct knobs */
	long standard, least, most;
};

extern const struct knob knob_table[];
extern const size_t knob_count;

void knobs_init(struct knobs *knobs);
int knobs_set(struct knobs *knobs, const char *name, const char *value); /* 0, -ENOENT, -EINVAL */
long knobs_get(const struct knobs *knobs, const struct knob *knob);

/* Counters that `stats` shows, each a uint64_t of struct stats. */
#define STATS(X)                                                                                   \
	X(commands)                                                                                \
	X(prompts)                                                                                 \
	X(submitted)                                                                               \
	X(accepted)                                                                                \
	X(refused)                                                                                 \
	X(escaped)                                                                                 \
	X(handset)                                                                                 \
	X(interleaved)                                                                             \
	X(reports)                                                                                 \
	X(reports_dropped)                                                                         \
	X(received)                                                                                \
	X(unacknowledged)                                                                          \
	X(calls_rejected)                                                                          \
	X(calls_missed)                                                                            \
	X(calls_answered)                                                                          \
	X(faults)                                                                                  \
	X(violations)                                                                              \
	X(excused)                                                                                 \
	X(boots)                                                                                   \
	X(bytes_in)                                                                                \
	X(bytes_out)

#define STATS_FIELD(name) uint64_t name;
struct stats {
	STATS(STATS_FIELD)
};
