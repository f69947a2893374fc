/* The HTTP face over its own socket: what is refused before any rule, limits, waiting, closing. */
#include "server_fixture.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/util.h"
#include "queue/db_event.h"

#define SITES "sites = ( { name = \"a\"; }, { name = \"b\"; } );"
#define ULID  "01ARZ3NDEKTSV4RRFFQ69G5FAV"

static const struct {
	const char *what, *more, *body;
	int status;
	const char *has; /* in headers or body, or NULL */
} asked[] = {
	{ "GET /", "", "", 404, "\"reason\":\"not_found\"" },
	{ "GET /v2/messages", "", "", 404, "application/problem+json" },
	{ "GET /v1/messages/", "", "", 404, NULL },
	{ "GET /v1//messages", "", "", 404, NULL },
	{ "GET /v1%2Fmessages", "", "", 404, NULL },
	{ "PUT /v1/messages", "", "", 405, "Allow: POST, GET, HEAD" },
	{ "POST /healthz", "", "{}", 405, "Allow: GET, HEAD" },
	{ "DELETE /v1/messages/x/retry", "", "", 405, "Allow: POST" },
	{ "GET /v1/messages/%00", "", "", 400, "\"reason\":\"bad_path\"" },
	{ "GET /v1/messages/%FF", "", "", 400, "\"reason\":\"bad_path\"" },
	{ "GET /v1/messages?to=%00", "", "", 400, "\"reason\":\"bad_query\"" },
	{ "GET /v1/messages?too=1", "", "", 422, "\"field\":\"too\"" },
	{ "GET /v1/messages?limit=201", "", "", 200, "\"items\":[]" },
	{ "GET /v1/messages?limit=0", "", "", 422, "\"field\":\"limit\"" },
	{ "GET /v1/messages?limit=-1", "", "", 422, "\"field\":\"limit\"" },
	{ "GET /v1/messages?limit=1x", "", "", 422, "\"field\":\"limit\"" },
	{ "GET /v1/messages?state=lost", "", "", 422, "\"field\":\"state\"" },
	{ "GET /v1/messages?kind=call", "", "", 422, "\"field\":\"kind\"" },
	{ "GET /v1/messages?after=ver_" ULID, "", "", 422, "\"field\":\"after\"" },
	{ "GET /v1/messages/ver_" ULID, "", "", 404, NULL },
	{ "GET /v1/messages/msg_x", "", "", 404, NULL },
	{ "GET /v1/messages?site=c", "", "", 404, NULL },
	{ "GET /v1/messages", "Simgate-Site: c\r\n", "", 404, NULL },
	{ "GET /v1/messages?site=a", "Simgate-Site: b\r\n", "", 400, "bad_header" },
	{ "POST /v1/messages", "", "{}", 400, "\"reason\":\"site_required\"" },
	{ "GET /v1/accounts/x", "", "", 400, "\"reason\":\"site_required\"" },
	{ "POST /v1/messages?site=a", "", "", 400, "\"reason\":\"not_json\"" },
	{ "POST /v1/messages?site=a", "", "{\"to\":\n}", 400, "line 2" },
	{ "POST /v1/messages?site=a", "", "{\"to\":\"\xff\"}", 400, "\"reason\":\"bad_utf8\"" },
	{ "POST /v1/messages?site=a", "", "{}", 422, "\"field\":\"text\"" },
	{ "POST /v1/messages?site=a", "", "{\"to\":\"1\",\"text\":\"a\\u0000\"}", 422,
	  "\"reason\":\"nul_character\"" },
	{ "POST /v1/messages?site=a", "", "{\"to\":\"1\",\"text\":\"a\",\"txet\":1}", 422,
	  "\"field\":\"txet\"" },
	{ "POST /v1/messages?site=a", "Content-Type: text/plain\r\n", "{}", 422, NULL },
	{ "POST /v1/messages?site=a", "Idempotency-Key: \"\"\r\n", "{}", 400,
	  "\"reason\":\"bad_idempotency_key\"" },
	{ "POST /v1/messages?site=a", "Idempotency-Key: a b\r\n", "{}", 400, NULL },
	{ "POST /v1/verifications/msg_" ULID "/check", "", "{\"code\":\"1\"}", 404, NULL },
	{ "POST /v1/contact-requests?site=a", "", "{\"order\":5}", 422, "\"field\":\"to_name\"" },
	{ "GET /v1/modems", "", "", 200, "{\"items\":[],\"next\":null}" },
	{ "GET /v1/modems/gsm0", "", "", 404, NULL },
	{ "POST /v1/modems/gsm0/actions", "", "{\"action\":\"drain\"}", 404, NULL },
	{ "GET /v1/modems/gsm0/trace", "", "", 404, NULL },
	{ "GET /v1/inbox", "", "", 200, "{\"items\":[],\"next\":null}" },
	{ "GET /v1/messages", "", "", 200, "{\"items\":[],\"next\":null}" },
	{ "GET /v1/messages?site=a&state=sent&kind=text", "", "", 200, "\"items\":[]" },
	{ "GET /v1/messages/msg_" ULID, "", "", 404, "\"reason\":\"not_found\"" },
	{ "GET /v1/status", "", "", 200, "\"queued\":0" },
	{ "GET /healthz", "", "", 503, "\"status\":\"fail\"" },
	{ "HEAD /v1/status", "", "", 200, "Content-Type: application/json" },
	{ "HEAD /v1/nothing", "", "", 404, NULL },
	{ "GET /v1/events?after=x", "", "", 422, "\"field\":\"after\"" },
	{ "GET /v1/events?wait=31", "", "", 422, "\"field\":\"wait\"" },
	{ "GET /v1/events", "Last-Event-ID: x\r\n", "", 400, NULL },
	{ "GET /v1/events", "", "", 200, "{\"items\":[],\"next\":0}" },
	{ "POST /v1/preview", "", "{\"text\":\"Hello\"}", 200, "\"encoding\":\"gsm7\"" },
	{ "POST /v1/preview", "", "{\"text\":\"\xd0\xaf\"}", 200, "\"at\":0" },
};

/* All on one connection: a refusal does not cost it. */
static void test_asked(void **state)
{
	static struct fixture f;
	struct client *c;
	char *answer;

	(void)state;
	fixture_start(&f, SITES);
	c = client_open(&f);
	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		int status =
			client_ask(&f, c, asked[i].what, asked[i].more, asked[i].body, &answer);

		if (status != asked[i].status ||
		    (asked[i].has != NULL && strstr(answer, asked[i].has) == NULL))
			fail_msg("%s %s: wanted %d %s\n%s", asked[i].what, asked[i].body,
				 asked[i].status, asked[i].has != NULL ? asked[i].has : "", answer);
	}
	client_close(c);
	fixture_stop(&f);
}

static void ask_with_body(struct fixture *f, size_t size, int status)
{
	struct client *c = client_open(f);
	char *body = malloc(size + 1), *answer;

	memset(body, ' ', size);
	body[size] = '\0';
	assert_int_equal(client_ask(f, c, "POST /v1/messages?site=a", "", body, &answer), status);
	free(body);
	client_close(c);
}

static void test_large_bodies(void **state)
{
	static struct fixture f;

	(void)state;
	fixture_start(&f, SITES);
	ask_with_body(&f, 64 * 1024, 400); /* spaces are no JSON */
	ask_with_body(&f, 1024 * 1024, 413);
	ask_with_body(&f, 8 * 1024 * 1024, 413);
	ask_with_body(&f, 24 * 1024 * 1024, 413); /* more than is read away */
	fixture_stop(&f);
}

static void test_long_target(void **state)
{
	static struct fixture f;
	char what[4096] = "GET /v1/accounts/";
	struct client *c;

	(void)state;
	fixture_start(&f, SITES);
	c = client_open(&f);
	memset(what + strlen(what), 'a', 3000);
	assert_int_equal(client_ask(&f, c, what, "", "", NULL), 414);
	what[200] = '\0';
	assert_int_equal(client_ask(&f, c, what, "Simgate-Site: a\r\n", "", NULL), 404);
	client_close(c);
	fixture_stop(&f);
}

/* Garbage costs the one who sent it its connection, and nobody else anything. */
static void test_garbage(void **state)
{
	static const char *const garbage[] = {
		"\r\n\r\n",
		"GET\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n",
		"\x16\x03\x01\x02\r\n\r\n",
		"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
		"POST /v1/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
	};
	static struct fixture f;
	struct client *c;

	(void)state;
	fixture_start(&f, SITES);
	for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
		c = client_open(&f);
		client_send(c, garbage[i], strlen(garbage[i]));
		client_close(c);
	}
	c = client_open(&f);
	assert_int_equal(client_ask(&f, c, "GET /v1/modems", "", "", NULL), 200);
	client_close(c);
	fixture_stop(&f);
}

/* ---- events ---- */

static int add_event(struct db *db, void *arg)
{
	const struct event_new event = { .type = arg, .site = "a", .subject = "msg_x" };

	return db_event_add(db, &event);
}

static void test_long_poll(void **state)
{
	static struct fixture f;
	static const char poll[] = "GET /v1/events?after=0&wait=30&types=message.sent HTTP/1.1\r\n"
				   "Host: x\r\n\r\n";
	struct client *c;
	char *answer;

	(void)state;
	fixture_start(&f, SITES);
	c = client_open(&f);
	client_send(c, poll, strlen(poll));
	store_run(f.store, STORE_NORMAL, add_event, NULL, (void *)"modem.lost");
	store_run(f.store, STORE_NORMAL, add_event, NULL, (void *)"message.sent");
	assert_int_equal(client_answer(&f, c, false, &answer), 200);
	assert_non_null(strstr(answer, "\"type\":\"message.sent\",\"subject\":\"msg_x\""));
	assert_null(strstr(answer, "modem.lost"));
	assert_non_null(strstr(answer, "\"next\":2"));
	assert_int_equal(client_ask(&f, c, "GET /v1/events?after=2&wait=1", "", "", &answer), 200);
	assert_non_null(strstr(answer, "{\"items\":[],\"next\":2}"));
	client_close(c);
	fixture_stop(&f);
}

static void test_stream(void **state)
{
	static struct fixture f;
	static const char ask[] = "GET /v1/events HTTP/1.1\r\nHost: x\r\n"
				  "Accept: text/event-stream\r\nLast-Event-ID: 1\r\n\r\n";
	struct client *c, *gone;

	(void)state;
	fixture_start(&f, SITES);
	for (int i = 0; i < 3; i++)
		store_run(f.store, STORE_NORMAL, add_event, NULL, (void *)"message.queued");
	c = client_open(&f);
	gone = client_open(&f);
	client_send(c, ask, strlen(ask));
	client_send(gone, ask, strlen(ask));
	client_until(&f, c, "id: 3\nevent: message.queued\ndata: {\"seq\":3,");
	client_until(&f, gone, "id: 3\n");
	client_close(gone); /* in the middle of it */
	assert_null(strstr(c->data, "id: 1\n"));
	assert_non_null(strstr(c->data, "text/event-stream"));
	for (int i = 0; i < 500; i++)
		store_run(f.store, STORE_NORMAL, add_event, NULL, (void *)"message.sent");
	client_until(&f, c, "id: 503\n");
	fixture_close_api(&f); /* streams end, whole */
	client_until(&f, c, "\r\n0\r\n\r\n");
	client_close(c);
	fixture_stop(&f);
}

/* What waits at the end is answered, and nobody hangs. */
static void test_close_answers(void **state)
{
	static struct fixture f;
	static const char poll[] = "GET /v1/events?wait=30 HTTP/1.1\r\nHost: x\r\n\r\n";
	static const char begun[] =
		"POST /v1/preview HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{";
	struct client *waiting, *half, *idle;
	char *answer;

	(void)state;
	fixture_start(&f, SITES);
	waiting = client_open(&f);
	half = client_open(&f);
	idle = client_open(&f);
	client_send(half, begun, strlen(begun));
	client_send(waiting, poll, strlen(poll));
	assert_int_equal(client_ask(&f, idle, "GET /v1/modems", "", "", NULL), 200);
	fixture_close_api(&f);
	assert_int_equal(client_answer(&f, waiting, false, &answer), 200);
	assert_non_null(strstr(answer, "\"items\":[]"));
	assert_int_equal(access(f.socket, F_OK), -1);
	client_close(waiting);
	client_close(half);
	client_close(idle);
	fixture_stop(&f);
}

/* ---- the socket file ---- */

static void test_socket_file(void **state)
{
	static struct fixture f;
	char why[API_WHY_SIZE];
	struct stat st;

	(void)state;
	fixture_start(&f, SITES);
	assert_int_equal(stat(f.socket, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_null(api_start(&f.loop, f.config, f.store, NULL, -1, -1, why));
	assert_non_null(strstr(why, "in use"));
	assert_int_equal(stat(f.socket, &st), 0); /* the live one is left alone */
	fixture_stop(&f);
}

static void restart(struct fixture *f, bool works)
{
	char why[API_WHY_SIZE];

	f->api_closed = false;
	f->api = api_start(&f->loop, f->config, f->store, NULL, -1, -1, why);
	assert_int_equal(f->api != NULL, works);
	if (!works)
		assert_non_null(strstr(why, "not a socket"));
}

static void test_stale_file(void **state)
{
	static struct fixture f;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct client *c;
	int fd;

	(void)state;
	fixture_start(&f, SITES);
	fixture_close_api(&f);
	strcpy(address.sun_path, f.socket);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	restart(&f, true);
	c = client_open(&f);
	assert_int_equal(client_ask(&f, c, "GET /v1/modems", "", "", NULL), 200);
	client_close(c);
	fixture_close_api(&f);
	fclose(fopen(f.socket, "w"));
	restart(&f, false);
	fixture_stop(&f);
}

/* A socket opened by systemd: used as it is, and its file stays. */
static void test_adopted_socket(void **state)
{
	static struct fixture f;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char why[API_WHY_SIZE];
	struct client *c;
	int fd;

	(void)state;
	fixture_start(&f, SITES);
	fixture_close_api(&f);
	strcpy(address.sun_path, f.socket);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	f.api_closed = false;
	f.api = api_start(&f.loop, f.config, f.store, NULL, fd, -1, why);
	assert_non_null(f.api);
	c = client_open(&f);
	assert_int_equal(client_ask(&f, c, "GET /v1/modems", "", "", NULL), 200);
	client_close(c);
	fixture_close_api(&f);
	assert_int_equal(access(f.socket, F_OK), 0);
	fixture_stop(&f);
}

static void test_new_config(void **state)
{
	static struct fixture f;
	const struct config *config;
	struct client *c;

	(void)state;
	fixture_start(&f, SITES);
	c = client_open(&f);
	assert_int_equal(client_ask(&f, c, "GET /v1/messages?site=new", "", "", NULL), 404);
	config = fixture_config(&f, "sites = ( { name = \"new\"; } );");
	api_set_config(f.api, config);
	config_unref(config);
	assert_int_equal(client_ask(&f, c, "GET /v1/messages?site=new", "", "", NULL), 200);
	assert_int_equal(client_ask(&f, c, "GET /v1/messages?site=a", "", "", NULL), 404);
	client_close(c);
	fixture_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked),         cmocka_unit_test(test_large_bodies),
		cmocka_unit_test(test_long_target),   cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_long_poll),     cmocka_unit_test(test_stream),
		cmocka_unit_test(test_close_answers), cmocka_unit_test(test_socket_file),
		cmocka_unit_test(test_stale_file),    cmocka_unit_test(test_adopted_socket),
		cmocka_unit_test(test_new_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
