/* transcript.c - owns a ring of dialogue lines; renders it; a worker thread writes the file.
 *
 * Lines are kept as "DIRECTION TIME TEXT\n"; the oldest whole lines give way. Writing may fail (no
 * folder, no rights, a full disk): that is told, and the modem's work is not touched. */
#include "modem/transcript.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	ROOM = 16 * 1024,
	TIME_BYTES = 12,              /* "19:30:05.250" */
	TEXT_AT = 2 + TIME_BYTES + 1, /* behind "> 19:30:05.250 " */
	TEXT_MAX_BYTES = 280,
	LINE_MAX_BYTES = TEXT_AT + TEXT_MAX_BYTES + 1,
	FILES_KEPT = 32,
	NAME_SIZE = 128,
	PATH_SIZE = 512,
	SCRATCH = 4 * ROOM, /* a line becomes at most three */
};

struct transcript {
	size_t used;
	char text[ROOM];
};

struct transcript *transcript_new(void)
{
	return calloc(1, sizeof(struct transcript));
}

void transcript_free(struct transcript *transcript)
{
	free(transcript);
}

/* The oldest quarter goes at once, up to a line end: not every line moves all the others. */
static void make_room(struct transcript *t)
{
	char *end = memchr(t->text + ROOM / 4, '\n', t->used - ROOM / 4);
	size_t gone = end != NULL ? (size_t)(end + 1 - t->text) : t->used;

	t->used -= gone;
	memmove(t->text, t->text + gone, t->used);
}

void transcript_add(struct transcript *t, int64_t at_ms, char direction, const char *masked)
{
	size_t n = strnlen(masked, TEXT_MAX_BYTES);
	char time[CLOCK_TEXT_SIZE], *line;

	if (t->used + LINE_MAX_BYTES > ROOM)
		make_room(t);
	clock_format(at_ms, time);
	line = t->text + t->used;
	line[0] = direction;
	line[1] = line[TEXT_AT - 1] = ' ';
	memcpy(line + 2, time + strlen("2026-11-21T"), TIME_BYTES);
	memcpy(line + TEXT_AT, masked, n);
	line[TEXT_AT + n] = '\n';
	t->used += TEXT_AT + n + 1;
}

/* ---- as a dialogue file ---- */

struct page {
	char *text;
	size_t used, room;
};

static void put(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct page *page, const char *format, ...)
{
	size_t left = page->room - page->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(page->text + page->used, left, format, args);
	va_end(args);
	if (n > 0 && (size_t)n < left)
		page->used += (size_t)n;
}

static bool begins(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Bytes of what stands for something hidden: dots of a masked number, the rest of a secret. */
static size_t hidden_at(const char *text)
{
	size_t n = 0;

	while (begins(text + n, "•"))
		n += strlen("•");
	return n == 0 && strcmp(text, "...") == 0 ? strlen("...") : n;
}

/* A command as a pattern: what is hidden may be anything, and so may a length. */
static void put_command(struct page *page, const char *text)
{
	size_t hidden;

	if (begins(text, "AT+CMGS="))
		text = "AT+CMGS=...";
	put(page, "< ");
	for (; *text != '\0'; text += hidden > 0 ? hidden : 1) {
		hidden = hidden_at(text);
		put(page, "%c", hidden > 0 ? '*' : *text);
	}
	put(page, "\n");
}

/* Must the simulator answer this itself: hidden, a prompt, a message that is to arrive? */
static bool is_its_own(const char *text)
{
	return strstr(text, "•") != NULL || strstr(text, "<pdu>") != NULL ||
	       strstr(text, "<text>") != NULL || strcmp(text, "> ") == 0 || begins(text, "+CMGS:");
}

/* One line of the ring. own: what else is answered is the simulator's. */
static void put_line(struct page *page, char direction, const char *time, const char *text,
		     bool *own)
{
	if (direction == '>' && begins(text, "AT")) {
		put(page, "# %.12s\n", time);
		put_command(page, text);
		*own = false;
	} else if (direction == '>' && strcmp(text, "<Ctrl-Z>") == 0) {
		put(page, "# %.12s Ctrl-Z\n< payload\n", time);
		*own = false;
	} else if (direction == '>') { /* a payload, ESC */
		put(page, "# %.12s > %s\n", time, text);
	} else if (*own || is_its_own(text)) {
		put(page, "# %.12s < %s\n%s", time, text, *own ? "" : "> @built-in\n");
		*own = true;
	} else {
		put(page, "> %s\n", text);
	}
}

static char *render(const struct transcript *t, const struct transcript_note *note, size_t *n)
{
	struct page page = { .text = malloc(SCRATCH), .room = SCRATCH };
	char *copy = malloc(t->used + 1), *next = NULL;
	char at[CLOCK_TEXT_SIZE];
	bool own = true; /* before the first command: lines of an answer that is half gone */

	if (page.text == NULL || copy == NULL) {
		free(page.text);
		free(copy);
		return NULL;
	}
	clock_format(note->at_ms, at);
	put(&page, "# simgate %s: %s, %s\n# %s\n# play it: gsm-simulator --dialogue FILE\n", at,
	    note->modem, note->model, note->why);
	memcpy(copy, t->text, t->used);
	copy[t->used] = '\0';
	for (char *line = strtok_r(copy, "\n", &next); line != NULL;
	     line = strtok_r(NULL, "\n", &next)) {
		put_line(&page, line[0], line + 2, strlen(line) > TEXT_AT ? line + TEXT_AT : "",
			 &own);
	}
	free(copy);
	*n = page.used;
	return page.text;
}

/* ---- the file ---- */

struct writing {
	uv_work_t work;
	char folder[PATH_SIZE], name[NAME_SIZE];
	char *text;
	size_t n;
	int status;
	void (*done)(void *arg, int status);
	void *arg;
};

static int is_transcript(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 20 && strcmp(entry->d_name + n - 4, ".txt") == 0;
}

/* By the time in the name, which is its end. */
static int by_time(const struct dirent **a, const struct dirent **b)
{
	const char *one = strrchr((*a)->d_name, '-'), *other = strrchr((*b)->d_name, '-');

	return strcmp(one != NULL ? one : "", other != NULL ? other : "");
}

static void remove_oldest(const char *folder)
{
	struct dirent **found = NULL;
	int n = scandir(folder, &found, is_transcript, by_time);
	char path[PATH_SIZE + 256];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, found[i]->d_name);
		if (i < n - FILES_KEPT)
			unlink(path);
		free(found[i]);
	}
	free(found);
}

static int write_all(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t taken = write(fd, text, n);

		if (taken < 0 && errno != EINTR)
			return -errno;
		if (taken > 0) {
			text += taken;
			n -= (size_t)taken;
		}
	}
	return 0;
}

/* In a thread of the pool. */
static void write_file(uv_work_t *work)
{
	struct writing *w = work->data;
	char path[PATH_SIZE + NAME_SIZE];
	int fd;

	if (mkdir(w->folder, 0700) < 0 && errno != EEXIST) {
		w->status = -errno;
		return;
	}
	snprintf(path, sizeof(path), "%s/%s", w->folder, w->name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		w->status = -errno;
		return;
	}
	w->status = write_all(fd, w->text, w->n);
	close(fd);
	remove_oldest(w->folder);
}

static void on_written(uv_work_t *work, int status)
{
	struct writing *w = work->data;

	w->done(w->arg, status < 0 ? status : w->status);
	free(w->text);
	free(w);
}

int transcript_write(const struct transcript *t, uv_loop_t *loop,
		     const struct transcript_note *note, void (*done)(void *arg, int status),
		     void *arg)
{
	struct writing *w = calloc(1, sizeof(*w));
	char at[CLOCK_TEXT_SIZE], *to = at;

	if (w != NULL)
		w->text = render(t, note, &w->n);
	if (w == NULL || w->text == NULL) {
		free(w);
		return -ENOMEM;
	}
	clock_format(note->at_ms, at);
	for (const char *from = at; *from != '\0' && *from != '.'; from++)
		if (*from != '-' && *from != ':')
			*to++ = *from;
	*to = '\0';
	snprintf(w->folder, sizeof(w->folder), "%s", note->folder);
	snprintf(w->name, sizeof(w->name), "%.64s-%sZ.txt", note->modem, at);
	w->done = done;
	w->arg = arg;
	w->work.data = w;
	uv_queue_work(loop, &w->work, write_file, on_written);
	return 0;
}
