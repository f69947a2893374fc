/* verification_reverse.c - the channels in which the user does something: he texts a token to one
 * of our SIMs, or rings one. What comes of it then is in reverse.c.
 *
 * Both wait for a short time and cost no SMS, so the limits of sends and the locks of codes do not
 * hold here: they are the way out. A call carries no secret, only the caller's number; so one of
 * the gateway's numbers is drawn for it, nobody else may claim the caller meanwhile, and there are
 * few calls a day. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "service/numbers.h"
#include "service/rule_private.h"
#include "service/token.h"
#include "service/verification_private.h"

enum { CALLS_A_DAY = 3 };

static const int64_t day_ms = 24 * 3600 * 1000LL;

/* The gateways of a country that serve the channel; region NULL: of all countries. */
static size_t gateways_of(const struct rule *rule, const struct verification_channel *channel,
			  const char *region, const struct gateway *found[static GATEWAYS_MAX])
{
	size_t n = rule->gateways != NULL ? rule->gateways->n : 0, n_found = 0;

	for (size_t i = 0; i < n; i++) {
		const struct gateway *gateway = &rule->gateways->items[i];

		if ((channel != &channel_missed_call || !gateway->sms_only) &&
		    (region == NULL || number_is_of(gateway->number, region)))
			found[n_found++] = gateway;
	}
	return n_found;
}

/* Those near the number: of its own country, or all where there are none. Without a number all. */
static size_t find_gateways(const struct rule *rule, const struct verification_case *c,
			    const struct gateway *found[static GATEWAYS_MAX])
{
	struct number number;
	struct refusal ignored;
	size_t n = 0;

	if (c->phone[0] != '\0' && number_parse(&number, c->phone, "", "phone", &ignored) == 0)
		n = gateways_of(rule, c->channel, number.region, found);
	return n > 0 ? n : gateways_of(rule, c->channel, NULL, found);
}

/* A test number needs no modem. */
static int check_gateways(const struct rule *rule, const struct verification_case *c,
			  struct refusal *why)
{
	const struct gateway *found[GATEWAYS_MAX];
	const char *configured[RULE_ALTERNATIVES];

	if (c->test_code != NULL || gateways_of(rule, c->channel, NULL, found) > 0)
		return 0;
	verification_alternatives(rule, rule->site, configured);
	if (configured[0] == NULL)
		return rule_refuse(why, REASON_CHANNEL_NOT_AVAILABLE, 0,
				   "No modem of this gateway has a number in the configuration.");
	if (rule->gateways != NULL && rule->gateways->n > 0)
		return rule_refuse(why, REASON_GATEWAY_NOT_READY, 0,
				   "No modem that can be rung is ready. Use inbound_sms.");
	return rule_refuse(why, REASON_GATEWAY_NOT_READY, 0,
			   "No modem with a number is ready. Try again in a minute.");
}

/* The row of a new one, and the fixed code of a test number. */
static int begin_wait(const struct rule *rule, struct verification_case *c,
		      const struct verification_wish *wish, int64_t ttl_ms)
{
	int err;

	snprintf(c->row.locale, sizeof(c->row.locale), "%s",
		 wish->locale != NULL ? wish->locale : rule->site->locale);
	c->row.code_at = db_now(rule->db);
	c->row.code_until = c->row.code_at + ttl_ms;
	err = db_verification_add(rule->db, &c->row);
	if (err == 0 && c->test_code != NULL)
		err = verification_keep_code(rule, c, c->test_code);
	return err == 0 ? verification_tell(rule, c, "created", NULL) : err;
}

/* ---- inbound_sms ---- */

static int check_inbound_sms(const struct rule *rule, const struct verification_case *c,
			     const struct verification_keys *keys, struct refusal *why)
{
	int err = check_gateways(rule, c, why);

	return err == 0 ? verification_check_senders(rule, rule->site, keys, why) : err;
}

static int start_inbound_sms(const struct rule *rule, struct verification_case *c,
			     const struct verification_wish *wish,
			     const struct verification_keys *keys, struct refusal *why)
{
	unsigned char hash[SEAL_HASH_SIZE];
	char token[TOKEN_SIZE];
	int err = begin_wait(rule, c, wish, rule->site->verification.inbound_ttl_ms);

	(void)keys;
	(void)why;
	if (err < 0)
		return err;
	token_make(db_keys(rule->db), c->row.id, token);
	token_hash(db_keys(rule->db), token, hash);
	return db_token_add(rule->db, c->row.id, hash);
}

/* ---- missed_call ---- */

/* A call says who rings and no more: only one may wait for it, whatever the site. */
static int check_claim(const struct rule *rule, const struct verification_case *c,
		       struct refusal *why)
{
	struct verification_row other;
	int err = c->row.number == 0 ? -ENOENT
				     : db_verification_awaited(rule->db, c->row.number,
							       c->row.channel, &other);

	if (err < 0)
		return err == -ENOENT ? 0 : err;
	return rule_refuse(why, REASON_CALL_PENDING, other.code_until - db_now(rule->db),
			   "A call from this number is awaited already. Try again later.");
}

static int check_missed_call(const struct rule *rule, const struct verification_case *c,
			     const struct verification_keys *keys, struct refusal *why)
{
	static const struct config_rate rate = { CALLS_A_DAY, day_ms };
	static const struct config_rates rates = { &rate, 1 };
	int err = check_gateways(rule, c, why);

	if (err == 0)
		err = check_claim(rule, c, why);
	if (err == 0 && c->test_code == NULL)
		err = rule_limit(rule, &keys->call_number, &rates, "calls from this number", why);
	return err;
}

static int start_missed_call(const struct rule *rule, struct verification_case *c,
			     const struct verification_wish *wish,
			     const struct verification_keys *keys, struct refusal *why)
{
	const struct gateway *near[GATEWAYS_MAX];
	size_t n = find_gateways(rule, c, near);
	int err;

	(void)why;
	if (n > 0)
		snprintf(c->row.gateway, sizeof(c->row.gateway), "%s",
			 near[randombytes_uniform((uint32_t)n)]->modem);
	err = begin_wait(rule, c, wish, rule->site->verification.call_ttl_ms);
	if (err < 0 || c->test_code != NULL)
		return err;
	return db_place_take(rule->db, &keys->call_number, 0, false);
}

const struct verification_channel channel_inbound_sms = {
	.name = "inbound_sms",
	.assurance = "code",
	.from_user = true,
	.learns_phone = true,
	.words = { "send_sms",
		   "Отправьте SMS с этим текстом на указанный номер с подтверждаемого телефона.",
		   "Hãy gửi tin nhắn với nội dung này đến số đã cho từ điện thoại cần xác minh.",
		   "Send an SMS with this text to the number shown, from the phone to be "
		   "verified." },
	.check = check_inbound_sms,
	.start = start_inbound_sms,
};

const struct verification_channel channel_missed_call = {
	.name = "missed_call",
	.assurance = "caller_id",
	.from_user = true,
	.words = { "call", "Позвоните на указанный номер. Звонок сразу сбросится: так и надо.",
		   "Hãy gọi đến số đã cho. Cuộc gọi sẽ bị ngắt ngay: như vậy là thành công.",
		   "Ring the number shown. The call is dropped at once: that is success." },
	.check = check_missed_call,
	.start = start_missed_call,
};

/* ---- what to do ---- */

static void add_number(struct verification_instructions *todo, const char *number)
{
	snprintf(todo->numbers[todo->n_numbers++], NUMBER_SIZE, "%s", number);
}

static void instruct_sms(const struct rule *rule, const struct verification_case *c,
			 struct verification_instructions *todo)
{
	const struct gateway *near[GATEWAYS_MAX];
	size_t n = find_gateways(rule, c, near);

	token_make(db_keys(rule->db), c->row.id, todo->token);
	for (size_t i = 0; i < n && i < INSTRUCTION_NUMBERS; i++)
		add_number(todo, near[i]->number);
}

void verification_instruct(const struct rule *rule, const struct verification_case *c,
			   struct verification_instructions *todo)
{
	const struct config_modem *modem = config_modem(rule->config, c->row.gateway);

	todo->words = &c->channel->words;
	if (c->channel == &channel_inbound_sms)
		instruct_sms(rule, c, todo);
	else if (modem != NULL && modem->number[0] != '\0')
		add_number(todo, modem->number);
}
