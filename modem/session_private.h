/* session_private.h - a session, for its own files only.
 *
 * session.c        port: open, lost, open again, close
 * session_state.c  the state and its words, deferred events, pacing
 * bringup*.c       from the first AT to ready
 * session_urc.c    unsolicited lines
 * session_work.c   housekeeping commands, one at a time, between messages */
#pragma once

#include <sys/types.h>

#include "base/log.h"
#include "modem/at.h"
#include "modem/port.h"
#include "modem/power.h"
#include "modem/profile.h"
#include "modem/session_parts.h"
#include "modem/transcript.h"

enum session_timer {
	TIMER_SOON,    /* deferred to the next turn: events, failures, actions */
	TIMER_OPEN,    /* back-off */
	TIMER_STEP,    /* between two steps of bring-up */
	TIMER_POLL,    /* registration, signal, storage */
	TIMER_CALL,    /* ringing ended */
	TIMER_USSD,    /* no answer */
	TIMER_GRACE,   /* session_close */
	TIMER_RECOVER, /* a step of recovery is over; or: no port for long */
	TIMER_COUNT,
};

struct session {
	uv_loop_t *loop;
	const struct config *config;
	const struct config_modem *modem; /* in config */
	const struct session_events *events;
	void *arg;
	struct modem_status status;
	const struct profile *profile;

	struct port *port;
	struct at *at; /* NULL while the port is not open */
	uv_timer_t timers[TIMER_COUNT];
	uv_fs_event_t watch;
	ino_t opened_ino;
	dev_t opened_rdev;
	unsigned unclosed; /* ports and conversations that are closing, files being written */
	unsigned handles;  /* uv handles to close at the end */

	bool up;   /* bring-up is through */
	bool busy; /* a housekeeping command is out */
	bool drain, refused, closing, ended;
	bool changed_due, send_failed, open_due; /* for TIMER_SOON */
	enum modem_action action_due;
	bool action_set;
	const char *action_why; /* NULL: an operator asked for it */
	modem_trace *trace;
	void *trace_arg;
	struct transcript *transcript; /* NULL: no memory for one */
	int64_t transcript_ms;         /* monotonic: when it was saved; 0 never */
	void (*closed)(void *arg);
	void *closed_arg;

	struct session_bringup bringup;
	struct session_network net;
	struct session_tx tx;
	struct session_rx rx;
	struct session_call call;
	struct session_ussd ussd;
	struct session_recovery recovery;
};

#define session_log(s, level, ...) session_log_kind(s, LOG_KIND_NONE, level, __VA_ARGS__)
#define session_log_kind(s, of, level, ...)                                                        \
	log_write(level, &(struct log_tags){ .kind = (of), .modem = (s)->status.name }, __VA_ARGS__)

#include "modem/session_files.h"
