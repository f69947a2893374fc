/* test_verification_life.c - purposes side by side, and what wrong entries cost over days. */
#include "service/subscribers.h"
#include "tests/unit/service/room.h"

static const char phone[] = "+79120000067";
static const char other_phone[] = "+79120010068";

static int start_for(struct room *room, const char *account, const char *purpose,
		     const char *number)
{
	const struct verification_request request = { .account = account,
						      .phone = number,
						      .purpose = purpose };

	return begin(room, &request);
}

static const char *number_of(struct room *room, const char *account)
{
	static struct account_view view;

	memset(&view, 0, sizeof(view));
	RUN(room, account_show(&room->rule, account, &view, &room->why));
	account_view_free(&view);
	return view.phone;
}

/* ---- purposes ---- */

static void purposes_have_verifications_of_their_own(void **state)
{
	static const char *const purposes[] = { "register", "login", "change" };
	struct room *room = *state;
	struct verification_view views[3];
	char codes[3][16];

	bind_account(room, "u1", phone);
	room_later(room, HOUR);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(start_for(room, "u1", purposes[i], phone), 0);
		views[i] = room->ver;
		snprintf(codes[i], sizeof(codes[i]), "%s", sent_code(room));
		assert_string_equal(views[i].row.purpose, purposes[i]);
		assert_string_not_equal(views[i].row.id, views[(i + 1) % 3].row.id);
	}
	/* the code of one is a wrong entry in another, and all count together */
	for (size_t i = 0; i < 3; i++) {
		const char *foreign = codes[(i + 1) % 3];

		room->ver = views[i];
		if (strcmp(foreign, codes[i]) == 0)
			return; /* one in a million */
		assert_int_equal(check(room, foreign, NULL), CHECK_WRONG_CODE);
		assert_int_equal(room->ver.attempts_left, 4 - i);
	}
	for (size_t i = 0; i < 3; i++) {
		room->ver = views[i];
		assert_int_equal(check(room, codes[i], NULL), CHECK_APPROVED);
	}
	assert_string_equal(number_of(room, "u1"), phone);
}

static void a_login_needs_no_number(void **state)
{
	struct room *room = *state;

	assert_int_equal(start_for(room, "u1", "login", NULL), RULE_REFUSED);
	assert_string_equal(room->why.field, "phone");
	assert_string_equal(room->why.field_reason, "required");
	bind_account(room, "u1", phone);
	room_later(room, HOUR);
	assert_int_equal(start_for(room, "u1", "login", NULL), 0);
	assert_string_equal(room->ver.phone, phone);
	assert_int_equal(check(room, sent_code(room), "u1"), CHECK_APPROVED);
	assert_int_equal(start_for(room, "u1", "register", NULL), 0); /* verified once more */
	assert_string_equal(room->ver.phone, phone);
	assert_int_equal(start_for(room, "u1", "change", NULL), RULE_REFUSED); /* to which? */
	assert_string_equal(room->why.field_reason, "required");
}

/* Whoever holds another telephone does not get in with it. */
static void a_login_is_with_the_accounts_number(void **state)
{
	struct room *room = *state;
	struct verification_view login;
	char code[16];

	assert_int_equal(start_for(room, "u1", "login", other_phone), 0);
	login = room->ver;
	snprintf(code, sizeof(code), "%s", sent_code(room));
	bind_account(room, "u1", phone); /* meanwhile */
	room->ver = login;
	assert_int_equal(check(room, code, "u1"), -1);
	assert_string_equal(room->why.field, "phone");
	assert_string_equal(room->why.field_reason, "not_the_accounts_number");
	room_later(room, HOUR);
	assert_int_equal(start_for(room, "u1", "login", other_phone), RULE_REFUSED);
	assert_string_equal(room->why.field_reason, "not_the_accounts_number");
	assert_string_equal(number_of(room, "u1"), phone);
}

static void a_second_number_waits_for_purpose_change_to_the_end(void **state)
{
	struct room *room = *state;
	struct verification_view second;
	char code[16];

	assert_int_equal(start(room, "u1", other_phone), 0);
	second = room->ver;
	snprintf(code, sizeof(code), "%s", sent_code(room));
	bind_account(room, "u1", phone); /* meanwhile */
	room->ver = second;
	assert_int_equal(check(room, code, NULL), -1);
	assert_string_equal(room->why.field_reason, "use_change");
	assert_string_equal(number_of(room, "u1"), phone);
}

/* A change to a number that somebody else got meanwhile leaves the old one where it is. */
static void a_change_that_comes_too_late_changes_nothing(void **state)
{
	struct room *room = *state;
	struct verification_view change;
	char code[16];

	bind_account(room, "u1", phone);
	assert_int_equal(start_for(room, "u1", "change", other_phone), 0);
	change = room->ver;
	snprintf(code, sizeof(code), "%s", sent_code(room));
	bind_account(room, "u2", other_phone);
	room->ver = change;
	assert_int_equal(check(room, code, NULL), -1);
	assert_int_equal(room->why.reason, REASON_NUMBER_BOUND_ELSEWHERE);
	assert_string_equal(number_of(room, "u1"), phone);
	assert_string_equal(number_of(room, "u2"), other_phone);
}

static void a_change_to_the_own_number_refreshes_it(void **state)
{
	struct room *room = *state;

	bind_account(room, "u1", phone);
	room_later(room, DAY);
	assert_int_equal(start_for(room, "u1", "change", phone), 0);
	assert_int_equal(check(room, sent_code(room), NULL), CHECK_APPROVED);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM owner"), 1);
	assert_int_equal(count_rows(room, "SELECT verified_at FROM proof"), T0 + DAY);
}

/* ---- wrong entries ---- */

/* Every way to make n wrong entries for the number: an account for each five. */
static unsigned guess(struct room *room, const char *number, unsigned n, enum reason *refused)
{
	static unsigned accounts;
	unsigned judged = 0;

	while (judged < n) {
		char account[16], code[16];

		snprintf(account, sizeof(account), "g%u", accounts++);
		*refused = REASON_NONE;
		if (start(room, account, number) != 0) {
			*refused = room->why.reason;
			return judged;
		}
		snprintf(code, sizeof(code), "%s", sent_code(room));
		leave(room, room->ver.row.message_seq, MSG_SENT);
		for (int i = 0; i < 5 && judged < n; i++) {
			if (check(room, wrong(code), NULL) != CHECK_WRONG_CODE) {
				*refused = room->why.reason;
				return judged;
			}
			judged++;
		}
	}
	return judged;
}

/* A site without limits of sends, so that only wrong entries count. */
static void open_site(struct room *room)
{
	room_load(room, "sites = ( { name = \"one\"; region = \"RU\"; verification = { limits = {"
			" per_account_number = []; per_number = []; per_prefix = []; }; }; } );");
}

static void superseded_entries_count_for_the_number_too(void **state)
{
	struct room *room = *state;
	char first[16];

	assert_int_equal(start(room, "u1", phone), 0);
	snprintf(first, sizeof(first), "%s", sent_code(room));
	room_later(room, MINUTE);
	assert_int_equal(start(room, "u1", phone), 0);
	if (strcmp(first, sent_code(room)) == 0)
		return; /* one in a million */
	for (int i = 0; i < 5; i++)
		assert_int_equal(check(room, first, NULL), CHECK_SUPERSEDED_CODE);
	assert_int_equal(check(room, first, NULL), -1);
	assert_int_equal(room->why.reason, REASON_LOCKED);
	assert_int_equal(start(room, "u2", phone), 0);
	for (int i = 0; i < 5; i++)
		check(room, wrong(sent_code(room)), NULL);
	assert_int_equal(start(room, "u3", phone), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_NUMBER_LOCKED);
}

/* Codes asked for before the tenth wrong entry are not judged after it. */
static void gathered_codes_buy_no_guesses(void **state)
{
	struct room *room = *state;
	struct verification_view gathered[6];
	char codes[6][16];
	unsigned judged = 0, locked = 0;

	for (unsigned i = 0; i < 6; i++) {
		char account[8];

		snprintf(account, sizeof(account), "u%u", i);
		assert_int_equal(start(room, account, phone), 0);
		gathered[i] = room->ver;
		snprintf(codes[i], sizeof(codes[i]), "%s", sent_code(room));
	}
	for (unsigned i = 0; i < 30; i++) {
		int result;

		room->ver = gathered[i % 6];
		result = check(room, judged < 10 ? wrong(codes[i % 6]) : codes[i % 6], NULL);
		judged += result >= 0;
		locked += result < 0 && room->why.reason == REASON_NUMBER_LOCKED;
	}
	assert_int_equal(judged, 10);
	assert_int_equal(locked, 20);
	assert_int_equal(room->why.retry_after_ms, HOUR);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM owner"), 0);
}

static void a_day_judges_twenty_five_wrong_entries(void **state)
{
	struct room *room = *state;
	enum reason refused;
	unsigned judged = 0;

	open_site(room);
	for (int hour = 0; hour < 24; hour++) {
		judged += guess(room, phone, 100, &refused);
		assert_int_equal(refused, REASON_NUMBER_LOCKED);
		room_later(room, HOUR);
	}
	assert_int_equal(judged, 25);
	/* another number is another matter */
	assert_int_equal(guess(room, other_phone, 5, &refused), 5);
}

static void a_month_without_success_judges_a_hundred(void **state)
{
	struct room *room = *state;
	enum reason refused;
	unsigned judged = 0;

	open_site(room);
	for (int hour = 0; hour < 29 * 24; hour += 6) {
		judged += guess(room, phone, 100, &refused);
		room_later(room, 6 * HOUR);
	}
	assert_int_equal(judged, 100);
	assert_true(room->why.retry_after_ms > 0);
	room_later(room, DAY + HOUR);
	assert_int_equal(guess(room, phone, 5, &refused), 5);
}

static void a_success_forgives_what_is_older_than_a_day(void **state)
{
	struct room *room = *state;
	enum reason refused;
	unsigned judged = 0;

	open_site(room);
	for (int day = 0; day < 20; day++) {
		judged += guess(room, phone, 8, &refused);
		room_later(room, 2 * HOUR);
		bind_account(room, "owner", phone);
		bind_account(room, "owner", phone);
		room_later(room, 22 * HOUR);
	}
	assert_int_equal(judged, 160);
}

static void an_operator_unlocks_the_day_too(void **state)
{
	struct room *room = *state;
	struct subscriber_view view;
	enum reason refused;

	open_site(room);
	for (int hour = 0; hour < 4; hour++) {
		guess(room, phone, 100, &refused);
		room_later(room, HOUR);
	}
	assert_int_equal(start(room, "owner", phone), RULE_REFUSED);
	assert_int_equal(RUN(room, subscriber_show(&room->rule, phone, &view, &room->why)), 0);
	assert_int_equal(view.sites[0].locked_until, T0 + DAY);
	subscriber_view_free(&view);
	assert_int_equal(RUN(room, subscriber_unlock(&room->rule, phone, false, &room->why)), 0);
	bind_account(room, "owner", phone);
}

/* More wrong entries than codes, over many numbers: told once an hour. */
static void guessing_over_many_numbers_is_told(void **state)
{
	static const char guessing[] =
		"SELECT count(*) FROM event WHERE type = 'verification.guessing'";
	struct room *room = *state;
	enum reason refused;

	open_site(room);
	for (int i = 0; i < 30; i++) {
		char number[16];

		snprintf(number, sizeof(number), "+7912%03d0067", i);
		assert_int_equal(guess(room, number, 5, &refused), 5);
		assert_int_equal(count_rows(room, guessing), i < 19 ? 0 : 1);
	}
	room_later(room, HOUR);
	for (int i = 0; i < 30; i++) {
		char number[16];

		snprintf(number, sizeof(number), "+7913%03d0067", i);
		guess(room, number, 5, &refused);
	}
	assert_int_equal(count_rows(room, guessing), 2);
}

/* Users who mistype are no attack, however many they are. */
static void mistyping_is_not_told(void **state)
{
	struct room *room = *state;
	enum reason refused;

	open_site(room);
	for (int i = 0; i < 150; i++) {
		char number[16], account[16];

		snprintf(number, sizeof(number), "+7914%03d0067", i);
		snprintf(account, sizeof(account), "u%d", i);
		assert_int_equal(guess(room, number, 1, &refused), 1);
		bind_account(room, account, number);
	}
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.guessing'"),
			 0);
}

/* Many end at once: some a call, and the next call is due at once. */
static void many_ends_are_several_calls(void **state)
{
	enum { MANY = 150 };
	struct room *room = *state;
	int64_t next_at;

	for (int i = 0; i < MANY; i++) {
		struct verification_row row = { .site = "one",
						.channel = "inbound_sms",
						.purpose = "bind",
						.state = VER_PENDING,
						.code_at = T0,
						.code_until = T0 + i };

		snprintf(row.account, sizeof(row.account), "u%d", i);
		assert_int_equal(db_verification_add(room->rule.db, &row), 0);
	}
	room_later(room, HOUR);
	assert_int_equal(RUN(room, verification_expire_due(&room->rule, &next_at)), 0);
	assert_in_range(next_at, T0, T0 + MANY);
	assert_int_equal(RUN(room, verification_expire_due(&room->rule, &next_at)), 0);
	assert_int_equal(next_at, 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.expired'"),
			 MANY);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(purposes_have_verifications_of_their_own),
		TEST(a_login_needs_no_number),
		TEST(a_login_is_with_the_accounts_number),
		TEST(a_second_number_waits_for_purpose_change_to_the_end),
		TEST(a_change_that_comes_too_late_changes_nothing),
		TEST(a_change_to_the_own_number_refreshes_it),
		TEST(superseded_entries_count_for_the_number_too),
		TEST(gathered_codes_buy_no_guesses),
		TEST(a_day_judges_twenty_five_wrong_entries),
		TEST(a_month_without_success_judges_a_hundred),
		TEST(a_success_forgives_what_is_older_than_a_day),
		TEST(an_operator_unlocks_the_day_too),
		TEST(guessing_over_many_numbers_is_told),
		TEST(mistyping_is_not_told),
		TEST(many_ends_are_several_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
