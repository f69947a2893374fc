/* test_verification_check.c - entries: judged, counted, locked, superseded, bound. */
#include "tests/unit/service/room.h"

static const char phone[] = "+79120000067";

static void the_right_code_approves_and_binds(void **state)
{
	struct room *room = *state;
	char account[ACCOUNT_SIZE];
	struct account_view view;
	int64_t number;

	assert_int_equal(start(room, "u1", phone), 0);
	assert_int_equal(check(room, sent_code(room), "u1"), CHECK_APPROVED);
	assert_int_equal(room->ver.row.state, VER_APPROVED);
	assert_int_equal(room->ver.row.approved_at, T0);
	assert_string_equal(room->ver.phone, phone);
	assert_int_equal(db_number_find(&room->world.db, phone, &number), 0);
	assert_int_equal(db_owner_get(&room->world.db, "one", number, account), 0);
	assert_string_equal(account, "u1");
	assert_int_equal(RUN(room, account_show(&room->rule, "u1", &view, &room->why)), 0);
	assert_string_equal(view.phone, phone);
	assert_int_equal(view.n_proofs, 1);
	assert_string_equal(view.phones[0], phone);
	assert_string_equal(view.proofs[0].channel, "sms");
	assert_string_equal(view.proofs[0].assurance, "code");
	assert_int_equal(view.proofs[0].verified_at, T0);
	account_view_free(&view);
	/* nothing of the code is left */
	assert_int_equal(count_rows(room, "SELECT count(*) FROM code"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message WHERE text IS NOT NULL"),
			 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.approved'"),
			 1);
}

static void after_its_end_the_answer_tells_it(void **state)
{
	struct room *room = *state;
	char code[16], id[ID_SIZE];

	assert_int_equal(start(room, "u1", phone), 0);
	snprintf(code, sizeof(code), "%s", sent_code(room));
	assert_int_equal(check(room, code, NULL), CHECK_APPROVED);
	assert_int_equal(check(room, code, NULL), -1);
	assert_int_equal(room->why.reason, REASON_ALREADY_APPROVED);
	assert_int_equal(RUN(room, verification_cancel(&room->rule, room->ver.row.id, &room->ver,
						       &room->why)),
			 RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_ALREADY_APPROVED);

	assert_int_equal(start(room, "u2", "+79120000068"), 0);
	memcpy(id, room->ver.row.id, sizeof(id));
	snprintf(code, sizeof(code), "%s", sent_code(room));
	assert_int_equal(RUN(room, verification_cancel(&room->rule, id, &room->ver, &room->why)),
			 0);
	assert_int_equal(room->ver.row.state, VER_CANCELED);
	assert_int_equal(room->ver.delivery, MSG_CANCELED);
	assert_int_equal(check(room, code, NULL), -1);
	assert_int_equal(room->why.reason, REASON_CANCELED);
	assert_int_equal(RUN(room, verification_cancel(&room->rule, id, &room->ver, &room->why)),
			 0);
}

static void an_expired_code_is_not_judged(void **state)
{
	struct room *room = *state;
	char code[16];

	assert_int_equal(start(room, "u1", phone), 0);
	snprintf(code, sizeof(code), "%s", sent_code(room));
	leave(room, room->ver.row.message_seq, MSG_SENT);
	room_later(room, 5 * MINUTE - 1);
	assert_int_equal(check(room, wrong(code), NULL), CHECK_WRONG_CODE);
	room_later(room, 1);
	assert_int_equal(check(room, code, NULL), -1);
	assert_int_equal(room->why.reason, REASON_CODE_EXPIRED);
	RUN(room, verification_show(&room->rule, room->ver.row.id, &room->ver, &room->why));
	assert_int_equal(room->ver.row.state, VER_EXPIRED);
	assert_int_equal(room->ver.attempts_left, 4);
}

static void a_late_code_is_recognised(void **state)
{
	struct room *room = *state;
	char first[16], second[16];

	assert_int_equal(start(room, "u1", phone), 0);
	snprintf(first, sizeof(first), "%s", sent_code(room));
	room_later(room, MINUTE);
	assert_int_equal(start(room, "u1", phone), 0);
	snprintf(second, sizeof(second), "%s", sent_code(room));
	if (strcmp(first, second) == 0)
		return; /* one in a million */
	assert_int_equal(check(room, first, NULL), CHECK_SUPERSEDED_CODE);
	assert_int_equal(room->ver.attempts_left, 4); /* it counts */
	assert_int_equal(check(room, second, NULL), CHECK_APPROVED);
}

static const struct {
	const char *form; /* %s: the code, digit by digit below */
	bool taken;
} typed[] = {
	{ "%c%c%c%c%c%c", true },
	{ " %c%c%c %c%c%c\n", true },
	{ "%c%c%c-%c%c%c", true },
	{ "%c%c\u00a0%c%c\u2009%c%c", true },
	{ "\u202a%c%c%c%c%c%c\u202c", true },
	{ "%c%c%c\u2011%c%c%c", true },
	{ "%c%c%c%c%c%c0", false },
	{ "%c%c%c%c%c", false },
	{ "%c%c%c.%c%c%c", false },
	{ "a%c%c%c%c%c%c", false },
	{ "", false },
	{ "\xff%c%c%c%c%c%c", false },
};

static void entries_are_read_kindly_and_malformed_ones_not_counted(void **state)
{
	struct room *room = *state;

	for (size_t i = 0; i < ARRAY_LEN(typed); i++) {
		char account[8], number[16], entry[64];
		const char *c;

		room_later(room, HOUR);
		snprintf(account, sizeof(account), "u%zu", i);
		snprintf(number, sizeof(number), "+7912%02zu00067", i);
		assert_int_equal(start(room, account, number), 0);
		c = sent_code(room);
		snprintf(entry, sizeof(entry), typed[i].form, c[0], c[1], c[2], c[3], c[4], c[5]);
		if (typed[i].taken) {
			assert_int_equal(check(room, entry, NULL), CHECK_APPROVED);
			continue;
		}
		assert_int_equal(check(room, entry, NULL), -1);
		assert_int_equal(room->why.reason, REASON_FIELD);
		assert_string_equal(room->why.field, "code");
		assert_int_equal(count_rows(room, "SELECT count(*) FROM place WHERE kind = 5"), 0);
	}
	assert_int_equal(check(room, NULL, NULL), -1);
	assert_string_equal(room->why.field_reason, "required");
}

static void other_digits_are_digits(void **state)
{
	static const char *const arabic[] = { "\u0660", "\u0661", "\u0662", "\u0663", "\u0664",
					      "\u0665", "\u0666", "\u0667", "\u0668", "\u0669" };
	static const char *const wide[] = { "\uff10", "\uff11", "\uff12", "\uff13", "\uff14",
					    "\uff15", "\uff16", "\uff17", "\uff18", "\uff19" };
	struct room *room = *state;
	char entry[64] = "";
	const char *code;

	assert_int_equal(start(room, "u1", phone), 0);
	code = sent_code(room);
	for (int i = 0; i < 6; i++)
		strcat(entry, i % 2 == 0 ? arabic[code[i] - '0'] : wide[code[i] - '0']);
	assert_int_equal(check(room, entry, NULL), CHECK_APPROVED);
}

static void from_the_sixth_entry_it_is_locked(void **state)
{
	struct room *room = *state;
	char code[16];

	assert_int_equal(start(room, "u1", phone), 0);
	snprintf(code, sizeof(code), "%s", sent_code(room));
	for (unsigned i = 1; i <= 5; i++) {
		assert_int_equal(check(room, wrong(code), NULL), CHECK_WRONG_CODE);
		assert_int_equal(room->ver.attempts_left, 5 - i);
	}
	room_later(room, MINUTE);
	assert_int_equal(check(room, code, NULL), -1); /* right, and too late */
	assert_int_equal(room->why.reason, REASON_LOCKED);
	assert_int_equal(room->why.retry_after_ms, HOUR);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.locked'"),
			 1);
	room_later(room, MINUTE);
	assert_int_equal(check(room, code, NULL), -1);
	assert_int_equal(room->why.retry_after_ms, HOUR - MINUTE); /* it does not grow */
	assert_int_equal(start(room, "u1", phone), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LOCKED);
	assert_int_equal(start(room, "u2", phone), 0); /* the pair is locked, not the number */
	assert_int_equal(start(room, "u1", "+79120000068"), 0);
	room_later(room, HOUR - MINUTE - 1);
	assert_int_equal(start(room, "u1", phone), RULE_REFUSED);
	room_later(room, 1);
	bind_account(room, "u1", phone);
}

static void without_entries_left_no_code_is_sent(void **state)
{
	struct room *room = *state;

	assert_int_equal(start(room, "u1", phone), 0);
	for (unsigned i = 0; i < 5; i++)
		check(room, wrong(sent_code(room)), NULL);
	room_later(room, 2 * MINUTE);
	assert_int_equal(start(room, "u1", phone), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LOCKED);
	assert_int_equal(room->why.retry_after_ms, HOUR - 2 * MINUTE);
}

/* 100 entries in a row, with new codes and new verifications between: five are judged. */
static void a_hundred_entries_give_five_judgements(void **state)
{
	struct room *room = *state;
	unsigned judged = 0, locked = 0;
	char code[16] = "";

	for (int i = 0; i < 100; i++) {
		int result;

		if (i % 3 == 0 && start(room, "u1", phone) == 0)
			snprintf(code, sizeof(code), "%s", sent_code(room));
		result = check(room, judged < 5 ? wrong(code) : code, NULL);
		assert_int_not_equal(result, CHECK_APPROVED);
		if (i == 2)
			RUN(room, verification_cancel(&room->rule, room->ver.row.id, &room->ver,
						      &room->why));
		judged += result >= 0;
		locked += result < 0 && room->why.reason == REASON_LOCKED;
		room_later(room, 20 * SECOND);
	}
	assert_int_equal(judged, 5);
	assert_int_equal(locked, 95);
}

static void success_forgives(void **state)
{
	struct room *room = *state;

	assert_int_equal(start(room, "u1", phone), 0);
	for (unsigned i = 0; i < 4; i++)
		check(room, wrong(sent_code(room)), NULL);
	assert_int_equal(check(room, sent_code(room), NULL), CHECK_APPROVED);
	assert_int_equal(start(room, "u1", phone), 0);
	assert_int_equal(room->ver.attempts_left, 5);
}

static void wrong_entries_age(void **state)
{
	struct room *room = *state;
	char code[16];

	assert_int_equal(start(room, "u1", phone), 0);
	for (unsigned i = 0; i < 4; i++)
		check(room, wrong(sent_code(room)), NULL);
	room_later(room, HOUR);
	assert_int_equal(start(room, "u1", phone), 0);
	snprintf(code, sizeof(code), "%s", sent_code(room));
	assert_int_equal(room->ver.attempts_left, 5);
	assert_int_equal(check(room, wrong(code), NULL), CHECK_WRONG_CODE);
}

/* Ten wrong entries for a number over all accounts: no SMS for an hour. */
static void a_number_is_locked_over_all_accounts(void **state)
{
	struct room *room = *state;

	for (unsigned i = 0; i < 10; i++) {
		char account[8];

		snprintf(account, sizeof(account), "u%u", i / 2);
		if (i % 2 == 0)
			assert_int_equal(start(room, account, phone), 0);
		check(room, wrong(sent_code(room)), NULL);
	}
	room_later(room, 10 * MINUTE);
	assert_int_equal(start(room, "u9", phone), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NUMBER_LOCKED);
	assert_int_equal(room->why.retry_after_ms, 50 * MINUTE);
	room_later(room, 50 * MINUTE);
	assert_int_equal(start(room, "u9", phone), 0);
}

static void a_code_is_bound_to_its_verification(void **state)
{
	struct room *room = *state;
	char code[16];

	assert_int_equal(start(room, "u1", phone), 0);
	snprintf(code, sizeof(code), "%s", sent_code(room));
	assert_int_equal(start(room, "u2", "+79120000068"), 0);
	if (strcmp(code, sent_code(room)) != 0)
		assert_int_equal(check(room, code, NULL), CHECK_WRONG_CODE);
	assert_int_equal(count_rows(room, "SELECT count(DISTINCT hash) FROM code"), 2);
}

static const struct {
	enum config_kind kind;
	int64_t age, life;
	bool superseded, keep, may;
} resends[] = {
	{ KIND_VERIFICATION, 0, 5 * MINUTE, false, false, true },
	{ KIND_VERIFICATION, 4 * MINUTE, 5 * MINUTE, false, false, true },
	{ KIND_VERIFICATION, 4 * MINUTE + 1, 5 * MINUTE, false, false, false },
	{ KIND_VERIFICATION, 1 * MINUTE, 5 * MINUTE, true, false, false },
	{ KIND_VERIFICATION, 40 * SECOND, 60 * SECOND, false, false, true },
	{ KIND_VERIFICATION, 41 * SECOND, 60 * SECOND, false, false, false },
	{ KIND_VERIFICATION, 0, 5 * MINUTE, false, true, false },
};

static void an_uncertain_code_is_resent_while_it_lives(void **state)
{
	struct room *room = *state;

	for (size_t i = 0; i < ARRAY_LEN(resends); i++) {
		char config[400], number[16];
		struct message_row message;
		bool may;

		snprintf(config, sizeof(config),
			 "sites = ( { name = \"one\"; region = \"RU\"; verification = { sms_ttl ="
			 " \"%llds\"; }; on_uncertain = { verification = \"%s\"; }; } );",
			 (long long)(resends[i].life / SECOND),
			 resends[i].keep ? "keep" : "resend");
		room_load(room, config);
		snprintf(number, sizeof(number), "+7912%02zu00067", i);
		assert_int_equal(start(room, "u1", number), 0);
		leave(room, room->ver.row.message_seq, MSG_UNCERTAIN);
		assert_int_equal(db_message_get(&room->world.db, room->ver.message_id, &message),
				 0);
		room_later(room, resends[i].age);
		if (resends[i].superseded)
			assert_int_equal(start(room, "u1", number), 0);
		assert_int_equal(RUN(room, verification_may_resend(&room->rule, &message, &may)),
				 0);
		if (may != resends[i].may)
			fail_msg("case %zu: %d", i, may);
	}
}

static void other_kinds_follow_their_policy(void **state)
{
	struct room *room = *state;
	struct message_row row = draft(&room->world.db, KIND_TEXT);
	bool may;

	snprintf(row.site, sizeof(row.site), "one");
	assert_int_equal(RUN(room, verification_may_resend(&room->rule, &row, &may)), 0);
	assert_false(may);
	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; on_uncertain = { text ="
			" \"resend\"; }; } );");
	room_site(room, NULL);
	assert_int_equal(RUN(room, verification_may_resend(&room->rule, &row, &may)), 0);
	assert_true(may);
	row.deadline = room->world.db.now;
	assert_int_equal(RUN(room, verification_may_resend(&room->rule, &row, &may)), 0);
	assert_false(may);
	snprintf(row.site, sizeof(row.site), "gone");
	assert_int_equal(RUN(room, verification_may_resend(&room->rule, &row, &may)), 0);
	assert_false(may);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_right_code_approves_and_binds),
		TEST(after_its_end_the_answer_tells_it),
		TEST(an_expired_code_is_not_judged),
		TEST(a_late_code_is_recognised),
		TEST(entries_are_read_kindly_and_malformed_ones_not_counted),
		TEST(other_digits_are_digits),
		TEST(from_the_sixth_entry_it_is_locked),
		TEST(without_entries_left_no_code_is_sent),
		TEST(a_hundred_entries_give_five_judgements),
		TEST(success_forgives),
		TEST(wrong_entries_age),
		TEST(a_number_is_locked_over_all_accounts),
		TEST(a_code_is_bound_to_its_verification),
		TEST(an_uncertain_code_is_resent_while_it_lives),
		TEST(other_kinds_follow_their_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
