/* journal.c - the log sink for a daemon that systemd started.
 *
 * MESSAGE_ID names the kind of a line; the numbers are for ever, simgated(8) lists them. What the
 * journal does not take is lost: there is nowhere else to tell it. */
/* Where in our source a line was written is always here. */
#define SD_JOURNAL_SUPPRESS_LOCATION
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

static const char *const message_ids[LOG_KIND_COUNT] = {
	[LOG_KIND_LIFE] = "567dcfece5654d6393ff114afc00b01c",
	[LOG_KIND_CONFIG] = "052a57d32ced4455b75dd025d2084462",
	[LOG_KIND_STATE] = "786860e11e78497880f3ae779bae9bab",
	[LOG_KIND_NETWORK] = "d799fdc721d1496096d5c4653a34b443",
	[LOG_KIND_RECOVERY] = "a561cab68a784153adb916ec5164a457",
	[LOG_KIND_ALARM] = "9feeefa6a2b14f5793990541f355c888",
	[LOG_KIND_PAUSE] = "361741e78d8d41c0a12baef755b9f9b7",
	[LOG_KIND_SEND] = "420e7e2cf7254cb588cd60e73de820f2",
	[LOG_KIND_RECEIVE] = "c213902bec8e490a837ee79cd001622f",
	[LOG_KIND_DATABASE] = "dae32e51b69f4853bd950dcd75820eea",
};

enum { FIELDS_MAX = 6, FIELD_SIZE = 1152 };

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
		add(fields, &n, buffers, "MESSAGE_ID", message_ids[tags->kind]);
		add(fields, &n, buffers, "MODEM", tags->modem);
		add(fields, &n, buffers, "SIMGATE_ID", tags->id);
		add(fields, &n, buffers, "REASON", tags->reason);
	}
	sd_journal_sendv(fields, (int)n);
}
