/* test_replies.c - received SMS: whose they are, and words that stop contact requests. */
#include "tests/unit/service/room.h"

#include <errno.h>

#include "service/replies.h"

static const struct {
	const char *text;
	enum reply_word word;
} cases[] = {
	{ "STOP", REPLY_STOP },
	{ "stop", REPLY_STOP },
	{ " Stop!\n", REPLY_STOP },
	{ "\"STOP\".", REPLY_STOP },
	{ "S.T.O.P", REPLY_STOP },
	{ "СТОП", REPLY_STOP },
	{ "стоп", REPLY_STOP },
	{ "СТОР", REPLY_STOP },
	{ "STОP", REPLY_STOP },
	{ "ＳＴＯＰ", REPLY_STOP },
	{ "ST0P", REPLY_STOP },
	{ "STOP 0", REPLY_STOP },
	{ "ΣΤΟΡ", REPLY_OTHER }, /* a sigma is no S */
	{ "SΤΟΡ", REPLY_STOP },  /* Greek T, O, P */
	{ "ЅТОР", REPLY_STOP },  /* Cyrillic all through */
	{ "STOP\u200b", REPLY_STOP },
	{ "QUIT", REPLY_STOP },
	{ "End.", REPLY_STOP },
	{ "revoke", REPLY_STOP },
	{ "Cancel", REPLY_STOP },
	{ "STOPALL", REPLY_STOP },
	{ "OPTOUT", REPLY_STOP },
	{ "hủỷ", REPLY_STOP },
	{ "tu chối", REPLY_STOP },
	{ "Dừng", REPLY_STOP },
	{ "отписаться", REPLY_STOP },
	{ "Отписка", REPLY_STOP },
	{ "ОТКАЗ", REPLY_STOP },
	{ "відписатися", REPLY_STOP },
	{ "ТОҚТАТУ", REPLY_STOP },
	{ "tc", REPLY_STOP },
	{ "tu  choi", REPLY_STOP },
	{ "TỪ CHỐI", REPLY_STOP },
	{ "Hủy", REPLY_STOP },
	{ "huy", REPLY_STOP },
	{ "dừng", REPLY_STOP },
	{ "DUNG", REPLY_STOP },
	{ "opt-out", REPLY_STOP },
	{ "opt out", REPLY_STOP },
	{ "Arrêt", REPLY_STOP },
	{ "unsubscribe", REPLY_STOP },
	{ "нет", REPLY_NO },
	{ "No", REPLY_NO },
	{ "không", REPLY_NO },
	{ "START", REPLY_START },
	{ "yes", REPLY_START },
	{ "UNSTOP", REPLY_START },
	{ "Старт!", REPLY_START },
	{ "Подписаться", REPLY_START },
	{ "підписатися", REPLY_START },
	{ "БАСТАУ", REPLY_START },
	{ "bat dau", REPLY_START },
	{ "Đồng ý", REPLY_START },
	{ "dong y", REPLY_START },
	{ "stop it please", REPLY_OTHER },
	{ "", REPLY_OTHER },
	{ "...", REPLY_OTHER },
	{ "ok", REPLY_OTHER },
	{ "\xff\xfe", REPLY_OTHER },
	{ "stopstopstopstopstopstopstop", REPLY_OTHER },
};

static void words_are_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (reply_word(cases[i].text) != cases[i].word)
			fail_msg("%s: %d", cases[i].text, reply_word(cases[i].text));
}

static int receive(struct room *room, const char *sender, char *text, const char *pdu,
		   struct inbox_row *row)
{
	memset(row, 0, sizeof(*row));
	snprintf(row->sender, sizeof(row->sender), "%s", sender);
	snprintf(row->modem, sizeof(row->modem), "gsm0");
	row->text = text;
	return RUN(room, reply_receive(&room->rule, row, pdu, ""));
}

static void an_sms_belongs_to_who_wrote_last(void **state)
{
	struct room *room = *state;
	struct inbox_row row;

	assert_int_equal(receive(room, "+79120000067", (char *)"hello", "01", &row), 0);
	assert_string_equal(row.site, "");
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	assert_int_equal(receive(room, "+79120000067", (char *)"hello", "02", &row), 0);
	assert_string_equal(row.site, "one");
	room_site(room, "two");
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	assert_int_equal(receive(room, "+79120000067", (char *)"hello", "03", &row), 0);
	assert_string_equal(row.site, "two");
	assert_int_equal(receive(room, "+79120000067", (char *)"hello", "03", &row), -EEXIST);
	assert_int_equal(receive(room, "Bank", (char *)"STOP", "04", &row), 0);
	assert_int_equal(receive(room, "900", (char *)"", "05", &row), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM inbox"), 5);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM optout"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type = 'sms.received'"),
			 5);
}

static int ask(struct room *room)
{
	const struct contact_request request = { "u1", "u2", "A", "B", "1", NULL };

	return RUN(room, contact_create(&room->rule, &request, &room->contact, &room->why));
}

static void stop_ends_requests_at_once_and_never_codes(void **state)
{
	struct room *room = *state;
	struct inbox_row row;

	bind_account(room, "u1", "+79120000061");
	bind_account(room, "u2", "+79120000062");
	assert_int_equal(ask(room), 0);
	assert_int_equal(start(room, "u2", "+79120000062"), 0);
	assert_int_equal(receive(room, "+79120000062", (char *)"Стоп.", "01", &row), 0);
	assert_int_equal(count_rows(room, "SELECT state FROM message WHERE kind = 1"),
			 MSG_CANCELED);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message WHERE kind = 0 AND state ="
					  " 1"),
			 1);
	assert_int_equal(ask(room), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_RECIPIENT_OPTED_OUT);
	room_later(room, MINUTE);
	assert_int_equal(start(room, "u2", "+79120000062"), 0);
	assert_int_equal(receive(room, "+79120000062", (char *)"start", "02", &row), 0);
	assert_int_equal(ask(room), 0); /* and its place was given back */
}

static void no_answers_only_a_request(void **state)
{
	struct room *room = *state;
	struct inbox_row row;

	bind_account(room, "u1", "+79120000061");
	bind_account(room, "u2", "+79120000062");
	assert_int_equal(receive(room, "+79120000062", (char *)"нет", "01", &row), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM optout"), 0);
	assert_int_equal(ask(room), 0);
	assert_int_equal(receive(room, "+79120000062", (char *)"нет", "02", &row), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM optout"), 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(words_are_known),
		TEST(an_sms_belongs_to_who_wrote_last),
		TEST(stop_ends_requests_at_once_and_never_codes),
		TEST(no_answers_only_a_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
