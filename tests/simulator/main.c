/* main.c - gsm-simulator: modems from the command line, on one loop, until SIGTERM or SIGINT. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "tests/simulator/control.h"
#include "tests/simulator/modem.h"

struct simulator {
	struct options options[OPTIONS_MODEMS_MAX + 1];
	struct modem *modems;
	struct control *controls[OPTIONS_MODEMS_MAX];
	size_t n_controls;
	uv_signal_t signals[2];
	uv_prepare_t flush;
};

static struct simulator simulator;

static void stop(struct simulator *sim)
{
	while (sim->modems != NULL) {
		struct modem *modem = sim->modems;

		sim->modems = modem->next;
		modem_free(modem);
	}
	for (size_t i = 0; i < 2; i++)
		uv_close((uv_handle_t *)&sim->signals[i], NULL);
	uv_close((uv_handle_t *)&sim->flush, NULL);
}

static void stop_controls(struct simulator *sim)
{
	for (size_t i = 0; i < sim->n_controls; i++)
		control_free(sim->controls[i]);
	sim->n_controls = 0;
}

/* Controls first: a client that waits for a call must not be answered out of a freed modem. */
static void on_signal(uv_signal_t *handle, int number)
{
	(void)number;
	stop_controls(handle->data);
	stop(handle->data);
}

/* Once a turn of the loop, before it sleeps: logs are on disk whenever the simulator is idle. */
static void on_idle(uv_prepare_t *handle)
{
	(void)handle;
	sink_flush_all();
}

static void watch(struct simulator *sim, uv_loop_t *loop)
{
	static const int numbers[2] = { SIGTERM, SIGINT };

	for (size_t i = 0; i < 2; i++) {
		uv_signal_init(loop, &sim->signals[i]);
		sim->signals[i].data = sim;
		uv_signal_start(&sim->signals[i], on_signal, numbers[i]);
	}
	uv_prepare_init(loop, &sim->flush);
	uv_prepare_start(&sim->flush, on_idle);
}

static int start_modems(struct simulator *sim, uv_loop_t *loop, int n)
{
	struct modem **end = &sim->modems;

	for (int i = 0; i < n; i++) {
		*end = modem_new(loop, &sim->options[i]);
		if (*end == NULL)
			return -1;
		end = &(*end)->next;
	}
	return 0;
}

/* Modems that name the same socket share it; it is the first one's own. */
static int start_controls(struct simulator *sim, uv_loop_t *loop)
{
	for (struct modem *modem = sim->modems; modem != NULL; modem = modem->next) {
		const char *path = modem->options->control;
		const struct modem *earlier = sim->modems;

		while (earlier != modem && (path == NULL || earlier->options->control == NULL ||
					    strcmp(path, earlier->options->control) != 0))
			earlier = earlier->next;
		if (path == NULL || earlier != modem)
			continue;
		sim->controls[sim->n_controls] = control_new(loop, path, sim->modems, modem);
		if (sim->controls[sim->n_controls] == NULL)
			return -1;
		sim->n_controls++;
	}
	return 0;
}

static void say_ready(const struct simulator *sim)
{
	for (const struct modem *modem = sim->modems; modem != NULL; modem = modem->next)
		for (size_t i = 0; i < MODEM_LINES_MAX; i++)
			if (modem->lines[i] != NULL)
				printf("ready %s %s\n", modem->options->name,
				       line_address(modem->lines[i]));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct simulator *sim = &simulator;
	uv_loop_t *loop = uv_default_loop();
	int n = options_parse(sim->options, argc, argv), result = 0;

	if (n <= 0)
		return n < 0 ? 2 : 0;
	signal(SIGPIPE, SIG_IGN);
	watch(sim, loop);
	if (start_modems(sim, loop, n) < 0 || start_controls(sim, loop) < 0) {
		stop_controls(sim);
		stop(sim);
		result = 1;
	} else {
		say_ready(sim);
	}
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
	sink_close_all();
	return result;
}
