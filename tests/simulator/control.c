/* control.c - the socket: clients, lines, answers. The commands are in control_commands.c. */
#include "tests/simulator/control.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/simulator/modem.h"

enum { LINE_MAX_SIZE = 65536 };

struct control {
	uv_pipe_t pipe;
	struct modem *modems, *own;
	struct control_client *clients;
};

struct control_client {
	uv_pipe_t pipe;
	struct control *control;
	struct control_client *next;
	size_t used;
	char line[LINE_MAX_SIZE];
};

struct answer {
	uv_write_t write;
	char text[];
};

static void on_client_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void client_close(struct control_client *client)
{
	struct control_client **at = &client->control->clients;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	for (struct modem *modem = client->control->modems; modem != NULL; modem = modem->next)
		network_call_forget(modem, client);
	uv_close((uv_handle_t *)&client->pipe, on_client_closed);
}

static void on_written(uv_write_t *write, int status)
{
	(void)status; /* a client that has gone is seen by its reads */
	free(write->data);
}

void control_answer(struct control_client *client, const char *line)
{
	size_t n = strlen(line);
	struct answer *answer = malloc(sizeof(*answer) + n + 1);
	uv_buf_t buffer;

	if (answer == NULL)
		return;
	memcpy(answer->text, line, n);
	answer->text[n] = '\n';
	answer->write.data = answer;
	buffer = uv_buf_init(answer->text, (unsigned)n + 1);
	if (uv_write(&answer->write, (uv_stream_t *)&client->pipe, &buffer, 1, on_written) < 0)
		free(answer);
}

static struct modem *find_modem(struct control *control, const char *name)
{
	struct modem *modem = control->modems;

	while (modem != NULL && strcmp(modem->options->name, name) != 0)
		modem = modem->next;
	return modem;
}

/* "ok", "ok 17", "error no such fault": result and text on one line. */
static void answer_call(struct control_client *client, enum control_result result, const char *text)
{
	const char *word = result == CONTROL_OK ? "ok" : "error";
	size_t size = strlen(text) + 8;
	char *line = malloc(size);

	if (line == NULL)
		return;
	snprintf(line, size, "%s%s%s", word, text[0] != '\0' ? " " : "", text);
	control_answer(client, line);
	free(line);
}

static void run_line(struct control_client *client, char *line)
{
	struct control_call call = { .modem = client->control->own,
				     .modems = client->control->modems,
				     .client = client };
	enum control_result result;
	char *name, *text = NULL;
	size_t size;

	line[strcspn(line, "\r")] = '\0';
	call.args = line;
	if (line[0] == '@') {
		name = strsep(&call.args, " ");
		call.modem = find_modem(client->control, name + 1);
	}
	name = call.args != NULL ? strsep(&call.args, " ") : line;
	if (call.args == NULL)
		call.args = line + strlen(line);
	if (call.modem == NULL) {
		answer_call(client, CONTROL_ERROR, "no such modem");
		return;
	}
	call.out = open_memstream(&text, &size);
	if (call.out == NULL)
		return;
	result = control_execute(&call, name);
	fclose(call.out);
	if (result != CONTROL_LATER)
		answer_call(client, result, text);
	free(text);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct control_client *client = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(client->line + client->used,
			      (unsigned)(sizeof(client->line) - client->used));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buffer)
{
	struct control_client *client = stream->data;
	char *line = client->line, *end;

	(void)buffer;
	if (n < 0) {
		client_close(client);
		return;
	}
	client->used += (size_t)n;
	while ((end = memchr(line, '\n', client->used - (size_t)(line - client->line))) != NULL) {
		*end = '\0';
		run_line(client, line);
		line = end + 1;
	}
	client->used -= (size_t)(line - client->line);
	memmove(client->line, line, client->used);
	if (client->used == sizeof(client->line))
		client_close(client);
}

static void on_client(uv_stream_t *server, int status)
{
	struct control *control = server->data;
	struct control_client *client = status == 0 ? calloc(1, sizeof(*client)) : NULL;

	if (client == NULL)
		return;
	client->control = control;
	client->pipe.data = client;
	client->next = control->clients;
	control->clients = client;
	uv_pipe_init(server->loop, &client->pipe, 0);
	if (uv_accept(server, (uv_stream_t *)&client->pipe) < 0 ||
	    uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) < 0)
		client_close(client);
}

static void on_control_closed(uv_handle_t *handle)
{
	free(handle->data);
}

struct control *control_new(uv_loop_t *loop, const char *path, struct modem *modems,
			    struct modem *own)
{
	struct control *control = calloc(1, sizeof(*control));
	int error;

	if (control == NULL)
		return NULL;
	control->modems = modems;
	control->own = own;
	control->pipe.data = control;
	uv_pipe_init(loop, &control->pipe, 0);
	unlink(path); /* a stale one of a run that was killed */
	error = uv_pipe_bind(&control->pipe, path);
	if (error == 0)
		error = uv_listen((uv_stream_t *)&control->pipe, 16, on_client);
	if (error == 0)
		return control;
	fprintf(stderr, "cannot listen on %s: %s\n", path, uv_strerror(error));
	control_free(control);
	return NULL;
}

void control_free(struct control *control)
{
	while (control->clients != NULL)
		client_close(control->clients);
	uv_close((uv_handle_t *)&control->pipe, on_control_closed);
}
