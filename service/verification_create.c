/* verification_create.c - a code is asked for: the first one, or another of the same verification.
 * Or the user shall send or ring himself: what is special to that stands in verification_reverse.c.
 *
 * Steps: an earlier request with this key; the input; locks; whose number it is; a pending
 * verification of the same account, number, purpose and channel goes on (a code after its wait),
 * else a new one begins; limits; then the code, its text, its message, the row, the places and the
 * key are kept together or not at all. The code exists as a keyed hash and inside the sealed text
 * only. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/util.h"
#include "service/numbers.h"
#include "service/rule_private.h"
#include "service/texts.h"
#include "service/verification_private.h"

enum { APP_HASH_LENGTH = 11 };

static const int64_t code_until_ms = 600 * 1000LL; /* a code that was never submitted ends then */

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], text) == 0)
			return true;
	return false;
}

static void refuse_channel(const struct config_site *site, struct refusal *why)
{
	rule_refuse_field(why, "channel", reason_name(REASON_CHANNEL_NOT_AVAILABLE),
			  "This site does not offer that channel. Use %s.",
			  site->verification.channels.items[0]);
	why->reason = REASON_CHANNEL_NOT_AVAILABLE;
}

static int read_channel(const struct rule *rule, const char *name, struct verification_wish *wish,
			struct refusal *why)
{
	static const char *const later[] = { "zalo", "email" };

	name = name != NULL ? name : channel_sms.name;
	wish->channel = verification_channel(name);
	if (wish->channel != NULL && verification_offers(rule->site, name))
		return 0;
	if (wish->channel == NULL && !is_one_of(name, later, ARRAY_LEN(later)))
		rule_refuse_field(why, "channel", "unknown",
				  "There is no such channel. One of sms, inbound_sms, "
				  "missed_call.");
	else
		refuse_channel(rule->site, why);
	return RULE_REFUSED;
}

static int read_purpose(const char *purpose, struct verification_wish *wish, struct refusal *why)
{
	wish->purpose = purpose != NULL ? purpose : "register";
	if (config_is_purpose(wish->purpose))
		return 0;
	return rule_refuse_field(why, "purpose", "unknown", "One of register, login, change.");
}

static int read_app_hash(const char *app_hash, struct verification_wish *wish, struct refusal *why)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";

	wish->app_hash = app_hash;
	if (app_hash == NULL ||
	    (strlen(app_hash) == APP_HASH_LENGTH && strspn(app_hash, base64) == APP_HASH_LENGTH))
		return 0;
	return rule_refuse_field(why, "app_hash", "not_a_hash",
				 "Android's hash of the app: %d characters of base64.",
				 APP_HASH_LENGTH);
}

/* The account's own number, where a site that asks for a login does not know it. *phone stays NULL
 * where there is none. */
static int own_number(const struct rule *rule, const struct verification_wish *wish,
		      char own[static NUMBER_SIZE], const char **phone)
{
	int64_t number;
	int err = db_owner_number(rule->db, rule->site->name, wish->account, &number);

	if (err == 0)
		err = db_number_get(rule->db, number, own);
	if (err == 0)
		*phone = own;
	return err == -ENOENT ? 0 : err;
}

/* A code to one of our own SIMs would come back to us and be shown as a received SMS. */
static int refuse_own_sim(const struct rule *rule, const char *e164, struct refusal *why)
{
	for (size_t i = 0; i < rule->config->n_modems; i++)
		if (strcmp(rule->config->modems[i].number, e164) == 0)
			return rule_refuse_field(why, "phone", "gateway_number",
						 "This is a number of the gateway itself.");
	return 0;
}

static int read_phone(const struct rule *rule, const char *phone, struct verification_wish *wish,
		      struct refusal *why)
{
	struct number number;
	char own[NUMBER_SIZE];
	int err = 0;

	if (phone == NULL && strcmp(wish->purpose, "change") != 0)
		err = own_number(rule, wish, own, &phone);
	if (err < 0 || (phone == NULL && wish->channel->learns_phone))
		return err;
	if (phone != NULL && verification_test_code(rule->site, phone) != NULL)
		return snprintf(wish->phone, sizeof(wish->phone), "%s", phone) < NUMBER_SIZE
			       ? 0
			       : -EINVAL;
	err = number_parse_mobile(&number, phone, rule->site->region,
				  &rule->site->verification.countries, "phone", why);
	if (err == 0)
		err = refuse_own_sim(rule, number.e164, why);
	if (err == 0)
		memcpy(wish->phone, number.e164, sizeof(wish->phone));
	return err;
}

static int read_request(const struct rule *rule, const struct verification_request *request,
			struct verification_wish *wish, struct refusal *why)
{
	int err = rule_account(request->account, "account", why);

	memset(wish, 0, sizeof(*wish));
	wish->account = request->account;
	wish->locale = request->locale;
	if (err == 0)
		err = read_channel(rule, request->channel, wish, why);
	if (err == 0)
		err = read_purpose(request->purpose, wish, why);
	if (err == 0)
		err = rule_locale(request->locale, why);
	if (err == 0)
		err = read_app_hash(request->app_hash, wish, why);
	if (err == 0)
		err = read_phone(rule, request->phone, wish, why);
	if (err != 0 || wish->phone[0] == '\0')
		return err;
	err = db_number_find(rule->db, wish->phone, &wish->number);
	return err == -ENOENT ? 0 : err;
}

/* Another account's number is told at once only where the site wants it so; an account's second
 * number needs purpose change, and is none to log in with. */
static int check_owner(const struct rule *rule, const struct verification_wish *wish,
		       struct refusal *why)
{
	char owner[ACCOUNT_SIZE];
	int64_t held;
	int err = db_owner_get(rule->db, rule->site->name, wish->number, owner);

	if (err < 0 && err != -ENOENT)
		return err;
	if (err == 0 && strcmp(owner, wish->account) != 0 &&
	    rule->site->verification.reveal_bound == REVEAL_AT_ONCE)
		return rule_refuse(why, REASON_NUMBER_BOUND_ELSEWHERE, 0,
				   "The number belongs to another account.");
	if (strcmp(wish->purpose, "change") == 0)
		return 0;
	err = db_owner_number(rule->db, rule->site->name, wish->account, &held);
	if (err == 0 && held != wish->number && wish->phone[0] != '\0')
		return verification_refuse_second(wish->purpose, why);
	return err == -ENOENT ? 0 : err;
}

static void begin(const struct rule *rule, const struct verification_wish *wish,
		  struct verification_case *c)
{
	memset(c, 0, sizeof(*c));
	c->site = rule->site;
	c->channel = wish->channel;
	snprintf(c->row.site, sizeof(c->row.site), "%s", rule->site->name);
	snprintf(c->row.account, sizeof(c->row.account), "%s", wish->account);
	snprintf(c->row.purpose, sizeof(c->row.purpose), "%s", wish->purpose);
	snprintf(c->row.channel, sizeof(c->row.channel), "%s", wish->channel->name);
	c->row.number = wish->number;
	c->row.state = VER_PENDING;
	c->row.created_at = db_now(rule->db);
	memcpy(c->phone, wish->phone, sizeof(c->phone));
	c->test_code = verification_test_code(rule->site, wish->phone);
}

/* The case to go on with; its id is "" where it is new. */
static int continue_or_begin(const struct rule *rule, const struct verification_wish *wish,
			     struct verification_case *c, struct refusal *why)
{
	int64_t wait;
	int err;

	memset(c, 0, sizeof(*c));
	c->site = rule->site;
	err = wish->number == 0 && wish->phone[0] != '\0'
		      ? -ENOENT
		      : db_verification_pending(rule->db, rule->site->name, wish->account,
						wish->number, wish->purpose, wish->channel->name,
						&c->row);
	if (err == 0)
		err = verification_complete(rule, c);
	if (err == 0 && verification_is_over(rule, c)) {
		err = verification_expire(rule, c);
		begin(rule, wish, c);
		return err;
	}
	if (err == -ENOENT) {
		begin(rule, wish, c);
		return 0;
	}
	wait = err == 0 && !wish->channel->from_user ? verification_resend_at(c) - db_now(rule->db)
						     : 0;
	if (wait > 0)
		return rule_refuse(why, REASON_TOO_SOON, wait,
				   "A code was made a moment ago. Ask for another one later.");
	return err;
}

static void make_code(const struct verification_case *c, char code[static CODE_MAX])
{
	unsigned n = c->site->verification.code_length;

	if (c->test_code != NULL) {
		snprintf(code, CODE_MAX, "%s", c->test_code);
		return;
	}
	for (unsigned i = 0; i < n && i < CODE_MAX - 1; i++)
		code[i] = (char)('0' + randombytes_uniform(10));
	code[n < CODE_MAX - 1 ? n : CODE_MAX - 1] = '\0';
}

static int queue_code(const struct rule *rule, struct verification_case *c,
		      const struct verification_wish *wish, const char *code, struct refusal *why)
{
	const struct config_verification *v = &rule->site->verification;
	char text[TEXT_SIZE], minutes[24];
	const struct text_values values = { .code = code,
					    .minutes = minutes,
					    .purpose = c->row.purpose,
					    .app_hash = wish->app_hash };
	struct message_order order = { .kind = KIND_VERIFICATION,
				       .number = wish->number,
				       .text = text,
				       .report = true,
				       .deadline = db_now(rule->db) + code_until_ms,
				       .life_ms = v->sms_ttl_ms };
	struct gsm_shape shape;
	int err;

	snprintf(minutes, sizeof(minutes), "%lld", (long long)((v->sms_ttl_ms + 59999) / 60000));
	err = text_render(rule->site, KIND_VERIFICATION, c->row.locale, &values, text, &shape);
	if (err == -EMSGSIZE)
		return rule_refuse_field(why, "locale", "template_too_long",
					 "The site's template for this locale needs more than %d "
					 "parts.",
					 GSM_PARTS_MAX);
	order.encoding = shape.encoding;
	order.parts = shape.n_parts;
	if (err == 0)
		err = message_queue(rule, &order, &c->message, why);
	secret_wipe(text, sizeof(text));
	return err;
}

/* The row as it stands with its new code, before or after it has an id. */
static void note_code(const struct rule *rule, struct verification_case *c,
		      const struct verification_wish *wish)
{
	int64_t now = db_now(rule->db);

	if (wish->locale != NULL || c->row.locale[0] == '\0')
		snprintf(c->row.locale, sizeof(c->row.locale), "%s",
			 wish->locale != NULL ? wish->locale : rule->site->locale);
	c->row.sends++;
	c->row.code_at = now;
	c->row.code_until =
		now + (c->test_code != NULL ? rule->site->verification.sms_ttl_ms : code_until_ms);
	c->row.message_seq = 0;
}

int verification_keep_code(const struct rule *rule, const struct verification_case *c,
			   const char *code)
{
	unsigned char hash[SEAL_HASH_SIZE];

	seal_hash(db_keys(rule->db), SEAL_CODE, hash, c->row.id, c->phone, c->row.purpose, code,
		  NULL);
	return db_code_add(rule->db, c->row.id, hash);
}

/* Of an SMS that is no longer to leave. */
static bool never_left(const struct message_row *message)
{
	return message->seq != 0 && message->first_submit_at == 0 && message->state != MSG_SENDING;
}

static int send_code(const struct rule *rule, struct verification_case *c,
		     const struct verification_wish *wish, const struct verification_keys *keys,
		     struct refusal *why)
{
	bool is_new = c->row.id[0] == '\0';
	char code[CODE_MAX];
	int err = verification_cancel_message(rule, c);

	if (never_left(&c->message)) /* this one takes its place */
		c->row.sends--;
	memset(&c->message, 0, sizeof(c->message));
	make_code(c, code);
	note_code(rule, c, wish);
	if (err == 0 && c->test_code == NULL) {
		err = queue_code(rule, c, wish, code, why);
		c->row.message_seq = c->message.seq;
		if (err == 0)
			err = verification_take_send(rule, keys, c->message.seq);
	}
	if (err == 0)
		err = is_new ? db_verification_add(rule->db, &c->row)
			     : db_verification_update(rule->db, &c->row);
	if (err == 0)
		err = verification_keep_code(rule, c, code);
	secret_wipe(code, sizeof(code));
	return err == 0 ? verification_tell(rule, c, is_new ? "created" : "resent", NULL) : err;
}

/* The older SMS that this one will cancel counts no send if it was never submitted. */
static int check_send(const struct rule *rule, const struct verification_case *c,
		      const struct verification_keys *keys, struct refusal *why)
{
	struct verification_keys without = *keys;

	if (c->message.state == MSG_SCHEDULED || c->message.state == MSG_QUEUED)
		verification_except_send(&without, c->message.seq);
	return verification_check_send(rule, rule->site, &without, c->test_code == NULL, why);
}

const struct verification_channel channel_sms = {
	.name = "sms",
	.assurance = "code",
	.check = check_send,
	.start = send_code,
};

/* Begins, sends once more, or leaves alone what waits for the user. */
static int begin_or_repeat(const struct rule *rule, struct verification_wish *wish,
			   const struct verification_keys *keys, struct verification_case *c,
			   struct refusal *why)
{
	int err = wish->channel->from_user ? 0 : verification_check_lock(rule, keys, why);

	if (err == 0)
		err = check_owner(rule, wish, why);
	if (err == 0)
		err = continue_or_begin(rule, wish, c, why);
	if (err == 0 && wish->channel->from_user && c->row.id[0] != '\0')
		return 0;
	if (err == 0)
		err = wish->channel->check(rule, c, keys, why);
	if (err == 0 && wish->phone[0] != '\0')
		err = db_number_id(rule->db, wish->phone, &wish->number);
	c->row.number = wish->number;
	return err == 0 ? wish->channel->start(rule, c, wish, keys, why) : err;
}

/* Nothing but time has to pass: the refusal is an event, and other channels may be open. */
static bool time_heals(enum reason reason)
{
	static const enum reason reasons[] = {
		REASON_LOCKED,        REASON_NUMBER_LOCKED,    REASON_TOO_SOON,
		REASON_LIMIT_REACHED, REASON_PREFIX_SUSPENDED, REASON_CALL_PENDING,
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i] == reason)
			return true;
	return false;
}

/* Such refusals come before anything was written, so their event alone is kept. */
static int note_refusal(const struct rule *rule, const struct verification_case *c,
			const struct verification_wish *wish, const struct verification_keys *keys,
			struct refusal *why)
{
	const struct event_new event = {
		.type = "verification.refused",
		.site = rule->site->name,
		.subject = c->row.id,
		.reason = reason_name(why->reason),
		.channel = wish->channel->name,
	};

	int err = 0;

	if (!time_heals(why->reason))
		return RULE_REFUSED;
	if (why->reason == REASON_PREFIX_SUSPENDED)
		err = verification_suspend(rule, keys);
	if (!wish->channel->from_user && why->reason != REASON_TOO_SOON)
		verification_alternatives(rule, rule->site, why->alternatives);
	return err < 0 ? err : db_event_add(rule->db, &event);
}

int verification_create(const struct rule *rule, const struct verification_request *request,
			struct verification_view *view, struct refusal *why)
{
	struct verification_case c = { 0 };
	struct verification_keys keys;
	struct verification_wish wish;
	char id[ID_SIZE];
	int err = rule_recall(rule, id, why);

	if (err != -ENOENT)
		return err != 0 ? err : verification_show(rule, id, view, why);
	err = read_request(rule, request, &wish, why);
	if (err != 0)
		return err;
	verification_keys(rule, rule->site->name, wish.account, wish.phone, &keys);
	err = begin_or_repeat(rule, &wish, &keys, &c, why);
	if (err == RULE_REFUSED)
		return note_refusal(rule, &c, &wish, &keys, why);
	if (err == 0)
		err = rule_keep(rule, c.row.id);
	return err != 0 ? err : verification_fill_view(rule, &c, view);
}
