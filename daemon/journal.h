/* journal.h - log lines as journal entries with the fields MODEM=, SIMGATE_ID=, REASON=,
 * MESSAGE_ID=. */
#pragma once

#include <stdbool.h>

#include "base/log.h"

/* Did systemd connect our stderr to the journal? */
bool journal_connected(void);

/* A log_sink. */
void journal_sink(enum log_level level, const struct log_tags *tags, const char *text);
