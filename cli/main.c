/* main.c - simgate: finds the verb, checks its words and options, runs it. */
#include <curl/curl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define DEFAULT_SOCKET "/run/simgate/api.sock"

enum { DEFAULT_TIMEOUT_S = 35, GLOBAL = 1000 };

enum global_option { G_HELP = GLOBAL, G_JSON, G_SITE, G_SOCKET, G_TIMEOUT, G_VERBS, G_VERSION };

static const struct option options[] = {
	{ "account", required_argument, NULL, OPT_ACCOUNT },
	{ "after", required_argument, NULL, OPT_AFTER },
	{ "app-hash", required_argument, NULL, OPT_APP_HASH },
	{ "bundle", required_argument, NULL, OPT_BUNDLE },
	{ "channel", required_argument, NULL, OPT_CHANNEL },
	{ "encoding", required_argument, NULL, OPT_ENCODING },
	{ "follow", no_argument, NULL, OPT_FOLLOW },
	{ "from-name", required_argument, NULL, OPT_FROM_NAME },
	{ "idempotency-key", required_argument, NULL, OPT_KEY },
	{ "kind", required_argument, NULL, OPT_KIND },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "locale", required_argument, NULL, OPT_LOCALE },
	{ "opt-in", no_argument, NULL, OPT_OPT_IN },
	{ "order", required_argument, NULL, OPT_ORDER },
	{ "priority", required_argument, NULL, OPT_PRIORITY },
	{ "purpose", required_argument, NULL, OPT_PURPOSE },
	{ "reference", required_argument, NULL, OPT_REFERENCE },
	{ "report", no_argument, NULL, OPT_REPORT },
	{ "send-at", required_argument, NULL, OPT_SEND_AT },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "template", optional_argument, NULL, OPT_TEMPLATE },
	{ "to", required_argument, NULL, OPT_TO },
	{ "to-name", required_argument, NULL, OPT_TO_NAME },
	{ "transliterate", required_argument, NULL, OPT_TRANSLITERATE },
	{ "ttl", required_argument, NULL, OPT_TTL },
	{ "types", required_argument, NULL, OPT_TYPES },
	{ "wait", no_argument, NULL, OPT_WAIT },
	{ "watch", no_argument, NULL, OPT_WATCH },
	{ "help", no_argument, NULL, G_HELP },
	{ "json", no_argument, NULL, G_JSON },
	{ "site", required_argument, NULL, G_SITE },
	{ "socket", required_argument, NULL, G_SOCKET },
	{ "timeout", required_argument, NULL, G_TIMEOUT },
	{ "list-verbs", no_argument, NULL, G_VERBS },
	{ "version", no_argument, NULL, G_VERSION },
	{ 0 },
};

static const struct verb *const lists[] = { event_verbs, message_verbs, verify_verbs, number_verbs,
					    modem_verbs, field_verbs,   backup_verbs };

enum { LISTS = sizeof(lists) / sizeof(lists[0]) };

static void print_usage(FILE *out)
{
	fputs("usage: simgate [--json] [--socket PATH] [--site NAME] [--timeout SECONDS] VERB "
	      "...\n",
	      out);
	for (size_t i = 0; i < LISTS; i++)
		for (const struct verb *verb = lists[i]; verb->name != NULL; verb++)
			fprintf(out, "  %-36s %s\n", verb->usage, verb->help);
	fputs("Exit: 0 done, 1 failed, 2 usage, 3 daemon unreachable, 4 not found, 5 limited or\n"
	      "temporary, 6 timed out, 7 uncertain, 8 not allowed. More: man simgate\n",
	      out);
}

/* For the shell's completion: a verb and its options on each line. */
static void list_verbs(void)
{
	for (size_t i = 0; i < LISTS; i++) {
		for (const struct verb *verb = lists[i]; verb->name != NULL; verb++) {
			printf("%s %s", verb->name, verb->sub != NULL ? verb->sub : "-");
			for (const struct option *o = options; o->name != NULL; o++)
				if (o->val < OPT_COUNT && (verb->options & (1u << o->val)) != 0)
					printf(" --%s", o->name);
			putchar('\n');
		}
	}
}

static enum exit_code wrong_usage(const char *what, const char *word, const struct verb *verb)
{
	fprintf(stderr, "simgate: %s%s%s\n", what, word[0] != '\0' ? " " : "", word);
	if (verb != NULL)
		fprintf(stderr, "usage: simgate %s\n", verb->usage);
	else
		fputs("try: simgate --help\n", stderr);
	return EXIT_WRONG_USAGE;
}

/* words: the verb, perhaps a sub-verb. *used: how many words name it. */
static const struct verb *find_verb(char **words, int n, int *used)
{
	for (size_t i = 0; i < LISTS; i++) {
		for (const struct verb *verb = lists[i]; verb->name != NULL; verb++) {
			if (strcmp(verb->name, words[0]) != 0)
				continue;
			*used = verb->sub != NULL ? 2 : 1;
			if (verb->sub == NULL || (n > 1 && strcmp(verb->sub, words[1]) == 0))
				return verb;
		}
	}
	return NULL;
}

static const char *option_name(int value)
{
	for (const struct option *o = options; o->name != NULL; o++)
		if (o->val == value)
			return o->name;
	return "";
}

static long parse_seconds(const char *text)
{
	char *end;
	long seconds = strtol(text, &end, 10);

	return *end == '\0' && end != text && seconds > 0 && seconds < 1000000 ? seconds : -1;
}

/* -1: go on; else an exit code. */
static int take_option(struct call *call, int value)
{
	switch (value) {
	case G_HELP:
		print_usage(stdout);
		return EXIT_DONE;
	case G_VERBS:
		list_verbs();
		return EXIT_DONE;
	case G_VERSION:
		printf("simgate %s\n", SIMGATE_VERSION);
		return EXIT_DONE;
	case G_JSON:
		call->json = true;
		return -1;
	case G_SITE:
		call->http.site = optarg;
		return -1;
	case G_SOCKET:
		call->http.socket = optarg;
		return -1;
	case G_TIMEOUT:
		call->timeout_s = parse_seconds(optarg);
		if (call->timeout_s < 0)
			return (int)wrong_usage("--timeout wants whole seconds, not", optarg, NULL);
		call->http.timeout_s = call->timeout_s;
		return -1;
	case 'f':
		value = OPT_FOLLOW;
		break;
	case 'h':
		print_usage(stdout);
		return EXIT_DONE;
	case '?':
		fputs("try: simgate --help\n", stderr);
		return EXIT_WRONG_USAGE;
	default:
		break;
	}
	call->option[value] = optarg != NULL ? optarg : "";
	return -1;
}

static enum exit_code run(struct call *call, char **words, int n)
{
	const struct verb *verb;
	int used = 0;

	if (n == 0) {
		print_usage(stderr);
		return EXIT_WRONG_USAGE;
	}
	verb = find_verb(words, n, &used);
	if (verb == NULL)
		return wrong_usage("unknown verb", words[0], NULL);
	call->words = words + used;
	call->n_words = n - used;
	if (call->n_words < verb->min_words)
		return wrong_usage("something is missing after", words[used - 1], verb);
	if (call->n_words > verb->max_words)
		return wrong_usage("too many words from", call->words[verb->max_words], verb);
	for (int i = 0; i < OPT_COUNT; i++)
		if (call->option[i] != NULL && (verb->options & 1u << i) == 0)
			return wrong_usage("this verb takes no option --", option_name(i), verb);
	return verb->run(call);
}

int main(int argc, char **argv)
{
	static struct call call;
	const char *socket = getenv("SIMGATE_SOCKET");
	enum exit_code result;
	int value, end;

	call.http.socket = socket != NULL ? socket : DEFAULT_SOCKET;
	call.http.timeout_s = DEFAULT_TIMEOUT_S;
	while ((value = getopt_long(argc, argv, "fh", options, NULL)) != -1) {
		end = take_option(&call, value);
		if (end >= 0)
			return end;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	result = run(&call, argv + optind, argc - optind);
	curl_global_cleanup();
	if (fflush(stdout) != 0)
		return EXIT_FAILED;
	return (int)result;
}
