/* Routes of waiting messages: which there are, and how they follow the prefixes. */
#include "queue/db_route.h"

#include "config/route.h"
#include "tests/unit/config/load.h"
#include "tests/unit/queue/test_db.h"

static const struct config *load(const char *prefixes)
{
	static struct told told;
	char text[256];
	const struct config *config;

	snprintf(text, sizeof(text),
		 "modems = ( { name = \"a\"; device = \"/dev/tty0\"; prefixes = [ %s ]; } );",
		 prefixes);
	config = load_text(text, &told);
	if (config == NULL)
		fail_msg("%s", told.all);
	return config;
}

static struct message_row queue(struct db *db, const struct config *config, const char *e164)
{
	struct message_row row = draft(db, KIND_TEXT);

	assert_int_equal(db_number_id(db, e164, &row.number), 0);
	assert_int_equal(db_route_of(db, config, row.number, &row.route), 0);
	add(db, &row);
	return row;
}

/* Walks to the end; how many messages changed. */
static unsigned walk_all(struct db *db, const struct config *config)
{
	struct route_walk walk = { 0 };
	unsigned changed = 0;

	while (!walk.done) {
		assert_int_equal(db_route_walk(db, config, &walk), 0);
		changed += walk.changed;
	}
	return changed;
}

static void a_number_has_a_route(void **state)
{
	struct db *db = the_db(state);
	const struct config *config = load("\"+7\", \"+7912\""), *none = load("");
	int64_t number, route;

	assert_int_equal(db_number_id(db, "+79120000001", &number), 0);
	assert_int_equal(db_route_of(db, config, number, &route), 0);
	assert_int_equal(route, 7912);
	assert_int_equal(db_route_of(db, none, number, &route), 0);
	assert_int_equal(route, ROUTE_NONE);
	config_unref(config);
	config_unref(none);
}

static void due_ones_come_by_route(void **state)
{
	struct db *db = the_db(state);
	const struct config *config = load("\"+7\", \"+84\"");
	struct message_row ru = queue(db, config, "+79120000001"),
			   vn = queue(db, config, "+84912345678"),
			   other = queue(db, config, "+12025550123");
	int64_t routes[8], next;
	struct due items[4];
	size_t n;

	assert_int_equal(db_route_list(db, -1, routes, 8, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(routes[0], ROUTE_NONE);
	assert_int_equal(routes[1], 7);
	assert_int_equal(routes[2], 84);
	assert_int_equal(db_route_list(db, 7, routes, 8, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(db_message_due(db, 84, db->now, items, 4, &n, &next), 0);
	assert_int_equal(n, 1);
	assert_int_equal(items[0].seq, vn.seq);
	assert_int_equal(items[0].route, 84);
	assert_int_equal(db_message_due(db, 7, db->now, items, 4, &n, &next), 0);
	assert_int_equal(n, 1);
	assert_int_equal(items[0].seq, ru.seq);
	assert_int_equal(db_message_due(db, ROUTE_NONE, db->now, items, 4, &n, &next), 0);
	assert_int_equal(n, 1);
	assert_int_equal(items[0].seq, other.seq);
	assert_plans_are_indexed(db, "message");
	config_unref(config);
}

static void routes_follow_the_prefixes(void **state)
{
	struct db *db = the_db(state);
	const struct config *before = load("\"+7\""), *after = load("\"+7\", \"+7912\"");
	struct message_row near = queue(db, before, "+79120000001"),
			   far = queue(db, before, "+79990000001"), final, sending, later;
	size_t told;
	bool stale;

	later = draft(db, KIND_TEXT);
	later.due_at = db->now + HOUR;
	add(db, &later);
	final = queue(db, before, "+79120000002");
	assert_int_equal(db_message_move(db, &final, MSG_CANCELED, NULL), 0);
	sending = queue(db, before, "+79120000003");
	assert_int_equal(db_message_move(db, &sending, MSG_SENDING, NULL), 0);
	assert_int_equal(db_route_is_stale(db, before, &stale), 0);
	assert_true(stale);
	assert_int_equal(walk_all(db, before), 1); /* the scheduled one had none */
	assert_int_equal(db_route_is_stale(db, before, &stale), 0);
	assert_false(stale);
	assert_int_equal(db_route_is_stale(db, after, &stale), 0);
	assert_true(stale);
	told = db->news.n_queued;
	assert_int_equal(walk_all(db, after), 2);
	assert_int_equal(db->news.n_queued, told + 2);
	assert_int_equal(db->news.queued[told + 1].route, 7912);
	assert_int_equal(reload(db, &near).route, 7912);
	assert_int_equal(reload(db, &later).route, 7912);
	assert_int_equal(reload(db, &far).route, 7);
	assert_int_equal(reload(db, &final).route, 7);
	assert_int_equal(reload(db, &sending).route, 7);
	sending.route = 7912; /* who queues it again tells */
	assert_int_equal(db_message_requeue(db, &sending, db->now, NULL), 0);
	assert_int_equal(reload(db, &sending).route, 7912);
	config_unref(before);
	config_unref(after);
}

static void many_are_walked_in_slices(void **state)
{
	struct db *db = the_db(state);
	const struct config *before = load(""), *after = load("\"+7\"");
	struct route_walk walk = { 0 };
	unsigned calls = 0, changed = 0;

	for (int i = 0; i < 1200; i++)
		queue(db, before, "+79120000001");
	for (; !walk.done; calls++) {
		assert_int_equal(db_route_walk(db, after, &walk), 0);
		assert_in_range(walk.changed, 0, 500);
		changed += walk.changed;
	}
	assert_int_equal(changed, 1200);
	assert_in_range(calls, 3, 6);
	assert_plans_are_indexed(db, "message");
	config_unref(before);
	config_unref(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_number_has_a_route, setup, teardown),
		cmocka_unit_test_setup_teardown(due_ones_come_by_route, setup, teardown),
		cmocka_unit_test_setup_teardown(routes_follow_the_prefixes, setup, teardown),
		cmocka_unit_test_setup_teardown(many_are_walked_in_slices, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
