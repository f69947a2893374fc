/* session_rx.h - what a session remembers of messages in the modem's memories. Written by
 * session_receive.c; bring-up tells which memories there are. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RX_ITEMS = 64, RX_STORES = 4, RX_NAME = 8, RX_INDEXES = 256 };
enum rx_state { RX_READ, RX_TOLD, RX_DELETE };

struct rx_item {
	char storage[RX_NAME];
	int index;
	enum rx_state state;
	unsigned tries;
	uint32_t hash; /* of the PDU that was told */
};

struct session_rx {
	struct rx_item items[RX_ITEMS], now;
	size_t n;
	char stores[RX_STORES][RX_NAME]; /* to list; [0] is where new ones go */
	char selected[RX_NAME];          /* mem1 */
	size_t n_stores;
	unsigned args;   /* of +CPMS=: 3, 1, or 0 if it cannot be set */
	unsigned sweeps; /* stores whose listing is due, as bits */
	bool overflow;   /* a listing held more than items */
	bool polling;    /* the modem announces nothing */
	bool listed;     /* the last listing was answered */
	bool acks;       /* +CSMS service 1: each +CMT wants +CNMA */
	unsigned acks_due;
	bool keep;                            /* nothing is deleted: */
	uint32_t kept[RX_STORES][RX_INDEXES]; /* hash of what was told of each index, 0: nothing */
};
