/* verification_channels.c - which ways there are to prove a number, and which a site offers. */
#include <string.h>

#include "base/util.h"
#include "service/verification_private.h"

static const struct verification_channel *const channels[] = {
	&channel_sms,
	&channel_inbound_sms,
	&channel_missed_call,
};

const struct verification_channel *verification_channel(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(channels); i++)
		if (strcmp(channels[i]->name, name) == 0)
			return channels[i];
	return NULL;
}

bool verification_offers(const struct config_site *site, const char *channel)
{
	const struct config_strings *offered = &site->verification.channels;

	for (size_t i = 0; i < offered->n; i++)
		if (strcmp(offered->items[i], channel) == 0)
			return true;
	return false;
}

/* Is there a modem that users could be told to send to? */
static bool has_gateway(const struct config *config)
{
	for (size_t i = 0; i < config->n_modems; i++)
		if (config->modems[i].number[0] != '\0')
			return true;
	return false;
}

void verification_alternatives(const struct rule *rule, const struct config_site *site,
			       const char *alternatives[static RULE_ALTERNATIVES])
{
	size_t n = 0;

	for (size_t i = 0; i < RULE_ALTERNATIVES; i++)
		alternatives[i] = NULL;
	if (!has_gateway(rule->config))
		return;
	for (size_t i = 0; i < ARRAY_LEN(channels) && n < RULE_ALTERNATIVES; i++)
		if (channels[i]->from_user && verification_offers(site, channels[i]->name))
			alternatives[n++] = channels[i]->name;
}
