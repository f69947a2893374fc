/* test_message.c - the table of moves against a drawing of design.md section 4. */
#include "queue/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "queue/due.h"

/* Rows from, columns to, in the order of enum message_state. */
static const char *const moves[MSG_STATES] = {
	/*                   sched queued sending uncertain sent delivered failed expired canceled
	 */
	[MSG_SCHEDULED] = ".q.....ec", [MSG_QUEUED] = "..s...fec",  [MSG_SENDING] = ".q.us.fe.",
	[MSG_UNCERTAIN] = ".q..sdf..", [MSG_SENT] = ".....df..",    [MSG_DELIVERED] = ".........",
	[MSG_FAILED] = ".........",    [MSG_EXPIRED] = ".........", [MSG_CANCELED] = ".........",
};

static const struct {
	enum message_state state;
	const char *name;
	bool final;
} states[] = {
	{ MSG_SCHEDULED, "scheduled", false }, { MSG_QUEUED, "queued", false },
	{ MSG_SENDING, "sending", false },     { MSG_UNCERTAIN, "uncertain", false },
	{ MSG_SENT, "sent", false },           { MSG_DELIVERED, "delivered", true },
	{ MSG_FAILED, "failed", true },        { MSG_EXPIRED, "expired", true },
	{ MSG_CANCELED, "canceled", true },
};

static void test_moves(void **state)
{
	(void)state;
	for (int from = 0; from < MSG_STATES; from++)
		for (int to = 0; to < MSG_STATES; to++)
			assert_int_equal(
				message_may_move((enum message_state)from, (enum message_state)to),
				moves[from][to] != '.');
}

static void test_state_names(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_LEN(states), MSG_STATES);
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		assert_string_equal(message_state_name(states[i].state), states[i].name);
		assert_int_equal(message_state_parse(states[i].name), states[i].state);
		assert_int_equal(message_is_final(states[i].state), states[i].final);
	}
	assert_int_equal(message_state_parse("Sent"), -1);
	assert_int_equal(message_state_parse(""), -1);
	assert_int_equal(message_state_parse("sending "), -1);
}

static void test_priority_names(void **state)
{
	static const char *const names[] = { "high", "normal", "low" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_string_equal(message_priority_name((enum message_priority)i), names[i]);
		assert_int_equal(message_priority_parse(names[i]), i);
	}
	assert_int_equal(message_priority_parse("urgent"), -1);
	assert_int_equal(message_priority_parse(""), -1);
}

/* The order in which lanes and priorities leave. */
static void test_ranks(void **state)
{
	static const struct {
		enum config_kind kind;
		enum message_priority priority;
	} order[] = {
		{ KIND_VERIFICATION, PRIORITY_HIGH },
		{ KIND_VERIFICATION, PRIORITY_NORMAL },
		{ KIND_VERIFICATION, PRIORITY_LOW },
		{ KIND_CONTACT_REQUEST, PRIORITY_HIGH },
		{ KIND_CONTACT_REQUEST, PRIORITY_NORMAL },
		{ KIND_CONTACT_REQUEST, PRIORITY_LOW },
		{ KIND_TEXT, PRIORITY_HIGH },
		{ KIND_TEXT, PRIORITY_NORMAL },
		{ KIND_TEXT, PRIORITY_LOW },
	};

	(void)state;
	assert_int_equal(ARRAY_LEN(order), DUE_RANKS);
	for (int rank = 0; rank < DUE_RANKS; rank++) {
		assert_int_equal(message_rank(order[rank].kind, order[rank].priority), rank);
		assert_int_equal(message_rank_kind(rank), order[rank].kind);
		assert_int_equal(message_rank_priority(rank), order[rank].priority);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_state_names),
		cmocka_unit_test(test_priority_names),
		cmocka_unit_test(test_ranks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
