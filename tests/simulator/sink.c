/* sink.c - append-only files, shared by path. */
#include "tests/simulator/sink.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct sink {
	struct sink *next;
	FILE *file;
	bool dirty;
	char path[];
};

static struct sink *sinks;

struct sink *sink_open(const char *path)
{
	struct sink *sink;

	for (sink = sinks; sink != NULL; sink = sink->next)
		if (strcmp(sink->path, path) == 0)
			return sink;
	sink = calloc(1, sizeof(*sink) + strlen(path) + 1);
	if (sink == NULL)
		return NULL;
	strcpy(sink->path, path);
	sink->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "ae");
	if (sink->file == NULL) {
		free(sink);
		return NULL;
	}
	sink->next = sinks;
	sinks = sink;
	return sink;
}

void sink_line(struct sink *sink, const char *line)
{
	if (sink == NULL)
		return;
	fputs(line, sink->file);
	fputc('\n', sink->file);
	fflush(sink->file);
}

static void put_escaped(FILE *file, uint8_t c)
{
	static const char from[] = "\r\n\\", to[] = "rn\\";
	const char *special = c != 0 ? strchr(from, c) : NULL;

	if (special != NULL)
		fprintf(file, "\\%c", to[special - from]);
	else if (c == 0x1a)
		fputs("<SUB>", file);
	else if (c == 0x1b)
		fputs("<ESC>", file);
	else if (c < 0x20 || c >= 0x7f)
		fprintf(file, "\\x%02x", c);
	else
		fputc(c, file);
}

void sink_trace(struct sink *sink, const char *name, char direction, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;
	uint64_t us;

	if (sink == NULL)
		return;
	us = uv_hrtime() / 1000;
	fprintf(sink->file, "%llu.%06llu %s %c ", (unsigned long long)(us / 1000000),
		(unsigned long long)(us % 1000000), name, direction);
	for (size_t i = 0; i < n; i++)
		put_escaped(sink->file, at[i]);
	fputc('\n', sink->file);
	sink->dirty = true;
}

void sink_flush_all(void)
{
	for (struct sink *sink = sinks; sink != NULL; sink = sink->next) {
		if (sink->dirty)
			fflush(sink->file);
		sink->dirty = false;
	}
}

void sink_close_all(void)
{
	while (sinks != NULL) {
		struct sink *sink = sinks;

		sinks = sink->next;
		if (sink->file == stdout)
			fflush(stdout);
		else
			fclose(sink->file);
		free(sink);
	}
}
