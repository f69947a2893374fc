/* test_verification_create.c - sends: waits, limits, locks, owners, test numbers, keys. */
#include "tests/unit/service/room.h"

#include <ctype.h>

static void a_code_is_queued(void **state)
{
	struct room *room = *state;
	struct message_row message;
	char *text, expected[200];

	assert_int_equal(start(room, "u1", "8 912 000-00-67"), 0);
	assert_string_equal(room->ver.phone, "+79120000067");
	assert_int_equal(room->ver.row.state, VER_PENDING);
	assert_string_equal(room->ver.row.purpose, "register");
	assert_string_equal(room->ver.row.channel, "sms");
	assert_string_equal(room->ver.row.locale, "ru");
	assert_int_equal(room->ver.attempts_left, 5);
	assert_int_equal(room->ver.resend_at, T0 + MINUTE);
	assert_int_equal(room->ver.expires_at, T0 + 10 * MINUTE);
	assert_int_equal(room->ver.delivery, MSG_QUEUED);
	assert_int_equal(room->ver.diagnosis.reason, DELIVERY_QUEUED);
	assert_false(room->ver.test_number);

	assert_int_equal(db_message_get(&room->world.db, room->ver.message_id, &message), 0);
	assert_int_equal(message.kind, KIND_VERIFICATION);
	assert_int_equal(message.state, MSG_QUEUED);
	assert_int_equal(message.life_ms, 5 * MINUTE);
	assert_int_equal(message.deadline, T0 + 10 * MINUTE);
	assert_int_equal(message.parts, 1);
	assert_true(message.report);
	assert_int_equal(db_message_text(&room->world.db, &message, &text), 0);
	snprintf(expected, sizeof(expected), "Код %s. Никому его не сообщайте.\n@example.com #%s",
		 sent_code(room), sent_code(room));
	assert_string_equal(text, expected);
	secret_free(text);
	assert_int_equal(strlen(sent_code(room)), 6);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.created'"),
			 1);
}

/* 2000 codes: every digit at every place, nearly as often as every other. */
static void codes_are_uniform(void **state)
{
	struct room *room = *state;
	unsigned seen[6][10] = { 0 };

	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; verification = { limits = {"
			" per_account_number = []; per_number = []; per_prefix = []; }; }; } );");
	for (int i = 0; i < 2000; i++) {
		const char *code;

		if (i % 19 == 0) /* the breaker judges prefixes */
			room_later(room, 7 * HOUR);
		room_later(room, 10 * MINUTE);
		assert_int_equal(start(room, "u1", "+79120000067"), 0);
		code = sent_code(room);
		for (int at = 0; at < 6; at++)
			seen[at][code[at] - '0']++;
	}
	for (int at = 0; at < 6; at++)
		for (int digit = 0; digit < 10; digit++)
			assert_in_range(seen[at][digit], 120, 280);
}

static const struct {
	struct verification_request request;
	enum reason reason;
	const char *field, *field_reason;
} refused[] = {
	{ { .phone = "+79120000067" }, REASON_FIELD, "account", "required" },
	{ { .account = "", .phone = "+79120000067" }, REASON_FIELD, "account", "required" },
	{ { .account = "\xff", .phone = "+79120000067" }, REASON_FIELD, "account", "bad_utf8" },
	{ { .account = "u" }, REASON_FIELD, "phone", "required" },
	{ { .account = "u", .phone = "+74951234567" }, REASON_FIELD, "phone", "not_a_mobile" },
	{ { .account = "u", .phone = "+84912345678" },
	  REASON_FIELD,
	  "phone",
	  "country_not_allowed" },
	{ { .account = "u", .phone = "+7912" }, REASON_FIELD, "phone", "number_too_short" },
	{ { .account = "u", .phone = "+79120000067", .channel = "inbound_sms" },
	  REASON_CHANNEL_NOT_AVAILABLE,
	  "",
	  "" },
	{ { .account = "u", .phone = "+79120000067", .channel = "zalo" },
	  REASON_CHANNEL_NOT_AVAILABLE,
	  "channel",
	  "channel_not_available" },
	{ { .account = "u", .phone = "+79120000067", .channel = "smoke" },
	  REASON_FIELD,
	  "channel",
	  "unknown" },
	{ { .account = "u", .phone = "+79120000067", .purpose = "fun" },
	  REASON_FIELD,
	  "purpose",
	  "unknown" },
	{ { .account = "u", .phone = "+79120000067", .locale = "r u" },
	  REASON_FIELD,
	  "locale",
	  "not_a_locale" },
	{ { .account = "u", .phone = "+79120000067", .locale = "abcdefghijklmnopq" },
	  REASON_FIELD,
	  "locale",
	  "not_a_locale" },
	{ { .account = "u", .phone = "+79120000067", .app_hash = "short" },
	  REASON_FIELD,
	  "app_hash",
	  "not_a_hash" },
	{ { .account = "u", .phone = "+79120000067", .app_hash = "FA+9qCX9VS\n" },
	  REASON_FIELD,
	  "app_hash",
	  "not_a_hash" },
};

static void wrong_input_is_named(void **state)
{
	struct room *room = *state;
	char account[131];

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		assert_int_equal(RUN(room, verification_create(&room->rule, &refused[i].request,
							       &room->ver, &room->why)),
				 RULE_REFUSED);
		assert_int_equal(room->why.reason, refused[i].reason);
		assert_string_equal(room->why.field, refused[i].field);
		assert_string_equal(room->why.field_reason, refused[i].field_reason);
	}
	memset(account, 'a', sizeof(account));
	account[129] = '\0';
	assert_int_equal(start(room, account, "+79120000067"), RULE_REFUSED);
	account[128] = '\0';
	assert_int_equal(start(room, account, "+79120000067"), 0);
	assert_string_equal(room->ver.row.account, account);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message"), 1);
}

static void an_android_hash_goes_into_the_text(void **state)
{
	struct room *room = *state;
	const struct verification_request request = { .account = "u1",
						      .phone = "+79120000067",
						      .locale = "en-GB",
						      .app_hash = "FA+9qCX9VSu" };
	struct message_row message;
	char *text;

	assert_int_equal(
		RUN(room, verification_create(&room->rule, &request, &room->ver, &room->why)), 0);
	assert_int_equal(db_message_get(&room->world.db, room->ver.message_id, &message), 0);
	assert_int_equal(db_message_text(&room->world.db, &message, &text), 0);
	assert_non_null(strstr(text, "Your Example code is "));
	assert_non_null(strstr(text, "\nFA+9qCX9VSu\n@example.com #"));
	secret_free(text);
}

/* One while pending is a resend of the same: 60, 120, 300, 300 s; each cancels what still waits. */
static void a_resend_waits_and_cancels(void **state)
{
	struct room *room = *state;
	char id[ID_SIZE], code[16], older[ID_SIZE];

	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; verification = {"
			" sms_ttl = \"10m\"; limits = { per_account_number = []; per_number = [];"
			" }; }; } );");
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	memcpy(id, room->ver.row.id, sizeof(id));
	for (size_t i = 0; i < 4; i++) {
		struct message_row row;

		snprintf(code, sizeof(code), "%s", sent_code(room));
		memcpy(older, room->ver.message_id, sizeof(older));
		room_later(room, 60 * SECOND - 1);
		assert_int_equal(start(room, "u1", "+79120000067"), RULE_REFUSED);
		assert_int_equal(room->why.reason, REASON_TOO_SOON);
		assert_int_equal(room->why.retry_after_ms, 1);
		room_later(room, 1);
		assert_int_equal(start(room, "u1", "+79120000067"), 0);
		assert_string_equal(room->ver.row.id, id);
		assert_int_equal(room->ver.row.sends, 1); /* the others never left */
		assert_string_not_equal(room->ver.message_id, older);
		assert_int_equal(db_message_get(&room->world.db, older, &row), 0);
		assert_int_equal(row.state, MSG_CANCELED);
	}
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message WHERE state = 1"), 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM code"), 5);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.resent'"),
			 4);
	/* canceled before they left, so only one send counts */
	assert_int_equal(count_rows(room, "SELECT count(*) FROM place WHERE kind = 1"), 1);
}

/* What left counts, and each makes the next wait longer. */
static void waits_grow_with_what_left(void **state)
{
	static const int64_t waits[] = { 60, 120, 300, 300 };
	struct room *room = *state;

	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; verification = {"
			" sms_ttl = \"10m\"; limits = { per_account_number = []; per_number = [];"
			" }; }; } );");
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	for (size_t i = 0; i < 4; i++) {
		leave(room, room->ver.row.message_seq, MSG_SENT);
		room_later(room, waits[i] * SECOND - 1);
		assert_int_equal(start(room, "u1", "+79120000067"), RULE_REFUSED);
		assert_int_equal(room->why.retry_after_ms, 1);
		room_later(room, 1);
		assert_int_equal(start(room, "u1", "+79120000067"), 0);
		assert_int_equal(room->ver.row.sends, i + 2);
	}
}

static void what_never_left_holds_no_send(void **state)
{
	struct room *room = *state;

	room_load(room,
		  "sites = ( { name = \"one\"; region = \"RU\"; verification = {"
		  " resend_after = [ \"60s\" ]; limits = { per_account_number = [\"1/1h\"]; };"
		  " }; } );");
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	room_later(room, 60 * SECOND);
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM place WHERE kind = 1"), 1);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	room_later(room, 60 * SECOND);
	assert_int_equal(start(room, "u1", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
}

static void what_was_submitted_is_left_alone(void **state)
{
	struct room *room = *state;
	int64_t first;

	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	first = room->ver.row.message_seq;
	leave(room, first, MSG_SENT);
	room_later(room, MINUTE);
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message WHERE state = 4"), 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM place WHERE kind = 1"), 2);
}

static void another_account_number_or_purpose_begins_anew(void **state)
{
	struct room *room = *state;
	char id[ID_SIZE];
	struct verification_request login = { .account = "u1",
					      .phone = "+79120000067",
					      .purpose = "login" };

	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	memcpy(id, room->ver.row.id, sizeof(id));
	assert_int_equal(start(room, "u2", "+79120000067"), 0);
	assert_string_not_equal(room->ver.row.id, id);
	assert_int_equal(start(room, "u1", "+79120000068"), 0);
	assert_string_not_equal(room->ver.row.id, id);
	assert_int_equal(
		RUN(room, verification_create(&room->rule, &login, &room->ver, &room->why)), 0);
	assert_string_not_equal(room->ver.row.id, id);
}

static void after_its_end_a_new_one_begins(void **state)
{
	struct room *room = *state;
	char id[ID_SIZE];

	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	memcpy(id, room->ver.row.id, sizeof(id));
	leave(room, room->ver.row.message_seq, MSG_SENT);
	room_later(room, 5 * MINUTE);
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	assert_string_not_equal(room->ver.row.id, id);
	assert_int_equal(RUN(room, verification_show(&room->rule, id, &room->ver, &room->why)), 0);
	assert_int_equal(room->ver.row.state, VER_EXPIRED);
	assert_int_equal(check(room, "123456", NULL), -1);
	assert_int_equal(room->why.reason, REASON_CODE_EXPIRED);
}

/* A code ends sms_ttl after its submit, at most ten minutes after it was made. */
static void the_life_of_a_code_begins_when_it_is_submitted(void **state)
{
	struct room *room = *state;

	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	room_later(room, 3 * MINUTE);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	RUN(room, verification_show(&room->rule, room->ver.row.id, &room->ver, &room->why));
	assert_int_equal(room->ver.expires_at, T0 + 8 * MINUTE);

	assert_int_equal(start(room, "u2", "+79120000068"), 0);
	room_later(room, 6 * MINUTE);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	RUN(room, verification_show(&room->rule, room->ver.row.id, &room->ver, &room->why));
	assert_int_equal(room->ver.expires_at, T0 + 13 * MINUTE);
}

/* Nobody has to ask: its event comes when it ends, and what is asked later is answered by it. */
static void the_end_of_a_code_is_told(void **state)
{
	static const char told[] = "SELECT count(*) FROM event WHERE type = 'verification.expired'"
				   " AND channel = 'sms' AND state = 'expired'";
	struct room *room = *state;
	int64_t next;

	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	assert_int_equal(RUN(room, verification_expire_due(&room->rule, &next)), 0);
	assert_int_equal(next, T0 + 10 * MINUTE);
	room_later(room, 3 * MINUTE);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	room_later(room, 5 * MINUTE - 1);
	assert_int_equal(RUN(room, verification_expire_due(&room->rule, &next)), 0);
	assert_int_equal(next, T0 + 8 * MINUTE);
	assert_int_equal(count_rows(room, told), 0);
	room_later(room, 1);
	assert_int_equal(RUN(room, verification_expire_due(&room->rule, &next)), 0);
	assert_int_equal(next, 0);
	assert_int_equal(count_rows(room, told), 1);
	assert_int_equal(check(room, "123456", NULL), -1);
	assert_int_equal(room->why.reason, REASON_CODE_EXPIRED);
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	assert_int_equal(count_rows(room, told), 1);
}

/* A longer one means ten minutes; else a third of it, which must be left, would never be. */
static void no_life_is_too_long_to_be_submitted(void **state)
{
	struct room *room = *state;
	struct message_row message;
	char *text;

	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; locale = \"en\";"
			" verification = { sms_ttl = \"1h\"; }; templates = { verification = {"
			" en = \"{code} {minutes}\"; }; }; } );");
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	assert_int_equal(db_message_by_seq(&room->world.db, room->ver.row.message_seq, &message),
			 0);
	assert_int_equal(db_message_text(&room->world.db, &message, &text), 0);
	assert_string_equal(strchr(text, ' '), " 10");
	secret_free(text);
	leave(room, room->ver.row.message_seq, MSG_SENT);
	RUN(room, verification_show(&room->rule, room->ver.row.id, &room->ver, &room->why));
	assert_int_equal(room->ver.expires_at, T0 + 10 * MINUTE);
}

static void an_owned_number_is_told_at_once_or_not(void **state)
{
	struct room *room = *state;

	bind_account(room, "u1", "+79120000067");
	assert_int_equal(start(room, "u2", "+79120000067"), 0); /* after_proof: the code is sent */
	room_site(room, "two");
	assert_int_equal(start(room, "u2", "+79120000067"), 0); /* another site's owner */
	bind_account(room, "u3", "+79120000068");
	assert_int_equal(start(room, "u2", "+79120000068"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NUMBER_BOUND_ELSEWHERE);
}

static void a_second_number_needs_purpose_change(void **state)
{
	struct room *room = *state;
	struct verification_request change = { .account = "u1",
					       .phone = "+79120000068",
					       .purpose = "change" };

	bind_account(room, "u1", "+79120000067");
	assert_int_equal(start(room, "u1", "+79120000068"), RULE_REFUSED);
	assert_string_equal(room->why.field_reason, "use_change");
	assert_int_equal(start(room, "u1", "+79120000067"), 0); /* its own again */
	assert_int_equal(
		RUN(room, verification_create(&room->rule, &change, &room->ver, &room->why)), 0);
}

static void a_test_number_sends_nothing(void **state)
{
	struct room *room = *state;

	assert_int_equal(start(room, "u1", "8 900 000-00-01"), 0);
	assert_true(room->ver.test_number);
	assert_string_equal(room->ver.message_id, "");
	assert_int_equal(room->ver.expires_at, T0 + 5 * MINUTE);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message"), 0);
	assert_int_equal(check(room, "000001", NULL), CHECK_WRONG_CODE);
	assert_int_equal(check(room, "000000", "u1"), CHECK_APPROVED);
	for (int i = 0; i < 30; i++) /* no SMS, no limits of sends */
		assert_int_equal((room_later(room, 5 * MINUTE), start(room, "u1", "+79000000001")),
				 0);
}

static void a_key_makes_one_verification(void **state)
{
	struct room *room = *state;
	char id[ID_SIZE];

	room->rule.idempotency = (struct idempotency){ .client = "uid:33",
						       .site = "one",
						       .route = "POST /v1/verifications",
						       .key = "k1",
						       .body = "{1}",
						       .body_size = 3 };
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	memcpy(id, room->ver.row.id, sizeof(id));
	assert_int_equal(start(room, "u1", "+79120000067"), 0); /* not too soon: the same */
	assert_string_equal(room->ver.row.id, id);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message"), 1);
	room->rule.idempotency.body = "{2}";
	assert_int_equal(start(room, "u1", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_KEY_REUSED);
	/* refusals are not kept */
	room->rule.idempotency.key = "k2";
	assert_int_equal(start(room, "u1", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_TOO_SOON);
	room_later(room, MINUTE);
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
}

static void a_full_queue_stores_nothing(void **state)
{
	struct room *room = *state;
	struct config config = *room->config;

	config.queue_max = 1;
	room->rule.config = &config;
	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	assert_int_equal(start(room, "u2", "+79120000068"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_QUEUE_FULL);
	assert_true(room->why.retry_after_ms > 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM verification"), 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM number"), 1);
	room->rule.config = room->config;
}

static void no_code_or_number_is_told_in_events(void **state)
{
	struct room *room = *state;
	sqlite3_stmt *stmt;
	char code[16];

	assert_int_equal(start(room, "u1", "+79120000067"), 0);
	snprintf(code, sizeof(code), "%s", sent_code(room));
	check(room, wrong(code), NULL);
	check(room, code, NULL);
	sqlite3_prepare_v2(room->world.db.sqlite,
			   "SELECT type || site || subject || coalesce(state, '') ||"
			   " coalesce(reason, '') FROM event",
			   -1, &stmt, NULL);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(stmt, 0);

		assert_null(strstr(text, code));
		assert_null(strstr(text, "9120000067"));
	}
	sqlite3_finalize(stmt);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_code_is_queued),
		TEST(codes_are_uniform),
		TEST(wrong_input_is_named),
		TEST(an_android_hash_goes_into_the_text),
		TEST(a_resend_waits_and_cancels),
		TEST(waits_grow_with_what_left),
		TEST(what_never_left_holds_no_send),
		TEST(what_was_submitted_is_left_alone),
		TEST(another_account_number_or_purpose_begins_anew),
		TEST(after_its_end_a_new_one_begins),
		TEST(the_life_of_a_code_begins_when_it_is_submitted),
		TEST(the_end_of_a_code_is_told),
		TEST(no_life_is_too_long_to_be_submitted),
		TEST(an_owned_number_is_told_at_once_or_not),
		TEST(a_second_number_needs_purpose_change),
		TEST(a_test_number_sends_nothing),
		TEST(a_key_makes_one_verification),
		TEST(a_full_queue_stores_nothing),
		TEST(no_code_or_number_is_told_in_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
