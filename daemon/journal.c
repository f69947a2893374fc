/* journal.c - the log sink for a daemon that systemd started. */
#include "daemon/journal.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

static const int priorities[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_WARN] = LOG_WARNING,
	[LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

enum { FIELDS_MAX = 5, FIELD_SIZE = 1152 };

/* JOURNAL_STREAM=device:inode names the stream; a redirected stderr differs from it. */
bool journal_connected(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (stream == NULL || sscanf(stream, "%llu:%llu", &device, &inode) != 2)
		return false;
	return fstat(2, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static void add(struct iovec *fields, size_t *n, char (*buffers)[FIELD_SIZE], const char *name,
		const char *value)
{
	int length;

	if (value == NULL)
		return;
	length = snprintf(buffers[*n], FIELD_SIZE, "%s=%s", name, value);
	if (length >= FIELD_SIZE)
		length = FIELD_SIZE - 1;
	fields[*n] = (struct iovec){ .iov_base = buffers[*n], .iov_len = (size_t)length };
	(*n)++;
}

void journal_sink(enum log_level level, const struct log_tags *tags, const char *text)
{
	char buffers[FIELDS_MAX][FIELD_SIZE], priority[4];
	struct iovec fields[FIELDS_MAX];
	size_t n = 0;

	snprintf(priority, sizeof(priority), "%d", priorities[level]);
	add(fields, &n, buffers, "MESSAGE", text);
	add(fields, &n, buffers, "PRIORITY", priority);
	if (tags != NULL) {
		add(fields, &n, buffers, "MODEM", tags->modem);
		add(fields, &n, buffers, "SIMGATE_ID", tags->id);
		add(fields, &n, buffers, "REASON", tags->reason);
	}
	sd_journal_sendv(fields, (int)n);
}
