/* table.c - rows of words in columns that fit the terminal.
 *
 * Steps: measure, leave out, cut, write. Blanks at the end of a line are not written. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print.h"
#include "cli/term.h"

enum { COLUMNS_MAX = 12, GAP = 2 };

struct table {
	const struct column *columns;
	size_t n, n_words;
	char **words; /* n of each row, the heads first */
};

struct layout {
	int width[COLUMNS_MAX]; /* 0: left out */
	bool filled[COLUMNS_MAX];
};

struct table *table_new(const struct column *columns, size_t n)
{
	struct table *table = calloc(1, sizeof(*table));
	const char *heads[COLUMNS_MAX];

	if (table == NULL || n > COLUMNS_MAX)
		abort();
	table->columns = columns;
	table->n = n;
	for (size_t i = 0; i < n; i++)
		heads[i] = columns[i].head;
	table_row(table, heads);
	return table;
}

void table_row(struct table *table, const char *const *words)
{
	char **grown;

	assert(table->n > 0);
	grown = realloc(table->words, (table->n_words + table->n) * sizeof(*table->words));

	if (grown == NULL)
		abort();
	table->words = grown;
	for (size_t i = 0; i < table->n; i++)
		table->words[table->n_words++] = strdup(words[i] != NULL ? words[i] : "");
}

static void measure(const struct table *table, struct layout *layout)
{
	*layout = (struct layout){ 0 };
	for (size_t i = 0; i < table->n_words; i++) {
		const char *word = table->words[i];
		int w = term_width(word), *width = &layout->width[i % table->n];

		*width = w > *width ? w : *width;
		if (i >= table->n && word[0] != '\0' && strcmp(word, "-") != 0)
			layout->filled[i % table->n] = true;
	}
}

static int least_of(const struct table *table, const struct layout *layout, size_t i)
{
	int least = table->columns[i].least;

	return least > 0 && least < layout->width[i] ? least : layout->width[i];
}

/* Columns of a line, as it is or with everything cut. */
static int line_width(const struct table *table, const struct layout *layout, bool cut)
{
	int sum = -GAP;

	for (size_t i = 0; i < table->n; i++)
		if (layout->width[i] > 0)
			sum += GAP + (cut ? least_of(table, layout, i) : layout->width[i]);
	return sum;
}

static void leave_out_empty(const struct table *table, struct layout *layout)
{
	for (size_t i = 0; i < table->n; i++)
		if (!layout->filled[i] && table->columns[i].rank > 0)
			layout->width[i] = 0;
}

/* false: there is none left that may go. */
static bool leave_out_one(const struct table *table, struct layout *layout)
{
	size_t gone = table->n;

	for (size_t i = 0; i < table->n; i++)
		if (layout->width[i] > 0 && table->columns[i].rank > 0 &&
		    (gone == table->n || table->columns[i].rank > table->columns[gone].rank))
			gone = i;
	if (gone == table->n)
		return false;
	layout->width[gone] = 0;
	return true;
}

/* false: all are as narrow as they may be. */
static bool cut_one(const struct table *table, struct layout *layout)
{
	size_t widest = table->n;

	for (size_t i = 0; i < table->n; i++)
		if (layout->width[i] > least_of(table, layout, i) &&
		    (widest == table->n || layout->width[i] > layout->width[widest]))
			widest = i;
	if (widest == table->n)
		return false;
	layout->width[widest]--;
	return true;
}

static void fit(const struct table *table, struct layout *layout, int room)
{
	measure(table, layout);
	if (line_width(table, layout, false) > room)
		leave_out_empty(table, layout);
	while (line_width(table, layout, true) > room && leave_out_one(table, layout))
		;
	while (line_width(table, layout, false) > room && cut_one(table, layout))
		;
}

static void put_row(const struct table *table, const struct layout *layout, char *const *words,
		    bool head)
{
	int blanks = 0;

	for (size_t i = 0; i < table->n; i++) {
		int width = layout->width[i], used = 0;

		if (width == 0)
			continue;
		if (words[i][0] != '\0') {
			printf("%*s", blanks, "");
			blanks = 0;
			used = table->columns[i].state && !head ? term_put_state(words[i], width)
								: term_put(words[i], width);
		}
		blanks += width - used + GAP;
	}
	putchar('\n');
}

void table_print(struct table *table)
{
	struct layout layout;

	fit(table, &layout, term_columns());
	for (size_t i = 0; i < table->n_words; i += table->n)
		put_row(table, &layout, table->words + i, i == 0);
	for (size_t i = 0; i < table->n_words; i++)
		free(table->words[i]);
	free(table->words);
	free(table);
}
