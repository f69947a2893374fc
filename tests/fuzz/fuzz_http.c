/* fuzz_http.c - any words and any body to every route of the API on a real store.
 *
 * The input: a byte that makes a key, the method and target up to a line end ($ stands for the id
 * that was made last), the body. The server, its store and a fleet without modems are in this
 * process; it begins anew now and then, so that limits and lists stay small. Every answer is well
 * formed, none is an internal error. */
#include "tests/unit/api/server_fixture.h"

#include <jansson.h>

#include "base/log.h"
#include "modem/fleet.h"
#include "service/numbers.h"

enum { INPUTS_A_LIFE = 500, LINE_MAX_BYTES = 256, BODY_MAX = 4096, WAIT_MS = 100 };

static const char config_text[] =
	"sites = ( { name = \"a\"; title = \"A\"; origin = \"a.example\"; region = \"RU\"; locale "
	"= \"ru\";\n"
	"  text = { allowed = true; };\n"
	"  verification = { countries = [ \"RU\" ]; resend_after = [ \"1s\" ]; };\n"
	"  test_numbers = ( { phone = \"+79000000001\"; code = \"000000\"; },\n"
	"    { phone = \"+79000000002\"; code = \"000000\"; } ); } );\n"
	"modems = ( { name = \"gsm0\"; device = \"/no/such/modem\"; } );\n"
	"log = { level = \"error\"; };\n";

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int fsync(int fd);
int fdatasync(int fd);

static struct fixture f;
static struct client *client;
static unsigned inputs;
static char last_id[40];
static bool fleet_closed, late;

/* Nothing here need outlive the machine. */
int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}

static void require(bool promise)
{
	if (!promise)
		abort();
}

/* ---- the server ---- */

static void on_session(void *arg, struct session *session)
{
	(void)arg;
	(void)session;
}

static struct control *no_modems(struct fixture *fixture)
{
	static const struct session_events events = { .changed = on_session };

	return fleet_new(&fixture->loop, fixture->config, &events, NULL);
}

static void begin(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	fixture_start_with(&f, config_text, no_modems);
	uv_timer_stop(&f.limit); /* libFuzzer has its own */
	client = client_open(&f);
	last_id[0] = '\0';
}

static void end(void)
{
	client_close(client);
	fixture_close_api(&f);
	fleet_closed = false;
	fleet_close(f.modems, 0, on_flag, &fleet_closed);
	fixture_until(&f, &fleet_closed);
	fixture_stop(&f);
}

/* A run ends in the middle of a life. */
static void tidy(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", f.folder);
	require(f.folder[0] == '\0' || system(command) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	atexit(tidy);
	(void)argc;
	(void)argv;
	numbers_start();
	return 0;
}

/* ---- the request ---- */

struct request_text {
	size_t n;
	char bytes[LINE_MAX_BYTES * 40 + BODY_MAX + 256];
};

static void add(struct request_text *text, const char *bytes, size_t n)
{
	require(text->n + n <= sizeof(text->bytes));
	memcpy(text->bytes + text->n, bytes, n);
	text->n += n;
}

static void add_text(struct request_text *text, const char *bytes)
{
	add(text, bytes, strlen(bytes));
}

/* What may stand in a request line; false: it has no target. */
static bool add_line(struct request_text *text, const uint8_t *line, size_t n)
{
	bool blank = false;

	for (size_t i = 0; i < n && i < LINE_MAX_BYTES; i++) {
		if (line[i] == '$')
			add_text(text, last_id);
		else if (line[i] > ' ' && line[i] != 0x7f)
			add(text, (const char *)&line[i], 1);
		else if (line[i] == ' ' && !blank && i > 0 && i + 1 < n && line[i + 1] == '/')
			add(text, " ", 1), blank = true;
	}
	return blank;
}

/* Somebody else's files are not the input's to write. */
static bool writes_files(const uint8_t *line, size_t n_line, const uint8_t *body, size_t n)
{
	bool backup =
		memmem(line, n_line, "backup", 6) != NULL || memchr(line, '%', n_line) != NULL;

	return backup && (memchr(body, '/', n) != NULL || memchr(body, '\\', n) != NULL);
}

/* ---- the answer ---- */

static void remember(const char *body)
{
	const char *id = strstr(body, "\"id\":");
	size_t n;

	if (id == NULL)
		return;
	id += strcspn(id + 5, "\"") + 6;
	n = strcspn(id, "\"");
	if (n < sizeof(last_id))
		snprintf(last_id, sizeof(last_id), "%.*s", (int)n, id);
}

static void check_answer(int status, const char *answer)
{
	const char *body = strstr(answer, "\r\n\r\n") + 4;
	json_t *object;

	require(status >= 200 && status < 600 && status != 500);
	if (strstr(answer, "json\r\n") == NULL)
		return;
	object = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	require(json_is_object(object));
	if (strstr(answer, "application/problem+json") != NULL) {
		require(json_integer_value(json_object_get(object, "status")) == status);
		require(json_is_string(json_object_get(object, "reason")));
		require(json_is_string(json_object_get(object, "detail")));
		if (status == 423 || status == 429 || status == 503)
			require(strcasestr(answer, "\r\nRetry-After: ") != NULL);
	} else {
		remember(body);
	}
	json_decref(object);
}

static void on_late(uv_timer_t *timer)
{
	(void)timer;
	late = true;
}

static void client_anew(void)
{
	client_close(client);
	client = client_open(&f);
}

/* Streams go on for ever, polls wait for what may never be: these are left after a moment.
 * Everything else must be answered, or libFuzzer's time runs out. */
static void hear(bool may_wait)
{
	char *answer;

	late = false;
	if (may_wait)
		uv_timer_start(&f.limit, on_late, WAIT_MS, 0);
	while (!late && answer_size(client, false) == 0 && !client->ended)
		uv_run(&f.loop, UV_RUN_ONCE);
	uv_timer_stop(&f.limit);
	if (answer_size(client, false) > 0) {
		check_answer(client_answer(&f, client, false, &answer), answer);
		if (strcasestr(answer, "\r\nConnection: close") == NULL &&
		    strstr(answer, "text/event-stream") == NULL)
			return;
	}
	client_anew();
}

static void ask(uint8_t key, const uint8_t *line, size_t n_line, const uint8_t *body, size_t n)
{
	struct request_text text = { 0 };
	char head[128];

	if (!add_line(&text, line, n_line))
		return;
	snprintf(head, sizeof(head), " HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n", n);
	add_text(&text, head);
	snprintf(head, sizeof(head), "Idempotency-Key: k%u\r\n", key);
	add_text(&text, key & 1 ? head : "");
	add_text(&text, "\r\n");
	add(&text, (const char *)body, n);
	client_send(client, text.bytes, text.n);
	hear(strncmp(text.bytes, "POST ", 5) != 0 && strncmp(text.bytes, "DELETE ", 7) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = data + 1, *body;
	size_t n_line;

	if (size < 3 || size > BODY_MAX)
		return 0;
	body = memchr(line, '\n', size - 1);
	body = body != NULL ? body + 1 : data + size;
	n_line = (size_t)(body - line) - (body[-1] == '\n' ? 1 : 0);
	if (writes_files(line, n_line, body, (size_t)(data + size - body)))
		return 0;
	if (inputs++ % INPUTS_A_LIFE == 0)
		begin();
	ask(data[0], line, n_line, body, (size_t)(data + size - body));
	if (inputs % INPUTS_A_LIFE == 0)
		end();
	return 0;
}
