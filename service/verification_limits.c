/* verification_limits.c - how often codes are sent and entries judged.
 *
 * Wrong entries count per site, account and number, whatever the code and the verification, so
 * that resends buy no guesses; over all accounts they lock the number for SMS: no code is sent to
 * it and none is judged, so that codes gathered before buy no guesses either. Sends count per
 * account and number, number, account, prefix, site and gateway. A prefix to which many codes go
 * and few come back is where somebody earns from our SMS: it is suspended for hours, whatever the
 * limits say; only channels in which the user pays stay open. */
#include <errno.h>

#include "base/util.h"
#include "queue/db_event.h"
#include "service/numbers.h"
#include "service/rule_private.h"
#include "service/verification_private.h"

enum {
	NUMBER_WRONG_MAX = 10,
	ALARM_WRONG = 100,     /* in an hour, and more than codes were sent */
	CONVERSION_SENDS = 20, /* below, chance speaks */
	CONVERSION_PERCENT = 30,
};

static const int64_t hour_ms = 3600 * 1000LL;
static const int64_t day_ms = 24 * 3600 * 1000LL;
static const int64_t conversion_ms = 6 * 3600 * 1000LL; /* looked back at */
static const int64_t suspension_ms = 6 * 3600 * 1000LL;

/* Wrong entries for a number over all accounts, besides the tenth of an hour: what the facts' table
 * of guesses counts on, and NIST's hundred (a success forgives what is older than a day). */
static const struct config_rate wrong_items[] = { { 25, 24 * 3600 * 1000LL },
						  { 100, 30 * 24 * 3600 * 1000LL } };
static const struct config_rates wrong_rates = { wrong_items, ARRAY_LEN(wrong_items) };

void verification_keys(const struct rule *rule, const char *site, const char *account,
		       const char *phone, struct verification_keys *keys)
{
	const struct db *db = rule->db;
	char prefix[NUMBER_SIZE];

	number_prefix(phone, prefix);
	db_place_key(db, &keys->send_account, PLACE_SEND_ACCOUNT_NUMBER, site, account, phone);
	db_place_key(db, &keys->send_number, PLACE_SEND_NUMBER, site, phone, NULL);
	db_place_key(db, &keys->send_any, PLACE_SEND_ANY, site, account, NULL);
	db_place_key(db, &keys->send_prefix, PLACE_SEND_PREFIX, site, prefix, NULL);
	db_place_key(db, &keys->approved_prefix, PLACE_SEND_PREFIX, site, prefix, "approved");
	db_place_key(db, &keys->send_site, PLACE_SEND_SITE, site, NULL, NULL);
	db_place_key(db, &keys->send_global, PLACE_SEND_GLOBAL, "", NULL, NULL);
	db_place_key(db, &keys->wrong_account, PLACE_WRONG_ACCOUNT_NUMBER, site, account, phone);
	db_place_key(db, &keys->wrong_number, PLACE_WRONG_NUMBER, site, phone, NULL);
	db_place_key(db, &keys->wrong_site, PLACE_WRONG_SITE, site, NULL, NULL);
	db_place_key(db, &keys->alarm_site, LOCK_SITE_ALARM, site, NULL, NULL);
	db_place_key(db, &keys->lock_account, LOCK_ACCOUNT_NUMBER, site, account, phone);
	db_place_key(db, &keys->lock_number, LOCK_NUMBER, site, phone, NULL);
	db_place_key(db, &keys->lock_prefix, LOCK_PREFIX, site, prefix, NULL);
	db_place_key(db, &keys->wrong_sender, PLACE_WRONG_SENDER, site, account, phone);
	db_place_key(db, &keys->call_number, PLACE_CALL_NUMBER, site, phone, NULL);
}

static int refuse_locked(struct refusal *why, int64_t wait_ms)
{
	return rule_refuse(why, REASON_LOCKED, wait_ms,
			   "Too many wrong codes were entered. Ask for a new one later.");
}

int verification_check_lock(const struct rule *rule, const struct verification_keys *keys,
			    struct refusal *why)
{
	int64_t until;
	int err = db_lock_get(rule->db, &keys->lock_account, &until);

	if (err < 0 || until == 0)
		return err;
	return refuse_locked(why, until - db_now(rule->db));
}

int verification_entries_left(const struct rule *rule, const struct config_site *site,
			      const struct verification_keys *keys, unsigned *left)
{
	unsigned max = site->verification.max_wrong_codes, n = 0;
	int64_t until;
	int err = db_lock_get(rule->db, &keys->lock_account, &until);

	if (err == 0)
		err = db_place_count(rule->db, &keys->wrong_account, site->verification.lock_ms,
				     &n);
	*left = err < 0 || until != 0 || n >= max ? 0 : max - n;
	return err;
}

/* When one more wrong entry would be judged; 0: now. */
static int next_entry_at(const struct rule *rule, const struct config_site *site,
			 const struct place_key *key, int64_t *next_at)
{
	const struct config_rate rate = { site->verification.max_wrong_codes,
					  site->verification.lock_ms };
	const struct config_rates rates = { &rate, 1 };

	return db_place_fits(rule->db, key, &rates, next_at, NULL);
}

/* A code that nobody could enter is not sent: the wait is until an entry is free again. */
int verification_check_entries(const struct rule *rule, const struct config_site *site,
			       const struct verification_keys *keys, struct refusal *why)
{
	int64_t next_at;
	int err = next_entry_at(rule, site, &keys->wrong_account, &next_at);

	if (err < 0 || next_at == 0)
		return err;
	return refuse_locked(why, next_at - db_now(rule->db));
}

int verification_senders_left(const struct rule *rule, const struct config_site *site,
			      const struct verification_keys *keys, unsigned *left)
{
	unsigned max = site->verification.max_wrong_codes, n = 0;
	int err = db_place_count(rule->db, &keys->wrong_sender, site->verification.lock_ms, &n);

	*left = err < 0 || n >= max ? 0 : max - n;
	return err;
}

int verification_check_senders(const struct rule *rule, const struct config_site *site,
			       const struct verification_keys *keys, struct refusal *why)
{
	int64_t next_at;
	int err = next_entry_at(rule, site, &keys->wrong_sender, &next_at);

	if (err < 0 || next_at == 0)
		return err;
	return rule_refuse(why, REASON_LOCKED, next_at - db_now(rule->db),
			   "Too many SMS came from other numbers. Try again later.");
}

int verification_number_locked_until(const struct rule *rule, const struct verification_keys *keys,
				     int64_t *until)
{
	int64_t next_at;
	int err = db_lock_get(rule->db, &keys->lock_number, until);

	if (err == 0)
		err = db_place_fits(rule->db, &keys->wrong_number, &wrong_rates, &next_at, NULL);
	if (err == 0 && next_at > *until)
		*until = next_at;
	return err;
}

int verification_check_number_lock(const struct rule *rule, const struct verification_keys *keys,
				   struct refusal *why)
{
	int64_t until;
	int err = verification_number_locked_until(rule, keys, &until);

	if (err < 0 || until == 0)
		return err;
	return rule_refuse(why, REASON_NUMBER_LOCKED, until - db_now(rule->db),
			   "Too many wrong codes were entered for this number. Try later, or use "
			   "another way.");
}

static int check_limits(const struct rule *rule, const struct config_verification *v,
			const struct verification_keys *keys, struct refusal *why)
{
	const struct {
		const struct place_key *key;
		const struct config_rates *rates;
		const char *what;
	} limits[] = {
		{ &keys->send_account, &v->per_account_number, "codes to this number" },
		{ &keys->send_number, &v->per_number, "codes to this number" },
		{ &keys->send_any, &v->per_account, "codes of this account" },
		{ &keys->send_prefix, &v->per_prefix, "codes to numbers like this" },
		{ &keys->send_site, &v->per_site, "codes of this site" },
		{ &keys->send_global, &rule->config->global_codes, "codes of this gateway" },
	};
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(limits) && err == 0; i++)
		err = rule_limit(rule, limits[i].key, limits[i].rates, limits[i].what, why);
	return err;
}

static int refuse_prefix(struct refusal *why, int64_t wait_ms)
{
	return rule_refuse(why, REASON_PREFIX_SUSPENDED, wait_ms,
			   "Codes to numbers like this are hardly ever entered. Try later, or use "
			   "another way.");
}

static int check_conversion(const struct rule *rule, const struct verification_keys *keys,
			    struct refusal *why)
{
	unsigned sends, approved = 0;
	int64_t until;
	int err = db_lock_get(rule->db, &keys->lock_prefix, &until);

	if (err < 0 || until != 0)
		return err < 0 ? err : refuse_prefix(why, until - db_now(rule->db));
	/* nobody can enter a code that waits for a modem */
	err = db_place_count_dated(rule->db, &keys->send_prefix, conversion_ms, &sends);
	if (err == 0)
		err = db_place_count(rule->db, &keys->approved_prefix, conversion_ms, &approved);
	if (err < 0 || sends < CONVERSION_SENDS || approved * 100 >= sends * CONVERSION_PERCENT)
		return err;
	return refuse_prefix(why, suspension_ms);
}

int verification_suspend(const struct rule *rule, const struct verification_keys *keys)
{
	const struct event_new event = { .type = "prefix.suspended",
					 .site = rule->site->name,
					 .reason = "few_codes_entered" };
	int64_t until;
	int err = db_lock_get(rule->db, &keys->lock_prefix, &until);

	if (err < 0 || until != 0)
		return err;
	err = db_lock_set(rule->db, &keys->lock_prefix, db_now(rule->db) + suspension_ms);
	return err < 0 ? err : db_event_add(rule->db, &event);
}

int verification_unsuspend(const struct rule *rule, const struct verification_keys *keys)
{
	int err = db_lock_clear(rule->db, &keys->lock_prefix);

	return err < 0 ? err : db_place_clear(rule->db, &keys->send_prefix);
}

int verification_check_send(const struct rule *rule, const struct config_site *site,
			    const struct verification_keys *keys, bool costs, struct refusal *why)
{
	int err = verification_check_entries(rule, site, keys, why);

	if (err == 0)
		err = verification_check_number_lock(rule, keys, why);
	if (err == 0 && costs)
		err = check_limits(rule, &site->verification, keys, why);
	if (err == 0 && costs)
		err = check_conversion(rule, keys, why);
	return err;
}

void verification_except_send(struct verification_keys *keys, int64_t message_seq)
{
	struct place_key *const sends[] = { &keys->send_account, &keys->send_number,
					    &keys->send_any,     &keys->send_prefix,
					    &keys->send_site,    &keys->send_global };

	for (size_t i = 0; i < ARRAY_LEN(sends); i++)
		sends[i]->except = message_seq;
}

int verification_take_send(const struct rule *rule, const struct verification_keys *keys,
			   int64_t message_seq)
{
	const struct {
		const struct place_key *key;
		bool counts; /* some rule looks at it */
	} taken[] = {
		{ &keys->send_account, true },
		{ &keys->send_number, true },
		{ &keys->send_any, rule->site->verification.per_account.n > 0 },
		{ &keys->send_prefix, true },
		{ &keys->send_site, true },
		{ &keys->send_global, rule->config->global_codes.n > 0 },
	};
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(taken) && err == 0; i++)
		if (taken[i].counts)
			err = db_place_take(rule->db, taken[i].key, message_seq, false);
	return err;
}

/* More wrong entries than codes: somebody guesses, over many numbers. Told once an hour. */
static int watch_site(const struct rule *rule, const struct verification_keys *keys, bool *alarm)
{
	unsigned wrong = 0, sends = 0;
	int64_t told_until = 0;
	int err = db_place_take(rule->db, &keys->wrong_site, 0, false);

	*alarm = false;
	if (err == 0)
		err = db_lock_get(rule->db, &keys->alarm_site, &told_until);
	if (err < 0 || told_until != 0)
		return err;
	err = db_place_count(rule->db, &keys->wrong_site, hour_ms, &wrong);
	if (err == 0)
		err = db_place_count(rule->db, &keys->send_site, hour_ms, &sends);
	if (err < 0 || wrong < ALARM_WRONG || wrong <= sends)
		return err;
	*alarm = true;
	return db_lock_set(rule->db, &keys->alarm_site, db_now(rule->db) + hour_ms);
}

int verification_count_wrong(const struct rule *rule, const struct verification_keys *keys,
			     bool *alarm)
{
	unsigned n = 0;
	int err = watch_site(rule, keys, alarm);

	if (err == 0)
		err = db_place_take(rule->db, &keys->wrong_number, 0, false);
	if (err == 0)
		err = db_place_count(rule->db, &keys->wrong_number, hour_ms, &n);
	if (err < 0 || n < NUMBER_WRONG_MAX)
		return err;
	return db_lock_set(rule->db, &keys->lock_number, db_now(rule->db) + hour_ms);
}

int verification_forgive(const struct rule *rule, const struct verification_case *c,
			 const struct verification_keys *keys)
{
	return db_place_clear(rule->db, verification_takes_code(c) ? &keys->wrong_account
								   : &keys->wrong_sender);
}

int verification_count_success(const struct rule *rule, const struct verification_case *c,
			       const struct verification_keys *keys)
{
	int err = verification_forgive(rule, c, keys);

	if (err == 0)
		err = db_place_clear_before(rule->db, &keys->wrong_number,
					    db_now(rule->db) - day_ms);
	if (err < 0 || !verification_takes_code(c))
		return err;
	return db_place_take(rule->db, &keys->approved_prefix, 0, false);
}
