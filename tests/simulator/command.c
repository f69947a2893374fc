/* command.c - takes a command line apart and runs its commands in order (V.250 5.2, 5.3).
 *
 * Basic commands (a letter, or & and a letter, with a number) may stand in a row; extended ones
 * (+NAME and vendors' signs) end at ';'. The first that fails ends the line. A command that
 * answers later must be the last of its line. */
#include "tests/simulator/command.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "tests/simulator/modem.h"

static const struct command *const tables[] = {
	commands_sms, commands_basic, commands_store,
	commands_sim, commands_radio, commands_service,
};

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (const struct command *c = tables[i]; c->name != NULL; c++)
			if (strcasecmp(c->name, name) == 0)
				return c;
	return NULL;
}

long request_number(const struct request *request, size_t i, long least, long most)
{
	const char *text = i < request->n ? request->args[i] : "";
	char *end;
	long number = strtol(text, &end, 10);

	return isdigit((unsigned char)text[0]) && *end == '\0' && number >= least && number <= most
		       ? number
		       : -1;
}

int command_setting(struct modem *modem, const struct request *request, int *value, int most)
{
	long number;

	switch (request->form) {
	case FORM_TEST:
		reply_line(modem, "%s: (0-%d)", request->name, most);
		return RESULT_OK;
	case FORM_READ:
		reply_line(modem, "%s: %d", request->name, *value);
		return RESULT_OK;
	case FORM_RUN:
		return RESULT_ERROR;
	case FORM_SET:
		break;
	}
	number = request_number(request, 0, 0, most);
	if (number < 0 || request->n != 1)
		return cme_error(50);
	*value = (int)number;
	return RESULT_OK;
}

/* Splits at commas outside of quotes and takes the quotes off. False if it is too much. */
static bool split_args(struct request *request)
{
	bool quoted = false;
	size_t used = 0;

	request->n = 0;
	for (const char *c = request->rest; *c != '\0'; c++) {
		if (request->n == 0)
			request->n = 1;
		if (*c == '"') {
			quoted = !quoted;
		} else if (*c == ',' && !quoted) {
			request->args[request->n - 1][used] = '\0';
			if (request->n++ == COMMAND_ARGS_MAX)
				return false;
			used = 0;
		} else {
			if (used + 1 == COMMAND_ARG_SIZE)
				return false;
			request->args[request->n - 1][used++] = *c;
		}
	}
	if (request->n > 0)
		request->args[request->n - 1][used] = '\0';
	return !quoted;
}

static int check_needs(const struct modem *modem, const struct command *command)
{
	int trouble = command->needs & NEEDS_SIM ? sim_trouble(modem) : 0;

	if (trouble == 0)
		return RESULT_OK;
	return command->needs & IS_SMS ? cms_error(sim_trouble_cms(trouble)) : cme_error(trouble);
}

static int run_one(struct modem *modem, struct request *request)
{
	const struct command *command = find(request->name);
	int result;

	if (command == NULL && modem->knobs.unknown != 0)
		return cme_error((int)modem->knobs.unknown);
	if (command == NULL || !split_args(request))
		return RESULT_ERROR;
	result = request->form == FORM_TEST ? RESULT_OK : check_needs(modem, command);
	return result == RESULT_OK ? command->run(modem, request) : result;
}

/* "+CSQ?", "+CNMI=2,1": name, form and arguments of text[0..n). */
static int run_extended(struct modem *modem, const char *text, size_t n)
{
	struct request request = { .form = FORM_RUN };
	char copy[INPUT_LINE_MAX + 1];
	size_t name = 0;

	memcpy(copy, text, n);
	copy[n] = '\0';
	while (copy[name] != '\0' && copy[name] != '=' && copy[name] != '?')
		name++;
	request.name = copy;
	request.rest = "";
	if (strcmp(copy + name, "?") == 0) {
		request.form = FORM_READ;
	} else if (strcmp(copy + name, "=?") == 0) {
		request.form = FORM_TEST;
	} else if (copy[name] == '=') {
		request.form = FORM_SET;
		request.rest = copy + name + 1;
	} else if (copy[name] == '?') {
		return RESULT_ERROR;
	}
	copy[name] = '\0';
	while (name > 0 && copy[name - 1] == ' ')
		copy[--name] = '\0';
	return run_one(modem, &request);
}

static size_t extended_size(const char *text)
{
	bool quoted = false;
	size_t n = 0;

	for (; text[n] != '\0' && (quoted || text[n] != ';'); n++)
		quoted ^= text[n] == '"';
	return n;
}

/* "E0", "&D2", "S0=0": how long it is; it runs as a command named by its letters. */
static int run_basic(struct modem *modem, const char *text, size_t *size)
{
	struct request request = { .form = FORM_RUN };
	size_t letters = text[0] == '&' ? 2 : 1, n;
	char name[4] = "", rest[INPUT_LINE_MAX + 1];

	memcpy(name, text, strnlen(text, letters));
	if (toupper((unsigned char)text[0]) == 'D')
		n = strlen(text);
	else
		n = letters + strspn(text + letters, "0123456789");
	if (toupper((unsigned char)text[0]) == 'S' && (text[n] == '=' || text[n] == '?'))
		n += 1 + strspn(text + n + 1, "0123456789");
	if (n > strlen(text))
		n = strlen(text);
	snprintf(rest, sizeof(rest), "%.*s", n > letters ? (int)(n - letters) : 0, text + letters);
	*size = n;
	request.name = name;
	request.rest = rest;
	return run_one(modem, &request);
}

static int run_commands(struct modem *modem, const char *text)
{
	int result = RESULT_OK;

	while (result == RESULT_OK && *text != '\0') {
		size_t n = 1;

		if (isalpha((unsigned char)*text) || *text == '&') {
			result = run_basic(modem, text, &n);
		} else if (*text != ' ' && *text != ';') {
			n = extended_size(text);
			result = run_extended(modem, text, n);
		}
		text += n;
	}
	return result;
}

/* Faults that leave no reply to bend. */
static bool struck_down(struct modem *modem, const char *line)
{
	long number;

	if (modem_fault(modem, FAULT_SILENT, line, NULL))
		return true;
	if (modem_fault(modem, FAULT_HANG, line, &number)) {
		modem_sleep(modem, number);
		return true;
	}
	if (modem_fault(modem, FAULT_REBOOT, line, NULL)) {
		modem_reboot(modem);
		return true;
	}
	if (modem_fault(modem, FAULT_DROP, line, &number)) {
		modem_drop(modem, number);
		return true;
	}
	return false;
}

/* A setting that a dialogue answers with OK is set: what follows is answered by what it set, as
 * AT+CMGS is by AT+CMGF. Its own answer is not shown. */
static void take_effect(struct modem *modem, const char *line, char *const *answer, size_t n)
{
	size_t shown = modem->reply.text.n;
	bool sends = strncmp(line, "AT+CMGS", 7) == 0 || strncmp(line, "AT+CMGW", 7) == 0;

	if (n == 0 || strcmp(answer[n - 1], "OK") != 0 || strstr(line, "=?") != NULL || sends)
		return;
	run_commands(modem, line + 2);
	modem->reply.text.n = shown;
}

static int run_line(struct modem *modem, const char *line)
{
	size_t n;
	char *const *answer = dialogue_find(&modem->dialogue, line, &n);
	long number;

	if (modem_fault(modem, FAULT_ERROR, line, &number))
		return number < 0 ? RESULT_ERROR : cme_error((int)number);
	if (answer == NULL)
		return run_commands(modem, line + 2);
	take_effect(modem, line, answer, n);
	for (size_t i = 0; i < n; i++)
		reply_line(modem, "%s", answer[i]);
	return n > 0 ? RESULT_WRITTEN : RESULT_SILENT;
}

void command_run(struct modem *modem, const char *line)
{
	modem->stats.commands++;
	if (struck_down(modem, line))
		return;
	reply_begin(modem, line);
	reply_end(modem, run_line(modem, line));
}
