/* reverse.c - what a received token or a call proves.
 *
 * Steps: whose verification it is, is it open, has not too much come from elsewhere; the sender as
 * E.164, by the country of the SIM that got it; is it the claimed number (or learnt now); then the
 * approval of any code, in the transaction that keeps the SMS or the call. A refusal is kept. */
#include "service/reverse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "service/numbers.h"
#include "service/rule_private.h"
#include "service/token.h"
#include "service/verification_private.h"

int reverse_find(const struct rule *rule, const char *text, struct verification_row *row)
{
	char found[TOKEN_CANDIDATES][TOKEN_SIZE];
	size_t n = token_candidates(text, found);
	int err = -ENOENT;

	for (size_t i = 0; i < n && err == -ENOENT; i++) {
		unsigned char hash[SEAL_HASH_SIZE];

		token_hash(db_keys(rule->db), found[i], hash);
		err = db_token_find(rule->db, hash, row);
	}
	return err;
}

void reverse_home(const struct rule *rule, const char *modem, const char *fallback,
		  char region[static 3])
{
	const struct config_modem *config = config_modem(rule->config, modem);
	struct refusal ignored;
	struct number number;

	snprintf(region, 3, "%s", fallback);
	if (config != NULL && config->number[0] != '\0' &&
	    number_parse(&number, config->number, "", "number", &ignored) == 0)
		memcpy(region, number.region, 3);
}

/* A sender or caller as the network writes it, digits alone: from abroad with a plus, from home
 * also without. NULL, or why it cannot be believed. */
static const char *read_peer(const char *text, const char *home, struct number *number)
{
	struct refusal why;

	if (text[0] == '\0')
		return "withheld";
	if (strspn(text, "+0123456789") != strlen(text) ||
	    number_parse(number, text, home, "phone", &why) != 0)
		return "not_a_number";
	if (text[0] != '+' && !number_is_of(number->e164, home))
		return "foreign_format";
	return NULL;
}

static int note(const struct rule *rule, struct verification_row *row, const char *reason)
{
	snprintf(row->refused, sizeof(row->refused), "%s", reason);
	return db_verification_update(rule->db, row);
}

static int refuse(const struct rule *rule, struct verification_case *c, const char *reason)
{
	int err = note(rule, &c->row, reason);

	return err == 0 ? verification_tell(rule, c, "refused", reason) : err;
}

/* Fills the case of a row that a client did not name; -ENOENT: its site is no more. */
static int open_case(const struct rule *rule, const struct verification_row *row,
		     struct verification_case *c)
{
	memset(c, 0, sizeof(*c));
	c->row = *row;
	c->site = config_site(rule->config, row->site);
	return c->site == NULL ? -ENOENT : verification_complete(rule, c);
}

/* The peer has proved the number of the case: the same rules as for a code. */
static int approve(const struct rule *rule, struct verification_case *c,
		   const struct verification_keys *keys, int64_t claimed)
{
	struct verification_row before = c->row;
	struct refusal why = { .reason = REASON_NONE };
	int err;

	c->row.refused[0] = '\0';
	err = verification_approve(rule, c, keys, &why);
	if (err < 0 || why.reason == REASON_NONE)
		return err;
	c->row = before;
	c->row.number = claimed; /* what was learnt is not held where it is of no use */
	if (why.reason == REASON_FIELD)
		return refuse(rule, c, why.field_reason);
	return note(rule, &c->row, reason_name(why.reason)); /* the event is there */
}

/* ---- SMS ---- */

static int refuse_sender(const struct rule *rule, struct verification_case *c,
			 const struct verification_keys *keys)
{
	int err = db_place_take(rule->db, &keys->wrong_sender, 0, false);

	return err == 0 ? refuse(rule, c, "wrong_sender") : err;
}

/* The number was left out at the start: it is the sender's, if the site allows such numbers. */
static int learn(const struct rule *rule, struct verification_case *c, const struct number *sender,
		 struct refusal *why)
{
	struct number number;
	int err = number_parse_mobile(&number, sender->e164, c->site->region,
				      &c->site->verification.countries, "phone", why);

	if (err != 0)
		return err;
	memcpy(c->phone, number.e164, sizeof(c->phone));
	return db_number_id(rule->db, c->phone, &c->row.number);
}

/* Sets what the approval tells of the way that the SMS came. */
static void note_centre(struct verification_case *c, const struct number *sender,
			const char *service_centre)
{
	snprintf(c->row.service_centre, sizeof(c->row.service_centre), "%s", service_centre);
	if (service_centre[0] == '+' && !number_is_of(service_centre, sender->region))
		c->remark = "foreign_service_centre";
}

static int judge_sender(const struct rule *rule, struct verification_case *c,
			const struct number *sender)
{
	struct verification_keys keys;
	int64_t claimed = c->row.number;
	struct refusal why;
	unsigned left;
	int err;

	verification_keys(rule, c->row.site, c->row.account, c->phone, &keys);
	err = verification_senders_left(rule, c->site, &keys, &left);
	if (err < 0)
		return err;
	if (left == 0)
		return refuse(rule, c, "locked");
	if (claimed != 0 && strcmp(sender->e164, c->phone) != 0)
		return refuse_sender(rule, c, &keys);
	if (claimed == 0)
		err = learn(rule, c, sender, &why);
	if (err == RULE_REFUSED)
		return refuse(rule, c, why.field_reason);
	if (err < 0)
		return err;
	verification_keys(rule, c->row.site, c->row.account, c->phone, &keys);
	return approve(rule, c, &keys, claimed);
}

int reverse_sms(const struct rule *rule, const struct verification_row *row,
		const struct inbox_row *sms, const char *service_centre)
{
	struct verification_case c;
	struct number sender;
	const char *unfit;
	char home[3];
	int err = open_case(rule, row, &c);

	if (err < 0)
		return err == -ENOENT ? 0 : err;
	if (c.row.state != VER_PENDING || verification_is_over(rule, &c))
		return refuse(rule, &c, "expired");
	reverse_home(rule, sms->modem, c.site->region, home);
	unfit = read_peer(sms->sender, home, &sender);
	if (unfit != NULL)
		return refuse(rule, &c, unfit);
	note_centre(&c, &sender, service_centre);
	return judge_sender(rule, &c, &sender);
}

/* ---- calls ---- */

static int tell_call(const struct rule *rule, const char *modem, const char *reason)
{
	const struct event_new event = {
		.type = "call.rejected", .subject = modem, .modem = modem, .reason = reason
	};

	return db_event_add(rule->db, &event);
}

static int judge_caller(const struct rule *rule, const struct verification_row *row,
			const char *modem)
{
	struct verification_keys keys;
	struct verification_case c;
	int err = open_case(rule, row, &c);

	if (err < 0)
		return err == -ENOENT ? 0 : err;
	if (strcmp(c.row.gateway, modem) != 0)
		return refuse(rule, &c, "other_gateway");
	verification_keys(rule, c.row.site, c.row.account, c.phone, &keys);
	return approve(rule, &c, &keys, c.row.number);
}

int reverse_call(const struct rule *rule, const char *modem, const char *caller)
{
	struct verification_row row;
	struct number number;
	const char *unfit;
	char home[3];
	int64_t id;
	int err;

	reverse_home(rule, modem, "", home);
	unfit = read_peer(caller, home, &number);
	err = tell_call(rule, modem, unfit);
	if (err < 0 || unfit != NULL)
		return err;
	err = db_number_find(rule->db, number.e164, &id);
	if (err == 0)
		err = db_verification_awaited(rule->db, id, channel_missed_call.name, &row);
	if (err < 0)
		return err == -ENOENT ? 0 : err;
	return judge_caller(rule, &row, modem);
}
