/* test_delivery.c - why a code has not come, from the message's end. */
#include "tests/unit/service/room.h"

static const struct {
	enum message_state state;
	const char *class, *code;
	enum delivery_reason reason;
} cases[] = {
	{ MSG_QUEUED, NULL, NULL, DELIVERY_QUEUED },
	{ MSG_SENDING, NULL, NULL, DELIVERY_QUEUED },
	{ MSG_SENT, NULL, NULL, DELIVERY_SENT_NO_REPORT },
	{ MSG_UNCERTAIN, "uncertain", "no_reply", DELIVERY_SENT_NO_REPORT },
	{ MSG_DELIVERED, NULL, NULL, DELIVERY_DELIVERED_NOT_ENTERED },
	{ MSG_EXPIRED, "expired", "expired", DELIVERY_EXPIRED },
	{ MSG_CANCELED, "canceled", "canceled", DELIVERY_NONE },
	{ MSG_FAILED, "recipient", "cms_1", DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ MSG_FAILED, "recipient", "cms_30", DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ MSG_FAILED, "recipient", "cms_195", DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ MSG_FAILED, "recipient", "cms_21", DELIVERY_BLOCKED_BY_OPERATOR },
	{ MSG_FAILED, "recipient", "cms_196", DELIVERY_BLOCKED_BY_OPERATOR },
	{ MSG_FAILED, "retry_later", "cms_27", DELIVERY_PHONE_UNREACHABLE },
	{ MSG_FAILED, "sim", "cms_8", DELIVERY_GATEWAY_TROUBLE },
	{ MSG_FAILED, "sim", "cms_50", DELIVERY_GATEWAY_TROUBLE },
	{ MSG_FAILED, "sim", "cme_10", DELIVERY_GATEWAY_TROUBLE },
	{ MSG_FAILED, "permanent", "st_41", DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ MSG_FAILED, "permanent", "st_43", DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ MSG_FAILED, "permanent", "st_42", DELIVERY_BLOCKED_BY_OPERATOR },
	{ MSG_FAILED, "permanent", "st_48", DELIVERY_BLOCKED_BY_OPERATOR },
	{ MSG_FAILED, "expired", "st_46", DELIVERY_PHONE_UNREACHABLE },
	{ MSG_FAILED, "permanent", "st_65", DELIVERY_PHONE_UNREACHABLE },
	{ MSG_FAILED, "permanent", "st_40", DELIVERY_GATEWAY_TROUBLE },
	{ MSG_FAILED, "permanent", "not_delivered", DELIVERY_GATEWAY_TROUBLE },
	{ MSG_FAILED, "recipient", "modem_error", DELIVERY_NUMBER_MAYBE_MISTYPED },
	{ MSG_FAILED, "", "", DELIVERY_GATEWAY_TROUBLE },
};

/* From queued to a state by moves that the table allows. */
static void bring(struct room *room, int64_t seq, enum message_state state,
		  const struct message_cause *cause)
{
	struct db *db = &room->world.db;
	struct message_row row;

	if (state == MSG_QUEUED)
		return;
	if (state == MSG_EXPIRED || state == MSG_CANCELED) {
		assert_int_equal(db_message_by_seq(db, seq, &row), 0);
		assert_int_equal(db_message_move(db, &row, state, cause), 0);
		return;
	}
	if (state == MSG_SENDING || state == MSG_UNCERTAIN) {
		int64_t attempt;

		assert_int_equal(db_attempt_claim(db, seq,
						  &(struct attempt_new){ .modem = "gsm0",
									 .sim = "sim",
									 .part = 0,
									 .asked = true },
						  &attempt),
				 0);
		assert_int_equal(db_message_by_seq(db, seq, &row), 0);
		if (state == MSG_UNCERTAIN)
			assert_int_equal(db_message_move(db, &row, state, cause), 0);
		return;
	}
	leave(room, seq, MSG_SENT);
	assert_int_equal(db_message_by_seq(db, seq, &row), 0);
	if (state != MSG_SENT)
		assert_int_equal(db_message_move(db, &row, state, cause), 0);
}

static void each_end_has_its_reason(void **state)
{
	struct room *room = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct message_cause cause = { .class = cases[i].class,
						     .code = cases[i].code };
		char phone[16];

		room_later(room, HOUR);
		snprintf(phone, sizeof(phone), "+7912%02zu00067", i);
		assert_int_equal(start(room, "u1", phone), 0);
		bring(room, room->ver.row.message_seq, cases[i].state, &cause);
		RUN(room, verification_show(&room->rule, room->ver.row.id, &room->ver, &room->why));
		if (room->ver.delivery_reason != cases[i].reason ||
		    room->ver.delivery != cases[i].state)
			fail_msg("case %zu: %d", i, room->ver.delivery_reason);
	}
}

static void advice_is_whole(void **state)
{
	(void)state;
	for (int i = DELIVERY_NONE + 1; i < DELIVERY_COUNT; i++) {
		const struct delivery_advice *advice = delivery_advice((enum delivery_reason)i);

		assert_true(advice->reason[0] != '\0' && advice->next_step[0] != '\0');
		assert_true(advice->ru[0] != '\0' && advice->vi[0] != '\0' &&
			    advice->en[0] != '\0');
	}
	assert_string_equal(delivery_advice(DELIVERY_NONE)->reason, "");
	assert_string_equal(delivery_advice((enum delivery_reason)99)->reason, "");
}

static void who_is_verified_needs_no_advice(void **state)
{
	struct room *room = *state;

	bind_account(room, "u1", "+79120000067");
	assert_int_equal(room->ver.delivery_reason, DELIVERY_NONE);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_end_has_its_reason),
		TEST(advice_is_whole),
		TEST(who_is_verified_needs_no_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
