/* contacts.c - one account asks another to get in touch.
 *
 * Steps: an earlier request with this key; the input; both accounts; the recipient's opt-out; the
 * limits; then the message, the request, its places and the key are kept together or not at all.
 * The sender's place waits with the message, is dated when it leaves, and comes back if it fails.
 */
#include "service/contacts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "service/quiet.h"
#include "service/rule_private.h"
#include "service/texts.h"

/* The request, made harmless. */
struct wish {
	const char *from_account, *to_account, *locale;
	char from_name[128], to_name[128], order[32];
	int64_t number; /* of the recipient */
	char phone[NUMBER_SIZE];
};

struct keys {
	struct place_key sender, recipient;
};

void contact_view_free(struct contact_view *view)
{
	message_view_free(&view->message);
}

static int read_request(const struct contact_request *request, struct wish *wish,
			struct refusal *why)
{
	int err = rule_account(request->from_account, "from_account", why);

	if (err == 0)
		err = rule_account(request->to_account, "to_account", why);
	if (err == 0 && strcmp(request->from_account, request->to_account) == 0)
		return rule_refuse_field(why, "to_account", "same_account",
					 "Nobody asks himself to get in touch.");
	if (err == 0)
		err = text_clean_name(request->from_name, "from_name", wish->from_name, why);
	if (err == 0)
		err = text_clean_name(request->to_name, "to_name", wish->to_name, why);
	if (err == 0)
		err = text_clean_order(request->order, "order", wish->order, why);
	if (err == 0)
		err = rule_locale(request->locale, why);
	wish->from_account = request->from_account;
	wish->to_account = request->to_account;
	wish->locale = request->locale;
	return err;
}

static int check_accounts(const struct rule *rule, struct wish *wish, struct refusal *why)
{
	const char *site = rule->site->name;
	int64_t number;
	int err = db_owner_number(rule->db, site, wish->from_account, &number);

	if (err == -ENOENT && rule->site->contact.require_sender_verified)
		return rule_refuse(why, REASON_SENDER_NOT_VERIFIED, 0,
				   "The sender has no verified number.");
	if (err < 0 && err != -ENOENT)
		return err;
	err = db_owner_number(rule->db, site, wish->to_account, &wish->number);
	if (err == -ENOENT)
		return rule_refuse(why, REASON_RECIPIENT_NOT_VERIFIED, 0,
				   "The recipient has no verified number.");
	return err < 0 ? err : db_number_get(rule->db, wish->number, wish->phone);
}

static int check_optout(const struct rule *rule, const struct wish *wish, struct refusal *why)
{
	int64_t at;
	int err = db_optout_get(rule->db, wish->phone, &at);

	if (err == 0)
		return rule_refuse(why, REASON_RECIPIENT_OPTED_OUT, 0,
				   "The recipient wants no contact requests by SMS.");
	return err == -ENOENT ? 0 : err;
}

static void make_sender_key(const struct rule *rule, const char *site, const char *account,
			    struct place_key *key)
{
	db_place_key(rule->db, key, PLACE_CONTACT_SENDER, site, account, NULL);
}

static int check_limits(const struct rule *rule, const struct wish *wish, struct keys *keys,
			struct refusal *why)
{
	const struct config_contact *contact = &rule->site->contact;
	int err;

	make_sender_key(rule, rule->site->name, wish->from_account, &keys->sender);
	db_place_key(rule->db, &keys->recipient, PLACE_CONTACT_RECIPIENT, rule->site->name,
		     wish->phone, NULL);
	err = rule_limit(rule, &keys->sender, &contact->per_sender,
			 "contact requests of this sender", why);
	if (err == 0)
		err = rule_limit(rule, &keys->recipient, &contact->per_recipient,
				 "contact requests to this recipient", why);
	return err;
}

static int queue_request(const struct rule *rule, const struct wish *wish,
			 struct message_row *message, struct refusal *why)
{
	const struct text_values values = { .from_name = wish->from_name,
					    .to_name = wish->to_name,
					    .order = wish->order };
	int64_t now = db_now(rule->db);
	char text[TEXT_SIZE];
	struct message_order order = { .kind = KIND_CONTACT_REQUEST,
				       .number = wish->number,
				       .text = text };
	struct gsm_shape shape;
	int err =
		text_render(rule->site, KIND_CONTACT_REQUEST, wish->locale, &values, text, &shape);

	if (err == -EMSGSIZE)
		return rule_refuse_field(why, "locale", "template_too_long",
					 "The site's template for this locale needs more than %d "
					 "parts.",
					 GSM_PARTS_MAX);
	order.encoding = shape.encoding;
	order.parts = shape.n_parts;
	order.due_at = quiet_until(rule->site, now);
	order.deadline = now + rule->site->contact.max_age_ms;
	if (err == 0)
		err = message_queue(rule, &order, message, why);
	secret_wipe(text, sizeof(text));
	return err;
}

static int take_places(const struct rule *rule, const struct keys *keys, int64_t message_seq)
{
	int err = db_place_take(rule->db, &keys->sender, message_seq, true);

	return err < 0 ? err : db_place_take(rule->db, &keys->recipient, message_seq, true);
}

static int add(const struct rule *rule, const struct wish *wish, const struct message_row *message,
	       struct contact_row *row)
{
	const struct event_new event = { .type = "contact_request.created",
					 .site = row->site,
					 .subject = row->id,
					 .state = message_state_name(message->state) };
	int err;

	memset(row, 0, sizeof(*row));
	snprintf(row->site, sizeof(row->site), "%s", rule->site->name);
	snprintf(row->from_account, sizeof(row->from_account), "%s", wish->from_account);
	snprintf(row->to_account, sizeof(row->to_account), "%s", wish->to_account);
	snprintf(row->order, sizeof(row->order), "%.20s", wish->order);
	row->message_seq = message->seq;
	row->created_at = db_now(rule->db);
	err = db_contact_add(rule->db, row);
	return err < 0 ? err : db_event_add(rule->db, &event);
}

static int fill_view(const struct rule *rule, const struct contact_row *row,
		     const struct message_row *message, struct contact_view *view)
{
	const struct config_site *site = config_site(rule->config, row->site);
	struct place_key key;
	int err;

	memset(view, 0, sizeof(*view));
	view->row = *row;
	make_sender_key(rule, row->site, row->from_account, &key);
	err = site == NULL ? 0
			   : db_place_fits(rule->db, &key, &site->contact.per_sender,
					   &view->next_allowed_at, NULL);
	return err < 0 ? err : message_view_fill(rule, message, &view->message);
}

static int create(const struct rule *rule, const struct contact_request *request,
		  struct contact_row *row, struct message_row *message, struct refusal *why)
{
	struct wish wish = { 0 };
	struct keys keys;
	int err = read_request(request, &wish, why);

	if (err == 0)
		err = check_accounts(rule, &wish, why);
	if (err == 0)
		err = check_optout(rule, &wish, why);
	if (err == 0)
		err = check_limits(rule, &wish, &keys, why);
	if (err == 0)
		err = queue_request(rule, &wish, message, why);
	if (err == 0)
		err = take_places(rule, &keys, message->seq);
	if (err == 0)
		err = add(rule, &wish, message, row);
	secret_wipe(&wish, sizeof(wish));
	return err == 0 ? rule_keep(rule, row->id) : err;
}

int contact_create(const struct rule *rule, const struct contact_request *request,
		   struct contact_view *view, struct refusal *why)
{
	struct contact_row row;
	struct message_row message;
	char id[ID_SIZE];
	int err = rule_recall(rule, id, why);

	if (err != -ENOENT)
		return err != 0 ? err : contact_show(rule, id, view, why);
	err = create(rule, request, &row, &message, why);
	return err != 0 ? err : fill_view(rule, &row, &message, view);
}

int contact_show(const struct rule *rule, const char *id, struct contact_view *view,
		 struct refusal *why)
{
	struct contact_row row;
	struct message_row message;
	int err = id_is(id, ID_CONTACT) ? db_contact_get(rule->db, id, &row) : -ENOENT;

	if (err == 0)
		err = db_message_by_seq(rule->db, row.message_seq, &message);
	if (err == -ENOENT || (err == 0 && !rule_sees(rule, row.site)))
		return rule_refuse(why, REASON_NOT_FOUND, 0, "There is no such contact request.");
	return err < 0 ? err : fill_view(rule, &row, &message, view);
}
