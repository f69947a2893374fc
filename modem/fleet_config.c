/* fleet_config.c - another snapshot for a fleet that runs (SIGHUP).
 *
 * Steps: every seat gets its modem's new settings, or retires when no configuration names it any
 * more (a retired seat is shown nowhere and comes back when it is named again); modems that are new
 * get seats; then ports are looked at again. */
#include <string.h>

#include "base/log.h"
#include "modem/fleet_private.h"

/* The place in config of the modem that this seat stands for; n_modems: none. */
static size_t place_of(const struct config *config, const struct seat *seat)
{
	const char *name = session_status(seat->session)->name;
	size_t i = seat->path[0] != '\0' ? config->n_modems : 0;

	while (i < config->n_modems && strcmp(config->modems[i].name, name) != 0)
		i++;
	return i;
}

/* What it was configured with goes away with the old snapshot. */
static void retire(struct seat *seat)
{
	if (seat->path[0] == '\0') {
		seat->own = *config_modem_default();
		seat->own.name = session_status(seat->session)->name;
		seat->modem = &seat->own;
	}
	if (!seat->retired)
		log_info("%s is in the configuration no more", seat->modem->name);
	seat->retired = true;
	session_retire(seat->session, seat->fleet->config, seat->modem,
		       "it is in the configuration no more");
}

static void settle(struct seat *seat)
{
	const struct config *config = seat->fleet->config;
	size_t i = place_of(config, seat);
	const char *why = NULL;

	if (i < config->n_modems) {
		seat->modem = &config->modems[i];
		why = fleet_taken(config, i);
	} else if (seat->path[0] == '\0' || config->n_modems > 0) {
		retire(seat);
		return;
	}
	seat->retired = false;
	if (why != NULL)
		session_retire(seat->session, config, seat->modem, why);
	else
		session_set_config(seat->session, config, seat->modem);
}

static bool has_seat(const struct control *fleet, size_t i)
{
	for (size_t k = 0; k < fleet->n; k++)
		if (place_of(fleet->config, fleet->seats[k]) == i)
			return true;
	return false;
}

static void add_new(struct control *fleet, size_t i)
{
	const struct seat *seat = fleet_add_configured(fleet, i);

	if (seat == NULL) {
		log_error("no room for modem %s: restart simgated", fleet->config->modems[i].name);
		return;
	}
	if (fleet->events->added != NULL)
		fleet->events->added(fleet->arg, seat->session);
}

void fleet_set_config(struct control *fleet, const struct config *config)
{
	const struct config *old = fleet->config;

	if (fleet->closing)
		return;
	fleet->config = config_ref(config);
	for (size_t i = 0; i < fleet->n; i++)
		settle(fleet->seats[i]);
	for (size_t i = 0; i < config->n_modems; i++)
		if (!has_seat(fleet, i))
			add_new(fleet, i);
	config_unref(old);
	find_scan(fleet);
	find_wake(fleet);
}
