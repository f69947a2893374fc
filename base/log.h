/* log.h - one line per event, to whichever sink the program installed.
 * Callers mask numbers first (mask.h); codes, texts, PINs and keys never come here. */
#pragma once

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* The main kinds of line: a name in logfmt, a MESSAGE_ID in the journal (daemon/journal.c). */
enum log_kind {
	LOG_KIND_NONE,
	LOG_KIND_LIFE,     /* the daemon starts, stops */
	LOG_KIND_CONFIG,   /* a configuration is taken, or refused */
	LOG_KIND_STATE,    /* a modem's state changes */
	LOG_KIND_NETWORK,  /* its registration, operator, signal, SIM */
	LOG_KIND_RECOVERY, /* a step of recovery */
	LOG_KIND_ALARM,    /* a modem has had no network for long */
	LOG_KIND_PAUSE,    /* a modem rests, or sends again: refusals, limits */
	LOG_KIND_SEND,     /* a message was refused, or is uncertain */
	LOG_KIND_RECEIVE,  /* a call, or something received that needs a word */
	LOG_KIND_DATABASE, /* the database refuses changes, or takes them again */
	LOG_KIND_COUNT,
};

/* What a line is about; each may be NULL. A sink may make searchable fields of them. */
struct log_tags {
	enum log_kind kind;
	const char *modem;
	const char *id; /* msg_..., ver_..., ctr_..., sms_... */
	const char *reason;
};

/* tags is NULL where it says nothing. text has no line end. May be called from any thread. */
typedef void log_sink(enum log_level level, const struct log_tags *tags, const char *text);

void log_set_sink(log_sink *sink); /* NULL: logfmt lines on stderr */
void log_set_level(enum log_level level);
const char *log_level_name(enum log_level level);
const char *log_kind_name(enum log_kind kind); /* NULL of none */

/* A line that comes again within LOG_REPEAT_MS is held back and counted; at the end of that time it
 * is told once more, with the count. Ends of that time are seen by log_write and by this, which
 * somebody calls now and then. all: also of lines whose time is not over (at the end of a program).
 * At level debug nothing is held back. */
enum { LOG_REPEAT_MS = 60000 };
void log_tell_repeats(int all);

void log_write(enum log_level level, const struct log_tags *tags, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, NULL, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_LEVEL_WARN, NULL, __VA_ARGS__)
#define log_info(...)  log_write(LOG_LEVEL_INFO, NULL, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, NULL, __VA_ARGS__)
