/* session_parts.h - what each part of a session remembers. Each is written by one file only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modem/session.h"
#include "modem/session_rx.h"

/* bringup*.c */
struct session_bringup {
	int step;        /* enum step */
	unsigned tries;  /* times this step was entered in a row */
	size_t row;      /* of the list that a step walks */
	int64_t wait_ms; /* before the next step; set by a step's decision */
	bool pin_wanted, pin_entered, sim_cycled;
	bool numbered;    /* it promised to number its errors */
	bool sms_late;    /* SMS was set up before the modem said that it is ready for that */
	int tries_left;   /* for the PIN; -1 unknown */
	bool pin_refused; /* by the SIM of pin_refused_iccid */
	char pin_refused_iccid[24];
	char imei_before[24];         /* who answered here since the start, or since a reopen */
	char other[SESSION_WHY_SIZE]; /* why what answers now is not the modem of this name */
	unsigned notices[5];          /* what +CNMI=? allows, as masks */
	size_t n_notices;
	char storages[256]; /* what +CPMS=? answered, or "" */
};

enum { NET_CS, NET_PS, NET_EPS, NET_DOMAINS };

/* session_network.c */
struct session_network {
	int stat[NET_DOMAINS];             /* -1 unknown */
	unsigned wanted;                   /* queries that are due, as bits */
	bool known;                        /* the first answer came, or there is none to be had */
	bool usable, ucs2;                 /* may send; strings are UCS2 as hex */
	int64_t searching_ms, eps_only_ms; /* monotonic; 0: not so */
	unsigned radio_cycles;
	bool selected; /* AT+COPS=0 went out in this search */
};

/* session_send.c */
struct session_tx {
	struct session_part part;
	bool active, prompted, committed, abandoned;
	bool link_asked;           /* AT+CMMS=2 went out since bring-up */
	int64_t in_doubt_until_ms; /* monotonic: a +CMGS until then is late_reply */
	int reference;             /* of the last part that was accepted */
	int64_t rechecked_ms;      /* monotonic: an error made bring-up look again */
	unsigned errors_in_row, routeless;
	unsigned pace, clean; /* step of profile_pace, sends since it changed */
	const void *pace_profile;
	unsigned route; /* how many of the profile's QUIRK_ROUTE failed */
};

enum { CALL_NUMBER_SIZE = 32 };

/* session_calls.c */
struct session_call {
	bool ringing, told, reject;
	bool list;    /* AT+CLCC is due */
	bool hung_up; /* the modem says so: if it rings on, it did not */
	bool doubted; /* rings behind one that was hung up: the same, until its number differs */
	bool by_ath;  /* AT+CHUP was no way to hang up */
	unsigned rings;
	int64_t ended_ms;              /* monotonic: the one before; 0: none yet */
	char number[CALL_NUMBER_SIZE]; /* that was told, of this one or the one before */
};

/* session_ussd.c */
struct session_ussd {
	modem_answer *done;
	void *arg;
	enum ussd_form { USSD_PLAIN, USSD_PACKED, USSD_UCS2 } form;
	bool tried_both;
	char code[184];
};

enum trouble {
	TROUBLE_SILENT,   /* no answer to commands */
	TROUBLE_ERRORS,   /* messages fail, by the modem's fault */
	TROUBLE_NO_ROUTE, /* for SMS, says the network */
	TROUBLE_NO_NETWORK,
	TROUBLE_GONE, /* no port for long */
	TROUBLE_ASKED,
	TROUBLES
};

enum proof { PROOF_ANSWERS, PROOF_UP }; /* each holds the one before */

struct session_rung {
	int64_t taken[CONFIG_PER_HOUR_MAX]; /* monotonic times, the next one overwritten */
	size_t next;
};

/* session_recover.c */
struct session_recovery {
	unsigned next[TROUBLES]; /* how far up the ladder each kind has come */
	bool active;             /* a step runs: TIMER_RECOVER is its end */
	enum modem_rung running;
	enum trouble trouble; /* that it is for */
	unsigned backoff;
	bool answered; /* since the port was opened */
	struct session_rung rungs[MODEM_RUNGS];
	struct power *power; /* runs now */
};
