/* export.c - what is held about an account, gathered from every table that speaks of it.
 *
 * Steps: the account and its proofs; its verifications and contact requests; messages to its
 * verified numbers and SMS from them, of this site (a number that it only tried may be somebody
 * else's: of that its own codes alone); the events of all that was found. */
#include "service/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "queue/db_record.h"
#include "service/rule_private.h"

enum { PAGE = 200 };

void account_export_free(struct account_export *export)
{
	account_view_free(&export->account);
	for (size_t i = 0; i < export->n_contacts; i++)
		contact_view_free(&export->contacts[i]);
	for (size_t i = 0; i < export->n_messages; i++)
		message_view_free(&export->messages[i]);
	for (size_t i = 0; i < export->n_inbox; i++)
		secret_free(export->inbox[i].text);
	free(export->verifications);
	free(export->contacts);
	free(export->messages);
	free(export->inbox);
	free(export->events);
	memset(export, 0, sizeof(*export));
}

/* Room for more elements behind n; NULL: no memory, and the list is as it was. */
static void *grow(void *list, size_t n, size_t more, size_t size)
{
	return reallocarray(list, n + more, size);
}

static int read_account(const struct rule *rule, const char *account, struct account_export *export,
			struct refusal *why)
{
	int err = account_show(rule, account, &export->account, why);

	if (err != RULE_REFUSED || why->reason != REASON_NOT_FOUND)
		return err;
	memset(why, 0, sizeof(*why)); /* it may be held without a verified number */
	strcpy(export->account.account, account);
	return 0;
}

static int read_verifications(const struct rule *rule, struct account_export *export,
			      struct refusal *why)
{
	char(*ids)[ID_SIZE];
	size_t n;
	int err = db_record_verifications(rule->db, rule->site->name, export->account.account,
					  EXPORT_MAX, &ids, &n);

	if (err < 0)
		return err;
	export->whole &= n < EXPORT_MAX;
	export->verifications = calloc(n + 1, sizeof(*export->verifications));
	if (export->verifications == NULL)
		err = -ENOMEM;
	for (size_t i = 0; i < n && err == 0; i++) {
		err = verification_show(rule, ids[i], &export->verifications[i], why);
		export->n_verifications += err == 0;
	}
	free(ids);
	return err;
}

/* One whose message is gone already is passed over. */
static int read_contacts(const struct rule *rule, struct account_export *export,
			 struct refusal *why)
{
	char(*ids)[ID_SIZE];
	size_t n;
	int err = db_record_contacts(rule->db, rule->site->name, export->account.account,
				     EXPORT_MAX, &ids, &n);

	if (err < 0)
		return err;
	export->whole &= n < EXPORT_MAX;
	export->contacts = calloc(n + 1, sizeof(*export->contacts));
	if (export->contacts == NULL)
		err = -ENOMEM;
	for (size_t i = 0; i < n && err == 0; i++) {
		err = contact_show(rule, ids[i], &export->contacts[export->n_contacts], why);
		export->n_contacts += err == 0;
		if (err == RULE_REFUSED)
			err = 0;
	}
	memset(why, 0, sizeof(*why));
	free(ids);
	return err;
}

/* ---- of one number ---- */

static int add_messages(const struct rule *rule, struct account_export *export,
			const struct message_row *rows, size_t n)
{
	struct message_view *grown =
		grow(export->messages, export->n_messages, n, sizeof(*export->messages));
	int err = 0;

	if (grown == NULL)
		return -ENOMEM;
	export->messages = grown;
	for (size_t i = 0; i < n && err == 0; i++) {
		err = message_view_fill(rule, &rows[i], &grown[export->n_messages]);
		export->n_messages += err == 0;
	}
	return err;
}

static int read_messages(const struct rule *rule, struct account_export *export, int64_t number)
{
	struct message_row *rows = calloc(PAGE, sizeof(*rows));
	struct message_query query = {
		.sites = &rule->site->name,
		.n_sites = 1,
		.state = -1,
		.kind = -1,
		.number = number,
		.limit = PAGE,
	};
	size_t n = PAGE;
	int err = rows == NULL ? -ENOMEM : 0;

	while (err == 0 && n == PAGE && export->n_messages < EXPORT_MAX) {
		char after[ID_SIZE];

		err = db_message_list(rule->db, &query, rows, &n);
		if (err == 0 && n > 0)
			err = add_messages(rule, export, rows, n);
		if (n > 0)
			memcpy(after, rows[n - 1].id, sizeof(after));
		query.after = after;
	}
	export->whole &= n < PAGE;
	free(rows);
	return err;
}

static int read_inbox(const struct rule *rule, struct account_export *export, int64_t number)
{
	struct inbox_query query = {
		.sites = &rule->site->name,
		.n_sites = 1,
		.number = number,
		.limit = EXPORT_MAX,
	};
	struct inbox_row *grown =
		grow(export->inbox, export->n_inbox, EXPORT_MAX, sizeof(*export->inbox));
	size_t n = 0;
	int err;

	if (grown == NULL)
		return -ENOMEM;
	export->inbox = grown;
	err = db_inbox_list(rule->db, &query, grown + export->n_inbox, &n);
	export->n_inbox += n;
	export->whole &= n < EXPORT_MAX;
	return err;
}

/* Proofs stand by time and may repeat a number (one a channel). */
static bool seen_before(const struct account_view *account, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (account->proofs[i].number == account->proofs[at].number)
			return true;
	return false;
}

static int read_numbers(const struct rule *rule, struct account_export *export)
{
	const struct account_view *account = &export->account;
	int err = 0;

	for (size_t i = 0; i < account->n_proofs && err == 0; i++) {
		if (seen_before(account, i))
			continue;
		err = read_messages(rule, export, account->proofs[i].number);
		if (err == 0)
			err = read_inbox(rule, export, account->proofs[i].number);
	}
	return err;
}

static bool is_proven(const struct account_view *account, int64_t number)
{
	for (size_t i = 0; i < account->n_proofs; i++)
		if (account->proofs[i].number == number)
			return true;
	return false;
}

/* Of a number that was tried in vain only what the account itself had sent there. */
static int read_own_codes(const struct rule *rule, struct account_export *export)
{
	int err = 0;

	for (size_t i = 0; i < export->n_verifications && err == 0; i++) {
		const struct verification_row *row = &export->verifications[i].row;
		struct message_row message;

		if (row->message_seq == 0 || is_proven(&export->account, row->number))
			continue;
		err = db_message_by_seq(rule->db, row->message_seq, &message);
		if (err == 0)
			err = add_messages(rule, export, &message, 1);
		if (err == -ENOENT)
			err = 0;
	}
	return err;
}

/* ---- events ---- */

static int add_events(const struct rule *rule, struct account_export *export, const char *subject)
{
	struct event *events, *grown;
	size_t n;
	int err = db_event_history(rule->db, subject, &events, &n);

	if (err < 0 || n == 0)
		return err;
	grown = grow(export->events, export->n_events, n, sizeof(*grown));
	if (grown != NULL) {
		memcpy(grown + export->n_events, events, n * sizeof(*events));
		export->events = grown;
		export->n_events += n;
	}
	free(events);
	return grown == NULL ? -ENOMEM : 0;
}

static int by_number(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

static int read_events(const struct rule *rule, struct account_export *export)
{
	int err = 0;

	for (size_t i = 0; i < export->n_verifications && err == 0; i++)
		err = add_events(rule, export, export->verifications[i].row.id);
	for (size_t i = 0; i < export->n_contacts && err == 0; i++)
		err = add_events(rule, export, export->contacts[i].row.id);
	for (size_t i = 0; i < export->n_messages && err == 0; i++)
		err = add_events(rule, export, export->messages[i].row.id);
	for (size_t i = 0; i < export->n_inbox && err == 0; i++)
		err = add_events(rule, export, export->inbox[i].id);
	if (export->n_events > 0)
		qsort(export->events, export->n_events, sizeof(*export->events), by_number);
	return err;
}

int account_export(const struct rule *rule, const char *account, struct account_export *export,
		   struct refusal *why)
{
	int err;

	memset(export, 0, sizeof(*export));
	export->whole = true;
	err = read_account(rule, account, export, why);
	if (err == 0)
		err = read_verifications(rule, export, why);
	if (err == 0)
		err = read_contacts(rule, export, why);
	if (err == 0)
		err = read_numbers(rule, export);
	if (err == 0)
		err = read_own_codes(rule, export);
	if (err == 0)
		err = read_events(rule, export);
	if (err == 0 && export->account.phone[0] == '\0' && export->account.n_proofs == 0 &&
	    export->n_verifications == 0 && export->n_contacts == 0)
		err = rule_refuse(why, REASON_NOT_FOUND, 0, "Nothing is held of this account.");
	if (err != 0)
		account_export_free(export);
	return err;
}
