/* command.h - command lines: their parts, the table of commands, what each needs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct modem;

enum { COMMAND_ARGS_MAX = 16, COMMAND_ARG_SIZE = 256 };

enum form { FORM_RUN, FORM_READ, FORM_TEST, FORM_SET };

struct request {
	enum form form;
	const char *name; /* "+CMGS", "D", "&F" */
	const char *rest; /* all after '=' */
	size_t n;         /* arguments, without quotes */
	char args[COMMAND_ARGS_MAX][COMMAND_ARG_SIZE];
};

/* A RESULT_ of reply.h. */
typedef int command_fn(struct modem *modem, const struct request *request);

enum command_needs {
	NEEDS_SIM = 1 << 0, /* present, not busy, PIN given */
	IS_SMS = 1 << 1,    /* refusals are +CMS ERROR */
};

struct command {
	const char *name;
	command_fn *run;
	unsigned needs;
};

extern const struct command commands_basic[], commands_sim[], commands_radio[], commands_sms[],
	commands_store[], commands_service[]; /* each ends with a NULL name */

void command_run(struct modem *modem, const char *line);

/* Argument i as a number; -1 if absent, empty, not a number or outside. */
long request_number(const struct request *request, size_t i, long least, long most);
/* Test, read and set of a setting that is one number, 0 to most. */
int command_setting(struct modem *modem, const struct request *request, int *value, int most);

/* Ctrl-Z: what was typed at the prompt, controls and all. */
void payload_end(struct modem *modem, const char *typed);
