/* store_backup.h - a consistent copy of the database while the daemon works on. */
#pragma once

#include <stdint.h>

#include "queue/store.h"

/* Copies the database to target, a file that must not be there yet (0600), and looks the copy
 * over. Blocks: for a thread of its own; the store goes on meanwhile. 0, or a negative errno with
 * one line in why; then there is no target. */
int store_backup(const char *database, const char *target, char why[static STORE_WHY_SIZE]);
