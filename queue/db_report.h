/* db_report.h - delivery reports that fit no attempt yet: they came before their +CMGS, or speak of
 * something that simgate did not send. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/db_message_row.h"

enum { REPORT_SIM_SIZE = 24 };

struct report_row {
	int64_t id, at;
	char sim[REPORT_SIM_SIZE], modem[MODEM_SIZE];
	char recipient[NUMBER_SIZE]; /* as the network wrote it; "": not told */
	int reference, status;
};

/* Sets id and at. *is_new: the same one was not kept already. At most 10,000 are kept, the newest.
 */
int db_report_keep(struct db *db, struct report_row *row, bool *is_new);

/* Those of a SIM that came since then, the oldest first; reference -1: any. */
int db_report_waiting(struct db *db, const char *sim, int reference, int64_t since,
		      struct report_row *rows, size_t max, size_t *n);

int db_report_drop(struct db *db, int64_t id);

/* At most 1000 a call; *n: how many nobody asked for. */
int db_report_prune(struct db *db, int64_t before, unsigned *n);
