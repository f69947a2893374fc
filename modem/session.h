/* session.h - the life of one modem: open, bring up, register, send, receive, recover.
 *
 * A session owns its port and AT conversation and opens them again with back-off when they are
 * lost. It knows one message part at a time and nothing of queues; what happens goes up as events.
 * Everything runs on the loop; events never run inside a call of this header. */
#pragma once

#include <stdbool.h>
#include <uv.h>

#include "config/config.h"
#include "modem/control.h"
#include "modem/pdu.h"
#include "modem/send.h"

struct session; /* private to session.c and its siblings (session_private.h) */

/* An SMS or report in a modem's memory, or one handed over directly (index < 0). Borrowed. */
struct session_inbound {
	const char *pdu;
	int length;
	const char *storage; /* "SM", "ME", ...; "" if handed over directly */
	int index;
};

/* What is known so far in this bring-up; the rest is "". */
struct session_identity {
	const char *imei, *iccid, *imsi;
};

enum { SESSION_WHY_SIZE = 160, SESSION_DEVICE_SIZE = 128 };

struct session_events {
	/* Before each opening: fills device and gives true, or says why there is none now. NULL:
	 * the configured one. */
	bool (*locate)(void *arg, struct session *session, char device[static SESSION_DEVICE_SIZE],
		       char why[static SESSION_WHY_SIZE]);
	/* Whenever more of its identity is known, and before a PIN is tried: may this modem be used
	 * under this name? False: why not. NULL: yes. */
	bool (*identified)(void *arg, struct session *session,
			   const struct session_identity *identity,
			   char why[static SESSION_WHY_SIZE]);
	/* A modem that is in no configuration was plugged in (told by the fleet). May be NULL. */
	void (*added)(void *arg, struct session *session);
	void (*changed)(void *arg, struct session *session); /* session_status() says what is new */
	/* Exactly once per session_send. The next session_send may be called from inside. */
	void (*send_done)(void *arg, struct session *session, const struct send_outcome *outcome);
	/* A +CMGS that came after its send had ended SEND_UNCERTAIN. */
	void (*late_reply)(void *arg, struct session *session, int reference);
	/* Keep it on disk, then call session_inbound_kept: only then does it leave the modem. */
	void (*inbound)(void *arg, struct session *session, const struct session_inbound *in);
	/* A call rang and was rejected. number "" if withheld. */
	void (*call)(void *arg, struct session *session, const char *number, int type);
	/* session_close ended: after this there is no session. May be NULL. */
	void (*gone)(void *arg, struct session *session);
	/* May this PIN be tried on this SIM? Answer later with session_pin_answer. */
	void (*pin_wanted)(void *arg, struct session *session, const char *iccid, int tries_left);
};

/* config's modem is looked up by name whenever it is needed; the snapshot is counted. */
struct session *session_new(uv_loop_t *loop, const struct config *config, const char *name,
			    const struct session_events *events, void *arg);

/* The same for a modem that is not in the configuration; modem and its texts outlive the session.
 * Stored messages of such a modem are told, but never deleted. */
struct session *session_new_unnamed(uv_loop_t *loop, const struct config *config,
				    const struct config_modem *modem,
				    const struct session_events *events, void *arg);

/* locate may have another answer now: a session that waits to open tries at once. */
void session_wake(struct session *session);

/* It never opens: state failed with this reason. Right after session_new only. */
void session_refuse(struct session *session, const char *why);

/* The same modem's settings of a newer snapshot (counted; modem is in it, or outlives the session).
 * Where they are of the port or the SIM, it is opened again after the message on the air. */
void session_set_config(struct session *session, const struct config *config,
			const struct config_modem *modem);

/* Closes the port after the message on the air; failed with this reason (a constant) until
 * session_set_config. */
void session_retire(struct session *session, const struct config *config,
		    const struct config_modem *modem, const char *why);

const struct modem_status *session_status(const struct session *session); /* borrowed */

bool session_can_send(const struct session *session); /* ready, nothing on the air */

/* AT+CMGS goes out at once; the payload waits for the prompt and for session_commit. */
void session_send(struct session *session, const struct session_part *part);
void session_commit(struct session *session);  /* the attempt is on disk: payload and Ctrl-Z */
void session_abandon(struct session *session); /* it is not: ESC; ends SEND_NOT_SUBMITTED */

/* What status shows of sending from now on; borrowed until the session ends. */
void session_show_sending(struct session *session, const struct modem_sending *sending);

void session_inbound_kept(struct session *session, const char *storage, int index);
void session_pin_answer(struct session *session, bool allowed);

/* control.h's actions on this modem. 0, or -EBUSY, -ENOTCONN, -EINVAL (a command or code that must
 * not be sent), -ENOMEM. */
int session_action(struct session *session, enum modem_action action);
/* Opens it anew, after a message on the air, for a reason of our own; not where more is asked
 * already. why is a literal. */
void session_reopen_later(struct session *session, const char *why);
int session_at(struct session *session, const char *command, modem_answer *done, void *arg);
int session_ussd(struct session *session, const char *code, modem_answer *done, void *arg);
int session_trace(struct session *session, modem_trace *trace, void *arg); /* NULL: stop */

/* No more events; frees itself when its port is closed, then closed (may be NULL) runs. A part on
 * the air is waited for at most grace_ms (0: not at all); its send_done still comes. */
void session_close(struct session *session, unsigned grace_ms, void (*closed)(void *arg),
		   void *arg);
