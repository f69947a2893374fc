/* test_messages_retry.c - a message tried again: once for a key, and when its site is no more. */
#include "tests/unit/service/room.h"

#include "service/messages.h"

/* Makes a message of the site that failed. */
static void make_failed(struct room *room, char id[ID_SIZE])
{
	const struct message_request request = { .to = "+79120000067",
						 .text = "Hello",
						 .priority = PRIORITY_NORMAL,
						 .transliterate = -1 };
	int err = RUN(room, message_create(&room->rule, &request, &room->message, &room->why));

	assert_int_equal(err, 0);
	memcpy(id, room->message.row.id, ID_SIZE);
	leave(room, room->message.row.seq, MSG_FAILED);
}

static int retry(struct room *room, const char *id)
{
	return RUN(room, message_retry(&room->rule, id, &room->message, &room->why));
}

static void a_key_makes_one_retry(void **state)
{
	struct room *room = *state;
	char id[ID_SIZE], made[ID_SIZE];

	make_failed(room, id);
	room->rule.idempotency = (struct idempotency){ "a", "one", "retry", "k", "", 0, false };
	assert_int_equal(retry(room, id), 0);
	memcpy(made, room->message.row.id, ID_SIZE);
	assert_string_equal(room->message.row.retry_of, id);
	leave(room, room->message.row.seq, MSG_SENT);
	assert_int_equal(retry(room, id), 0);
	assert_string_equal(room->message.row.id, made);
	assert_int_equal(room->message.row.state, MSG_SENT); /* the object as it is now */
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message"), 2);
}

/* The configuration has another site by now: an operator may try again all the same, without
 * limits, as nobody says any. */
static void a_site_that_is_no_more_has_no_limits(void **state)
{
	struct room *room = *state;
	char id[ID_SIZE];

	make_failed(room, id);
	room_load(room, "sites = ( { name = \"new\"; region = \"RU\"; text = { allowed = true;"
			" limits = [ \"1/1h\" ]; }; } );");
	room_site(room, NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(retry(room, id), 0);
		assert_string_equal(room->message.row.site, "one");
		assert_int_equal(room->message.row.state, MSG_QUEUED);
	}
	room_site(room, "new");
	assert_int_equal(retry(room, id), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NOT_FOUND);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_key_makes_one_retry),
		TEST(a_site_that_is_no_more_has_no_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
