/* test_sched_model.c - random steps against arrays that are searched from end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/queue/sched_rig.h"

enum { MODEL_MAX = 400, STEPS = 60000 };

enum model_place { OUT, WAITS, FLIES, FLIES_AGAIN };

struct model {
	struct due due[MODEL_MAX];
	enum model_place place[MODEL_MAX]; /* by seq */
};

static bool model_busy(const struct model *model, int64_t number)
{
	for (int i = 0; i < MODEL_MAX; i++)
		if (model->place[i] >= FLIES && model->due[i].number == number)
			return true;
	return false;
}

/* The seq that must be taken; -1: none. */
static int model_best(const struct model *model, int64_t now)
{
	int best = -1;

	for (int i = 0; i < MODEL_MAX; i++)
		if (model->place[i] == WAITS && model->due[i].due_at <= now &&
		    !model_busy(model, model->due[i].number) &&
		    (best < 0 || before(&model->due[i], &model->due[best])))
			best = i;
	return best;
}

static int64_t model_wait(const struct model *model, int64_t now)
{
	int64_t soonest = -1;

	if (model_best(model, now) >= 0)
		return 0;
	for (int i = 0; i < MODEL_MAX; i++)
		if (model->place[i] == WAITS && model->due[i].due_at > now &&
		    (soonest < 0 || model->due[i].due_at - now < soonest))
			soonest = model->due[i].due_at - now;
	return soonest;
}

static size_t model_count(const struct model *model, enum model_place from, enum model_place to)
{
	size_t n = 0;

	for (int i = 0; i < MODEL_MAX; i++)
		n += model->place[i] >= from && model->place[i] <= to;
	return n;
}

static void step_add(struct sched *sched, struct model *model, int seq, int64_t now)
{
	struct due due = due_of(seq, seq % 37 % 11, (int)(next_random() % DUE_RANKS),
				now - 20 + next_random() % 60);

	sched_add(sched, &due);
	model->due[seq] = due;
	model->place[seq] = model->place[seq] >= FLIES ? FLIES_AGAIN : WAITS;
}

static void step_take(struct sched *sched, struct model *model, int64_t now)
{
	int best = model_best(model, now);
	struct due due;

	assert_int_equal(sched_take(sched, now, &due), best >= 0);
	if (best < 0)
		return;
	assert_memory_equal(&due, &model->due[best], sizeof(due));
	model->place[best] = FLIES;
}

static void step_release(struct sched *sched, struct model *model, int seq)
{
	sched_release(sched, seq);
	if (model->place[seq] >= FLIES)
		model->place[seq] = model->place[seq] == FLIES_AGAIN ? WAITS : OUT;
}

static void step_forget(struct sched *sched, struct model *model, int seq)
{
	sched_forget(sched, seq);
	model->place[seq] = model->place[seq] >= FLIES ? FLIES : OUT;
}

static void test_against_model(void **state)
{
	struct sched *sched = sched_new(SCHED_WINDOW);
	static struct model model;
	int64_t now = 1000;

	(void)state;
	for (int step = 0; step < STEPS; step++) {
		uint32_t kind = next_random() % 16;
		int seq = (int)(next_random() % MODEL_MAX);

		if (kind < 5)
			step_add(sched, &model, seq, now);
		else if (kind < 8)
			step_take(sched, &model, now);
		else if (kind < 13)
			step_release(sched, &model, seq);
		else if (kind < 14)
			step_forget(sched, &model, seq);
		else
			now += next_random() % 3;
		if (step % 7 == 0)
			assert_int_equal(sched_wait_ms(sched, now), model_wait(&model, now));
		assert_int_equal(sched_count(sched), model_count(&model, WAITS, WAITS));
		assert_int_equal(sched_in_flight(sched), model_count(&model, FLIES, FLIES_AGAIN));
	}
	sched_free(sched);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
