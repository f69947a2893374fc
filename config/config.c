/* config.c - loads a file into a counted snapshot, and answers questions about one.
 *
 * Steps: open and look (a folder would make libconfig's reader leave the process), parse, read by
 * the tables of spec.c, compare settings, tell every problem in file order. Any problem ends the
 * load: what runs on keeps the snapshot that it has. */
#include "config/config.h"

#include <errno.h>
#include <libconfig.h>
#include <libgen.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"
#include "config/spec.h"

struct snapshot {
	struct config config;
	struct arena arena;
	atomic_uint refs;
};

static struct snapshot *snapshot_of(const struct config *config)
{
	/* Readers see it as constant; only its count changes. */
	return container_of((struct config *)(uintptr_t)config, struct snapshot, config);
}

const struct config *config_ref(const struct config *config)
{
	atomic_fetch_add(&snapshot_of(config)->refs, 1);
	return config;
}

void config_unref(const struct config *config)
{
	struct snapshot *snapshot;

	if (config == NULL)
		return;
	snapshot = snapshot_of(config);
	if (atomic_fetch_sub(&snapshot->refs, 1) != 1)
		return;
	arena_free(&snapshot->arena);
	free(snapshot);
}

static FILE *open_file(struct problems *problems, const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat st;

	if (file != NULL && fstat(fileno(file), &st) == 0 && S_ISDIR(st.st_mode)) {
		fclose(file);
		file = NULL;
		errno = EISDIR;
	}
	if (file == NULL)
		problem_add_line(problems, path, 0, "cannot be read: %s", strerror(errno));
	return file;
}

/* Included files are looked for beside the file (libconfig 1.5 knows no absolute paths then). */
static void set_include_dir(config_t *parsed, const char *path)
{
	char *copy = strdup(path);

	if (copy != NULL)
		config_set_include_dir(parsed, dirname(copy));
	free(copy);
}

static bool parse(struct problems *problems, config_t *parsed, const char *path)
{
	FILE *file = open_file(problems, path);
	const char *where;
	bool ok;

	if (file == NULL)
		return false;
	set_include_dir(parsed, path);
	ok = config_read(parsed, file) == CONFIG_TRUE;
	fclose(file);
	if (ok)
		return true;
	where = config_error_file(parsed);
	problem_add_line(problems, where != NULL ? where : path,
			 (unsigned)config_error_line(parsed), "%s", config_error_text(parsed));
	return false;
}

/* Fills the snapshot; false if a problem was told. */
static bool fill(struct snapshot *snapshot, const char *path, config_problem *problem, void *arg)
{
	struct conf_reader reader = { .problems = { .file = path } };
	config_t parsed;
	bool told;

	config_init(&parsed);
	if (*path == '\0' || parse(&reader.problems, &parsed, path))
		conf_read_group(&reader, config_root_setting(&parsed), &spec_root,
				&snapshot->config);
	snapshot->config.path = arena_copy(&reader.arena, path);
	if (snapshot->config.path == NULL)
		reader.problems.lost = true;
	told = problems_tell(&reader.problems, problem, arg);
	snapshot->arena = reader.arena;
	problems_free(&reader.problems);
	config_destroy(&parsed);
	return !told;
}

const struct config *config_load(const char *path, config_problem *problem, void *arg)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (path == NULL)
		path = "";
	if (snapshot == NULL) {
		problem(arg, path, 0, "", strerror(ENOMEM));
		return NULL;
	}
	snapshot->config = spec_defaults;
	atomic_init(&snapshot->refs, 1);
	if (fill(snapshot, path, problem, arg))
		return &snapshot->config;
	config_unref(&snapshot->config);
	return NULL;
}

const struct config_site *config_site(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_sites; i++)
		if (strcmp(config->sites[i].name, name) == 0)
			return &config->sites[i];
	return NULL;
}

const struct config_modem *config_modem(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_modems; i++)
		if (strcmp(config->modems[i].name, name) == 0)
			return &config->modems[i];
	return NULL;
}

const struct config_modem *config_modem_default(void)
{
	return &spec_modem_defaults;
}

const char *config_role_name(enum config_role role)
{
	static const char *const names[] = { [ROLE_NONE] = "none",
					     [ROLE_VIEWER] = "viewer",
					     [ROLE_SUBMIT] = "submit",
					     [ROLE_OPERATOR] = "operator" };

	return names[role];
}

const char *config_kind_name(enum config_kind kind)
{
	static const char *const names[KIND_COUNT] = { [KIND_VERIFICATION] = "verification",
						       [KIND_CONTACT_REQUEST] = "contact_request",
						       [KIND_TEXT] = "text" };

	return names[kind];
}

bool config_is_purpose(const char *name)
{
	static const char *const purposes[] = { "register", "login", "change" };

	for (size_t i = 0; i < ARRAY_LEN(purposes); i++)
		if (strcmp(purposes[i], name) == 0)
			return true;
	return false;
}
