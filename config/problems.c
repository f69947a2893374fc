/* problems.c - keeps problems, names the settings they stand at, and tells them in order.
 *
 * Checks that compare settings run after the walk, so problems are found out of order; they are
 * sorted when they are told. Running out of memory loses words, never the fact of a problem. */
#include "config/problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/gsm_text.h"

enum { PATH_BYTES = 192, WORDS_BYTES = 320, GROW = 16 };

struct problem {
	const char *file; /* owned by libconfig, or by the caller of config_load */
	unsigned line;
	size_t order;
	char setting[PATH_BYTES], words[WORDS_BYTES];
};

static struct problem *add(struct problems *problems, const char *file, unsigned line)
{
	struct problem *p;

	if (problems->n == problems->size) {
		size_t size = problems->size + GROW;
		struct problem *items = realloc(problems->items, size * sizeof(*items));

		if (items == NULL) {
			problems->lost = true;
			return NULL;
		}
		problems->items = items;
		problems->size = size;
	}
	p = &problems->items[problems->n];
	p->file = file != NULL ? file : problems->file;
	p->line = line;
	p->order = problems->n++;
	p->setting[0] = '\0';
	return p;
}

/* "sites[0].verification": the parent's path, then this one's name or place. */
static size_t write_path(char *out, size_t size, const config_setting_t *s)
{
	size_t n = 0;
	int added;

	if (config_setting_is_root(s)) {
		out[0] = '\0';
		return 0;
	}
	n = write_path(out, size, config_setting_parent(s));
	if (config_setting_name(s) != NULL)
		added = snprintf(out + n, size - n, "%s%s", n > 0 ? "." : "",
				 config_setting_name(s));
	else
		added = snprintf(out + n, size - n, "[%d]", config_setting_index(s));
	n += added > 0 ? (size_t)added : 0;
	return n < size ? n : size - 1;
}

void problem_add(struct problems *problems, const config_setting_t *setting, const char *member,
		 const char *format, ...)
{
	const config_setting_t *at = NULL;
	struct problem *p;
	va_list args;
	size_t n;

	if (member != NULL)
		at = config_setting_get_member(setting, member);
	if (at == NULL)
		at = setting;
	p = add(problems, config_setting_source_file(at), config_setting_source_line(at));
	if (p == NULL)
		return;
	n = write_path(p->setting, PATH_BYTES, setting);
	if (member != NULL)
		snprintf(p->setting + n, PATH_BYTES - n, "%s%s", n > 0 ? "." : "", member);
	va_start(args, format);
	vsnprintf(p->words, WORDS_BYTES, format, args);
	va_end(args);
}

void problem_add_line(struct problems *problems, const char *file, unsigned line,
		      const char *format, ...)
{
	struct problem *p = add(problems, file, line);
	va_list args;

	if (p == NULL)
		return;
	va_start(args, format);
	vsnprintf(p->words, WORDS_BYTES, format, args);
	va_end(args);
}

void problem_add_told(void *arg, const char *file, unsigned line, const char *setting,
		      const char *words)
{
	struct problem *p = add(arg, file, line);

	if (p == NULL)
		return;
	snprintf(p->setting, PATH_BYTES, "%s", setting);
	snprintf(p->words, WORDS_BYTES, "%s", words);
}

static int by_place(const void *a, const void *b)
{
	const struct problem *p = a, *q = b;
	int files = strcmp(p->file, q->file);

	if (files != 0)
		return files;
	if (p->line != q->line)
		return p->line < q->line ? -1 : 1;
	return p->order < q->order ? -1 : 1;
}

bool problems_tell(struct problems *problems, config_problem *tell, void *arg)
{
	if (problems->n > 0)
		qsort(problems->items, problems->n, sizeof(*problems->items), by_place);
	for (size_t i = 0; i < problems->n; i++) {
		const struct problem *p = &problems->items[i];

		tell(arg, p->file, p->line, p->setting, p->words);
	}
	if (problems->lost)
		tell(arg, "", 0, "", "out of memory while reading the configuration");
	return problems->n > 0 || problems->lost;
}

void problems_free(struct problems *problems)
{
	free(problems->items);
	*problems = (struct problems){ 0 };
}

const char *problem_quote(char out[static QUOTE_SIZE], const char *value)
{
	size_t n = 0, left = strlen(value);
	uint32_t c;

	out[n++] = '"';
	while (left > 0 && n < QUOTE_SIZE - 10) {
		size_t bytes = gsm_utf8_next(value, left, &c);

		if (bytes == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0))
			out[n++] = '?';
		else
			n += gsm_utf8_put(out + n, c);
		bytes += bytes == 0;
		value += bytes;
		left -= bytes;
	}
	snprintf(out + n, QUOTE_SIZE - n, "%s\"", left > 0 ? "..." : "");
	return out;
}
