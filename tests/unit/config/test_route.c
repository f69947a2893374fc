/* Routes: the longest prefix of any modem, and who may send along it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/util.h"
#include "config/route.h"
#include "tests/unit/config/load.h"

#define TTY(n) "device = \"/dev/tty" #n "\"; "

static const char three[] = "modems = ( { name = \"all\"; " TTY(
	0) "},\n"
	   "{ name = \"ru\"; " TTY(1) "prefixes = [ \"+7\", \"+79\" ]; },\n"
				      "{ name = \"near\"; " TTY(
					      2) "prefixes = [ \"+7912\", \"+84\" ]; } );\n";

static const struct {
	const char *number;
	int64_t route;
	unsigned all, ru, near;
} cases[] = {
	{ "+79123456789", 7912, 1, 3, 5 }, { "+79223456789", 79, 1, 3, 0 },
	{ "+77001234567", 7, 1, 2, 0 },    { "+84912345678", 84, 1, 0, 3 },
	{ "+8491", 84, 1, 0, 3 },          { "+85212345678", ROUTE_NONE, 1, 0, 0 },
	{ "+8", ROUTE_NONE, 1, 0, 0 },     { "7912", ROUTE_NONE, 1, 0, 0 }, /* a short code */
	{ "", ROUTE_NONE, 1, 0, 0 },
};

static const struct config *load(const char *text)
{
	struct told told;
	const struct config *config = load_text(text, &told);

	if (config == NULL)
		fail_msg("%s", told.all);
	return config;
}

static void test_routes(void **state)
{
	const struct config *config = load(three);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t route = config_route(config, cases[i].number);

		assert_int_equal(route, cases[i].route);
		assert_int_equal(config_route_reach(config_modem(config, "all"), route),
				 cases[i].all);
		assert_int_equal(config_route_reach(config_modem(config, "ru"), route),
				 cases[i].ru);
		assert_int_equal(config_route_reach(config_modem(config, "near"), route),
				 cases[i].near);
		assert_true(config_route_open(config, route));
	}
	assert_int_equal(config_route_reach(NULL, 79), 1);
	assert_true(config_has_prefixes(config));
	config_unref(config);
}

static void test_a_route_may_be_closed(void **state)
{
	const struct config *config =
		load("modems = ( { name = \"ru\"; " TTY(1) "prefixes = [ \"+7\" ]; } );\n");
	const struct config *none = load("");

	(void)state;
	assert_true(config_route_open(config, config_route(config, "+79120000000")));
	assert_false(config_route_open(config, config_route(config, "+84912345678")));
	assert_true(config_route_open(none, config_route(none, "+84912345678")));
	assert_false(config_has_prefixes(none));
	config_unref(config);
	config_unref(none);
}

static int64_t version(const char *text)
{
	const struct config *config = load(text);
	int64_t value = config_route_version(config);

	config_unref(config);
	return value;
}

#define TWO(one, other)                                                                            \
	"modems = ( { name = \"a\"; " TTY(0) "prefixes = " one "; },\n"                            \
					     "{ name = \"b\"; " TTY(1) "prefixes = " other         \
								       "; } );\n"

static void test_the_version_is_of_the_set(void **state)
{
	int64_t both = version(TWO("[ \"+7\" ]", "[ \"+84\" ]"));

	(void)state;
	assert_int_equal(version(""), 0);
	assert_int_equal(version(TWO("[ ]", "[ ]")), 0);
	assert_int_not_equal(both, 0);
	assert_int_equal(version(TWO("[ \"+84\" ]", "[ \"+7\" ]")), both);
	assert_int_equal(version(TWO("[ \"+84\", \"+7\" ]", "[ \"+7\" ]")), both);
	assert_int_not_equal(version(TWO("[ \"+7\" ]", "[ \"+85\" ]")), both);
	assert_int_not_equal(version(TWO("[ \"+7\" ]", "[ ]")), both);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_a_route_may_be_closed),
		cmocka_unit_test(test_the_version_is_of_the_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
