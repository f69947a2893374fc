/* test_store_late.c - a database that does not answer: health says so after five seconds. */
#include "server_fixture.h"

#include "tests/unit/modem/passing.h"

static struct fixture fixture;
static uv_sem_t go;
static unsigned ended;

static int wait_for_go(struct db *db, void *arg)
{
	(void)db;
	(void)arg;
	uv_sem_wait(&go);
	return 0;
}

static void on_ended(void *arg, int status)
{
	(void)arg;
	assert_int_equal(status, 0);
	ended++;
}

static void health_does_not_wait_for_ever(void **state)
{
	static const char request[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	struct fixture *f = &fixture;
	struct client *c;
	char *answer;

	(void)state;
	fixture_start(f, "");
	c = client_open(f);
	assert_int_equal(uv_sem_init(&go, 0), 0);
	store_run(f->store, STORE_FIRST, wait_for_go, on_ended, NULL);
	store_read(f->store, wait_for_go, on_ended, NULL);
	client_send(c, request, strlen(request));
	for (int i = 0; i < 49; i++) {
		pass(&f->loop, 100);
		uv_run(&f->loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(c->n, 0);
	pass(&f->loop, 200);
	assert_int_equal(client_answer(f, c, false, &answer), 503);
	assert_non_null(strstr(answer, "\"status\":\"fail\""));
	assert_non_null(strstr(answer, "the database does not answer"));
	uv_sem_post(&go);
	uv_sem_post(&go);
	while (ended < 2)
		uv_run(&f->loop, UV_RUN_ONCE);
	assert_int_equal(client_ask(f, c, "GET /healthz", "", "", &answer), 503); /* no modem */
	assert_non_null(strstr(answer, "the database answers"));
	assert_int_equal(c->n, 0);
	client_close(c);
	fixture_stop(f);
	uv_sem_destroy(&go);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(health_does_not_wait_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
