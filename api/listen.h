/* listen.h - the listening Unix socket: a stale file is replaced, a live one is an error. */
#pragma once

#include "api/api.h"

/* The descriptor, or -1 with one line in why. */
int listen_open(const struct config *config, char why[static API_WHY_SIZE]);

/* One from systemd: made fit for the loop. 0, or -1 with why. */
int listen_adopt(int fd, char why[static API_WHY_SIZE]);
