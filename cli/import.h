/* import.h - what the readers of older gateways' queues share. */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/sms_file.h"
#include "cli/cli.h"

enum { KEY_SIZE = 96 };

struct import {
	struct call *call;
	const char *where; /* the folder or file as given */
	unsigned taken, refused;
	enum exit_code result; /* not EXIT_DONE: it ends here */
};

/* Tells why the message of this name stays, and counts it. */
void import_refuse(struct import *import, const char *name, const char *problem);

/* Hands the message to the daemon under an Idempotency-Key of its own; send_at NULL: now. False: it
 * stays, told. */
bool import_submit(struct import *import, const char *name, const struct sms_file *sms,
		   const char *send_at, const char *key);

/* Every waiting message of gammu-smsd's SQLite file import->where; st is the file's. */
void import_gammu_database(struct import *import, const struct stat *st);
