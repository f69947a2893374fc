/* path.h - a raw request target, split first and decoded after (RFC 3986).
 *
 * libmicrohttpd decodes before it splits, which makes %2F a slash, + a space and cuts at %00;
 * here a segment may hold any of them and is still one segment. */
#pragma once

#include <stddef.h>

enum { PATH_TARGET_MAX = 2048, PATH_SEGMENTS_MAX = 8, PATH_QUERY_MAX = 16 };

struct path {
	char text[PATH_TARGET_MAX]; /* cut and decoded in place */
	const char *segments[PATH_SEGMENTS_MAX];
	size_t n_segments;
	struct path_argument {
		const char *name, *value;
	} query[PATH_QUERY_MAX];
	size_t n_query;
};

enum path_error {
	PATH_OK,
	PATH_TOO_LONG,
	PATH_BAD,        /* an escape that is none, NUL, or not UTF-8, in the path */
	PATH_BAD_QUERY,  /* the same in the query, or a name that stands twice */
	PATH_UNKNOWABLE, /* more segments than any route has */
};

/* target: any bytes but NUL. */
enum path_error path_parse(struct path *path, const char *target);

/* NULL: not given. */
const char *path_query(const struct path *path, const char *name);
