/* faults.c - the rules, oldest first. The first that fits a kind and a command strikes. */
#include "tests/simulator/faults.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"

enum { ALWAYS = -1, FOREVER = -1, RULE_MAX = 512 };

struct fault {
	struct fault *next;
	enum fault_kind kind;
	long left, number;
	unsigned percent;
	char command[128]; /* "": any */
};

static const struct {
	const char *name;
	bool takes_number;
	long standard;
} kinds[FAULT_KIND_COUNT] = {
	[FAULT_SILENT] = { "silent", false, 0 },
	[FAULT_LATE] = { "late", true, 1000 },
	[FAULT_ERROR] = { "error", true, -1 },
	[FAULT_HANG] = { "hang", true, FOREVER },
	[FAULT_PARTIAL_LINE] = { "partial-line", true, 200 },
	[FAULT_GARBAGE] = { "garbage-in-reply", false, 0 },
	[FAULT_BYTE_BY_BYTE] = { "byte-by-byte", true, 0 },
	[FAULT_DOUBLE_OK] = { "double-ok", false, 0 },
	[FAULT_REBOOT] = { "reboot", false, 0 },
	[FAULT_DROP] = { "drop", true, 300 },
	[FAULT_ECHO_STAYS] = { "echo-stays", false, 0 },
	[FAULT_NO_PROMPT] = { "no-prompt", false, 0 },
	[FAULT_PROMPT_NO_BLANK] = { "prompt-no-blank", false, 0 },
	[FAULT_PROMPT_ERROR] = { "prompt-error", true, 500 },
	[FAULT_DROP_BEFORE_PROMPT] = { "drop-before-prompt", true, 300 },
	[FAULT_DROP_AFTER_PROMPT] = { "drop-after-prompt", true, 300 },
	[FAULT_URC_BETWEEN] = { "urc-between", false, 0 },
	[FAULT_CMS] = { "cms", true, 500 },
	[FAULT_OK_WITHOUT_REF] = { "ok-without-ref", false, 0 },
	[FAULT_REF_WITHOUT_OK] = { "ref-without-ok", false, 0 },
	[FAULT_ACCEPT_THEN_SILENCE] = { "accept-then-silence", false, 0 },
	[FAULT_LATE_REPLY] = { "late-reply", true, 1000 },
	[FAULT_DROP_AFTER_SUBMIT] = { "drop-after-submit", true, 300 },
	[FAULT_REBOOT_MID_SEND] = { "reboot-mid-send", true, 0 },
	[FAULT_REPORT_FIRST] = { "report-first", false, 0 },
};

bool glob_match(const char *pattern, const char *text)
{
	for (; *pattern != '\0' && *pattern != '*'; pattern++, text++)
		if (tolower((unsigned char)*pattern) != tolower((unsigned char)*text))
			return false;
	if (*pattern == '\0')
		return *text == '\0';
	for (;; text++) {
		if (glob_match(pattern + 1, text))
			return true;
		if (*text == '\0')
			return false;
	}
}

const char *fault_name(enum fault_kind kind)
{
	return kinds[kind].name;
}

static int kind_of(const char *name)
{
	for (int i = 0; i < FAULT_KIND_COUNT; i++)
		if (strcasecmp(kinds[i].name, name) == 0)
			return i;
	return -1;
}

/* A number is ARG where the kind takes one; with two, the first is how often. */
static bool take_number(struct fault *fault, long number, int *numbers)
{
	bool takes = kinds[fault->kind].takes_number;

	if (++*numbers > (takes ? 2 : 1))
		return false;
	if (!takes)
		fault->left = number;
	else if (*numbers == 1)
		fault->number = number;
	else {
		fault->left = fault->number;
		fault->number = number;
	}
	return true;
}

static bool read_word(struct fault *fault, const char *word, int *numbers)
{
	char *end;
	long number = strtol(word, &end, 10);

	if (strcasecmp(word, "once") == 0)
		fault->left = 1;
	else if (strcasecmp(word, "always") == 0)
		fault->left = ALWAYS;
	else if (strcasecmp(word, "forever") == 0)
		fault->number = FOREVER;
	else if (end != word && strcmp(end, "%") == 0 && number >= 0 && number <= 100)
		fault->percent = (unsigned)number;
	else
		return end != word && *end == '\0' && take_number(fault, number, numbers);
	return true;
}

static bool read_words(struct fault *fault, char *rest)
{
	char *on = strcasestr(rest, " on "), *save = NULL;
	int numbers = 0;

	if (on != NULL) {
		*on = '\0';
		snprintf(fault->command, sizeof(fault->command), "%s", on + 4);
	}
	for (char *word = strtok_r(rest, " ", &save); word != NULL;
	     word = strtok_r(NULL, " ", &save))
		if (!read_word(fault, word, &numbers))
			return false;
	return true;
}

int faults_add(struct faults *faults, const char *rule, const char **why)
{
	char copy[RULE_MAX], name[64];
	struct fault *fault, **end = &faults->first;
	int used = 0, kind;

	if (strcmp(rule, "clear") == 0) {
		faults_clear(faults);
		return 0;
	}
	*why = "unknown fault";
	kind = sscanf(rule, "%63s%n", name, &used) == 1 ? kind_of(name) : -1;
	fault = kind < 0 ? NULL : calloc(1, sizeof(*fault));
	if (fault == NULL)
		return -1;
	fault->kind = (enum fault_kind)kind;
	fault->left = 1;
	fault->number = kinds[kind].standard;
	fault->percent = 100;
	snprintf(copy, sizeof(copy), "%s", rule + used);
	if (!read_words(fault, copy)) {
		*why = "NAME [once|N|always] [P%] [ARG] [on COMMAND]";
		free(fault);
		return -1;
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = fault;
	return 0;
}

/* AT+CSQ as a rule also means AT+CSQ? and AT+CSQ=...; no command means every AT command. What is
 * about AT+CMGS anyway needs none. */
static bool fits(const struct fault *fault, const char *command)
{
	size_t n = strlen(fault->command);

	if (fault->kind > FAULT_ECHO_STAYS)
		return true;
	if (n == 0)
		return strcmp(command, FAULT_ON_PAYLOAD) != 0;
	return glob_match(fault->command, command) ||
	       (strncasecmp(fault->command, command, n) == 0 &&
		(command[n] == '=' || command[n] == '?'));
}

static bool dice(struct faults *faults, unsigned percent)
{
	faults->random ^= faults->random << 13; /* xorshift64: the same rolls in every run */
	faults->random ^= faults->random >> 7;
	faults->random ^= faults->random << 17;
	return (faults->random >> 16) % 100 < percent;
}

bool faults_take(struct faults *faults, enum fault_kind kind, const char *command, long *number)
{
	for (struct fault **at = &faults->first; *at != NULL; at = &(*at)->next) {
		struct fault *fault = *at;

		if (fault->kind != kind || !fits(fault, command) || !dice(faults, fault->percent))
			continue;
		if (number != NULL)
			*number = fault->number;
		if (fault->left != ALWAYS && --fault->left == 0) {
			*at = fault->next;
			free(fault);
		}
		return true;
	}
	return false;
}

void faults_list(const struct faults *faults, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (const struct fault *f = faults->first; f != NULL && used < size; f = f->next)
		used += (size_t)snprintf(out + used, size - used, "%s%s left=%ld %u%% arg=%ld%s%s",
					 used > 0 ? "; " : "", kinds[f->kind].name, f->left,
					 f->percent, f->number, f->command[0] ? " on " : "",
					 f->command);
}

void faults_clear(struct faults *faults)
{
	while (faults->first != NULL) {
		struct fault *fault = faults->first;

		faults->first = fault->next;
		free(fault);
	}
}
