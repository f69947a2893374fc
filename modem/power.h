/* power.h - runs the program that switches a modem's power, in bounded time. */
#pragma once

#include <uv.h>

#include "config/config.h"

struct power; /* private to power.c */

/* failure: NULL, or what went wrong in one line (borrowed). Exactly once, never inside power_start
 * or power_stop; the program has ended and power is no more. */
typedef void power_done(void *arg, const char *failure);

/* argv: its path and arguments. NULL: no memory. */
struct power *power_start(uv_loop_t *loop, const struct config_strings *argv, const char *modem,
			  const char *device, power_done *done, void *arg);

void power_stop(struct power *power); /* ends the program; done follows */
