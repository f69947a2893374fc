/* session_config.c - other settings for a session that runs (SIGHUP).
 *
 * Most settings are read where they are used, so the next use has the new ones. Where the port may
 * be another or must be opened otherwise, or the SIM be set up anew, it is opened again, after the
 * message on the air. A retired session closes its port and waits for settings to come back. */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "modem/bringup.h"

static bool needs_reopening(const struct config_modem *a, const struct config_modem *b)
{
	const struct config_match *m = &a->match, *n = &b->match;
	const char *const pairs[][2] = {
		{ a->device, b->device },
		{ a->pin_file, b->pin_file },
		{ a->smsc, b->smsc },
		{ m->imei, n->imei },
		{ m->iccid, n->iccid },
		{ m->imsi, n->imsi },
		{ m->usb_serial, n->usb_serial },
		{ m->usb_path, n->usb_path },
		{ m->usb_id, n->usb_id },
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (strcmp(pairs[i][0], pairs[i][1]) != 0)
			return true;
	return a->baud != b->baud || a->flow != b->flow || m->interface != n->interface;
}

static void take(struct session *s, const struct config *config, const struct config_modem *modem)
{
	const struct config *old = s->config;

	s->config = config_ref(config);
	s->modem = modem;
	snprintf(s->status.number, sizeof(s->status.number), "%s", modem->number);
	config_unref(old);
}

static void reopen_later(struct session *s, const char *why)
{
	s->action_why = why;
	s->action_due = MODEM_REOPEN;
	s->action_set = true;
	session_soon(s);
}

void session_reopen_later(struct session *s, const char *why)
{
	if (!s->closing && !s->refused && !s->action_set)
		reopen_later(s, why);
}

void session_set_config(struct session *s, const struct config *config,
			const struct config_modem *modem)
{
	bool waits = s->status.state == MODEM_SIM_PIN; /* its file may hold another PIN now */
	bool again = s->refused || waits || needs_reopening(s->modem, modem);

	take(s, config, modem);
	if (s->closing || !again)
		return;
	s->refused = false;
	reopen_later(s, "its configuration changed");
}

void session_retire(struct session *s, const struct config *config,
		    const struct config_modem *modem, const char *why)
{
	take(s, config, modem);
	if (s->closing)
		return;
	s->refused = true;
	reopen_later(s, why);
}
