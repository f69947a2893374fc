/* balance.h - the balance of a lane's SIM, asked for by USSD from time to time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct lane;

struct balance {
	char sim[24];   /* whose; "": nobody's yet */
	bool known;     /* what was kept on disk has been read */
	bool asking;    /* the network's answer is awaited */
	int64_t due_at; /* wall time; 0: never */
	uv_timer_t timer;
};

void balance_init(struct lane *lane);

/* The modem's status or the configuration changed. */
void balance_changed(struct lane *lane);

/* Nothing is on the air: it may be asked for now. */
void balance_gap(struct lane *lane);

/* Must the next part wait for it? */
bool balance_holds(const struct lane *lane);

void balance_stop(struct lane *lane); /* the modem is gone */
void balance_close(struct lane *lane);
