/* metrics.c - counters and their text (Prometheus' format 0.0.4). */
#include "api/metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "api/route.h"
#include "base/util.h"

const int64_t metrics_wait_bounds[METRICS_WAIT_BOUNDS] = { 5,     10,    25,    50,    100,
							   250,   500,   1000,  2500,  5000,
							   10000, 30000, 60000, 300000 };

static const char other[] = "other";

static struct metrics_series *find(struct metrics *metrics, enum seen_kind kind, const char *a,
				   const char *b)
{
	for (size_t i = 0; i < metrics->n_series; i++) {
		struct metrics_series *s = &metrics->series[i];

		if (s->kind == kind && strcmp(s->a, a) == 0 && strcmp(s->b, b) == 0)
			return s;
	}
	return NULL;
}

static struct metrics_series *add(struct metrics *metrics, enum seen_kind kind, const char *a,
				  const char *b)
{
	struct metrics_series *s = &metrics->series[metrics->n_series++];

	s->kind = kind;
	snprintf(s->a, sizeof(s->a), "%s", a);
	snprintf(s->b, sizeof(s->b), "%s", b);
	return s;
}

/* Room is kept for the "other" of each kind. */
static struct metrics_series *series_of(struct metrics *metrics, const struct db_seen *seen)
{
	struct metrics_series *s = find(metrics, seen->kind, seen->a, seen->b);

	if (s != NULL)
		return s;
	if (metrics->n_series < METRICS_SERIES_MAX - SEEN_KINDS)
		return add(metrics, seen->kind, seen->a, seen->b);
	s = find(metrics, seen->kind, other, "");
	return s != NULL ? s : add(metrics, seen->kind, other, "");
}

static bool is_wait(enum seen_kind kind)
{
	return kind == SEEN_QUEUE || kind == SEEN_NETWORK || kind == SEEN_REPORT;
}

void metrics_seen(struct metrics *metrics, const struct db_seen *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct metrics_series *s = series_of(metrics, &items[i]);

		if (is_wait(items[i].kind))
			histogram_add(&s->waits, metrics_wait_bounds, METRICS_WAIT_BOUNDS,
				      items[i].value > 0 ? items[i].value : 0);
		else
			s->n += items[i].value;
	}
}

static size_t index_of(const struct route *route)
{
	size_t i = 0;

	while (route != NULL && i < METRICS_ROUTES_MAX && route_at(i) != NULL) {
		if (route_at(i) == route)
			return i;
		i++;
	}
	return METRICS_ROUTES_MAX;
}

void metrics_answer(struct metrics *metrics, const struct route *route, unsigned status)
{
	metrics->answers[index_of(route)][status < 600 ? status / 100 : 0]++;
}

/* ---- the text format ---- */

void metrics_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_label(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			putc('\\', out);
		putc(*value == '\n' ? ' ' : *value, out);
	}
	putc('"', out);
}

void metrics_value(FILE *out, const char *name, double value, ...)
{
	const char *label;
	char mark = '{';
	va_list args;

	fputs(name, out);
	va_start(args, value);
	while ((label = va_arg(args, const char *)) != NULL) {
		putc(mark, out);
		put_label(out, label, va_arg(args, const char *));
		mark = ',';
	}
	va_end(args);
	fprintf(out, "%s %.10g\n", mark == ',' ? "}" : "", value);
}

static void put_part(FILE *out, const char *name, const char *suffix, const char *label,
		     const char *value, double number)
{
	fprintf(out, "%s%s", name, suffix);
	if (label[0] != '\0') {
		putc('{', out);
		put_label(out, label, value);
		putc('}', out);
	}
	fprintf(out, " %.10g\n", number);
}

static void put_bucket(FILE *out, const char *name, const char *label, const char *value,
		       const char *bound, int64_t n)
{
	fprintf(out, "%s_bucket{", name);
	if (label[0] != '\0') {
		put_label(out, label, value);
		putc(',', out);
	}
	fprintf(out, "le=\"%s\"} %" PRId64 "\n", bound, n);
}

void metrics_histogram(FILE *out, const char *name, const struct histogram *histogram,
		       const int64_t *bounds, size_t n_bounds, double unit, const char *label,
		       const char *value)
{
	int64_t n = 0;
	char bound[32];

	for (size_t i = 0; i < n_bounds; i++) {
		n += histogram->spans[i];
		snprintf(bound, sizeof(bound), "%.10g", (double)bounds[i] / unit);
		put_bucket(out, name, label, value, bound, n);
	}
	put_bucket(out, name, label, value, "+Inf", histogram->n);
	put_part(out, name, "_sum", label, value, (double)histogram->sum / unit);
	put_part(out, name, "_count", label, value, (double)histogram->n);
}

/* ---- what is counted here ---- */

static const struct {
	const char *name, *help, *a, *b; /* b NULL: there is none */
} kinds[SEEN_KINDS] = {
	[SEEN_EVENT] = { "simgate_events_total", "Events by type and, of verifications, channel.",
			 "type", "channel" },
	[SEEN_MESSAGE] = { "simgate_messages_total", "Messages that came into a state.", "kind",
			   "state" },
	[SEEN_ERROR] = { "simgate_modem_errors_total", "Refusals of a modem by class.", "modem",
			 "class" },
	[SEEN_QUEUE] = { "simgate_message_queue_seconds",
			 "From the time a message is due until a modem takes it.", "kind", NULL },
	[SEEN_NETWORK] = { "simgate_message_network_seconds",
			   "From the first modem until the network has every part.", "kind", NULL },
	[SEEN_REPORT] = { "simgate_message_report_seconds",
			  "From the network's OK until the phone's report.", "kind", NULL },
};

static void write_series(FILE *out, const struct metrics_series *s)
{
	const char *name = kinds[s->kind].name;

	if (is_wait(s->kind))
		metrics_histogram(out, name, &s->waits, metrics_wait_bounds, METRICS_WAIT_BOUNDS,
				  1000, kinds[s->kind].a, s->a);
	else
		metrics_value(out, name, (double)s->n, kinds[s->kind].a, s->a, kinds[s->kind].b,
			      s->b, (const char *)NULL);
}

static void write_answers(FILE *out, const struct metrics *metrics)
{
	static const char name[] = "simgate_http_responses_total";
	char class[] = "0xx";

	metrics_head(out, name, "counter", "Answers by route and class of the status.");
	for (size_t i = 0; i <= METRICS_ROUTES_MAX; i++) {
		const struct route *route = i < METRICS_ROUTES_MAX ? route_at(i) : NULL;

		for (int digit = 1; digit < 6; digit++) {
			if (metrics->answers[i][digit] == 0)
				continue;
			class[0] = (char)('0' + digit);
			metrics_value(out, name, (double)metrics->answers[i][digit], "method",
				      route != NULL ? route->method : other, "route",
				      route != NULL ? route->pattern : other, "status", class,
				      (const char *)NULL);
		}
	}
}

void metrics_write(FILE *out, const struct metrics *metrics)
{
	for (int kind = 0; kind < SEEN_KINDS; kind++) {
		metrics_head(out, kinds[kind].name,
			     is_wait((enum seen_kind)kind) ? "histogram" : "counter",
			     kinds[kind].help);
		for (size_t i = 0; i < metrics->n_series; i++)
			if ((int)metrics->series[i].kind == kind)
				write_series(out, &metrics->series[i]);
	}
	write_answers(out, metrics);
}
