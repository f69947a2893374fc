/* Which attempt a delivery report speaks of: wrap-around, other forms of numbers, early ones. */
#include "queue/db_attempt.h"

#include <errno.h>

#include "tests/unit/queue/test_db.h"

static void numbers_are_alike_by_their_ends(void **state)
{
	static const struct {
		const char *a, *b;
		bool alike;
	} cases[] = {
		{ "+79123456789", "+79123456789", true },
		{ "+97252468000", "052468000", true },
		{ "+79123456789", "89123456789", true },
		{ "+79123456789", "123456789", true },
		{ "+79123456789", "3456789", true }, /* 7 digits */
		{ "+79123456789", "456789", false }, /* too short to tell */
		{ "+79123456789", "+79123456780", false },
		{ "+79123456789", "+79993456789", false }, /* the eighth and ninth differ */
		{ "900", "900", true },
		{ "900", "+900", false },
		{ "", "", true },
		{ "+79123456789", "", false },
		{ "BANK", "BANK", true },
		{ "BANK", "TANK", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(db_number_alike(cases[i].a, cases[i].b), cases[i].alike);
		assert_int_equal(db_number_alike(cases[i].b, cases[i].a), cases[i].alike);
	}
}

/* What was sent: one a second from T0. reference -1: none is known. */
struct sent {
	const char *modem, *sim, *to;
	int reference;
	enum attempt_state state;
	bool not_asked;
};

#define A "+79120000001"
#define B "+79120000002"
#define SENT(sim, to, reference, state)                                                            \
	{                                                                                          \
		"m", sim, to, reference, ATTEMPT_##state, false                                    \
	}

struct question {
	const char *name;
	struct sent sent[4];
	struct attempt_report report;
	int found; /* index, -1: none */
	int64_t later;
};

static const struct question questions[] = {
	{ "the one", { SENT("s", A, 5, ACCEPTED) }, { "s", "m", A, 5, 0 }, 0, 0 },
	{ "reference 0", { SENT("s", A, 0, ACCEPTED) }, { "s", "m", A, 0, 0 }, 0, 0 },
	{ "national form",
	  { SENT("s", A, 5, ACCEPTED), SENT("s", B, 5, ACCEPTED) },
	  { "s", "m", "89120000001", 5, 0 },
	  0,
	  0 },
	{ "the newest of one number",
	  { SENT("s", A, 5, ACCEPTED), SENT("s", A, 5, ACCEPTED) },
	  { "s", "m", A, 5, 0 },
	  1,
	  0 },
	{ "an open one before a final one",
	  { SENT("s", A, 5, ACCEPTED), SENT("s", A, 5, DELIVERED) },
	  { "s", "m", A, 5, 0 },
	  0,
	  0 },
	{ "a final one at last", { SENT("s", A, 5, DELIVERED) }, { "s", "m", A, 5, 0 }, 0, 0 },
	{ "the only one, whatever its number",
	  { SENT("s", A, 5, ACCEPTED) },
	  { "s", "m", "900", 5, 0 },
	  0,
	  0 },
	{ "without a number", { SENT("s", A, 5, ACCEPTED) }, { "s", "m", "", 5, 0 }, 0, 0 },
	{ "not the only one",
	  { SENT("s", A, 5, ACCEPTED), SENT("s", B, 5, ACCEPTED) },
	  { "s", "m", "900", 5, 0 },
	  -1,
	  0 },
	{ "one that asked for none",
	  { { "m", "s", A, 5, ATTEMPT_ACCEPTED, true } },
	  { "s", "m", A, 5, 0 },
	  -1,
	  0 },
	{ "another reference", { SENT("s", A, 5, ACCEPTED) }, { "s", "m", A, 6, 0 }, -1, 0 },
	{ "another SIM", { SENT("s", A, 5, ACCEPTED) }, { "t", "m", A, 5, 0 }, -1, 0 },
	{ "the SIM has moved", { SENT("s", A, 5, ACCEPTED) }, { "s", "n", A, 5, 0 }, 0, 0 },
	{ "the SIM was not known", { SENT("m", A, 5, ACCEPTED) }, { "s", "m", A, 5, 0 }, 0, 0 },
	{ "before its +CMGS", { SENT("s", A, -1, CLAIMED) }, { "s", "m", A, 5, 0 }, -1, 0 },
	{ "before its +CMGS, while another awaits one",
	  { SENT("s", B, 5, ACCEPTED), SENT("s", A, -1, CLAIMED) },
	  { "s", "m", A, 5, 0 },
	  -1,
	  0 },
	{ "for another, while one flies",
	  { SENT("s", B, 5, ACCEPTED), SENT("s", A, -1, CLAIMED) },
	  { "s", "m", B, 5, 0 },
	  0,
	  0 },
	{ "for an uncertain one",
	  { SENT("s", A, -1, UNCERTAIN), SENT("s", B, -1, UNCERTAIN) },
	  { "s", "m", A, 5, 0 },
	  0,
	  0 },
	{ "for an uncertain one of another number",
	  { SENT("s", A, -1, UNCERTAIN) },
	  { "s", "m", B, 5, 0 },
	  -1,
	  0 },
	{ "for an uncertain one, sent again meanwhile",
	  { SENT("s", A, -1, UNCERTAIN), SENT("s", A, -1, CLAIMED) },
	  { "s", "m", A, 5, 0 },
	  -1,
	  0 },
	{ "of a refused one", { SENT("s", A, -1, REFUSED) }, { "s", "m", A, 5, 0 }, -1, 0 },
	{ "on its last day",
	  { SENT("s", A, 5, ACCEPTED) },
	  { "s", "m", A, 5, 0 },
	  0,
	  2 * (int64_t)DAY - MINUTE },
	{ "too late",
	  { SENT("s", A, 5, ACCEPTED) },
	  { "s", "m", A, 5, 0 },
	  -1,
	  2 * (int64_t)DAY + MINUTE },
};

static int64_t send(struct db *db, const struct sent *sent)
{
	struct message_row row = draft(db, KIND_TEXT);
	const struct attempt_new by = { .modem = sent->modem,
					.sim = sent->sim,
					.asked = !sent->not_asked };
	int64_t attempt;

	assert_int_equal(db_number_id(db, sent->to, &row.number), 0);
	add(db, &row);
	assert_int_equal(db_attempt_claim(db, row.seq, &by, &attempt), 0);
	if (sent->state != ATTEMPT_CLAIMED)
		assert_int_equal(db_attempt_end(db, attempt, sent->state, sent->reference, -1), 0);
	db->now += SECOND;
	return attempt;
}

static void a_report_finds_its_attempt(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		const struct question *q = &questions[i];
		struct db *db = world_open(state);
		struct attempt_report report = q->report;
		struct attempt_row row;
		int64_t ids[4] = { 0 };
		int err;

		for (size_t k = 0; k < 4 && q->sent[k].to != NULL; k++)
			ids[k] = send(db, &q->sent[k]);
		report.at = db->now + q->later;
		err = db_attempt_of_report(db, &report, &row);
		if (err != (q->found < 0 ? -ENOENT : 0))
			fail_msg("%s: %d", q->name, err);
		if (err == 0 && row.id != ids[q->found])
			fail_msg("%s: another one", q->name);
		if (err == 0)
			assert_int_equal(attempt_is_open(&row),
					 q->sent[q->found].state == ATTEMPT_ACCEPTED ||
						 q->sent[q->found].state == ATTEMPT_UNCERTAIN);
		teardown(state);
	}
}

/* 600 sends, so each reference is used twice or more: each report finds the newest. */
static void references_wrap_around(void **state)
{
	struct db *db = the_db(state);
	int64_t ids[600];

	for (int i = 0; i < 600; i++)
		ids[i] = send(db, &(struct sent){ "m", "s", A, i % 256, ATTEMPT_ACCEPTED, false });
	for (int i = 599; i >= 0; i--) {
		const struct attempt_report report = { "s", "m", A, i % 256, db->now };
		struct attempt_row row;

		assert_int_equal(db_attempt_of_report(db, &report, &row), 0);
		assert_int_equal(row.id, ids[i]);
		assert_int_equal(db_attempt_end(db, row.id, ATTEMPT_DELIVERED, -1, 0), 0);
	}
	assert_plans_are_indexed(db, "attempt");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_alike_by_their_ends),
		cmocka_unit_test(a_report_finds_its_attempt),
		cmocka_unit_test_setup_teardown(references_wrap_around, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
