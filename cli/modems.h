/* modems.h - how modems are shown. */
#pragma once

#include <jansson.h>

void print_modems(const json_t *list); /* a table, and why some of them do not send */
void print_modem(const json_t *modem); /* everything that is known of it */
