/* status.h - health, queue and modems in one picture. */
#pragma once

#include "cli/cli.h"

struct status {
	json_t *status, *health, *modems; /* as the daemon answered */
};

/* Asks anew; what was there before stays where the daemon does not answer. */
enum exit_code status_fetch(const struct call *call, struct status *status);
void status_print(const struct call *call, const struct status *status);

/* 0, 1 or 2 as the health is pass, warn or fail. */
enum exit_code status_exit(const struct status *status);
void status_free(struct status *status);

/* Draws it anew after events, until Ctrl-C. */
enum exit_code status_watch(struct call *call);
