/* options.c - see options.h. --modem starts the options of a new modem, which begin as copies of
 * those before the first --modem. */
#include "tests/simulator/options.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

enum { OPT_MODEM = 256, OPT_TEXT, OPT_PARTS, OPT_QUIET, OPT_SEED, OPT_SET, OPT_HELP, OPT_VERSION };

/* Options that are one string of struct options. */
static const struct {
	const char *name, *what;
	size_t offset;
} texts[] = {
	{ "pty", "PATH: a pseudo terminal, with a symlink there", offsetof(struct options, pty) },
	{ "tcp", "[HOST:]PORT: listen there; 0 chooses", offsetof(struct options, tcp) },
	{ "control", "SOCKET: Unix socket for commands", offsetof(struct options, control) },
	{ "log", "FILE: the dialogue, with times", offsetof(struct options, log) },
	{ "handset", "FILE: what phones received, as JSON lines",
	  offsetof(struct options, handset) },
	{ "dialogue", "FILE: another modem's answers", offsetof(struct options, dialogue) },
	{ "manufacturer", "TEXT", offsetof(struct options, manufacturer) },
	{ "model", "TEXT", offsetof(struct options, model) },
	{ "revision", "TEXT", offsetof(struct options, revision) },
	{ "imei", "DIGITS", offsetof(struct options, imei) },
	{ "imsi", "DIGITS", offsetof(struct options, imsi) },
	{ "iccid", "DIGITS", offsetof(struct options, iccid) },
	{ "number", "NUMBER: of the SIM (AT+CNUM)", offsetof(struct options, number) },
	{ "smsc", "NUMBER: message centre, may be empty", offsetof(struct options, smsc) },
	{ "pin", "PIN: the SIM asks for it", offsetof(struct options, pin) },
	{ "puk", "PUK", offsetof(struct options, puk) },
	{ "operator", "NAME", offsetof(struct options, operator_name) },
	{ "reports", "none|delivered|failed|PREFIX:ST[/ST],...",
	  offsetof(struct options, reports) },
	{ "ussd", "TEXT: the answer to any USSD code", offsetof(struct options, ussd) },
	{ "cnmi", "LIST: what AT+CNMI=? shows and AT+CNMI= takes", offsetof(struct options, cnmi) },
};

static const struct option plain[] = {
	{ "modem", required_argument, NULL, OPT_MODEM },
	{ "parts", no_argument, NULL, OPT_PARTS },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
};

enum { TABLE_SIZE = ARRAY_LEN(texts) + ARRAY_LEN(plain) + 32 };

static void usage(void)
{
	struct knobs knobs;

	knobs_init(&knobs);
	puts("gsm-simulator: GSM modems with a network and handsets behind them.\n");
	puts("  --modem NAME          the options of one more modem follow");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		printf("  --%-19s %s\n", texts[i].name, texts[i].what);
	for (size_t i = 0; i < knob_count; i++)
		printf("  --%-19s N, %ld if not given\n", knob_table[i].name,
		       knobs_get(&knobs, &knob_table[i]));
	puts("  --parts               a line in --handset for each part too");
	puts("  --seed N              of the dice of faults");
	puts("  --quiet               no violations on stderr");
}

static void defaults(struct options *o)
{
	*o = (struct options){
		.name = "modem0",
		.manufacturer = "Simulated",
		.model = "GSM-1",
		.revision = "GSM1R" SIMGATE_VERSION,
		.imei = "356938035643809",
		.imsi = "250011234567890",
		.iccid = "89701012345678901234",
		.number = "",
		.smsc = "+79168999100",
		.puk = "12345678",
		.operator_name = "Simulated",
		.reports = "none",
		.cnmi = "(0-2),(0-3),(0,2),(0-2),(0,1)",
		.seed = 1,
	};
	knobs_init(&o->knobs);
}

/* Each kind of option with a number of its own, so that one switch-free lookup finds it. */
static void build_table(struct option table[static TABLE_SIZE])
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		table[n++] = plain[i];
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		table[n++] = (struct option){ texts[i].name, required_argument, NULL, OPT_TEXT };
	for (size_t i = 0; i < knob_count && n + 1 < TABLE_SIZE; i++)
		table[n++] =
			(struct option){ knob_table[i].name, required_argument, NULL, OPT_SET };
	table[n] = (struct option){ .name = NULL };
}

static int take_text(struct options *o, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (strcmp(texts[i].name, name) == 0)
			*(const char **)(void *)((char *)o + texts[i].offset) = optarg;
	return 0;
}

static int take_knob(struct options *o, const char *name)
{
	if (knobs_set(&o->knobs, name, optarg) == 0)
		return 0;
	fprintf(stderr, "--%s: %s is not a number in its range\n", name, optarg);
	return -1;
}

static int new_modem(struct options *all, int *n)
{
	if (*n == OPTIONS_MODEMS_MAX) {
		fprintf(stderr, "at most %d modems\n", OPTIONS_MODEMS_MAX);
		return -1;
	}
	if (*n == 0)
		all[OPTIONS_MODEMS_MAX] = all[0];
	all[*n] = all[OPTIONS_MODEMS_MAX];
	all[(*n)++].name = optarg;
	return 0;
}

static int take(struct options *all, int *n, int option, const char *name)
{
	struct options *o = &all[*n > 0 ? *n - 1 : 0];

	switch (option) {
	case OPT_MODEM:
		return new_modem(all, n);
	case OPT_TEXT:
		return take_text(o, name);
	case OPT_SET:
		return take_knob(o, name);
	case OPT_PARTS:
		o->parts = true;
		return 0;
	case OPT_QUIET:
		o->quiet = true;
		return 0;
	case OPT_SEED:
		o->seed = strtoul(optarg, NULL, 10);
		return 0;
	default:
		return -1;
	}
}

/* The number at the end of the name (gsm1), else its place among the modems. */
static unsigned number_of(const char *name, int place)
{
	size_t n = strlen(name);

	while (n > 0 && isdigit((unsigned char)name[n - 1]))
		n--;
	return name[n] != '\0' ? (unsigned)strtoul(name + n, NULL, 10) % 1000 : (unsigned)place;
}

/* No two modems, and no two SIMs, are the same unless they are told to be. */
static void set_apart(struct options *all, int n)
{
	enum { NUMBER_SIZE = 24, TAIL = 3 };
	static char numbers[OPTIONS_MODEMS_MAX][3][NUMBER_SIZE];
	struct options usual;

	defaults(&usual);
	for (int i = 0; i < n; i++) {
		unsigned by = number_of(all[i].name, i);
		const char **const own[] = { &all[i].imei, &all[i].imsi, &all[i].iccid };
		const char *const given[] = { usual.imei, usual.imsi, usual.iccid };

		for (size_t k = 0; by > 0 && k < ARRAY_LEN(own); k++) {
			size_t head = strlen(given[k]) - TAIL;

			if (strcmp(*own[k], given[k]) != 0)
				continue;
			snprintf(numbers[i][k], NUMBER_SIZE, "%.*s%03lu", (int)head, given[k],
				 (strtoul(given[k] + head, NULL, 10) + by) % 1000);
			*own[k] = numbers[i][k];
		}
	}
}

static int check(const struct options *all, int n)
{
	for (int i = 0; i < n; i++) {
		if (all[i].pty == NULL && all[i].tcp == NULL) {
			fprintf(stderr, "%s: needs --pty or --tcp\n", all[i].name);
			return -1;
		}
		for (int k = 0; k < i; k++) {
			if (strcmp(all[i].name, all[k].name) == 0 ||
			    (all[i].pty && all[k].pty && strcmp(all[i].pty, all[k].pty) == 0)) {
				fprintf(stderr, "%s: a name or path twice\n", all[i].name);
				return -1;
			}
		}
	}
	return n;
}

int options_parse(struct options all[static OPTIONS_MODEMS_MAX + 1], int argc, char **argv)
{
	struct option table[TABLE_SIZE];
	int option, at, n = 0;

	defaults(&all[0]);
	build_table(table);
	while ((option = getopt_long(argc, argv, "", table, &at)) != -1) {
		if (option == OPT_HELP) {
			usage();
			return 0;
		}
		if (option == OPT_VERSION) {
			puts("gsm-simulator " SIMGATE_VERSION);
			return 0;
		}
		if (take(all, &n, option, option == '?' ? "" : table[at].name) < 0)
			return -1;
	}
	if (optind < argc) {
		fprintf(stderr, "what is %s? see --help\n", argv[optind]);
		return -1;
	}
	set_apart(all, n > 0 ? n : 1);
	return check(all, n > 0 ? n : 1);
}
