/* verify.c - verifications and contact requests. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/print.h"
#include "cli/verify.h"

enum { PATH_SIZE = 1536, LINE_SIZE = 256 };

/* The numbers in one line. */
static void join(char *out, size_t size, const json_t *list)
{
	const json_t *word;
	size_t i, used = 0;

	out[0] = '\0';
	json_array_foreach(list, i, word)
	{
		int n = snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "",
				 json_string_value(word));

		if (n < 0 || (size_t)n >= size - used)
			return;
		used += (size_t)n;
	}
}

/* What the user must do where it is he who sends or rings. */
static void print_instructions(const json_t *v)
{
	const json_t *todo = json_object_get(v, "instructions");
	char numbers[LINE_SIZE], words[LINE_SIZE + 64];

	if (!json_is_object(todo))
		return;
	join(numbers, sizeof(numbers), json_object_get(todo, "numbers"));
	if (numbers[0] == '\0')
		snprintf(numbers, sizeof(numbers), "(no modem is ready now)");
	if (strcmp(text_at(todo, "action"), "call") == 0)
		snprintf(words, sizeof(words),
			 "ring %s; the call is dropped at once: that is success", numbers);
	else
		snprintf(words, sizeof(words), "send an SMS with the text %s to %s",
			 text_at(todo, "token"), numbers);
	print_field("to do", words);
}

void print_verification(const json_t *v)
{
	const json_t *delivery = json_object_get(v, "delivery");
	const json_t *ways = json_object_get(v, "alternatives");

	print_field("id", text_at(v, "id"));
	print_state("state", text_at(v, "state"));
	print_field("account", text_at(v, "account"));
	print_field("phone", text_at(v, "phone"));
	print_field("purpose", text_at(v, "purpose"));
	print_field("channel", text_at(v, "channel"));
	print_instructions(v);
	print_line("entries left", "%lld", number_at(v, "attempts_left"));
	print_field("created", relative_time(text_at(v, "created_at")));
	print_field("expires", relative_time(text_at(v, "expires_at")));
	print_field("resend", relative_time(text_at(v, "resend_at")));
	print_field("approved", relative_time(text_at(v, "approved_at")));
	print_field("delivery", text_at(delivery, "state"));
	print_field("assurance", text_at(v, "assurance"));
	print_field("sms centre", text_at(v, "service_centre"));
	print_field("refused", text_at(v, "refused"));
	print_story(delivery, text_at(v, "explanation"), json_is_object(delivery) ? ways : NULL);
	print_timeline(json_object_get(v, "history"));
}

void print_contact(const json_t *c)
{
	const json_t *message = json_object_get(c, "message");

	print_field("id", text_at(c, "id"));
	print_state("state", text_at(c, "state"));
	print_field("message",
		    json_is_string(message) ? text_at(c, "message") : text_at(message, "id"));
	print_field("next allowed", relative_time(text_at(c, "next_allowed_at")));
}

static void print_check(const json_t *check)
{
	long long left = number_at(check, "attempts_left");

	printf("%s", text_at(check, "result"));
	if (strcmp(text_at(check, "result"), "approved") != 0)
		printf(", %lld %s left", left, left == 1 ? "entry" : "entries");
	putchar('\n');
}

static enum exit_code run_start(struct call *call)
{
	json_t *body = json_object();

	json_object_set_new(body, "account", json_string(call->words[0]));
	if (call->n_words > 1)
		json_object_set_new(body, "phone", json_string(call->words[1]));
	set_option(body, "channel", call, OPT_CHANNEL);
	set_option(body, "locale", call, OPT_LOCALE);
	set_option(body, "purpose", call, OPT_PURPOSE);
	set_option(body, "app_hash", call, OPT_APP_HASH);
	call->http.idempotency_key = call->option[OPT_KEY];
	return call_and_print(call, "POST", "/v1/verifications", body, print_verification);
}

/* A wrong code is an answer, not an error of the call: exit 1. */
static enum exit_code run_check(struct call *call)
{
	json_t *body = json_object(), *answer;
	char path[PATH_SIZE];
	enum exit_code result;

	json_object_set_new(body, "code", json_string(call->words[1]));
	set_option(body, "account", call, OPT_ACCOUNT);
	build_path(path, sizeof(path), "/v1/verifications/%s/check", call->words[0]);
	result = http_call(&call->http, "POST", path, body, &answer);
	if (call->json)
		print_answer(answer, result);
	else if (result == EXIT_DONE)
		print_check(answer);
	if (result == EXIT_DONE && strcmp(text_at(answer, "result"), "approved") != 0)
		result = EXIT_FAILED;
	json_decref(answer);
	json_decref(body);
	return result;
}

static enum exit_code run_show(struct call *call)
{
	char path[PATH_SIZE];

	build_path(path, sizeof(path), "/v1/verifications/%s", call->words[0]);
	return call_and_print(call, "GET", path, NULL, print_verification);
}

static enum exit_code run_cancel(struct call *call)
{
	char path[PATH_SIZE];

	build_path(path, sizeof(path), "/v1/verifications/%s/cancel", call->words[0]);
	return call_and_print(call, "POST", path, NULL, print_verification);
}

static enum exit_code run_contact(struct call *call)
{
	json_t *body = json_object();

	json_object_set_new(body, "from_account", json_string(call->words[0]));
	json_object_set_new(body, "to_account", json_string(call->words[1]));
	set_option(body, "from_name", call, OPT_FROM_NAME);
	set_option(body, "to_name", call, OPT_TO_NAME);
	set_option(body, "order", call, OPT_ORDER);
	set_option(body, "locale", call, OPT_LOCALE);
	call->http.idempotency_key = call->option[OPT_KEY];
	return call_and_print(call, "POST", "/v1/contact-requests", body, print_contact);
}

const struct verb verify_verbs[] = {
	{ "verify", "start", 1, 2,
	  OPT(CHANNEL) | OPT(LOCALE) | OPT(PURPOSE) | OPT(APP_HASH) | OPT(KEY),
	  "verify start ACCOUNT [NUMBER]",
	  "send a code, or a fresh one; or say what the user must do", run_start },
	{ "verify", "check", 2, 2, OPT(ACCOUNT), "verify check ID CODE",
	  "judge what the user typed", run_check },
	{ "verify", "show", 1, 1, 0, "verify show ID", "state, delivery, advice", run_show },
	{ "verify", "cancel", 1, 1, 0, "verify cancel ID", "end a verification", run_cancel },
	{ "contact", NULL, 2, 2,
	  OPT(FROM_NAME) | OPT(TO_NAME) | OPT(ORDER) | OPT(LOCALE) | OPT(KEY),
	  "contact FROM TO --from-name N --to-name N --order N", "ask an account to get in touch",
	  run_contact },
	{ 0 },
};
