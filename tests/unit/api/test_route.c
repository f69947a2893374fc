/* The table of routes: what it finds, what it allows, which roles it asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/admit.h"
#include "api/route.h"
#include "base/util.h"

static const struct {
	const char *method, *target;
	const char *pattern; /* NULL: none */
	const char *allow, *first, *second;
} cases[] = {
	{ "GET", "/healthz", "/healthz", "", NULL, NULL },
	{ "HEAD", "/healthz", "/healthz", "", NULL, NULL },
	{ "GET", "/v1/messages/m", "/v1/messages/{}", "", "m", NULL },
	{ "DELETE", "/v1/accounts/a%2Fb/phones/+7912", "/v1/accounts/{}/phones/{}", "", "a/b",
	  "+7912" },
	{ "PATCH", "/v1/messages/m", NULL, "GET, HEAD, DELETE", NULL, NULL },
	{ "get", "/healthz", NULL, "GET, HEAD", NULL, NULL },
	{ "GET", "/v1/messages/", NULL, "", NULL, NULL },
	{ "GET", "/v1", NULL, "", NULL, NULL },
	{ "GET", "/v1/messages/m/retry/x", NULL, "", NULL, NULL },
	{ "GET", "/v1/{}/m", NULL, "", NULL, NULL },
	{ "GET", "/metrics", "/metrics", "", NULL, NULL },
	{ "POST", "/metrics", NULL, "GET, HEAD", NULL, NULL },
};

static void test_find(void **state)
{
	static struct path path;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *params[ROUTE_PARAMS_MAX] = { NULL, NULL };
		char allow[ROUTE_ALLOW_SIZE];
		const struct route *route;

		print_message("%s %s\n", cases[i].method, cases[i].target);
		assert_int_equal(path_parse(&path, cases[i].target), PATH_OK);
		route = route_find(cases[i].method, &path, params, allow);
		assert_string_equal(route != NULL ? route->pattern : "",
				    cases[i].pattern != NULL ? cases[i].pattern : "");
		if (route == NULL)
			assert_string_equal(allow, cases[i].allow);
		if (cases[i].first != NULL)
			assert_string_equal(params[0], cases[i].first);
		if (cases[i].second != NULL)
			assert_string_equal(params[1], cases[i].second);
	}
}

static const struct {
	const char *method, *target;
	enum config_role role;
} roles[] = {
	{ "POST", "/v1/messages", ROLE_SUBMIT },
	{ "GET", "/v1/messages", ROLE_VIEWER },
	{ "POST", "/v1/messages/x/retry", ROLE_OPERATOR },
	{ "GET", "/v1/verifications/x", ROLE_SUBMIT },
	{ "GET", "/v1/accounts/x", ROLE_SUBMIT },
	{ "POST", "/v1/preview", ROLE_VIEWER },
	{ "GET", "/v1/events", ROLE_VIEWER },
	{ "GET", "/v1/modems/x", ROLE_VIEWER },
	{ "POST", "/v1/modems/x/at", ROLE_OPERATOR },
	{ "POST", "/v1/modems/x/ussd", ROLE_OPERATOR },
	{ "POST", "/v1/modems/x/actions", ROLE_OPERATOR },
	{ "GET", "/v1/modems/x/trace", ROLE_OPERATOR },
};

static void test_roles(void **state)
{
	static struct path path;
	const char *params[ROUTE_PARAMS_MAX];
	char allow[ROUTE_ALLOW_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		path_parse(&path, roles[i].target);
		assert_int_equal(route_find(roles[i].method, &path, params, allow)->role,
				 roles[i].role);
	}
}

/* Every row is whole, and "{}" is all that stands for a segment. */
static void test_rows(void **state)
{
	const struct route *route;
	size_t n = 0;

	(void)state;
	for (; (route = route_at(n)) != NULL; n++) {
		assert_non_null(route->handler);
		assert_true(route->role > ROLE_NONE);
		assert_int_equal(route->pattern[0], '/');
		if (route->query[0] != '\0')
			assert_int_equal(route->query[strlen(route->query) - 1], ' ');
		if (route->keyed)
			assert_string_equal(route->method, "POST");
	}
	assert_true(n > 20);
}

static void test_query_names(void **state)
{
	const struct route route = { .query = "state to after " };

	(void)state;
	assert_true(route_takes(&route, "state"));
	assert_true(route_takes(&route, "to"));
	assert_true(route_takes(&route, "after"));
	assert_true(route_takes(&route, "site"));
	assert_false(route_takes(&route, "stat"));
	assert_false(route_takes(&route, "states"));
	assert_false(route_takes(&route, ""));
	assert_false(route_takes(&route, "state to"));
}

static const struct {
	const char *header, *key; /* NULL: refused */
} keys[] = {
	{ "abc", "abc" },     { "\"abc\"", "abc" },
	{ "\"a b\"", "a b" }, { "\"a\\\"b\\\\\"", "a\"b\\" },
	{ "", NULL },         { "\"\"", NULL },
	{ "a b", NULL },      { "a\"b", NULL },
	{ "\"a\"b\"", NULL }, { "\"", NULL },
	{ "\xd0\xaf", NULL }, { "a\tb", NULL },
	{ "abc \t", "abc" },  { "\"abc\" ", "abc" },
	{ " ", NULL },        { "12345678", NULL }, /* one too long for the room given */
};

static void test_keys(void **state)
{
	char key[8];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		bool taken = admit_key(keys[i].header, key, sizeof(key));

		print_message("%s\n", keys[i].header);
		assert_int_equal(taken, keys[i].key != NULL);
		if (taken)
			assert_string_equal(key, keys[i].key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find), cmocka_unit_test(test_roles),
		cmocka_unit_test(test_rows), cmocka_unit_test(test_query_names),
		cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
