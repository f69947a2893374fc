/* test_db_message_move.c - the table of moves, and what each move does to the row, its text, its
 * event, the news for the scheduler and the counts. */
#include <errno.h>
#include <stdio.h>

#include "queue/db_event.h"
#include "test_db.h"

/* design.md section 4, written out once more: from (row) to (column), in the order of the enum. */
static const char allowed[MSG_STATES][MSG_STATES + 1] = {
	/*                  sched queue send uncer sent deliv fail expir canc */
	[MSG_SCHEDULED] = "-x-----xx", [MSG_QUEUED] = "--x---xxx",  [MSG_SENDING] = "-x-xx-xx-",
	[MSG_UNCERTAIN] = "-x--xxx--", [MSG_SENT] = "-----xx--",    [MSG_DELIVERED] = "---------",
	[MSG_FAILED] = "---------",    [MSG_EXPIRED] = "---------", [MSG_CANCELED] = "---------",
};

/* The shortest way from where a message starts. */
static const struct {
	int64_t due_in;
	enum message_state steps[3];
	size_t n;
} ways[MSG_STATES] = {
	[MSG_SCHEDULED] = { .due_in = HOUR },
	[MSG_QUEUED] = { 0 },
	[MSG_SENDING] = { 0, { MSG_SENDING }, 1 },
	[MSG_UNCERTAIN] = { 0, { MSG_SENDING, MSG_UNCERTAIN }, 2 },
	[MSG_SENT] = { 0, { MSG_SENDING, MSG_SENT }, 2 },
	[MSG_DELIVERED] = { 0, { MSG_SENDING, MSG_SENT, MSG_DELIVERED }, 3 },
	[MSG_FAILED] = { 0, { MSG_FAILED }, 1 },
	[MSG_EXPIRED] = { 0, { MSG_EXPIRED }, 1 },
	[MSG_CANCELED] = { 0, { MSG_CANCELED }, 1 },
};

static void bring_to(struct db *db, struct message_row *row, enum message_state to)
{
	row->due_at = db->now + ways[to].due_in;
	add(db, row);
	for (size_t i = 0; i < ways[to].n; i++)
		assert_int_equal(db_message_move(db, row, ways[to].steps[i], NULL), 0);
	assert_int_equal(row->state, to);
}

static void check_event(struct db *db, const struct message_row *row, const char *reason)
{
	struct event *events;
	char type[64];
	size_t n;

	assert_int_equal(db_event_history(db, row->id, &events, &n), 0);
	assert_true(n > 0);
	snprintf(type, sizeof(type), "message.%s", message_state_name(row->state));
	assert_string_equal(events[n - 1].type, type);
	assert_string_equal(events[n - 1].state, message_state_name(row->state));
	assert_string_equal(events[n - 1].site, row->site);
	assert_string_equal(events[n - 1].modem, row->modem);
	assert_string_equal(events[n - 1].reason, reason);
	assert_int_equal(events[n - 1].at, db->now);
	assert_int_equal(events[n - 1].seq, db->news.last_event);
	free(events);
}

static int64_t waiting(struct db *db)
{
	return count_of(db, "SELECT count(*) FROM message WHERE state IN (0, 1)");
}

static void check_one(struct db *db, enum message_state from, enum message_state to)
{
	const struct message_cause cause = { "class", "code", "words", "gsm0" };
	struct message_row row = draft(db, KIND_TEXT), before;
	size_t news;
	int err;

	row.report = true;
	bring_to(db, &row, from);
	before = row;
	news = db->news.n_queued;
	db->now += SECOND;
	err = db_message_move(db, &row, to, &cause);
	if (allowed[from][to] != 'x') {
		assert_int_equal(err, -EINVAL);
		assert_memory_equal(&row, &before, sizeof(row));
		assert_int_equal(reload(db, &row).state, from);
		assert_int_equal(db->news.n_queued, news);
	} else {
		assert_int_equal(err, 0);
		assert_int_equal(row.state, to);
		assert_int_equal(reload(db, &row).state, to);
		assert_string_equal(reload(db, &row).reason_code, "code");
		assert_string_equal(reload(db, &row).modem, "gsm0");
		check_event(db, &row, "code");
		assert_int_equal(db->news.n_queued, news + (to == MSG_QUEUED));
	}
	assert_int_equal(db->news.live, waiting(db));
}

static void every_pair_is_as_the_table_says(void **state)
{
	struct db *db = the_db(state);

	for (int from = 0; from < MSG_STATES; from++)
		for (int to = 0; to < MSG_STATES; to++)
			check_one(db, (enum message_state)from, (enum message_state)to);
}

static void a_stale_row_moves_nothing(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = draft(db, KIND_TEXT), stale;

	add(db, &row);
	stale = row;
	assert_int_equal(db_message_move(db, &row, MSG_CANCELED, NULL), 0);
	assert_int_equal(db_message_move(db, &stale, MSG_SENDING, NULL), -EINVAL);
	assert_int_equal(stale.state, MSG_QUEUED);
	assert_int_equal(reload(db, &row).state, MSG_CANCELED);
	assert_int_equal(db->news.live, 0);
}

enum { WAY_MAX = 6 };

/* Times: after how many seconds from the start (one a move), -1: never. */
static const struct {
	const char *name;
	enum config_kind kind;
	bool report;
	enum message_state way[WAY_MAX];
	size_t n;
	int sent, delivered, ended;
	bool text;
	int kept_from; /* as above; -2: the deadline */
} lives[] = {
	{ "queued", KIND_TEXT, false, { 0 }, 0, -1, -1, -1, true, -1 },
	{ "sending", KIND_TEXT, false, { MSG_SENDING }, 1, -1, -1, -1, true, -1 },
	{ "sent", KIND_TEXT, false, { MSG_SENDING, MSG_SENT }, 2, 2, -1, 2, false, -1 },
	{ "text awaits report",
	  KIND_TEXT,
	  true,
	  { MSG_SENDING, MSG_SENT },
	  2,
	  2,
	  -1,
	  -1,
	  true,
	  -2 },
	{ "code awaits report",
	  KIND_VERIFICATION,
	  true,
	  { MSG_SENDING, MSG_SENT },
	  2,
	  2,
	  -1,
	  -1,
	  false,
	  -1 },
	{ "delivered",
	  KIND_TEXT,
	  true,
	  { MSG_SENDING, MSG_SENT, MSG_DELIVERED },
	  3,
	  2,
	  3,
	  3,
	  false,
	  -1 },
	{ "report says failed",
	  KIND_TEXT,
	  true,
	  { MSG_SENDING, MSG_SENT, MSG_FAILED },
	  3,
	  2,
	  -1,
	  3,
	  true,
	  3 },
	{ "late report without one awaited",
	  KIND_TEXT,
	  false,
	  { MSG_SENDING, MSG_SENT, MSG_DELIVERED },
	  3,
	  2,
	  3,
	  3,
	  false,
	  -1 },
	{ "uncertain",
	  KIND_VERIFICATION,
	  true,
	  { MSG_SENDING, MSG_UNCERTAIN },
	  2,
	  -1,
	  -1,
	  -1,
	  true,
	  -2 },
	{ "uncertain, delivered",
	  KIND_VERIFICATION,
	  true,
	  { MSG_SENDING, MSG_UNCERTAIN, MSG_DELIVERED },
	  3,
	  3,
	  3,
	  3,
	  false,
	  -1 },
	{ "uncertain, again, sent",
	  KIND_VERIFICATION,
	  false,
	  { MSG_SENDING, MSG_UNCERTAIN, MSG_QUEUED, MSG_SENDING, MSG_SENT },
	  5,
	  5,
	  -1,
	  5,
	  false,
	  -1 },
	{ "uncertain, again",
	  KIND_VERIFICATION,
	  false,
	  { MSG_SENDING, MSG_UNCERTAIN, MSG_QUEUED },
	  3,
	  -1,
	  -1,
	  -1,
	  true,
	  -1 },
	{ "failed text", KIND_TEXT, false, { MSG_FAILED }, 1, -1, -1, 1, true, 1 },
	{ "failed code", KIND_VERIFICATION, false, { MSG_FAILED }, 1, -1, -1, 1, false, -1 },
	{ "failed contact", KIND_CONTACT_REQUEST, false, { MSG_FAILED }, 1, -1, -1, 1, false, -1 },
	{ "expired", KIND_TEXT, false, { MSG_EXPIRED }, 1, -1, -1, 1, false, -1 },
	{ "canceled", KIND_TEXT, false, { MSG_CANCELED }, 1, -1, -1, 1, false, -1 },
};

static int64_t at(int seconds)
{
	return seconds < 0 ? 0 : T0 + (int64_t)seconds * SECOND;
}

static void check_life(struct db *db, size_t i)
{
	struct message_row row = draft(db, lives[i].kind), again;
	int64_t kept;
	char *text;
	int err;

	db->now = T0;
	row.deadline = T0 + DAY;
	row.report = lives[i].report;
	add(db, &row);
	for (size_t k = 0; k < lives[i].n; k++) {
		db->now += SECOND;
		assert_int_equal(db_message_move(db, &row, lives[i].way[k], NULL), 0);
	}
	again = reload(db, &row);
	assert_memory_equal(&again.state, &row.state, sizeof(row.state));
	assert_int_equal(again.sent_at, at(lives[i].sent));
	assert_int_equal(again.delivered_at, at(lives[i].delivered));
	assert_int_equal(again.ended_at, at(lives[i].ended));
	assert_int_equal(again.has_text, lives[i].text);
	assert_int_equal(row.has_text, lives[i].text);
	err = db_message_text(db, &row, &text);
	assert_int_equal(err, lives[i].text ? 0 : -ENOENT);
	if (lives[i].text)
		assert_string_equal(text, "hello");
	secret_free(text);
	assert_int_equal(
		db_value(db, &kept, "SELECT kept_from FROM message WHERE seq = ?1", "i", row.seq),
		0);
	assert_int_equal(kept, lives[i].kept_from == -2 ? row.deadline : at(lives[i].kept_from));
}

static void times_and_texts_follow_the_moves(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(lives); i++)
		check_life(the_db(state), i);
}

static void success_clears_an_old_reason(void **state)
{
	const struct message_cause refused = { "retry_now", "332", "network timeout", "gsm0" };
	const struct message_cause accepted = { .modem = "gsm1" };
	struct db *db = the_db(state);
	struct message_row row = draft(db, KIND_TEXT);

	add(db, &row);
	assert_int_equal(db_message_move(db, &row, MSG_SENDING, NULL), 0);
	assert_int_equal(db_message_requeue(db, &row, db->now + 5 * SECOND, &refused), 0);
	assert_string_equal(reload(db, &row).reason_code, "332");
	check_event(db, &row, "332");
	assert_int_equal(db_message_move(db, &row, MSG_SENDING, NULL), 0);
	assert_string_equal(reload(db, &row).reason_code, "332"); /* nothing told: unchanged */
	assert_int_equal(db_message_move(db, &row, MSG_SENT, &accepted), 0);
	assert_string_equal(reload(db, &row).reason_code, "");
	assert_string_equal(reload(db, &row).reason_class, "");
	assert_string_equal(reload(db, &row).modem, "gsm1");
	assert_int_equal(reload(db, &row).parts_sent, 1);
}

static void requeue_waits_for_its_time(void **state)
{
	struct db *db = the_db(state);
	struct message_row row = draft(db, KIND_TEXT);

	add(db, &row);
	assert_int_equal(db_message_requeue(db, &row, db->now, NULL), -EINVAL);
	assert_int_equal(db_message_move(db, &row, MSG_SENDING, NULL), 0);
	assert_int_equal(db->news.live, 0);
	db->news.n_queued = 0;
	assert_int_equal(db_message_requeue(db, &row, db->now + MINUTE, NULL), 0);
	assert_int_equal(reload(db, &row).due_at, db->now + MINUTE);
	assert_int_equal(db->news.n_queued, 1);
	assert_int_equal(db->news.queued[0].due_at, db->now + MINUTE);
	assert_int_equal(db->news.queued[0].seq, row.seq);
	assert_int_equal(db->news.queued[0].number, row.number);
	assert_int_equal(db->news.live, 1);
	assert_int_equal(db_message_move(db, &row, MSG_SENDING, NULL), 0);
	assert_int_equal(db_message_requeue(db, &row, 0, NULL), 0); /* never in the past */
	assert_int_equal(reload(db, &row).due_at, db->now);
}

static void erases_kept_texts_in_time(void **state)
{
	struct db *db = the_db(state);
	struct message_row failed = draft(db, KIND_TEXT), uncertain = draft(db, KIND_TEXT),
			   waiting_one = draft(db, KIND_TEXT);

	add(db, &waiting_one);
	bring_to(db, &failed, MSG_FAILED);
	uncertain.deadline = db->now + HOUR;
	bring_to(db, &uncertain, MSG_UNCERTAIN);
	assert_int_equal(db_message_erase_texts(db, db->now), 0);
	assert_true(reload(db, &failed).has_text);
	assert_int_equal(db_message_erase_texts(db, db->now + 1), 0);
	assert_false(reload(db, &failed).has_text);
	assert_true(reload(db, &uncertain).has_text);
	assert_int_equal(db_message_erase_texts(db, db->now + HOUR + 1), 0);
	assert_false(reload(db, &uncertain).has_text);
	assert_int_equal(reload(db, &uncertain).state, MSG_UNCERTAIN);
	assert_int_equal(db_message_erase_texts(db, db->now + 10 * (int64_t)DAY), 0);
	assert_true(reload(db, &waiting_one).has_text);
	assert_plans_are_indexed(db, "message");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_pair_is_as_the_table_says, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stale_row_moves_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(times_and_texts_follow_the_moves, setup, teardown),
		cmocka_unit_test_setup_teardown(success_clears_an_old_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(requeue_waits_for_its_time, setup, teardown),
		cmocka_unit_test_setup_teardown(erases_kept_texts_in_time, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
