/* radio.h - the SIM card, the radio and the registration of one modem. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct modem;

struct sim {
	bool present, busy, lock,
		verified; /* lock: asks for the PIN; verified: it has been given */
	char pin[16], puk[16];
	int pin_left, puk_left;
	char smsc[64];
	char iccid[24]; /* "": as the options say */
};

enum registration { REG_CS, REG_PS, REG_EPS, REG_COUNT };

struct radio {
	int function;        /* +CFUN */
	int mode;            /* +COPS: 0 automatic, 2 deregistered */
	int stat[REG_COUNT]; /* +CREG, +CGREG, +CEREG */
	int wanted;          /* what the network answers when the search is over */
	int signal;          /* +CSQ 0..31, 99 */
	bool searched;       /* the search is over since power, PIN or radio came on */
};

/* 0 if ready, else the +CME ERROR number; the +CMS ERROR number of the same state. */
int sim_trouble(const struct modem *modem);
int sim_trouble_cms(int cme);
const char *sim_state(const struct modem *modem); /* of +CPIN: */

/* Tries a PIN, or with new_pin a PUK. A result for reply_end. */
int sim_enter(struct modem *modem, const char *code, const char *new_pin);
void sim_power(struct modem *modem); /* the SIM starts: files load, the PIN is asked again */
void sim_insert(struct modem *modem, bool present);
const char *sim_iccid(const struct modem *modem);

/* Starts, or stops, the search, as SIM, function and mode allow. */
void radio_update(struct modem *modem);
void radio_registration(struct modem *modem, enum registration domain, int stat);
void radio_all(struct modem *modem, int stat);    /* the network's answer from now on */
bool radio_registered(const struct modem *modem); /* able to send and receive SMS */
