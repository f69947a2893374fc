/* field.c - detect and doctor: asks the daemon, or simgated itself where there is no daemon.
 *
 * As root, who holds a port is looked up here: the daemon's user may not see it. A bundle is one
 * file of JSON with every number masked, for whoever helps from afar. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/holder.h"
#include "base/live_socket.h"
#include "base/mask.h"
#include "cli/cli.h"
#include "cli/print.h"
#include "cli/term.h"

enum { LOOK_TIMEOUT_S = 190, ARGS_MAX = 64, OUTPUT_MAX = 4 << 20, LOG_LINES = 300 };
enum { WORDS_SIZE = 1024, FINDING_AT = 19, PORT_AT = 17 };

extern char **environ;

/* ---- other programs ---- */

/* simgated beside simgate, in the folder for daemons, else by PATH. */
static const char *daemon_program(char out[512])
{
	static const char *const places[] = { "simgated", "../sbin/simgated" };
	char own[256];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

	own[n > 0 ? n : 0] = '\0';
	if (strrchr(own, '/') != NULL)
		strrchr(own, '/')[1] = '\0';
	for (size_t i = 0; i < 2; i++) {
		snprintf(out, 512, "%s%s", own, places[i]);
		if (access(out, X_OK) == 0)
			return out;
	}
	return "simgated";
}

/* What a program printed (malloced), or NULL; *status: its exit code, -1 if it did not run. */
static char *output_of(char *const *argv, int *status)
{
	char *text = malloc(OUTPUT_MAX + 1);
	posix_spawn_file_actions_t actions;
	size_t used = 0;
	int pipes[2], ended;
	ssize_t n = 1;
	pid_t pid;

	*status = -1;
	if (text == NULL || pipe2(pipes, O_CLOEXEC) < 0) {
		free(text);
		return NULL;
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	ended = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	while (ended == 0 && n > 0 && used < OUTPUT_MAX) {
		n = read(pipes[0], text + used, OUTPUT_MAX - used);
		used += n > 0 ? (size_t)n : 0;
	}
	close(pipes[0]);
	text[used] = '\0';
	if (ended == 0 && waitpid(pid, &ended, 0) == pid && WIFEXITED(ended))
		*status = WEXITSTATUS(ended);
	return text;
}

/* The daemon's own tool, as JSON; NULL after telling why not. */
static json_t *run_tool(const struct call *call, const char *mode)
{
	const char *config = getenv("SIMGATE_CONFIG");
	char program[512], *output, *argv[ARGS_MAX];
	json_t *answer;
	int n = 0, status;

	argv[n++] = (char *)daemon_program(program);
	if (config != NULL) {
		argv[n++] = "-c";
		argv[n++] = (char *)config;
	}
	argv[n++] = (char *)mode;
	argv[n++] = "--json";
	argv[n++] = "--";
	for (int i = 0; i < call->n_words && n + 1 < ARGS_MAX; i++)
		argv[n++] = call->words[i];
	argv[n] = NULL;
	output = output_of(argv, &status);
	answer = output != NULL ? json_loads(output, JSON_DECODE_ANY, NULL) : NULL;
	free(output);
	if (answer == NULL)
		fprintf(stderr, "simgate: cannot run %s %s: is simgated installed?\n", argv[0],
			mode);
	return answer;
}

/* From the daemon if it answers (and no devices are named: those it may not know), else from the
 * tool. NULL after telling why not. */
static json_t *ask(struct call *call, const char *path, const char *mode, enum exit_code *result)
{
	json_t *answer = NULL;

	*result = EXIT_DONE;
	if (call->n_words == 0 && socket_is_live(call->http.socket)) {
		if (call->http.timeout_s < LOOK_TIMEOUT_S)
			call->http.timeout_s = LOOK_TIMEOUT_S;
		*result = http_call(&call->http, "GET", path, NULL, &answer);
		if (*result == EXIT_DONE)
			return answer;
		json_decref(answer);
		return NULL;
	}
	if (call->n_words == 0)
		fprintf(stderr, "simgate: the daemon does not answer at %s: looking without it\n",
			call->http.socket);
	answer = run_tool(call, mode);
	if (answer == NULL)
		*result = EXIT_UNREACHABLE;
	return answer;
}

/* ---- detect ---- */

static void put_port(int used, const char *summary)
{
	char words[WORDS_SIZE];

	snprintf(words, sizeof(words), " %s", summary);
	term_wrap(words, used, PORT_AT, term_columns());
}

static void print_ports(const json_t *answer)
{
	const json_t *items = json_object_get(answer, "items"),
		     *usb = json_object_get(answer, "usb");
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
		put_port(printf("%-16s", text_at(item, "device")), text_at(item, "summary"));
	json_array_foreach(usb, i, item) put_port(
		printf("usb %-12s %s:", text_at(item, "usb_path"), text_at(item, "usb_id")),
		text_at(item, "summary"));
	if (json_array_size(items) == 0 && json_array_size(usb) == 0)
		puts("no serial port: is the modem plugged in?");
	if (text_at(answer, "config")[0] != '\0')
		printf("\n# for simgate.conf:\n%s", text_at(answer, "config"));
}

static bool has_modem(const json_t *answer)
{
	const json_t *items = json_object_get(answer, "items"), *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		const char *word = text_at(item, "answer");

		if (strcmp(word, "answers") == 0 || strcmp(word, "ours") == 0 ||
		    strncmp(text_at(item, "holder"), "simgated ", 9) == 0)
			return true;
	}
	return false;
}

static enum exit_code run_detect(struct call *call)
{
	enum exit_code result;
	json_t *answer = ask(call, "/v1/ports", "--detect", &result);

	if (answer == NULL)
		return result;
	if (call->json)
		print_json(answer);
	else
		print_ports(answer);
	result = has_modem(answer) ? EXIT_DONE : EXIT_FAILED;
	json_decref(answer);
	return result;
}

/* ---- doctor ---- */

/* Root sees more than the daemon's user: who holds the port. */
static void name_holders(const json_t *doctor)
{
	const json_t *checks = json_object_get(doctor, "checks");
	json_t *check;
	size_t i;

	json_array_foreach(checks, i, check)
	{
		const char *device = text_at(check, "subject");
		struct holder holder;
		char detail[128];

		if (strcmp(text_at(check, "check"), "holder") != 0 || device[0] != '/' ||
		    strcmp(text_at(check, "detail"), "held by another program") != 0)
			continue;
		holders_find(&device, 1, &holder);
		if (holder.pid == 0)
			continue;
		snprintf(detail, sizeof(detail), "held by %s (%d)", holder.name, holder.pid);
		json_object_set_new(check, "detail", json_string(detail));
	}
}

static void print_doctor(const json_t *doctor)
{
	const json_t *checks = json_object_get(doctor, "checks"), *check;
	char words[WORDS_SIZE];
	size_t i;

	json_array_foreach(checks, i, check)
	{
		const char *subject = text_at(check, "subject");

		term_put_state(text_at(check, "status"), FINDING_AT);
		printf("  %-12s ", text_at(check, "check"));
		snprintf(words, sizeof(words), "%s%s%s", subject, subject[0] != '\0' ? ": " : "",
			 text_at(check, "detail"));
		term_wrap(words, FINDING_AT, FINDING_AT, term_columns());
		if (text_at(check, "remedy")[0] == '\0')
			continue;
		printf("%*s-> ", FINDING_AT, "");
		term_wrap(text_at(check, "remedy"), FINDING_AT + 3, FINDING_AT + 3, term_columns());
	}
}

/* pass 0, warn 1, fail 2 */
static enum exit_code exit_of(const json_t *doctor)
{
	const char *status = text_at(doctor, "status");

	if (strcmp(status, "pass") == 0)
		return EXIT_DONE;
	return strcmp(status, "warn") == 0 ? EXIT_FAILED : EXIT_WRONG_USAGE;
}

/* ---- bundle ---- */

/* A copy with every run of digits that may be somebody's number masked. */
static json_t *masked(const json_t *json)
{
	json_t *copy, *value;
	const char *key;
	size_t i;

	if (json_is_string(json)) {
		size_t size = json_string_length(json) * 3 + 1;
		char *out = malloc(size);

		if (out == NULL)
			return json_null();
		mask_line(out, size, json_string_value(json));
		copy = json_string(out);
		free(out);
		return copy != NULL ? copy : json_null();
	}
	if (json_is_array(json)) {
		copy = json_array();
		json_array_foreach(json, i, value) json_array_append_new(copy, masked(value));
		return copy;
	}
	if (!json_is_object(json))
		return json_deep_copy(json);
	copy = json_object();
	json_object_foreach((json_t *)json, key, value)
		json_object_set_new(copy, key, masked(value));
	return copy;
}

static json_t *log_lines(void)
{
	char *argv[] = { "journalctl", "--no-pager", "-q", "-u", "simgated", "-n", NULL, NULL };
	json_t *lines = json_array();
	char count[16], *output, *save = NULL;
	int status;

	snprintf(count, sizeof(count), "%d", LOG_LINES);
	argv[6] = count;
	output = output_of(argv, &status);
	if (output != NULL && status == 0)
		for (char *line = strtok_r(output, "\n", &save); line != NULL;
		     line = strtok_r(NULL, "\n", &save))
			json_array_append_new(lines, json_string(line));
	free(output);
	return lines;
}

static json_t *part_of(const struct call *call, const char *path)
{
	json_t *answer = NULL;

	http_call(&call->http, "GET", path, NULL, &answer);
	return answer != NULL ? answer : json_null();
}

static json_t *make_bundle(const struct call *call, const json_t *doctor)
{
	json_t *bundle = json_object(), *hidden;
	char now[CLOCK_TEXT_SIZE];
	struct utsname machine;

	clock_format(clock_now_ms(), now);
	json_object_set_new(bundle, "simgate", json_string(SIMGATE_VERSION));
	if (uname(&machine) == 0)
		json_object_set_new(bundle, "system",
				    json_sprintf("%s %s %s", machine.sysname, machine.release,
						 machine.machine));
	json_object_set(bundle, "doctor", (json_t *)doctor);
	if (call->n_words == 0 && socket_is_live(call->http.socket)) {
		json_object_set_new(bundle, "status", part_of(call, "/v1/status"));
		json_object_set_new(bundle, "modems", part_of(call, "/v1/modems"));
	}
	json_object_set_new(bundle, "log", log_lines());
	hidden = masked(bundle);
	json_object_set_new(hidden, "made_at", json_string(now));
	json_decref(bundle);
	return hidden;
}

static enum exit_code write_bundle(const struct call *call, const json_t *doctor)
{
	const char *path = call->option[OPT_BUNDLE];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	json_t *bundle;
	bool ok;

	if (fd < 0) {
		perror(path);
		return EXIT_FAILED;
	}
	bundle = make_bundle(call, doctor);
	ok = json_dumpfd(bundle, fd, JSON_INDENT(2)) == 0 && write(fd, "\n", 1) == 1;
	json_decref(bundle);
	if (close(fd) < 0 || !ok) {
		fprintf(stderr, "simgate: %s could not be written\n", path);
		return EXIT_FAILED;
	}
	fprintf(stderr, "simgate: wrote %s; numbers are masked in it\n", path);
	return EXIT_DONE;
}

static enum exit_code run_doctor(struct call *call)
{
	enum exit_code result, written = EXIT_DONE;
	json_t *answer = ask(call, "/v1/doctor", "--doctor", &result);

	if (answer == NULL)
		return result;
	if (geteuid() == 0)
		name_holders(answer);
	if (call->option[OPT_BUNDLE] != NULL)
		written = write_bundle(call, answer);
	if (call->json)
		print_json(answer);
	else
		print_doctor(answer);
	result = written != EXIT_DONE ? written : exit_of(answer);
	json_decref(answer);
	return result;
}

const struct verb field_verbs[] = {
	{ "detect", NULL, 0, 32, 0, "detect [DEVICE...]",
	  "serial ports, who answers, a configuration", run_detect },
	{ "doctor", NULL, 0, 32, OPT(BUNDLE), "doctor [DEVICE...] [--bundle FILE]",
	  "what is wrong, and what to do", run_doctor },
	{ 0 },
};
