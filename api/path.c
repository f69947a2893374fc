/* path.c - splitting and decoding a request target. */
#include "api/path.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/gsm_text.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* False: a bad escape, an escaped NUL, or the result is not UTF-8. */
static bool decode(char *text)
{
	char *out = text;

	for (const char *in = text; *in != '\0'; in++) {
		int high, low;

		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		high = hex_value(in[1]);
		low = high < 0 ? -1 : hex_value(in[2]);
		if (low < 0 || (high == 0 && low == 0))
			return false;
		*out++ = (char)(high * 16 + low);
		in += 2;
	}
	*out = '\0';
	return gsm_utf8_valid(text);
}

/* A client may send "http://localhost/v1/..." as well (RFC 9112 3.2.2). */
static char *skip_authority(char *text)
{
	static const char scheme[] = "http://";
	char *slash;

	if (strncmp(text, scheme, sizeof(scheme) - 1) != 0)
		return text;
	slash = strchr(text + sizeof(scheme) - 1, '/');
	return slash != NULL ? slash : text;
}

static enum path_error split_path(struct path *path, char *text)
{
	char *rest = text + 1, *segment;

	if (*text != '/')
		return PATH_BAD;
	while ((segment = strsep(&rest, "/")) != NULL) {
		if (path->n_segments == PATH_SEGMENTS_MAX)
			return PATH_UNKNOWABLE;
		if (!decode(segment))
			return PATH_BAD;
		path->segments[path->n_segments++] = segment;
	}
	return PATH_OK;
}

static enum path_error split_query(struct path *path, char *text)
{
	char *name;

	while ((name = strsep(&text, "&")) != NULL) {
		char *value = strchr(name, '=');

		if (*name == '\0')
			continue;
		if (value != NULL)
			*value++ = '\0';
		if (path->n_query == PATH_QUERY_MAX || !decode(name) ||
		    (value != NULL && !decode(value)) || path_query(path, name) != NULL)
			return PATH_BAD_QUERY;
		path->query[path->n_query++] =
			(struct path_argument){ name, value != NULL ? value : "" };
	}
	return PATH_OK;
}

enum path_error path_parse(struct path *path, const char *target)
{
	size_t n = strlen(target);
	enum path_error error;
	char *text, *query;

	path->n_segments = path->n_query = 0;
	if (n >= sizeof(path->text))
		return PATH_TOO_LONG;
	memcpy(path->text, target, n + 1);
	text = skip_authority(path->text);
	query = strchr(text, '?');
	if (query != NULL)
		*query++ = '\0';
	error = split_path(path, text);
	return error == PATH_OK && query != NULL ? split_query(path, query) : error;
}

const char *path_query(const struct path *path, const char *name)
{
	for (size_t i = 0; i < path->n_query; i++) {
		if (strcmp(path->query[i].name, name) == 0)
			return path->query[i].value;
	}
	return NULL;
}
