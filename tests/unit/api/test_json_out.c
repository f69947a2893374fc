/* What is shown, as JSON: escaping, and a message with all of its members. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/json_out.h"
#include "base/util.h"

static void assert_text(struct json_text *out, const char *wanted)
{
	char text[4096];

	assert_false(out->failed);
	assert_true(out->n < sizeof(text));
	memcpy(text, out->data, out->n);
	text[out->n] = '\0';
	assert_string_equal(text, wanted);
	json_text_free(out);
}

static const struct {
	const char *value, *json;
} strings[] = {
	{ "", "[null]" },
	{ "a b", "[\"a b\"]" },
	{ "\"\\/", "[\"\\\"\\\\/\"]" },
	{ "a\nb\x01\x7f", "[\"a\\u000ab\\u0001\\u007f\"]" },
	{ "\xd0\xaf\xe2\x82\xac\xf0\x9f\x98\x80", "[\"\xd0\xaf\xe2\x82\xac\xf0\x9f\x98\x80\"]" },
	{ "a\xff!", "[\"a\\ufffd!\"]" },
	{ "\xd0", "[\"\\ufffd\"]" },
	{ "\xed\xa0\x80", "[\"\\ufffd\\ufffd\\ufffd\"]" },
};

static void test_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		struct json_text out = { 0 };
		json_t *read;

		json_text_open(&out, NULL, '[');
		json_text_string(&out, NULL, strings[i].value);
		json_text_close(&out, ']');
		read = json_loadb(out.data, out.n, 0, NULL); /* another reader agrees */
		assert_non_null(read);
		json_decref(read);
		assert_text(&out, strings[i].json);
	}
}

static void test_shapes(void **state)
{
	struct json_text out = { 0 };

	(void)state;
	json_text_open(&out, NULL, '{');
	json_text_open(&out, "a", '[');
	json_text_close(&out, ']');
	json_text_open(&out, "b", '{');
	json_text_number(&out, "c", INT64_MIN);
	json_text_flag(&out, "d", false);
	json_text_close(&out, '}');
	json_text_string(&out, "{", "[");
	json_text_time(&out, "e", 0);
	json_text_time(&out, "f", 1500);
	json_text_close(&out, '}');
	assert_text(&out, "{\"a\":[],\"b\":{\"c\":-9223372036854775808,\"d\":false},"
			  "\"{\":\"[\",\"e\":null,\"f\":\"1970-01-01T00:00:01.500Z\"}");
}

static void test_long(void **state)
{
	struct json_text out = { 0 };
	char text[5000];
	json_t *read;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	json_text_open(&out, NULL, '[');
	for (int i = 0; i < 40; i++)
		json_text_string(&out, NULL, text);
	json_text_close(&out, ']');
	read = json_loadb(out.data, out.n, 0, NULL);
	assert_int_equal(json_array_size(read), 40);
	json_decref(read);
	json_text_free(&out);
}

static void test_message(void **state)
{
	struct event history[] = {
		{ .at = 1000, .state = "queued" },
		{ .at = 2000, .state = "sent", .modem = "gsm0", .reason = "r" }
	};
	struct message_view view = {
		.row = { .id = "msg_1",
			 .site = "shop",
			 .kind = KIND_TEXT,
			 .priority = PRIORITY_LOW,
			 .state = MSG_FAILED,
			 .encoding = GSM_UCS2,
			 .parts = 2,
			 .parts_sent = 1,
			 .modem = "gsm0",
			 .reason_class = "recipient",
			 .reason_code = "cms_1",
			 .created_at = 1000,
			 .deadline = 3000,
			 .sent_at = 2000 },
		.to = "+79120000000",
		.history = history,
		.n_history = 2,
	};
	struct json_text out = { 0 };

	(void)state;
	json_out_message(&out, &view, true);
	assert_text(&out,
		    "{\"id\":\"msg_1\",\"kind\":\"text\",\"site\":\"shop\","
		    "\"to\":\"+79120000000\",\"state\":\"failed\","
		    "\"reason\":{\"class\":\"recipient\",\"code\":\"cms_1\",\"text\":null},"
		    "\"encoding\":\"ucs2\",\"parts\":{\"total\":2,\"sent\":1},"
		    "\"priority\":\"low\",\"modem\":\"gsm0\",\"reference\":null,\"retry_of\":null,"
		    "\"created_at\":\"1970-01-01T00:00:01.000Z\","
		    "\"deadline\":\"1970-01-01T00:00:03.000Z\","
		    "\"sent_at\":\"1970-01-01T00:00:02.000Z\",\"delivered_at\":null,"
		    "\"estimated_send_at\":null,\"history\":["
		    "{\"state\":\"queued\",\"at\":\"1970-01-01T00:00:01.000Z\",\"modem\":null,"
		    "\"reason\":null},"
		    "{\"state\":\"sent\",\"at\":\"1970-01-01T00:00:02.000Z\",\"modem\":\"gsm0\","
		    "\"reason\":\"r\"}]}");
}

static void test_list(void **state)
{
	struct event event = { .seq = 7, .at = 1000, .type = "modem.lost", .subject = "gsm0" };
	struct json_text out = { 0 };

	(void)state;
	json_out_list_open(&out);
	json_out_event(&out, &event);
	json_out_list_close(&out, "msg_1");
	assert_text(&out, "{\"items\":[{\"seq\":7,\"at\":\"1970-01-01T00:00:01.000Z\","
			  "\"type\":\"modem.lost\",\"subject\":\"gsm0\",\"data\":{\"site\":null,"
			  "\"state\":null,\"modem\":null,\"reason\":null}}],\"next\":\"msg_1\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings), cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_long),    cmocka_unit_test(test_message),
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
