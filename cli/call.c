/* call.c - what verbs share: words, options, paths, one call. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"
#include "cli/cli.h"
#include "cli/print.h"

enum { TEXT_MAX = 65536, DURATION_MAX = 10000000 };

static char *read_stdin(void)
{
	char *text = malloc(TEXT_MAX + 1);
	size_t n;

	if (text == NULL)
		return NULL;
	if (isatty(STDIN_FILENO))
		fputs("simgate: type the text, end it with Ctrl-D\n", stderr);
	n = fread(text, 1, TEXT_MAX + 1, stdin);
	if (n > TEXT_MAX) {
		fprintf(stderr, "simgate: the text is longer than %d bytes\n", TEXT_MAX);
		free(text);
		return NULL;
	}
	if (n > 0 && text[n - 1] == '\n') /* an editor's or echo's last line end is not meant */
		n--;
	text[n] = '\0';
	if (strlen(text) != n) {
		fprintf(stderr, "simgate: byte %zu of the text is a NUL: take it out\n",
			strlen(text) + 1);
		free(text);
		return NULL;
	}
	return text;
}

char *text_argument(const struct call *call, int first_word)
{
	size_t size = 1;
	char *text;

	if (first_word >= call->n_words)
		return read_stdin();
	for (int i = first_word; i < call->n_words; i++)
		size += strlen(call->words[i]) + 1;
	text = calloc(1, size);
	for (int i = first_word; text != NULL && i < call->n_words; i++) {
		if (i > first_word)
			strcat(text, " ");
		strcat(text, call->words[i]);
	}
	return text;
}

void set_option(json_t *body, const char *name, const struct call *call, enum cli_option option)
{
	if (call->option[option] != NULL)
		json_object_set_new(body, name, json_string(call->option[option]));
}

bool parse_duration(const char *text, long *seconds)
{
	static const struct {
		const char *unit;
		long seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 } };
	char *end;
	long count = strtol(text, &end, 10);

	if (end == text || count <= 0 || count > DURATION_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(end, units[i].unit) == 0) {
			*seconds = count * units[i].seconds;
			return true;
		}
	return false;
}

bool duration_option(const struct call *call, enum cli_option option, long *seconds)
{
	const char *text = call->option[option];

	if (text == NULL || parse_duration(text, seconds))
		return true;
	fprintf(stderr, "simgate: --%s wants a time such as 90s, 5m, 3h or 1d, not %s\n",
		option_name(option), text);
	return false;
}

void build_path(char *out, size_t size, const char *format, const char *value)
{
	char encoded[1024];
	const char *slot = strstr(format, "%s");

	http_encode(encoded, sizeof(encoded), value);
	snprintf(out, size, "%.*s%s%s", (int)(slot - format), format, encoded, slot + 2);
}

void add_query(char *path, size_t size, const char *name, const char *value)
{
	char encoded[1024];
	size_t used = strlen(path);

	if (value == NULL)
		return;
	http_encode(encoded, sizeof(encoded), value);
	snprintf(path + used, size - used, "%c%s=%s", strchr(path, '?') == NULL ? '?' : '&', name,
		 encoded);
}

/* Done without a body (204) is {}: whoever reads JSON gets some. */
void print_answer(const json_t *answer, enum exit_code result)
{
	if (answer != NULL)
		print_json(answer);
	else if (result == EXIT_DONE)
		puts("{}");
}

enum exit_code call_and_print(struct call *call, const char *method, const char *path, json_t *body,
			      void (*print)(const json_t *answer))
{
	json_t *answer;
	enum exit_code result = http_call(&call->http, method, path, body, &answer);

	if (call->json)
		print_answer(answer, result);
	else if (result == EXIT_DONE)
		print(answer);
	json_decref(answer);
	json_decref(body);
	return result;
}
