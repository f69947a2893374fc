/* modem.c - a modem's life: made from options, booted, unplugged, plugged, freed.
 *
 * Unplugging takes the power too, as on USB: settings are lost and what was in flight is dropped;
 * SIM, memories and the network's queues stay. */
#include "tests/simulator/modem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static const char *const boot_lines[] = { "RDY", "+CFUN: 1" };

void modem_remark(struct modem *modem, const char *format, ...)
{
	char text[512];
	va_list args;

	if (modem->log == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	sink_trace(modem->log, modem->options->name, '*', text, strlen(text));
}

void modem_violation(struct modem *modem, const char *format, ...)
{
	char *text = modem->violations[modem->stats.violations++ % VIOLATIONS_KEPT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, VIOLATION_SIZE, format, args);
	va_end(args);
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < 0x20)
			*c = '.';
	modem_remark(modem, "violation: %s", text);
	if (!modem->options->quiet)
		fprintf(stderr, "%s: violation: %s\n", modem->options->name, text);
}

bool modem_fault(struct modem *modem, enum fault_kind kind, const char *command, long *number)
{
	if (!faults_take(&modem->faults, kind, command, number))
		return false;
	modem->stats.faults++;
	modem_remark(modem, "fault: %s on %s", fault_name(kind), command);
	return true;
}

void modem_defaults(struct modem *modem)
{
	modem->set = (struct settings){
		.echo = true,
		.verbose = true,
		.text_mode = 1,
		.bearer = 1,
		.memory = { MEMORY_SM, MEMORY_SM, MEMORY_SM },
	};
}

static void power_off(struct modem *modem)
{
	for (int kind = 0; kind < JOB_POWER_KINDS; kind++)
		jobs_cancel(&modem->jobs, (enum job_kind)kind);
	modem->power = POWER_OFF;
	network_lost(modem);
	modem->asleep = false;
	input_reset(modem);
	reply_reset(modem);
}

static void booted(void *owner, struct job *job)
{
	struct modem *modem = owner;

	modem->power = POWER_UP;
	sim_power(modem);
	radio_update(modem);
	if (job != NULL) { /* only a boot that took time has lines */
		for (size_t i = 0; i < ARRAY_LEN(boot_lines); i++)
			reply_urc(modem, boot_lines[i], NULL);
		if (modem->sim.present)
			reply_urcf(modem, "+CPIN: %s", sim_state(modem));
	}
	network_pump(modem);
}

static void power_on(struct modem *modem)
{
	modem->stats.boots++;
	modem_defaults(modem);
	modem->radio.function = 1;
	modem->radio.mode = 0;
	memset(modem->radio.stat, 0, sizeof(modem->radio.stat));
	modem->radio.searched = false;
	modem->power = POWER_BOOTING;
	if (modem->knobs.boot_time > 0)
		jobs_after(&modem->jobs, modem->knobs.boot_time, JOB_BOOT, booted, NULL);
	else
		booted(modem, NULL);
}

static void unplug_lines(struct modem *modem)
{
	for (size_t i = 0; i < MODEM_LINES_MAX; i++)
		if (modem->lines[i] != NULL)
			line_unplug(modem->lines[i]);
}

static int plug_lines(struct modem *modem, const char *path)
{
	for (size_t i = 0; i < MODEM_LINES_MAX; i++) {
		int error = modem->lines[i] != NULL ? line_plug(modem->lines[i], path) : 0;

		if (error < 0)
			return error;
	}
	return 0;
}

void modem_unplug(struct modem *modem)
{
	modem_remark(modem, "unplugged");
	jobs_cancel(&modem->jobs, JOB_PLUG);
	unplug_lines(modem);
	power_off(modem);
}

int modem_plug(struct modem *modem, const char *path)
{
	int error;

	jobs_cancel(&modem->jobs, JOB_PLUG);
	if (modem->power != POWER_OFF)
		return -EALREADY;
	error = plug_lines(modem, path);
	if (error < 0)
		return error;
	modem_remark(modem, "plugged");
	power_on(modem);
	return 0;
}

static void plug_again(void *owner, struct job *job)
{
	struct modem *modem = owner;
	int error;

	(void)job;
	if (modem->power != POWER_OFF)
		return;
	error = plug_lines(modem, NULL);
	if (error < 0)
		fprintf(stderr, "%s: cannot come back: %s\n", modem->options->name,
			strerror(-error));
	else
		power_on(modem);
}

void modem_drop(struct modem *modem, long back_ms)
{
	modem_unplug(modem);
	if (back_ms > 0)
		jobs_after(&modem->jobs, back_ms, JOB_PLUG, plug_again, NULL);
}

void modem_reboot(struct modem *modem)
{
	long boot_ms = modem->knobs.boot_time;

	if (modem->power == POWER_OFF)
		return; /* unplugged: it boots when it is back */
	modem_remark(modem, "reboot");
	if (modem->knobs.vanish) {
		modem_drop(modem, boot_ms > 0 ? boot_ms : 1);
	} else {
		power_off(modem);
		power_on(modem);
	}
}

static void awake(void *owner, struct job *job)
{
	struct modem *modem = owner;

	(void)job;
	modem->asleep = false;
	network_pump(modem);
}

void modem_sleep(struct modem *modem, long ms)
{
	modem_remark(modem, "hangs");
	modem->asleep = true;
	if (ms >= 0)
		jobs_after(&modem->jobs, ms, JOB_AWAKE, awake, NULL);
}

static void on_bytes(void *arg, const uint8_t *bytes, size_t n)
{
	struct modem *modem = arg;

	modem->stats.bytes_in += n;
	sink_trace(modem->log, modem->options->name, '<', bytes, n);
	if (modem->power == POWER_UP && !modem->asleep)
		input_bytes(modem, bytes, n);
}

static bool make_tcp(struct modem *modem, uv_loop_t *loop, const char *tcp)
{
	const char *colon = strrchr(tcp, ':');
	char host[64] = "127.0.0.1", *end;
	const char *digits = colon != NULL ? colon + 1 : tcp;
	long port = strtol(digits, &end, 10);

	if (end == digits || *end != '\0' || port < 0 || port > 65535) {
		fprintf(stderr, "%s: --tcp takes [HOST:]PORT, not %s\n", modem->options->name, tcp);
		return false;
	}
	if (colon != NULL)
		snprintf(host, sizeof(host), "%.*s", (int)(colon - tcp), tcp);
	modem->lines[1] = line_new_tcp(loop, host, (int)port, on_bytes, modem);
	return modem->lines[1] != NULL;
}

static bool make_lines(struct modem *modem, uv_loop_t *loop)
{
	const struct options *o = modem->options;
	int error;

	if (o->pty != NULL)
		modem->lines[0] = line_new_pty(loop, o->pty, on_bytes, modem);
	if (o->tcp != NULL && !make_tcp(modem, loop, o->tcp))
		return false;
	error = plug_lines(modem, NULL);
	if (error < 0)
		fprintf(stderr, "%s: cannot open %s: %s\n", o->name, o->pty ? o->pty : o->tcp,
			strerror(-error));
	return error == 0;
}

static struct sink *open_sink(const struct options *o, const char *path, bool *ok)
{
	struct sink *sink = path != NULL ? sink_open(path) : NULL;

	if (path != NULL && sink == NULL) {
		fprintf(stderr, "%s: cannot open %s: %s\n", o->name, path, strerror(errno));
		*ok = false;
	}
	return sink;
}

static bool make_parts(struct modem *modem)
{
	const struct options *o = modem->options;
	bool ok = true;

	modem->log = open_sink(o, o->log, &ok);
	modem->handset_file = open_sink(o, o->handset, &ok);
	if (o->dialogue != NULL && dialogue_load(&modem->dialogue, o->dialogue) < 0)
		ok = false;
	if (network_reports(modem, o->reports) < 0) {
		fprintf(stderr, "%s: --reports does not understand %s\n", o->name, o->reports);
		ok = false;
	}
	if (o->ussd != NULL)
		network_ussd_set(modem, "*", o->ussd);
	return ok;
}

static void init_state(struct modem *modem)
{
	const struct options *o = modem->options;
	struct sim *sim = &modem->sim;

	modem->knobs = o->knobs;
	modem->faults.random = o->seed | 1;
	store_init(&modem->stores[MEMORY_SM], (size_t)o->knobs.memory_sm);
	store_init(&modem->stores[MEMORY_ME], (size_t)o->knobs.memory_me);
	store_init(&modem->stores[MEMORY_SR], (size_t)o->knobs.memory_sr);
	sim->present = true;
	sim->lock = o->pin != NULL;
	sim->pin_left = 3;
	sim->puk_left = 10;
	snprintf(sim->pin, sizeof(sim->pin), "%s", o->pin != NULL ? o->pin : "0000");
	snprintf(sim->puk, sizeof(sim->puk), "%s", o->puk);
	snprintf(sim->smsc, sizeof(sim->smsc), "%s", o->smsc);
	modem->radio.wanted = 1;
	modem->radio.signal = 20;
}

struct modem *modem_new(uv_loop_t *loop, const struct options *options)
{
	struct modem *modem = calloc(1, sizeof(*modem));

	if (modem == NULL)
		return NULL;
	modem->options = options;
	jobs_init(&modem->jobs, loop, modem);
	init_state(modem);
	reply_reset(modem);
	if (!make_parts(modem) || !make_lines(modem, loop)) {
		modem_free(modem);
		return NULL;
	}
	power_on(modem);
	return modem;
}

static void on_jobs_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void modem_free(struct modem *modem)
{
	network_free(modem); /* the host may hear of a call's end */
	for (size_t i = 0; i < MODEM_LINES_MAX; i++)
		line_free(modem->lines[i]);
	for (size_t i = 0; i < MEMORY_COUNT; i++)
		store_free(&modem->stores[i]);
	reply_free(modem);
	faults_clear(&modem->faults);
	dialogue_free(&modem->dialogue);
	jobs_close(&modem->jobs, on_jobs_closed);
}
