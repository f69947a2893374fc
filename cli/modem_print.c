/* modem_print.c - modems as a table, and one with everything that is known of it. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "cli/modems.h"
#include "cli/print.h"
#include "cli/term.h"

enum { LINE_SIZE = 256 };

/* "|||. -73 dBm": a bar for each 13 dB above what can hardly be used. */
static const char *bars(const json_t *modem, char out[24])
{
	static const char *const steps[] = { "....", "|...", "||..", "|||.", "||||" };
	long long dbm = number_at(modem, "dbm");
	int n = 0;

	if (dbm == 0)
		return "-";
	for (long long at = -110; at <= -71 && n < 4; at += 13)
		n += dbm >= at;
	snprintf(out, 24, "%s %lld dBm", steps[n], dbm);
	return out;
}

/* ---- the table ---- */

static bool sends(const json_t *modem)
{
	const char *state = text_at(modem, "state");

	return (strcmp(state, "ready") == 0 || strcmp(state, "sending") == 0) &&
	       !json_is_object(json_object_get(modem, "resting"));
}

static void print_trouble(const json_t *modem)
{
	char words[LINE_SIZE];

	if (sends(modem))
		return;
	snprintf(words, sizeof(words), "%s: %s", text_at(modem, "name"), text_at(modem, "why"));
	fputs("  ", stdout);
	term_wrap(words, 2, 4, term_columns());
}

void print_modems(const json_t *list)
{
	static const struct column columns[] = {
		{ "NAME", 0, 0, false },     { "STATE", 0, 0, true }, { "FOR", 0, 0, false },
		{ "OPERATOR", 6, 0, false }, { "RAT", 0, 1, false },  { "SIGNAL", 0, 0, false },
	};
	const json_t *items = json_object_get(list, "items"), *m;
	struct table *table = table_new(columns, ARRAY_LEN(columns));
	size_t i;

	json_array_foreach(items, i, m)
	{
		char signal[24];
		const char *row[] = { text_at(m, "name"),
				      text_at(m, "state"),
				      short_time(text_at(m, "since")),
				      text_at(m, "operator"),
				      text_at(m, "rat"),
				      bars(m, signal) };

		table_row(table, row);
	}
	table_print(table);
	json_array_foreach(items, i, m) print_trouble(m);
	if (json_array_size(items) == 0)
		puts("no modem: simgate detect shows what is plugged in");
}

/* ---- one modem ---- */

/* "a, b" of what there is. */
static void join(char line[LINE_SIZE], const char *more)
{
	size_t used = strlen(line);

	if (more[0] != '\0' && strcmp(more, "-") != 0)
		snprintf(line + used, LINE_SIZE - used, "%s%s", used > 0 ? ", " : "", more);
}

static void print_joined(const char *name, const json_t *modem, const char *const *keys, size_t n)
{
	char line[LINE_SIZE] = "";

	for (size_t i = 0; i < n; i++)
		join(line, text_at(modem, keys[i]));
	print_field(name, line);
}

static void print_network(const json_t *modem)
{
	static const char *const network[] = { "operator", "registration", "rat" };
	char signal[24];

	print_joined("network", modem, network, ARRAY_LEN(network));
	if (json_is_true(json_object_get(modem, "roaming")))
		print_field("roaming", "yes");
	print_field("signal", bars(modem, signal));
}

static void print_identity(const json_t *modem)
{
	static const char *const device[] = { "manufacturer", "model", "revision" };

	print_joined("modem", modem, device, ARRAY_LEN(device));
	print_field("profile", text_at(modem, "profile"));
	print_field("imei", text_at(modem, "imei"));
	print_field("imsi", text_at(modem, "imsi"));
	print_field("iccid", text_at(modem, "iccid"));
	print_field("number", text_at(modem, "number"));
	print_field("sms centre", text_at(modem, "smsc"));
}

/* "3 of 100 parts in 1 hour", and when there is room where there is none. */
static void print_quotas(const json_t *modem)
{
	const json_t *quotas = json_object_get(modem, "quotas"), *quota;
	size_t i;

	json_array_foreach(quotas, i, quota)
	{
		const char *next = relative_time(text_at(quota, "next_at"));

		print_line(i == 0 ? "limits" : "", "%lld of %lld %s in %s%s%s",
			   number_at(quota, "used"), number_at(quota, "count"),
			   text_at(quota, "of"), span_words(number_at(quota, "window")),
			   next[0] != '-' ? "; room " : "", next[0] != '-' ? next : "");
	}
}

static void print_purse(const json_t *modem)
{
	const json_t *resting = json_object_get(modem, "resting");
	const json_t *balance = json_object_get(modem, "balance");
	const char *until = relative_time(text_at(resting, "until"));

	if (json_is_object(resting))
		print_line("resting", "%s%s%s%s", text_at(resting, "why"),
			   until[0] != '-' ? "; over " : "", until[0] != '-' ? until : "",
			   json_is_true(json_object_get(resting, "paused")) ? " (paused)" : "");
	if (json_is_object(balance))
		print_line("balance", "%s%s, %s", text_at(balance, "amount"),
			   json_is_true(json_object_get(balance, "low")) ? " (low)" : "",
			   relative_time(text_at(balance, "at")));
}

/* "sent 12, received 2": the numbers of an object that are not 0. */
static void print_counts(const char *name, const json_t *counts)
{
	char line[LINE_SIZE] = "", word[64];
	const char *key;
	json_t *n;

	json_object_foreach((json_t *)counts, key, n)
	{
		snprintf(word, sizeof(word), "%s %lld", key, (long long)json_integer_value(n));
		if (json_integer_value(n) != 0)
			join(line, word);
	}
	print_field(name, line);
}

static void print_work(const json_t *modem)
{
	const json_t *pacing = json_object_get(modem, "pacing");
	const json_t *error = json_object_get(modem, "last_error");
	static const char *const recovery[] = { "recovery_step", "recovery_reason" };

	print_counts("since start", json_object_get(modem, "counters"));
	print_field("last sent", relative_time(text_at(modem, "last_sent_at")));
	print_field("last answer", relative_time(text_at(modem, "last_answer_at")));
	if (number_at(pacing, "command_gap_ms") + number_at(pacing, "prompt_gap_ms") > 0)
		print_line("pacing", "step %lld: %lld ms before a command, %lld ms after a prompt",
			   number_at(pacing, "step"), number_at(pacing, "command_gap_ms"),
			   number_at(pacing, "prompt_gap_ms"));
	if (json_is_object(error))
		print_line("last error", "%s, %s", text_at(error, "text"),
			   relative_time(text_at(error, "at")));
	print_joined("recovery", modem, recovery, ARRAY_LEN(recovery));
	print_counts("recoveries", json_object_get(modem, "recoveries"));
	if (number_at(modem, "reopenings") > 0)
		print_line("reopened", "%lld times", number_at(modem, "reopenings"));
}

void print_modem(const json_t *modem)
{
	print_field("name", text_at(modem, "name"));
	print_state("state", text_at(modem, "state"));
	print_field("why", text_at(modem, "why"));
	print_field("since", relative_time(text_at(modem, "since")));
	if (json_is_false(json_object_get(modem, "healthy")))
		print_field("healthy", "no");
	print_field("device", text_at(modem, "device"));
	print_network(modem);
	print_identity(modem);
	print_quotas(modem);
	print_purse(modem);
	print_work(modem);
}
