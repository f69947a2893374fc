/* quiet.h - hours of the night in which nobody is asked to get in touch, in the site's own zone. */
#pragma once

#include <stdint.h>

#include "config/config.h"
#include "service/rule.h"

/* The end of the quiet hours that now is in; 0: it is in none. */
int64_t quiet_until(const struct config_site *site, int64_t now);

/* Contact requests of all sites that still wait while it is quiet wait on until it is not (codes
 * and texts never do). Once a minute: what was queued in the evening and could not be sent. */
int quiet_hold(const struct rule *rule);
