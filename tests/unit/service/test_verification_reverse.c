/* test_verification_reverse.c - inbound_sms and missed_call begin: windows, gateways, claims. */
#include "tests/unit/service/reverse_room.h"

static const struct {
	const char *channel, *phone, *action;
	int64_t ttl;
	size_t numbers;
	bool token;
} begun[] = {
	{ "inbound_sms", "+79120000067", "send_sms", 5 * MINUTE, 2, true },
	{ "inbound_sms", NULL, "send_sms", 5 * MINUTE, 2, true },
	{ "missed_call", "+79120000067", "call", 2 * MINUTE, 1, false },
};

static void the_answer_says_what_to_do(void **state)
{
	struct room *room = *state;

	for (size_t i = 0; i < ARRAY_LEN(begun); i++) {
		const struct verification_instructions *todo = &room->ver.todo;

		assert_int_equal(begin_channel(room, begun[i].channel, "u1", begun[i].phone), 0);
		assert_string_equal(room->ver.row.channel, begun[i].channel);
		assert_string_equal(room->ver.phone, begun[i].phone != NULL ? begun[i].phone : "");
		assert_int_equal(room->ver.expires_at - db_now(room->rule.db), begun[i].ttl);
		assert_int_equal(room->ver.resend_at, room->ver.expires_at);
		assert_int_equal(room->ver.attempts_left, 5);
		assert_string_equal(todo->words->action, begun[i].action);
		assert_int_equal(strlen(todo->token), begun[i].token ? 8 : 0);
		assert_int_equal(todo->n_numbers, begun[i].numbers);
		assert_memory_equal(todo->numbers[0], "+7912000000", 11);
		assert_null(room->ver.alternatives[0]);
	}
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.created'"),
			 3);
}

/* Only a keyed hash of the token is in the database; it is shown again all the same. */
static void the_token_is_shown_again(void **state)
{
	struct room *room = *state;
	char token[16], sql[160];

	assert_int_equal(begin_channel(room, "inbound_sms", "u1", NULL), 0);
	snprintf(token, sizeof(token), "%s", room->ver.todo.token);
	assert_int_equal(look(room), VER_PENDING);
	assert_string_equal(room->ver.todo.token, token);
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM code WHERE hex(hash) LIKE '%%%s%%'",
		 token);
	assert_int_equal(count_rows(room, sql), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM code"), 1);
}

/* Asking again gives what there is: the window goes on, and no call is counted. */
static void asking_again_gives_the_same(void **state)
{
	struct room *room = *state;
	char id[ID_SIZE];
	int64_t until;

	for (size_t i = 0; i < ARRAY_LEN(begun); i++) {
		assert_int_equal(begin_channel(room, begun[i].channel, "u1", begun[i].phone), 0);
		memcpy(id, room->ver.row.id, sizeof(id));
		until = room->ver.expires_at;
		for (int k = 0; k < 5; k++) {
			room_later(room, 10 * SECOND);
			assert_int_equal(
				begin_channel(room, begun[i].channel, "u1", begun[i].phone), 0);
			assert_string_equal(room->ver.row.id, id);
			assert_int_equal(room->ver.expires_at, until);
		}
	}
	room_later(room, 5 * MINUTE);
	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.expired'"),
			 1);
}

static void a_key_shows_the_same_instructions(void **state)
{
	struct room *room = *state;
	char token[16];

	room->rule.idempotency = (struct idempotency){ .client = "uid:33",
						       .site = "one",
						       .route = "POST /v1/verifications",
						       .key = "k1",
						       .body = "{1}",
						       .body_size = 3 };
	assert_int_equal(begin_channel(room, "inbound_sms", "u1", NULL), 0);
	snprintf(token, sizeof(token), "%s", room->ver.todo.token);
	assert_int_equal(begin_channel(room, "inbound_sms", "u1", NULL), 0);
	assert_string_equal(room->ver.todo.token, token);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM verification"), 1);
}

static void a_channel_must_be_offered_and_possible(void **state)
{
	static const struct gateways none = { .n = 0 };
	struct room *room = *state;

	room_site(room, "two");
	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_CHANNEL_NOT_AVAILABLE);
	assert_int_equal(begin_channel(room, "missed_call", "u1", NULL), RULE_REFUSED);
	assert_string_equal(room->why.field, "phone");
	room->rule.gateways = &none;
	assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_GATEWAY_NOT_READY);
	room_load(room, room_config); /* no modem with a number */
	assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_CHANNEL_NOT_AVAILABLE);
}

/* Nobody is asked to ring abroad while a SIM of his country is ready. */
static void near_gateways_come_first(void **state)
{
	static const struct gateways all = {
		.items = { { "gsm0", "+79120000000" },
			   { "gsm1", "+79120000001" },
			   { "gsm2", "+84912345678" } },
		.n = 3,
	};
	struct room *room = *state;

	room->rule.gateways = &all;
	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
	assert_int_equal(room->ver.todo.n_numbers, 2);
	assert_int_equal(begin_channel(room, "inbound_sms", "u2", "+84912345679"), 0);
	assert_int_equal(room->ver.todo.n_numbers, 1);
	assert_string_equal(room->ver.todo.numbers[0], "+84912345678");
	assert_int_equal(begin_channel(room, "missed_call", "u2", "+84912345679"), 0);
	assert_string_equal(room->ver.row.gateway, "gsm2");
	assert_int_equal(begin_channel(room, "inbound_sms", "u3", NULL), 0);
	assert_int_equal(room->ver.todo.n_numbers, 3);
	room->rule.gateways = &reverse_ready;
	assert_int_equal(begin_channel(room, "missed_call", "u4", "+84912345670"), 0);
	assert_memory_equal(room->ver.row.gateway, "gsm", 3); /* far ones where none is near */
}

/* What hears no calls, or not who rings, takes SMS alone: never is the user told to ring it. */
static void a_modem_that_hears_no_calls_is_not_rung(void **state)
{
	struct gateways all = {
		.items = { { "gsm0", "+79120000000", .sms_only = true },
			   { "gsm2", "+84912345678" } },
		.n = 2,
	};
	struct room *room = *state;

	room->rule.gateways = &all;
	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
	assert_string_equal(room->ver.todo.numbers[0], "+79120000000");
	assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), 0);
	assert_string_equal(room->ver.todo.numbers[0], "+84912345678");
	all.items[1].sms_only = true;
	assert_int_equal(begin_channel(room, "missed_call", "u2", "+79120000068"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_GATEWAY_NOT_READY);
	assert_int_equal(begin_channel(room, "inbound_sms", "u2", "+79120000068"), 0);
}

static void the_number_to_ring_is_drawn(void **state)
{
	struct room *room = *state;
	unsigned seen[2] = { 0 };

	for (unsigned i = 0; i < 100; i++) {
		char phone[32];

		snprintf(phone, sizeof(phone), "+791200%05u", 100 + i);
		assert_int_equal(begin_channel(room, "missed_call", "u1", phone), 0);
		seen[strcmp(room->ver.row.gateway, "gsm1") == 0]++;
		assert_string_equal(room->ver.todo.numbers[0],
				    config_modem(room->config, room->ver.row.gateway)->number);
	}
	assert_in_range(seen[0], 20, 80);
	assert_int_equal(seen[0] + seen[1], 100);
}

static void one_call_is_awaited_of_a_number(void **state)
{
	struct room *room = *state;
	struct verification_request login = { .account = "u1",
					      .phone = "+79120000067",
					      .channel = "missed_call",
					      .purpose = "login" };

	assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), 0);
	room_later(room, MINUTE);
	assert_int_equal(begin_channel(room, "missed_call", "u2", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_CALL_PENDING);
	assert_int_equal(room->why.retry_after_ms, MINUTE);
	assert_int_equal(begin(room, &login), RULE_REFUSED);
	room_site(room, "two"); /* a call does not say to which site it speaks */
	assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_CALL_PENDING);
	room_site(room, "one");
	assert_int_equal(begin_channel(room, "missed_call", "u2", "+79120000068"), 0);
	assert_int_equal(begin_channel(room, "inbound_sms", "u2", "+79120000067"), 0);
	room_later(room, MINUTE);
	assert_int_equal(begin_channel(room, "missed_call", "u2", "+79120000067"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.refused' AND reason = 'call_pending'"),
			 3);
}

static void three_calls_a_day(void **state)
{
	static const char *const accounts[] = { "u1", "u2", "u3" };
	struct room *room = *state;

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(begin_channel(room, "missed_call", accounts[i], "+79120000067"),
				 0);
		room_later(room, 2 * MINUTE);
	}
	assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
	assert_int_equal(room->why.retry_after_ms, 24 * HOUR - 6 * MINUTE);
	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
	room_later(room, 24 * HOUR - 6 * MINUTE);
	assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), 0);
}

/* Whatever stops codes leaves the user's own SMS and calls open, and says so. */
static void assert_way_out(struct room *room, const char *account, const char *phone,
			   enum reason reason)
{
	assert_int_equal(start(room, account, phone), RULE_REFUSED);
	assert_int_equal(room->why.reason, reason);
	assert_string_equal(room->why.alternatives[0], "inbound_sms");
	assert_string_equal(room->why.alternatives[1], "missed_call");
	assert_true(room->why.retry_after_ms > 0);
	assert_int_equal(begin_channel(room, "missed_call", account, phone), 0);
	assert_int_equal(begin_channel(room, "inbound_sms", account, phone), 0);
	assert_int_equal(text_us(room, "gsm0", phone, room->ver.todo.token), 0);
	assert_int_equal(look(room), VER_APPROVED);
}

static void send_and_leave(struct room *room, const char *account, const char *phone)
{
	assert_int_equal(start(room, account, phone), 0);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	RUN(room, verification_cancel(&room->rule, room->ver.row.id, &room->ver, &room->why));
}

static void a_limit_leaves_the_way_out(void **state)
{
	struct room *room = *state;

	for (int i = 0; i < 5; i++)
		send_and_leave(room, "u1", "+79120000067");
	assert_way_out(room, "u1", "+79120000067", REASON_LIMIT_REACHED);
}

static void a_suspended_prefix_leaves_the_way_out(void **state)
{
	struct room *room = *state;

	for (unsigned i = 0; i < 20; i++) {
		char phone[32];

		snprintf(phone, sizeof(phone), "+7912000%04u", 100 + i);
		send_and_leave(room, "u1", phone);
	}
	room_later(room, HOUR);
	assert_way_out(room, "u2", "+79120000067", REASON_PREFIX_SUSPENDED);
	/* it is no code that was entered: the breaker stays as it is */
	assert_int_equal(start(room, "u3", "+79120000068"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_PREFIX_SUSPENDED);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.refused' AND reason = 'prefix_suspended'"
					  " AND channel = 'sms'"),
			 2);
}

static void locks_leave_the_way_out(void **state)
{
	struct room *room = *state;
	static const char *const accounts[] = { "u1", "u2" };

	for (size_t a = 0; a < 2; a++) {
		assert_int_equal(start(room, accounts[a], "+79120000067"), 0);
		for (int i = 0; i < 5; i++)
			check(room, wrong(sent_code(room)), NULL);
	}
	assert_way_out(room, "u3", "+79120000067", REASON_NUMBER_LOCKED);
	room_later(room, MINUTE);
	assert_int_equal(start(room, "u1", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LOCKED);
	assert_string_equal(room->why.alternatives[0], "inbound_sms");
}

/* A site says what it offers; without a gateway nothing is. */
static void alternatives_are_what_there_is(void **state)
{
	struct room *room = *state;

	room_site(room, "two");
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	assert_string_equal(room->ver.alternatives[0], "missed_call");
	assert_null(room->ver.alternatives[1]);
	assert_int_equal(start(room, "u1", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_TOO_SOON);
	assert_null(room->why.alternatives[0]);
	room_load(room, room_config);
	assert_int_equal(start(room, "u2", "+79120000068"), 0);
	assert_null(room->ver.alternatives[0]);
}

/* A refusal leaves its event and nothing else. */
static void a_refusal_keeps_no_number(void **state)
{
	struct room *room = *state;

	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; verification = { limits = {"
			" per_site = [ \"1/1h\" ]; }; }; } );");
	send_and_leave(room, "u1", "+79120000067");
	assert_int_equal(start(room, "u2", "+79120000068"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM number"), 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM verification"), 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.refused'"),
			 1);
}

/* Nothing of it reaches a modem: the fixed code approves in every channel. */
static void a_test_number_needs_no_modem(void **state)
{
	static const char *const channels[] = { "inbound_sms", "missed_call" };
	struct room *room = *state;

	room->rule.gateways = NULL;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(begin_channel(room, channels[i], "u1", "+79000000001"), 0);
		assert_true(room->ver.test_number);
		assert_int_equal(check(room, "000001", NULL), CHECK_WRONG_CODE);
		assert_int_equal(room->ver.attempts_left, 4);
		assert_int_equal(check(room, "000000", NULL), CHECK_APPROVED);
	}
	assert_int_equal(count_rows(room, "SELECT count(*) FROM proof"), 2);
}

static void there_is_no_code_to_enter(void **state)
{
	struct room *room = *state;

	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
	assert_int_equal(check(room, "123456", NULL), -1);
	assert_string_equal(room->why.field_reason, "no_code");
	assert_int_equal(check(room, room->ver.todo.token, NULL), -1);
	assert_int_equal(look(room), VER_PENDING);
	assert_int_equal(room->ver.attempts_left, 5);
}

static void a_canceled_one_takes_nothing(void **state)
{
	struct room *room = *state;
	char token[16];

	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
	snprintf(token, sizeof(token), "%s", room->ver.todo.token);
	RUN(room, verification_cancel(&room->rule, room->ver.row.id, &room->ver, &room->why));
	assert_int_equal(text_us(room, "gsm0", "+79120000067", token), 0);
	assert_int_equal(look(room), VER_CANCELED);
	assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), 0);
	RUN(room, verification_cancel(&room->rule, room->ver.row.id, &room->ver, &room->why));
	assert_int_equal(ring_us(room, room->ver.row.gateway, "+79120000067"), 0);
	assert_int_equal(look(room), VER_CANCELED);
}

/* Whoever reads events learns of the end without asking. */
static void what_nobody_sent_expires(void **state)
{
	struct room *room = *state;
	int64_t next, first = T0 + 2 * MINUTE;

	assert_int_equal(RUN(room, verification_expire_due(&room->rule, &next)), 0);
	assert_int_equal(next, 0);
	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
	assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), 0);
	assert_int_equal(start(room, "u1", "+79120000067"), 0); /* a code: it ends last */
	assert_int_equal(RUN(room, verification_expire_due(&room->rule, &next)), 0);
	assert_int_equal(next, first);
	room_later(room, first - T0);
	assert_int_equal(RUN(room, verification_expire_due(&room->rule, &next)), 0);
	assert_int_equal(next, T0 + 5 * MINUTE);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.expired' AND channel = 'missed_call'"),
			 1);
	room_later(room, HOUR);
	room_load(room, room_config); /* also of a site that has another configuration now */
	assert_int_equal(RUN(room, verification_expire_due(&room->rule, &next)), 0);
	assert_int_equal(next, 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM verification WHERE state = 0"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM code"), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, reverse_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_answer_says_what_to_do),
		TEST(the_token_is_shown_again),
		TEST(asking_again_gives_the_same),
		TEST(a_key_shows_the_same_instructions),
		TEST(a_channel_must_be_offered_and_possible),
		TEST(near_gateways_come_first),
		TEST(a_modem_that_hears_no_calls_is_not_rung),
		TEST(the_number_to_ring_is_drawn),
		TEST(one_call_is_awaited_of_a_number),
		TEST(three_calls_a_day),
		TEST(a_limit_leaves_the_way_out),
		TEST(a_suspended_prefix_leaves_the_way_out),
		TEST(locks_leave_the_way_out),
		TEST(alternatives_are_what_there_is),
		TEST(a_refusal_keeps_no_number),
		TEST(a_test_number_needs_no_modem),
		TEST(there_is_no_code_to_enter),
		TEST(a_canceled_one_takes_nothing),
		TEST(what_nobody_sent_expires),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
