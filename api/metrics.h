/* metrics.h - counters of this run for /metrics: what transactions saw, and answers by route.
 *
 * Labels are bounded: names come from our own tables and the configuration, and what would be one
 * too many of a family is counted under "other". Loop only. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/histogram.h"
#include "queue/seen.h"

enum { METRICS_SERIES_MAX = 256, METRICS_WAIT_BOUNDS = 14, METRICS_ROUTES_MAX = 64 };

extern const int64_t metrics_wait_bounds[METRICS_WAIT_BOUNDS]; /* ms */

struct metrics_series {
	enum seen_kind kind;
	char a[64], b[24];
	int64_t n;
	struct histogram waits; /* of the kinds that are waits */
};

struct metrics {
	struct metrics_series series[METRICS_SERIES_MAX];
	size_t n_series;
	/* The last row: no such route. By the first digit of the status. */
	int64_t answers[METRICS_ROUTES_MAX + 1][6];
};

struct route;

void metrics_seen(struct metrics *metrics, const struct db_seen *items, size_t n);
void metrics_answer(struct metrics *metrics, const struct route *route, unsigned status);

/* ---- the text format ---- */

void metrics_head(FILE *out, const char *name, const char *type, const char *help);
/* labels: name, value ... NULL; values are escaped. */
void metrics_value(FILE *out, const char *name, double value, ...) __attribute__((sentinel));
/* The label's name is "" for none; bounds and sum are divided by unit. */
void metrics_histogram(FILE *out, const char *name, const struct histogram *histogram,
		       const int64_t *bounds, size_t n_bounds, double unit, const char *label,
		       const char *value);
void metrics_write(FILE *out, const struct metrics *metrics);
