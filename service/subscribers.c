/* subscribers.c - one phone number, over sites and accounts. */
#include "service/subscribers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/db_contact.h"
#include "queue/db_erase.h"
#include "service/numbers.h"
#include "service/optout.h"
#include "service/rule_private.h"
#include "service/verification_private.h"

static const int64_t hour_ms = 3600 * 1000LL;
static const int64_t day_ms = 24 * 3600 * 1000LL;

void subscriber_view_free(struct subscriber_view *view)
{
	for (size_t i = 0; i < view->n_sites; i++)
		free(view->sites[i].accounts);
	free(view->sites);
	view->sites = NULL;
	view->n_sites = 0;
}

/* The sites that the client looks at. */
static const struct config_site *sites_of(const struct rule *rule, size_t *n)
{
	*n = rule->site != NULL ? 1 : rule->config->n_sites;
	return rule->site != NULL ? rule->site : rule->config->sites;
}

static int refuse_unknown(struct refusal *why)
{
	return rule_refuse(why, REASON_NOT_FOUND, 0, "Nothing is held of this number.");
}

/* *id 0: the number is not in the table; counters and opt-outs may still be there. */
static int find(const struct rule *rule, const char *phone, struct number *number, int64_t *id,
		struct refusal *why)
{
	size_t n;
	const struct config_site *sites = sites_of(rule, &n);
	int err = number_parse_recipient(number, phone, sites[0].region, "phone", why);

	*id = 0;
	err = rule_kept_number(rule, err, phone, number, id, why);
	return err == -ENOENT ? 0 : err;
}

static int read_account(const struct rule *rule, const struct config_site *site, const char *phone,
			struct subscriber_account *account)
{
	struct verification_keys keys;
	int err;

	verification_keys(rule, site->name, account->account, phone, &keys);
	err = db_place_count(rule->db, &keys.wrong_account, site->verification.lock_ms,
			     &account->wrong_entries);
	return err < 0 ? err : db_lock_get(rule->db, &keys.lock_account, &account->locked_until);
}

static int read_accounts(const struct rule *rule, const struct config_site *site, const char *phone,
			 int64_t number, struct subscriber_site *view)
{
	char(*accounts)[ACCOUNT_SIZE], owner[ACCOUNT_SIZE];
	size_t n;
	bool listed = false;
	int err = db_verification_accounts(rule->db, site->name, number, &accounts, &n);

	if (err < 0)
		return err;
	view->accounts = calloc(n + 1, sizeof(*view->accounts));
	err = view->accounts == NULL ? -ENOMEM : db_owner_get(rule->db, site->name, number, owner);
	for (size_t i = 0; i < n && view->accounts != NULL; i++) {
		memcpy(view->accounts[i].account, accounts[i], ACCOUNT_SIZE);
		view->accounts[i].owner = err == 0 && strcmp(accounts[i], owner) == 0;
		listed |= view->accounts[i].owner;
		view->n_accounts++;
	}
	free(accounts);
	if (err == 0 && !listed) {
		memcpy(view->accounts[n].account, owner, ACCOUNT_SIZE);
		view->accounts[view->n_accounts++].owner = true;
	}
	err = err == -ENOENT ? 0 : err;
	for (size_t i = 0; i < view->n_accounts && err == 0; i++)
		err = read_account(rule, site, phone, &view->accounts[i]);
	return err;
}

static int read_site(const struct rule *rule, const struct config_site *site, const char *phone,
		     int64_t number, struct subscriber_site *view)
{
	struct verification_keys keys;
	int err;

	snprintf(view->site, sizeof(view->site), "%s", site->name);
	verification_keys(rule, site->name, "", phone, &keys);
	err = db_place_count(rule->db, &keys.send_number, hour_ms, &view->sends_hour);
	if (err == 0)
		err = db_place_count(rule->db, &keys.send_number, day_ms, &view->sends_day);
	if (err == 0)
		err = db_place_count(rule->db, &keys.wrong_number, hour_ms, &view->wrong_entries);
	if (err == 0)
		err = verification_number_locked_until(rule, &keys, &view->locked_until);
	if (err == 0)
		err = db_lock_get(rule->db, &keys.lock_prefix, &view->suspended_until);
	if (err == 0)
		err = db_place_fits(rule->db, &keys.send_number, &site->verification.per_number,
				    &view->next_send_at, NULL);
	return err == 0 && number != 0 ? read_accounts(rule, site, phone, number, view) : err;
}

static int fill(const struct rule *rule, const struct number *number, int64_t id,
		struct subscriber_view *view)
{
	size_t n;
	const struct config_site *sites = sites_of(rule, &n);
	int err = db_optout_get(rule->db, number->e164, &view->opted_out_at);

	memcpy(view->phone, number->e164, sizeof(view->phone));
	view->sites = calloc(n, sizeof(*view->sites));
	if (view->sites == NULL)
		return -ENOMEM;
	err = err == -ENOENT ? 0 : err;
	for (size_t i = 0; i < n && err == 0; i++) {
		view->n_sites++;
		err = read_site(rule, &sites[i], number->e164, id, &view->sites[i]);
	}
	return err;
}

static bool holds_anything(const struct subscriber_view *view, int64_t id)
{
	bool held = id != 0 || view->opted_out_at != 0;

	for (size_t i = 0; i < view->n_sites; i++)
		held |= view->sites[i].sends_day > 0 || view->sites[i].wrong_entries > 0;
	return held;
}

int subscriber_show(const struct rule *rule, const char *phone, struct subscriber_view *view,
		    struct refusal *why)
{
	struct number number;
	int64_t id;
	int err = find(rule, phone, &number, &id, why);

	memset(view, 0, sizeof(*view));
	if (err == 0)
		err = fill(rule, &number, id, view);
	if (err == 0 && !holds_anything(view, id))
		err = refuse_unknown(why);
	if (err != 0)
		subscriber_view_free(view);
	return err;
}

static int unlock_account(const struct rule *rule, const char *site, const char *account,
			  const char *phone)
{
	struct verification_keys keys;
	int err;

	verification_keys(rule, site, account, phone, &keys);
	err = db_lock_clear(rule->db, &keys.lock_account);
	if (err == 0)
		err = db_place_clear(rule->db, &keys.wrong_account);
	return err < 0 ? err : db_place_clear(rule->db, &keys.wrong_sender);
}

static int unlock_site(const struct rule *rule, const char *site, const char *phone, int64_t number)
{
	struct verification_keys keys;
	char(*accounts)[ACCOUNT_SIZE] = NULL;
	size_t n = 0;
	int err;

	verification_keys(rule, site, "", phone, &keys);
	err = db_lock_clear(rule->db, &keys.lock_number);
	if (err == 0)
		err = db_place_clear(rule->db, &keys.wrong_number);
	if (err == 0)
		err = verification_unsuspend(rule, &keys);
	if (err == 0 && number != 0)
		err = db_verification_accounts(rule->db, site, number, &accounts, &n);
	for (size_t i = 0; i < n && err == 0; i++)
		err = unlock_account(rule, site, accounts[i], phone);
	free(accounts);
	return err;
}

int subscriber_unlock(const struct rule *rule, const char *phone, bool opt_in, struct refusal *why)
{
	const struct optout_source source = { .keyword = "operator", .site = "" };
	struct number number;
	int64_t id;
	size_t n;
	const struct config_site *sites = sites_of(rule, &n);
	int err = find(rule, phone, &number, &id, why);

	for (size_t i = 0; i < n && err == 0; i++)
		err = unlock_site(rule, sites[i].name, number.e164, id);
	return err == 0 && opt_in ? optout_end(rule, number.e164, &source) : err;
}

int subscriber_erase(const struct rule *rule, const char *phone, struct refusal *why)
{
	struct number number;
	unsigned n;
	int64_t id;
	int err = find(rule, phone, &number, &id, why);

	if (err == 0)
		err = db_number_erase(rule->db, rule->site != NULL ? rule->site->name : NULL,
				      number.e164, &n);
	return err == -ENOENT ? refuse_unknown(why) : err;
}
