/* check.c - settings that depend on each other: what a client, a site, a modem or the whole file
 * must be beyond its single values. Runs also where single values were wrong (a default stands
 * there, or NULL in a list), so that one run tells everything. */
#include <string.h>

#include "config/credentials.h"
#include "config/spec.h"

static bool has(const config_setting_t *s, const char *member)
{
	return config_setting_get_member(s, member) != NULL;
}

/* Element i of setting's list member; it was read, so it is there. */
static const config_setting_t *element(const config_setting_t *s, const char *list, size_t i)
{
	return config_setting_get_elem(config_setting_get_member(s, list), (unsigned)i);
}

/* An empty list of sites could mean none as well as all. */
void spec_finish_client(struct conf_reader *r, const config_setting_t *s, void *base)
{
	const struct config_client *client = base;

	if (client->sites.items != NULL && client->sites.n == 0)
		problem_add(&r->problems, s, "sites",
			    "must hold at least one site; leave it out for all sites");
	if (has(s, "user") == has(s, "group"))
		problem_add(&r->problems, s, NULL, "must name either a user or a group%s",
			    has(s, "user") ? ", not both" : "");
}

static void check_test_numbers(struct conf_reader *r, const config_setting_t *s,
			       const struct config_site *site)
{
	for (size_t i = 0; i < site->n_test_numbers; i++) {
		const struct config_test_number *test = &site->test_numbers[i];
		const config_setting_t *at = element(s, "test_numbers", i);

		if (*test->code != '\0' && strlen(test->code) != site->verification.code_length)
			problem_add(&r->problems, at, "code",
				    "must have as many digits as code_length says: %u",
				    site->verification.code_length);
		for (size_t j = 0; j < i && *test->phone != '\0'; j++)
			if (strcmp(site->test_numbers[j].phone, test->phone) == 0)
				problem_add(&r->problems, at, "phone",
					    "is the same as that of test_numbers[%zu]", j);
	}
}

/* An empty list would refuse every verification: nobody means that. */
static void check_channels(struct conf_reader *r, const config_setting_t *s,
			   const struct config_site *site)
{
	const config_setting_t *at = config_setting_get_member(s, "verification");

	if (site->verification.channels.n == 0)
		problem_add(&r->problems, config_setting_get_member(at, "channels"), NULL,
			    "must hold at least one channel");
}

/* However long a code may live after its submit, it ends 10 minutes after it was made. */
static const int64_t code_most_ms = 10 * 60 * 1000LL;

void spec_finish_site(struct conf_reader *r, const config_setting_t *s, void *base)
{
	struct config_site *site = base;

	if (site->verification.sms_ttl_ms > code_most_ms)
		site->verification.sms_ttl_ms = code_most_ms;

	/* items is NULL only where the list was left out */
	if (site->verification.countries.items == NULL && *site->region != '\0')
		site->verification.countries = (struct config_strings){ &site->region, 1 };
	check_channels(r, s, site);
	check_test_numbers(r, s, site);
}

/* Counts are kept that long (daemon/retention.c). */
static void check_windows(struct conf_reader *r, const config_setting_t *s, const char *list,
			  const struct config_rates *rates)
{
	static const int64_t longest_ms = 31LL * 24 * 60 * 60 * 1000;

	for (size_t i = 0; i < rates->n; i++)
		if (rates->items[i].window_ms > longest_ms)
			problem_add(&r->problems, element(s, list, i), NULL,
				    "must not look back further than 31d");
}

void spec_finish_modem(struct conf_reader *r, const config_setting_t *s, void *base)
{
	const config_setting_t *match = config_setting_get_member(s, "match");
	struct config_modem *modem = base;

	credentials_take(r, "pin_", modem->name, &modem->pin_file);
	check_windows(r, s, "limits", &modem->limits);
	check_windows(r, s, "recipients", &modem->recipients);
	const config_setting_t *recovery = config_setting_get_member(s, "recovery");
	const struct config_strings *power =
		&((const struct config_modem *)base)->recovery.power_command;

	if (power->n > 0 && power->items[0] != NULL && power->items[0][0] != '/')
		problem_add(&r->problems, element(recovery, "power_command", 0), NULL,
			    "must be the absolute path of a program");
	if (!has(s, "device") && match == NULL) {
		problem_add(&r->problems, s, NULL,
			    "must say which modem it is: give a device or a match");
	} else if (match != NULL && config_setting_is_group(match)) {
		int n = config_setting_length(match);

		if (n == 0 || (n == 1 && has(match, "interface")))
			problem_add(&r->problems, match, NULL,
				    "must hold imei, iccid, imsi, usb_serial, usb_path or usb_id");
	}
}

static void check_site_names(struct conf_reader *r, const config_setting_t *root,
			     const struct config *config)
{
	for (size_t i = 1; i < config->n_sites; i++) {
		const char *name = config->sites[i].name;
		size_t j = 0;

		while (j < i && strcmp(config->sites[j].name, name) != 0)
			j++;
		if (j < i && *name != '\0')
			problem_add(&r->problems, element(root, "sites", i), "name",
				    "\"%s\" is already the name of sites[%zu]", name, j);
	}
}

static void check_client_sites(struct conf_reader *r, const config_setting_t *root,
			       const struct config *config)
{
	for (size_t i = 0; i < config->n_clients; i++) {
		const struct config_strings *sites = &config->clients[i].sites;
		const config_setting_t *client = element(root, "clients", i);

		for (size_t j = 0; j < sites->n; j++)
			if (sites->items[j] != NULL && config_site(config, sites->items[j]) == NULL)
				problem_add(&r->problems, element(client, "sites", j), NULL,
					    "there is no site named \"%s\"", sites->items[j]);
	}
}

/* What was wrong in the file stands here as "" and fits nothing. */
static bool matches_something(const struct config_match *m)
{
	return *m->imei != '\0' || *m->iccid != '\0' || *m->imsi != '\0' ||
	       *m->usb_serial != '\0' || *m->usb_path != '\0' || *m->usb_id != '\0';
}

static bool same_match(const struct config_match *a, const struct config_match *b)
{
	return matches_something(a) && a->interface == b->interface &&
	       strcmp(a->imei, b->imei) == 0 && strcmp(a->iccid, b->iccid) == 0 &&
	       strcmp(a->imsi, b->imsi) == 0 && strcmp(a->usb_serial, b->usb_serial) == 0 &&
	       strcmp(a->usb_path, b->usb_path) == 0 && strcmp(a->usb_id, b->usb_id) == 0;
}

static void compare_modems(struct conf_reader *r, const config_setting_t *at,
			   const struct config_modem *a, const struct config_modem *b, size_t b_i)
{
	if (*a->name != '\0' && strcmp(a->name, b->name) == 0)
		problem_add(&r->problems, at, "name", "\"%s\" is already the name of modems[%zu]",
			    a->name, b_i);
	if (*a->device != '\0' && strcmp(a->device, b->device) == 0)
		problem_add(&r->problems, at, "device", "is already the device of modems[%zu]",
			    b_i);
	if (has(at, "match") && *a->device == '\0' && *b->device == '\0' &&
	    same_match(&a->match, &b->match))
		problem_add(&r->problems, at, "match", "fits the same modem as modems[%zu]", b_i);
}

static void check_modems(struct conf_reader *r, const config_setting_t *root,
			 const struct config *config)
{
	for (size_t i = 1; i < config->n_modems; i++)
		for (size_t j = 0; j < i; j++)
			compare_modems(r, element(root, "modems", i), &config->modems[i],
				       &config->modems[j], j);
}

static void imply_site(struct conf_reader *r, struct config *config)
{
	struct config_site *site = arena_alloc(&r->arena, sizeof(*site));

	if (site == NULL) {
		r->problems.lost = true;
		return;
	}
	*site = spec_site_defaults;
	site->name = "default";
	config->sites = site;
	config->n_sites = 1;
}

static void imply_spool_site(struct conf_reader *r, const config_setting_t *at,
			     struct config *config)
{
	size_t n = 0;

	for (size_t i = 0; i < config->n_sites; i++)
		if (config->sites[i].text_allowed) {
			config->spool_site = config->sites[i].name;
			n++;
		}
	if (n == 0)
		problem_add(&r->problems, at, NULL,
			    "needs a site that may send texts: text = { allowed = true; }");
	else if (n > 1)
		problem_add(&r->problems, at, NULL,
			    "must say whose texts they are: { path = \"%s\"; site = \"...\"; }",
			    config->spool);
}

static void check_spool(struct conf_reader *r, const config_setting_t *root, struct config *config)
{
	const config_setting_t *at = config_setting_get_member(root, "spool");
	const struct config_site *site = config_site(config, config->spool_site);

	if (*config->spool == '\0')
		return;
	if (*config->spool_site == '\0')
		imply_spool_site(r, at, config);
	else if (site == NULL)
		problem_add(&r->problems, at, "site", "there is no site named \"%s\"",
			    config->spool_site);
	else if (!site->text_allowed)
		problem_add(&r->problems, at, "site",
			    "\"%s\" may not send texts: it needs text = { allowed = true; }",
			    config->spool_site);
}

void spec_finish_root(struct conf_reader *r, const config_setting_t *s, void *base)
{
	const config_setting_t *socket = config_setting_get_member(s, "socket");
	struct config *config = base;

	config->clients_given = has(s, "clients");
	config->socket_group_given =
		socket != NULL && config_setting_is_group(socket) && has(socket, "group");
	credentials_take(r, "", "key", &config->key_file);
	if (config->n_sites == 0)
		imply_site(r, config);
	check_site_names(r, s, config);
	check_client_sites(r, s, config);
	check_modems(r, s, config);
	check_spool(r, s, config);
}
