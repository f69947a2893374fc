/* histogram.h - how often values fell into which span, for /metrics. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_SPANS = 16 };

struct histogram {
	int64_t spans[HISTOGRAM_SPANS]; /* spans[i]: above bound i-1, not above bound i */
	int64_t n, sum;                 /* n - all spans: above the last bound */
};

/* bounds rise; at most HISTOGRAM_SPANS of them. */
static inline void histogram_add(struct histogram *histogram, const int64_t *bounds,
				 size_t n_bounds, int64_t value)
{
	size_t i = 0;

	while (i < n_bounds && value > bounds[i])
		i++;
	if (i < n_bounds)
		histogram->spans[i]++;
	histogram->n++;
	histogram->sum += value;
}
