/* Splitting and decoding of request targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/path.h"
#include "base/util.h"

static const struct {
	const char *target;
	enum path_error error;
	const char *segments; /* joined by | */
	const char *query;    /* name=value joined by | */
} cases[] = {
	{ "/v1/messages", PATH_OK, "v1|messages", "" },
	{ "/v1/messages?limit=5&state=sent", PATH_OK, "v1|messages", "limit=5|state=sent" },
	{ "/v1/accounts/a%2Fb", PATH_OK, "v1|accounts|a/b", "" },
	{ "/v1/accounts/a+b", PATH_OK, "v1|accounts|a+b", "" },
	{ "/v1/accounts/%D0%AF", PATH_OK, "v1|accounts|\xd0\xaf", "" },
	{ "/v1/accounts/a%3Fb", PATH_OK, "v1|accounts|a?b", "" },
	{ "/v1/messages?to=+79120000000", PATH_OK, "v1|messages", "to=+79120000000" },
	{ "/v1/messages?to=%2B7912&reference=a%26b%3Dc", PATH_OK, "v1|messages",
	  "to=+7912|reference=a&b=c" },
	{ "/v1/messages?after=", PATH_OK, "v1|messages", "after=" },
	{ "/v1/messages?&after&", PATH_OK, "v1|messages", "after=" },
	{ "/v1/messages/", PATH_OK, "v1|messages|", "" },
	{ "/", PATH_OK, "", "" },
	{ "http://localhost/v1/status?site=a", PATH_OK, "v1|status", "site=a" },
	{ "*", PATH_BAD, "", "" },
	{ "", PATH_BAD, "", "" },
	{ "/a%00b", PATH_BAD, "", "" },
	{ "/a%0", PATH_BAD, "", "" },
	{ "/a%", PATH_BAD, "", "" },
	{ "/a%zz", PATH_BAD, "", "" },
	{ "/a%C3", PATH_BAD, "", "" },
	{ "/a%C0%AF", PATH_BAD, "", "" },
	{ "/a%ED%A0%80", PATH_BAD, "", "" },
	{ "/a\xff", PATH_BAD, "", "" },
	{ "/a?b=%00", PATH_BAD_QUERY, "", "" },
	{ "/a?b=%FF", PATH_BAD_QUERY, "", "" },
	{ "/a?b=1&b=2", PATH_BAD_QUERY, "", "" },
	{ "/a?b=1&%62=2", PATH_BAD_QUERY, "", "" },
	{ "/1/2/3/4/5/6/7/8/9", PATH_UNKNOWABLE, "", "" },
};

static void join_segments(const struct path *path, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < path->n_segments; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s", i > 0 ? "|" : "",
				      path->segments[i]);
}

static void join_query(const struct path *path, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < path->n_query; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s=%s", i > 0 ? "|" : "",
				      path->query[i].name, path->query[i].value);
}

static void test_targets(void **state)
{
	static struct path path;
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("%s\n", cases[i].target);
		assert_int_equal(path_parse(&path, cases[i].target), cases[i].error);
		if (cases[i].error != PATH_OK)
			continue;
		join_segments(&path, text, sizeof(text));
		assert_string_equal(text, cases[i].segments);
		join_query(&path, text, sizeof(text));
		assert_string_equal(text, cases[i].query);
	}
}

static void test_long(void **state)
{
	static struct path path;
	char target[PATH_TARGET_MAX + 1];

	(void)state;
	memset(target, 'a', sizeof(target));
	target[0] = '/';
	target[PATH_TARGET_MAX - 1] = '\0';
	assert_int_equal(path_parse(&path, target), PATH_OK);
	target[PATH_TARGET_MAX - 1] = 'a';
	target[PATH_TARGET_MAX] = '\0';
	assert_int_equal(path_parse(&path, target), PATH_TOO_LONG);
}

static void test_too_many_arguments(void **state)
{
	static struct path path;
	char target[256] = "/?";

	(void)state;
	for (int i = 0; i < PATH_QUERY_MAX; i++)
		snprintf(target + strlen(target), sizeof(target) - strlen(target), "a%d=1&", i);
	assert_int_equal(path_parse(&path, target), PATH_OK);
	assert_int_equal(path.n_query, PATH_QUERY_MAX);
	strcat(target, "one=more");
	assert_int_equal(path_parse(&path, target), PATH_BAD_QUERY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_too_many_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
