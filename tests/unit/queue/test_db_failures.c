/* test_db_failures.c - SQLite fails at any call of any row function that rules do not reach: the
 * failure is handed on, nothing stays open or allocated, and it works when SQLite does. */
#include "tests/unit/queue/failing.h"

#include "config/config.h"
#include "queue/db_attempt.h"
#include "queue/db_check.h"
#include "queue/db_delivery.h"
#include "queue/db_erase.h"
#include "queue/db_event.h"
#include "queue/db_idempotency.h"
#include "queue/db_inbox.h"
#include "queue/db_long.h"
#include "queue/db_number.h"
#include "queue/db_place.h"
#include "queue/db_quota.h"
#include "queue/db_record.h"
#include "queue/db_report.h"
#include "queue/db_route.h"
#include "queue/db_verification.h"
#include "tests/unit/config/load.h"

static const struct config_rate rate_items[] = { { 3, HOUR }, { 10, DAY } };
static const struct config_rates rates = { rate_items, 2 };
static const struct quota_limits limits = { &rates, &rates };
static const char sim[] = "89700123456789012345";

static struct message_row message, uncertain, parts;
static const struct config *config;
static int64_t attempt;

static int claim(void *db)
{
	const struct attempt_new by = { "gsm0", sim, 0, true };

	return db_attempt_claim(db, message.seq, &by, &attempt);
}

static int end_attempt(void *db)
{
	return db_attempt_end(db, attempt, ATTEMPT_ACCEPTED, 7, -1);
}

static int move(void *db)
{
	struct message_row row;
	int err = db_message_by_seq(db, message.seq, &row);

	return err < 0 ? err : db_message_move(db, &row, MSG_SENT, NULL);
}

static int find_attempt(void *db)
{
	const struct attempt_report report = { sim, "gsm0", "+79120000001", 7, T0 };
	struct attempt_row row;

	return db_attempt_of_report(db, &report, &row);
}

static int find_uncertain(void *db)
{
	struct attempt_row row;

	return db_attempt_uncertain(db, "gsm1", 0, &row);
}

static int list_uncertain(void *db)
{
	int64_t *seqs = NULL;
	size_t n;
	int err = db_attempt_uncertain_messages(db, &seqs, &n);

	if (err == 0)
		free(seqs);
	return err;
}

static int requeue(void *db)
{
	struct message_row row;
	int err = db_message_by_seq(db, uncertain.seq, &row);

	return err < 0 ? err : db_message_requeue(db, &row, T0, NULL);
}

static int claim_again(void *db)
{
	const struct attempt_new by = { "gsm1", sim, 0, true };

	return db_attempt_claim(db, uncertain.seq, &by, &attempt);
}

static int recover(void *db)
{
	unsigned n;

	return db_attempt_recover(db, &n);
}

static int claim_second_part(void *db)
{
	const struct attempt_new by = { "gsm2", sim, 1, true };

	return db_attempt_claim(db, parts.seq, &by, &attempt);
}

static int find_attempt_in_doubt(void *db)
{
	const struct attempt_report report = { sim, "gsm1", "+79120000001", 200, T0 };
	struct attempt_row row;

	return db_attempt_of_report(db, &report, &row);
}

static int walk_routes(void *db)
{
	struct route_walk walk = { 0 };
	int err = 0;

	while (err == 0 && !walk.done)
		err = db_route_walk(db, config, &walk);
	return err;
}

static int keep_report(void *db)
{
	struct report_row row = { .sim = "sim",
				  .modem = "gsm0",
				  .recipient = "+79120000001",
				  .reference = 9,
				  .status = 0 };
	bool is_new;

	return db_report_keep(db, &row, &is_new);
}

static int list_reports(void *db)
{
	struct report_row rows[4];
	size_t n;

	return db_report_waiting(db, "sim", -1, 0, rows, 4, &n);
}

static int take_quota(void *db)
{
	int err = db_quota_take(db, sim, &limits);

	return err < 0 ? err : db_quota_recipient(db, sim, &limits, message.number);
}

static int look_at_quota(void *db)
{
	struct quota_state state;

	return db_quota_look(db, sim, &limits, 1, &state);
}

static int show_quota(void *db)
{
	unsigned n;
	int err = db_quota_parts_used(db, sim, HOUR, &n);

	return err < 0 ? err : db_quota_recipients_used(db, sim, HOUR, &n);
}

static int give_back_quota(void *db)
{
	return db_quota_give_back(db, sim, &limits);
}

static int due_messages(void *db)
{
	struct due items[8];
	int64_t next;
	size_t n;

	return db_message_due(db, 0, T0 + HOUR, items, 8, &n, &next);
}

static int promote(void *db)
{
	int64_t next;

	return db_message_promote(db, T0 + DAY, &next);
}

static int expire(void *db)
{
	int64_t *seqs = NULL, next;
	size_t n;
	int err = db_message_expire(db, T0 + 2 * DAY, &seqs, &n, &next);

	if (err == 0)
		free(seqs);
	return err;
}

static int count(void *db)
{
	struct message_counts counts;
	int64_t due;
	int err = db_message_counts(db, &counts);

	return err < 0 ? err : db_message_oldest_due(db, KIND_TEXT, &due);
}

static int stats(void *db)
{
	struct delivery_stats got;

	return db_delivery_stats(db, "gsm0", T0, &got);
}

static int list_events(void *db)
{
	const struct event_query query = { .modems = true, .limit = 10 };
	struct event events[10];
	int64_t last;
	size_t n;

	return db_event_list(db, &query, events, &n, &last);
}

static int list_routes(void *db)
{
	int64_t routes[4];
	size_t n;

	return db_route_list(db, -1, routes, 4, &n);
}

static int erase_texts(void *db)
{
	return db_message_erase_texts(db, T0 + (int64_t)9 * DAY);
}

static int erase_late(void *db)
{
	return db_erase_late(db);
}

static int next_number(void *db)
{
	int64_t value;

	return db_meta_next(db, "counter", &value);
}

/* Everything that goes when its time has come. */
static int prune(void *db)
{
	const int64_t before = T0 + (int64_t)100 * DAY;
	unsigned n;
	int err = db_event_prune(db, before);

	err = err < 0 ? err : db_inbox_prune(db, before);
	err = err < 0 ? err : db_long_prune(db);
	err = err < 0 ? err : db_place_prune(db, before);
	err = err < 0 ? err : db_quota_prune(db, before);
	err = err < 0 ? err : db_code_prune(db, before);
	err = err < 0 ? err : db_idempotency_prune(db, before);
	err = err < 0 ? err : db_report_prune(db, before, &n);
	return err < 0 ? err : db_record_prune(db, before);
}

/* In an order in which each finds what it needs. */
static const struct {
	const char *name;
	int (*call)(void *db);
} calls[] = {
	{ "due messages", due_messages },
	{ "count messages", count },
	{ "list routes", list_routes },
	{ "look at quota", look_at_quota },
	{ "take quota", take_quota },
	{ "look at a quota in use", look_at_quota },
	{ "show quota", show_quota },
	{ "give quota back", give_back_quota },
	{ "claim", claim },
	{ "end an attempt", end_attempt },
	{ "move", move },
	{ "find the attempt of a report", find_attempt },
	{ "find the uncertain attempt", find_uncertain },
	{ "list uncertain messages", list_uncertain },
	{ "find the attempt in doubt", find_attempt_in_doubt },
	{ "claim a second part", claim_second_part },
	{ "walk routes", walk_routes },
	{ "requeue", requeue },
	{ "claim again", claim_again },
	{ "recover", recover },
	{ "keep a report", keep_report },
	{ "list reports", list_reports },
	{ "statistics", stats },
	{ "list events", list_events },
	{ "promote", promote },
	{ "expire", expire },
	{ "next number", next_number },
	{ "erase texts", erase_texts },
	{ "erase late", erase_late },
	{ "prune", prune },
};

static void furnish(struct db *db)
{
	const struct attempt_new by = { "gsm1", sim, 0, true }, first = { "gsm2", sim, 0, true };
	struct message_row later = draft(db, KIND_TEXT), last = draft(db, KIND_TEXT);

	message = draft(db, KIND_TEXT);
	add(db, &message);
	parts = draft(db, KIND_TEXT);
	parts.parts = 2;
	add(db, &parts);
	assert_int_equal(db_attempt_claim(db, parts.seq, &first, &attempt), 0);
	assert_int_equal(db_attempt_end(db, attempt, ATTEMPT_ACCEPTED, 6, -1), 0);
	uncertain = draft(db, KIND_TEXT);
	add(db, &uncertain);
	later.due_at = T0 + HOUR;
	add(db, &later);
	add(db, &last);
	assert_int_equal(db_attempt_claim(db, uncertain.seq, &by, &attempt), 0);
	assert_int_equal(db_attempt_end(db, attempt, ATTEMPT_UNCERTAIN, -1, -1), 0);
	uncertain = reload(db, &uncertain);
	assert_int_equal(db_message_move(db, &uncertain, MSG_UNCERTAIN, NULL), 0);
}

static void every_failure_is_handed_on(void **state)
{
	static struct told told;
	struct db *db = the_db(state);

	config = load_text(
		"modems = ( { name = \"a\"; device = \"/dev/a\"; prefixes = [ \"+7\" ]; } );",
		&told);
	assert_non_null(config);
	furnish(db);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		int result = fail_each(db, calls[i].name, calls[i].call, db);

		if (result != 0)
			fail_msg("%s: %d", calls[i].name, result);
	}
	config_unref(config);
}

static int add_and_fail(struct db *db, void *result)
{
	struct message_row row = message;
	int err = db_message_add(db, &row, "hello");

	return err < 0 ? err : *(int *)result;
}

static int nest(void *db)
{
	int result = 5;

	return db_nested(db, add_and_fail, &result);
}

/* Where the inner transaction says no, and where SQLite fails on the way there or back. */
static void a_nested_transaction_is_taken_back(void **state)
{
	struct db *db = the_db(state);

	furnish(db);
	assert_int_equal(fail_each(db, "nested", nest, db), 5);
	assert_int_equal(count_of(db, "SELECT count(*) FROM message"), 5);
}

static void a_text_is_cut_to_its_room(void **state)
{
	struct db *db = the_db(state);
	char out[8];

	for (size_t size = 1; size <= 5; size++) {
		sqlite3_stmt *stmt = db_query(db, "SELECT ?1", "t", "abc");

		assert_int_equal(db_step(db, stmt), 0);
		memset(out, '?', sizeof(out));
		db_column_text(stmt, 0, out, size);
		assert_int_equal(strlen(out), size <= 3 ? size - 1 : 3);
		assert_memory_equal(out, "abc", strlen(out));
		assert_int_equal(out[size], '?');
		db_done(stmt);
	}
}

static void a_check_fails_or_is_late(void **state)
{
	struct db *db = the_db(state);
	char problem[128];

	for (int at = 1;; at++) {
		enum db_check check;

		failing_begin(db, at, SQLITE_IOERR);
		check = db_check(db, 1000, problem, sizeof(problem));
		if (!failing_end(db, "check")) {
			assert_int_equal(check, DB_WHOLE);
			assert_true(at > 1);
			break;
		}
		assert_int_equal(check, DB_DAMAGED);
		assert_string_not_equal(problem, "");
	}
	for (size_t i = 0; i < 500; i++) {
		struct message_row row = draft(db, KIND_TEXT);

		add(db, &row);
	}
	assert_int_equal(db_check(db, -1, problem, sizeof(problem)), DB_CHECK_LATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_failure_is_handed_on, setup, teardown),
		cmocka_unit_test_setup_teardown(a_nested_transaction_is_taken_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_text_is_cut_to_its_room, setup, teardown),
		cmocka_unit_test_setup_teardown(a_check_fails_or_is_late, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
