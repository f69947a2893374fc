/* term.c - characters of several bytes and of two columns, lines that fit, colours. */
#include "cli/term.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/util.h"

enum { PROSE = 80, ROOM_LEAST = 12 };

static struct winsize window(void)
{
	struct winsize size = { 0 };

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
		size = (struct winsize){ 0 };
	return size;
}

int term_columns(void)
{
	struct winsize size = window();

	return size.ws_col > 0 ? size.ws_col : INT_MAX;
}

int term_rows(void)
{
	struct winsize size = window();

	return size.ws_row > 0 ? size.ws_row : INT_MAX;
}

int term_prose(void)
{
	int columns = term_columns();

	return columns < INT_MAX ? columns : PROSE;
}

bool term_colours(void)
{
	const char *none = getenv("NO_COLOR"), *kind = getenv("TERM");

	return isatty(STDOUT_FILENO) && (none == NULL || none[0] == '\0') &&
	       (kind == NULL || strcmp(kind, "dumb") != 0);
}

/* ---- characters ---- */

struct glyph {
	size_t bytes;
	int columns;
	bool shown; /* else a '?' stands for it */
};

static struct glyph glyph_at(const char *text)
{
	mbstate_t state = { 0 };
	wchar_t c;
	size_t n = mbrtowc(&c, text, strlen(text), &state);
	int columns;

	if (n == 0 || n > strlen(text)) /* not UTF-8 */
		return (struct glyph){ 1, 1, false };
	columns = wcwidth(c);
	return (struct glyph){ n, columns < 0 ? 1 : columns, columns >= 0 };
}

static void put_glyph(const char *text, struct glyph glyph)
{
	if (glyph.shown)
		fwrite(text, 1, glyph.bytes, stdout);
	else
		putchar('?');
}

/* Of the first n bytes. */
static int width_of(const char *text, size_t n)
{
	const char *end = text + n;
	int width = 0;

	while (text < end) {
		struct glyph glyph = glyph_at(text);

		width += glyph.columns;
		text += glyph.bytes;
	}
	return width;
}

int term_width(const char *text)
{
	return width_of(text, strlen(text));
}

int term_put(const char *text, int room)
{
	bool whole = term_width(text) <= room;
	int used = 0, most = whole ? room : room - 1;

	while (*text != '\0') {
		struct glyph glyph = glyph_at(text);

		if (used + glyph.columns > most)
			break;
		put_glyph(text, glyph);
		used += glyph.columns;
		text += glyph.bytes;
	}
	if (!whole && room > 0) {
		fputs("…", stdout);
		used++;
	}
	return used;
}

/* ---- lines ---- */

/* The bytes of text that fit in so many columns: one character at least. */
static size_t fitting(const char *text, size_t n, int columns)
{
	size_t used = glyph_at(text).bytes;

	while (used < n && width_of(text, used + glyph_at(text + used).bytes) <= columns)
		used += glyph_at(text + used).bytes;
	return used;
}

static void put_bytes(const char *text, size_t n)
{
	const char *end = text + n;

	while (text < end) {
		struct glyph glyph = glyph_at(text);

		put_glyph(text, glyph);
		text += glyph.bytes;
	}
}

static void next_line(int indent)
{
	printf("\n%*s", indent, "");
}

void term_wrap(const char *text, int used, int indent, int columns)
{
	int most = columns < indent + ROOM_LEAST ? indent + ROOM_LEAST : columns, blanks = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, " \n");
		int wide = width_of(text, n);

		if (used + blanks + wide > most && used > indent) {
			next_line(indent);
			used = indent;
			blanks = 0;
		}
		if (used + blanks + wide > most) /* longer than a line */
			n = fitting(text, n, most - used - blanks);
		printf("%*s", blanks, "");
		put_bytes(text, n);
		used += blanks + width_of(text, n);
		text += n;
		if (text[0] == '\n' && text[1] != '\0') {
			next_line(indent);
			used = indent;
		}
		text += *text == '\n';
		blanks = (int)strspn(text, " ");
		text += blanks;
	}
	putchar('\n');
}

/* ---- colours ---- */

static const struct {
	const char *word;
	int colour;
} meanings[] = {
	{ "pass", 32 },      { "ready", 32 },     { "sending", 32 },     { "sent", 32 },
	{ "delivered", 32 }, { "approved", 32 },  { "fail", 31 },        { "failed", 31 },
	{ "absent", 31 },    { "denied", 31 },    { "sim_missing", 31 }, { "sim_puk", 31 },
	{ "expired", 31 },   { "uncertain", 31 },
};

enum { YELLOW = 33 };

int term_put_state(const char *word, int room)
{
	int colour = YELLOW, used;

	if (!term_colours() || word[0] == '\0')
		return term_put(word, room);
	for (size_t i = 0; i < ARRAY_LEN(meanings); i++)
		if (strcmp(meanings[i].word, word) == 0)
			colour = meanings[i].colour;
	printf("\033[%dm", colour);
	used = term_put(word, room);
	fputs("\033[0m", stdout);
	return used;
}
