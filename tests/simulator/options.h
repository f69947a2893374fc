/* options.h - the command line: one set of options per modem, and the control sockets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tests/simulator/knobs.h"

enum { OPTIONS_MODEMS_MAX = 256 };

struct options {
	const char *name, *pty, *tcp, *control;
	const char *log, *handset, *dialogue;
	const char *manufacturer, *model, *revision, *imei;
	const char *imsi, *iccid, *number, *smsc, *pin, *puk; /* pin NULL: the SIM is not locked */
	const char *operator_name, *reports, *ussd, *cnmi;
	bool parts, quiet;
	unsigned long seed;
	struct knobs knobs;
};

/* Fills at most OPTIONS_MODEMS_MAX, and keeps what all have in common in the one behind them;
 * strings stay those of argv. Their number, 0 if there is nothing to run (--help, --version), or
 * -1 after a line on stderr. */
int options_parse(struct options all[static OPTIONS_MODEMS_MAX + 1], int argc, char **argv);
