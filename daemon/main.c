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
#include <uv.h>

#include "base/log.h"
#include "base/util.h"
#include "daemon/gateway.h"
#include "daemon/journal.h"
#include "daemon/service_manager.h"
#include "daemon/tools.h"
#include "queue/seal.h"
#include "service/texts.h"

#define DEFAULT_CONFIG "/etc/simgate/simgate.conf"

enum { EXIT_USAGE = 2 };

static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

struct program {
	uv_loop_t loop;
	const char *config_path;
	struct gateway *gateway;
	uv_signal_t handlers[ARRAY_LEN(signals)];
	uv_timer_t repeats; /* of log lines: told at the end of their time, also on a quiet day */
	bool stopping;
};

#define LIFE   (&(struct log_tags){ .kind = LOG_KIND_LIFE })
#define CONFIG (&(struct log_tags){ .kind = LOG_KIND_CONFIG })

static const char usage[] =
	"usage: simgated [-c FILE] [--check-config | --detect [DEVICE...] | --doctor [DEVICE...]]\n"
	"  -c, --config FILE   configuration (default " DEFAULT_CONFIG ")\n"
	"      --check-config  print every problem of the configuration and exit: 0 none, 2 some\n"
	"      --detect        list serial ports and who answers there, print a configuration;\n"
	"                      exit: 0 somebody answered, 1 nobody\n"
	"      --doctor        check rights, modems, SIMs, network, files; exit: 0 pass, 1 warn, 2 "
	"fail\n"
	"      --json          detect and doctor as JSON\n"
	"      --make-key FILE make a key, unless there is one, and exit\n"
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
	log_write(LOG_LEVEL_ERROR,
		  &(struct log_tags){ .kind = LOG_KIND_CONFIG,
				      .reason = setting[0] != '\0' ? setting : NULL },
		  "%s:%u: %s%s%s", file, line, setting, setting[0] != '\0' ? ": " : "", problem);
}

/* The rules know what a template needs; the file's reader does not. */
static void check_template(const struct config *config, size_t site,
			   const struct config_template *t, config_problem *tell, void *tell_arg)
{
	const char *problem;
	char setting[160];

	if (t->text == NULL || *t->text == '\0')
		return; /* told already */
	problem = text_template_problem(t->kind, t->text);
	if (problem == NULL)
		problem = text_template_length_problem(&config->sites[site], t);
	if (problem == NULL)
		return;
	snprintf(setting, sizeof(setting), "sites[%zu].templates.%s%s%s.%s", site,
		 config_kind_name(t->kind), t->purpose[0] != '\0' ? "." : "", t->purpose,
		 t->locale);
	tell(tell_arg, config->path, t->line, setting, problem);
}

static void check_templates(const struct config *config, config_problem *tell, void *tell_arg)
{
	for (size_t i = 0; i < config->n_sites; i++)
		for (size_t k = 0; k < config->sites[i].n_templates; k++)
			check_template(config, i, &config->sites[i].templates[k], tell, tell_arg);
}

static const struct config *load(const char *path, config_problem *tell, void *arg)
{
	return config_load_checked(path, check_templates, tell, arg);
}

/* ---- signals ---- */

static void on_stopped(void *arg)
{
	struct program *program = arg;

	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		uv_close((uv_handle_t *)&program->handlers[i], NULL);
	uv_close((uv_handle_t *)&program->repeats, NULL);
}

static void stop(struct program *program, int number)
{
	if (program->stopping)
		return;
	program->stopping = true;
	log_write(LOG_LEVEL_INFO, LIFE, "stopping (%s): the message on the air is finished first",
		  strsignal(number));
	gateway_stop(program->gateway, on_stopped, program);
}

static void reload(struct program *program)
{
	const struct config *config;

	if (program->stopping)
		return;
	manager_reloading();
	config = load(program->config_path, log_problem, NULL);
	if (config == NULL) {
		log_write(LOG_LEVEL_ERROR, CONFIG, "the configuration stays as it was");
		gateway_reloaded(program->gateway, false);
		return;
	}
	gateway_set_config(program->gateway, config);
	config_unref(config);
	log_write(LOG_LEVEL_INFO, CONFIG,
		  "configuration read again: it is in force, but for socket and database, which "
		  "keep theirs until a restart");
	gateway_reloaded(program->gateway, true);
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

static void on_repeats(uv_timer_t *timer)
{
	(void)timer;
	log_tell_repeats(0);
}

static int run(struct program *program)
{
	const struct config *config = load(program->config_path, print_problem, NULL);
	char why[GATEWAY_WHY_SIZE];
	int busy;

	if (config == NULL)
		return EXIT_USAGE;
	uv_loop_init(&program->loop);
	program->gateway = gateway_start(&program->loop, config, why);
	config_unref(config);
	if (program->gateway == NULL) {
		log_write(LOG_LEVEL_ERROR, LIFE, "%s", why);
		uv_loop_close(&program->loop);
		return EXIT_FAILURE;
	}
	watch_signals(program);
	uv_timer_init(&program->loop, &program->repeats);
	uv_timer_start(&program->repeats, on_repeats, LOG_REPEAT_MS, LOG_REPEAT_MS);
	log_write(LOG_LEVEL_INFO, LIFE, "simgated %s is ready on %s", SIMGATE_VERSION,
		  gateway_config(program->gateway)->socket_path);
	uv_run(&program->loop, UV_RUN_DEFAULT);
	gateway_free(program->gateway);
	busy = uv_loop_close(&program->loop);
	if (busy != 0)
		log_error("something was left on the loop at the end: %s", uv_strerror(busy));
	log_write(LOG_LEVEL_INFO, LIFE, "stopped");
	log_tell_repeats(1);
	return busy == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Codes and texts pass through our memory: no core dumps of it. */
static void protect_memory(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	mallopt(M_ARENA_MAX, 2);
}

enum mode { MODE_RUN, MODE_CHECK, MODE_DETECT, MODE_DOCTOR };

static int check_config(const char *path)
{
	const struct config *config = load(path, print_problem, NULL);

	if (config == NULL)
		return EXIT_USAGE;
	printf("%s: no problems found\n", path);
	config_unref(config);
	return EXIT_SUCCESS;
}

/* For a unit that hands the key over as a credential: that wants it before the first start. */
static int make_key(const char *path)
{
	char why[SEAL_WHY_SIZE];
	struct seal_keys keys;

	if (seal_load(&keys, path, why) < 0) {
		fprintf(stderr, "simgated: %s\n", why);
		return EXIT_FAILURE;
	}
	seal_wipe(&keys);
	return EXIT_SUCCESS;
}

static int run_daemon(struct program *program)
{
	if (sodium_init() < 0) {
		fputs("simgated: the random source of the system does not work\n", stderr);
		return EXIT_FAILURE;
	}
	if (journal_connected())
		log_set_sink(journal_sink);
	protect_memory();
	return run(program);
}

static int run_mode(enum mode mode, struct program *program, const struct tool *tool)
{
	switch (mode) {
	case MODE_CHECK:
		return check_config(program->config_path);
	case MODE_DETECT:
		log_set_level(LOG_LEVEL_ERROR);
		return tool_detect(tool);
	case MODE_DOCTOR:
		log_set_level(LOG_LEVEL_ERROR);
		return tool_doctor(tool);
	case MODE_RUN:
		break;
	}
	return run_daemon(program);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check-config", no_argument, NULL, 'k' },
		{ "detect", no_argument, NULL, 'd' },
		{ "doctor", no_argument, NULL, 'D' },
		{ "json", no_argument, NULL, 'j' },
		{ "make-key", required_argument, NULL, 'K' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	static struct program program = { .config_path = DEFAULT_CONFIG };
	struct tool tool = { .load = load };
	enum mode mode = MODE_RUN;
	int option;

	while ((option = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1) {
		if (option == 'c') {
			program.config_path = optarg;
		} else if (option == 'k') {
			mode = MODE_CHECK;
		} else if (option == 'd') {
			mode = MODE_DETECT;
		} else if (option == 'D') {
			mode = MODE_DOCTOR;
		} else if (option == 'j') {
			tool.json = true;
		} else if (option == 'K') {
			return make_key(optarg);
		} else if (option == 'V') {
			printf("simgated %s\n", SIMGATE_VERSION);
			return EXIT_SUCCESS;
		} else {
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? EXIT_SUCCESS : EXIT_USAGE;
		}
	}
	if (optind < argc && mode != MODE_DETECT && mode != MODE_DOCTOR) {
		fprintf(stderr, "simgated: unexpected argument '%s'\n%s", argv[optind], usage);
		return EXIT_USAGE;
	}
	tool.config_path = program.config_path;
	tool.devices = argv + optind;
	tool.n_devices = (size_t)(argc - optind);
	return run_mode(mode, &program, &tool);
}
