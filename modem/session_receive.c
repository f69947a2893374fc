/* session_receive.c - messages and reports that came: announced, listed, or handed over directly.
 *
 * A stored one is read, told upwards, and deleted only after session_inbound_kept: disk first. The
 * items below are all that is remembered; what does not fit or fails is found again by the next
 * sweep (AT+CMGL=4 at the start, then every minute), and may then be told twice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "modem/bringup.h"
#include "modem/parse.h"

enum {
	SELECT_MS = 10000,
	READ_MS = 10000,
	DELETE_MS = 25000,
	LIST_MS = 60000,
	AGAIN_MS = 1000, /* Huawei: an announced message may not be there for half a second */
	ACK_MS = 10000,
	READ_TRIES = 2,
	INDEX_GONE = 321,
	OWN_UNSENT = 2, /* states in +CMGL and +CMGR: what this SIM stored to send */
	OWN_SENT = 3,
};

static struct rx_item *find(struct session_rx *rx, const char *storage, int index)
{
	for (size_t i = 0; i < rx->n; i++)
		if (rx->items[i].index == index && strcmp(rx->items[i].storage, storage) == 0)
			return &rx->items[i];
	return NULL;
}

static struct rx_item *find_state(struct session_rx *rx, enum rx_state state)
{
	for (size_t i = 0; i < rx->n; i++)
		if (rx->items[i].state == state)
			return &rx->items[i];
	return NULL;
}

/* NULL if there is no room: a later sweep finds it. */
static struct rx_item *add(struct session_rx *rx, const char *storage, int index,
			   enum rx_state state)
{
	struct rx_item *item = find(rx, storage, index);

	if (item == NULL && rx->n == RX_ITEMS) {
		rx->overflow = true;
		return NULL;
	}
	if (item == NULL)
		item = &rx->items[rx->n++];
	memset(item, 0, sizeof(*item));
	snprintf(item->storage, RX_NAME, "%s", storage);
	item->index = index;
	item->state = state;
	return item;
}

static void drop(struct session_rx *rx, struct rx_item *item)
{
	*item = rx->items[--rx->n];
	if (rx->overflow && rx->n < RX_ITEMS / 2) {
		rx->overflow = false;
		rx->sweeps = (1u << rx->n_stores) - 1;
	}
}

void receive_reset(struct session *s)
{
	struct session_rx *rx = &s->rx;

	rx->n = 0;
	rx->overflow = false;
	rx->acks_due = 0;
	rx->sweeps = 0;
	rx->args = 0;
	rx->n_stores = 1; /* whichever it is, until bring-up knows */
	rx->stores[0][0] = rx->selected[0] = '\0';
}

void receive_start(struct session *s)
{
	s->rx.sweeps = (1u << s->rx.n_stores) - 1;
}

void receive_sweep(struct session *s)
{
	s->rx.sweeps |= 1;
	session_work(s);
}

void receive_stored(struct session *s, const char *rest)
{
	struct parse_fields fields;
	char storage[RX_NAME];
	int index;

	parse_fields(&fields, rest);
	index = parse_int(&fields, 1, -1);
	if (index < 0)
		return;
	snprintf(storage, sizeof(storage), "%s", s->rx.args > 0 ? parse_text(&fields, 0) : "");
	if (strpbrk(storage, "\r\n\"") == NULL)
		add(&s->rx, storage, index, RX_READ);
	session_work(s);
}

/* FNV-1a, never 0: is it the PDU that was told? */
static uint32_t hash_of(const char *pdu)
{
	uint32_t hash = 2166136261u;

	for (; *pdu != '\0'; pdu++)
		hash = (hash ^ (unsigned char)*pdu) * 16777619u;
	return hash != 0 ? hash : 1;
}

/* Where an index's kept hash stands; NULL: it has no place, so it is told at each sweep. */
static uint32_t *kept_at(struct session_rx *rx, const char *storage, int index)
{
	for (size_t i = 0; i < rx->n_stores && index >= 0 && index < RX_INDEXES; i++)
		if (strcmp(rx->stores[i], storage) == 0)
			return &rx->kept[i][index];
	return NULL;
}

/* It stays in the modem and is not told again. */
static void keep(struct session_rx *rx, struct rx_item *item)
{
	uint32_t *kept = kept_at(rx, item->storage, item->index);

	if (kept != NULL)
		*kept = item->hash;
	drop(rx, item);
}

static bool is_kept(struct session_rx *rx, const char *storage, int index, const char *pdu)
{
	const uint32_t *kept = rx->keep ? kept_at(rx, storage, index) : NULL;

	return kept != NULL && *kept == hash_of(pdu);
}

static void tell(struct session *s, const char *pdu, int length, const char *storage, int index)
{
	struct session_inbound in = {
		.pdu = pdu,
		.length = length,
		.storage = storage,
		.index = index,
	};

	struct rx_item *item = index >= 0 ? find(&s->rx, storage, index) : NULL;

	if (item != NULL)
		item->hash = hash_of(pdu);
	s->status.received++;
	s->events->inbound(s->arg, s, &in);
}

/* The length is the last value of "+CMT: [alpha],length" and of its sisters. */
static int last_int(const struct parse_fields *fields)
{
	return fields->n > 0 ? parse_int(fields, fields->n - 1, -1) : -1;
}

void receive_direct(struct session *s, const char *rest, const char *pdu)
{
	struct parse_fields fields;

	parse_fields(&fields, rest);
	tell(s, pdu, last_int(&fields), "", -1);
}

void session_inbound_kept(struct session *s, const char *storage, int index)
{
	struct rx_item *item = index >= 0 ? find(&s->rx, storage, index) : NULL;

	if (index < 0 && s->rx.acks)
		s->rx.acks_due++;
	if (item != NULL && item->state == RX_TOLD && s->rx.keep)
		keep(&s->rx, item);
	else if (item != NULL && item->state == RX_TOLD)
		item->state = RX_DELETE;
	session_work(s);
}

static bool is_own(int state)
{
	return state == OWN_UNSENT || state == OWN_SENT;
}

/* +CMGL: index,state,[alpha],length and its PDU. One that waits to be deleted is not told again. */
static void take_listed(struct session *s, const char *rest, const char *pdu)
{
	struct session_rx *rx = &s->rx;
	struct parse_fields fields;
	struct rx_item *known;
	int index;

	parse_fields(&fields, rest);
	index = parse_int(&fields, 0, -1);
	if (index < 0 || is_own(parse_int(&fields, 1, 0)))
		return;
	known = find(rx, rx->now.storage, index);
	if ((known != NULL && known->state == RX_DELETE) ||
	    is_kept(rx, rx->now.storage, index, pdu))
		return;
	if (add(rx, rx->now.storage, index, RX_TOLD) != NULL)
		tell(s, pdu, last_int(&fields), rx->now.storage, index);
}

static bool is_pdu(const char *line)
{
	return parse_is_hex(line) && strlen(line) >= 16;
}

/* A listing that is refused after others were not: the modem restarted without a word. Not that of
 * a memory which may never be listed (SR). */
static void note_listing(struct session *s, enum at_status status)
{
	bool lost = s->rx.listed && status == AT_ERROR;

	if (strcmp(s->rx.now.storage, s->rx.stores[0]) != 0)
		return;
	s->rx.listed = status == AT_OK || (s->rx.listed && status != AT_ERROR);
	if (lost)
		send_recheck(s, ST_PROBE);
}

static void on_listed(void *arg, const struct at_reply *reply)
{
	struct session *s = arg;

	if (reply->status == AT_CLOSED)
		return;
	for (size_t i = 0; i + 1 < reply->n_lines; i++) {
		const char *rest = parse_after(reply->lines[i], "+CMGL:");

		if (rest != NULL && is_pdu(reply->lines[i + 1]))
			take_listed(s, rest, reply->lines[i + 1]);
	}
	note_listing(s, reply->status);
	session_work_done(s);
}

/* +CMGR: state,[alpha],length and its PDU. False: nothing is there. */
static bool take_read(struct session *s, const struct at_reply *reply)
{
	for (size_t i = 0; i + 1 < reply->n_lines; i++) {
		const char *rest = parse_after(reply->lines[i], "+CMGR:");
		struct parse_fields fields;

		if (rest == NULL || !is_pdu(reply->lines[i + 1]))
			continue;
		parse_fields(&fields, rest);
		tell(s, reply->lines[i + 1], last_int(&fields), s->rx.now.storage, s->rx.now.index);
		return true;
	}
	return false;
}

static void on_read(void *arg, const struct at_reply *reply)
{
	struct session *s = arg;
	struct rx_item *item;

	if (reply->status == AT_CLOSED)
		return;
	item = find(&s->rx, s->rx.now.storage, s->rx.now.index);
	if (item != NULL && item->state == RX_READ) {
		item->state = RX_TOLD; /* before it is told: the answer may come at once */
		if (!take_read(s, reply)) {
			item->state = RX_READ;
			if (++item->tries >= READ_TRIES || reply->code == INDEX_GONE) {
				drop(&s->rx, item);
				session_after(s, TIMER_POLL, AGAIN_MS); /* and lists */
			}
		}
	}
	session_work_done(s);
}

static void on_deleted(void *arg, const struct at_reply *reply)
{
	struct session *s = arg;

	if (reply->status == AT_CLOSED)
		return;
	if (reply->status == AT_ERROR && reply->code != INDEX_GONE)
		session_error(s, "a message could not be deleted from the modem: %s", reply->final);
	session_work_done(s);
}

/* Where the storage cannot be selected nothing in it is touched: the index would be another's. */
static void on_selected(void *arg, const struct at_reply *reply)
{
	struct session *s = arg;
	struct session_rx *rx = &s->rx;

	if (reply->status == AT_CLOSED)
		return;
	if (reply->status == AT_OK) {
		memcpy(rx->selected, rx->now.storage, RX_NAME);
	} else {
		for (size_t i = rx->n; i-- > 0;)
			if (strcmp(rx->items[i].storage, rx->now.storage) == 0)
				drop(rx, &rx->items[i]);
		for (size_t i = 0; i < rx->n_stores; i++)
			if (strcmp(rx->stores[i], rx->now.storage) == 0)
				rx->sweeps &= ~(1u << i);
	}
	session_work_done(s);
}

static bool ask(struct session *s, const char *text, const char *prefix, unsigned timeout_ms,
		at_done *done)
{
	struct at_command command = {
		.text = text,
		.prefix = prefix,
		.timeout_ms = timeout_ms,
		.done = done,
	};

	return session_work_send(s, &command);
}

static bool select_storage(struct session *s, const char *storage)
{
	struct session_rx *rx = &s->rx;
	char text[64];

	snprintf(rx->now.storage, RX_NAME, "%s", storage);
	if (rx->args == 3)
		snprintf(text, sizeof(text), "AT+CPMS=\"%s\",\"%s\",\"%s\"", storage, rx->stores[0],
			 rx->stores[0]);
	else
		snprintf(text, sizeof(text), "AT+CPMS=\"%s\"", storage);
	return ask(s, text, "+CPMS:", SELECT_MS, on_selected);
}

static bool must_select(const struct session_rx *rx, const char *storage)
{
	return rx->args > 0 && strcmp(rx->selected, storage) != 0;
}

static bool delete_one(struct session *s, struct rx_item *item)
{
	char text[32];

	snprintf(text, sizeof(text), "AT+CMGD=%d", item->index);
	drop(&s->rx, item); /* from now on a message with this index is a new one */
	return ask(s, text, NULL, DELETE_MS, on_deleted);
}

static bool read_one(struct session *s, const struct rx_item *item)
{
	char text[32];

	s->rx.now = *item;
	snprintf(text, sizeof(text), "AT+CMGR=%d", item->index);
	return ask(s, text, "+CMGR:", READ_MS, on_read);
}

/* The last storage first: in the end the one is selected where new messages go. */
static bool list_one(struct session *s)
{
	struct session_rx *rx = &s->rx;
	size_t i = rx->n_stores - 1;

	while (i > 0 && (rx->sweeps >> i & 1) == 0)
		i--;
	if (must_select(rx, rx->stores[i]))
		return select_storage(s, rx->stores[i]);
	rx->sweeps &= ~(1u << i);
	snprintf(rx->now.storage, RX_NAME, "%s", rx->stores[i]);
	return ask(s, "AT+CMGL=4", "+CMGL:", LIST_MS, on_listed);
}

static void on_acked(void *arg, const struct at_reply *reply)
{
	if (reply->status != AT_CLOSED)
		session_work_done(arg);
}

bool receive_work(struct session *s)
{
	struct session_rx *rx = &s->rx;
	struct rx_item *item;

	if (rx->acks_due > 0) {
		rx->acks_due--;
		return ask(s, "AT+CNMA", NULL, ACK_MS, on_acked);
	}
	item = find_state(rx, RX_DELETE);
	if (item == NULL)
		item = find_state(rx, RX_READ);
	if (item != NULL && must_select(rx, item->storage))
		return select_storage(s, item->storage);
	if (item != NULL)
		return item->state == RX_DELETE ? delete_one(s, item) : read_one(s, item);
	return rx->sweeps != 0 && list_one(s);
}
