/* value.h - what single values may be: durations, limits, and the shapes of strings.
 * Private to config/; config_parse_duration stands in config.h. */
#pragma once

#include "config/config.h"

/* "5/1h". 0, or -1. */
int value_parse_rate(const char *text, struct config_rate *rate);

/* NULL if text may stand there, else what must stand there ("must be ..."). */
typedef const char *value_check(const char *text);

value_check value_not_empty;
value_check value_name; /* of a site or a modem */
value_check value_path; /* absolute */
value_check value_socket_path;
value_check value_listen;  /* "" or host:port */
value_check value_device;  /* absolute path or tcp://host:port */
value_check value_country; /* two letters */
value_check value_channel; /* of verification */
value_check value_region;  /* "" or two letters */
value_check value_locale;
value_check value_origin; /* "" or a host name */
value_check value_phone;
value_check value_phone_or_empty;
value_check value_prefix;
value_check value_code;
value_check value_quiet_hours; /* "" or 21:00-09:00 */
value_check value_timezone;    /* "" or Europe/Moscow */
value_check value_ussd;
value_check value_pattern; /* a regular expression with a group */
value_check value_imei;
value_check value_imsi;
value_check value_iccid;
value_check value_usb_id;
