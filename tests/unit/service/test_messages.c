/* test_messages.c - texts: who may, what is refused, places, keys, cancel, retry, lists. */
#include "tests/unit/service/room.h"

static const char to[] = "+79120000067";

static struct message_request simple(const char *text)
{
	return (struct message_request){
		.to = to, .text = text, .priority = PRIORITY_NORMAL, .transliterate = -1
	};
}

static int create(struct room *room, const struct message_request *request)
{
	return RUN(room, message_create(&room->rule, request, &room->message, &room->why));
}

static void a_text_is_queued(void **state)
{
	struct room *room = *state;
	struct message_request request = simple("Hello");

	request.reference = "order-1";
	request.report = true;
	request.priority = PRIORITY_HIGH;
	assert_int_equal(create(room, &request), 0);
	assert_int_equal(room->message.row.kind, KIND_TEXT);
	assert_int_equal(room->message.row.state, MSG_QUEUED);
	assert_int_equal(room->message.row.priority, PRIORITY_HIGH);
	assert_int_equal(room->message.row.encoding, GSM_GSM7);
	assert_int_equal(room->message.row.parts, 1);
	assert_int_equal(room->message.row.deadline, T0 + DAY);
	assert_true(room->message.row.report);
	assert_string_equal(room->message.row.reference, "order-1");
	assert_string_equal(room->message.to, to);
	assert_int_equal(room->message.n_history, 1);
	assert_string_equal(room->message.history[0].state, "queued");
	assert_int_equal(room->message.estimated_send_at, 0);
}

static void a_later_one_is_scheduled(void **state)
{
	struct room *room = *state;
	struct message_request request = simple("Hello");

	request.send_at = T0 + HOUR;
	request.ttl_ms = MINUTE;
	assert_int_equal(create(room, &request), 0);
	assert_int_equal(room->message.row.state, MSG_SCHEDULED);
	assert_int_equal(room->message.row.due_at, T0 + HOUR);
	assert_int_equal(room->message.row.deadline, T0 + HOUR + MINUTE);
	assert_int_equal(room->message.estimated_send_at, T0 + HOUR);
	request.send_at = T0 - HOUR; /* past: now */
	assert_int_equal(create(room, &request), 0);
	assert_int_equal(room->message.row.state, MSG_QUEUED);
	assert_int_equal(room->message.row.due_at, T0);
}

/* The answer to a request is made without reading back. */
static void what_was_told_is_what_is_read(void **state)
{
	struct room *room = *state;
	struct message_request requests[] = { simple("Hello"), simple("later") };

	requests[1].send_at = T0 + HOUR;
	for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
		struct message_row told;
		struct event event;
		int64_t estimate;

		assert_int_equal(create(room, &requests[i]), 0);
		told = room->message.row;
		event = room->message.history[0];
		estimate = room->message.estimated_send_at;
		assert_int_equal(
			RUN(room, message_show(&room->rule, told.id, &room->message, &room->why)),
			0);
		assert_string_equal(room->message.to, to);
		assert_int_equal(room->message.estimated_send_at, estimate);
		assert_int_equal(room->message.row.state, told.state);
		assert_int_equal(room->message.row.priority, told.priority);
		assert_int_equal(room->message.row.created_at, told.created_at);
		assert_int_equal(room->message.row.due_at, told.due_at);
		assert_int_equal(room->message.row.deadline, told.deadline);
		assert_int_equal(room->message.row.submit_by, told.submit_by);
		assert_int_equal(room->message.row.has_text, told.has_text);
		assert_int_equal(room->message.n_history, 1);
		assert_int_equal(room->message.history[0].at, event.at);
		assert_string_equal(room->message.history[0].state, event.state);
		assert_string_equal(room->message.history[0].modem, event.modem);
		assert_string_equal(room->message.history[0].reason, event.reason);
	}
}

static void wrong_input_is_named(void **state)
{
	struct room *room = *state;
	char reference[200], text[1600];
	struct message_request bad[] = {
		{ .text = "x" },
		{ .to = "abc", .text = "x" },
		{ .to = to },
		{ .to = to, .text = "" },
		{ .to = to, .text = "\xc0\x80" },
		{ .to = to, .text = text },
		{ .to = to, .text = "Ж", .encoding = GSM_GSM7 },
		{ .to = to, .text = "x", .reference = reference },
		{ .to = to, .text = "x", .ttl_ms = 999 },
		{ .to = to, .text = "x", .ttl_ms = 64LL * 7 * DAY },
		{ .to = to, .text = "x", .ttl_ms = -1 },
		{ .to = to, .text = "x", .send_at = 253402300799000 }, /* 9999-12-31T23:59:59Z */
	};
	static const char *const fields[][2] = {
		{ "to", "required" },      { "to", "number_has_letters" },
		{ "text", "required" },    { "text", "required" },
		{ "text", "bad_utf8" },    { "text", "too_long" },
		{ "text", "not_gsm7" },    { "reference", "too_long" },
		{ "ttl", "out_of_range" }, { "ttl", "out_of_range" },
		{ "ttl", "out_of_range" }, { "send_at", "out_of_range" },
	};

	memset(reference, 'r', sizeof(reference) - 1);
	reference[129] = '\0';
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		bad[i].transliterate = -1;
		assert_int_equal(create(room, &bad[i]), RULE_REFUSED);
		assert_int_equal(room->why.reason, REASON_FIELD);
		assert_string_equal(room->why.field, fields[i][0]);
		assert_string_equal(room->why.field_reason, fields[i][1]);
	}
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM number"), 0);
}

static void a_site_without_texts_is_refused(void **state)
{
	struct room *room = *state;
	struct message_request request = simple("Hello");

	room_site(room, "two");
	assert_int_equal(create(room, &request), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_KIND_NOT_ALLOWED);
}

static void transliteration_is_asked_for(void **state)
{
	struct room *room = *state;
	struct message_request request = simple("Жук");
	char *text;

	request.transliterate = TRANSLIT_ALWAYS;
	assert_int_equal(create(room, &request), 0);
	assert_int_equal(room->message.row.encoding, GSM_GSM7);
	assert_int_equal(db_message_text(&room->world.db, &room->message.row, &text), 0);
	assert_string_equal(text, "Zhuk");
	secret_free(text);
	request.transliterate = -1;
	assert_int_equal(create(room, &request), 0);
	assert_int_equal(room->message.row.encoding, GSM_UCS2);
}

static void limits_count_places(void **state)
{
	struct room *room = *state;
	struct message_request request = simple("Hello");
	char id[ID_SIZE];

	for (int i = 0; i < 3; i++)
		assert_int_equal(create(room, &request), 0);
	memcpy(id, room->message.row.id, sizeof(id));
	assert_int_equal(create(room, &request), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
	assert_int_equal(room->why.retry_after_ms, HOUR);
	/* a canceled one gives its place back */
	assert_int_equal(RUN(room, message_cancel(&room->rule, id, &room->message, &room->why)), 0);
	assert_int_equal(room->message.row.state, MSG_CANCELED);
	assert_int_equal(create(room, &request), 0);
	assert_int_equal(create(room, &request), RULE_REFUSED);
}

static void a_full_queue_is_told(void **state)
{
	struct room *room = *state;
	struct config config = *room->config;
	struct message_request request = simple("Hello");

	config.queue_max = 2;
	room->rule.config = &config;
	assert_int_equal(create(room, &request), 0);
	assert_int_equal(create(room, &request), 0);
	assert_int_equal(create(room, &request), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_QUEUE_FULL);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message"), 2);
	room->rule.config = room->config;
}

static void a_key_makes_one_message(void **state)
{
	struct room *room = *state;
	struct message_request request = simple("Hello");
	char id[ID_SIZE];

	room->rule.idempotency = (struct idempotency){ "a", "one", "create", "k", "a", 1, false };
	assert_int_equal(create(room, &request), 0);
	memcpy(id, room->message.row.id, sizeof(id));
	leave(room, room->message.row.seq, MSG_SENT);
	assert_int_equal(create(room, &request), 0);
	assert_string_equal(room->message.row.id, id);
	assert_int_equal(room->message.row.state, MSG_SENT); /* the object as it is now */
	room->rule.idempotency.body = "b";
	assert_int_equal(create(room, &request), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_KEY_REUSED);
	room->rule.idempotency.body = "a";
	room_later(room, DAY + 1);
	assert_int_equal(create(room, &request), 0);
	assert_string_not_equal(room->message.row.id, id);
}

static void sites_are_apart(void **state)
{
	struct room *room = *state;
	struct message_request request = simple("Hello");
	char id[ID_SIZE];

	assert_int_equal(create(room, &request), 0);
	memcpy(id, room->message.row.id, sizeof(id));
	room_site(room, "two");
	assert_int_equal(RUN(room, message_show(&room->rule, id, &room->message, &room->why)),
			 RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NOT_FOUND);
	assert_int_equal(RUN(room, message_cancel(&room->rule, id, &room->message, &room->why)),
			 RULE_REFUSED);
	assert_int_equal(RUN(room, message_retry(&room->rule, id, &room->message, &room->why)),
			 RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NOT_FOUND);
	room_site(room, NULL);
	assert_int_equal(RUN(room, message_show(&room->rule, id, &room->message, &room->why)), 0);
	assert_int_equal(RUN(room, message_show(&room->rule, "msg_", &room->message, &room->why)),
			 RULE_REFUSED);
}

static const struct {
	enum message_state state;
	enum reason reason; /* REASON_NONE: canceled */
} cancels[] = {
	{ MSG_QUEUED, REASON_NONE },
	{ MSG_SENDING, REASON_ALREADY_SENDING },
	{ MSG_UNCERTAIN, REASON_ALREADY_SENDING },
	{ MSG_SENT, REASON_ALREADY_FINAL },
	{ MSG_FAILED, REASON_ALREADY_FINAL },
	{ MSG_EXPIRED, REASON_ALREADY_FINAL },
	{ MSG_CANCELED, REASON_ALREADY_FINAL },
};

/* Brings the message that was made last into a state. */
static void bring(struct room *room, enum message_state state)
{
	struct message_row row = room->message.row;
	int64_t attempt;

	if (state == MSG_QUEUED)
		return;
	if (state == MSG_EXPIRED || state == MSG_CANCELED) {
		assert_int_equal(db_message_move(&room->world.db, &row, state, NULL), 0);
		return;
	}
	assert_int_equal(
		db_attempt_claim(&room->world.db, row.seq,
				 &(struct attempt_new){
					 .modem = "gsm0", .sim = "sim", .part = 0, .asked = true },
				 &attempt),
		0);
	assert_int_equal(db_message_by_seq(&room->world.db, row.seq, &row), 0);
	if (state != MSG_SENDING)
		assert_int_equal(db_message_move(&room->world.db, &row, state, NULL), 0);
}

static void only_waiting_ones_are_canceled(void **state)
{
	struct room *room = *state;
	struct message_request request = simple("Hello");

	for (size_t i = 0; i < ARRAY_LEN(cancels); i++) {
		char id[ID_SIZE];
		int err;

		room_later(room, HOUR);
		assert_int_equal(create(room, &request), 0);
		memcpy(id, room->message.row.id, sizeof(id));
		bring(room, cancels[i].state);
		err = RUN(room, message_cancel(&room->rule, id, &room->message, &room->why));
		assert_int_equal(err, cancels[i].reason == REASON_NONE ? 0 : RULE_REFUSED);
		assert_int_equal(room->why.reason, cancels[i].reason);
	}
}

static void what_failed_is_tried_again(void **state)
{
	static const enum message_state states[] = { MSG_FAILED, MSG_UNCERTAIN };
	struct room *room = *state;
	struct message_request request = simple("Hello");

	request.reference = "r";
	request.ttl_ms = HOUR;
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		char id[ID_SIZE], *text;

		room_later(room, 2 * HOUR);
		assert_int_equal(create(room, &request), 0);
		memcpy(id, room->message.row.id, sizeof(id));
		bring(room, states[i]);
		room_later(room, MINUTE);
		room_site(room, NULL);
		assert_int_equal(
			RUN(room, message_retry(&room->rule, id, &room->message, &room->why)), 0);
		room_site(room, "one");
		assert_string_equal(room->message.row.retry_of, id);
		assert_string_equal(room->message.row.site, "one");
		assert_string_equal(room->message.row.reference, "r");
		assert_int_equal(room->message.row.state, MSG_QUEUED);
		assert_int_equal(room->message.row.deadline, room->world.db.now + HOUR);
		assert_int_equal(db_message_text(&room->world.db, &room->message.row, &text), 0);
		assert_string_equal(text, "Hello");
		secret_free(text);
	}
}

static void what_cannot_be_tried_again_is_told(void **state)
{
	struct room *room = *state;
	struct message_request request = simple("Hello");
	char id[ID_SIZE];

	assert_int_equal(create(room, &request), 0);
	memcpy(id, room->message.row.id, sizeof(id));
	assert_int_equal(RUN(room, message_retry(&room->rule, id, &room->message, &room->why)),
			 RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NOT_RETRYABLE);
	RUN(room, message_show(&room->rule, id, &room->message, &room->why));
	bring(room, MSG_FAILED);
	assert_int_equal(db_message_erase_texts(&room->world.db, T0 + 2 * DAY), 0);
	assert_int_equal(RUN(room, message_retry(&room->rule, id, &room->message, &room->why)),
			 RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_TEXT_ERASED);

	assert_int_equal(start(room, "u1", to), 0);
	memcpy(id, room->ver.message_id, sizeof(id));
	leave(room, room->ver.row.message_seq, MSG_FAILED);
	assert_int_equal(RUN(room, message_retry(&room->rule, id, &room->message, &room->why)),
			 RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_USE_RESEND);
}

static void lists_page_and_filter(void **state)
{
	struct room *room = *state;
	struct message_request request = simple("Hello");
	struct message_filter filter = { .state = -1, .kind = -1, .limit = 2 };
	int64_t kept;
	struct message_view *views;
	char next[ID_SIZE], first[ID_SIZE], cursor[ID_SIZE];
	size_t n;

	for (int i = 0; i < 3; i++) {
		room_later(room, HOUR);
		assert_int_equal(create(room, &request), 0);
		if (i == 0)
			memcpy(first, room->message.row.id, sizeof(first));
	}
	assert_int_equal(
		RUN(room, message_list(&room->rule, &filter, &views, &n, next, &room->why)), 0);
	assert_int_equal(n, 2);
	assert_string_equal(views[0].to, to);
	assert_string_equal(next, views[1].row.id);
	free(views);
	memcpy(cursor, next, sizeof(cursor));
	filter.after = cursor;
	assert_int_equal(
		RUN(room, message_list(&room->rule, &filter, &views, &n, next, &room->why)), 0);
	assert_int_equal(n, 1);
	assert_string_equal(views[0].row.id, first);
	assert_string_equal(next, "");
	free(views);
	filter =
		(struct message_filter){ .state = -1, .kind = -1, .limit = 9, .to = "89120000067" };
	assert_int_equal(
		RUN(room, message_list(&room->rule, &filter, &views, &n, next, &room->why)), 0);
	assert_int_equal(n, 3);
	free(views);
	filter.to = "89120000099";
	assert_int_equal(
		RUN(room, message_list(&room->rule, &filter, &views, &n, next, &room->why)), 0);
	assert_int_equal(n, 0);
	free(views);
	filter.to = "+70000000001"; /* nobody's, but kept */
	assert_int_equal(db_number_id(&room->world.db, filter.to, &kept), 0);
	assert_int_equal(
		RUN(room, message_list(&room->rule, &filter, &views, &n, next, &room->why)), 0);
	assert_int_equal(n, 0);
	free(views);
	filter.to = "x";
	assert_int_equal(
		RUN(room, message_list(&room->rule, &filter, &views, &n, next, &room->why)),
		RULE_REFUSED);
	assert_string_equal(room->why.field, "to");
	filter = (struct message_filter){ .state = -1, .kind = -1, .limit = 9, .after = "zzz" };
	assert_int_equal(
		RUN(room, message_list(&room->rule, &filter, &views, &n, next, &room->why)),
		RULE_REFUSED);
	room_site(room, "two");
	filter.after = NULL;
	assert_int_equal(
		RUN(room, message_list(&room->rule, &filter, &views, &n, next, &room->why)), 0);
	assert_int_equal(n, 0);
	free(views);
}

static void every_reason_has_a_name(void **state)
{
	(void)state;
	for (int i = REASON_NONE + 1; i < REASON_COUNT; i++)
		assert_true(reason_name((enum reason)i)[0] != '\0');
	assert_string_equal(reason_name(REASON_KEY_REUSED), "key_reused");
}

static void no_modem_is_a_reason(void **state)
{
	struct room *room = *state;
	struct message_view *views;
	char next[ID_SIZE], text[1024];
	const struct message_filter all = { .state = -1, .kind = -1, .limit = 5 };
	const struct message_request request = {
		.to = "+84912345678", .text = "x", .priority = PRIORITY_NORMAL, .transliterate = -1
	};
	size_t n;

	snprintf(text, sizeof(text),
		 "%s modems = ( { name = \"a\"; device = \"/dev/tty0\";"
		 " prefixes = [ \"+7\" ]; } );",
		 room_config);
	room_load(room, text);
	assert_int_equal(
		RUN(room, message_create(&room->rule, &request, &room->message, &room->why)), 0);
	assert_int_equal(room->message.row.state, MSG_QUEUED);
	assert_string_equal(room->message.row.reason_code, "no_modem");
	assert_int_equal(RUN(room, message_list(&room->rule, &all, &views, &n, next, &room->why)),
			 0);
	assert_int_equal(n, 1);
	assert_string_equal(views[0].row.reason_code, "no_modem");
	free(views);
	snprintf(text, sizeof(text), "%s modems = ( { name = \"a\"; device = \"/dev/tty0\"; } );",
		 room_config);
	room_load(room, text);
	assert_int_equal(RUN(room, message_list(&room->rule, &all, &views, &n, next, &room->why)),
			 0);
	assert_string_equal(views[0].row.reason_code, "");
	free(views);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_text_is_queued),
		TEST(a_later_one_is_scheduled),
		TEST(what_was_told_is_what_is_read),
		TEST(wrong_input_is_named),
		TEST(a_site_without_texts_is_refused),
		TEST(transliteration_is_asked_for),
		TEST(limits_count_places),
		TEST(a_full_queue_is_told),
		TEST(a_key_makes_one_message),
		TEST(sites_are_apart),
		TEST(only_waiting_ones_are_canceled),
		TEST(what_failed_is_tried_again),
		TEST(what_cannot_be_tried_again_is_told),
		TEST(lists_page_and_filter),
		TEST(every_reason_has_a_name),
		TEST(no_modem_is_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
