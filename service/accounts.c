/* accounts.c - what is held of an account, and its end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue/db_contact.h"
#include "queue/db_erase.h"
#include "service/numbers.h"
#include "service/rule_private.h"
#include "service/verifications.h"

void account_view_free(struct account_view *view)
{
	free(view->proofs);
	free(view->phones);
	view->proofs = NULL;
	view->phones = NULL;
	view->n_proofs = 0;
}

static int refuse_unknown(struct refusal *why)
{
	return rule_refuse(why, REASON_NOT_FOUND, 0, "Nothing is held of this account.");
}

/* An account belongs to one site: it cannot be named without. */
static int check_account(const struct rule *rule, const char *account, struct refusal *why)
{
	if (rule->site == NULL)
		return rule_refuse_field(why, "site", "required", "Name the site.");
	return rule_account(account, "account", why);
}

static int read_proofs(const struct rule *rule, struct account_view *view)
{
	int err = db_proof_list(rule->db, rule->site->name, view->account, &view->proofs,
				&view->n_proofs);

	if (err < 0)
		return err;
	view->phones = calloc(view->n_proofs > 0 ? view->n_proofs : 1, sizeof(*view->phones));
	if (view->phones == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < view->n_proofs && err == 0; i++)
		err = db_number_get(rule->db, view->proofs[i].number, view->phones[i]);
	return err;
}

int account_show(const struct rule *rule, const char *account, struct account_view *view,
		 struct refusal *why)
{
	int64_t number;
	int err = check_account(rule, account, why);

	if (err != 0)
		return err;
	memset(view, 0, sizeof(*view));
	strcpy(view->account, account);
	err = db_owner_number(rule->db, rule->site->name, account, &number);
	if (err == 0)
		err = db_number_get(rule->db, number, view->phone);
	if (err == 0)
		err = db_optout_get(rule->db, view->phone, &view->opted_out_at);
	if (err == 0 || err == -ENOENT)
		err = read_proofs(rule, view);
	if (err == 0 && view->phone[0] == '\0' && view->n_proofs == 0)
		err = rule_refuse(why, REASON_NOT_FOUND, 0, "This account has no verified number.");
	if (err != 0)
		account_view_free(view);
	return err;
}

int account_erase(const struct rule *rule, const char *account, struct refusal *why)
{
	unsigned n;
	int err = check_account(rule, account, why);

	if (err == 0)
		err = db_account_erase(rule->db, rule->site->name, account, &n);
	return err == -ENOENT ? refuse_unknown(why) : err;
}

int account_unbind(const struct rule *rule, const char *account, const char *phone,
		   struct refusal *why)
{
	struct number number;
	int64_t id;
	int err = check_account(rule, account, why);

	if (err != 0)
		return err;
	err = number_parse(&number, phone, rule->site->region, "phone", why);
	err = rule_kept_number(rule, err, phone, &number, &id, why);
	if (err == 0)
		err = db_owner_remove(rule->db, rule->site->name, account, id);
	if (err == -ENOENT)
		return rule_refuse(why, REASON_NOT_FOUND, 0, "This number is not the account's.");
	return err;
}
