/* subscribers.h - rules for operators about one phone number: what is held, locks, erasure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "queue/db_verification.h"
#include "service/rule.h"

/* An account that tried to verify the number, or owns it. */
struct subscriber_account {
	char account[ACCOUNT_SIZE];
	bool owner;
	unsigned wrong_entries; /* that still count */
	int64_t locked_until;   /* 0: not locked */
};

struct subscriber_site {
	char site[SITE_SIZE];
	unsigned sends_hour, sends_day, wrong_entries;
	int64_t locked_until;    /* for SMS; 0: not locked */
	int64_t next_send_at;    /* by the limit of the number; 0: now */
	int64_t suspended_until; /* its prefix, for SMS; 0: it is not */
	struct subscriber_account *accounts;
	size_t n_accounts;
};

struct subscriber_view {
	char phone[NUMBER_SIZE];
	int64_t opted_out_at; /* 0: contact requests are welcome */
	struct subscriber_site *sites;
	size_t n_sites;
};
void subscriber_view_free(struct subscriber_view *view);

/* Each for rule->site, or (NULL) every site of the config. */
int subscriber_show(const struct rule *rule, const char *phone, struct subscriber_view *view,
		    struct refusal *why);
/* Wrong entries are forgiven and locks opened, of the number, its prefix and each account with it.
 * opt_in: contact requests are welcome again, too. */
int subscriber_unlock(const struct rule *rule, const char *phone, bool opt_in, struct refusal *why);
int subscriber_erase(const struct rule *rule, const char *phone, struct refusal *why);
