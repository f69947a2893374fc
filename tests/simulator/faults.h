/* faults.h - what a modem does wrong on purpose, how often, and on which command. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Faults of any command first; they strike a payload only where the rule says `on payload`. */
enum fault_kind {
	FAULT_SILENT,
	FAULT_LATE,
	FAULT_ERROR,
	FAULT_HANG,
	FAULT_PARTIAL_LINE,
	FAULT_GARBAGE,
	FAULT_BYTE_BY_BYTE,
	FAULT_DOUBLE_OK,
	FAULT_REBOOT,
	FAULT_DROP,
	FAULT_ECHO_STAYS,
	/* of AT+CMGS, in place of the prompt or about it */
	FAULT_NO_PROMPT,
	FAULT_PROMPT_NO_BLANK,
	FAULT_PROMPT_ERROR,
	FAULT_DROP_BEFORE_PROMPT,
	FAULT_DROP_AFTER_PROMPT,
	FAULT_URC_BETWEEN,
	/* after Ctrl-Z */
	FAULT_CMS,
	FAULT_OK_WITHOUT_REF,
	FAULT_REF_WITHOUT_OK,
	FAULT_ACCEPT_THEN_SILENCE,
	FAULT_LATE_REPLY,
	FAULT_DROP_AFTER_SUBMIT,
	FAULT_REBOOT_MID_SEND,
	FAULT_REPORT_FIRST,
	FAULT_KIND_COUNT,
};

#define FAULT_ON_PAYLOAD "payload" /* the "command" that Ctrl-Z ends */

struct fault; /* private to faults.c */

struct faults {
	struct fault *first;
	uint64_t random; /* state of the dice; never 0 */
};

/* "NAME [once|N|always] [P%] [ARG] [on COMMAND]" or "clear". 0, or -1 with *why set. */
int faults_add(struct faults *faults, const char *rule, const char **why);

/* Does a fault of this kind strike now? It is used up by one. *number gets its ARG. */
bool faults_take(struct faults *faults, enum fault_kind kind, const char *command, long *number);

const char *fault_name(enum fault_kind kind);
void faults_list(const struct faults *faults, char *out, size_t size);
void faults_clear(struct faults *faults);

/* '*' stands for any characters; letters match in both cases. */
bool glob_match(const char *pattern, const char *text);
