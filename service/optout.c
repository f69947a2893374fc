/* optout.c - opt-outs hold for the number, whatever site it is verified on: it is the SIM's number
 * that people answer. They are kept as a keyed hash, without an end. */
#include "service/optout.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "queue/db_contact.h"
#include "queue/db_event.h"
#include "service/messages.h"
#include "service/rule_private.h"

enum { CANCEL_AT_ONCE = 64, ANSWER_LIFE_MS = 5 * 60 * 1000 };

static int tell(const struct rule *rule, const char *type, const struct optout_source *source)
{
	const struct event_new event = {
		.type = type,
		.site = source->site,
		.subject = source->subject,
		.modem = source->modem,
		.reason = source->keyword,
	};

	return db_event_add(rule->db, &event);
}

static int cancel_waiting(const struct rule *rule, int64_t number, enum message_state state)
{
	static const struct message_cause cause = { .class = "canceled", .code = "opted_out" };
	struct message_query query = { .state = (int)state,
				       .kind = KIND_CONTACT_REQUEST,
				       .number = number,
				       .limit = CANCEL_AT_ONCE };
	struct message_row rows[CANCEL_AT_ONCE];
	size_t n = 0;
	int err;

	do {
		err = db_message_list(rule->db, &query, rows, &n);
		for (size_t i = 0; i < n && err == 0; i++)
			err = db_message_move(rule->db, &rows[i], MSG_CANCELED, &cause);
	} while (err == 0 && n == CANCEL_AT_ONCE);
	return err;
}

static int cancel_all(const struct rule *rule, const char *e164)
{
	int64_t number;
	int err = db_number_find(rule->db, e164, &number);

	if (err == 0)
		err = cancel_waiting(rule, number, MSG_QUEUED);
	if (err == 0)
		err = cancel_waiting(rule, number, MSG_SCHEDULED);
	return err == -ENOENT ? 0 : err;
}

/* ---- the one answer ---- */

/* One part each. */
static const struct {
	const char *language, *text;
} answers[] = {
	{ "en", "Contact requests are off. To get them again, reply START." },
	{ "ru", "Запросы на связь отключены. Включить снова: ответьте START." },
	{ "vi", "Da tat yeu cau lien he. De bat lai, tra loi START." },
};

static const char *answer_for(const char *locale)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		if (strncmp(answers[i].language, locale, 2) == 0)
			return answers[i].text;
	return answers[0].text;
}

/* At most one a day to a number, and only while the sender still has the phone in his hand. */
static int answer(const struct rule *rule, const struct config_site *site, const char *e164)
{
	static const struct config_rate daily = { 1, 24 * 3600 * 1000LL };
	static const struct config_rates rates = { &daily, 1 };
	const struct rule of_site = { .db = rule->db, .config = rule->config, .site = site };
	struct message_order order = { .kind = KIND_CONTACT_REQUEST,
				       .text = answer_for(site->locale),
				       .deadline = db_now(rule->db) + ANSWER_LIFE_MS };
	struct message_row message;
	struct gsm_shape shape;
	struct place_key key;
	struct refusal why;
	int64_t next_at;
	int err;

	db_place_key(rule->db, &key, PLACE_OPTOUT_ANSWER, "", e164, NULL);
	err = db_place_fits(rule->db, &key, &rates, &next_at, NULL);
	if (err < 0 || next_at > 0)
		return err;
	err = gsm_shape(&shape, order.text, GSM_AUTO, false);
	order.encoding = shape.encoding;
	order.parts = shape.n_parts;
	if (err == 0)
		err = db_number_id(rule->db, e164, &order.number);
	if (err == 0)
		err = message_queue(&of_site, &order, &message, &why);
	if (err == RULE_REFUSED) /* the queue is full: no answer then */
		return 0;
	return err < 0 ? err : db_place_take(rule->db, &key, message.seq, false);
}

/* ---- in and out ---- */

int optout_begin(const struct rule *rule, const char *e164, const struct optout_source *source)
{
	const struct config_site *site = config_site(rule->config, source->site);
	int64_t since;
	int err = db_optout_get(rule->db, e164, &since);

	if (err != -ENOENT)
		return err;
	err = db_optout_set(rule->db, e164, source->keyword);
	if (err == 0)
		err = tell(rule, "number.opted_out", source);
	if (err == 0)
		err = cancel_all(rule, e164);
	if (err == 0 && site != NULL && site->contact.confirm_opt_out)
		err = answer(rule, site, e164);
	return err;
}

int optout_end(const struct rule *rule, const char *e164, const struct optout_source *source)
{
	int err = db_optout_clear(rule->db, e164);

	if (err == -ENOENT)
		return 0;
	return err < 0 ? err : tell(rule, "number.opted_in", source);
}

int optout_allows(const struct rule *rule, const struct message_row *message, bool *allowed)
{
	char e164[NUMBER_SIZE];
	int64_t at = 0;
	int err = db_number_get(rule->db, message->number, e164);

	if (err == 0)
		err = db_optout_get(rule->db, e164, &at);
	*allowed = err != 0 || at <= message->created_at; /* the answer to it is as old */
	return err == -ENOENT ? 0 : err;
}

int optout_by_account(const struct rule *rule, const char *account, bool welcome,
		      struct refusal *why)
{
	const struct optout_source source = { .keyword = "account", .site = rule->site->name };
	char e164[NUMBER_SIZE];
	int64_t number;
	int err = rule_account(account, "account", why);

	if (err == 0)
		err = db_owner_number(rule->db, rule->site->name, account, &number);
	if (err == -ENOENT)
		return rule_refuse(why, REASON_NOT_FOUND, 0,
				   "This account has no verified number.");
	if (err == 0)
		err = db_number_get(rule->db, number, e164);
	if (err != 0)
		return err;
	return welcome ? optout_end(rule, e164, &source) : optout_begin(rule, e164, &source);
}
