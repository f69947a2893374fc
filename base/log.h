/* log.h - one line per event, to whichever sink the program installed.
 * Callers mask numbers first (mask.h); codes, texts, PINs and keys never come here. */
#pragma once

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* What a line is about; each may be NULL. A sink may make searchable fields of them. */
struct log_tags {
	const char *modem;
	const char *id; /* msg_..., ver_..., ctr_..., sms_... */
	const char *reason;
};

/* tags may be NULL. text has no line end. May be called from any thread. */
typedef void log_sink(enum log_level level, const struct log_tags *tags, const char *text);

void log_set_sink(log_sink *sink); /* NULL: logfmt lines on stderr */
void log_set_level(enum log_level level);
const char *log_level_name(enum log_level level);

void log_write(enum log_level level, const struct log_tags *tags, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, NULL, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_LEVEL_WARN, NULL, __VA_ARGS__)
#define log_info(...)  log_write(LOG_LEVEL_INFO, NULL, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, NULL, __VA_ARGS__)
