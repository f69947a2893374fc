/* server_fixture.h - the whole API on one loop with a real store, and clients that speak HTTP to
 * it over its socket from the same loop. */
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>
#include <sodium.h>

#include "api/api.h"
#include "config/config.h"
#include "queue/store.h"

enum { LIMIT_MS = 60000, CLIENT_ROOM = 512 * 1024 }; /* a test that waits longer has failed */

struct fixture {
	uv_loop_t loop;
	uv_timer_t limit;
	char folder[64], socket[96];
	const struct config *config;
	struct store *store;
	struct control *modems; /* NULL: none */
	struct api *api;
	bool api_closed, store_closed;
};

struct client {
	uv_pipe_t pipe;
	uv_connect_t connect;
	bool connected, ended, closed;
	size_t n;
	char data[CLIENT_ROOM + 1];
};

static inline void on_limit(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("waited too long");
}

static inline void on_config_problem(void *arg, const char *file, unsigned line,
				     const char *setting, const char *problem)
{
	(void)arg;
	fail_msg("%s:%u: %s: %s", file, line, setting, problem);
}

static inline const struct config *fixture_config(struct fixture *f, const char *more)
{
	const struct config *config;
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/simgate.conf", f->folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file,
		"socket = { path = \"%s\"; mode = \"0600\"; group = \"\"; };\n"
		"database = \"%s/simgate.db\"; key_file = \"%s/key\";\n%s\n",
		f->socket, f->folder, f->folder, more);
	fclose(file);
	config = config_load(path, on_config_problem, NULL);
	assert_non_null(config);
	return config;
}

static inline void on_events_hook(void *arg, int64_t last_seq)
{
	struct fixture *f = arg;

	if (f->api != NULL)
		api_events(f->api, last_seq);
}

/* modems: makes them when loop and configuration are there; NULL: none. */
static inline void fixture_start_with(struct fixture *f, const char *more,
				      struct control *(*modems)(struct fixture *f))
{
	const struct store_hooks hooks = { .events = on_events_hook, .arg = f };
	unsigned char master[SEAL_KEY_SIZE] = "a key for tests";
	char path[96], why[API_WHY_SIZE];
	struct seal_keys keys;

	memset(f, 0, sizeof(*f));
	signal(SIGPIPE, SIG_IGN); /* a server may hang up on what it refuses */
	assert_true(sodium_init() >= 0);
	snprintf(f->folder, sizeof(f->folder), "/tmp/simgate-api-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->socket, sizeof(f->socket), "%s/api.sock", f->folder);
	snprintf(path, sizeof(path), "%s/simgate.db", f->folder);
	assert_int_equal(uv_loop_init(&f->loop), 0);
	uv_timer_init(&f->loop, &f->limit);
	uv_timer_start(&f->limit, on_limit, LIMIT_MS, 0);
	f->config = fixture_config(f, more);
	seal_derive(&keys, master);
	f->store = store_open(&f->loop, path, &keys, &hooks, why);
	if (f->store == NULL)
		fail_msg("%s", why);
	if (modems != NULL)
		f->modems = modems(f);
	f->api = api_start(&f->loop, f->config, f->store, f->modems, -1, -1, why);
	if (f->api == NULL)
		fail_msg("%s", why);
}

static inline void fixture_start(struct fixture *f, const char *more)
{
	fixture_start_with(f, more, NULL);
}

static inline void on_flag(void *arg)
{
	*(bool *)arg = true;
}

static inline void fixture_until(struct fixture *f, const bool *flag)
{
	while (!*flag)
		uv_run(&f->loop, UV_RUN_ONCE);
}

static inline void fixture_close_api(struct fixture *f)
{
	struct api *api = f->api;

	f->api = NULL;
	api_close(api, on_flag, &f->api_closed);
	fixture_until(f, &f->api_closed);
}

static inline void fixture_stop(struct fixture *f)
{
	char command[128];

	if (f->api != NULL)
		fixture_close_api(f);
	store_close(f->store, on_flag, &f->store_closed);
	fixture_until(f, &f->store_closed);
	config_unref(f->config);
	uv_close((uv_handle_t *)&f->limit, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
}

/* ---- clients ---- */

static inline void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct client *c = handle->data;

	(void)size;
	*buf = uv_buf_init(c->data + c->n, (unsigned)(CLIENT_ROOM - c->n));
}

static inline void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct client *c = stream->data;

	(void)buf;
	if (n < 0) {
		c->ended = true;
		uv_read_stop(stream);
	} else {
		c->n += (size_t)n;
		c->data[c->n] = '\0';
	}
}

static inline void on_connect(uv_connect_t *connect, int status)
{
	struct client *c = connect->handle->data;

	assert_int_equal(status, 0);
	c->connected = true;
	uv_read_start(connect->handle, on_alloc, on_read);
}

static inline struct client *client_open(struct fixture *f)
{
	struct client *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	uv_pipe_init(&f->loop, &c->pipe, 0);
	c->pipe.data = c;
	uv_pipe_connect(&c->connect, &c->pipe, f->socket, on_connect);
	fixture_until(f, &c->connected);
	return c;
}

static inline void on_client_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static inline void client_close(struct client *c)
{
	uv_close((uv_handle_t *)&c->pipe, on_client_closed);
}

struct sent {
	uv_write_t write;
	char bytes[];
};

static inline void on_sent(uv_write_t *write, int status)
{
	(void)status; /* a server may hang up on what it refuses */
	free(write->data);
}

static inline void client_send(struct client *c, const char *bytes, size_t n)
{
	struct sent *sent = malloc(sizeof(*sent) + n);
	uv_buf_t buf;

	assert_non_null(sent);
	memcpy(sent->bytes, bytes, n);
	sent->write.data = sent;
	buf = uv_buf_init(sent->bytes, (unsigned)n);
	assert_int_equal(uv_write(&sent->write, (uv_stream_t *)&c->pipe, &buf, 1, on_sent), 0);
}

/* The whole answer's length, 0 while it is not all there. head: no body follows. */
static inline size_t answer_size(const struct client *c, bool head)
{
	const char *end = strstr(c->data, "\r\n\r\n"), *length;
	size_t n;

	if (end == NULL)
		return 0;
	n = (size_t)(end + 4 - c->data);
	length = strcasestr(c->data, "\r\nContent-Length:");
	if (length != NULL && length < end && !head)
		n += (size_t)strtoul(length + 17, NULL, 10);
	return n <= c->n ? n : 0;
}

/* Status of the next answer; its bytes stand in answer (until the next call). */
static inline int client_answer(struct fixture *f, struct client *c, bool head, char **answer)
{
	static char kept[CLIENT_ROOM + 1];
	size_t n;
	int status;

	while ((n = answer_size(c, head)) == 0) {
		if (c->ended)
			fail_msg("the server hung up: %s", c->data);
		uv_run(&f->loop, UV_RUN_ONCE);
	}
	memcpy(kept, c->data, n);
	kept[n] = '\0';
	memmove(c->data, c->data + n, c->n - n + 1);
	c->n -= n;
	assert_int_equal(sscanf(kept, "HTTP/1.1 %d", &status), 1);
	if (answer != NULL)
		*answer = kept;
	return status;
}

/* One request: what is the first line without the version, more is headers with line ends. */
static inline int client_ask(struct fixture *f, struct client *c, const char *what,
			     const char *more, const char *body, char **answer)
{
	char *text;
	int n = asprintf(&text, "%s HTTP/1.1\r\nHost: x\r\n%s%s%zu\r\n\r\n%s", what, more,
			 "Content-Length: ", strlen(body), body);

	assert_true(n > 0);
	client_send(c, text, (size_t)n);
	free(text);
	return client_answer(f, c, strncmp(what, "HEAD ", 5) == 0, answer);
}

static inline void client_until(struct fixture *f, struct client *c, const char *text)
{
	while (strstr(c->data, text) == NULL) {
		if (c->ended)
			fail_msg("the server hung up: %s", c->data);
		uv_run(&f->loop, UV_RUN_ONCE);
	}
}
