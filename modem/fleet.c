/* fleet.c - owns a session for every modem and finds them by name.
 *
 * Sessions ask the fleet where their modem is before each opening, and whether who answers there
 * may be used (fleet_find.c); everything else that they tell goes on to the dispatcher. Closing
 * waits for the last session and probe, then the fleet is no more. */
#include "modem/fleet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modem/detect.h"
#include "modem/fleet_private.h"

/* ---- events ---- */

static bool on_locate(void *arg, struct session *session, char device[static SESSION_DEVICE_SIZE],
		      char why[static SESSION_WHY_SIZE])
{
	(void)session;
	return find_device(arg, device, why);
}

static bool on_identified(void *arg, struct session *session,
			  const struct session_identity *identity,
			  char why[static SESSION_WHY_SIZE])
{
	(void)session;
	return find_identified(arg, identity, why);
}

static void on_changed(void *arg, struct session *session)
{
	const struct control *fleet = ((struct seat *)arg)->fleet;

	fleet->events->changed(fleet->arg, session);
}

static void on_send_done(void *arg, struct session *session, const struct send_outcome *outcome)
{
	const struct control *fleet = ((struct seat *)arg)->fleet;

	fleet->events->send_done(fleet->arg, session, outcome);
}

static void on_late_reply(void *arg, struct session *session, int reference)
{
	const struct control *fleet = ((struct seat *)arg)->fleet;

	fleet->events->late_reply(fleet->arg, session, reference);
}

static void on_inbound(void *arg, struct session *session, const struct session_inbound *in)
{
	const struct control *fleet = ((struct seat *)arg)->fleet;

	fleet->events->inbound(fleet->arg, session, in);
}

static void on_call(void *arg, struct session *session, const char *number, int type)
{
	const struct control *fleet = ((struct seat *)arg)->fleet;

	fleet->events->call(fleet->arg, session, number, type);
}

static void on_pin_wanted(void *arg, struct session *session, const char *iccid, int tries_left)
{
	const struct control *fleet = ((struct seat *)arg)->fleet;

	fleet->events->pin_wanted(fleet->arg, session, iccid, tries_left);
}

static void on_gone(void *arg, struct session *session)
{
	const struct control *fleet = ((struct seat *)arg)->fleet;

	if (fleet->events->gone != NULL)
		fleet->events->gone(fleet->arg, session);
}

static const struct session_events seat_events = {
	.locate = on_locate,
	.identified = on_identified,
	.changed = on_changed,
	.send_done = on_send_done,
	.late_reply = on_late_reply,
	.inbound = on_inbound,
	.call = on_call,
	.pin_wanted = on_pin_wanted,
	.gone = on_gone,
};

/* ---- seats ---- */

static struct seat *seat_new(struct control *fleet)
{
	struct seat *seat = fleet->n < fleet->room ? calloc(1, sizeof(*seat)) : NULL;

	if (seat != NULL)
		seat->fleet = fleet;
	return seat;
}

static struct seat *take(struct control *fleet, struct seat *seat)
{
	if (seat->session == NULL) {
		free(seat);
		return NULL;
	}
	fleet->open++;
	fleet->seats[fleet->n++] = seat;
	return seat;
}

struct seat *fleet_add(struct control *fleet, const struct port_facts *port)
{
	struct seat *seat = seat_new(fleet);

	if (seat == NULL)
		return NULL;
	snprintf(seat->path, sizeof(seat->path), "%s", port->usb_path);
	snprintf(seat->name, sizeof(seat->name), "usb-%s", port->usb_path);
	seat->own = *config_modem_default();
	seat->own.name = seat->name;
	seat->own.match.usb_path = seat->path;
	seat->modem = &seat->own;
	seat->session =
		session_new_unnamed(fleet->loop, fleet->config, &seat->own, &seat_events, seat);
	return take(fleet, seat);
}

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

const char *fleet_taken(const struct config *config, size_t i)
{
	const char *device = config->modems[i].device;

	for (size_t k = 0; k < i && device[0] != '\0'; k++)
		if (is_same_device(config->modems[k].device, device))
			return "another modem of the configuration has the same device; change "
			       "one of them";
	return NULL;
}

struct seat *fleet_add_configured(struct control *fleet, size_t i)
{
	const struct config_modem *modem = &fleet->config->modems[i];
	const char *why = fleet_taken(fleet->config, i);
	struct seat *seat = seat_new(fleet);

	if (seat == NULL)
		return NULL;
	seat->modem = modem;
	seat->session = session_new(fleet->loop, fleet->config, modem->name, &seat_events, seat);
	seat = take(fleet, seat);
	if (seat != NULL && why != NULL)
		session_refuse(seat->session, why);
	return seat;
}

const struct seat *fleet_user(const struct control *fleet, const char *usb_path)
{
	for (size_t i = 0; i < fleet->n; i++) {
		const struct seat *seat = fleet->seats[i];
		enum modem_state state = session_status(seat->session)->state;

		if (seat->open && usb_path[0] != '\0' && strcmp(seat->usb_path, usb_path) == 0 &&
		    state != MODEM_ABSENT && state != MODEM_FAILED)
			return seat;
	}
	return NULL;
}

/* ---- life ---- */

static void on_ports(void *arg)
{
	struct control *fleet = arg;

	if (fleet->closing)
		return;
	find_scan(fleet);
	find_wake(fleet);
}

struct control *fleet_new_at(uv_loop_t *loop, const struct config *config,
			     const struct ports_root *root, const struct session_events *events,
			     void *arg)
{
	struct control *fleet = calloc(1, sizeof(*fleet));

	if (fleet == NULL)
		return NULL;
	fleet->room = config->n_modems + FLEET_PLACES_MAX;
	fleet->seats = calloc(fleet->room, sizeof(*fleet->seats));
	if (fleet->seats == NULL) {
		free(fleet);
		return NULL;
	}
	fleet->open = 1;
	fleet->loop = loop;
	fleet->config = config_ref(config);
	fleet->root = *root;
	fleet->events = events;
	fleet->arg = arg;
	fleet->watch = ports_watch_start(loop, root->dev, on_ports, fleet);
	for (size_t i = 0; i < config->n_modems; i++)
		fleet_add_configured(fleet, i);
	find_scan(fleet);
	return fleet;
}

struct control *fleet_new(uv_loop_t *loop, const struct config *config,
			  const struct session_events *events, void *arg)
{
	return fleet_new_at(loop, config, &ports_system, events, arg);
}

struct session *fleet_session(struct control *fleet, size_t i)
{
	return fleet->seats[i]->session;
}

size_t fleet_max(const struct control *fleet)
{
	return fleet->room;
}

void fleet_ended(struct control *fleet)
{
	void (*closed)(void *) = fleet->closed;
	void *closed_arg = fleet->closed_arg;

	if (--fleet->open > 0)
		return;
	for (size_t i = 0; i < fleet->n; i++)
		free(fleet->seats[i]);
	free(fleet->seats);
	port_list_free(&fleet->list);
	config_unref(fleet->config);
	free(fleet);
	if (closed != NULL)
		closed(closed_arg);
}

static void on_session_closed(void *arg)
{
	fleet_ended(arg);
}

void fleet_close(struct control *fleet, unsigned grace_ms, void (*closed)(void *arg), void *arg)
{
	size_t n = fleet->n;

	fleet->closing = true;
	fleet->closed = closed;
	fleet->closed_arg = arg;
	ports_watch_stop(fleet->watch);
	ask_close(fleet);
	if (fleet->detect != NULL)
		detect_cancel(fleet->detect);
	for (size_t i = 0; i < n; i++)
		session_close(fleet->seats[i]->session, grace_ms, on_session_closed, fleet);
	fleet_ended(fleet);
}

/* ---- control.h ---- */

size_t control_count(const struct control *control)
{
	size_t n = 0;

	for (size_t i = 0; i < control->n; i++)
		n += !control->seats[i]->retired;
	return n;
}

const struct modem_status *control_at(const struct control *control, size_t i)
{
	struct seat **seat = control->seats;

	while ((*seat)->retired || i-- > 0)
		seat++;
	return session_status((*seat)->session);
}

static struct session *find(const struct control *control, const char *name)
{
	for (size_t i = 0; i < control->n; i++) {
		struct session *session = control->seats[i]->session;

		if (!control->seats[i]->retired && strcmp(session_status(session)->name, name) == 0)
			return session;
	}
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
