/* spool_files.h - the spool's files on disk: found, read, removed, put aside. All of it may wait
 * for a disk: not for the loop. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/sms_file.h"

enum { SPOOL_KEY_SIZE = 128, SPOOL_WHY_SIZE = 256 };

/* Files are taken in this order, so that texts to one number keep theirs. */
struct spool_place {
	int64_t modified_ns;
	char name[NAME_MAX + 1];
};

enum spool_fate {
	FATE_STAYS,   /* looked at again another time */
	FATE_TAKEN,   /* its message is on disk */
	FATE_REFUSED, /* goes to the folder failed, with why */
};

struct spool_file {
	struct spool_place place;
	ino_t inode;
	off_t bytes;
	int64_t modified_ns;      /* when it was read */
	struct sms_file sms;      /* where there is a key */
	char key[SPOOL_KEY_SIZE]; /* the same for ever for the same content of the same file; "": it
				   * was not read */
	enum spool_fate fate;
	char why[SPOOL_WHY_SIZE]; /* it is refused, in words; "" */
	bool gone;                /* removed, for certain */
	int error;                /* it could not be read, removed or put aside: negative errno */
};

/* sub: a folder in the spool, or "" for the spool itself. The first (at most size) files after
 * place that may be messages. 0 and their number, or why the folder cannot be used. */
int spool_files_look(const char *spool, const char *sub, const struct spool_place *after,
		     struct spool_file *files, size_t size, size_t *n);

/* Does what their fates say. */
void spool_files_settle(const char *spool, const char *sub, struct spool_file *files, size_t n);
