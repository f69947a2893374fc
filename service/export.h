/* export.h - all that is held about one account of a site, for the person whose account it is. */
#pragma once

#include "queue/db_inbox.h"
#include "service/contacts.h"
#include "service/verifications.h"

/* Lists are malloced. Messages and received SMS are those of the account's verified numbers, and
 * codes that it asked for; texts of messages that were sent are not held. */
struct account_export {
	struct account_view account;
	struct verification_view *verifications;
	size_t n_verifications;
	struct contact_view *contacts; /* made and received */
	size_t n_contacts;
	struct message_view *messages;
	size_t n_messages;
	struct inbox_row *inbox;
	size_t n_inbox;
	struct event *events; /* of all of these, oldest first */
	size_t n_events;
	bool whole; /* else there is more than EXPORT_MAX of something */
};

enum { EXPORT_MAX = 10000 };

void account_export_free(struct account_export *export);

int account_export(const struct rule *rule, const char *account, struct account_export *export,
		   struct refusal *why);
