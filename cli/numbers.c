/* numbers.c - what operators see of one phone number, and may undo. */
#include <stdio.h>

#include "base/util.h"
#include "cli/cli.h"
#include "cli/print.h"

enum { PATH_SIZE = 256 };

static void add_account(struct table *table, const json_t *site, const json_t *account)
{
	char wrong[24];
	const char *row[] = { text_at(site, "site"),
			      json_is_true(json_object_get(account, "owner")) ? "yes" : "", wrong,
			      short_time(text_at(account, "locked_until")),
			      text_at(account, "account") };

	snprintf(wrong, sizeof(wrong), "%lld", number_at(account, "wrong_entries"));
	table_row(table, row);
}

static void print_accounts(const json_t *sites)
{
	static const struct column columns[] = {
		{ "SITE", 0, 0, false },   { "OWNER", 0, 0, false },   { "WRONG", 0, 0, false },
		{ "LOCKED", 0, 0, false }, { "ACCOUNT", 0, 0, false },
	};
	struct table *table = NULL;
	const json_t *site, *account;
	size_t i, j;

	json_array_foreach(sites, i, site)
	{
		json_array_foreach(json_object_get(site, "accounts"), j, account)
		{
			if (table == NULL)
				table = table_new(columns, ARRAY_LEN(columns));
			add_account(table, site, account);
		}
	}
	if (table == NULL)
		return;
	putchar('\n');
	table_print(table);
}

static void print_number(const json_t *number)
{
	static const struct column columns[] = {
		{ "SITE", 0, 0, false },      { "SENT 1H", 0, 0, false },
		{ "SENT 1D", 0, 0, false },   { "WRONG", 0, 0, false },
		{ "LOCKED", 0, 0, false },    { "NEXT", 0, 0, false },
		{ "SUSPENDED", 0, 0, false },
	};
	const json_t *sites = json_object_get(number, "sites"), *site;
	struct table *table = table_new(columns, ARRAY_LEN(columns));
	size_t i;

	print_field("phone", text_at(number, "phone"));
	print_field("opted out", relative_time(text_at(number, "opted_out_at")));
	putchar('\n');
	json_array_foreach(sites, i, site)
	{
		char hour[24], day[24], wrong[24];
		const char *row[] = { text_at(site, "site"),
				      hour,
				      day,
				      wrong,
				      short_time(text_at(site, "locked_until")),
				      short_time(text_at(site, "next_send_at")),
				      short_time(text_at(site, "suspended_until")) };

		snprintf(hour, sizeof(hour), "%lld", number_at(site, "sends_hour"));
		snprintf(day, sizeof(day), "%lld", number_at(site, "sends_day"));
		snprintf(wrong, sizeof(wrong), "%lld", number_at(site, "wrong_entries"));
		table_row(table, row);
	}
	table_print(table);
	print_accounts(sites);
}

static void print_unlocked(const json_t *nothing)
{
	(void)nothing;
	puts("unlocked");
}

static void print_erased(const json_t *nothing)
{
	(void)nothing;
	puts("erased");
}

static enum exit_code number_call(struct call *call, const char *method, const char *format,
				  json_t *body, void (*print)(const json_t *answer))
{
	char path[PATH_SIZE];

	build_path(path, sizeof(path), format, call->words[0]);
	return call_and_print(call, method, path, body, print);
}

static enum exit_code run_show(struct call *call)
{
	return number_call(call, "GET", "/v1/numbers/%s", NULL, print_number);
}

static enum exit_code run_unlock(struct call *call)
{
	json_t *body = json_object();

	if (call->option[OPT_OPT_IN] != NULL)
		json_object_set_new(body, "opt_in", json_true());
	return number_call(call, "POST", "/v1/numbers/%s/unlock", body, print_unlocked);
}

static enum exit_code run_erase(struct call *call)
{
	return number_call(call, "DELETE", "/v1/numbers/%s", NULL, print_erased);
}

const struct verb number_verbs[] = {
	{ "number", "show", 1, 1, 0, "number show NUMBER", "who holds it, limits, locks",
	  run_show },
	{ "number", "unlock", 1, 1, OPT(OPT_IN), "number unlock NUMBER [--opt-in]",
	  "forgive wrong entries, open locks", run_unlock },
	{ "number", "erase", 1, 1, 0, "number erase NUMBER", "forget it, over all accounts",
	  run_erase },
	{ 0 },
};
