/* clock.c - wall time that does not run backwards. */
#include "base/clock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

enum { JUMP_MS = 10000 }; /* a difference above this between the two clocks is worth a line */

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t system_real(void)
{
	return read_clock(CLOCK_REALTIME);
}

static int64_t system_mono(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t (*real_source)(void) = system_real;
static int64_t (*mono_source)(void) = system_mono;
static int64_t known_ms;      /* the last time that was told, or raised to */
static int64_t known_mono_ms; /* the monotonic time at that moment */
static int64_t real_offset_ms;
static bool offset_known;

void clock_set_source(int64_t (*real_ms)(void), int64_t (*mono_ms)(void))
{
	pthread_mutex_lock(&lock);
	real_source = real_ms != NULL ? real_ms : system_real;
	mono_source = mono_ms != NULL ? mono_ms : system_mono;
	known_ms = 0;
	offset_known = false;
	pthread_mutex_unlock(&lock);
}

int64_t clock_mono_ms(void)
{
	return mono_source();
}

/* Returns by how much the real-time clock jumped against the monotonic one, 0 for normal drift. */
static int64_t note_jump(int64_t real, int64_t mono)
{
	int64_t offset = real - mono, jump = offset_known ? offset - real_offset_ms : 0;

	offset_known = true;
	real_offset_ms = offset;
	return llabs(jump) > JUMP_MS ? jump : 0;
}

int64_t clock_now_ms(void)
{
	int64_t real, mono, steady, now, jump;

	pthread_mutex_lock(&lock);
	real = real_source();
	mono = mono_source();
	steady = known_ms + (mono - known_mono_ms);
	jump = note_jump(real, mono);
	now = known_ms != 0 && steady > real ? steady : real;
	known_ms = now;
	known_mono_ms = mono;
	pthread_mutex_unlock(&lock);
	if (jump != 0)
		log_warn("the system clock jumped by %lld s; waits and limits keep their order",
			 (long long)(jump / 1000));
	return now;
}

void clock_raise(int64_t at_least_ms)
{
	int64_t now = clock_now_ms();

	if (at_least_ms <= now)
		return;
	log_warn("the system clock is %lld s behind the last durable time; continuing from there",
		 (long long)((at_least_ms - now) / 1000));
	pthread_mutex_lock(&lock);
	known_ms = at_least_ms;
	known_mono_ms = mono_source();
	pthread_mutex_unlock(&lock);
}

void clock_format(int64_t ms, char out[static CLOCK_TEXT_SIZE])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, CLOCK_TEXT_SIZE - n, ".%03dZ", (int)(ms % 1000));
}

/* Reads ".250" (any number of digits); *ms gets whole milliseconds. Returns the rest. */
static const char *parse_fraction(const char *s, int *ms)
{
	int scale = 100;

	*ms = 0;
	if (*s != '.')
		return s;
	for (s++; *s >= '0' && *s <= '9'; s++, scale /= 10)
		*ms += (*s - '0') * scale;
	return s;
}

/* Reads "Z" or "+hh:mm"; -1 if it is neither or something follows. */
static int parse_zone(const char *s, int *minutes)
{
	int hours, mins, end = 0;

	*minutes = 0;
	if ((*s == 'Z' || *s == 'z') && s[1] == '\0')
		return 0;
	if ((*s != '+' && *s != '-') || sscanf(s + 1, "%2d:%2d%n", &hours, &mins, &end) != 2)
		return -1;
	if (end != 5 || s[6] != '\0' || hours > 23 || mins > 59)
		return -1;
	*minutes = (hours * 60 + mins) * (*s == '-' ? -1 : 1);
	return 0;
}

int clock_parse(const char *text, int64_t *ms)
{
	struct tm tm = { 0 };
	int fraction, zone;
	const char *rest;
	time_t seconds;

	if (strlen(text) < 20 || (text[10] != 'T' && text[10] != 't' && text[10] != ' '))
		return -1;
	rest = strptime(text, "%Y-%m-%d", &tm);
	if (rest != text + 10)
		return -1;
	rest = strptime(text + 11, "%H:%M:%S", &tm);
	if (rest != text + 19)
		return -1;
	rest = parse_fraction(rest, &fraction);
	if (parse_zone(rest, &zone) < 0)
		return -1;
	seconds = timegm(&tm);
	*ms = ((int64_t)seconds - (int64_t)zone * 60) * 1000 + fraction;
	return 0;
}
