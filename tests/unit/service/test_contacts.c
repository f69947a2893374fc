/* test_contacts.c - one account asks another: order of checks, places, words, quiet hours. */
#include "tests/unit/service/room.h"

static const struct contact_request good = { .from_account = "u1",
					     .to_account = "u2",
					     .from_name = "Пётр",
					     .to_name = "Иван",
					     .order = "12345" };

static int ask(struct room *room, const struct contact_request *request)
{
	return RUN(room, contact_create(&room->rule, request, &room->contact, &room->why));
}

static void bind_both(struct room *room)
{
	bind_account(room, "u1", "+79120000061");
	bind_account(room, "u2", "+79120000062");
}

static void a_request_is_queued(void **state)
{
	struct room *room = *state;
	struct message_row row;
	char *text;

	bind_both(room);
	assert_int_equal(ask(room, &good), 0);
	row = room->contact.message.row;
	assert_true(id_is(room->contact.row.id, ID_CONTACT));
	assert_string_equal(room->contact.row.order, "12345");
	assert_string_equal(room->contact.message.to, "+79120000062");
	assert_int_equal(row.kind, KIND_CONTACT_REQUEST);
	assert_int_equal(row.state, MSG_QUEUED);
	assert_false(row.report);
	assert_int_equal(room->contact.next_allowed_at, T0 + 3 * HOUR);
	assert_int_equal(db_message_text(&room->world.db, &row, &text), 0);
	assert_string_equal(text, "Уважаемый Иван, пользователь Пётр просит связаться с ним по "
				  "заказу 12345. Администрация Example.");
	secret_free(text);
	assert_int_equal(RUN(room, contact_show(&room->rule, room->contact.row.id, &room->contact,
						&room->why)),
			 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'contact_request.created'"),
			 1);
	/* the asker's name is in no event */
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE subject LIKE '%u1%'"),
			 0);
}

static char many_letters[402];

static const struct {
	struct contact_request request;
	const char *field, *reason;
} wrong_inputs[] = {
	{ { NULL, "u2", "A", "B", "1", NULL }, "from_account", "required" },
	{ { "u1", NULL, "A", "B", "1", NULL }, "to_account", "required" },
	{ { "u1", "u1", "A", "B", "1", NULL }, "to_account", "same_account" },
	{ { "u1", "u2", NULL, "B", "1", NULL }, "from_name", "required" },
	{ { "u1", "u2", "A", "123456", "1", NULL }, "to_name", "not_a_name" },
	{ { "u1", "u2", "A", "B", "1 2", NULL }, "order", "bad_characters" },
	{ { "u1", "u2", "A", "B", NULL, NULL }, "order", "required" },
	{ { "u1", "u2", "A", many_letters, "1", NULL }, "to_name", "too_long" },
};

static void wrong_input_comes_first(void **state)
{
	struct room *room = *state;

	memset(many_letters, 'B', sizeof(many_letters) - 1);
	for (size_t i = 0; i < ARRAY_LEN(wrong_inputs); i++) { /* nobody is verified */
		assert_int_equal(ask(room, &wrong_inputs[i].request), RULE_REFUSED);
		assert_int_equal(room->why.reason, REASON_FIELD);
		assert_string_equal(room->why.field, wrong_inputs[i].field);
		assert_string_equal(room->why.field_reason, wrong_inputs[i].reason);
	}
}

/* Input, accounts, opt-out, limits: each hides the ones behind it. */
static void checks_have_an_order(void **state)
{
	struct room *room = *state;

	assert_int_equal(db_optout_set(&room->world.db, "+79120000062", "STOP"), 0);
	assert_int_equal(ask(room, &good), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_SENDER_NOT_VERIFIED);
	bind_account(room, "u1", "+79120000061");
	assert_int_equal(ask(room, &good), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_RECIPIENT_NOT_VERIFIED);
	bind_account(room, "u2", "+79120000062"); /* codes still come */
	assert_int_equal(ask(room, &good), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_RECIPIENT_OPTED_OUT);
	assert_int_equal(db_optout_clear(&room->world.db, "+79120000062"), 0);
	assert_int_equal(ask(room, &good), 0);
	assert_int_equal(ask(room, &good), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
	assert_int_equal(db_optout_set(&room->world.db, "+79120000062", "STOP"), 0);
	assert_int_equal(ask(room, &good), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_RECIPIENT_OPTED_OUT);
}

static void a_sender_needs_no_number_where_the_site_says_so(void **state)
{
	struct room *room = *state;

	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; contact = {"
			" require_sender_verified = false; }; } );");
	bind_account(room, "u2", "+79120000062");
	assert_int_equal(ask(room, &good), 0);
}

/* One per three hours: the place waits, is dated when the SMS leaves, comes back if it fails. */
static void a_place_waits_with_the_message(void **state)
{
	struct room *room = *state;

	bind_both(room);
	assert_int_equal(ask(room, &good), 0);
	room_later(room, HOUR);
	assert_int_equal(ask(room, &good), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
	assert_int_equal(room->why.retry_after_ms, 3 * HOUR); /* it has not left */
	leave(room, room->contact.row.message_seq, MSG_SENT);
	room_later(room, HOUR);
	assert_int_equal(ask(room, &good), RULE_REFUSED);
	assert_int_equal(room->why.retry_after_ms, 2 * HOUR);
	room_later(room, 2 * HOUR);
	assert_int_equal(ask(room, &good), 0);
}

static void failure_expiry_and_cancel_give_the_place_back(void **state)
{
	static const enum message_state ends[] = { MSG_FAILED, MSG_EXPIRED, MSG_CANCELED };
	struct room *room = *state;

	bind_both(room);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct message_row row;

		assert_int_equal(ask(room, &good), 0);
		assert_int_equal(
			db_message_by_seq(&room->world.db, room->contact.row.message_seq, &row), 0);
		if (ends[i] == MSG_FAILED)
			leave(room, row.seq, MSG_FAILED);
		else
			assert_int_equal(db_message_move(&room->world.db, &row, ends[i], NULL), 0);
	}
	assert_int_equal(ask(room, &good), 0);
	leave(room, room->contact.row.message_seq, MSG_SENT);
	{ /* it left, and a report tells that it never arrived */
		struct message_row row;

		db_message_by_seq(&room->world.db, room->contact.row.message_seq, &row);
		assert_int_equal(db_message_move(&room->world.db, &row, MSG_FAILED, NULL), 0);
	}
	assert_int_equal(ask(room, &good), 0);
}

static void a_recipient_has_a_limit_too(void **state)
{
	struct room *room = *state;
	struct contact_request request = good;

	bind_account(room, "u2", "+79120000062");
	for (int i = 0; i < 4; i++) {
		char account[8], phone[16];

		snprintf(account, sizeof(account), "s%d", i);
		snprintf(phone, sizeof(phone), "+7913000006%d", i);
		bind_account(room, account, phone);
		request.from_account = account;
		assert_int_equal(ask(room, &request), i < 3 ? 0 : RULE_REFUSED);
	}
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
}

static void names_cannot_carry_codes(void **state)
{
	struct room *room = *state;
	struct contact_request request = good;
	char *text;

	bind_both(room);
	request.from_name = "Пётр\n@example.com #123456";
	request.to_name = "{order} http://evil.example";
	request.locale = "en";
	assert_int_equal(ask(room, &request), 0);
	assert_int_equal(db_message_text(&room->world.db, &room->contact.message.row, &text), 0);
	assert_string_equal(text, "Dear order, user Пётр asks you to get in touch about order "
				  "12345. The administration of Example.");
	secret_free(text);
}

static void sites_and_keys(void **state)
{
	struct room *room = *state;
	char id[ID_SIZE];

	bind_both(room);
	room->rule.idempotency = (struct idempotency){ .client = "uid:33",
						       .site = "one",
						       .route = "POST /v1/contact-requests",
						       .key = "k",
						       .body = "a",
						       .body_size = 1 };
	assert_int_equal(ask(room, &good), 0);
	memcpy(id, room->contact.row.id, sizeof(id));
	assert_int_equal(ask(room, &good), 0);
	assert_string_equal(room->contact.row.id, id);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM contact"), 1);
	room_site(room, "two");
	assert_int_equal(RUN(room, contact_show(&room->rule, id, &room->contact, &room->why)),
			 RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NOT_FOUND);
	assert_int_equal(RUN(room, contact_show(&room->rule, "ctr_x", &room->contact, &room->why)),
			 RULE_REFUSED);
	room->rule.idempotency.key = NULL;
	assert_int_equal(ask(room, &good), RULE_REFUSED); /* verified elsewhere */
	assert_int_equal(room->why.reason, REASON_RECIPIENT_NOT_VERIFIED);
}

/* T0 is 08:00 UTC. */
static void quiet_hours_delay(void **state)
{
	static const struct {
		const char *hours;
		int64_t due;
	} cases[] = {
		{ "21:00-09:00", 1LL * HOUR },  { "21:00-08:00", 0 },
		{ "07:30-08:01", 60000 },       { "08:00-09:30", 1LL * HOUR + 30 * MINUTE },
		{ "08:01-09:30", 0 },           { "", 0 },
		{ "07:59-07:00", 23LL * HOUR },
	};
	struct room *room = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char config[200];

		snprintf(config, sizeof(config),
			 "sites = ( { name = \"one\"; region = \"RU\"; contact = { quiet_hours ="
			 " \"%s\"; per_sender = []; per_recipient = []; }; } );",
			 cases[i].hours);
		room_load(room, config);
		if (i == 0)
			bind_both(room);
		assert_int_equal(ask(room, &good), 0);
		assert_int_equal(room->contact.message.row.due_at, T0 + cases[i].due);
		assert_int_equal(room->contact.message.row.state,
				 cases[i].due == 0 ? MSG_QUEUED : MSG_SCHEDULED);
		assert_int_equal(room->contact.message.row.deadline, T0 + DAY);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_queued),
		TEST(wrong_input_comes_first),
		TEST(checks_have_an_order),
		TEST(a_sender_needs_no_number_where_the_site_says_so),
		TEST(a_place_waits_with_the_message),
		TEST(failure_expiry_and_cancel_give_the_place_back),
		TEST(a_recipient_has_a_limit_too),
		TEST(names_cannot_carry_codes),
		TEST(sites_and_keys),
		TEST(quiet_hours_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
