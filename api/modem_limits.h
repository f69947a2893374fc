/* modem_limits.h - how much of its limits each modem has used. */
#pragma once

#include "api/json_out.h"
#include "service/rule.h"

struct modem_limits {
	char name[64], sim[24];
	struct json_quota *items; /* malloced */
	size_t n;
};

/* On the loop: of whom is asked. */
void modem_limits_of(struct modem_limits *limits, const struct modem_status *status);

/* On the store's thread; may run again. */
int modem_limits_count(const struct rule *rule, struct modem_limits *modems, size_t n);

/* The array, too. */
void modem_limits_free(struct modem_limits *modems, size_t n);
