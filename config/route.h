/* route.h - which modems may send to which numbers.
 *
 * A number's route is the longest prefix of all modems' prefixes that it begins with; numbers of
 * one route may be sent by the same modems, so there are no more routes than prefixes. A route is
 * written as the prefix's digits ("+7912" is 7912): prefixes never begin with "+0". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

enum { ROUTE_NONE = 0 }; /* the number begins with none of the prefixes */

int64_t config_route(const struct config *config, const char *e164);

/* How well this modem fits a route: digits of its longest prefix that fits, and one; 1 for a modem
 * without prefixes; 0: it may not send there. modem NULL: one that the file does not name. */
unsigned config_route_reach(const struct config_modem *modem, int64_t route);

/* May any modem send there? True where the file names no modems. */
bool config_route_open(const struct config *config, int64_t route);

bool config_has_prefixes(const struct config *config);

/* Other for each different set of prefixes; 0 for none at all. */
int64_t config_route_version(const struct config *config);
