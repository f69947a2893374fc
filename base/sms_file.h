/* sms_file.h - a message as older gateways keep it in a file: headers and a text (smstools), or a
 * text whose name says the number, or a backup of SMS (gammu-smsd). Reads memory, not files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { SMS_FILE_NUMBER_SIZE = 64, SMS_FILE_MAX = 65536 };

struct sms_file {
	char to[SMS_FILE_NUMBER_SIZE];
	bool report, high; /* asked for a report; priority: high */
	char *text;        /* UTF-8, malloced; sms_file_free wipes it */
};

/* NULL, or what is wrong with it, in words; then there is nothing to free. Unknown headers are
 * passed over; what is no text (flash, binary, a ring) is refused. */
const char *sms_file_smstools(const char *bytes, size_t n, struct sms_file *file);

/* name: OUT...txt or OUT...smsbackup, without its folder. */
const char *sms_file_gammu(const char *name, const char *bytes, size_t n, struct sms_file *file);

/* Is a file of this name in a folder of messages one, and whole? Not hidden ones and smstools'
 * locks. */
bool sms_file_is_message(const char *name);

void sms_file_free(struct sms_file *file);
