/* numbers.c - what operators see of one phone number, and may undo. */
#include <stdio.h>

#include "cli/cli.h"

enum { PATH_SIZE = 256 };

static void add_account(struct table *table, const json_t *site, const json_t *account)
{
	char wrong[24];
	const char *row[] = { text_at(site, "site"), text_at(account, "account"),
			      json_is_true(json_object_get(account, "owner")) ? "yes" : "", wrong,
			      relative_time(text_at(account, "locked_until")) };

	snprintf(wrong, sizeof(wrong), "%lld", number_at(account, "wrong_entries"));
	table_row(table, row);
}

static void print_accounts(const json_t *sites)
{
	static const char *const heads[] = { "SITE", "ACCOUNT", "OWNER", "WRONG", "LOCKED" };
	struct table *table = NULL;
	const json_t *site, *account;
	size_t i, j;

	json_array_foreach(sites, i, site)
	{
		json_array_foreach(json_object_get(site, "accounts"), j, account)
		{
			if (table == NULL)
				table = table_new(heads, 5);
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
	static const char *const heads[] = { "SITE",   "SENT 1H", "SENT 1D",  "WRONG",
					     "LOCKED", "NEXT",    "SUSPENDED" };
	const json_t *sites = json_object_get(number, "sites"), *site;
	struct table *table = table_new(heads, 7);
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
				      relative_time(text_at(site, "locked_until")),
				      relative_time(text_at(site, "next_send_at")),
				      relative_time(text_at(site, "suspended_until")) };

		snprintf(hour, sizeof(hour), "%lld", number_at(site, "sends_hour"));
		snprintf(day, sizeof(day), "%lld", number_at(site, "sends_day"));
		snprintf(wrong, sizeof(wrong), "%lld", number_at(site, "wrong_entries"));
		table_row(table, row);
	}
	table_print(table);
	print_accounts(sites);
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
	return number_call(call, "POST", "/v1/numbers/%s/unlock", body, NULL);
}

static enum exit_code run_erase(struct call *call)
{
	return number_call(call, "DELETE", "/v1/numbers/%s", NULL, NULL);
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
