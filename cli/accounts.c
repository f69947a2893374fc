/* accounts.c - what is held of one account, and may be forgotten. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "cli/cli.h"
#include "cli/print.h"

enum { PATH_SIZE = 1536 };

static void print_account(const json_t *account)
{
	static const struct column columns[] = {
		{ "PHONE", 0, 0, false },
		{ "CHANNEL", 0, 0, false },
		{ "VERIFIED", 0, 0, false },
		{ "ASSURANCE", 0, 0, false },
	};
	const json_t *proofs = json_object_get(account, "proofs"), *proof;
	struct table *table = table_new(columns, ARRAY_LEN(columns));
	size_t i;

	print_field("account", text_at(account, "account"));
	print_field("phone", text_at(account, "phone"));
	print_field("opted out", relative_time(text_at(account, "opted_out_at")));
	json_array_foreach(proofs, i, proof)
	{
		const char *row[] = { text_at(proof, "phone"), text_at(proof, "channel"),
				      relative_time(text_at(proof, "verified_at")),
				      text_at(proof, "assurance") };

		table_row(table, row);
	}
	table_print(table);
}

static void print_erased(const json_t *nothing)
{
	(void)nothing;
	puts("erased");
}

static void print_unbound(const json_t *nothing)
{
	(void)nothing;
	puts("unbound");
}

static enum exit_code account_call(struct call *call, const char *method, const char *format,
				   void (*print)(const json_t *answer))
{
	char path[PATH_SIZE];

	build_path(path, sizeof(path), format, call->words[0]);
	return call_and_print(call, method, path, NULL, print);
}

static enum exit_code run_account(struct call *call)
{
	return account_call(call, "GET", "/v1/accounts/%s", print_account);
}

static enum exit_code run_export(struct call *call)
{
	return account_call(call, "GET", "/v1/accounts/%s/export", print_json);
}

static enum exit_code run_erase(struct call *call)
{
	return account_call(call, "DELETE", "/v1/accounts/%s", print_erased);
}

static enum exit_code run_wish(struct call *call)
{
	char path[PATH_SIZE];
	json_t *body = json_object();

	json_object_set_new(body, "allowed", json_boolean(strcmp(call->words[1], "on") == 0));
	build_path(path, sizeof(path), "/v1/accounts/%s/contact", call->words[0]);
	if (strcmp(call->words[1], "on") == 0 || strcmp(call->words[1], "off") == 0)
		return call_and_print(call, "POST", path, body, print_account);
	json_decref(body);
	fputs("simgate: contact requests are on or off\n", stderr);
	return EXIT_WRONG_USAGE;
}

static enum exit_code run_unbind(struct call *call)
{
	char account[512], phone[128], path[PATH_SIZE];

	http_encode(account, sizeof(account), call->words[0]);
	http_encode(phone, sizeof(phone), call->words[1]);
	snprintf(path, sizeof(path), "/v1/accounts/%s/phones/%s", account, phone);
	return call_and_print(call, "DELETE", path, NULL, print_unbound);
}

const struct verb account_verbs[] = {
	{ "account", "show", 1, 1, 0, "account show ACCOUNT", "its number and proofs",
	  run_account },
	{ "account", "export", 1, 1, 0, "account export ACCOUNT", "all that is held about it",
	  run_export },
	{ "account", "erase", 1, 1, 0, "account erase ACCOUNT", "forget it", run_erase },
	{ "account", "contact", 2, 2, 0, "account contact ACCOUNT on|off",
	  "may others ask it to get in touch?", run_wish },
	{ "account", "unbind", 2, 2, 0, "account unbind ACCOUNT NUMBER", "free its number",
	  run_unbind },
	{ 0 },
};
