/* fuzz_config.c - any file is a snapshot whose promises hold, or problems with a line.
 *
 * The templates of what was taken are rendered, as a reload would let them be. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "service/texts.h"

enum { INPUT_MAX = 16384 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

static int file;
static char path[32];
static unsigned problems;

/* libconfig 1.5 forgets unfinished strings after a syntax error. */
const char *__lsan_default_suppressions(void)
{
	return "leak:strbuf_append\nleak:libconfig_yylex\n";
}

static void require(bool promise)
{
	if (!promise)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	file = memfd_create("simgate.conf", 0);
	require(file >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	return 0;
}

static void on_problem(void *arg, const char *name, unsigned line, const char *setting,
		       const char *problem)
{
	(void)arg;
	(void)line;
	require(name != NULL && setting != NULL && problem != NULL && *problem != '\0');
	problems++;
}

static void use_site(const struct config_site *site)
{
	static char text[TEXT_SIZE];
	const struct text_values values = { .code = "123456",
					    .title = site->title,
					    .minutes = "5",
					    .from_name = "A",
					    .to_name = "B",
					    .order = "1" };
	struct gsm_shape shape;

	require(site->name[0] != '\0' && strlen(site->region) <= 2);
	require(site->verification.code_length > 0 && site->verification.sms_ttl_ms > 0);
	require(site->verification.n_resend_after > 0);
	for (int kind = 0; kind < KIND_TEXT; kind++)
		text_render(site, (enum config_kind)kind, site->locale, &values, text, &shape);
	for (size_t i = 0; i < site->n_templates; i++)
		text_template_length_problem(site, &site->templates[i]);
}

static void use(const struct config *config)
{
	require(config->n_sites >= 1 && config->socket_path[0] != '\0');
	for (size_t i = 0; i < config->n_sites; i++) {
		use_site(&config->sites[i]);
		require(config_site(config, config->sites[i].name) != NULL);
	}
	for (size_t i = 0; i < config->n_modems; i++)
		require(config_modem(config, config->modems[i].name) == &config->modems[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char include[] = "@include"; /* other files are not the input's */
	const struct config *config;

	if (size > INPUT_MAX || memmem(data, size, include, sizeof(include) - 1) != NULL)
		return 0;
	require(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
	problems = 0;
	config = config_load(path, on_problem, NULL);
	require((config == NULL) == (problems > 0));
	if (config != NULL)
		use(config);
	config_unref(config);
	return 0;
}
