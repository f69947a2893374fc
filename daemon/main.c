/* main.c - simgated: options, configuration, signals, one loop. */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <uv.h>

#include "base/log.h"
#include "base/util.h"
#include "daemon/gateway.h"
#include "daemon/journal.h"
#include "service/texts.h"

#define DEFAULT_CONFIG "/etc/simgate/simgate.conf"

enum { EXIT_USAGE = 2 };

static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

struct program {
	uv_loop_t loop;
	const char *config_path;
	struct gateway *gateway;
	uv_signal_t handlers[ARRAY_LEN(signals)];
	bool stopping;
};

static const char usage[] =
	"usage: simgated [-c FILE] [--check-config] [--version]\n"
	"  -c, --config FILE   configuration (default " DEFAULT_CONFIG ")\n"
	"      --check-config  print every problem of the configuration and exit: 0 none, 2 some\n"
	"  -V, --version       print the version\n"
	"  -h, --help          print this\n";

/* ---- configuration ---- */

static void print_problem(void *arg, const char *file, unsigned line, const char *setting,
			  const char *problem)
{
	(void)arg;
	fprintf(stderr, "%s:%u: %s%s%s\n", file, line, setting, setting[0] != '\0' ? ": " : "",
		problem);
}

static void log_problem(void *arg, const char *file, unsigned line, const char *setting,
			const char *problem)
{
	(void)arg;
	log_error("%s:%u: %s: %s", file, line, setting, problem);
}

/* The rules know what a template needs; the file's reader does not. */
static bool template_ok(const struct config *config, const struct config_site *site,
			const struct config_template *t, config_problem *tell)
{
	const char *problem = text_template_problem(t->kind, t->text);
	char setting[160];

	if (problem == NULL)
		problem = text_template_length_problem(site, t);
	if (problem == NULL)
		return true;
	snprintf(setting, sizeof(setting), "sites.%s.templates.%s%s%s.%s", site->name,
		 config_kind_name(t->kind), t->purpose[0] != '\0' ? "." : "", t->purpose,
		 t->locale);
	tell(NULL, config->path, t->line, setting, problem);
	return false;
}

static bool templates_ok(const struct config *config, config_problem *tell)
{
	bool ok = true;

	for (size_t i = 0; i < config->n_sites; i++)
		for (size_t k = 0; k < config->sites[i].n_templates; k++)
			ok &= template_ok(config, &config->sites[i], &config->sites[i].templates[k],
					  tell);
	return ok;
}

static const struct config *load(const char *path, config_problem *tell)
{
	const struct config *config = config_load(path, tell, NULL);

	if (config != NULL && !templates_ok(config, tell)) {
		config_unref(config);
		return NULL;
	}
	return config;
}

/* ---- signals ---- */

static void on_stopped(void *arg)
{
	struct program *program = arg;

	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		uv_close((uv_handle_t *)&program->handlers[i], NULL);
}

static void stop(struct program *program, int number)
{
	if (program->stopping)
		return;
	program->stopping = true;
	log_info("stopping (%s): the message on the air is finished first", strsignal(number));
	sd_notify(0, "STOPPING=1\nSTATUS=stopping");
	gateway_stop(program->gateway, on_stopped, program);
}

static void reload(struct program *program)
{
	const struct config *config;

	if (program->stopping)
		return;
	config = load(program->config_path, log_problem);
	if (config == NULL) {
		log_error("the configuration stays as it was");
		return;
	}
	gateway_set_config(program->gateway, config);
	config_unref(config);
	log_info("configuration read again: sites, clients and limits are in force; socket, "
		 "database and modems keep theirs until a restart");
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct program *program = handle->data;

	if (number == SIGHUP)
		reload(program);
	else
		stop(program, number);
}

static void watch_signals(struct program *program)
{
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		uv_signal_init(&program->loop, &program->handlers[i]);
		program->handlers[i].data = program;
		uv_signal_start(&program->handlers[i], on_signal, signals[i]);
	}
}

/* ---- running ---- */

static int run(struct program *program)
{
	const struct config *config = load(program->config_path, print_problem);
	char why[GATEWAY_WHY_SIZE];
	int busy;

	if (config == NULL)
		return EXIT_USAGE;
	uv_loop_init(&program->loop);
	program->gateway = gateway_start(&program->loop, config, why);
	config_unref(config);
	if (program->gateway == NULL) {
		log_error("%s", why);
		uv_loop_close(&program->loop);
		return EXIT_FAILURE;
	}
	watch_signals(program);
	log_info("simgated %s is ready on %s", SIMGATE_VERSION,
		 gateway_config(program->gateway)->socket_path);
	sd_notify(0, "READY=1\nSTATUS=ready");
	uv_run(&program->loop, UV_RUN_DEFAULT);
	gateway_free(program->gateway);
	busy = uv_loop_close(&program->loop);
	if (busy != 0)
		log_error("something was left on the loop at the end: %s", uv_strerror(busy));
	log_info("stopped");
	return busy == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Codes and texts pass through our memory: no core dumps of it. */
static void protect_memory(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	mallopt(M_ARENA_MAX, 2);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check-config", no_argument, NULL, 'k' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	static struct program program = { .config_path = DEFAULT_CONFIG };
	const struct config *config;
	bool check = false;
	int option;

	while ((option = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1) {
		if (option == 'c') {
			program.config_path = optarg;
		} else if (option == 'k') {
			check = true;
		} else if (option == 'V') {
			printf("simgated %s\n", SIMGATE_VERSION);
			return EXIT_SUCCESS;
		} else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? EXIT_SUCCESS : EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "simgated: unexpected argument '%s'\n%s", argv[optind], usage);
		return EXIT_USAGE;
	}
	if (check) {
		config = load(program.config_path, print_problem);
		if (config == NULL)
			return EXIT_USAGE;
		printf("%s: no problems found\n", program.config_path);
		config_unref(config);
		return EXIT_SUCCESS;
	}
	if (sodium_init() < 0) {
		fputs("simgated: the random source of the system does not work\n", stderr);
		return EXIT_FAILURE;
	}
	if (journal_connected())
		log_set_sink(journal_sink);
	protect_memory();
	return run(&program);
}
