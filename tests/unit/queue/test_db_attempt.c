/* test_db_attempt.c - claims before Ctrl-Z, sets of parts, late answers, and what a crash leaves.
 */
#include <errno.h>
#include <stdio.h>

#include "queue/db_attempt.h"
#include "queue/db_event.h"
#include "test_db.h"

static int claim(struct db *db, const struct message_row *row, unsigned part, int64_t *attempt)
{
	return db_attempt_claim(
		db, row->seq,
		&(struct attempt_new){
			.modem = "gsm0", .sim = "8970", .part = part, .asked = true },
		attempt);
}

static unsigned count_in(struct db *db, const struct message_row *row, enum attempt_state state)
{
	unsigned n[ATTEMPT_STATES];

	assert_int_equal(db_attempt_count(db, row->seq, n), 0);
	return n[state];
}

static struct message_row add_parts(struct db *db, unsigned parts)
{
	struct message_row row = draft(db, KIND_TEXT);

	row.parts = parts;
	add(db, &row);
	return row;
}

static void a_claim_moves_to_sending(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = add_parts(db, 1), got;
	struct event *events;
	int64_t attempt;
	size_t n;

	assert_int_equal(claim(db, &row, 1, &attempt), -EINVAL);
	assert_int_equal(claim(db, &row, 0, &attempt), 0);
	got = reload(db, &row);
	assert_int_equal(got.state, MSG_SENDING);
	assert_int_equal(got.tries, 1);
	assert_int_equal(got.first_submit_at, T0);
	assert_int_equal(got.deadline, row.deadline);
	assert_string_equal(got.modem, "gsm0");
	assert_int_equal(count_in(db, &row, ATTEMPT_CLAIMED), 1);
	assert_int_equal(claim(db, &row, 0, &attempt), -EINVAL); /* one is on its way */
	assert_int_equal(claim(db, &row, 1, &attempt), -EINVAL);
	assert_int_equal(db_event_history(db, row.id, &events, &n), 0);
	assert_string_equal(events[n - 1].type, "message.sending");
	assert_string_equal(events[n - 1].modem, "gsm0");
	free(events);
	assert_int_equal(db->news.live, 0);
}

static void only_what_is_to_be_sent_is_claimed(void **state)
{
	struct db *db = the_db(state);
	struct message_row canceled = add_parts(db, 1), scheduled = draft(db, KIND_TEXT);
	int64_t attempt;

	assert_int_equal(db_message_move(db, &canceled, MSG_CANCELED, NULL), 0);
	assert_int_equal(claim(db, &canceled, 0, &attempt), -EINVAL);
	scheduled.due_at = db->now + HOUR;
	add(db, &scheduled);
	assert_int_equal(claim(db, &scheduled, 0, &attempt), -EINVAL);
	scheduled.seq = 99;
	assert_int_equal(claim(db, &scheduled, 0, &attempt), -ENOENT);
	assert_int_equal(count_of(db, "SELECT count(*) FROM attempt"), 0);
}

/* A code of five minutes made at T0, to end at T0 + ten minutes at most. */
static const struct {
	int64_t submit_at;
	int err;
	int64_t deadline, submit_by;
} codes[] = {
	{ 0, 0, 5 * MINUTE, 200 * SECOND },
	{ 4 * MINUTE, 0, 9 * MINUTE, 440 * SECOND },
	{ 5 * MINUTE, 0, 10 * MINUTE, 500 * SECOND },
	{ 8 * MINUTE, 0, 10 * MINUTE, 500 * SECOND },
	{ 500 * SECOND, 0, 10 * MINUTE, 500 * SECOND },
	{ 500 * SECOND + 1, -EINVAL, 10 * MINUTE, 500 * SECOND },
	{ 11 * MINUTE, -EINVAL, 10 * MINUTE, 500 * SECOND },
};

static struct message_row add_code(struct db *db)
{
	struct message_row row = draft(db, KIND_VERIFICATION);

	row.life_ms = 5 * MINUTE;
	row.deadline = db->now + 10 * MINUTE;
	add(db, &row);
	return row;
}

static void the_first_submit_fixes_a_codes_end(void **state)
{
	struct db *db = the_db(state);

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		struct message_row row, got;
		int64_t attempt;

		db->now = T0;
		row = add_code(db);
		db->now = T0 + codes[i].submit_at;
		assert_int_equal(claim(db, &row, 0, &attempt), codes[i].err);
		got = reload(db, &row);
		assert_int_equal(got.state, codes[i].err == 0 ? MSG_SENDING : MSG_QUEUED);
		assert_int_equal(got.deadline, T0 + codes[i].deadline);
		assert_int_equal(got.submit_by, T0 + codes[i].submit_by);
	}
}

/* Submitted first at T0: it ends at T0 + 300 s. A refused one needs a third of its life, an
 * uncertain one 60 s. */
static const struct {
	bool uncertain;
	int64_t again_at;
	int err;
} again[] = {
	{ false, 5 * SECOND, 0 },
	{ false, 200 * SECOND, 0 },
	{ false, 200 * SECOND + 1, -EINVAL },
	{ true, 200 * SECOND + 1, 0 },
	{ true, 240 * SECOND, 0 },
	{ true, 240 * SECOND + 1, -EINVAL },
};

static void a_code_is_submitted_again_while_it_lives(void **state)
{
	struct db *db = the_db(state);

	for (size_t i = 0; i < ARRAY_LEN(again); i++) {
		struct message_row row;
		int64_t attempt;

		db->now = T0;
		row = add_code(db);
		assert_int_equal(claim(db, &row, 0, &attempt), 0);
		assert_int_equal(
			db_attempt_end(db, attempt,
				       again[i].uncertain ? ATTEMPT_UNCERTAIN : ATTEMPT_REFUSED, -1,
				       332),
			0);
		row = reload(db, &row);
		if (again[i].uncertain)
			assert_int_equal(db_message_move(db, &row, MSG_UNCERTAIN, NULL), 0);
		db->now = T0 + again[i].again_at;
		assert_int_equal(db_message_requeue(db, &row, db->now, NULL), 0);
		assert_int_equal(claim(db, &row, 0, &attempt), again[i].err);
		row = reload(db, &row);
		assert_int_equal(row.deadline, T0 + 5 * MINUTE);
		assert_int_equal(row.first_submit_at, T0);
		assert_int_equal(row.tries, again[i].err == 0 ? 2 : 1);
	}
}

static void accept_part(struct db *db, const struct message_row *row, unsigned part, int reference)
{
	int64_t attempt;

	assert_int_equal(claim(db, row, part, &attempt), 0);
	assert_int_equal(db_attempt_end(db, attempt, ATTEMPT_ACCEPTED, reference, -1), 0);
	assert_int_equal(reload(db, row).parts_sent, row->parts > 1 ? part + 1 : 0);
}

static void parts_go_in_order(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = add_parts(db, 3);
	int64_t attempt;

	accept_part(db, &row, 0, 10);
	assert_int_equal(claim(db, &row, 0, &attempt), -EINVAL);
	assert_int_equal(claim(db, &row, 2, &attempt), -EINVAL);
	assert_int_equal(
		db_attempt_claim(db, row.seq,
				 &(struct attempt_new){
					 .modem = "gsm1", .sim = "8971", .part = 1, .asked = true },
				 &attempt),
		-EINVAL);
	accept_part(db, &row, 1, 11);
	assert_int_equal(claim(db, &row, 2, &attempt), 0);
	assert_int_equal(db_attempt_end(db, attempt, ATTEMPT_REFUSED, -1, 38), 0);
	assert_int_equal(count_in(db, &row, ATTEMPT_ACCEPTED), 2);
	assert_int_equal(count_in(db, &row, ATTEMPT_REFUSED), 1);
	accept_part(db, &row, 2, 12); /* within its set */
	assert_int_equal(claim(db, &row, 3, &attempt), -EINVAL);
	assert_int_equal(count_in(db, &row, ATTEMPT_ACCEPTED), 3);
	assert_int_equal(count_in(db, &row, ATTEMPT_REFUSED), 0);
	assert_int_equal(reload(db, &row).tries, 1);
}

static void a_set_starts_anew_when_queued_again(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = add_parts(db, 2), now;
	int64_t first, attempt;

	accept_part(db, &row, 0, 10);
	assert_int_equal(claim(db, &row, 1, &first), 0);
	assert_int_equal(db_attempt_end(db, first, ATTEMPT_UNCERTAIN, -1, -1), 0);
	now = reload(db, &row);
	assert_int_equal(db_message_move(db, &now, MSG_UNCERTAIN, NULL), 0);
	assert_int_equal(db_message_requeue(db, &now, db->now, NULL), 0);
	assert_int_equal(reload(db, &row).parts_sent, 0);
	assert_int_equal(claim(db, &row, 1, &attempt), -EINVAL);
	assert_int_equal(claim(db, &row, 0, &attempt), 0);
	assert_int_equal(reload(db, &row).tries, 2);
	assert_int_equal(count_in(db, &row, ATTEMPT_ACCEPTED), 0);
	/* A late answer to the first set counts no part of the second. */
	assert_int_equal(db_attempt_end(db, first, ATTEMPT_ACCEPTED, 11, -1), 0);
	assert_int_equal(reload(db, &row).parts_sent, 0);
	assert_int_equal(count_in(db, &row, ATTEMPT_CLAIMED), 1);
}

static void a_later_part_ends_with_the_deadline(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = add_parts(db, 2);
	int64_t attempt;

	accept_part(db, &row, 0, 10);
	db->now = row.deadline;
	assert_int_equal(claim(db, &row, 1, &attempt), 0);
	assert_int_equal(db_attempt_end(db, attempt, ATTEMPT_REFUSED, -1, 38), 0);
	db->now++;
	assert_int_equal(claim(db, &row, 1, &attempt), -EINVAL);
}

static void what_is_known_stays(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = add_parts(db, 1);
	struct attempt_row got;
	int64_t attempt;

	assert_int_equal(db_attempt_end(db, 7, ATTEMPT_ACCEPTED, 1, -1), -ENOENT);
	assert_int_equal(claim(db, &row, 0, &attempt), 0);
	assert_int_equal(db_attempt_end(db, attempt, ATTEMPT_ACCEPTED, 0, -1), 0);
	assert_int_equal(db_attempt_end(db, attempt, ATTEMPT_DELIVERED, -1, 0), 0);
	assert_int_equal(db_attempt_get(db, attempt + 1, &got), -ENOENT);
	assert_int_equal(db_attempt_get(db, attempt, &got), 0);
	assert_int_equal(got.id, attempt);
	assert_int_equal(got.number, row.number);
	assert_int_equal(got.message_seq, row.seq);
	assert_int_equal(got.state, ATTEMPT_DELIVERED);
	assert_int_equal(got.reference, 0);
	assert_int_equal(got.part, 0);
	assert_int_equal(got.at, T0);
}

static void the_newest_uncertain_one_of_a_modem(void **state)
{
	struct db *db = the_db(state);
	struct attempt_row row;
	int64_t ids[3];

	assert_int_equal(db_attempt_uncertain(db, "gsm0", T0, &row), -ENOENT);
	for (size_t i = 0; i < 3; i++) {
		struct message_row message = add_parts(db, 1);

		assert_int_equal(claim(db, &message, 0, &ids[i]), 0);
		if (i < 2)
			assert_int_equal(db_attempt_end(db, ids[i], ATTEMPT_UNCERTAIN, -1, -1), 0);
		db->now += SECOND;
	}
	assert_int_equal(db_attempt_uncertain(db, "gsm0", T0, &row), 0);
	assert_int_equal(row.id, ids[1]); /* the third is only claimed */
	assert_int_equal(row.reference, -1);
	assert_int_equal(db_attempt_uncertain(db, "gsm1", T0, &row), -ENOENT);
	assert_int_equal(db_attempt_uncertain(db, "gsm0", T0 + 2 * SECOND, &row), -ENOENT);
}

/* The parts of a message of two in sending when the gateway stopped, and what becomes of it. */
static const struct {
	enum attempt_state parts[2];
	size_t n;
	enum message_state becomes;
	const char *reason;
} crashes[] = {
	{ { ATTEMPT_CLAIMED }, 1, MSG_UNCERTAIN, "crash" },
	{ { ATTEMPT_ACCEPTED, ATTEMPT_CLAIMED }, 2, MSG_UNCERTAIN, "crash" },
	{ { ATTEMPT_UNCERTAIN }, 1, MSG_UNCERTAIN, "crash" },
	{ { ATTEMPT_ACCEPTED, ATTEMPT_ACCEPTED }, 2, MSG_SENT, "" },
	{ { ATTEMPT_ACCEPTED, ATTEMPT_DELIVERED }, 2, MSG_SENT, "" },
	{ { ATTEMPT_ACCEPTED }, 1, MSG_QUEUED, "restart" },
	{ { ATTEMPT_REFUSED }, 1, MSG_QUEUED, "restart" },
	{ { ATTEMPT_ACCEPTED, ATTEMPT_NOT_SUBMITTED }, 2, MSG_QUEUED, "restart" },
};

static struct message_row crash_in(struct db *db, size_t i)
{
	struct message_row row = add_parts(db, 2);
	int64_t attempt;

	for (unsigned part = 0; part < crashes[i].n; part++) {
		assert_int_equal(claim(db, &row, part, &attempt), 0);
		if (crashes[i].parts[part] != ATTEMPT_CLAIMED)
			assert_int_equal(
				db_attempt_end(db, attempt, crashes[i].parts[part], -1, -1), 0);
	}
	return row;
}

static void a_crash_leaves_nothing_in_sending(void **state)
{
	struct db *db = the_db(state);
	struct message_row rows[ARRAY_LEN(crashes)];
	int64_t *seqs;
	unsigned n;
	size_t n_seqs;

	for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
		rows[i] = crash_in(db, i);
	db->now += MINUTE;
	assert_int_equal(db_attempt_recover(db, &n), 0);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
		struct message_row row = reload(db, &rows[i]);
		struct event *events;
		size_t n_events;

		assert_int_equal(row.state, crashes[i].becomes);
		assert_string_equal(row.reason_code, crashes[i].reason);
		assert_int_equal(row.parts_sent, row.state == MSG_QUEUED ? 0 : row.parts_sent);
		assert_int_equal(count_in(db, &row, ATTEMPT_CLAIMED), 0);
		assert_int_equal(db_event_history(db, row.id, &events, &n_events), 0);
		assert_string_equal(events[n_events - 1].reason, crashes[i].reason);
		free(events);
	}
	assert_int_equal(db->news.live, 3);
	assert_int_equal(db_attempt_uncertain_messages(db, &seqs, &n_seqs), 0);
	assert_int_equal(n_seqs, 3);
	free(seqs);
	assert_int_equal(db_attempt_recover(db, &n), 0);
	assert_int_equal(n, 0);
	db->now = rows[0].deadline;
	assert_int_equal(db_attempt_uncertain_messages(db, &seqs, &n_seqs), 0);
	assert_int_equal(n_seqs, 0);
	free(seqs);
}

static void recovers_any_number(void **state)
{
	struct db *db = the_db(state);
	int64_t attempt;
	unsigned n;

	for (int i = 0; i < 600; i++) {
		struct message_row row = add_parts(db, 1);

		assert_int_equal(claim(db, &row, 0, &attempt), 0);
	}
	assert_int_equal(db_attempt_recover(db, &n), 0);
	assert_int_equal(n, 600);
	assert_int_equal(count_of(db, "SELECT count(*) FROM message WHERE state = 3"), 600);
}

static void questions_are_answered_from_indexes(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = add_parts(db, 2);
	struct attempt_row got;
	int64_t *seqs;
	size_t n_seqs;
	unsigned n;

	accept_part(db, &row, 0, 9);
	assert_int_equal(db_attempt_uncertain(db, "gsm0", T0, &got), -ENOENT);
	assert_int_equal(db_attempt_recover(db, &n), 0);
	assert_int_equal(db_attempt_uncertain_messages(db, &seqs, &n_seqs), 0);
	free(seqs);
	assert_plans_are_indexed(db, "attempt");
	assert_plans_are_indexed(db, "message");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_claim_moves_to_sending, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_is_to_be_sent_is_claimed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_first_submit_fixes_a_codes_end, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_code_is_submitted_again_while_it_lives, setup,
						teardown),
		cmocka_unit_test_setup_teardown(parts_go_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_set_starts_anew_when_queued_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_later_part_ends_with_the_deadline, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_known_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(the_newest_uncertain_one_of_a_modem, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_crash_leaves_nothing_in_sending, setup, teardown),
		cmocka_unit_test_setup_teardown(recovers_any_number, setup, teardown),
		cmocka_unit_test_setup_teardown(questions_are_answered_from_indexes, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
