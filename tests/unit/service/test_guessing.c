/* test_guessing.c - an attacker who guesses codes, against the rules as they are shipped.
 *
 * He has as many accounts as he likes, guesses every code that he may, and comes back exactly when
 * Retry-After says. What he gets is printed beside the table of the facts (section 1.4). */
#include <math.h>

#include "tests/unit/service/room.h"

enum { NUMBERS = 1000, NEIGHBOURS = 100, GATHERED = 6, ENTRIES = 6 };

static const int64_t month = 30 * (int64_t)DAY;

/* One number under attack. */
struct victim {
	char phone[16];
	int64_t next_at;         /* when he comes back */
	int64_t guesses_at[512]; /* of those that were judged */
	unsigned n;
};

struct attack {
	struct room *room;
	unsigned accounts;
	bool one_account; /* he has no other */
	bool gathers;     /* asks for many codes before he guesses */
};

static const char *next_account(struct attack *attack)
{
	static char account[16];

	snprintf(account, sizeof(account), "a%u", attack->one_account ? 0 : attack->accounts++);
	return account;
}

/* A code on its way to the victim; false: refused, and he knows until when. */
static bool ask(struct attack *attack, struct victim *victim, struct verification_view *view,
		char code[static 16])
{
	struct room *room = attack->room;

	if (start(room, next_account(attack), victim->phone) != 0) {
		assert_true(room->why.retry_after_ms > 0);
		victim->next_at = room->world.db.now + room->why.retry_after_ms;
		return false;
	}
	*view = room->ver;
	snprintf(code, 16, "%s", sent_code(room));
	leave(room, room->ver.row.message_seq, MSG_SENT);
	return true;
}

static void guess_all(struct attack *attack, struct victim *victim,
		      const struct verification_view *view, const char *code)
{
	struct room *room = attack->room;

	room->ver = *view;
	for (int i = 0; i < ENTRIES; i++) {
		if (check(room, wrong(code), NULL) < 0)
			return;
		assert_true(victim->n < ARRAY_LEN(victim->guesses_at));
		victim->guesses_at[victim->n++] = room->world.db.now;
	}
}

/* All that can be done at this moment. */
static void visit(struct attack *attack, struct victim *victim)
{
	struct verification_view views[GATHERED];
	char codes[GATHERED][16];
	size_t n;

	do {
		n = 0;
		while (n < (attack->gathers ? GATHERED : 1) &&
		       ask(attack, victim, &views[n], codes[n]))
			n++;
		for (size_t i = 0; i < n; i++)
			guess_all(attack, victim, &views[i], codes[i]);
	} while (n > 0);
}

static struct victim *first_due(struct victim *victims, size_t n)
{
	struct victim *first = &victims[0];

	for (size_t i = 1; i < n; i++)
		if (victims[i].next_at < first->next_at)
			first = &victims[i];
	return first;
}

static unsigned run_attack(struct attack *attack, struct victim *victims, size_t n, int64_t span)
{
	unsigned total = 0;

	for (;;) {
		struct victim *victim = first_due(victims, n);

		if (victim->next_at >= T0 + span)
			break;
		if (victim->next_at > attack->room->world.db.now)
			attack->room->world.db.now = victim->next_at;
		visit(attack, victim);
	}
	for (size_t i = 0; i < n; i++)
		total += victims[i].n;
	return total;
}

/* The most within any such span. */
static unsigned most_within(const struct victim *victim, int64_t span)
{
	unsigned most = 0, first = 0;

	for (unsigned i = 0; i < victim->n; i++) {
		while (victim->guesses_at[i] - victim->guesses_at[first] >= span)
			first++;
		if (i - first + 1 > most)
			most = i - first + 1;
	}
	return most;
}

/* That one of so many six-digit codes, each another, is hit. */
static double percent(unsigned guesses)
{
	return -100.0 * expm1(guesses * log1p(-1e-6));
}

static void tell(const char *what, unsigned guesses, const char *table)
{
	print_message("  %-52s %6u  %8.4f %%   %s\n", what, guesses, percent(guesses), table);
}

static void tell_heads(void)
{
	print_message("  %-52s %6s  %10s   %s\n", "", "judged", "chance", "the facts' table");
}

static const struct {
	const char *name;
	bool one_account, gathers;
} ways[] = {
	{ "one account", true, false },
	{ "an account for each code", false, false },
	{ "an account for each code, codes gathered", false, true },
};

static void one_number(void **state)
{
	static struct victim victim;
	char what[80];

	(void)state;
	tell_heads();
	tell("one code", 5, "5: 0.0005 %");
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		void *made;
		struct attack attack = { .one_account = ways[i].one_account,
					 .gathers = ways[i].gathers };

		room_setup(&made);
		attack.room = made;
		victim = (struct victim){ .phone = "+79120000067", .next_at = T0 };
		run_attack(&attack, &victim, 1, month);
		snprintf(what, sizeof(what), "one number, a day, %s", ways[i].name);
		tell(what, most_within(&victim, DAY), "25: 0.0025 %");
		snprintf(what, sizeof(what), "one number, 30 days, %s", ways[i].name);
		tell(what, victim.n, "100 in all (NIST): 0.01 %");
		assert_in_range(most_within(&victim, HOUR), 1, 10);
		assert_in_range(most_within(&victim, DAY), 1, 25);
		assert_in_range(victim.n, 1, 100);
		assert_int_equal(count_rows(made, "SELECT count(*) FROM owner"), 0);
		room_teardown(&made);
	}
}

static void a_thousand_numbers(void **state)
{
	static struct victim victims[NUMBERS];
	struct attack attack = { .room = *state };
	unsigned spread, near;

	tell_heads();
	for (unsigned i = 0; i < NUMBERS; i++) {
		victims[i] = (struct victim){ .next_at = T0 };
		snprintf(victims[i].phone, sizeof(victims[i].phone), "+7912%03u0067", i);
	}
	spread = run_attack(&attack, victims, NUMBERS, DAY);
	tell("1000 numbers far apart, a day", spread, "25000: 2.5 %");
	assert_in_range(spread, 1, 25 * NUMBERS);
	assert_in_range(count_rows(attack.room, "SELECT count(*) FROM event WHERE type ="
						" 'verification.guessing'"),
			1, 25); /* and it was told */

	attack.room->world.db.now = T0 + 2 * (int64_t)month;
	for (unsigned i = 0; i < NEIGHBOURS; i++) {
		victims[i] = (struct victim){ .next_at = attack.room->world.db.now };
		snprintf(victims[i].phone, sizeof(victims[i].phone), "+7916000%04u", i);
	}
	near = run_attack(&attack, victims, NEIGHBOURS, 2 * (int64_t)month + DAY);
	tell("numbers of one prefix, however many, a day", near, "25 each");
	assert_in_range(near, 1, 24 * 20 * 5); /* the prefix bounds it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_number),
		cmocka_unit_test_setup_teardown(a_thousand_numbers, room_setup, room_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
