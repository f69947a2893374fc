/* watch.c - status that is drawn anew when something happens.
 *
 * Steps: fetch, draw, wait in the stream of events behind the last one. An event fetches, at most
 * twice a second; the times in the picture only move, every few seconds, without asking anybody. A
 * signal strength makes no event: it is fetched once a minute. A daemon that has gone leaves the
 * last picture with a line above it, and is called every second.
 *
 * The picture stands on the terminal's other screen, so that what was there before comes back at
 * the end; signals are read from a descriptor, so that every end passes there. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"
#include "cli/print.h"
#include "cli/status.h"
#include "cli/term.h"

enum {
	BREATH_MS = 500,   /* between two fetches */
	CALL_MS = 1000,    /* between two calls of a daemon that has gone */
	MOVE_S = 5,        /* the times in the picture */
	FETCH_MS = 60000,  /* at the latest */
	FETCH_LIMIT_S = 5, /* a daemon that hangs is one that has gone */
};

struct watch {
	struct call *call;
	struct status status;
	int64_t fetched_at, gone_at; /* gone_at 0: the daemon is there */
	bool screen;                 /* a person looks */
	bool stale;                  /* the daemon knows more than the picture */
	int signals;                 /* signalfd */
};

/* ---- the screen ---- */

static void screen_enter(const struct watch *watch)
{
	if (watch->screen)
		fputs("\033[?1049h\033[?25l", stdout);
}

static void screen_leave(const struct watch *watch)
{
	if (watch->screen)
		fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
}

/* As many lines as the window has; the last one tells of those below it. */
static void put_screen(const char *picture)
{
	int rows = term_rows(), lines = 0, at = 0;

	for (const char *c = picture; *c != '\0'; c++)
		lines += *c == '\n';
	fputs("\033[H", stdout);
	while (*picture != '\0' && (lines <= rows || at < rows - 1)) {
		size_t n = strcspn(picture, "\n");

		printf("%s%.*s\033[K", at++ > 0 ? "\n" : "", (int)n, picture);
		picture += n + (picture[n] == '\n');
	}
	if (*picture != '\0')
		printf("\n(%d more lines)\033[K", lines - at);
	fputs("\033[J", stdout);
}

static void put_picture(const struct watch *watch)
{
	char gone_at[CLOCK_TEXT_SIZE];

	if (watch->gone_at > 0) {
		clock_format(watch->gone_at, gone_at);
		printf("simgated does not answer since %s (try: systemctl status simgated)\n\n",
		       short_time(gone_at));
	}
	status_print(watch->call, &watch->status);
}

static void draw(const struct watch *watch)
{
	FILE *out = stdout;
	char *picture = NULL;
	size_t n = 0;

	if (!watch->screen) {
		put_picture(watch);
		fflush(stdout);
		return;
	}
	stdout = open_memstream(&picture, &n); /* glibc's stdout is a variable */
	if (stdout != NULL) {
		put_picture(watch);
		fclose(stdout);
	}
	stdout = out;
	if (picture != NULL)
		put_screen(picture);
	fflush(stdout);
	free(picture);
}

/* ---- signals ---- */

static void watch_signals(struct watch *watch)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		sigaddset(&set, numbers[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	watch->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* As the signal would have done. */
static _Noreturn void die_of(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	exit(EXIT_FAILED); /* it is ignored */
}

/* What has come since: an end passes here and does not return; else the window may be another. */
static void take_signals(const struct watch *watch)
{
	struct signalfd_siginfo info;
	bool any = false;

	while (read(watch->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		any = true;
		if (info.ssi_signo == SIGWINCH)
			continue;
		screen_leave(watch);
		if (info.ssi_signo != SIGTSTP)
			die_of((int)info.ssi_signo);
		raise(SIGSTOP);
		screen_enter(watch);
	}
	if (any && watch->screen)
		draw(watch);
}

/* A signal ends it. */
static void rest(const struct watch *watch, int ms)
{
	struct pollfd signals = { .fd = watch->signals, .events = POLLIN };

	poll(&signals, 1, ms);
}

/* ---- rounds ---- */

static bool is_enough(void *arg, const char *data)
{
	(void)arg;
	(void)data;
	return false;
}

/* EXIT_DONE: something happened, EXIT_TIMED_OUT: nothing within MOVE_S. */
static enum exit_code wait_event(const struct watch *watch)
{
	char path[64];

	snprintf(path, sizeof(path), "/v1/events?after=%lld",
		 number_at(watch->status.status, "last_event"));
	return http_stream(&watch->call->http, path, MOVE_S, is_enough, NULL);
}

static enum exit_code fetch(struct watch *watch)
{
	enum exit_code result = status_fetch(watch->call, &watch->status);

	if (result != EXIT_DONE)
		return result;
	watch->fetched_at = clock_mono_ms();
	watch->gone_at = 0;
	watch->stale = false;
	draw(watch);
	return result;
}

static void rest_without_daemon(struct watch *watch)
{
	watch->stale = true;
	if (watch->gone_at == 0)
		watch->gone_at = clock_now_ms();
	if (watch->screen)
		draw(watch);
	rest(watch, CALL_MS);
}

/* false: that is the end. */
static bool go_on(struct watch *watch, enum exit_code result, bool fetched)
{
	switch (result) {
	case EXIT_DONE:
		if (watch->stale)
			rest(watch, BREATH_MS);
		return true;
	case EXIT_WOKEN:
		return true;
	case EXIT_TIMED_OUT: /* quiet: only the times have changed */
		if (watch->screen)
			draw(watch);
		return true;
	case EXIT_UNREACHABLE:
	case EXIT_TEMPORARY:
		rest_without_daemon(watch);
		return true;
	case EXIT_FAILED: /* events that are gone: whoever fetches needs none of them */
		watch->stale = true;
		return !fetched;
	case EXIT_WRONG_USAGE:
	case EXIT_NOT_FOUND:
	case EXIT_UNCERTAIN:
	case EXIT_NOT_ALLOWED:
		return false;
	}
	return false;
}

enum exit_code status_watch(struct call *call)
{
	struct watch watch = { .call = call, .screen = isatty(STDOUT_FILENO) && !call->json };
	enum exit_code result = status_fetch(call, &watch.status);
	bool fetched;

	if (result != EXIT_DONE) /* told */
		return result;
	watch_signals(&watch);
	call->http.wake_fd = watch.signals;
	call->http.quiet = true;
	call->http.timeout_s = FETCH_LIMIT_S;
	screen_enter(&watch);
	watch.stale = true;
	do {
		take_signals(&watch);
		fetched = watch.stale;
		result = fetched ? fetch(&watch) : wait_event(&watch);
		watch.stale |= !fetched && (result == EXIT_DONE ||
					    clock_mono_ms() - watch.fetched_at > FETCH_MS);
	} while (go_on(&watch, result, fetched));
	screen_leave(&watch);
	call->http.quiet = false; /* the same again, to tell why */
	result = status_fetch(call, &watch.status);
	status_free(&watch.status);
	return result;
}
