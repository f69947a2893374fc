/* sched.c - the window of messages to send next.
 *
 * An item stands in one of three ordered trees or flies:
 *
 *   later    not due yet, by due time
 *   ready    due, in the order of sending
 *   parked   due, but its recipient was found in flight; by recipient, then in the same order
 *   flying   taken and not released: found by its seq and by its recipient
 *
 * Time moves items from later to ready. An item at the head of ready whose recipient flies is
 * parked; when that recipient is released, its first parked item is ready again, the others stay
 * behind it. So every item that may go is in ready, or behind one of its recipient's in ready. Each
 * step costs O(log n); none walks the window.
 *
 * A full window drops what can wait best: the latest of later, else a parked one, else the last of
 * ready. Want of memory is a drop, too: disk has them all. */
#include "queue/sched.h"

#include <stdlib.h>

#include "base/util.h"

enum { WINDOW_MIN = 16, RANKS_OF_LANE = DUE_RANKS / DUE_LANES };

enum place { LATER, READY, PARKED, TREES, FLYING = TREES };

struct item {
	struct due due;
	enum place place;
	bool again;                  /* flying, and to come back when released */
	struct item *next;           /* of the same bucket, by seq */
	struct item *next_recipient; /* flying: of the same bucket, by recipient */
	struct item *left, *right;   /* in its tree; parents weigh more than children */
	uint32_t weight;
};

struct sched {
	struct item *tree[TREES];
	size_t count[TREES + 1];
	struct item **by_seq, **by_recipient;
	size_t window, buckets; /* buckets: a power of two */
	int64_t now;            /* the newest time that was told */
	uint32_t random;
	bool complete, dropped; /* dropped: since the last sched_filled */
};

/* ---- order ---- */

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int sched_order(const struct due *a, const struct due *b)
{
	int rank = compare(a->rank, b->rank), due = compare(a->due_at, b->due_at);

	return rank != 0 ? rank : due != 0 ? due : compare(a->seq, b->seq);
}

static int by_time(const struct due *a, const struct due *b)
{
	int due = compare(a->due_at, b->due_at);

	return due != 0 ? due : sched_order(a, b);
}

static int by_recipient(const struct due *a, const struct due *b)
{
	int number = compare(a->number, b->number);

	return number != 0 ? number : sched_order(a, b);
}

typedef int order_fn(const struct due *a, const struct due *b);

static order_fn *const orders[TREES] = {
	[LATER] = by_time,
	[READY] = sched_order,
	[PARKED] = by_recipient,
};

/* ---- trees: treaps, so about 2 log n deep whatever the order of arrival ---- */

static void split(struct item *tree, const struct due *at, order_fn *order, struct item **before,
		  struct item **after)
{
	if (tree == NULL) {
		*before = *after = NULL;
	} else if (order(&tree->due, at) < 0) {
		split(tree->right, at, order, &tree->right, after);
		*before = tree;
	} else {
		split(tree->left, at, order, before, &tree->left);
		*after = tree;
	}
}

/* All of a stand before all of b. */
static struct item *join(struct item *a, struct item *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	if (a->weight > b->weight) {
		a->right = join(a->right, b);
		return a;
	}
	b->left = join(a, b->left);
	return b;
}

static struct item *first(struct item *tree)
{
	while (tree != NULL && tree->left != NULL)
		tree = tree->left;
	return tree;
}

static struct item *last(struct item *tree)
{
	while (tree != NULL && tree->right != NULL)
		tree = tree->right;
	return tree;
}

static void put(struct sched *sched, struct item *item, enum place place)
{
	struct item **at = &sched->tree[place];
	order_fn *order = orders[place];

	while (*at != NULL && (*at)->weight >= item->weight)
		at = order(&item->due, &(*at)->due) < 0 ? &(*at)->left : &(*at)->right;
	split(*at, &item->due, order, &item->left, &item->right);
	*at = item;
	item->place = place;
	sched->count[place]++;
}

static void pull(struct sched *sched, struct item *item)
{
	struct item **at = &sched->tree[item->place];
	order_fn *order = orders[item->place];

	while (*at != item)
		at = order(&item->due, &(*at)->due) < 0 ? &(*at)->left : &(*at)->right;
	*at = join(item->left, item->right);
	item->left = item->right = NULL;
	sched->count[item->place]--;
}

/* ---- finding by seq, and those in flight by recipient ---- */

static size_t bucket(const struct sched *sched, int64_t key)
{
	return (size_t)(((uint64_t)key * 0x9e3779b97f4a7c15u) >> 40) & (sched->buckets - 1);
}

static struct item *find(const struct sched *sched, int64_t seq)
{
	struct item *item = sched->by_seq[bucket(sched, seq)];

	while (item != NULL && item->due.seq != seq)
		item = item->next;
	return item;
}

static bool recipient_flies(const struct sched *sched, int64_t number)
{
	const struct item *item = sched->by_recipient[bucket(sched, number)];

	while (item != NULL && item->due.number != number)
		item = item->next_recipient;
	return item != NULL;
}

static void take_off(struct sched *sched, struct item *item)
{
	struct item **head = &sched->by_recipient[bucket(sched, item->due.number)];

	item->next_recipient = *head;
	*head = item;
	item->place = FLYING;
	sched->count[FLYING]++;
}

static void land(struct sched *sched, struct item *item)
{
	struct item **at = &sched->by_recipient[bucket(sched, item->due.number)];

	while (*at != item)
		at = &(*at)->next_recipient;
	*at = item->next_recipient;
	sched->count[FLYING]--;
}

/* weight is random: xorshift, the same in every run. */
static struct item *item_new(struct sched *sched, const struct due *due)
{
	struct item *item = calloc(1, sizeof(*item)),
		    **head = &sched->by_seq[bucket(sched, due->seq)];

	if (item == NULL)
		return NULL;
	sched->random ^= sched->random << 13;
	sched->random ^= sched->random >> 17;
	sched->random ^= sched->random << 5;
	item->weight = sched->random;
	item->due = *due;
	item->next = *head;
	*head = item;
	return item;
}

/* Of one that stands in no tree and does not fly. */
static void item_free(struct sched *sched, struct item *item)
{
	struct item **at = &sched->by_seq[bucket(sched, item->due.seq)];

	while (*at != item)
		at = &(*at)->next;
	*at = item->next;
	free(item);
}

/* Disk does not know whom to avoid: a refill must not forget it. */
static void renew(struct item *item, const struct due *due)
{
	uint64_t avoid = item->due.avoid | due->avoid;
	int64_t number = item->due.number, till = item->due.avoid_till;

	item->due = *due;
	item->due.number = number; /* it may fly, and is found by it */
	item->due.avoid = avoid;
	item->due.avoid_till = due->avoid_till > till ? due->avoid_till : till;
}

/* ---- moves between places ---- */

static void enter(struct sched *sched, struct item *item)
{
	put(sched, item, item->due.due_at <= sched->now ? READY : LATER);
}

/* The recipient's first parked item may go again. */
static void wake(struct sched *sched, int64_t number)
{
	struct due from = { .number = number, .rank = -1 };
	struct item *at = sched->tree[PARKED], *found = NULL;

	while (at != NULL)
		if (by_recipient(&from, &at->due) < 0) {
			found = at;
			at = at->left;
		} else {
			at = at->right;
		}
	if (found == NULL || found->due.number != number)
		return;
	pull(sched, found);
	put(sched, found, READY);
}

/* Out of its tree; others of its recipient may have stood behind it. */
static void leave(struct sched *sched, struct item *item)
{
	bool was_ready = item->place == READY;

	pull(sched, item);
	if (was_ready && !recipient_flies(sched, item->due.number))
		wake(sched, item->due.number);
}

static void drop_one(struct sched *sched)
{
	struct item *item = last(sched->tree[LATER]);

	if (item == NULL)
		item = last(sched->tree[PARKED]);
	if (item == NULL)
		item = last(sched->tree[READY]);
	leave(sched, item);
	item_free(sched, item);
	sched->complete = false;
	sched->dropped = true;
}

static void ripen(struct sched *sched, int64_t now)
{
	struct item *item;

	sched->now = now;
	while ((item = first(sched->tree[LATER])) != NULL && item->due.due_at <= now) {
		pull(sched, item);
		put(sched, item, READY);
	}
}

/* The first ready item that stands after this place, whose recipient does not fly; those that do
 * are parked on the way. */
static struct item *next_ready(struct sched *sched, const struct due *place)
{
	for (;;) {
		struct item *at = sched->tree[READY], *found = NULL;

		while (at != NULL)
			if (sched_order(place, &at->due) < 0) {
				found = at;
				at = at->left;
			} else {
				at = at->right;
			}
		if (found == NULL || !recipient_flies(sched, found->due.number))
			return found;
		pull(sched, found);
		put(sched, found, PARKED);
	}
}

/* ---- the public face ---- */

struct sched *sched_new(size_t window)
{
	struct sched *sched = calloc(1, sizeof(*sched));

	if (sched == NULL)
		return NULL;
	sched->random = 2463534242u;
	sched->window = window;
	for (sched->buckets = WINDOW_MIN; sched->buckets < window;)
		sched->buckets *= 2;
	sched->by_seq = calloc(sched->buckets, sizeof(*sched->by_seq));
	sched->by_recipient = calloc(sched->buckets, sizeof(*sched->by_recipient));
	if (sched->by_seq != NULL && sched->by_recipient != NULL)
		return sched;
	sched->buckets = 0;
	sched_free(sched);
	return NULL;
}

void sched_free(struct sched *sched)
{
	if (sched == NULL)
		return;
	for (size_t i = 0; i < sched->buckets; i++)
		while (sched->by_seq[i] != NULL) {
			struct item *item = sched->by_seq[i];

			sched->by_seq[i] = item->next;
			free(item);
		}
	free(sched->by_seq);
	free(sched->by_recipient);
	free(sched);
}

void sched_add(struct sched *sched, const struct due *due)
{
	struct item *item = find(sched, due->seq);

	if (item != NULL && item->place == FLYING) {
		renew(item, due);
		item->again = true;
		return;
	}
	if (item != NULL) {
		leave(sched, item);
		renew(item, due);
	} else {
		item = item_new(sched, due);
	}
	if (item == NULL) {
		sched->complete = false;
		sched->dropped = true;
		return;
	}
	enter(sched, item);
	if (sched_count(sched) > sched->window)
		drop_one(sched);
}

bool sched_find(struct sched *sched, int64_t now_ms, sched_fits *fits, void *arg, struct due *due)
{
	ripen(sched, now_ms);
	for (int lane = 0; lane < DUE_LANES; lane++) {
		struct due place = { .rank = lane * RANKS_OF_LANE, .due_at = INT64_MIN };
		struct item *item;

		for (int looked = 0; looked < SCHED_LOOK; looked++) {
			item = next_ready(sched, &place);
			if (item == NULL || item->due.rank >= (lane + 1) * RANKS_OF_LANE)
				break;
			if (fits == NULL || fits(arg, &item->due)) {
				*due = item->due;
				return true;
			}
			place = item->due;
		}
	}
	return false;
}

void sched_fly(struct sched *sched, int64_t seq)
{
	struct item *item = find(sched, seq);

	if (item == NULL || item->place == FLYING)
		return;
	pull(sched, item);
	take_off(sched, item);
}

bool sched_take(struct sched *sched, int64_t now_ms, struct due *due)
{
	if (!sched_find(sched, now_ms, NULL, NULL, due))
		return false;
	sched_fly(sched, due->seq);
	return true;
}

void sched_release(struct sched *sched, int64_t seq)
{
	struct item *item = find(sched, seq);
	int64_t number;

	if (item == NULL || item->place != FLYING)
		return;
	number = item->due.number;
	land(sched, item);
	if (item->again) {
		item->again = false;
		enter(sched, item);
	} else {
		item_free(sched, item);
	}
	wake(sched, number);
	if (sched_count(sched) > sched->window)
		drop_one(sched);
}

void sched_forget(struct sched *sched, int64_t seq)
{
	struct item *item = find(sched, seq);

	if (item == NULL)
		return;
	if (item->place == FLYING) {
		item->again = false;
		return;
	}
	leave(sched, item);
	item_free(sched, item);
}

bool sched_wants_refill(const struct sched *sched)
{
	return !sched->complete && sched->count[READY] + sched->count[PARKED] < sched->window / 4;
}

void sched_filled(struct sched *sched, bool complete)
{
	sched->complete = complete && !sched->dropped;
	sched->dropped = false;
}

int64_t sched_wait_ms(struct sched *sched, int64_t now_ms)
{
	const struct due start = { .rank = -1 };
	const struct item *item;

	ripen(sched, now_ms);
	if (next_ready(sched, &start) != NULL)
		return 0;
	item = first(sched->tree[LATER]);
	return item == NULL ? -1 : item->due.due_at - now_ms;
}

int64_t sched_avoided_till(const struct sched *sched, int64_t now_ms)
{
	int64_t soonest = 0;

	for (size_t i = 0; i < sched->buckets; i++)
		for (const struct item *at = sched->by_seq[i]; at != NULL; at = at->next) {
			int64_t till = at->due.avoid_till;

			if (till > now_ms && (soonest == 0 || till < soonest))
				soonest = till;
		}
	return soonest;
}

size_t sched_count(const struct sched *sched)
{
	return sched->count[LATER] + sched->count[READY] + sched->count[PARKED];
}

size_t sched_in_flight(const struct sched *sched)
{
	return sched->count[FLYING];
}
