/* Bodies read against a table: what is taken, what is refused, and how it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/json_in.h"
#include "base/util.h"

struct input {
	const char *to, *note;
	int64_t ttl_ms, send_at;
	bool report;
	int priority, translit;
};

static const char *const priorities[] = { "high", "normal", "low", NULL };
static const char *const translits[] = { "never", "save_parts", "always", NULL };

static const struct json_member members[] = {
	{ "to", JSON_IN_TEXT, offsetof(struct input, to), true, 1, 8, NULL },
	{ "note", JSON_IN_TEXT, offsetof(struct input, note), false, 0, 4, NULL },
	{ "ttl", JSON_IN_SECONDS, offsetof(struct input, ttl_ms), false, 1, 100, NULL },
	{ "send_at", JSON_IN_TIME, offsetof(struct input, send_at), false, 0, 0, NULL },
	{ "report", JSON_IN_FLAG, offsetof(struct input, report), false, 0, 0, NULL },
	{ "priority", JSON_IN_WORD, offsetof(struct input, priority), false, 0, 0, priorities },
	{ "translit", JSON_IN_WORD_OR_FLAG, offsetof(struct input, translit), false, 0, 0,
	  translits },
};

static void read_body(const char *body, struct input *in, struct field_errors *errors,
		      json_t **document)
{
	char why[JSON_IN_WHY_SIZE];
	enum problem problem;

	*in = (struct input){ .priority = 1, .translit = -1 };
	errors->n = 0;
	*document = json_in_parse(body, strlen(body), &problem, why);
	assert_non_null(*document);
	json_in_read(*document, members, ARRAY_LEN(members), in, errors);
}

static void test_all_members(void **state)
{
	struct field_errors errors;
	struct input in;
	json_t *document;

	(void)state;
	read_body("{\"to\":\"+7912\",\"note\":\"\",\"ttl\":100,\"report\":true,"
		  "\"send_at\":\"1970-01-01T00:00:01.5Z\",\"priority\":\"low\",\"translit\":true}",
		  &in, &errors, &document);
	assert_int_equal(errors.n, 0);
	assert_string_equal(in.to, "+7912");
	assert_string_equal(in.note, "");
	assert_int_equal(in.ttl_ms, 100000);
	assert_int_equal(in.send_at, 1500);
	assert_true(in.report);
	assert_int_equal(in.priority, 2);
	assert_int_equal(in.translit, 2);
	json_in_free(document);
}

static void test_defaults_stay(void **state)
{
	struct field_errors errors;
	struct input in;
	json_t *document;

	(void)state;
	read_body("{\"to\":\"a\",\"note\":null,\"translit\":false}", &in, &errors, &document);
	assert_int_equal(errors.n, 0);
	assert_null(in.note);
	assert_int_equal(in.priority, 1);
	assert_int_equal(in.translit, 0);
	assert_false(in.report);
	json_in_free(document);
}

static const struct {
	const char *body, *errors; /* field:reason, joined by a space */
} refused[] = {
	{ "{}", "to:missing" },
	{ "{\"to\":null}", "to:missing" },
	{ "{\"to\":\"\"}", "to:empty" },
	{ "{\"to\":5}", "to:wrong_type" },
	{ "{\"to\":\"123456789\"}", "to:too_long" },
	{ "{\"to\":\"a\\u0000b\"}", "to:nul_character" },
	{ "{\"to\":\"a\",\"too\":1}", "too:unknown_member" },
	{ "{\"to\":\"a\",\"site\":null}", "site:unknown_member" },
	{ "{\"to\":\"a\",\"ttl\":0}", "ttl:out_of_range" },
	{ "{\"to\":\"a\",\"ttl\":101}", "ttl:out_of_range" },
	{ "{\"to\":\"a\",\"ttl\":9223372036854775807}", "ttl:out_of_range" },
	{ "{\"to\":\"a\",\"ttl\":9223372036854775808}", "ttl:out_of_range" },
	{ "{\"to\":\"a\",\"ttl\":-99999999999999999999}", "ttl:out_of_range" },
	{ "{\"to\":\"a\",\"ttl\":1e30}", "ttl:out_of_range" },
	{ "{\"to\":99999999999999999999,\"ttl\":5}", "to:wrong_type" },
	{ "{\"to\":\"a\",\"ttl\":60.0}", "" },
	{ "{\"to\":\"a\",\"ttl\":1.5}", "ttl:wrong_type" },
	{ "{\"to\":\"a\",\"ttl\":-1e-30}", "ttl:wrong_type" },
	{ "{\"to\":\"a\",\"ttl\":\"5\"}", "ttl:wrong_type" },
	{ "{\"to\":\"a\",\"send_at\":\"tomorrow\"}", "send_at:not_a_time" },
	{ "{\"to\":\"a\",\"send_at\":\"2026-01-01T00:00:00\"}", "send_at:not_a_time" },
	{ "{\"to\":\"a\",\"send_at\":5}", "send_at:wrong_type" },
	{ "{\"to\":\"a\",\"report\":\"yes\"}", "report:wrong_type" },
	{ "{\"to\":\"a\",\"priority\":\"urgent\"}", "priority:unknown_word" },
	{ "{\"to\":\"a\",\"priority\":true}", "priority:wrong_type" },
	{ "{\"to\":\"a\",\"translit\":\"maybe\"}", "translit:unknown_word" },
	{ "{\"ttl\":0,\"report\":1,\"x\":{}}",
	  "to:missing ttl:out_of_range report:wrong_type x:unknown_member" },
};

static void test_refused(void **state)
{
	struct field_errors errors;
	struct input in;
	json_t *document;
	char told[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		size_t n = 0;

		print_message("%s\n", refused[i].body);
		read_body(refused[i].body, &in, &errors, &document);
		told[0] = '\0';
		for (size_t k = 0; k < errors.n; k++)
			n += (size_t)snprintf(told + n, sizeof(told) - n, "%s%s:%s",
					      k > 0 ? " " : "", errors.items[k].field,
					      errors.items[k].reason);
		assert_string_equal(told, refused[i].errors);
		json_in_free(document);
	}
}

static const struct {
	const char *body;
	size_t size; /* 0: strlen */
	enum problem problem;
	const char *position; /* in the sentence, or NULL */
} broken[] = {
	{ "", 0, PROBLEM_NOT_JSON, "line 1, column 1" },
	{ "{\"a\":\n1e12345}", 0, PROBLEM_NOT_JSON, "line 2" },
	{ "{", 0, PROBLEM_NOT_JSON, "line 1, column 1" },
	{ "{\"a\":\n 12345secret}", 0, PROBLEM_NOT_JSON, "line 2" },
	{ "[]", 0, PROBLEM_NOT_JSON, "line 1" },
	{ "[1", 0, PROBLEM_NOT_JSON, "line 1" },
	{ "\"text\"", 0, PROBLEM_NOT_JSON, NULL },
	{ "{} {}", 0, PROBLEM_NOT_JSON, "line 1" },
	{ "{\"secret\":1,\"secret\":2}", 0, PROBLEM_NOT_JSON, "line 1" },
	{ "{\"a\":\"secret\xff\"}", 0, PROBLEM_BAD_UTF8, NULL },
	{ "{\"a\":\"\xc0\xaf\"}", 0, PROBLEM_BAD_UTF8, NULL },
	{ "{\"a\":\"\\ud800\"}", 0, PROBLEM_NOT_JSON, NULL },
	{ "{\"a\0b\":1}", 9, PROBLEM_NOT_JSON, NULL },
	{ "{\"a\\u0000b\":1}", 0, PROBLEM_NOT_JSON, NULL },
};

static void test_broken(void **state)
{
	char why[JSON_IN_WHY_SIZE];
	enum problem problem;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		size_t size = broken[i].size > 0 ? broken[i].size : strlen(broken[i].body);

		print_message("%s\n", broken[i].body);
		assert_null(json_in_parse(broken[i].body, size, &problem, why));
		print_message("  -> %s\n", why);
		assert_int_equal(problem, broken[i].problem);
		assert_null(strstr(why, "secret"));
		assert_null(strstr(why, "12345"));
		if (broken[i].position != NULL)
			assert_non_null(strstr(why, broken[i].position));
	}
}

/* As deep as a body can be: refused, and the stack holds. */
static void test_deep(void **state)
{
	enum { SIZE = 64 * 1024 };
	char *body = malloc(SIZE), why[JSON_IN_WHY_SIZE];
	enum problem problem;

	(void)state;
	memset(body, '[', SIZE);
	assert_null(json_in_parse(body, SIZE, &problem, why));
	assert_int_equal(problem, PROBLEM_NOT_JSON);
	free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_members), cmocka_unit_test(test_defaults_stay),
		cmocka_unit_test(test_refused),     cmocka_unit_test(test_broken),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
