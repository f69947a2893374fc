/* story.c - why something has not come, as a paragraph, and what happened, as a timeline. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "cli/print.h"
#include "cli/term.h"

enum { STORY_SIZE = 2048, CLOCK_AT = 11, CLOCK_CHARS = 8 };

static const struct {
	const char *step, *words;
} steps[] = {
	{ "wait", "wait" },
	{ "resend", "ask for another code" },
	{ "other_channel", "use another way" },
	{ "other_number", "use another number" },
	{ "edit", "check the number, and start again if it is wrong" },
	{ "retype", "enter the code of the newest SMS" },
	{ "support", "tell the operator of this gateway" },
};

static const char *words_of_step(const char *step)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].step, step) == 0)
			return steps[i].words;
	return step;
}

static void add(char *story, const char *before, const char *text, const char *after)
{
	size_t used = strlen(story);

	if (text[0] != '\0')
		snprintf(story + used, STORY_SIZE - used, "%s%s%s%s", used > 0 ? " " : "", before,
			 text, after);
}

void print_story(const json_t *diagnosis, const char *explanation, const json_t *alternatives)
{
	const char *step = text_at(diagnosis, "next_step");
	char story[STORY_SIZE] = "";
	const json_t *way;
	size_t i;

	add(story, "Reason: ", text_at(diagnosis, "reason"), ".");
	add(story, "", explanation, "");
	add(story, "For the user: \"", text_at(json_object_get(diagnosis, "advice"), "en"), "\"");
	if (step[0] != '\0')
		add(story, "Next step: ", words_of_step(step), ".");
	json_array_foreach(alternatives, i, way)
		add(story, i == 0 ? "Other ways: " : "or ", json_string_value(way),
		    i + 1 == json_array_size(alternatives) ? "." : "");
	if (story[0] == '\0')
		return;
	putchar('\n');
	term_wrap(story, 0, 0, term_prose());
}

/* "2026-11-21T19:30:05.250Z" -> "19:30:05" (UTC, as everything that the daemon tells). */
static void clock_of(const char *rfc3339, char out[static CLOCK_CHARS + 1])
{
	size_t n = strlen(rfc3339);

	snprintf(out, CLOCK_CHARS + 1, "%.*s", CLOCK_CHARS, n > CLOCK_AT ? rfc3339 + CLOCK_AT : "");
}

void print_timeline(const json_t *history)
{
	static const struct column columns[] = {
		{ "UTC", 0, 2, false },   { "AGO", 0, 0, false },    { "WHAT", 0, 0, false },
		{ "MODEM", 4, 1, false }, { "REASON", 8, 0, false },
	};
	const json_t *move;
	struct table *table;
	size_t i;

	if (json_array_size(history) == 0)
		return;
	table = table_new(columns, ARRAY_LEN(columns));
	json_array_foreach(history, i, move)
	{
		const char *event = text_at(move, "event"), *at = text_at(move, "at");
		char clock[CLOCK_CHARS + 1];
		const char *row[] = { clock, short_time(at),
				      event[0] != '\0' ? event : text_at(move, "state"),
				      text_at(move, "modem"), text_at(move, "reason") };

		clock_of(at, clock);
		table_row(table, row);
	}
	putchar('\n');
	table_print(table);
}
