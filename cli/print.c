/* print.c - members of an answer, times and fields for people. */
#include "cli/print.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/util.h"
#include "cli/term.h"

enum { TIMES = 8, TIME_SIZE = 40, FIELD_AT = 13, LINE_SIZE = 512, DAY_S = 24 * 3600 };

const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

long long number_at(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* ---- times ---- */

static char *next_room(void)
{
	static char times[TIMES][TIME_SIZE];
	static unsigned next;

	return times[next++ % TIMES];
}

static const struct {
	long long seconds;
	const char *unit;
} units[] = { { DAY_S, "d" }, { 3600, "h" }, { 60, "min" } };

/* Two of a unit at least: 119 s say more than 1 min. */
static void format_span(char *out, size_t size, long long seconds)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (seconds >= 2 * units[i].seconds) {
			snprintf(out, size, "%lld %s", seconds / units[i].seconds, units[i].unit);
			return;
		}
	snprintf(out, size, "%lld s", seconds);
}

const char *span_words(long long seconds)
{
	char *out = next_room();

	clock_span(seconds * 1000, out);
	return out;
}

/* false: there is no time. */
static bool time_away(const char *rfc3339, int64_t *at, int64_t *away)
{
	if (rfc3339[0] == '\0' || clock_parse(rfc3339, at) < 0)
		return false;
	*away = *at - clock_now_ms();
	return true;
}

static const char *time_words(int64_t away, const char *past)
{
	char *out = next_room(), span[24];

	format_span(span, sizeof(span), llabs(away) / 1000);
	snprintf(out, TIME_SIZE, "%s%s%s", away > 0 ? "in " : "", span, away > 0 ? "" : past);
	return out;
}

const char *short_time(const char *rfc3339)
{
	int64_t at, away;

	return time_away(rfc3339, &at, &away) ? time_words(away, "") : "-";
}

const char *relative_time(const char *rfc3339)
{
	int64_t at, away;
	struct tm tm;
	time_t seconds;
	char *out;

	if (!time_away(rfc3339, &at, &away))
		return "-";
	if (llabs(away) < 2LL * DAY_S * 1000)
		return time_words(away, " ago");
	out = next_room();
	seconds = (time_t)(at / 1000);
	localtime_r(&seconds, &tm);
	strftime(out, TIME_SIZE, "%Y-%m-%d %H:%M", &tm);
	return out;
}

/* ---- fields ---- */

void print_json(const json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
}

static bool is_nothing(const char *value)
{
	return value[0] == '\0' || strcmp(value, "-") == 0;
}

void print_field(const char *name, const char *value)
{
	if (is_nothing(value))
		return;
	printf("%-*s", FIELD_AT, name);
	term_wrap(value, FIELD_AT, FIELD_AT, term_columns());
}

void print_line(const char *name, const char *format, ...)
{
	char value[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	print_field(name, value);
}

void print_state(const char *name, const char *word)
{
	if (is_nothing(word))
		return;
	printf("%-*s", FIELD_AT, name);
	term_put_state(word, (int)strlen(word));
	putchar('\n');
}

void print_next(const json_t *list)
{
	if (text_at(list, "next")[0] != '\0')
		printf("more: --after %s\n", text_at(list, "next"));
}
