/* modem.h - one modem: its parts and its life (power, boot, unplugging). Its other headers say
 * what can be done with the parts: input.h, reply.h, command.h, radio.h, network.h. */
#pragma once

#include <uv.h>

#include "tests/simulator/dialogue.h"
#include "tests/simulator/faults.h"
#include "tests/simulator/input.h"
#include "tests/simulator/jobs.h"
#include "tests/simulator/knobs.h"
#include "tests/simulator/line.h"
#include "tests/simulator/network.h"
#include "tests/simulator/options.h"
#include "tests/simulator/radio.h"
#include "tests/simulator/reply.h"
#include "tests/simulator/settings.h"
#include "tests/simulator/sink.h"
#include "tests/simulator/sms.h"
#include "tests/simulator/store.h"

enum power { POWER_OFF, POWER_BOOTING, POWER_UP };
enum { MODEM_LINES_MAX = 2, VIOLATIONS_KEPT = 8, VIOLATION_SIZE = 160 };

/* A message between Ctrl-Z and the answer. */
struct sending {
	struct submit submit;
	unsigned length; /* AT+CMGS=length */
	int refused;     /* +CMS ERROR, 0 if accepted */
};

struct modem {
	struct modem *next;
	const struct options *options;
	struct knobs knobs;
	struct stats stats;
	struct line *lines[MODEM_LINES_MAX];
	struct jobs jobs;
	struct sink *log, *handset_file;

	enum power power;
	bool asleep; /* a hang: input is lost */
	struct settings set;
	struct sim sim;
	struct radio radio;
	struct store stores[MEMORY_COUNT];
	struct input input;
	struct reply reply;
	struct sending sending;
	struct network network;
	struct faults faults;
	struct dialogue dialogue;
	char violations[VIOLATIONS_KEPT][VIOLATION_SIZE]; /* the latest, as a ring */
};

/* options are borrowed and must live as long. NULL with a line on stderr if it cannot start. */
struct modem *modem_new(uv_loop_t *loop, const struct options *options);
void modem_free(struct modem *modem); /* its handles close on the loop */

void modem_defaults(struct modem *modem); /* the settings, as after a boot */
void modem_reboot(struct modem *modem);
void modem_unplug(struct modem *modem);
int modem_plug(struct modem *modem, const char *path); /* path: a new symlink, or NULL */
void modem_drop(struct modem *modem, long back_ms);    /* unplugs; 0: until plugged */
void modem_sleep(struct modem *modem, long ms);        /* input is lost; -1: for ever */

/* Does a fault strike this command? *number (may be NULL) gets its ARG. */
bool modem_fault(struct modem *modem, enum fault_kind kind, const char *command, long *number);

/* The host broke the protocol: counted, logged and kept for the control command. */
void modem_violation(struct modem *modem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void modem_remark(struct modem *modem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
