/* long_sms.c - joins long received SMS. */
#include "service/long_sms.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "service/replies.h"

enum { SETS_MAX = 500, PARTS_MAX = 4000, RELEASE_AT_ONCE = 16 };

const int64_t long_wait_ms = (int64_t)3 * 24 * 60 * 60 * 1000;

#define MISSING "[…]"

/* Takes more over; it is wiped. */
static int append(char **text, char *more, const char *instead)
{
	const char *added = more != NULL ? more : instead;
	size_t old = *text != NULL ? strlen(*text) : 0;
	char *grown = malloc(old + strlen(added) + 1);

	if (grown != NULL) {
		memcpy(grown, *text != NULL ? *text : "", old);
		strcpy(grown + old, added);
	}
	secret_free(more);
	secret_free(*text);
	*text = grown;
	return grown != NULL ? 0 : -ENOMEM;
}

static int join(struct db *db, const struct long_set *set, char **text, bool *incomplete)
{
	int err = 0;

	*text = NULL;
	*incomplete = false;
	for (unsigned part = 1; part <= set->total && err == 0; part++) {
		char *more;

		err = db_long_text(db, set, part, &more);
		*incomplete = *incomplete || err == -ENOENT;
		if (err == 0 || err == -ENOENT)
			err = append(text, more, MISSING);
	}
	return err;
}

/* The set becomes a received SMS, complete or not. */
static int deliver(const struct rule *rule, const struct long_set *set, const char *service_centre)
{
	struct inbox_row row = { .sent_at = set->sent_at };
	char name[64];
	int err = join(rule->db, set, &row.text, &row.incomplete);

	snprintf(row.modem, sizeof(row.modem), "%s", set->modem);
	snprintf(row.sender, sizeof(row.sender), "%s", set->sender);
	snprintf(name, sizeof(name), "long %" PRId64 " %" PRId64, set->id, set->first_at);
	if (err == 0)
		err = reply_receive(rule, &row, name, service_centre);
	secret_free(row.text);
	return err == 0 || err == -EEXIST ? db_long_close(rule->db, set) : err;
}

static int is_complete(struct db *db, const struct long_set *set, bool *complete)
{
	int err = 0;

	*complete = true;
	for (unsigned part = 1; part <= set->total && err == 0; part++) {
		char *text;

		err = db_long_text(db, set, part, &text);
		secret_free(text);
	}
	*complete = err == 0;
	return err == -ENOENT ? 0 : err;
}

static int keep_bounds(const struct rule *rule)
{
	struct long_set oldest;
	unsigned sets, parts;
	int err = db_long_counts(rule->db, &sets, &parts);

	if (err < 0 || (sets < SETS_MAX && parts < PARTS_MAX))
		return err;
	err = db_long_oldest(rule->db, &oldest);
	return err < 0 ? err : deliver(rule, &oldest, "");
}

/* What stands in the part's place: -ENOENT nothing, *same: the same text. */
static int look(struct db *db, const struct long_set *set, unsigned part, const char *text,
		bool *same)
{
	char *there;
	int err = db_long_text(db, set, part, &there);

	*same = err == 0 && strcmp(there, text) == 0;
	secret_free(there);
	return err;
}

static int open_set(const struct rule *rule, const struct long_key *key,
		    const struct inbox_row *row, struct long_set *set)
{
	int err = keep_bounds(rule);

	memset(set, 0, sizeof(*set));
	set->total = key->total;
	set->sent_at = row->sent_at;
	snprintf(set->modem, sizeof(set->modem), "%s", row->modem);
	snprintf(set->sender, sizeof(set->sender), "%s", row->sender);
	return err < 0 ? err : db_long_open(rule->db, key, set);
}

/* The set that the part belongs to; *again: it has this part already. */
static int find_set(const struct rule *rule, const struct long_key *key, unsigned part,
		    const struct inbox_row *row, struct long_set *set, bool *again)
{
	bool same = false;
	int err = db_long_find(rule->db, key, set);

	*again = false;
	if (err == 0) {
		err = look(rule->db, set, part, row->text, &same);
		if (err == -ENOENT)
			return 0;
		*again = same;
		if (err < 0 || same)
			return err;
		err = deliver(rule, set, ""); /* its reference is used again */
		return err < 0 ? err : open_set(rule, key, row, set);
	}
	return err == -ENOENT ? open_set(rule, key, row, set) : err;
}

int long_receive(const struct rule *rule, const struct long_key *key, unsigned part,
		 const struct inbox_row *row, const char *pdu, const char *service_centre)
{
	struct long_set set;
	bool again = false, complete;
	int err = db_long_check_new(rule->db, pdu);

	if (err == 0)
		err = find_set(rule, key, part, row, &set, &again);
	if (err == 0)
		err = db_long_keep(rule->db, &set, part, again ? NULL : row->text, pdu);
	if (err < 0 || again)
		return err;
	err = is_complete(rule->db, &set, &complete);
	return err == 0 && complete ? deliver(rule, &set, service_centre) : err;
}

int long_release(const struct rule *rule, int64_t *next_at)
{
	int err = 0;

	*next_at = 0;
	for (int i = 0; i < RELEASE_AT_ONCE && err == 0; i++) {
		struct long_set oldest;

		err = db_long_oldest(rule->db, &oldest);
		if (err < 0)
			break;
		*next_at = oldest.first_at + long_wait_ms;
		if (*next_at > db_now(rule->db))
			return 0;
		err = deliver(rule, &oldest, "");
	}
	if (err == -ENOENT)
		*next_at = 0;
	return err == -ENOENT ? 0 : err;
}
