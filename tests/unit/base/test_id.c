/* Public ids: form, order, and what is taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "base/id.h"
#include "base/util.h"

static void test_form(void **state)
{
	char id[ID_SIZE];

	(void)state;
	id_make(id, ID_MESSAGE, 1795289405250);
	assert_int_equal(strlen(id), 30);
	/* 48 bits of time in Crockford's base 32 */
	assert_memory_equal(id, "msg_01M7ZSCNT2", 14);
	assert_true(id_is(id, ID_MESSAGE));
	assert_false(id_is(id, ID_VERIFICATION));
}

/* Within a millisecond, over milliseconds, and when time goes back. */
static void test_ascending(void **state)
{
	char last[ID_SIZE] = "", id[ID_SIZE];

	(void)state;
	for (int64_t i = 0; i < 30000; i++) {
		id_make(id, ID_INBOUND, 1800000000000 + (i < 20000 ? i / 100 : -i));
		assert_true(id_is(id, ID_INBOUND));
		assert_true(strcmp(last, id) < 0);
		strcpy(last, id);
	}
}

static void test_is(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} cases[] = {
		{ "msg_01KAKV3KXJ0000000000000000", true },
		{ "msg_01KAKV3KXJZZZZZZZZZZZZZZZZ", true },
		{ "msg_01kakv3kxj0000000000000000", false },
		{ "msg_01KAKV3KXJ000000000000000", false },
		{ "msg_01KAKV3KXJ00000000000000000", false },
		{ "msg_01KAKV3KXJ000000000000000I", false },
		{ "msg_01KAKV3KXJ000000000000000U", false },
		{ "msg_01KAKV3KXJ000000000000000\xff", false },
		{ "MSG_01KAKV3KXJ0000000000000000", false },
		{ "ver_01KAKV3KXJ0000000000000000", false },
		{ "msg_", false },
		{ "msg", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (id_is(cases[i].text, ID_MESSAGE) != cases[i].is)
			fail_msg("%s", cases[i].text);
}

static int start(void **state)
{
	(void)state;
	return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_ascending),
		cmocka_unit_test(test_is),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
