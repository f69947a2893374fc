/* test_db_event.c - events in order, through filters, from a number on, and gone with time. */
#include <errno.h>
#include <stdio.h>

#include "queue/db_event.h"
#include "test_db.h"

static const struct event_new added[] = {
	{ "message.queued", "a", "msg_1", "queued", NULL, NULL, NULL },
	{ "message.sent", "a", "msg_1", "sent", "gsm0", "reason", NULL },
	{ "message.queued", "b", "msg_2", "queued", NULL, NULL, NULL },
	{ "modem.lost", NULL, "gsm0", "absent", "gsm0", "unplugged", NULL },
	{ "messages", "b", "x", NULL, NULL, NULL, NULL },
	{ "verification.approved", "a", "ver_1", "approved", NULL, NULL, "sms" },
};

static void add_all(struct db *db)
{
	for (size_t i = 0; i < ARRAY_LEN(added); i++) {
		assert_int_equal(db_event_add(db, &added[i]), 0);
		assert_int_equal(db->news.last_event, i + 1);
		db->now += SECOND;
	}
}

static void an_event_reads_back(void **state)
{
	struct db *db = the_db(state);
	const struct event_query query = { .after = 1, .limit = 1 };
	struct event event;
	int64_t last;
	size_t n;

	add_all(db);
	assert_int_equal(db_event_list(db, &query, &event, &n, &last), 0);
	assert_int_equal(n, 1);
	assert_int_equal(last, 2);
	assert_int_equal(event.seq, 2);
	assert_int_equal(event.at, T0 + SECOND);
	assert_string_equal(event.type, "message.sent");
	assert_string_equal(event.site, "a");
	assert_string_equal(event.subject, "msg_1");
	assert_string_equal(event.state, "sent");
	assert_string_equal(event.modem, "gsm0");
	assert_string_equal(event.reason, "reason");
}

static const char *const site_a[] = { "a" };
static const char *const sites_ab[] = { "a", "b" };

static const struct {
	int64_t after;
	const char *const *sites;
	size_t n_sites;
	const char *types;
	size_t limit;
	const char *found; /* numbers */
	int64_t last;
} queries[] = {
	{ 0, NULL, 0, NULL, 10, "123456", 6 },
	{ 0, NULL, 0, "", 10, "123456", 6 },
	{ 0, NULL, 0, NULL, 2, "12", 2 },
	{ 2, NULL, 0, NULL, 10, "3456", 6 },
	{ 6, NULL, 0, NULL, 10, "", 6 },
	{ 9, NULL, 0, NULL, 10, "", 9 },
	{ 0, NULL, 0, NULL, 0, "", 0 },
	{ 0, site_a, 1, NULL, 10, "126", 6 },
	{ 0, sites_ab, 2, NULL, 10, "12356", 6 },
	{ 0, sites_ab, 0, NULL, 10, "", 6 },
	{ 0, NULL, 0, "message.", 10, "123", 6 },
	{ 0, NULL, 0, "message", 10, "123", 6 },
	{ 0, NULL, 0, "message.sent", 10, "2", 6 },
	{ 0, NULL, 0, "message.sen", 10, "", 6 },
	{ 0, NULL, 0, "message.sent.", 10, "", 6 },
	{ 0, NULL, 0, "modem.lost,message.sent", 10, "24", 6 },
	{ 0, NULL, 0, ",,modem.,", 10, "4", 6 },
	{ 0, site_a, 1, "modem.", 10, "", 6 },
	{ 0, site_a, 1, "verification.", 1, "6", 6 },
	{ 0, site_a, 1, "message.", 1, "1", 1 },
};

static void filters_choose(void **state)
{
	struct db *db = the_db(state);
	struct event events[10];
	int64_t last;
	size_t n;

	add_all(db);
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		const struct event_query query = {
			.after = queries[i].after,
			.sites = queries[i].sites,
			.n_sites = queries[i].n_sites,
			.types = queries[i].types,
			.limit = queries[i].limit,
		};

		assert_int_equal(db_event_list(db, &query, events, &n, &last), 0);
		assert_int_equal(n, strlen(queries[i].found));
		for (size_t k = 0; k < n; k++)
			assert_int_equal(events[k].seq, queries[i].found[k] - '0');
		assert_int_equal(last, queries[i].last);
	}
}

static void modems_are_everybodys(void **state)
{
	struct db *db = the_db(state);
	const struct event_query query = {
		.sites = site_a, .n_sites = 1, .modems = true, .limit = 10
	};
	struct event events[10];
	int64_t last;
	size_t n;

	add_all(db);
	assert_int_equal(db_event_list(db, &query, events, &n, &last), 0);
	assert_int_equal(n, 4);
	assert_int_equal(events[2].seq, 4);
	assert_string_equal(events[2].type, "modem.lost");
}

static void one_call_looks_at_ten_thousand(void **state)
{
	const struct event_new dull = { "message.queued", "a", "msg_1", NULL, NULL, NULL, NULL };
	const struct event_new rare = { "modem.lost", NULL, "gsm0", NULL, NULL, NULL, NULL };
	struct event_query query = { .types = "modem.", .limit = 5 };
	struct db *db = the_db(state);
	struct event events[5];
	int64_t last;
	size_t n;

	for (int i = 0; i < 10005; i++)
		assert_int_equal(db_event_add(db, &dull), 0);
	assert_int_equal(db_event_add(db, &rare), 0);
	assert_int_equal(db_event_list(db, &query, events, &n, &last), 0);
	assert_int_equal(n, 0);
	assert_int_equal(last, 10000);
	query.after = last;
	assert_int_equal(db_event_list(db, &query, events, &n, &last), 0);
	assert_int_equal(n, 1);
	assert_int_equal(events[0].seq, 10006);
}

static int list_after(struct db *db, int64_t after)
{
	const struct event_query query = { .after = after, .limit = 1 };
	struct event event;
	int64_t last;
	size_t n;

	return db_event_list(db, &query, &event, &n, &last);
}

static void what_is_gone_is_told(void **state)
{
	struct db *db = the_db(state);

	assert_int_equal(list_after(db, 0), 0); /* there never was one */
	add_all(db);
	assert_int_equal(list_after(db, 0), 0);
	assert_int_equal(db_event_prune(db, T0 + 2 * SECOND), 0); /* 1 and 2 */
	assert_int_equal(list_after(db, 0), -ERANGE);
	assert_int_equal(list_after(db, 1), -ERANGE);
	assert_int_equal(list_after(db, 2), 0);
	assert_int_equal(db_event_prune(db, T0 + DAY), 0); /* all but the newest */
	assert_int_equal(list_after(db, 4), -ERANGE);
	assert_int_equal(list_after(db, 5), 0);
	assert_int_equal(db_event_add(db, &added[0]), 0); /* numbers are never given twice */
	assert_int_equal(db->news.last_event, 7);
	assert_int_equal(list_after(db, 6), 0);
}

static void prunes_a_thousand_a_call(void **state)
{
	struct db *db = the_db(state);

	for (int i = 0; i < 1500; i++)
		assert_int_equal(db_event_add(db, &added[0]), 0);
	assert_int_equal(db_event_prune(db, T0 + 1), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM event"), 500);
	assert_int_equal(db_event_prune(db, T0), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM event"), 500);
}

static void history_is_of_one_subject(void **state)
{
	struct db *db = the_db(state);
	struct event *events;
	size_t n;

	add_all(db);
	assert_int_equal(db_event_history(db, "msg_1", &events, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(events[0].seq, 1);
	assert_int_equal(events[1].seq, 2);
	free(events);
	assert_int_equal(db_event_history(db, "msg_9", &events, &n), 0);
	assert_int_equal(n, 0);
	assert_null(events);
	for (int i = 0; i < 600; i++)
		assert_int_equal(db_event_add(db, &added[0]), 0);
	assert_int_equal(db_event_history(db, "msg_1", &events, &n), 0);
	assert_int_equal(n, 500);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(events[i].seq, 107 + i);
	free(events);
	assert_plans_are_indexed(db, "event");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_event_reads_back, setup, teardown),
		cmocka_unit_test_setup_teardown(filters_choose, setup, teardown),
		cmocka_unit_test_setup_teardown(modems_are_everybodys, setup, teardown),
		cmocka_unit_test_setup_teardown(one_call_looks_at_ten_thousand, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_gone_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(prunes_a_thousand_a_call, setup, teardown),
		cmocka_unit_test_setup_teardown(history_is_of_one_subject, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
