/* contacts.h - rules for contact requests between two accounts of a site. */
#pragma once

#include <stdint.h>

#include "queue/db_contact.h"
#include "service/messages.h"
#include "service/rule.h"

struct contact_view {
	struct contact_row row;
	struct message_view message;
	int64_t next_allowed_at; /* for this sender */
};
void contact_view_free(struct contact_view *view);

struct contact_request { /* NULL: left out */
	const char *from_account, *to_account, *from_name, *to_name, *order, *locale;
};

int contact_create(const struct rule *rule, const struct contact_request *request,
		   struct contact_view *view, struct refusal *why);
int contact_show(const struct rule *rule, const char *id, struct contact_view *view,
		 struct refusal *why);
