/* main.c - simgate: finds the verb, checks its words and options, runs it. */
#include <curl/curl.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/usage.h"

#define DEFAULT_SOCKET "/run/simgate/api.sock"

enum { DEFAULT_TIMEOUT_S = 35 };

/* What getopt wants to know of each option. */
static void list_options(struct option options[OPT_ALL + 1])
{
	for (int i = 0; i < OPT_ALL; i++) {
		const struct option_row *row = &option_rows[i];
		int value = row->value == NULL     ? no_argument
			    : row->value[0] == '[' ? optional_argument
						   : required_argument;

		options[i] = (struct option){ row->name, value, NULL, i };
	}
	options[OPT_ALL] = (struct option){ 0 };
}

static enum exit_code wrong_usage(const char *what, const char *word, const struct verb *verb)
{
	fprintf(stderr, "simgate: %s%s%s; ", what, word[0] != '\0' ? " " : "", word);
	if (verb != NULL)
		fprintf(stderr, "usage: simgate %s\n", verb->usage);
	else
		fputs("try: simgate --help\n", stderr);
	return EXIT_WRONG_USAGE;
}

struct wishes {
	bool help, list, version;
};

static void take_option(struct call *call, struct wishes *wishes, enum cli_option option)
{
	call->option[option] = optarg != NULL ? optarg : "";
	wishes->help |= option == OPT_HELP;
	wishes->list |= option == OPT_VERBS;
	wishes->version |= option == OPT_VERSION;
	call->json |= option == OPT_JSON;
	if (option == OPT_SITE)
		call->http.site = optarg;
	if (option == OPT_SOCKET)
		call->http.socket = optarg;
}

/* What getopt did not take: ':' a value is missing, else '?'. A letter of several in a word has no
 * word of its own. */
static void wrong_option(int value, char **argv)
{
	const char *what = value == ':' ? "a value is missing after" : "there is no such option:";
	char letter[] = { '-', (char)optopt, '\0' };

	wrong_usage(what, optopt > OPT_ALL ? letter : argv[optind - 1], NULL);
}

/* false after telling what is wrong. */
static bool take_options(struct call *call, struct wishes *wishes, int argc, char **argv)
{
	struct option options[OPT_ALL + 1];
	int value;

	list_options(options);
	opterr = 0;
	while ((value = getopt_long(argc, argv, ":fh", options, NULL)) != -1) {
		if (value == '?' || value == ':') {
			wrong_option(value, argv);
			return false;
		}
		take_option(call, wishes,
			    value == 'f'   ? OPT_FOLLOW
			    : value == 'h' ? OPT_HELP
					   : (enum cli_option)value);
	}
	call->http.timeout_s = DEFAULT_TIMEOUT_S;
	if (!duration_option(call, OPT_TIMEOUT, &call->timeout_s))
		return false;
	if (call->timeout_s > 0)
		call->http.timeout_s = call->timeout_s;
	return true;
}

/* No verb has these words: help on those that begin so, or what is wrong. */
static enum exit_code run_group(const struct verb *group, char **words, int n, bool help)
{
	if (group == NULL)
		return wrong_usage("unknown verb", words[0], NULL);
	if (help) {
		usage_group(group->name);
		return EXIT_DONE;
	}
	if (n > 1)
		fprintf(stderr, "simgate: %s knows no \"%s\"; ", words[0], words[1]);
	else
		fprintf(stderr, "simgate: %s what? ", words[0]);
	tell_subs(group->name);
	return EXIT_WRONG_USAGE;
}

static enum exit_code wrong_for(const struct verb *verb, int option)
{
	char name[40];

	snprintf(name, sizeof(name), "--%s", option_rows[option].name);
	return wrong_usage("this verb takes no option", name, verb);
}

static enum exit_code run(struct call *call, bool help, char **words, int n)
{
	const struct verb *verb, *group;
	int used = 0;

	verb = find_verb(words, n, &used, &group);
	if (verb == NULL)
		return run_group(group, words, n, help);
	if (help) {
		usage_verb(verb);
		return EXIT_DONE;
	}
	call->words = words + used;
	call->n_words = n - used;
	if (call->n_words < verb->min_words)
		return wrong_usage("something is missing after", words[n - 1], verb);
	if (call->n_words > verb->max_words)
		return wrong_usage("too many words from", call->words[verb->max_words], verb);
	for (int i = 0; i < OPT_COUNT; i++)
		if (call->option[i] != NULL && (verb->options & 1u << i) == 0)
			return wrong_for(verb, i);
	return verb->run(call);
}

/* -1: a verb is to be run. */
static int fulfil(const struct wishes *wishes, bool verb)
{
	if (wishes->version)
		printf("simgate %s\n", SIMGATE_VERSION);
	else if (wishes->list)
		usage_list();
	else if (wishes->help && !verb)
		usage_all();
	else if (!verb)
		return (int)wrong_usage("what shall be done?", "", NULL);
	else
		return -1;
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	static struct call call;
	const char *socket = getenv("SIMGATE_SOCKET");
	struct wishes wishes = { 0 };
	int result;

	setlocale(LC_CTYPE, "C.UTF-8"); /* all texts are UTF-8, whatever the terminal's language */
	call.http.socket = socket != NULL ? socket : DEFAULT_SOCKET;
	if (!take_options(&call, &wishes, argc, argv))
		return EXIT_WRONG_USAGE;
	result = fulfil(&wishes, optind < argc);
	if (result < 0) {
		curl_global_init(CURL_GLOBAL_DEFAULT);
		result = (int)run(&call, wishes.help, argv + optind, argc - optind);
		curl_global_cleanup();
	}
	return fflush(stdout) != 0 ? EXIT_FAILED : result;
}
