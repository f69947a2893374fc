/* Messages, verifications, contact requests and accounts through HTTP, rules and database. */
#include "server_fixture.h"

#include <jansson.h>

#include "base/util.h"
#include "service/numbers.h"

static const char sites[] =
	"sites = ( { name = \"shop\"; title = \"Shop\"; region = \"RU\"; locale = \"en\";\n"
	"  text = { allowed = true; };\n"
	"  test_numbers = ( { phone = \"+79000000001\"; code = \"000000\"; },\n"
	"                   { phone = \"+79000000002\"; code = \"000000\"; } ); },\n"
	"  { name = \"other\"; region = \"RU\"; } );";

static json_t *body_of(const char *answer)
{
	const char *body = strstr(answer, "\r\n\r\n");
	json_t *json;

	assert_non_null(body);
	json = json_loads(body + 4, 0, NULL);
	if (json == NULL)
		fail_msg("no JSON: %s", answer);
	return json;
}

/* Asks at the site "shop" and checks the status. */
static json_t *ask(struct fixture *f, struct client *c, const char *what, const char *more,
		   const char *body, int status)
{
	char *answer, headers[256];
	int got;

	snprintf(headers, sizeof(headers), "Simgate-Site: shop\r\n%s", more);
	got = client_ask(f, c, what, headers, body, &answer);
	if (got != status)
		fail_msg("%s %s: wanted %d\n%s", what, body, status, answer);
	return status == 204 ? NULL : body_of(answer);
}

static const char *text(const json_t *json, const char *name)
{
	const char *value = json_string_value(json_object_get(json, name));

	return value != NULL ? value : "";
}

static const char *const message_members[] = {
	"id",
	"kind",
	"site",
	"to",
	"state",
	"reason",
	"encoding",
	"parts",
	"priority",
	"modem",
	"reference",
	"retry_of",
	"created_at",
	"deadline",
	"sent_at",
	"delivered_at",
	"estimated_send_at",
	"history",
};

static void test_message(void **state)
{
	static struct fixture f;
	char what[128];
	struct client *c;
	json_t *json, *list;

	(void)state;
	fixture_start(&f, sites);
	c = client_open(&f);
	json = ask(&f, c, "POST /v1/messages", "",
		   "{\"to\":\"8 912 123-45-67\",\"text\":\"Hello\",\"priority\":\"high\","
		   "\"ttl\":600,\"reference\":\"order 5\"}",
		   202);
	for (size_t i = 0; i < ARRAY_LEN(message_members); i++)
		assert_non_null(json_object_get(json, message_members[i]));
	assert_int_equal(json_object_size(json), ARRAY_LEN(message_members));
	assert_string_equal(text(json, "to"), "+79121234567");
	assert_string_equal(text(json, "state"), "queued");
	assert_string_equal(text(json, "kind"), "text");
	assert_string_equal(text(json, "encoding"), "gsm7");
	assert_string_equal(text(json, "priority"), "high");
	assert_string_equal(text(json, "reference"), "order 5");
	assert_true(json_is_null(json_object_get(json, "sent_at")));
	snprintf(what, sizeof(what), "DELETE /v1/messages/%s", text(json, "id"));
	json_decref(json);

	json = ask(&f, c, what + 0, "", "", 200);
	assert_string_equal(text(json, "state"), "canceled");
	assert_int_equal(json_array_size(json_object_get(json, "history")), 2);
	json_decref(json);
	json = ask(&f, c, what, "", "", 409);
	assert_string_equal(text(json, "reason"), "already_final");
	json_decref(json);

	list = ask(&f, c, "GET /v1/messages?to=%2B79121234567&state=canceled", "", "", 200);
	assert_int_equal(json_array_size(json_object_get(list, "items")), 1);
	assert_true(json_is_null(json_object_get(list, "next")));
	json_decref(list);
	client_close(c);
	fixture_stop(&f);
}

static void test_pages(void **state)
{
	static struct fixture f;
	struct client *c;
	char what[128] = "GET /v1/messages?limit=2";
	size_t seen = 0;

	(void)state;
	fixture_start(&f, sites);
	c = client_open(&f);
	for (int i = 0; i < 5; i++)
		json_decref(ask(&f, c, "POST /v1/messages", "",
				"{\"to\":\"+79121234567\",\"text\":\"Hello\"}", 202));
	for (int page = 0; page < 3; page++) {
		json_t *list = ask(&f, c, what, "", "", 200);

		seen += json_array_size(json_object_get(list, "items"));
		assert_int_equal(json_is_null(json_object_get(list, "next")), page == 2);
		snprintf(what, sizeof(what), "GET /v1/messages?limit=2&after=%s",
			 text(list, "next"));
		json_decref(list);
	}
	assert_int_equal(seen, 5);
	client_close(c);
	fixture_stop(&f);
}

/* By its id an object is found without naming its site; by another site's name it is not. */
static void test_sites(void **state)
{
	static struct fixture f;
	char what[128], *answer;
	struct client *c;
	json_t *json;

	(void)state;
	fixture_start(&f, sites);
	c = client_open(&f);
	json = ask(&f, c, "POST /v1/messages", "", "{\"to\":\"+79121234567\",\"text\":\"Hello\"}",
		   202);
	snprintf(what, sizeof(what), "GET /v1/messages/%s", text(json, "id"));
	json_decref(json);
	assert_int_equal(client_ask(&f, c, what, "", "", &answer), 200);
	assert_int_equal(client_ask(&f, c, what, "Simgate-Site: other\r\n", "", &answer), 404);
	assert_int_equal(client_ask(&f, c, "POST /v1/messages?site=other", "",
				    "{\"to\":\"+79121234567\",\"text\":\"Hello\"}", &answer),
			 403);
	assert_non_null(strstr(answer, "\"reason\":\"kind_not_allowed\""));
	client_close(c);
	fixture_stop(&f);
}

static void test_idempotency(void **state)
{
	static const char body[] = "{\"to\":\"+79121234567\",\"text\":\"Hello\"}";
	static struct fixture f;
	struct client *c;
	json_t *first, *again, *list;

	(void)state;
	fixture_start(&f, sites);
	c = client_open(&f);
	first = ask(&f, c, "POST /v1/messages", "Idempotency-Key: \"k 1\"\r\n", body, 202);
	again = ask(&f, c, "POST /v1/messages", "Idempotency-Key: \"k 1\"\r\n", body, 202);
	assert_string_equal(text(first, "id"), text(again, "id"));
	json_decref(first);
	json_decref(again);
	again = ask(&f, c, "POST /v1/messages", "Idempotency-Key: \"k 1\"\r\n",
		    "{\"to\":\"+79121234567\",\"text\":\"Other\"}", 422);
	assert_string_equal(text(again, "reason"), "key_reused");
	json_decref(again);
	list = ask(&f, c, "GET /v1/messages", "", "", 200);
	assert_int_equal(json_array_size(json_object_get(list, "items")), 1);
	json_decref(list);
	client_close(c);
	fixture_stop(&f);
}

/* Two connections, one key, at the same moment: one makes it, the other is told to wait. */
static void test_in_progress(void **state)
{
	static const char post[] = "POST /v1/messages HTTP/1.1\r\nSimgate-Site: shop\r\n"
				   "Idempotency-Key: k\r\nContent-Length: 36\r\n\r\n"
				   "{\"to\":\"+79121234567\",\"text\":\"Hello\"}";
	static struct fixture f;
	struct client *c[8];
	char *answer;
	int made = 0, waiting = 0;

	(void)state;
	fixture_start(&f, sites);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		c[i] = client_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		client_send(c[i], post, strlen(post));
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		int status = client_answer(&f, c[i], false, &answer);

		made += status == 202;
		waiting += status == 409 && strstr(answer, "\"request_in_progress\"") != NULL;
		client_close(c[i]);
	}
	assert_true(made >= 1);
	assert_int_equal(made + waiting, ARRAY_LEN(c));
	fixture_stop(&f);
}

/* A client may leave while its request is at the store. */
static void test_client_leaves(void **state)
{
	static const char post[] = "POST /v1/messages HTTP/1.1\r\nSimgate-Site: shop\r\n"
				   "Content-Length: 36\r\n\r\n"
				   "{\"to\":\"+79121234567\",\"text\":\"Hello\"}";
	static struct fixture f;
	struct client *c;
	json_t *list;

	(void)state;
	fixture_start(&f, sites);
	for (int i = 0; i < 32; i++) {
		c = client_open(&f);
		client_send(c, post, strlen(post));
		for (int turn = 0; turn < i % 4; turn++)
			uv_run(&f.loop, UV_RUN_NOWAIT);
		client_close(c);
	}
	c = client_open(&f);
	list = ask(&f, c, "GET /v1/messages", "", "", 200);
	json_decref(list);
	client_send(c, post, strlen(post)); /* still under way at the end */
	uv_run(&f.loop, UV_RUN_NOWAIT);
	fixture_close_api(&f);
	client_close(c);
	fixture_stop(&f);
}

static void verify(struct fixture *f, struct client *c, const char *account, const char *phone)
{
	char body[256], what[128];
	json_t *json;

	snprintf(body, sizeof(body), "{\"account\":\"%s\",\"phone\":\"%s\"}", account, phone);
	json = ask(f, c, "POST /v1/verifications", "", body, 202);
	assert_string_equal(text(json, "state"), "pending");
	assert_string_equal(text(json, "phone"), phone);
	assert_int_equal(json_object_size(json), 23);
	snprintf(what, sizeof(what), "POST /v1/verifications/%s/check", text(json, "id"));
	json_decref(json);
	json = ask(f, c, what, "", "{\"code\":\"111111\"}", 200);
	assert_string_equal(text(json, "result"), "wrong_code");
	assert_int_equal(json_integer_value(json_object_get(json, "attempts_left")), 4);
	json_decref(json);
	json_decref(ask(f, c, what, "", "{\"code\":\"000000\",\"account\":\"someone\"}", 404));
	json_decref(ask(f, c, what, "", "{\"code\":\"12\"}", 422));
	json = ask(f, c, what, "", "{\"code\":\"000000\"}", 200);
	assert_string_equal(text(json, "result"), "approved");
	assert_string_equal(text(json, "account"), account);
	json_decref(json);
}

static void test_verification(void **state)
{
	static struct fixture f;
	struct client *c;
	json_t *json;

	(void)state;
	fixture_start(&f, sites);
	c = client_open(&f);
	verify(&f, c, "user 1", "+79000000001");
	json = ask(&f, c, "GET /v1/accounts/user%201", "", "", 200);
	assert_string_equal(text(json, "phone"), "+79000000001");
	assert_int_equal(json_array_size(json_object_get(json, "proofs")), 1);
	json_decref(json);
	json = ask(&f, c, "GET /v1/accounts/user%201/export", "", "", 200);
	assert_string_equal(text(json, "site"), "shop");
	assert_true(json_is_array(json_object_get(json, "messages")));
	json_decref(json);
	ask(&f, c, "DELETE /v1/accounts/user%201/phones/+79000000001", "", "", 204);
	verify(&f, c, "user 2", "+79000000001");
	ask(&f, c, "DELETE /v1/accounts/user%202", "", "", 204);
	json_decref(ask(&f, c, "GET /v1/accounts/user%202", "", "", 404));
	json_decref(ask(&f, c, "POST /v1/verifications", "",
			"{\"account\":\"u\",\"phone\":\"+7912\"}", 422));
	client_close(c);
	fixture_stop(&f);
}

static void test_real_code(void **state)
{
	static struct fixture f;
	struct client *c;
	char what[128];
	json_t *json;

	(void)state;
	fixture_start(&f, sites);
	c = client_open(&f);
	json = ask(&f, c, "POST /v1/verifications", "",
		   "{\"account\":\"u\",\"phone\":\"+79121234567\"}", 202);
	assert_string_equal(text(json_object_get(json, "delivery"), "state"), "queued");
	assert_true(strncmp(text(json, "message"), "msg_", 4) == 0);
	snprintf(what, sizeof(what), "POST /v1/verifications/%s/cancel", text(json, "id"));
	json_decref(json);
	json = ask(&f, c, "POST /v1/verifications", "",
		   "{\"account\":\"u\",\"phone\":\"+79121234567\"}", 429);
	assert_string_equal(text(json, "reason"), "too_soon");
	assert_true(json_integer_value(json_object_get(json, "retry_after")) > 50);
	json_decref(json);
	json = ask(&f, c, what, "", "", 200);
	assert_string_equal(text(json, "state"), "canceled");
	json_decref(json);
	client_close(c);
	fixture_stop(&f);
}

static void test_contact(void **state)
{
	static const char body[] = "{\"from_account\":\"a\",\"to_account\":\"b\","
				   "\"from_name\":\"Ivan\",\"to_name\":\"Petr\",\"order\":\"A-5\"}";
	static struct fixture f;
	char what[128];
	struct client *c;
	json_t *json;

	(void)state;
	fixture_start(&f, sites);
	c = client_open(&f);
	json = ask(&f, c, "POST /v1/contact-requests", "", body, 409);
	assert_non_null(strstr(text(json, "reason"), "_not_verified"));
	json_decref(json);
	verify(&f, c, "a", "+79000000001");
	verify(&f, c, "b", "+79000000002");
	json = ask(&f, c, "POST /v1/contact-requests", "", body, 202);
	assert_string_equal(text(json, "state"), "queued");
	assert_true(strncmp(text(json, "message"), "msg_", 4) == 0);
	snprintf(what, sizeof(what), "GET /v1/contact-requests/%s", text(json, "id"));
	json_decref(json);
	json = ask(&f, c, what, "", "", 200);
	assert_string_equal(text(json_object_get(json, "delivery"), "state"), "queued");
	json_decref(json);
	json = ask(&f, c, "POST /v1/contact-requests", "", body, 429);
	assert_string_equal(text(json, "reason"), "limit_reached");
	json_decref(json);
	client_close(c);
	fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),      cmocka_unit_test(test_pages),
		cmocka_unit_test(test_sites),        cmocka_unit_test(test_idempotency),
		cmocka_unit_test(test_in_progress),  cmocka_unit_test(test_client_leaves),
		cmocka_unit_test(test_verification), cmocka_unit_test(test_real_code),
		cmocka_unit_test(test_contact),
	};

	numbers_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
