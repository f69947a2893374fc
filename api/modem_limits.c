/* modem_limits.c - limits are the configuration's, what is used of them is counted on disk. */
#include "api/modem_limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"
#include "queue/db_quota.h"

void modem_limits_of(struct modem_limits *limits, const struct modem_status *status)
{
	copy_text(limits->name, sizeof(limits->name), status->name);
	snprintf(limits->sim, sizeof(limits->sim), "%.23s", modem_sim(status));
}

static int count_one(struct db *db, const char *sim, struct json_quota *quota)
{
	static const struct config_rates none = { NULL, 0 };
	const struct config_rates one = { &quota->rate, 1 };
	const struct quota_limits limits = {
		.parts = quota->recipients ? &none : &one,
		.recipients = quota->recipients ? &one : &none,
	};
	struct quota_state state;
	int err = db_quota_look(db, sim, &limits, 1, &state);

	quota->next_at = state.open_at[QUOTA_OTHERS];
	if (err < 0)
		return err;
	return quota->recipients
		       ? db_quota_recipients_used(db, sim, quota->rate.window_ms, &quota->used)
		       : db_quota_parts_used(db, sim, quota->rate.window_ms, &quota->used);
}

static int count_rates(struct db *db, struct modem_limits *modem, const struct config_rates *rates,
		       bool recipients)
{
	int err = 0;

	for (size_t i = 0; i < rates->n && err == 0; i++) {
		struct json_quota *quota = &modem->items[modem->n++];

		quota->rate = rates->items[i];
		quota->recipients = recipients;
		err = count_one(db, modem->sim, quota);
	}
	return err;
}

static void forget(struct modem_limits *modems, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(modems[i].items);
		modems[i].items = NULL;
		modems[i].n = 0;
	}
}

int modem_limits_count(const struct rule *rule, struct modem_limits *modems, size_t n)
{
	int err = 0;

	forget(modems, n);
	for (size_t i = 0; i < n && err == 0; i++) {
		struct modem_limits *modem = &modems[i];
		const struct config_modem *config = config_modem(rule->config, modem->name);

		if (config == NULL || config->limits.n + config->recipients.n == 0)
			continue;
		modem->items =
			calloc(config->limits.n + config->recipients.n, sizeof(*modem->items));
		if (modem->items == NULL)
			return -ENOMEM;
		err = count_rates(rule->db, modem, &config->limits, false);
		if (err == 0)
			err = count_rates(rule->db, modem, &config->recipients, true);
	}
	return err;
}

void modem_limits_free(struct modem_limits *modems, size_t n)
{
	forget(modems, n);
	free(modems);
}
