/* network.h - the other side of the radio: message centre, handsets, callers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/simulator/compose.h"
#include "tests/simulator/handset.h"

struct modem;

enum { NETWORK_RULES_MAX = 64, NETWORK_STATUSES_MAX = 4 };

/* What happens to recipients whose number starts so. */
struct report_rule {
	char prefix[SMS_ADDRESS_SIZE];
	uint8_t status[NETWORK_STATUSES_MAX]; /* TP-ST, one report each */
	size_t n;
};

struct refusal {
	char prefix[SMS_ADDRESS_SIZE];
	int code;
};

struct delivery; /* a message or report on its way to the modem */

typedef void call_ended(void *arg, const char *how, int rings);

struct call {
	bool ringing;
	char number[SMS_ADDRESS_SIZE]; /* "": withheld */
	int rings, rings_left;
	call_ended *ended;
	void *arg;
};

struct network {
	struct report_rule rules[NETWORK_RULES_MAX];
	size_t n_rules;
	struct refusal refusals[NETWORK_RULES_MAX];
	size_t n_refusals;
	struct report last; /* of the last message that asked for a report */
	bool last_known;
	struct delivery *waiting;        /* oldest first */
	struct delivery *unacknowledged; /* handed over, +CNMA awaited */
	unsigned set_reference;
	struct handset handset;
	struct call call;
	struct ussd_answer *ussd;
};

/* "none", "delivered", "failed", or PREFIX:ST[/ST...],... with ST in hex and * for any number. */
int network_reports(struct modem *modem, const char *spec);
int network_refuse(struct modem *modem, const char *prefix, int code); /* 0: no longer */
void network_lost(struct modem *modem); /* the modem has no power any more */
void network_free(struct modem *modem);

int network_verdict(const struct modem *modem, const struct submit *submit); /* 0 or CMS number */
int network_accept(struct modem *modem, const struct submit *submit, bool report_first);
/* A report for the last message that asked for one. 0 or -ENOENT. */
int network_report(struct modem *modem, uint8_t status, long after_ms);

void network_deliver(struct modem *modem, const struct pdu *pdu, int message_class, bool silent);
void network_pump(struct modem *modem);                   /* something may have made room or way */
int network_acknowledge(struct modem *modem, bool taken); /* +CNMA; -ENOENT: none expected */

/* ended may be NULL. -EBUSY if a call rings already. */
int network_call(struct modem *modem, const char *number, int rings, call_ended *ended, void *arg);
void network_call_forget(struct modem *modem, const void *arg); /* ended(arg) must not run */
void network_call_end(struct modem *modem, const char *how);

/* answer NULL: no longer. */
void network_ussd_set(struct modem *modem, const char *code, const char *answer);
const char *network_ussd(const struct modem *modem, const char *code);
void network_ussd_free(struct modem *modem);
