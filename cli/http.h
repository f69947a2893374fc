/* http.h - the command line as a client of the daemon's socket (libcurl). */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_WRONG_USAGE = 2,
	EXIT_UNREACHABLE = 3,
	EXIT_NOT_FOUND = 4,
	EXIT_TEMPORARY = 5,
	EXIT_TIMED_OUT = 6,
	EXIT_UNCERTAIN = 7,
	EXIT_NOT_ALLOWED = 8,
	EXIT_WOKEN = 100, /* never leaves the program: see wake_fd */
};

struct http {
	const char *socket, *site;   /* site NULL: the one implied */
	const char *idempotency_key; /* NULL: none */
	long timeout_s;              /* of one call; 0: none */
	int wake_fd;                 /* when it can be read, a call ends early; 0: none */
	bool quiet;                  /* what goes wrong is not told */
};

/* path: percent-encoded, with its query. body may be NULL (borrowed). *answer: a new reference or
 * NULL. Errors are told on stderr in one line; the exit code says which kind. */
enum exit_code http_call(const struct http *http, const char *method, const char *path,
			 const json_t *body, json_t **answer);

/* The answer's bytes into fd; *n: how many. A problem is told as above. */
enum exit_code http_download(const struct http *http, const char *method, const char *path, int fd,
			     long long *n);

/* A stream of server-sent events until line returns false, the connection ends or seconds pass
 * (0: for ever). line gets every "data:" value. */
typedef bool http_event(void *arg, const char *data);
enum exit_code http_stream(const struct http *http, const char *path, long seconds,
			   http_event *event, void *arg);

/* Percent-encodes one path segment or query value into out. */
void http_encode(char *out, size_t size, const char *text);
