/* test_sched.c - order, recipients, the edge of the window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "tests/unit/queue/sched_rig.h"

static void add(struct sched *sched, int64_t seq, int64_t number, int rank, int64_t due_at)
{
	struct due due = due_of(seq, number, rank, due_at);

	sched_add(sched, &due);
}

/* The seq that is taken, or 0. */
static int64_t take(struct sched *sched, int64_t now)
{
	struct due due;

	return sched_take(sched, now, &due) ? due.seq : 0;
}

static void test_order(void **state)
{
	static const struct due items[] = {
		/* in the order in which they must come; added backwards */
		{ .seq = 9, .number = 1, .rank = 0, .due_at = 50 },
		{ .seq = 3, .number = 2, .rank = 1, .due_at = 10 },
		{ .seq = 4, .number = 3, .rank = 1, .due_at = 10 },
		{ .seq = 2, .number = 4, .rank = 1, .due_at = 20 },
		{ .seq = 1, .number = 5, .rank = 8, .due_at = 0 },
	};
	struct sched *sched = sched_new(SCHED_WINDOW);

	(void)state;
	for (size_t i = ARRAY_LEN(items); i > 0; i--)
		sched_add(sched, &items[i - 1]);
	assert_int_equal(sched_count(sched), ARRAY_LEN(items));
	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		assert_int_equal(take(sched, 100), items[i].seq);
	assert_int_equal(take(sched, 100), 0);
	assert_int_equal(sched_in_flight(sched), ARRAY_LEN(items));
	sched_free(sched);
}

static void test_not_before_its_time(void **state)
{
	struct sched *sched = sched_new(SCHED_WINDOW);

	(void)state;
	assert_int_equal(sched_wait_ms(sched, 0), -1);
	add(sched, 1, 1, 0, 1000);
	add(sched, 2, 2, 5, 400);
	assert_int_equal(sched_wait_ms(sched, 100), 300);
	assert_int_equal(take(sched, 399), 0);
	assert_int_equal(sched_wait_ms(sched, 400), 0);
	assert_int_equal(take(sched, 400), 2);
	assert_int_equal(sched_wait_ms(sched, 400), 600);
	assert_int_equal(take(sched, 1000), 1);
	sched_free(sched);
}

/* Sets to one recipient never interleave: the next one keeps its place and waits. */
static void test_recipient_in_flight(void **state)
{
	struct sched *sched = sched_new(SCHED_WINDOW);

	(void)state;
	for (int64_t seq = 1; seq <= 4; seq++)
		add(sched, seq, 7, 0, 0);
	add(sched, 5, 8, 3, 0);
	assert_int_equal(take(sched, 1), 1);
	assert_int_equal(take(sched, 1), 5);
	assert_int_equal(take(sched, 1), 0);
	assert_int_equal(sched_wait_ms(sched, 1), -1); /* no timer can help */
	sched_release(sched, 1);
	assert_int_equal(sched_wait_ms(sched, 1), 0);
	sched_forget(sched, 2); /* the one that the others stand behind */
	assert_int_equal(take(sched, 1), 3);
	add(sched, 6, 7, 0, -5); /* before 4, and also not now */
	assert_int_equal(take(sched, 1), 0);
	sched_release(sched, 3);
	assert_int_equal(take(sched, 1), 6);
	sched_release(sched, 6);
	assert_int_equal(take(sched, 1), 4);
	sched_free(sched);
}

/* The one at the head backs off: those behind it must not wait for it. */
static void test_head_is_put_off(void **state)
{
	struct sched *sched = sched_new(SCHED_WINDOW);

	(void)state;
	for (int64_t seq = 1; seq <= 3; seq++)
		add(sched, seq, 7, 0, 0);
	assert_int_equal(take(sched, 1), 1);
	assert_int_equal(take(sched, 1), 0);
	sched_release(sched, 1);
	add(sched, 2, 7, 0, 500);
	assert_int_equal(take(sched, 1), 3);
	sched_release(sched, 3);
	assert_int_equal(take(sched, 1), 0);
	assert_int_equal(take(sched, 500), 2);
	sched_free(sched);
}

/* The store tells of a message that is queued again before its completion releases it. */
static void test_added_in_flight(void **state)
{
	struct sched *sched = sched_new(SCHED_WINDOW);

	(void)state;
	add(sched, 1, 7, 0, 0);
	assert_int_equal(take(sched, 1), 1);
	add(sched, 1, 7, 0, 50);
	assert_int_equal(sched_count(sched), 0);
	assert_int_equal(sched_in_flight(sched), 1);
	sched_release(sched, 1);
	assert_int_equal(sched_wait_ms(sched, 10), 40);
	assert_int_equal(take(sched, 50), 1);
	add(sched, 1, 7, 0, 60);
	sched_forget(sched, 1);
	assert_int_equal(sched_in_flight(sched), 1);
	sched_release(sched, 1);
	assert_int_equal(sched_wait_ms(sched, 99), -1);
	sched_release(sched, 1); /* unknown: nothing happens */
	sched_forget(sched, 77);
	assert_int_equal(sched_count(sched) + sched_in_flight(sched), 0);
	sched_free(sched);
}

static void test_update_keeps_one(void **state)
{
	struct sched *sched = sched_new(SCHED_WINDOW);

	(void)state;
	add(sched, 1, 1, 5, 0);
	add(sched, 2, 2, 4, 0);
	add(sched, 1, 1, 0, 0);
	assert_int_equal(sched_count(sched), 2);
	assert_int_equal(take(sched, 1), 1);
	assert_int_equal(take(sched, 1), 2);
	sched_free(sched);
}

/* Disk does not know whom to avoid, so a refill that finds it again must not forget. */
static void test_whom_to_avoid_is_kept(void **state)
{
	struct sched *sched = sched_new(SCHED_WINDOW);
	struct due due = due_of(1, 1, 0, 10);

	(void)state;
	due.avoid = 1;
	due.avoid_till = 90;
	sched_add(sched, &due);
	add(sched, 1, 1, 0, 20);
	due.avoid = 2;
	due.avoid_till = 80;
	sched_add(sched, &due);
	assert_int_equal(sched_avoided_till(sched, 0), 90);
	assert_int_equal(sched_avoided_till(sched, 90), 0);
	due = due_of(2, 2, 8, 0);
	due.avoid_till = 70;
	sched_add(sched, &due);
	assert_int_equal(sched_avoided_till(sched, 0), 70);
	assert_int_equal(sched_avoided_till(sched, 70), 90);
	assert_true(sched_take(sched, 100, &due));
	assert_int_equal(due.avoid, 3);
	assert_int_equal(due.avoid_till, 90);
	add(sched, 1, 1, 0, 30); /* in flight */
	sched_release(sched, 1);
	assert_true(sched_take(sched, 100, &due));
	assert_int_equal(due.avoid, 3);
	sched_free(sched);
}

static void test_full_window_drops_the_last(void **state)
{
	struct sched *sched = sched_new(SCHED_WINDOW);

	(void)state;
	sched_wait_ms(sched, 1);
	for (int64_t i = 0; i < SCHED_WINDOW; i++)
		add(sched, 10000 - i, i, 4, 0);
	sched_filled(sched, true);
	assert_false(sched_wants_refill(sched));
	add(sched, 1, 5000, 0, 0);     /* first: pushes 10000 out */
	add(sched, 20000, 5001, 8, 0); /* last: is itself dropped */
	assert_int_equal(sched_count(sched), SCHED_WINDOW);
	assert_false(sched_wants_refill(sched)); /* still plenty */
	assert_int_equal(take(sched, 1), 1);
	for (int64_t seq = 10000 - SCHED_WINDOW + 1; seq < 10000; seq++) {
		assert_int_equal(take(sched, 1), seq);
		assert_int_equal(sched_wants_refill(sched), sched_count(sched) < SCHED_LOW);
	}
	assert_int_equal(take(sched, 1), 0);
	sched_filled(sched, true); /* something was dropped since the last time: ask once more */
	assert_true(sched_wants_refill(sched));
	sched_filled(sched, true);
	assert_false(sched_wants_refill(sched));
	sched_free(sched);
}

/* Messages of tomorrow, or of one busy recipient, keep nobody out. */
static void test_full_of_those_that_cannot_go(void **state)
{
	static const struct {
		int64_t number_step, due_at;
	} fills[] = { { 1, 1000 }, { 0, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fills); i++) {
		struct sched *sched = sched_new(SCHED_WINDOW);

		sched_wait_ms(sched, 1);
		add(sched, 1, 0, 0, 0);
		assert_int_equal(take(sched, 1), 1);
		for (int64_t n = 0; n < SCHED_WINDOW; n++)
			add(sched, 2 + n, n * fills[i].number_step, 0, fills[i].due_at);
		assert_int_equal(take(sched, 1), 0);
		add(sched, 9000, 9000, 8, 0);
		assert_int_equal(sched_count(sched), SCHED_WINDOW);
		assert_int_equal(take(sched, 1), 9000);
		sched_free(sched);
	}
}

/* ---- a disk of 10,000 through a window of 2,048 ---- */

enum { DISK = 10000 };

static int compare_due(const void *a, const void *b)
{
	return before(a, b) ? -1 : 1;
}

static void refill(struct sched *sched, const struct due *disk, const bool *sent)
{
	size_t n = 0;

	for (size_t i = 0; i < DISK && n < SCHED_WINDOW; i++)
		if (!sent[i]) {
			sched_add(sched, &disk[i]);
			n++;
		}
	sched_filled(sched, n < SCHED_WINDOW);
}

static void test_all_of_a_large_disk(void **state)
{
	static struct due disk[DISK];
	static bool sent[DISK];
	struct sched *sched = sched_new(SCHED_WINDOW);
	struct due due;
	size_t taken = 0;

	(void)state;
	for (int i = 0; i < DISK; i++)
		disk[i] = due_of(i + 1, i, (int)(next_random() % DUE_RANKS), next_random() % 100);
	qsort(disk, DISK, sizeof(disk[0]), compare_due);
	for (;;) {
		if (sched_wants_refill(sched))
			refill(sched, disk, sent);
		if (!sched_take(sched, 1000, &due))
			break;
		assert_memory_equal(&due, &disk[taken], sizeof(due));
		sent[taken++] = true;
		sched_release(sched, due.seq);
	}
	assert_int_equal(taken, DISK);
	sched_free(sched);
}

static bool is_odd(void *arg, const struct due *item)
{
	(*(int *)arg)++;
	return item->seq % 2 == 1;
}

static void test_finds_one_that_fits(void **state)
{
	struct sched *sched = sched_new(SCHED_WINDOW);
	struct due due;
	int asked = 0;

	(void)state;
	add(sched, 2, 1, 0, 0);
	add(sched, 4, 2, 4, 0);
	add(sched, 7, 3, 4, 5);
	add(sched, 9, 4, 4, 50);
	assert_true(sched_find(sched, 10, is_odd, &asked, &due));
	assert_int_equal(due.seq, 7);
	assert_int_equal(asked, 3);
	assert_int_equal(sched_in_flight(sched), 0);
	sched_fly(sched, 7);
	sched_fly(sched, 7); /* twice is once */
	assert_int_equal(sched_in_flight(sched), 1);
	assert_false(sched_find(sched, 10, is_odd, &asked, &due));
	assert_true(sched_find(sched, 60, is_odd, &asked, &due));
	assert_int_equal(due.seq, 9);
	assert_int_equal(take(sched, 60), 2);
	sched_free(sched);
}

/* However many do not fit, a search looks at a few of each lane, and at every lane. */
static void test_a_search_is_bounded(void **state)
{
	struct sched *sched = sched_new(SCHED_WINDOW);
	struct due due;
	int asked = 0;

	(void)state;
	for (int i = 1; i <= 1000; i++)
		add(sched, 2 * i, i, i % 3, 0);
	add(sched, 2001, 2001, 2, 9); /* fits, behind all of its lane */
	assert_false(sched_find(sched, 10, is_odd, &asked, &due));
	assert_int_equal(asked, SCHED_LOOK);
	add(sched, 2003, 2003, 8, 0);
	asked = 0;
	assert_true(sched_find(sched, 10, is_odd, &asked, &due));
	assert_int_equal(due.seq, 2003);
	assert_int_equal(asked, SCHED_LOOK + 1);
	sched_free(sched);
}

/* Those whose recipient flies cost no look, and come back behind it. */
static void test_a_search_passes_busy_recipients(void **state)
{
	struct sched *sched = sched_new(SCHED_WINDOW);
	struct due due;
	int asked = 0;

	(void)state;
	for (int i = 1; i <= 100; i++)
		add(sched, 2 * i, 1, 6, 0);
	add(sched, 301, 2, 6, 5);
	sched_fly(sched, 2);
	assert_true(sched_find(sched, 10, is_odd, &asked, &due));
	assert_int_equal(due.seq, 301);
	assert_int_equal(asked, 1);
	sched_release(sched, 2);
	assert_int_equal(take(sched, 10), 4);
	sched_free(sched);
}

/* One that comes back from flight into a window that was filled meanwhile. */
static void test_back_into_a_full_window(void **state)
{
	struct sched *sched = sched_new(16);

	(void)state;
	add(sched, 1, 1, 0, 0);
	assert_int_equal(take(sched, 1), 1);
	for (int64_t i = 2; i <= 17; i++)
		add(sched, i, i, 4, 0);
	add(sched, 1, 1, 0, 0); /* again, and first */
	sched_filled(sched, true);
	assert_int_equal(sched_count(sched), 16);
	sched_release(sched, 1);
	assert_int_equal(sched_count(sched), 16);
	assert_int_equal(take(sched, 1), 1);
	for (int64_t i = 2; i <= 16; i++)
		assert_int_equal(take(sched, 1), i);
	assert_int_equal(take(sched, 1), 0);
	assert_true(sched_wants_refill(sched)); /* 17 is on disk alone */
	sched_free(sched);
}

/* Many recipients in flight, who land in any order. */
static void test_many_land(void **state)
{
	enum { FLYING = 64 };
	struct sched *sched = sched_new(16);

	(void)state;
	for (int64_t i = 1; i <= FLYING; i++) {
		add(sched, i, i, 0, 0);
		assert_int_equal(take(sched, 1), i);
	}
	for (int64_t i = 1; i <= FLYING; i++) {
		sched_release(sched, i);
		assert_int_equal(sched_in_flight(sched), FLYING - i);
		add(sched, 1000 + i, i, 0, 0);
		assert_int_equal(take(sched, 1), 1000 + i);
		sched_release(sched, 1000 + i);
	}
	sched_free(sched);
}

static void test_a_small_window(void **state)
{
	struct sched *sched = sched_new(20);

	(void)state;
	for (int i = 1; i <= 30; i++)
		add(sched, i, i, 6, i);
	assert_int_equal(sched_count(sched), 20);
	sched_filled(sched, true);
	assert_int_equal(sched_wait_ms(sched, 100), 0);
	assert_false(sched_wants_refill(sched)); /* full enough */
	for (int i = 1; i <= 16; i++)
		assert_int_equal(take(sched, 100), i);
	assert_true(sched_wants_refill(sched));
	sched_free(sched);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_not_before_its_time),
		cmocka_unit_test(test_recipient_in_flight),
		cmocka_unit_test(test_head_is_put_off),
		cmocka_unit_test(test_added_in_flight),
		cmocka_unit_test(test_update_keeps_one),
		cmocka_unit_test(test_whom_to_avoid_is_kept),
		cmocka_unit_test(test_full_window_drops_the_last),
		cmocka_unit_test(test_full_of_those_that_cannot_go),
		cmocka_unit_test(test_all_of_a_large_disk),
		cmocka_unit_test(test_finds_one_that_fits),
		cmocka_unit_test(test_a_search_is_bounded),
		cmocka_unit_test(test_a_search_passes_busy_recipients),
		cmocka_unit_test(test_a_small_window),
		cmocka_unit_test(test_back_into_a_full_window),
		cmocka_unit_test(test_many_land),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
