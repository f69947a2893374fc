/* A snapshot is counted over threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>

#include "tests/unit/config/load.h"

enum { THREADS = 4, ROUNDS = 10000 };

static void *take_and_give(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		const struct config *mine = config_ref(arg);

		assert(mine->n_sites == 1);
		config_unref(mine);
	}
	config_unref(arg);
	return NULL;
}

/* The last of many threads frees it: the sanitizers see one too few or too many. */
static void test_count(void **state)
{
	struct told told;
	const struct config *config = load_text("", &told);
	pthread_t threads[THREADS];

	(void)state;
	assert_non_null(config);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_and_give,
						(void *)(uintptr_t)config_ref(config)),
				 0);
	config_unref(config);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	config_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
