/* control.h - what the API may see of modems and ask of them. Loop only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modem/control_ports.h"

enum modem_state {
	MODEM_ABSENT,
	MODEM_OPENING,
	MODEM_STARTING,
	MODEM_SIM_MISSING,
	MODEM_SIM_PIN,
	MODEM_SIM_PUK,
	MODEM_SEARCHING,
	MODEM_DENIED,
	MODEM_READY,
	MODEM_SENDING,
	MODEM_RECOVERING,
	MODEM_DRAINING,
	MODEM_DRAINED,
	MODEM_FAILED,
};

const char *modem_state_name(enum modem_state state);
const char *modem_registration_text(int registration); /* in words, for people */

/* What is done about a modem in trouble, the mildest first. */
enum modem_rung {
	RUNG_RESYNC, /* ESC, silence, a query */
	RUNG_REOPEN, /* its port */
	RUNG_ROUTE,  /* another AT+CGSMS */
	RUNG_INIT,   /* all settings anew */
	RUNG_RADIO,  /* off and on */
	RUNG_RESET,  /* reboot */
	RUNG_POWER,  /* the configured command */
	MODEM_RUNGS,
};

const char *modem_rung_name(enum modem_rung rung);

/* What who sends on a modem says of it; the modem itself knows nothing of it. */
struct modem_sending {
	char why[160];    /* nothing is sent, or codes alone, though the modem could; "": not so */
	int64_t until_ms; /* wall time when that ends, as far as it is known; 0: not known */
	int64_t codes_until_ms; /* the same of codes; 0: they are sent */
	bool paused;            /* after errors; else a limit is used up */
	char balance[24];       /* of the SIM, as "12.50" */
	bool balance_low;
	int64_t balance_at_ms; /* when it was asked for; 0: never */
};

struct modem_status {
	char name[64], device[128];
	enum modem_state state;
	char why[160];
	int64_t since_ms; /* wall time of the last change of state */
	char manufacturer[48], model[48], revision[64], profile[32];
	char imei[24], imsi[24], iccid[24], number[24], smsc[24];
	int registration; /* +CREG stat, -1 unknown */
	bool roaming;
	bool no_caller_id; /* it cannot say who rings */
	char operator_name[48], rat[16];
	int dbm;                                    /* 0: unknown */
	int64_t sent, refused, uncertain, received; /* parts since start */
	int64_t last_sent_ms, last_answer_ms;       /* to any command */
	unsigned pace, command_gap_ms, prompt_gap_ms;
	char last_error[160];
	int64_t last_error_ms;
	char recovery_step[32], recovery_why[160]; /* while one is taken, else "" */
	unsigned recoveries[MODEM_RUNGS];          /* since the port is this one */
	unsigned reopenings;
	const struct modem_sending *sending; /* NULL: nobody does */
};

/* The SIM whom counts belong to: its ICCID, or the modem's name while that is unknown. */
const char *modem_sim(const struct modem_status *status);
/* Accepted a message or answered a command a moment ago, at most idle_ms and a bit: not because a
 * timer ticks. */
bool modem_is_healthy(const struct modem_status *status, int64_t idle_ms);
/* Somebody who rings reaches it, and it says who that is. */
bool modem_hears_calls(const struct modem_status *status);

enum modem_action { MODEM_DRAIN, MODEM_RESUME, MODEM_RESET, MODEM_REOPEN };

/* lines: of the answer, n of them; final: "OK", "+CME ERROR: 3", or why it could not be asked.
 * Exactly once, never inside the call that asked. All borrowed. */
typedef void modem_answer(void *arg, const char *const *lines, size_t n, const char *final);

typedef void modem_trace(void *arg, int64_t at_ms, char direction, const char *masked);

struct control; /* the fleet of modems: modem/fleet.c */

size_t control_count(const struct control *control);
const struct modem_status *control_at(const struct control *control, size_t i); /* borrowed */
const struct modem_status *control_find(const struct control *control, const char *name);

/* 0; -ENOENT: no such modem; -EBUSY, -ENOTCONN: not now. */
int control_action(struct control *control, const char *name, enum modem_action action);
int control_at_command(struct control *control, const char *name, const char *command,
		       modem_answer *done, void *arg);
int control_ussd(struct control *control, const char *name, const char *code, modem_answer *done,
		 void *arg);
/* Every port and who is there; ask: free ones are opened and asked. -EBUSY: one at a time. done
 * runs later, once. */
int control_ports(struct control *control, bool ask, modem_ports_done *done, void *arg);
/* One listener a modem; trace NULL ends it. */
int control_trace(struct control *control, const char *name, modem_trace *trace, void *arg);
