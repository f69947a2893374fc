/* dialogue.c - reads a dialogue file into a list of commands with their answers. */
#include "tests/simulator/dialogue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/faults.h"

enum { ANSWER_LINES_MAX = 64 };

struct dialogue_entry {
	struct dialogue_entry *next;
	char *command;
	bool used;
	size_t n;
	char *lines[ANSWER_LINES_MAX];
};

static const char built_in[] = "@built-in";

static struct dialogue_entry *add_entry(struct dialogue *dialogue, const char *command)
{
	struct dialogue_entry **end = &dialogue->first;

	while (*end != NULL)
		end = &(*end)->next;
	*end = calloc(1, sizeof(**end));
	if (*end != NULL)
		(*end)->command = strdup(command);
	return *end;
}

/* "< AT" or "> OK": the text after the sign and one blank. */
static const char *text_of(const char *line)
{
	return line[1] == ' ' ? line + 2 : line + 1;
}

static bool read_line(struct dialogue *dialogue, struct dialogue_entry **entry, char *line)
{
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return true;
	if (line[0] == '<') {
		*entry = add_entry(dialogue, text_of(line));
		return *entry != NULL;
	}
	if (line[0] != '>' || *entry == NULL || (*entry)->n == ANSWER_LINES_MAX)
		return false;
	(*entry)->lines[(*entry)->n++] = strdup(text_of(line));
	return true;
}

int dialogue_load(struct dialogue *dialogue, const char *path)
{
	FILE *file = fopen(path, "re");
	struct dialogue_entry *entry = NULL;
	char line[4096];
	unsigned number = 0;
	bool ok = true;

	if (file == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	while (ok && fgets(line, sizeof(line), file) != NULL) {
		number++;
		ok = read_line(dialogue, &entry, line);
	}
	fclose(file);
	if (!ok)
		fprintf(stderr, "%s:%u: not '< COMMAND' or '> ANSWER'\n", path, number);
	return ok ? 0 : -1;
}

void dialogue_free(struct dialogue *dialogue)
{
	while (dialogue->first != NULL) {
		struct dialogue_entry *entry = dialogue->first;

		dialogue->first = entry->next;
		for (size_t i = 0; i < entry->n; i++)
			free(entry->lines[i]);
		free(entry->command);
		free(entry);
	}
}

/* Entries of the same pattern take turns; the last one stays. */
static struct dialogue_entry *whose_turn(struct dialogue_entry *entry)
{
	struct dialogue_entry *next;

	while (entry->used) {
		next = entry->next;
		while (next != NULL && strcmp(next->command, entry->command) != 0)
			next = next->next;
		if (next == NULL)
			break;
		entry = next;
	}
	entry->used = true;
	return entry;
}

char *const *dialogue_find(const struct dialogue *dialogue, const char *command, size_t *n)
{
	struct dialogue_entry *entry = dialogue->first;

	while (entry != NULL && !glob_match(entry->command, command))
		entry = entry->next;
	if (entry != NULL)
		entry = whose_turn(entry);
	if (entry == NULL || (entry->n == 1 && strcmp(entry->lines[0], built_in) == 0))
		return NULL;
	*n = entry->n;
	return entry->lines;
}
