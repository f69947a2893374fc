/* test_optout.c - out and in again: by reply, by account, in either form of the number. */
#include "tests/unit/service/room.h"

#include <errno.h>

#include "service/optout.h"
#include "service/replies.h"

#define U1 "+79120000061"
#define U2 "+79120000062"

static int receive(struct room *room, const char *sender, const char *text)
{
	static int n;
	struct inbox_row row = { .modem = "gsm0", .text = (char *)(uintptr_t)text };
	char pdu[16];

	snprintf(pdu, sizeof(pdu), "%08d", ++n);
	snprintf(row.sender, sizeof(row.sender), "%s", sender);
	return RUN(room, reply_receive(&room->rule, &row, pdu, ""));
}

static bool is_out(struct room *room, const char *e164)
{
	int64_t at;

	return db_optout_get(&room->world.db, e164, &at) == 0;
}

static int ask(struct room *room)
{
	const struct contact_request request = { "u1", "u2", "A", "B", "1", NULL };

	return RUN(room, contact_create(&room->rule, &request, &room->contact, &room->why));
}

static void bind_both(struct room *room)
{
	bind_account(room, "u1", U1);
	bind_account(room, "u2", U2);
}

/* The network of the SIM writes senders from home also without the country. */
static const struct {
	const char *sender;
	bool counts;
} senders[] = {
	{ U2, true },
	{ "89120000062", true },
	{ "9120000062", true },
	{ "79120000062", true },
	{ "84912000006", false },
	{ "900", false },
	{ "Shop", false },
	{ "", false },
};

static void a_sender_counts_in_each_form(void **state)
{
	struct room *room = *state;

	bind_both(room);
	for (size_t i = 0; i < ARRAY_LEN(senders); i++) {
		assert_int_equal(receive(room, senders[i].sender, "STOP"), 0);
		if (is_out(room, U2) != senders[i].counts)
			fail_msg("%s", senders[i].sender);
		db_optout_clear(&room->world.db, U2);
	}
	/* and what is kept of them is one number, which one erasure finds */
	assert_int_equal(count_rows(room, "SELECT count(DISTINCT number) FROM inbox WHERE number"
					  " = (SELECT number FROM owner WHERE account = 'u2')"),
			 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM inbox WHERE number"
					  " = (SELECT number FROM owner WHERE account = 'u2')"),
			 4);
}

static void the_word_is_told_and_nothing_that_was_typed(void **state)
{
	struct room *room = *state;

	bind_both(room);
	assert_int_equal(ask(room), 0);
	assert_int_equal(receive(room, U2, "  Стоп!!! "), 0);
	assert_int_equal(receive(room, U2, "stop"), 0); /* told once */
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'number.opted_out' AND reason = 'стоп' AND modem ="
					  " 'gsm0' AND subject LIKE 'sms_%'"),
			 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'number.opted_out'"),
			 1);
	assert_int_equal(ask(room), RULE_REFUSED);
	assert_int_equal(receive(room, "89120000062", "Yes"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'number.opted_in' AND reason = 'yes'"),
			 1);
	assert_int_equal(ask(room), 0);
}

static void an_account_decides_too(void **state)
{
	struct room *room = *state;

	bind_both(room);
	assert_int_equal(ask(room), 0);
	assert_int_equal(RUN(room, optout_by_account(&room->rule, "u2", false, &room->why)), 0);
	assert_true(is_out(room, U2));
	assert_int_equal(count_rows(room, "SELECT state FROM message WHERE kind = 1"),
			 MSG_CANCELED);
	assert_int_equal(ask(room), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_RECIPIENT_OPTED_OUT);
	assert_int_equal(RUN(room, optout_by_account(&room->rule, "u2", true, &room->why)), 0);
	assert_int_equal(RUN(room, optout_by_account(&room->rule, "u2", true, &room->why)), 0);
	assert_int_equal(ask(room), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type LIKE"
					  " 'number.opted_%' AND reason = 'account' AND site ="
					  " 'one'"),
			 2);
	assert_int_equal(RUN(room, optout_by_account(&room->rule, "u9", false, &room->why)),
			 RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NOT_FOUND);
}

static int64_t answers(struct room *room)
{
	return count_rows(room, "SELECT count(*) FROM message WHERE kind = 1 AND state = 1");
}

/* Off by default; else one short SMS, at most one a day, that ends soon. */
static void one_answer_at_most(void **state)
{
	struct room *room = *state;
	struct message_row row;
	char *text;

	bind_both(room);
	assert_int_equal(receive(room, U2, "STOP"), 0);
	assert_int_equal(answers(room), 0);
	assert_int_equal(receive(room, U2, "START"), 0);
	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; locale = \"ru\"; contact = {"
			" confirm_opt_out = true; }; } );");
	assert_int_equal(receive(room, U2, "STOP"), 0);
	assert_int_equal(answers(room), 1);
	assert_int_equal(receive(room, U2, "STOP"), 0);
	assert_int_equal(receive(room, U2, "START"), 0);
	assert_int_equal(receive(room, U2, "STOP"), 0); /* ends the first one, which still waits */
	assert_int_equal(answers(room), 1);
	row.seq = count_rows(room, "SELECT seq FROM message WHERE kind = 1 AND state = 1");
	leave(room, row.seq, MSG_UNCERTAIN);
	assert_int_equal(receive(room, U2, "START"), 0);
	room_later(room, DAY - SECOND);
	assert_int_equal(receive(room, U2, "STOP"), 0); /* it has left: no other one today */
	assert_int_equal(answers(room), 0);
	row = reload(&room->world.db, &row);
	assert_int_equal(row.parts, 1);
	assert_int_equal(row.deadline, T0 + 5 * MINUTE);
	assert_int_equal(db_message_text(&room->world.db, &row, &text), 0);
	assert_string_equal(text, "Запросы на связь отключены. Включить снова: ответьте START.");
	secret_free(text);
}

/* No room for the answer: the word counts all the same. */
static void a_full_queue_keeps_nobody_in(void **state)
{
	struct room *room = *state;
	struct config config;

	bind_both(room);
	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; locale = \"fr\"; contact = {"
			" confirm_opt_out = true; }; } );");
	config = *room->config;
	config.queue_max = 1;
	room->rule.config = &config;
	assert_int_equal(receive(room, U1, "STOP"), 0);
	assert_int_equal(answers(room), 1);
	assert_int_equal(receive(room, U2, "STOP"), 0);
	assert_int_equal(answers(room), 1);
	assert_true(is_out(room, U1) && is_out(room, U2));
	room->rule.config = room->config;
}

static int retry(struct room *room, int64_t seq)
{
	struct message_row row;
	char id[ID_SIZE];

	assert_int_equal(db_message_by_seq(&room->world.db, seq, &row), 0);
	memcpy(id, row.id, sizeof(id));
	return RUN(room, message_retry(&room->rule, id, &room->message, &room->why));
}

/* It could not be canceled then; its second try is refused, the answer's is not. */
static void what_was_on_the_air_is_not_sent_again(void **state)
{
	struct room *room = *state;
	int64_t request, answer;

	bind_both(room);
	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; locale = \"ru\"; contact = {"
			" confirm_opt_out = true; }; } );");
	assert_int_equal(ask(room), 0);
	request = room->contact.message.row.seq;
	leave(room, request, MSG_UNCERTAIN);
	room_later(room, SECOND);
	assert_int_equal(receive(room, U2, "STOP"), 0);
	assert_int_equal(retry(room, request), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_RECIPIENT_OPTED_OUT);
	answer = count_rows(room, "SELECT seq FROM message WHERE kind = 1 AND state = 1");
	leave(room, answer, MSG_UNCERTAIN);
	assert_int_equal(retry(room, answer), 0);
	assert_int_equal(receive(room, U2, "START"), 0);
	assert_int_equal(retry(room, request), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_sender_counts_in_each_form),
		TEST(the_word_is_told_and_nothing_that_was_typed),
		TEST(an_account_decides_too),
		TEST(one_answer_at_most),
		TEST(a_full_queue_keeps_nobody_in),
		TEST(what_was_on_the_air_is_not_sent_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
