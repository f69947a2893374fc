/* test_reverse.c - SMS and calls of users: what they prove, and what they do not. */
#include "tests/unit/service/reverse_room.h"

static void the_token_from_the_number_approves(void **state)
{
	struct room *room = *state;
	struct account_view account;

	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "8 912 000-00-67"), 0);
	assert_int_equal(text_us(room, "gsm1", "+79120000067", room->ver.todo.token), 0);
	assert_int_equal(look(room), VER_APPROVED);
	assert_string_equal(room->ver.phone, "+79120000067");
	assert_string_equal(room->ver.assurance, "code");
	assert_string_equal(room->ver.row.service_centre, "+79168999100");
	assert_null(room->ver.todo.words);
	assert_int_equal(RUN(room, account_show(&room->rule, "u1", &account, &room->why)), 0);
	assert_string_equal(account.phone, "+79120000067");
	assert_int_equal(account.n_proofs, 1);
	assert_string_equal(account.proofs[0].channel, "inbound_sms");
	account_view_free(&account);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.approved' AND channel = 'inbound_sms'"),
			 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM inbox WHERE site = 'one'"), 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM code"), 0);
}

/* The way people and networks write them. */
static void token_and_sender_may_be_written_otherwise(void **state)
{
	static const struct {
		const char *sender, *form; /* of the text; %1$.4s and %1$s the token */
	} cases[] = {
		{ "89120000067", "%s" },
		{ "79120000067", "  %s  " },
		{ "9120000067", "код %s" },
		{ "+79120000067", "\"%s\"" },
	};
	struct room *room = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[64];

		assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
		snprintf(text, sizeof(text), cases[i].form, room->ver.todo.token);
		for (char *c = text; *c != '\0'; c++)
			*c = (char)(*c == '1' ? 'l' : *c == '0' ? 'o' : *c);
		assert_int_equal(text_us(room, "gsm0", cases[i].sender, text), 0);
		assert_int_equal(look(room), VER_APPROVED);
	}
}

static void a_number_left_out_is_learnt(void **state)
{
	struct room *room = *state;

	assert_int_equal(begin_channel(room, "inbound_sms", "u1", NULL), 0);
	assert_string_equal(room->ver.phone, "");
	assert_int_equal(text_us(room, "gsm0", "+79120000067", room->ver.todo.token), 0);
	assert_int_equal(look(room), VER_APPROVED);
	assert_string_equal(room->ver.phone, "+79120000067");
}

static const struct {
	const char *sender, *refused;
} unlearnable[] = {
	{ "+74951234567", "not_a_mobile" },
	{ "+380501234567", "country_not_allowed" },
	{ "Bank", "not_a_number" },
	{ "\"79120000067\"", "not_a_number" }, /* a name of digits */
	{ "79 12 0000067", "not_a_number" },   /* a name, too: networks write digits alone */
	{ "tel:9120000067", "not_a_number" },
	{ "900", "not_a_number" },
	{ "00380501234567", "not_a_number" }, /* Russia dials 810 */
	{ "810380501234567", "foreign_format" },
	{ "", "withheld" },
};

/* And none of them is held: the user may text from a phone that fits. */
static void some_numbers_are_not_learnt(void **state)
{
	struct room *room = *state;

	assert_int_equal(begin_channel(room, "inbound_sms", "u1", NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(unlearnable); i++) {
		assert_int_equal(text_us(room, "gsm0", unlearnable[i].sender, room->ver.todo.token),
				 0);
		assert_refused(room, unlearnable[i].refused);
		assert_string_equal(room->ver.phone, "");
	}
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.refused'"),
			 ARRAY_LEN(unlearnable));
	assert_int_equal(text_us(room, "gsm0", "+84912345679", room->ver.todo.token), 0);
	assert_int_equal(look(room), VER_APPROVED);
	assert_string_equal(room->ver.row.refused, "");
}

/* What a SIM abroad gets without a plus is of its own country. */
static void a_sender_is_read_by_the_sims_country(void **state)
{
	struct room *room = *state;

	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+84912345679"), 0);
	assert_int_equal(text_us(room, "gsm2", "0912345679", room->ver.todo.token), 0);
	assert_int_equal(look(room), VER_APPROVED);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE reason ="
					  " 'foreign_service_centre'"),
			 1);
	/* the site's, where the modem has no number */
	assert_int_equal(begin_channel(room, "inbound_sms", "u2", "+79120000067"), 0);
	assert_int_equal(text_us(room, "dumb", "89120000067", room->ver.todo.token), 0);
	assert_int_equal(look(room), VER_APPROVED);
}

static void a_token_is_used_once(void **state)
{
	struct room *room = *state;
	char token[TOKEN_SIZE];

	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
	memcpy(token, room->ver.todo.token, sizeof(token));
	assert_int_equal(text_us(room, "gsm0", "+79120000067", token), 0);
	assert_int_equal(text_us(room, "gsm0", "+79120000068", token), 0);
	assert_int_equal(look(room), VER_APPROVED);
	assert_string_equal(room->ver.row.refused, "");
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type LIKE"
					  " 'verification.%'"),
			 2); /* created, approved */
	assert_int_equal(count_rows(room, "SELECT count(*) FROM inbox"), 2);
}

/* Five wrong senders are judged; from then on the right one is locked out, too. */
static void a_wrong_sender_is_counted(void **state)
{
	struct room *room = *state;
	char token[TOKEN_SIZE];

	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
	memcpy(token, room->ver.todo.token, sizeof(token));
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(room->ver.attempts_left, 5 - i);
		assert_int_equal(text_us(room, "gsm0", "+79120000068", token), 0);
		assert_refused(room, "wrong_sender");
	}
	assert_int_equal(text_us(room, "gsm0", "+79120000067", token), 0);
	assert_refused(room, "locked");
	room_later(room, 6 * MINUTE);
	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), RULE_REFUSED);
	assert_int_equal(room->why.reason, REASON_LOCKED);
	assert_int_equal(room->why.retry_after_ms, 54 * MINUTE);
	assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), 0);
	assert_int_equal(start(room, "u1", "+79120000067"), 0); /* codes have their own count */
	room_later(room, 54 * MINUTE);
	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
}

static void what_comes_late_is_refused(void **state)
{
	struct room *room = *state;
	char token[TOKEN_SIZE];

	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
	memcpy(token, room->ver.todo.token, sizeof(token));
	room_later(room, 5 * MINUTE);
	assert_int_equal(text_us(room, "gsm0", "+79120000067", token), 0);
	assert_int_equal(look(room), VER_EXPIRED);
	assert_string_equal(room->ver.row.refused, "expired");
	assert_int_equal(count_rows(room, "SELECT count(*) FROM owner"), 0);
}

/* Proof first, then it is told: as with a code. */
static void a_number_bound_elsewhere_is_refused_after_proof(void **state)
{
	struct room *room = *state;

	bind_account(room, "u1", "+79120000067");
	assert_int_equal(begin_channel(room, "inbound_sms", "u2", "+79120000067"), 0);
	assert_int_equal(text_us(room, "gsm0", "+79120000067", room->ver.todo.token), 0);
	assert_refused(room, "number_bound_elsewhere");
	assert_int_equal(begin_channel(room, "inbound_sms", "u2", NULL), 0);
	assert_int_equal(text_us(room, "gsm0", "+79120000067", room->ver.todo.token), 0);
	assert_refused(room, "number_bound_elsewhere");
	assert_string_equal(room->ver.phone, "");
	assert_int_equal(begin_channel(room, "missed_call", "u2", "+79120000067"), 0);
	assert_int_equal(ring_us(room, room->ver.row.gateway, "+79120000067"), 0);
	assert_refused(room, "number_bound_elsewhere");
	assert_int_equal(count_rows(room, "SELECT count(*) FROM event WHERE type ="
					  " 'verification.refused'"),
			 3);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM owner WHERE account = 'u1'"), 1);
}

static void a_learnt_number_follows_the_purpose(void **state)
{
	struct verification_request request = { .account = "u1", .channel = "inbound_sms" };
	struct verification_view first;
	struct room *room = *state;

	assert_int_equal(begin(room, &request), 0);
	first = room->ver;
	bind_account(room, "u1", "+79120000067"); /* in the meantime */
	room->ver = first;
	assert_int_equal(text_us(room, "gsm0", "+79120000068", room->ver.todo.token), 0);
	assert_refused(room, "use_change");
	assert_string_equal(room->ver.phone, "");
	assert_int_equal(room->ver.row.approved_at, 0);
	/* a known account's number is not learnt: a login comes from its own */
	request.purpose = "login";
	assert_int_equal(begin(room, &request), 0);
	assert_string_equal(room->ver.phone, "+79120000067");
	assert_int_equal(text_us(room, "gsm0", "+79120000069", room->ver.todo.token), 0);
	assert_refused(room, "wrong_sender");
	assert_int_equal(text_us(room, "gsm0", "+79120000067", room->ver.todo.token), 0);
	assert_int_equal(look(room), VER_APPROVED);
	request.purpose = "change";
	assert_int_equal(begin(room, &request), 0);
	assert_string_equal(room->ver.phone, "");
	assert_int_equal(text_us(room, "gsm0", "+79120000068", room->ver.todo.token), 0);
	assert_int_equal(look(room), VER_APPROVED);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM owner"), 1);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM proof WHERE channel ="
					  " 'inbound_sms'"),
			 1);
}

/* A token of letters may spell a word that stops requests: it does not mean it. */
static void a_token_is_no_reply(void **state)
{
	struct room *room = *state;
	char text[64];

	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
	snprintf(text, sizeof(text), "%s", room->ver.todo.token);
	assert_int_equal(text_us(room, "gsm0", "+79120000067", text), 0);
	assert_int_equal(text_us(room, "gsm0", "+79120000067", (char *)"STOP"), 0);
	assert_int_equal(count_rows(room, "SELECT count(*) FROM optout"), 1);
}

static void both_proofs_are_reported(void **state)
{
	struct room *room = *state;
	struct account_view account;

	bind_account(room, "u1", "+79120000067");
	room_later(room, SECOND);
	assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), 0);
	assert_int_equal(ring_us(room, room->ver.row.gateway, "+79120000067"), 0);
	assert_int_equal(look(room), VER_APPROVED);
	assert_string_equal(room->ver.assurance, "caller_id");
	assert_int_equal(RUN(room, account_show(&room->rule, "u1", &account, &room->why)), 0);
	assert_int_equal(account.n_proofs, 2);
	assert_string_equal(account.proofs[0].assurance, "caller_id");
	assert_string_equal(account.proofs[1].assurance, "code");
	account_view_free(&account);
}

static const struct {
	const char *caller, *reason; /* of the rejected call; NULL: none */
	bool approves;
} calls[] = {
	{ "", "withheld", false },        { "810380501234567", "foreign_format", false },
	{ "112", "not_a_number", false }, { "+7912", "not_a_number", false },
	{ "+79120000068", NULL, false },  { "+380501234567", NULL, false },
	{ "+79120000067", NULL, true },   { "89120000067", NULL, true },
	{ "9120000067", NULL, true },
};

static void a_call_is_as_good_as_its_number(void **state)
{
	struct room *room = *state;

	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		room_later(room, 12 * HOUR);
		assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), 0);
		assert_int_equal(ring_us(room, room->ver.row.gateway, calls[i].caller), 0);
		if (look(room) != (calls[i].approves ? VER_APPROVED : VER_PENDING))
			fail_msg("%s: %s", calls[i].caller, room->ver.row.refused);
		assert_int_equal(
			count_rows(room, "SELECT count(*) FROM event WHERE type = 'call.rejected'"),
			i + 1);
		assert_int_equal(count_rows(room, "SELECT reason IS NOT NULL FROM event WHERE type "
						  "= 'call.rejected' ORDER BY seq DESC LIMIT 1"),
				 calls[i].reason != NULL);
	}
}

static void only_the_number_that_was_drawn_counts(void **state)
{
	struct room *room = *state;
	const char *other;

	assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), 0);
	other = strcmp(room->ver.row.gateway, "gsm0") == 0 ? "gsm1" : "gsm0";
	assert_int_equal(ring_us(room, other, "+79120000067"), 0);
	assert_refused(room, "other_gateway");
	assert_int_equal(ring_us(room, room->ver.row.gateway, "+79120000067"), 0);
	assert_int_equal(look(room), VER_APPROVED);
}

static void a_call_after_its_window_is_nobodys(void **state)
{
	struct room *room = *state;

	assert_int_equal(begin_channel(room, "missed_call", "u1", "+79120000067"), 0);
	room_later(room, 2 * MINUTE);
	assert_int_equal(ring_us(room, room->ver.row.gateway, "+79120000067"), 0);
	assert_int_equal(look(room), VER_EXPIRED);
	assert_string_equal(room->ver.row.refused, "");
}

static void no_number_or_token_is_told_in_events(void **state)
{
	struct room *room = *state;
	sqlite3_stmt *stmt;
	char token[TOKEN_SIZE];

	assert_int_equal(begin_channel(room, "inbound_sms", "u1", "+79120000067"), 0);
	memcpy(token, room->ver.todo.token, sizeof(token));
	text_us(room, "gsm0", "+79120000068", token);
	text_us(room, "gsm0", "+79120000067", token);
	ring_us(room, "gsm0", "+79120000067");
	sqlite3_prepare_v2(room->world.db.sqlite,
			   "SELECT type || site || subject || coalesce(state, '') ||"
			   " coalesce(reason, '') FROM event",
			   -1, &stmt, NULL);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(stmt, 0);

		assert_null(strstr(text, token));
		assert_null(strstr(text, "91200000"));
	}
	sqlite3_finalize(stmt);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, reverse_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_token_from_the_number_approves),
		TEST(token_and_sender_may_be_written_otherwise),
		TEST(a_number_left_out_is_learnt),
		TEST(some_numbers_are_not_learnt),
		TEST(a_sender_is_read_by_the_sims_country),
		TEST(a_token_is_used_once),
		TEST(a_wrong_sender_is_counted),
		TEST(what_comes_late_is_refused),
		TEST(a_number_bound_elsewhere_is_refused_after_proof),
		TEST(a_learnt_number_follows_the_purpose),
		TEST(a_token_is_no_reply),
		TEST(both_proofs_are_reported),
		TEST(a_call_is_as_good_as_its_number),
		TEST(only_the_number_that_was_drawn_counts),
		TEST(a_call_after_its_window_is_nobodys),
		TEST(no_number_or_token_is_told_in_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
