/* print.c - tables, times and fields for people. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"

enum { COLUMNS_MAX = 12, TIMES = 8, TIME_SIZE = 40 };

struct table {
	size_t columns, n_words;
	char **words; /* the heads first */
};

struct table *table_new(const char *const *heads, size_t n)
{
	struct table *table = calloc(1, sizeof(*table));

	if (table == NULL || n > COLUMNS_MAX)
		abort();
	table->columns = n;
	table_row(table, heads);
	return table;
}

void table_row(struct table *table, const char *const *words)
{
	char **grown =
		realloc(table->words, (table->n_words + table->columns) * sizeof(*table->words));

	if (grown == NULL)
		abort();
	table->words = grown;
	for (size_t i = 0; i < table->columns; i++)
		table->words[table->n_words++] = strdup(words[i] != NULL ? words[i] : "");
}

/* The length of a colour at text's beginning; 0: there is none. */
static size_t colour_at(const char *text)
{
	return strncmp(text, "\033[", 2) == 0 ? strcspn(text, "m") + 1 : 0;
}

/* Characters, not bytes: masked numbers have dots of three bytes. Colours have no width. */
static int width(const char *text)
{
	int n = 0;

	while (*text != '\0') {
		size_t colour = colour_at(text);

		if (colour == 0)
			n += ((unsigned char)*text & 0xc0) != 0x80;
		text += colour > 0 ? colour : 1;
	}
	return n;
}

/* Columns of the terminal; a pipe has room for everything. */
static int columns_there(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 ||
	    size.ws_col == 0)
		return INT_MAX;
	return size.ws_col;
}

/* What does not fit ends in dots. */
static void put_cut(const char *text, int room)
{
	int n = 0;

	if (width(text) <= room) {
		fputs(text, stdout);
		return;
	}
	for (; *text != '\0'; text++) {
		n += ((unsigned char)*text & 0xc0) != 0x80;
		if (n > room - 2)
			break;
		putchar(*text);
	}
	fputs("..", stdout);
}

void table_print(struct table *table)
{
	int widths[COLUMNS_MAX] = { 0 }, left = columns_there(), room = left;

	for (size_t i = 0; i < table->n_words; i++) {
		int w = width(table->words[i]);

		if (w > widths[i % table->columns])
			widths[i % table->columns] = w;
	}
	for (size_t i = 0; i < table->n_words; i++) {
		bool last = (i + 1) % table->columns == 0;

		if (last) {
			put_cut(table->words[i], room > 8 ? room : 8);
			putchar('\n');
			room = left;
		} else {
			printf("%s%*s", table->words[i],
			       widths[i % table->columns] - width(table->words[i]) + 2, "");
			room -= widths[i % table->columns] + 2;
		}
		free(table->words[i]);
	}
	free(table->words);
	free(table);
}

const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

long long number_at(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* ---- colours ---- */

static bool is_among(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

const char *coloured(const char *word)
{
	static const char *const good[] = { "pass",      "ready",    "sending", "sent",
					    "delivered", "approved", NULL };
	static const char *const bad[] = { "fail",    "failed",      "absent",
					   "denied",  "sim_missing", "sim_puk",
					   "expired", "uncertain",   NULL };
	static char words[TIMES][TIME_SIZE];
	static unsigned next;
	char *out = words[next % TIMES];

	if (!isatty(STDOUT_FILENO))
		return word;
	next++;
	snprintf(out, TIME_SIZE, "\033[%dm%.24s\033[0m",
		 is_among(word, good)  ? 32
		 : is_among(word, bad) ? 31
				       : 33,
		 word);
	return out;
}

/* ---- times ---- */

static void format_span(char *out, size_t size, long long seconds)
{
	if (seconds < 120)
		snprintf(out, size, "%lld s", seconds);
	else if (seconds < 120 * 60)
		snprintf(out, size, "%lld min", seconds / 60);
	else
		snprintf(out, size, "%lld h", seconds / 3600);
}

const char *relative_time(const char *rfc3339)
{
	static char times[TIMES][TIME_SIZE];
	static unsigned next;
	char *out = times[next++ % TIMES], span[16];
	int64_t at, away;
	struct tm tm;
	time_t seconds;

	if (rfc3339[0] == '\0' || clock_parse(rfc3339, &at) < 0)
		return "-";
	away = at - clock_now_ms();
	if (llabs(away) >= 48LL * 3600 * 1000) {
		seconds = (time_t)(at / 1000);
		localtime_r(&seconds, &tm);
		strftime(out, TIME_SIZE, "%Y-%m-%d %H:%M", &tm);
		return out;
	}
	format_span(span, sizeof(span), llabs(away) / 1000);
	if (away > 0)
		snprintf(out, TIME_SIZE, "in %s", span);
	else
		snprintf(out, TIME_SIZE, "%s ago", span);
	return out;
}

void print_json(const json_t *json)
{
	json_dumpf(json, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
}

void print_field(const char *name, const char *value)
{
	if (value[0] != '\0' && strcmp(value, "-") != 0)
		printf("%-12s %s\n", name, value);
}
