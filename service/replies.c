/* replies.c - received SMS.
 *
 * Words are compared as skeletons: lower case, without marks (Vietnamese, and Ё as Е), letters and
 * single spaces only, Cyrillic letters that look Latin as those, so that STOP in mixed letters is
 * STOP. */
#include "service/replies.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/util.h"
#include "queue/db_event.h"
#include "service/chars.h"
#include "service/numbers.h"
#include "service/optout.h"
#include "service/reverse.h"

enum { WORD_MAX = 24, TYPED_MAX = 120 };

static const struct {
	enum reply_word word;
	const char *text;
} words[] = {
	/* recognised in the US, and common beside them */
	{ REPLY_STOP, "stop" },
	{ REPLY_STOP, "stopall" },
	{ REPLY_STOP, "quit" },
	{ REPLY_STOP, "end" },
	{ REPLY_STOP, "revoke" },
	{ REPLY_STOP, "opt out" },
	{ REPLY_STOP, "optout" },
	{ REPLY_STOP, "cancel" },
	{ REPLY_STOP, "unsubscribe" },
	{ REPLY_STOP, "arret" },
	/* Cyrillic СТОР with a letter that looks like P */
	{ REPLY_STOP, "ctop" },
	{ REPLY_STOP, "стоп" },
	{ REPLY_STOP, "отписаться" },
	{ REPLY_STOP, "отписка" },
	{ REPLY_STOP, "отказ" },
	{ REPLY_STOP, "відписатися" },
	{ REPLY_STOP, "тоқтату" },
	{ REPLY_STOP, "tc" },
	{ REPLY_STOP, "từ chối" },
	{ REPLY_STOP, "hủy" },
	{ REPLY_STOP, "dừng" },
	{ REPLY_NO, "нет" },
	{ REPLY_NO, "no" },
	{ REPLY_NO, "không" },
	{ REPLY_START, "start" },
	{ REPLY_START, "unstop" },
	{ REPLY_START, "yes" },
	{ REPLY_START, "старт" },
	{ REPLY_START, "подписаться" },
	{ REPLY_START, "підписатися" },
	{ REPLY_START, "бастау" },
	{ REPLY_START, "bắt đầu" },
	{ REPLY_START, "đồng ý" },
};

/* Cyrillic and Greek letters whose capitals look Latin, and letters that are typed for others. */
static const struct {
	UChar other, latin;
} look_alikes[] = {
	{ 0x430, 'a' }, { 0x432, 'b' }, { 0x435, 'e' }, { 0x455, 's' }, { 0x456, 'i' },
	{ 0x458, 'j' }, { 0x43a, 'k' }, { 0x43c, 'm' }, { 0x43d, 'h' }, { 0x43e, 'o' },
	{ 0x440, 'p' }, { 0x441, 'c' }, { 0x442, 't' }, { 0x443, 'y' }, { 0x445, 'x' },
	{ 0x3b1, 'a' }, { 0x3b2, 'b' }, { 0x3b5, 'e' }, { 0x3b6, 'z' }, { 0x3b7, 'h' },
	{ 0x3b9, 'i' }, { 0x3ba, 'k' }, { 0x3bc, 'm' }, { 0x3bd, 'n' }, { 0x3bf, 'o' },
	{ 0x3c1, 'p' }, { 0x3c4, 't' }, { 0x3c5, 'y' }, { 0x3c7, 'x' }, { 0x111, 'd' },
	{ 0x131, 'i' },
};

static UChar plain_letter(UChar c)
{
	for (size_t i = 0; i < ARRAY_LEN(look_alikes); i++)
		if (look_alikes[i].other == c)
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
		if (apart[i] == '0' && used > 0 && skeleton[used - 1] != ' ')
			skeleton[used++] = 'o'; /* ST0P */
		else if (letter)
			skeleton[used++] = plain_letter(apart[i]);
		else if (space && used > 0 && skeleton[used - 1] != ' ')
			skeleton[used++] = ' ';
	}
	if (used > 0 && skeleton[used - 1] == ' ')
		used--;
	skeleton[used] = 0;
	return used > 0;
}

/* *keyword (may be NULL): the word as our table has it. */
static enum reply_word find_word(const char *text, const char **keyword)
{
	UChar typed[WORD_MAX], known[WORD_MAX];

	if (!make_skeleton(text, typed))
		return REPLY_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!make_skeleton(words[i].text, known) || u_strcmp(typed, known) != 0)
			continue;
		if (keyword != NULL)
			*keyword = words[i].text;
		return words[i].word;
	}
	return REPLY_OTHER;
}

enum reply_word reply_word(const char *text)
{
	return find_word(text, NULL);
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

static int tell(const struct rule *rule, const struct inbox_row *row, const char *type)
{
	const struct event_new event = {
		.type = type, .site = row->site, .subject = row->id, .modem = row->modem
	};

	return db_event_add(rule->db, &event);
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

/* The word is known to opt-outs by its canonical form, never by what was typed. */
static int obey(const struct rule *rule, const struct inbox_row *row, bool to_request)
{
	struct optout_source source = { .site = row->site,
					.subject = row->id,
					.modem = row->modem };

	switch (find_word(row->text, &source.keyword)) {
	case REPLY_STOP:
		return optout_begin(rule, row->sender, &source);
	case REPLY_NO:
		return to_request ? optout_begin(rule, row->sender, &source) : 0;
	case REPLY_START:
		return optout_end(rule, row->sender, &source);
	case REPLY_OTHER:
		return 0;
	}
	return 0;
}

/* Networks write senders from home also without the country code: one person has one number. */
static void complete_sender(const struct rule *rule, struct inbox_row *row)
{
	char home[3];
	struct number number;
	struct refusal ignored;

	if (row->sender[0] == '\0' || strspn(row->sender, "0123456789") != strlen(row->sender))
		return;
	reverse_home(rule, row->modem, rule->config->sites[0].region, home);
	if (number_parse(&number, row->sender, home, "sender", &ignored) == 0 && number.mobile &&
	    number_is_of(number.e164, home))
		snprintf(row->sender, sizeof(row->sender), "%s", number.e164);
}

int reply_receive(const struct rule *rule, struct inbox_row *row, const char *pdu,
		  const char *service_centre)
{
	bool known, to_request = false;
	struct verification_row verification;
	struct message_row last;
	int err = reverse_find(rule, row->text, &verification);

	complete_sender(rule, row);
	known = is_e164(row->sender);

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
	return obey(rule, row, to_request);
}
