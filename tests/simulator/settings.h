/* settings.h - what commands set and a modem forgets when it boots, and at ATZ and AT&F. */
#pragma once

#include <stdbool.h>

#include "tests/simulator/radio.h"
#include "tests/simulator/store.h"

enum charset { CHARSET_GSM, CHARSET_IRA, CHARSET_UCS2 };

struct settings {
	bool echo, verbose, quiet;
	int errors;                  /* +CMEE */
	int text_mode;               /* +CMGF */
	int service;                 /* +CSMS */
	int registration[REG_COUNT]; /* +CREG, +CGREG, +CEREG */
	int notify[5];               /* +CNMI: mode, mt, bm, ds, bfr */
	int clip, cring;
	int operator_format;
	int more_messages, bearer; /* +CMMS, +CGSMS */
	enum charset charset;
	enum memory memory[3]; /* +CPMS */
};
