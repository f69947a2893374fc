/* verification_check.c - what the user typed is judged.
 *
 * Steps: whose verification, is it open, is the entry well-formed (else it is not counted); the
 * locks; the code's end; the entry is counted before it is compared; then wrong, superseded, or
 * approved - and an approval binds the number in the same transaction, if it is still free.
 * A counted refusal returns 0 with why filled: it is kept. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "service/chars.h"
#include "service/rule_private.h"
#include "service/verification_private.h"

struct entry {
	struct verification_case c;
	struct verification_keys keys;
	char code[CODE_MAX];
};

static int refuse_state(const struct rule *rule, const struct verification_case *c,
			struct refusal *why)
{
	if (c->row.state == VER_APPROVED)
		return rule_refuse(why, REASON_ALREADY_APPROVED, 0,
				   "The number is verified already.");
	if (c->row.state == VER_CANCELED)
		return rule_refuse(why, REASON_CANCELED, 0,
				   "The verification was canceled. Start another one.");
	if (verification_is_over(rule, c))
		return rule_refuse(why, REASON_CODE_EXPIRED, 0,
				   "The code expired. Ask for a new one.");
	return 0;
}

static int read_code(struct entry *entry, const char *code, struct refusal *why)
{
	const char *test = entry->c.test_code;
	unsigned length =
		test != NULL ? (unsigned)strlen(test) : entry->c.site->verification.code_length;

	if (!verification_takes_code(&entry->c))
		return rule_refuse_field(why, "code", "no_code",
					 "Nothing is to be entered in this channel: it is approved "
					 "when the user's SMS or call has come.");
	if (code == NULL || code[0] == '\0')
		return rule_refuse_field(why, "code", "required", "The code that the user typed.");
	if (length >= CODE_MAX || code_normalise(code, length, entry->code) < 0)
		return rule_refuse_field(why, "code", "malformed",
					 "A code has %u digits. This entry was not counted.",
					 length);
	return 0;
}

/* Finds the verification and reads the entry; nothing is counted so far. */
static int open_entry(const struct rule *rule, const char *id, const char *code,
		      const char *account, struct entry *entry, struct refusal *why)
{
	int err = verification_load(rule, id, &entry->c, why);

	if (err != 0)
		return err;
	if (account != NULL && strcmp(account, entry->c.row.account) != 0)
		return rule_refuse(why, REASON_NOT_FOUND, 0, "There is no such verification.");
	verification_keys(rule, entry->c.row.site, entry->c.row.account, entry->c.phone,
			  &entry->keys);
	return read_code(entry, code, why);
}

/* One entry too many: from now on the answer is "locked", right or wrong. Kept. */
static int lock(const struct rule *rule, struct entry *entry, struct refusal *why)
{
	int64_t lock_ms = entry->c.site->verification.lock_ms;
	int err = db_lock_set(rule->db, &entry->keys.lock_account, db_now(rule->db) + lock_ms);

	if (err == 0)
		err = verification_tell(rule, &entry->c, "locked", "too_many_wrong_codes");
	rule_refuse(why, REASON_LOCKED, lock_ms,
		    "Too many wrong codes were entered. Ask for a new one later.");
	return err;
}

static int judge(const struct rule *rule, const struct entry *entry)
{
	const struct verification_case *c = &entry->c;
	unsigned char hash[SEAL_HASH_SIZE];

	seal_hash(db_keys(rule->db), SEAL_CODE, hash, c->row.id, c->phone, c->row.purpose,
		  entry->code, NULL);
	return db_code_match(rule->db, c->row.id, hash);
}

static int count_wrong(const struct rule *rule, struct entry *entry, bool superseded)
{
	bool alarm;
	int err = verification_count_wrong(rule, &entry->keys, &alarm);

	if (err == 0 && alarm)
		err = verification_tell(rule, &entry->c, "guessing", "many_wrong_codes");
	if (err < 0)
		return err;
	return verification_tell(rule, &entry->c, "wrong_code",
				 superseded ? "superseded_code" : "wrong_code");
}

/* Right, but another account's: kept (the entry proved possession), not approved. */
static int refuse_bound(const struct rule *rule, const struct verification_case *c,
			const struct verification_keys *keys, struct refusal *why)
{
	int err = verification_forgive(rule, c, keys);

	if (err == 0)
		err = verification_tell(rule, c, "refused", "number_bound_elsewhere");
	rule_refuse(why, REASON_NUMBER_BOUND_ELSEWHERE, 0,
		    "The number belongs to another account.");
	return err;
}

int verification_refuse_second(const char *purpose, struct refusal *why)
{
	if (strcmp(purpose, "login") == 0)
		return rule_refuse_field(why, "phone", "not_the_accounts_number",
					 "The account has another number. Leave phone out to log "
					 "in with that one.");
	return rule_refuse_field(why, "purpose", "use_change",
				 "The account has another number. Replace it with purpose change.");
}

/* Makes the account the owner, where the purpose binds. *holds: it owns the number now. */
static int bind_number(const struct rule *rule, const struct verification_row *row, bool *holds,
		       struct refusal *why)
{
	int64_t held;
	int err = db_owner_number(rule->db, row->site, row->account, &held);

	if (err < 0 && err != -ENOENT)
		return err;
	*holds = err == 0 && held == row->number;
	if (*holds)
		return 0;
	if (err == 0 && strcmp(row->purpose, "change") != 0)
		return verification_refuse_second(row->purpose, why);
	if (strcmp(row->purpose, "login") == 0)
		return 0;
	if (err == 0)
		err = db_owner_remove(rule->db, row->site, row->account, held);
	else
		err = 0;
	*holds = true;
	return err == 0 ? db_owner_set(rule->db, row->site, row->account, row->number) : err;
}

static int keep_proof(const struct rule *rule, const struct verification_case *c)
{
	const struct verification_row *row = &c->row;
	struct proof_row proof = { .number = row->number, .verified_at = row->approved_at };

	snprintf(proof.channel, sizeof(proof.channel), "%s", c->channel->name);
	snprintf(proof.assurance, sizeof(proof.assurance), "%s", c->channel->assurance);
	return db_proof_set(rule->db, row->site, row->account, &proof);
}

static int finish(const struct rule *rule, struct verification_case *c,
		  const struct verification_keys *keys, bool holds)
{
	int err = holds ? keep_proof(rule, c) : 0;

	if (err == 0)
		err = verification_cancel_message(rule, c);
	if (err == 0)
		err = db_code_erase(rule->db, c->row.id);
	if (err == 0)
		err = db_verification_update(rule->db, &c->row);
	if (err == 0)
		err = verification_count_success(rule, c, keys);
	return err == 0 ? verification_tell(rule, c, "approved", c->remark) : err;
}

int verification_approve(const struct rule *rule, struct verification_case *c,
			 const struct verification_keys *keys, struct refusal *why)
{
	struct verification_row *row = &c->row;
	char owner[ACCOUNT_SIZE];
	bool holds = false;
	int err = db_owner_get(rule->db, row->site, row->number, owner);

	if (err == 0 && strcmp(owner, row->account) != 0)
		return refuse_bound(rule, c, keys, why);
	if (err < 0 && err != -ENOENT)
		return err;
	row->state = VER_APPROVED;
	row->approved_at = db_now(rule->db);
	err = bind_number(rule, row, &holds, why);
	return err == 0 ? finish(rule, c, keys, holds) : err;
}

/* Counts the entry, then compares it. */
static int decide(const struct rule *rule, struct entry *entry, enum check_result *result,
		  struct refusal *why)
{
	unsigned left;
	int match, err = verification_entries_left(rule, entry->c.site, &entry->keys, &left);

	if (err < 0)
		return err;
	if (left == 0)
		return lock(rule, entry, why);
	err = verification_check_number_lock(rule, &entry->keys, why);
	if (err != 0)
		return err;
	err = db_place_take(rule->db, &entry->keys.wrong_account, 0, false);
	if (err < 0)
		return err;
	match = judge(rule, entry);
	if (match == 0) {
		*result = CHECK_APPROVED;
		return verification_approve(rule, &entry->c, &entry->keys, why);
	}
	if (match < 0 && match != -ENOENT)
		return match;
	*result = match == 1 ? CHECK_SUPERSEDED_CODE : CHECK_WRONG_CODE;
	return count_wrong(rule, entry, match == 1);
}

int verification_check(const struct rule *rule, const char *id, const char *code,
		       const char *account, enum check_result *result,
		       struct verification_view *view, struct refusal *why)
{
	struct entry entry = { 0 };
	int err;

	memset(why, 0, sizeof(*why));
	err = open_entry(rule, id, code, account, &entry, why);
	if (err == 0 && (entry.c.row.state == VER_PENDING || entry.c.row.state == VER_EXPIRED))
		err = verification_check_lock(rule, &entry.keys, why);
	if (err == 0)
		err = refuse_state(rule, &entry.c, why);
	if (err == 0)
		err = decide(rule, &entry, result, why);
	if (err == 0)
		err = verification_fill_view(rule, &entry.c, view);
	secret_wipe(entry.code, sizeof(entry.code));
	return err;
}
