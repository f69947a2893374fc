/* http.c - calls, problems as one line, event streams. */
#include "cli/http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 2048, ANSWER_MAX = 64 << 20 };

struct body {
	char *bytes;
	size_t n;
};

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct body *body = arg;
	size_t more = size * n;
	char *grown;

	if (body->n + more > ANSWER_MAX)
		return 0;
	grown = realloc(body->bytes, body->n + more + 1);
	if (grown == NULL)
		return 0;
	memcpy(grown + body->n, bytes, more);
	body->bytes = grown;
	body->n += more;
	grown[body->n] = '\0';
	return more;
}

void http_encode(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n + 4 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (isalnum(c) || strchr("-._~", c) != NULL)
			out[n++] = (char)c;
		else
			n += (size_t)snprintf(out + n, size - n, "%%%02X", c);
	}
	out[n] = '\0';
}

static enum exit_code exit_for_status(long status)
{
	if (status < 300)
		return EXIT_DONE;
	switch (status) {
	case 404:
		return EXIT_NOT_FOUND;
	case 403:
		return EXIT_NOT_ALLOWED;
	case 423:
	case 429:
	case 503:
	case 507:
		return EXIT_TEMPORARY;
	default:
		return EXIT_FAILED;
	}
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

/* The command to go on with, where the daemon's words name none. */
static const struct {
	const char *reason, *path, *command;
} next_commands[] = {
	{ "not_found", "/v1/modems", "simgate modem list" },
	{ "not_found", "/v1/messages", "simgate list" },
	{ "not_found", "/v1/verifications", "simgate list --kind verification" },
	{ "not_found", "/v1/contact", "simgate list --kind contact_request" },
	{ "not_found", "/v1/accounts", "simgate verify start ACCOUNT NUMBER" },
	{ "already_final", "/v1/messages", "simgate show ID" },
	{ "already_sending", "/v1/messages", "simgate wait ID" },
	{ "modem_not_ready", "", "simgate modem list" },
	{ "gateway_not_ready", "", "simgate status" },
	{ "use_resend", "", "simgate verify start ACCOUNT NUMBER" },
	{ "queue_full", "", "simgate status" },
	{ "disk_full", "", "simgate doctor" },
	{ "locked", "", "simgate number show NUMBER" },
	{ "number_locked", "", "simgate number show NUMBER" },
	{ "site_required", "", "simgate --site NAME ..." },
	{ "text_erased", "", "simgate send NUMBER TEXT" },
};

static void tell_next(const char *reason, const char *path)
{
	for (size_t i = 0; i < sizeof(next_commands) / sizeof(next_commands[0]); i++)
		if (strcmp(reason, next_commands[i].reason) == 0 &&
		    strncmp(path, next_commands[i].path, strlen(next_commands[i].path)) == 0) {
			fprintf(stderr, "; try: %s", next_commands[i].command);
			return;
		}
}

/* One line: what, why, what to do; every wrong field by its name. */
static void tell_problem(const json_t *problem, const char *path, long status, long retry_after)
{
	const json_t *errors = json_object_get(problem, "errors"), *error;
	const json_t *ways = json_object_get(problem, "alternatives"), *way;
	size_t i;

	if (!json_is_object(problem)) {
		fprintf(stderr, "simgate: the daemon answered with HTTP status %ld\n", status);
		return;
	}
	fputs("simgate: ", stderr);
	if (json_array_size(errors) == 0)
		fprintf(stderr, "%s (%s)", text_of(problem, "detail"), text_of(problem, "reason"));
	json_array_foreach(errors, i, error)
	{
		const char *hint = text_of(error, "hint");

		fprintf(stderr, "%s%s: %s%s%s (%s)", i > 0 ? "; " : "", text_of(error, "field"),
			text_of(error, "detail"), hint[0] != '\0' ? " Perhaps: " : "", hint,
			text_of(error, "reason"));
	}
	if (retry_after > 0)
		fprintf(stderr, "; try again in %ld s", retry_after);
	tell_next(text_of(problem, "reason"), path);
	json_array_foreach(ways, i, way)
	{
		fprintf(stderr, "%s%s", i == 0 ? ", or use --channel " : " or ",
			json_string_value(way));
	}
	fputc('\n', stderr);
}

static enum exit_code tell_unreachable(const struct http *http, CURLcode code)
{
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return EXIT_WOKEN;
	if (http->quiet)
		return EXIT_UNREACHABLE;
	if (code == CURLE_OPERATION_TIMEDOUT) {
		fprintf(stderr, "simgate: no answer from the daemon in %ld s\n", http->timeout_s);
		return EXIT_TIMED_OUT;
	}
	if (code == CURLE_OK)
		fprintf(stderr,
			"simgate: the daemon has ended the stream: it stops or restarts, or was "
			"read too slowly; run this again\n");
	else if (code == CURLE_COULDNT_CONNECT && errno == EACCES)
		fprintf(stderr,
			"simgate: may not open %s: join the group of the socket, or use "
			"sudo\n",
			http->socket);
	else
		fprintf(stderr,
			"simgate: cannot reach the daemon at %s (%s): is simgated running? "
			"try: systemctl status simgated\n",
			http->socket, curl_easy_strerror(code));
	return EXIT_UNREACHABLE;
}

static void add_header(struct curl_slist **headers, const char *name, const char *value)
{
	char header[320];

	if (value == NULL)
		return;
	snprintf(header, sizeof(header), "%s: %s", name, value);
	*headers = curl_slist_append(*headers, header);
}

static CURL *prepare(const struct http *http, const char *method, const char *path,
		     struct curl_slist **headers)
{
	CURL *curl = curl_easy_init();
	char url[PATH_SIZE + 32];

	if (curl == NULL)
		return NULL;
	snprintf(url, sizeof(url), "http://simgate%s", path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, http->socket);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	add_header(headers, "Simgate-Site", http->site);
	add_header(headers, "Idempotency-Key", http->idempotency_key);
	return curl;
}

/* As curl_easy_perform, but ends with CURLE_ABORTED_BY_CALLBACK when wake_fd can be read. */
static CURLcode perform(const struct http *http, CURL *curl)
{
	struct curl_waitfd wake = { .fd = http->wake_fd, .events = CURL_WAIT_POLLIN };
	CURLcode code = CURLE_ABORTED_BY_CALLBACK;
	int running = 1, left;
	CURLMsg *message;
	CURLM *multi;

	if (http->wake_fd == 0)
		return curl_easy_perform(curl);
	multi = curl_multi_init();
	if (multi == NULL)
		return CURLE_OUT_OF_MEMORY;
	curl_multi_add_handle(multi, curl);
	while (curl_multi_perform(multi, &running) == CURLM_OK && running > 0 && wake.revents == 0)
		curl_multi_poll(multi, &wake, 1, 1000, NULL);
	message = curl_multi_info_read(multi, &left);
	if (message != NULL)
		code = message->data.result;
	curl_multi_remove_handle(multi, curl);
	curl_multi_cleanup(multi);
	return code;
}

static long retry_after(CURL *curl)
{
	curl_off_t seconds = 0;

	curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds);
	return (long)seconds;
}

enum exit_code http_call(const struct http *http, const char *method, const char *path,
			 const json_t *request, json_t **answer)
{
	char *text = request != NULL ? json_dumps(request, JSON_COMPACT) : NULL;
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	CURL *curl = prepare(http, method, path, &headers);
	struct body body = { 0 };
	enum exit_code result;
	long status = 0;
	CURLcode code;

	*answer = NULL;
	if (curl == NULL)
		return EXIT_FAILED;
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, http->timeout_s);
	if (text != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
	errno = 0;
	code = perform(http, curl);
	if (code != CURLE_OK) {
		result = tell_unreachable(http, code);
	} else {
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
		result = exit_for_status(status);
		if (body.n > 0)
			*answer = json_loadb(body.bytes, body.n, JSON_DECODE_ANY, NULL);
		if (result != EXIT_DONE && !http->quiet && strncmp(path, "/healthz", 8) != 0)
			tell_problem(*answer, path, status, retry_after(curl));
	}
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	free(body.bytes);
	free(text);
	return result;
}

/* ---- downloads ---- */

struct download {
	CURL *curl;
	int fd;
	long long n;
	struct body problem; /* where the answer is one */
};

static size_t on_download(char *bytes, size_t size, size_t n, void *arg)
{
	struct download *download = arg;
	size_t left = size * n;
	long status = 0;

	curl_easy_getinfo(download->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return on_body(bytes, size, n, &download->problem);
	while (left > 0) {
		ssize_t written = write(download->fd, bytes, left);

		if (written < 0)
			return 0;
		bytes += written;
		left -= (size_t)written;
		download->n += written;
	}
	return size * n;
}

enum exit_code http_download(const struct http *http, const char *method, const char *path, int fd,
			     long long *n)
{
	struct download download = { .fd = fd };
	struct curl_slist *headers = NULL;
	enum exit_code result = EXIT_DONE;
	json_t *problem = NULL;
	long status = 0;
	CURLcode code;

	download.curl = prepare(http, method, path, &headers);
	if (download.curl == NULL)
		return EXIT_FAILED;
	curl_easy_setopt(download.curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(download.curl, CURLOPT_POSTFIELDS, "");
	curl_easy_setopt(download.curl, CURLOPT_WRITEFUNCTION, on_download);
	curl_easy_setopt(download.curl, CURLOPT_WRITEDATA, &download);
	errno = 0;
	code = curl_easy_perform(download.curl);
	curl_easy_getinfo(download.curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_WRITE_ERROR) {
		fprintf(stderr, "simgate: cannot write the file: %s\n", strerror(errno));
		result = EXIT_FAILED;
	} else if (code != CURLE_OK) {
		result = tell_unreachable(http, code);
	} else if (status != 200) {
		if (download.problem.n > 0)
			problem = json_loadb(download.problem.bytes, download.problem.n, 0, NULL);
		tell_problem(problem, path, status, retry_after(download.curl));
		result = exit_for_status(status);
	}
	*n = download.n;
	json_decref(problem);
	free(download.problem.bytes);
	curl_easy_cleanup(download.curl);
	curl_slist_free_all(headers);
	return result;
}

/* ---- event streams ---- */

struct stream {
	http_event *event;
	void *arg;
	CURL *curl;
	struct body rest; /* an unfinished line, or a problem's body */
	bool stopped;
};

static void each_line(struct stream *stream)
{
	char *line = stream->rest.bytes, *end;

	while (!stream->stopped && (end = strchr(line, '\n')) != NULL) {
		*end = '\0';
		if (strncmp(line, "data:", 5) == 0)
			stream->stopped = !stream->event(stream->arg, line + 5 + (line[5] == ' '));
		line = end + 1;
	}
	stream->rest.n -= (size_t)(line - stream->rest.bytes);
	memmove(stream->rest.bytes, line, stream->rest.n + 1);
}

static size_t on_stream(char *bytes, size_t size, size_t n, void *arg)
{
	struct stream *stream = arg;
	long status = 0;

	if (on_body(bytes, size, n, &stream->rest) == 0)
		return 0;
	curl_easy_getinfo(stream->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		each_line(stream);
	return stream->stopped ? 0 : size * n;
}

enum exit_code http_stream(const struct http *http, const char *path, long seconds,
			   http_event *event, void *arg)
{
	struct stream stream = { .event = event, .arg = arg };
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: text/event-stream");
	enum exit_code result = EXIT_DONE;
	json_t *problem;
	long status = 0;
	CURLcode code;

	stream.curl = prepare(http, "GET", path, &headers);
	if (stream.curl == NULL)
		return EXIT_FAILED;
	curl_easy_setopt(stream.curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(stream.curl, CURLOPT_WRITEFUNCTION, on_stream);
	curl_easy_setopt(stream.curl, CURLOPT_WRITEDATA, &stream);
	curl_easy_setopt(stream.curl, CURLOPT_TIMEOUT, seconds);
	errno = 0;
	code = perform(http, stream.curl);
	curl_easy_getinfo(stream.curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 300) {
		problem = stream.rest.n > 0 ? json_loadb(stream.rest.bytes, stream.rest.n, 0, NULL)
					    : NULL;
		if (!http->quiet)
			tell_problem(problem, path, status, retry_after(stream.curl));
		json_decref(problem);
		result = exit_for_status(status);
	} else if (code == CURLE_OPERATION_TIMEDOUT && status == 200) {
		result = EXIT_TIMED_OUT;
	} else if (!stream.stopped) { /* the daemon ended it, or is gone */
		result = tell_unreachable(http, code);
	}
	curl_easy_cleanup(stream.curl);
	curl_slist_free_all(headers);
	free(stream.rest.bytes);
	return result;
}
