/* Modems through HTTP: a real fleet whose one modem is a TCP port that says OK to everything. */
#include "server_fixture.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

#include "modem/fleet.h"

/* The far end of the line, in a thread of its own until the line is hung up. */
static struct {
	int fd, port;
	pthread_t thread;
} far_end;

static const struct {
	const char *command, *answer;
} answers[] = {
	{ "AT+CSQ", "\r\n+CSQ: 20,99\r\n\r\nOK\r\n" },
	{ "AT+CGSN", "\r\n356938035643809\r\n\r\nOK\r\n" },
	{ "AT+CPIN?", "\r\n+CPIN: READY\r\n\r\nOK\r\n" },
	{ "AT+CCLK?", "" }, /* never answered */
	{ "AT", "\r\nOK\r\n" },
};

/* An ESC may stand in front. */
static void answer_line(int fd, const char *line)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const char *answer = answers[i].answer;

		if (strstr(line, answers[i].command) == NULL)
			continue;
		assert_int_equal(write(fd, answer, strlen(answer)), (ssize_t)strlen(answer));
		break;
	}
}

static void *run_far_end(void *arg)
{
	int fd = accept(far_end.fd, NULL, NULL);
	char line[1024], c;
	size_t n = 0;

	(void)arg;
	while (fd >= 0 && recv(fd, &c, 1, 0) == 1) {
		if (n + 1 < sizeof(line))
			line[n++] = c;
		if (c != '\r')
			continue;
		line[n] = '\0';
		answer_line(fd, line);
		n = 0;
	}
	close(fd);
	return NULL;
}

static void far_end_start(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	far_end.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(far_end.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(far_end.fd, 4), 0);
	assert_int_equal(getsockname(far_end.fd, (struct sockaddr *)&address, &size), 0);
	far_end.port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&far_end.thread, NULL, run_far_end, NULL), 0);
}

static void ignore_change(void *arg, struct session *session)
{
	(void)arg;
	(void)session;
}

static void ignore_pin(void *arg, struct session *session, const char *iccid, int tries_left)
{
	(void)arg;
	(void)session;
	(void)iccid;
	(void)tries_left;
}

static const struct session_events ignored = { .changed = ignore_change, .pin_wanted = ignore_pin };

static struct control *make_fleet(struct fixture *f)
{
	struct control *fleet = fleet_new(&f->loop, f->config, &ignored, NULL);

	assert_non_null(fleet);
	return fleet;
}

static void start(struct fixture *f)
{
	char config[256];

	far_end_start();
	snprintf(config, sizeof(config),
		 "modems = ( { name = \"gsm0\"; device = \"tcp://127.0.0.1:%d\"; "
		 "limits = [ \"10/1m\" ]; } );",
		 far_end.port);
	fixture_start_with(f, config, make_fleet);
}

static void stop(struct fixture *f)
{
	bool closed = false;

	if (f->api != NULL)
		fixture_close_api(f);
	fleet_close(f->modems, 0, on_flag, &closed);
	fixture_until(f, &closed);
	shutdown(far_end.fd, SHUT_RDWR); /* where it was never called */
	pthread_join(far_end.thread, NULL);
	close(far_end.fd);
	fixture_stop(f);
}

/* The line is open when the modem may be asked. */
static void until_open(struct fixture *f, struct client *c)
{
	while (client_ask(f, c, "POST /v1/modems/gsm0/at", "", "{\"command\":\"AT\"}", NULL) != 200)
		uv_run(&f->loop, UV_RUN_ONCE);
}

static const struct {
	const char *what, *body;
	int status;
	const char *has;
} asked[] = {
	{ "GET /v1/modems", "", 200, "\"name\":\"gsm0\"" },
	{ "GET /v1/modems/gsm0", "", 200,
	  "\"quotas\":[{\"count\":10,\"window\":60,\"of\":\"parts\",\"used\":0,\"next_at\":null}"
	  "]" },
	{ "GET /v1/modems/gsm1", "", 404, NULL },
	{ "GET /v1/status", "", 200, "\"modems\":[{\"name\":\"gsm0\"" },
	{ "POST /v1/modems/gsm0/at", "{\"command\":\"AT+CSQ\"}", 200,
	  "{\"lines\":[\"+CSQ: 20,99\"],\"final\":\"OK\"}" },
	{ "POST /v1/modems/gsm0/at", "{\"command\":\"AT\\r\"}", 422, "control_character" },
	{ "POST /v1/modems/gsm0/at", "{\"command\":\"AT\\u001a\"}", 422, NULL },
	{ "POST /v1/modems/gsm0/at", "{\"command\":\"\"}", 422, NULL },
	{ "POST /v1/modems/gsm0/at", "{\"command\":\"hello\"}", 422, "not_allowed" },
	{ "POST /v1/modems/gsm1/at", "{\"command\":\"AT\"}", 404, NULL },
	{ "POST /v1/modems/gsm0/actions", "{\"action\":\"explode\"}", 422, "unknown_word" },
	{ "POST /v1/modems/gsm0/actions", "{\"action\":\"drain\"}", 202, "\"name\":\"gsm0\"" },
	{ "POST /v1/modems/gsm0/ussd", "{\"code\":\"*100#\\n\"}", 422, NULL },
};

static void test_asked(void **state)
{
	static struct fixture f;
	struct client *c;
	char *answer;

	(void)state;
	start(&f);
	c = client_open(&f);
	until_open(&f, c);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		int status = client_ask(&f, c, asked[i].what, "", asked[i].body, &answer);

		if (status != asked[i].status ||
		    (asked[i].has != NULL && strstr(answer, asked[i].has) == NULL))
			fail_msg("%s %s: wanted %d %s\n%s", asked[i].what, asked[i].body,
				 asked[i].status, asked[i].has != NULL ? asked[i].has : "", answer);
	}
	client_close(c);
	stop(&f);
}

static const char watch[] = "GET /v1/modems/gsm0/trace HTTP/1.1\r\nHost: x\r\n\r\n";

static void test_trace(void **state)
{
	static struct fixture f;
	struct client *c, *watching, *second;
	char *answer;

	(void)state;
	start(&f);
	c = client_open(&f);
	until_open(&f, c);
	watching = client_open(&f);
	client_send(watching, watch, strlen(watch));
	client_until(&f, watching, "text/event-stream");
	second = client_open(&f);
	assert_int_equal(client_ask(&f, second, "GET /v1/modems/gsm0/trace", "", "", &answer), 409);
	client_ask(&f, c, "POST /v1/modems/gsm0/at", "", "{\"command\":\"AT+CSQ\"}", NULL);
	client_until(&f, watching, "event: trace\ndata: {\"at\":\"");
	client_until(&f, watching, "+CSQ: 20,99");
	client_close(second);
	fixture_close_api(&f);
	client_until(&f, watching, "\r\n0\r\n\r\n");
	client_close(watching);
	client_close(c);
	stop(&f);
}

/* Other modems take the place of these: who watched them is let go. */
static void test_replaced(void **state)
{
	static struct fixture f;
	struct client *watching;

	(void)state;
	start(&f);
	watching = client_open(&f);
	client_send(watching, watch, strlen(watch));
	client_until(&f, watching, "text/event-stream");
	api_set_modems(f.api, NULL);
	client_until(&f, watching, "\r\n0\r\n\r\n");
	client_close(watching);
	stop(&f);
}

/* The server goes down while a modem still owes an answer, which comes when the modem ends. */
static void test_owed_answer(void **state)
{
	static const char ask[] = "POST /v1/modems/gsm0/at HTTP/1.1\r\nHost: x\r\n"
				  "Content-Length: 22\r\n\r\n{\"command\":\"AT+CCLK?\"}";
	static struct fixture f;
	struct client *c;

	(void)state;
	start(&f);
	c = client_open(&f);
	until_open(&f, c);
	client_send(c, ask, strlen(ask));
	for (int turn = 0; turn < 8; turn++)
		uv_run(&f.loop, UV_RUN_NOWAIT);
	fixture_close_api(&f);
	assert_int_equal(client_answer(&f, c, false, NULL), 503);
	client_close(c);
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked),
		cmocka_unit_test(test_trace),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_owed_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
