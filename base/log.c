/* log.c - levels, the default logfmt sink, and the seam for another one. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#include "base/clock.h"

enum { LINE_MAX_BYTES = 1024 };

static _Atomic(log_sink *) current_sink;
static atomic_int max_level = LOG_LEVEL_INFO;

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

void log_set_sink(log_sink *sink)
{
	atomic_store(&current_sink, sink);
}

void log_set_level(enum log_level level)
{
	atomic_store(&max_level, (int)level);
}

/* logfmt wants quotes and backslashes escaped and no control characters. */
static void escape(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n + 2 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			out[n++] = '\\';
		out[n++] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
	}
	out[n] = '\0';
}

static void append_tag(char *line, size_t size, size_t *used, const char *key, const char *value)
{
	int n;

	if (value == NULL || *used >= size)
		return;
	n = snprintf(line + *used, size - *used, " %s=%s", key, value);
	if (n > 0)
		*used += (size_t)n;
}

static void stderr_sink(enum log_level level, const struct log_tags *tags, const char *text)
{
	char at[CLOCK_TEXT_SIZE], escaped[LINE_MAX_BYTES * 2], fields[256] = "";
	size_t used = 0;

	clock_format(clock_now_ms(), at);
	escape(escaped, sizeof(escaped), text);
	if (tags != NULL) {
		append_tag(fields, sizeof(fields), &used, "modem", tags->modem);
		append_tag(fields, sizeof(fields), &used, "id", tags->id);
		append_tag(fields, sizeof(fields), &used, "reason", tags->reason);
	}
	fprintf(stderr, "%s level=%s%s msg=\"%s\"\n", at, level_names[level], fields, escaped);
}

void log_write(enum log_level level, const struct log_tags *tags, const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	log_sink *sink = atomic_load(&current_sink);
	va_list args;

	if ((int)level > atomic_load(&max_level))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(sink != NULL ? sink : stderr_sink)(level, tags, text);
}
