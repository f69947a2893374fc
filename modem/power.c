/* power.c - owns one child process: the operator's command that switches a modem off and on.
 *
 * Steps: spawn (no shell, no standard streams, its own environment), wait, reap; after a minute it
 * is killed. It fails by not starting, by a status other than 0, or by its time. */
#include "modem/power.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIMIT_MS = 60000, NAME_SIZE = 256 };

struct power {
	uv_process_t process;
	uv_timer_t limit;
	unsigned open;
	bool killed;
	char failure[80];
	power_done *done;
	void *arg;
};

static void on_closed(uv_handle_t *handle)
{
	struct power *power = handle->data;

	if (--power->open > 0)
		return;
	power->done(power->arg, power->failure[0] != '\0' ? power->failure : NULL);
	free(power);
}

static void close_all(struct power *power)
{
	uv_close((uv_handle_t *)&power->process, on_closed);
	uv_close((uv_handle_t *)&power->limit, on_closed);
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
	struct power *power = process->data;

	if (power->killed)
		snprintf(power->failure, sizeof(power->failure), "stopped before it was done");
	else if (signal != 0)
		snprintf(power->failure, sizeof(power->failure), "ended by signal %d", signal);
	else if (status != 0)
		snprintf(power->failure, sizeof(power->failure), "ended with status %d",
			 (int)status);
	close_all(power);
}

/* With all that it has started: it leads a group of its own. */
void power_stop(struct power *power)
{
	power->killed = true;
	if (uv_is_active((uv_handle_t *)&power->process))
		uv_kill(-power->process.pid, SIGKILL);
}

static void on_limit(uv_timer_t *timer)
{
	power_stop(timer->data);
}

static int spawn(struct power *power, uv_loop_t *loop, const struct config_strings *argv,
		 const char *modem, const char *device)
{
	char **args = calloc(argv->n + 1, sizeof(*args));
	char name[NAME_SIZE], path[NAME_SIZE], search[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *env[] = { search, name, path, NULL };
	uv_process_options_t options = {
		.exit_cb = on_ended,
		.file = argv->items[0],
		.args = args,
		.env = env,
		.flags = UV_PROCESS_DETACHED,
	};
	int r;

	for (size_t i = 0; args != NULL && i < argv->n; i++)
		args[i] = (char *)argv->items[i]; /* libuv only reads them */
	snprintf(name, sizeof(name), "SIMGATE_MODEM=%s", modem);
	snprintf(path, sizeof(path), "SIMGATE_DEVICE=%s", device);
	r = uv_spawn(loop, &power->process, &options); /* NULL for args is an error of its own */
	free(args);
	return r;
}

struct power *power_start(uv_loop_t *loop, const struct config_strings *argv, const char *modem,
			  const char *device, power_done *done, void *arg)
{
	struct power *power = calloc(1, sizeof(*power));
	int r;

	if (power == NULL)
		return NULL;
	power->done = done;
	power->arg = arg;
	power->open = 2;
	uv_timer_init(loop, &power->limit);
	uv_timer_start(&power->limit, on_limit, LIMIT_MS, 0);
	r = spawn(power, loop, argv, modem, device);
	power->process.data = power->limit.data = power;
	if (r < 0) { /* its handles are there all the same */
		snprintf(power->failure, sizeof(power->failure), "cannot be run: %s",
			 uv_strerror(r));
		close_all(power);
	}
	return power;
}
