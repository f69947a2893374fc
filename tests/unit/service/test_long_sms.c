/* Long received SMS: any order, repetitions, references used again, time and other bounds. */
#include "service/long_sms.h"

#include <errno.h>

#include "queue/db_inbox.h"
#include "tests/unit/service/room.h"

struct came {
	const char *sender;
	unsigned reference, total, part;
	const char *text, *pdu;
};

static int receive(struct room *room, const struct came *came)
{
	const struct long_key key = { .sim = "8970",
				      .sender = came->sender,
				      .reference = came->reference,
				      .total = came->total };
	struct inbox_row row = { .modem = "gsm0", .sent_at = 5, .text = (char *)came->text };

	snprintf(row.sender, sizeof(row.sender), "%s", came->sender);
	return RUN(room, long_receive(&room->rule, &key, came->part, &row, came->pdu, ""));
}

/* What stands in the inbox, newest first, as lines of sender and text. */
static const char *inbox(struct room *room)
{
	static char all[4096];
	struct inbox_row rows[16];
	const struct inbox_query query = { .limit = 16 };
	size_t n, used = 0;

	assert_int_equal(db_inbox_list(&room->world.db, &query, rows, &n), 0);
	all[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s: %s\n",
					 rows[i].sender, rows[i].incomplete ? "*" : "",
					 rows[i].text);
		assert_string_equal(rows[i].modem, "gsm0");
		assert_int_equal(rows[i].sent_at, 5);
		secret_free(rows[i].text);
	}
	return all;
}

#define A "+79120000001"
#define B "+79120000002"

static const struct {
	const char *name;
	struct came parts[6];
	const char *inbox; /* at once */
	const char *later; /* after three days */
} cases[] = {
	{ "in order",
	  { { A, 1, 2, 1, "one ", "01" }, { A, 1, 2, 2, "two", "02" } },
	  A ": one two\n",
	  NULL },
	{ "backwards",
	  { { A, 1, 3, 3, "c", "03" }, { A, 1, 3, 1, "a", "01" }, { A, 1, 3, 2, "b", "02" } },
	  A ": abc\n",
	  NULL },
	{ "a sender of letters",
	  { { "Bank", 1, 2, 1, "x", "01" }, { "Bank", 1, 2, 2, "y", "02" } },
	  "Bank: xy\n",
	  NULL },
	{ "the same PDU again",
	  { { A, 1, 2, 1, "a", "01" },
	    { A, 1, 2, 1, "a", "01" },
	    { A, 1, 2, 2, "b", "02" },
	    { A, 1, 2, 2, "b", "02" } },
	  A ": ab\n",
	  NULL },
	{ "the same part in another PDU, then both again",
	  { { A, 1, 2, 1, "a", "01" },
	    { A, 1, 2, 1, "a", "11" },
	    { A, 1, 2, 2, "b", "02" },
	    { A, 1, 2, 1, "a", "11" },
	    { A, 1, 2, 1, "a", "01" } },
	  A ": ab\n",
	  NULL },
	{ "two senders with one reference",
	  { { A, 1, 2, 1, "a", "01" },
	    { B, 1, 2, 1, "x", "11" },
	    { B, 1, 2, 2, "y", "12" },
	    { A, 1, 2, 2, "b", "02" } },
	  A ": ab\n" B ": xy\n",
	  NULL },
	{ "two totals with one reference",
	  { { A, 1, 2, 1, "a", "01" }, { A, 1, 3, 2, "x", "11" }, { A, 1, 2, 2, "b", "02" } },
	  A ": ab\n",
	  A "*: […]x[…]\n" A ": ab\n" },
	{ "a missing part",
	  { { A, 1, 3, 1, "a", "01" }, { A, 1, 3, 3, "c", "03" } },
	  "",
	  A "*: a[…]c\n" },
	{ "a reference used again",
	  { { A, 1, 2, 1, "old", "01" }, { A, 1, 2, 1, "new ", "11" }, { A, 1, 2, 2, "er", "12" } },
	  A ": new er\n" A "*: old[…]\n",
	  NULL },
	{ "the next one after a complete one",
	  { { A, 1, 2, 1, "Dear ", "01" },
	    { A, 1, 2, 2, "one", "02" },
	    { A, 1, 2, 1, "Dear ", "11" },
	    { A, 1, 2, 2, "two", "12" } },
	  A ": Dear two\n" A ": Dear one\n",
	  NULL },
};

static void parts_become_texts(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct room *room;
		int64_t next;

		room_setup(state);
		room = *state;
		for (size_t k = 0; k < ARRAY_LEN(cases[i].parts); k++) {
			const struct came *came = &cases[i].parts[k];
			int err = came->sender != NULL ? receive(room, came) : 0;

			if (err != 0 && err != -EEXIST)
				fail_msg("%s: %d", cases[i].name, err);
		}
		if (strcmp(inbox(room), cases[i].inbox) != 0)
			fail_msg("%s: %s", cases[i].name, inbox(room));
		room_later(room, 3 * (int64_t)DAY);
		assert_int_equal(RUN(room, long_release(&room->rule, &next)), 0);
		assert_int_equal(next, 0);
		if (strcmp(inbox(room), cases[i].later != NULL ? cases[i].later : cases[i].inbox))
			fail_msg("%s, later: %s", cases[i].name, inbox(room));
		room_teardown(state);
	}
}

static void one_event_for_a_whole_text(void **state)
{
	static const struct came parts[] = { { A, 9, 2, 2, "OP", "02" },
					     { A, 9, 2, 1, "ST", "01" } };
	struct room *room = *state;
	int64_t until;

	assert_int_equal(start(room, "u1", A), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(receive(room, &parts[i]), 0);
		assert_int_equal(count_of(&room->world.db, "SELECT count(*) FROM event"
							   " WHERE type = 'sms.received'"),
				 i);
	}
	/* It belongs to the site that wrote last, and its word counts. */
	assert_int_equal(count_of(&room->world.db, "SELECT count(*) FROM inbox WHERE site = 'one'"),
			 1);
	assert_int_equal(count_of(&room->world.db, "SELECT count(*) FROM optout"), 1);
	assert_int_equal(RUN(room, long_release(&room->rule, &until)), 0);
	assert_int_equal(until, 0);
}

static void what_waits_is_released_in_time(void **state)
{
	static const struct came first = { A, 1, 2, 1, "a", "01" },
				 second = { B, 1, 2, 1, "b", "02" };
	struct room *room = *state;
	int64_t next;

	assert_int_equal(receive(room, &first), 0);
	room_later(room, HOUR);
	assert_int_equal(receive(room, &second), 0);
	assert_int_equal(RUN(room, long_release(&room->rule, &next)), 0);
	assert_int_equal(next, T0 + 3 * (int64_t)DAY);
	assert_string_equal(inbox(room), "");
	room_later(room, 3 * (int64_t)DAY - HOUR);
	assert_int_equal(RUN(room, long_release(&room->rule, &next)), 0);
	assert_int_equal(next, T0 + HOUR + 3 * (int64_t)DAY);
	assert_string_equal(inbox(room), A "*: a[…]\n");
}

/* No more than 500 open sets: the oldest is delivered for each further one. */
static void open_sets_are_bounded(void **state)
{
	struct room *room = *state;
	unsigned sets, parts;

	for (unsigned i = 0; i < 510; i++) {
		char pdu[16];
		const struct came came = { A, i, 2, 1, "a", pdu };

		snprintf(pdu, sizeof(pdu), "%u", i);
		assert_int_equal(receive(room, &came), 0);
	}
	assert_int_equal(db_long_counts(&room->world.db, &sets, &parts), 0);
	assert_int_equal(sets, 500);
	assert_int_equal(parts, 500);
	assert_int_equal(count_of(&room->world.db, "SELECT count(*) FROM inbox"), 10);
	assert_plans_are_indexed(&room->world.db, "long_part");
}

static void nothing_is_left_after_a_week(void **state)
{
	static const struct came parts[] = { { A, 1, 2, 1, "a", "01" }, { A, 1, 2, 2, "b", "02" } };
	struct room *room = *state;

	assert_int_equal(receive(room, &parts[0]), 0);
	assert_int_equal(receive(room, &parts[1]), 0);
	assert_int_equal(
		count_of(&room->world.db, "SELECT count(*) FROM long_part WHERE text IS NOT NULL"),
		0);
	assert_int_equal(receive(room, &parts[0]), -EEXIST);
	assert_int_equal(db_long_prune(&room->world.db), 0);
	assert_int_equal(count_of(&room->world.db, "SELECT count(*) FROM long_part"), 2);
	room_later(room, 7 * (int64_t)DAY + 1);
	assert_int_equal(db_long_prune(&room->world.db), 0);
	assert_int_equal(count_of(&room->world.db, "SELECT count(*) FROM long_part"), 0);
	assert_int_equal(count_of(&room->world.db, "SELECT count(*) FROM long_sms"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_become_texts),
		cmocka_unit_test_setup_teardown(one_event_for_a_whole_text, room_setup,
						room_teardown),
		cmocka_unit_test_setup_teardown(what_waits_is_released_in_time, room_setup,
						room_teardown),
		cmocka_unit_test_setup_teardown(open_sets_are_bounded, room_setup, room_teardown),
		cmocka_unit_test_setup_teardown(nothing_is_left_after_a_week, room_setup,
						room_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
