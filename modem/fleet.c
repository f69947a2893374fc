/* fleet.c - owns a session for every modem of the configuration and finds them by name.
 *
 * Two modems on one device would read each other's answers: the second one is refused. Closing
 * waits for the last session, then the fleet is no more. */
#include "modem/fleet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct control {
	size_t n, open;
	void (*closed)(void *arg);
	void *closed_arg;
	struct session *sessions[];
};

/* Two names of one device: links are resolved as far as they lead somewhere now. */
static bool is_same_device(const char *one, const char *other)
{
	char *one_real = realpath(one, NULL), *other_real = realpath(other, NULL);
	bool same = strcmp(one_real != NULL ? one_real : one,
			   other_real != NULL ? other_real : other) == 0;

	free(one_real);
	free(other_real);
	return same;
}

/* Does an earlier modem use the same device? */
static bool is_taken(const struct config *config, size_t i)
{
	const char *device = config->modems[i].device;

	for (size_t k = 0; k < i && device[0] != '\0'; k++)
		if (is_same_device(config->modems[k].device, device))
			return true;
	return false;
}

struct control *fleet_new(uv_loop_t *loop, const struct config *config,
			  const struct session_events *events, void *arg)
{
	struct control *fleet =
		calloc(1, sizeof(*fleet) + config->n_modems * sizeof(fleet->sessions[0]));

	if (fleet == NULL)
		return NULL;
	for (size_t i = 0; i < config->n_modems; i++) {
		struct session *session =
			session_new(loop, config, config->modems[i].name, events, arg);

		if (session == NULL)
			continue;
		if (is_taken(config, i))
			session_refuse(session, "another modem of the configuration has the same "
						"device; change one of them");
		fleet->sessions[fleet->n++] = session;
	}
	fleet->open = fleet->n;
	return fleet;
}

struct session *fleet_session(struct control *fleet, size_t i)
{
	return fleet->sessions[i];
}

static void on_session_closed(void *arg)
{
	struct control *fleet = arg;
	void (*closed)(void *) = fleet->closed;
	void *closed_arg = fleet->closed_arg;

	if (--fleet->open > 0)
		return;
	free(fleet);
	if (closed != NULL)
		closed(closed_arg);
}

void fleet_close(struct control *fleet, unsigned grace_ms, void (*closed)(void *arg), void *arg)
{
	size_t n = fleet->n; /* with none, the one who closes is the last */

	fleet->closed = closed;
	fleet->closed_arg = arg;
	fleet->open++;
	for (size_t i = 0; i < n; i++)
		session_close(fleet->sessions[i], grace_ms, on_session_closed, fleet);
	on_session_closed(fleet);
}

size_t control_count(const struct control *control)
{
	return control->n;
}

const struct modem_status *control_at(const struct control *control, size_t i)
{
	return session_status(control->sessions[i]);
}

static struct session *find(const struct control *control, const char *name)
{
	for (size_t i = 0; i < control->n; i++)
		if (strcmp(session_status(control->sessions[i])->name, name) == 0)
			return control->sessions[i];
	return NULL;
}

const struct modem_status *control_find(const struct control *control, const char *name)
{
	const struct session *session = find(control, name);

	return session != NULL ? session_status(session) : NULL;
}

int control_action(struct control *control, const char *name, enum modem_action action)
{
	struct session *session = find(control, name);

	return session != NULL ? session_action(session, action) : -ENOENT;
}

int control_at_command(struct control *control, const char *name, const char *command,
		       modem_answer *done, void *arg)
{
	struct session *session = find(control, name);

	return session != NULL ? session_at(session, command, done, arg) : -ENOENT;
}

int control_ussd(struct control *control, const char *name, const char *code, modem_answer *done,
		 void *arg)
{
	struct session *session = find(control, name);

	return session != NULL ? session_ussd(session, code, done, arg) : -ENOENT;
}

int control_trace(struct control *control, const char *name, modem_trace *trace, void *arg)
{
	struct session *session = find(control, name);

	return session != NULL ? session_trace(session, trace, arg) : -ENOENT;
}
