/* log.c - levels, repeats, the default logfmt sink, and the seam for another one.
 *
 * A line goes to the sink unless it stands among the last lines told (same level, tags and text):
 * then it is counted there. The table forgets a line after LOG_REPEAT_MS without another, or when
 * its place is needed; what was counted is told first. The sink runs outside the lock: it may
 * log itself (the clock does). */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum { LINE_MAX_BYTES = 1024, TAG_SIZE = 160, TOLD = 16 };

static _Atomic(log_sink *) current_sink;
static atomic_int max_level = LOG_LEVEL_INFO;

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static const char *const kind_names[LOG_KIND_COUNT] = {
	[LOG_KIND_LIFE] = "life",         [LOG_KIND_CONFIG] = "config",
	[LOG_KIND_STATE] = "state",       [LOG_KIND_NETWORK] = "network",
	[LOG_KIND_RECOVERY] = "recovery", [LOG_KIND_ALARM] = "alarm",
	[LOG_KIND_PAUSE] = "pause",       [LOG_KIND_SEND] = "send",
	[LOG_KIND_RECEIVE] = "receive",   [LOG_KIND_DATABASE] = "database",
};

/* A line that was told, and how often it came again since. */
struct told {
	bool used;
	enum log_level level;
	enum log_kind kind;
	int64_t since; /* monotonic */
	unsigned again;
	char modem[TAG_SIZE], id[TAG_SIZE], reason[TAG_SIZE], text[LINE_MAX_BYTES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct told table[TOLD];

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

const char *log_kind_name(enum log_kind kind)
{
	return kind_names[kind];
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

/* logfmt: a value that is more than a word stands in quotes. */
static void append_tag(char *line, size_t size, size_t *used, const char *key, const char *value)
{
	char escaped[TAG_SIZE * 2];
	const char *quote;
	int n;

	if (value == NULL || *used >= size)
		return;
	escape(escaped, sizeof(escaped), value);
	quote = strpbrk(escaped, " =\"") != NULL || escaped[0] == '\0' ? "\"" : "";
	n = snprintf(line + *used, size - *used, " %s=%s%s%s", key, quote, escaped, quote);
	if (n > 0)
		*used += (size_t)n;
}

static void stderr_sink(enum log_level level, const struct log_tags *tags, const char *text)
{
	char at[CLOCK_TEXT_SIZE], escaped[LINE_MAX_BYTES * 2], fields[TAG_SIZE * 6] = "";
	size_t used = 0;

	clock_format(clock_now_ms(), at);
	escape(escaped, sizeof(escaped), text);
	if (tags != NULL) {
		append_tag(fields, sizeof(fields), &used, "kind", log_kind_name(tags->kind));
		append_tag(fields, sizeof(fields), &used, "modem", tags->modem);
		append_tag(fields, sizeof(fields), &used, "id", tags->id);
		append_tag(fields, sizeof(fields), &used, "reason", tags->reason);
	}
	fprintf(stderr, "%s level=%s%s msg=\"%s\"\n", at, level_names[level], fields, escaped);
}

static void emit(enum log_level level, const struct log_tags *tags, const char *text)
{
	log_sink *sink = atomic_load(&current_sink);

	(sink != NULL ? sink : stderr_sink)(level, tags, text);
}

/* ---- repeats ---- */

static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void tell_again(const struct told *line, int64_t now)
{
	const struct log_tags tags = {
		.kind = line->kind,
		.modem = or_null(line->modem),
		.id = or_null(line->id),
		.reason = or_null(line->reason),
	};
	char text[LINE_MAX_BYTES + 64];

	snprintf(text, sizeof(text), "%s (%u times more in %lld s)", line->text, line->again,
		 (long long)((now - line->since + 999) / 1000));
	emit(line->level, &tags, text);
}

/* One line whose time is over and that came again: copied to out, and watched for another while. */
static bool take_over(int64_t now, int64_t least_ms, struct told *out)
{
	bool found = false;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < TOLD && !found; i++) {
		struct told *line = &table[i];

		if (!line->used || now - line->since < least_ms)
			continue;
		found = line->again > 0;
		if (found)
			*out = *line;
		line->used = found;
		line->again = 0;
		line->since = now;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

void log_tell_repeats(int all)
{
	int64_t now = clock_mono_ms();
	struct told line;

	while (take_over(now, LOG_REPEAT_MS, &line))
		tell_again(&line, now);
	for (size_t i = 0; all && i < TOLD && take_over(now, 0, &line); i++)
		tell_again(&line, now);
}

static bool same_line(const struct told *a, const struct told *b)
{
	return a->used && a->level == b->level && a->kind == b->kind &&
	       strcmp(a->text, b->text) == 0 && strcmp(a->modem, b->modem) == 0 &&
	       strcmp(a->id, b->id) == 0 && strcmp(a->reason, b->reason) == 0;
}

/* Counted as one that was told? Else it takes a place: a free one or the oldest, which goes to gone
 * where it still has a count to tell. */
static bool is_repeat(const struct told *line, struct told *gone)
{
	struct told *place = &table[0];
	bool repeat = false;

	gone->again = 0;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < TOLD && !repeat; i++) {
		repeat = same_line(&table[i], line);
		if (repeat)
			table[i].again++;
		else if (place->used && (!table[i].used || table[i].since < place->since))
			place = &table[i];
	}
	if (!repeat) {
		if (place->used)
			*gone = *place;
		*place = *line;
	}
	pthread_mutex_unlock(&lock);
	return repeat;
}

static void keep_tag(char out[static TAG_SIZE], const char *value)
{
	snprintf(out, TAG_SIZE, "%s", value != NULL ? value : "");
}

static bool held_back(enum log_level level, const struct log_tags *tags, const char *text)
{
	struct told line = { .used = true, .level = level, .since = clock_mono_ms() }, gone;

	snprintf(line.text, sizeof(line.text), "%s", text);
	if (tags != NULL) {
		line.kind = tags->kind;
		keep_tag(line.modem, tags->modem);
		keep_tag(line.id, tags->id);
		keep_tag(line.reason, tags->reason);
	}
	log_tell_repeats(0);
	if (is_repeat(&line, &gone))
		return true;
	if (gone.again > 0)
		tell_again(&gone, line.since);
	return false;
}

void log_write(enum log_level level, const struct log_tags *tags, const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	int most = atomic_load(&max_level);
	va_list args;

	if ((int)level > most)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (most == LOG_LEVEL_DEBUG || !held_back(level, tags, text))
		emit(level, tags, text);
}
