/* replies.c - received SMS.
 *
 * Words are compared as skeletons: lower case, without marks (Vietnamese, and Ё as Е), letters and
 * single spaces only, Cyrillic letters that look Latin as those, so that STOP in mixed letters is
 * STOP. */
#include "service/replies.h"

#include <errno.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/util.h"
#include "queue/db_contact.h"
#include "queue/db_event.h"
#include "service/chars.h"
#include "service/reverse.h"

enum { WORD_MAX = 24, TYPED_MAX = 120, CANCEL_AT_ONCE = 64 };

static const struct {
	enum reply_word word;
	const char *text;
} words[] = {
	{ REPLY_STOP, "stop" },        { REPLY_STOP, "ctop" },    { REPLY_STOP, "stopall" },
	{ REPLY_STOP, "quit" },        { REPLY_STOP, "end" },     { REPLY_STOP, "revoke" },
	{ REPLY_STOP, "opt out" },     { REPLY_STOP, "optout" },  { REPLY_STOP, "cancel" },
	{ REPLY_STOP, "unsubscribe" }, { REPLY_STOP, "arret" },   { REPLY_STOP, "стоп" },
	{ REPLY_STOP, "отписаться" },  { REPLY_STOP, "отписка" }, { REPLY_STOP, "отказ" },
	{ REPLY_STOP, "відписатися" }, { REPLY_STOP, "тоқтату" }, { REPLY_STOP, "tc" },
	{ REPLY_STOP, "từ chối" },     { REPLY_STOP, "hủy" },     { REPLY_STOP, "dừng" },
	{ REPLY_NO, "нет" },           { REPLY_NO, "no" },        { REPLY_NO, "không" },
	{ REPLY_START, "start" },      { REPLY_START, "unstop" }, { REPLY_START, "yes" },
	{ REPLY_START, "старт" },
};

static const struct {
	UChar cyrillic, latin;
} look_alikes[] = {
	{ 0x430, 'a' }, { 0x432, 'b' }, { 0x435, 'e' }, { 0x456, 'i' }, { 0x43a, 'k' },
	{ 0x43c, 'm' }, { 0x43d, 'h' }, { 0x43e, 'o' }, { 0x440, 'p' }, { 0x441, 'c' },
	{ 0x442, 't' }, { 0x443, 'y' }, { 0x445, 'x' }, { 0x111, 'd' },
};

static UChar plain_letter(UChar c)
{
	for (size_t i = 0; i < ARRAY_LEN(look_alikes); i++)
		if (look_alikes[i].cyrillic == c)
			return look_alikes[i].latin;
	return c;
}

/* Lower-case letters and single spaces. False: too long to be a word of ours. */
static bool make_skeleton(const char *text, UChar skeleton[static WORD_MAX])
{
	UErrorCode error = U_ZERO_ERROR;
	UChar wide[TYPED_MAX], folded[TYPED_MAX], apart[2 * TYPED_MAX];
	int32_t n = 0, used = 0;

	u_strFromUTF8(wide, TYPED_MAX, &n, text, -1, &error);
	n = unorm2_normalize(unorm2_getNFKCCasefoldInstance(&error), wide, n, folded, TYPED_MAX,
			     &error);
	n = unorm2_normalize(unorm2_getNFDInstance(&error), folded, n, apart, 2 * TYPED_MAX,
			     &error);
	if (U_FAILURE(error))
		return false;
	for (int32_t i = 0; i < n; i++) {
		bool letter = u_isalpha(apart[i]), space = char_is_space(apart[i]);

		if (used == WORD_MAX - 1)
			return false;
		if (letter)
			skeleton[used++] = plain_letter(apart[i]);
		else if (space && used > 0 && skeleton[used - 1] != ' ')
			skeleton[used++] = ' ';
	}
	if (used > 0 && skeleton[used - 1] == ' ')
		used--;
	skeleton[used] = 0;
	return used > 0;
}

enum reply_word reply_word(const char *text)
{
	UChar typed[WORD_MAX], known[WORD_MAX];

	if (!make_skeleton(text, typed))
		return REPLY_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (make_skeleton(words[i].text, known) && u_strcmp(typed, known) == 0)
			return words[i].word;
	return REPLY_OTHER;
}

/* What was last sent to this number, if anything. */
static int last_message(const struct rule *rule, const char *e164, struct message_row *row)
{
	struct message_query query = { .state = -1, .kind = -1, .limit = 1 };
	size_t n = 0;
	int err = db_number_find(rule->db, e164, &query.number);

	if (err == 0)
		err = db_message_list(rule->db, &query, row, &n);
	return err == 0 && n == 0 ? -ENOENT : err;
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

static int tell(const struct rule *rule, const struct inbox_row *row, const char *type)
{
	const struct event_new event = {
		.type = type, .site = row->site, .subject = row->id, .modem = row->modem
	};

	return db_event_add(rule->db, &event);
}

static int opt_out(const struct rule *rule, const struct inbox_row *row, const char *e164)
{
	int64_t number;
	int err = db_optout_set(rule->db, e164, "reply");

	if (err == 0)
		err = tell(rule, row, "number.opted_out");
	if (err < 0)
		return err;
	err = db_number_find(rule->db, e164, &number);
	if (err == 0)
		err = cancel_waiting(rule, number, MSG_QUEUED);
	if (err == 0)
		err = cancel_waiting(rule, number, MSG_SCHEDULED);
	return err == -ENOENT ? 0 : err;
}

static int opt_in(const struct rule *rule, const struct inbox_row *row, const char *e164)
{
	int err = db_optout_clear(rule->db, e164);

	if (err == -ENOENT)
		return 0;
	return err < 0 ? err : tell(rule, row, "number.opted_in");
}

/* "+" and digits: only such a sender can be one to whom we wrote. */
static bool is_e164(const char *sender)
{
	size_t n = strlen(sender);

	return n > 1 && n < NUMBER_SIZE && sender[0] == '+' &&
	       strspn(sender + 1, "0123456789") == n - 1;
}

static int keep(const struct rule *rule, struct inbox_row *row, const char *pdu)
{
	int err = db_inbox_add(rule->db, row, pdu);

	return err == 0 ? tell(rule, row, "sms.received") : err;
}

static int receive_token(const struct rule *rule, const struct verification_row *verification,
			 struct inbox_row *row, const char *pdu, const char *service_centre)
{
	int err;

	memcpy(row->site, verification->site, sizeof(row->site));
	err = keep(rule, row, pdu);
	return err == 0 ? reverse_sms(rule, verification, row, service_centre) : err;
}

int reply_receive(const struct rule *rule, struct inbox_row *row, const char *pdu,
		  const char *service_centre)
{
	bool known = is_e164(row->sender), to_request = false;
	struct verification_row verification;
	struct message_row last;
	int err = reverse_find(rule, row->text, &verification);

	if (err == 0)
		return receive_token(rule, &verification, row, pdu, service_centre);
	if (err == -ENOENT)
		err = known ? last_message(rule, row->sender, &last) : -ENOENT;
	if (err < 0 && err != -ENOENT)
		return err;
	if (err == 0) {
		memcpy(row->site, last.site, sizeof(row->site));
		to_request = last.kind == KIND_CONTACT_REQUEST;
	}
	err = keep(rule, row, pdu);
	if (err < 0 || !known)
		return err;
	switch (reply_word(row->text)) {
	case REPLY_STOP:
		return opt_out(rule, row, row->sender);
	case REPLY_NO:
		return to_request ? opt_out(rule, row, row->sender) : 0;
	case REPLY_START:
		return opt_in(rule, row, row->sender);
	case REPLY_OTHER:
		return 0;
	}
	return 0;
}
