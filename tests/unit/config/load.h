/* load.h - loads a configuration from text and keeps what was told. */
#pragma once

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

struct told {
	unsigned n, line;
	char file[64], setting[256], words[512]; /* of the first */
	char all[16384];                         /* "line: setting: words\n" of every one */
};

static inline void note_problem(void *arg, const char *file, unsigned line, const char *setting,
				const char *words)
{
	struct told *told = arg;
	size_t used = strlen(told->all);

	snprintf(told->all + used, sizeof(told->all) - used, "%u: %s: %s\n", line, setting, words);
	if (told->n++ > 0)
		return;
	told->line = line;
	snprintf(told->file, sizeof(told->file), "%s", file);
	snprintf(told->setting, sizeof(told->setting), "%s", setting);
	snprintf(told->words, sizeof(told->words), "%s", words);
}

/* path gets the name of a file that holds text; the caller unlinks it. */
static inline void write_file(char path[32], const char *text)
{
	size_t n = strlen(text);
	ssize_t written;
	int fd;

	strcpy(path, "/tmp/simgate-test-XXXXXX");
	fd = mkstemp(path);
	assert(fd >= 0);
	written = write(fd, text, n);
	assert(written == (ssize_t)n);
	(void)written;
	close(fd);
}

static inline const struct config *load_text(const char *text, struct told *told)
{
	const struct config *config;
	char path[32];

	memset(told, 0, sizeof(*told));
	write_file(path, text);
	config = config_load(path, note_problem, told);
	unlink(path);
	return config;
}
