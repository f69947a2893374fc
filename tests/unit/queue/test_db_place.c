/* test_db_place.c - places in windows, what a message's moves do to them, and locks. */
#include <errno.h>
#include <stdio.h>

#include "queue/db_place.h"
#include "test_db.h"

static struct place_key key_of(struct db *db, enum place_kind kind, const char *a, const char *b)
{
	struct place_key key;

	db_place_key(db, &key, kind, "studentu24", a, b);
	return key;
}

static unsigned count_in(struct db *db, const struct place_key *key, int64_t window)
{
	unsigned n = 99;

	assert_int_equal(db_place_count(db, key, window, &n), 0);
	return n;
}

static void keys_differ(void **state)
{
	static const struct {
		const char *site, *a, *b;
	} keys[] = {
		{ "s", "ab", NULL }, { "s", "a", "b" },   { "s", "ab", "" },
		{ "sa", "b", NULL }, { "", "sab", NULL }, { "", "ab", NULL },
	};
	struct place_key a, b;
	struct db *db = the_db(state);

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		for (size_t j = 0; j < ARRAY_LEN(keys); j++) {
			db_place_key(db, &a, PLACE_SEND_NUMBER, keys[i].site, keys[i].a, keys[i].b);
			db_place_key(db, &b, PLACE_SEND_NUMBER, keys[j].site, keys[j].a, keys[j].b);
			assert_int_equal(memcmp(a.hash, b.hash, sizeof(a.hash)) == 0, i == j);
		}
}

/* One life: a place is taken at T0 with a message that makes one move a minute. */
static const struct {
	const char *name;
	bool give_back_failed;
	enum message_state way[6];
	size_t n;
	unsigned left; /* places in the end */
	bool dated;
	int dated_at; /* minutes from T0 */
} lives[] = {
	{ "waits", false, { 0 }, 0, 1, false, 0 },
	{ "on its way", false, { MSG_SENDING }, 1, 1, false, 0 },
	{ "sent", false, { MSG_SENDING, MSG_SENT }, 2, 1, true, 2 },
	{ "uncertain", false, { MSG_SENDING, MSG_UNCERTAIN }, 2, 1, true, 2 },
	{ "uncertain, then sent", false, { MSG_SENDING, MSG_UNCERTAIN, MSG_SENT }, 3, 1, true, 2 },
	{ "uncertain, sent again",
	  false,
	  { MSG_SENDING, MSG_UNCERTAIN, MSG_QUEUED, MSG_SENDING, MSG_SENT },
	  5,
	  1,
	  true,
	  2 },
	{ "uncertain, then expired",
	  true,
	  { MSG_SENDING, MSG_UNCERTAIN, MSG_QUEUED, MSG_EXPIRED },
	  4,
	  1,
	  true,
	  2 },
	{ "refused, waits", false, { MSG_SENDING, MSG_QUEUED }, 2, 1, false, 0 },
	{ "canceled", false, { MSG_CANCELED }, 1, 0, false, 0 },
	{ "expired", false, { MSG_EXPIRED }, 1, 0, false, 0 },
	{ "failed in sending", false, { MSG_SENDING, MSG_FAILED }, 2, 0, false, 0 },
	{ "failed when sent", false, { MSG_SENDING, MSG_SENT, MSG_FAILED }, 3, 1, true, 2 },
	{ "failed when sent, given back",
	  true,
	  { MSG_SENDING, MSG_SENT, MSG_FAILED },
	  3,
	  0,
	  false,
	  0 },
	{ "uncertain, failed, given back",
	  true,
	  { MSG_SENDING, MSG_UNCERTAIN, MSG_FAILED },
	  3,
	  0,
	  false,
	  0 },
	{ "delivered", true, { MSG_SENDING, MSG_SENT, MSG_DELIVERED }, 3, 1, true, 2 },
};

static void check_life(struct db *db, size_t i)
{
	struct message_row row;
	struct place_key key = key_of(db, PLACE_CONTACT_SENDER, lives[i].name, NULL);
	int64_t newest, next;
	struct config_rate one = { 1, 3 * HOUR };
	const struct config_rates rates = { &one, 1 };

	db->now = T0;
	row = draft(db, KIND_TEXT);
	add(db, &row);
	assert_int_equal(db_place_take(db, &key, row.seq, lives[i].give_back_failed), 0);
	for (size_t k = 0; k < lives[i].n; k++) {
		db->now += MINUTE;
		assert_int_equal(db_message_move(db, &row, lives[i].way[k], NULL), 0);
	}
	assert_int_equal(count_in(db, &key, 3 * HOUR), lives[i].left);
	assert_int_equal(db_place_newest(db, &key, &newest), 0);
	assert_int_equal(newest, lives[i].left == 0 ? 0 : T0 + lives[i].dated_at * MINUTE);
	assert_int_equal(db_place_fits(db, &key, &rates, &next, NULL), 0);
	if (lives[i].left == 0)
		assert_int_equal(next, 0);
	else if (lives[i].dated)
		assert_int_equal(next, T0 + lives[i].dated_at * MINUTE + 3 * HOUR);
	else /* it would be dated now at the soonest */
		assert_int_equal(next, db->now + 3 * HOUR);
	db->now += 3 * HOUR; /* a dated one has left its window, a waiting one waits */
	assert_int_equal(count_in(db, &key, 3 * HOUR), lives[i].left && !lives[i].dated);
}

static void places_follow_their_message(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(lives); i++)
		check_life(the_db(state), i);
}

/* Places dated so many seconds before now (-1: waiting), and when one more fits, in seconds. */
static const struct {
	int places[6];
	size_t n;
	struct config_rate rates[2];
	size_t n_rates;
	int64_t next; /* 0: now */
	int full;     /* which rate; -1: none */
} fits[] = {
	{ { 0 }, 0, { { 1, HOUR } }, 1, 0, -1 },
	{ { 10 }, 1, { { 1, HOUR } }, 1, 3590, 0 },
	{ { 3599 }, 1, { { 1, HOUR } }, 1, 1, 0 },
	{ { 3600 }, 1, { { 1, HOUR } }, 1, 0, -1 },
	{ { 3000, 2000, 1000 }, 3, { { 4, HOUR } }, 1, 0, -1 },
	{ { 3000, 2000, 1000 }, 3, { { 3, HOUR } }, 1, 600, 0 },
	{ { 3000, 2000, 1000 }, 3, { { 2, HOUR } }, 1, 1600, 0 }, /* limit was lowered */
	{ { -1, 3000 }, 2, { { 2, HOUR } }, 1, 600, 0 },
	{ { -1, 3000 }, 2, { { 1, HOUR } }, 1, 3600, 0 },
	{ { -1, -1 }, 2, { { 2, HOUR } }, 1, 3600, 0 },
	{ { -1, -1 }, 2, { { 3, HOUR } }, 1, 0, -1 },
	{ { 50000, 3000 }, 2, { { 2, HOUR }, { 3, DAY } }, 2, 0, -1 },
	{ { 50000, 3000 }, 2, { { 1, HOUR }, { 2, DAY } }, 2, 36400, 1 },
	{ { 50000, 3000 }, 2, { { 2, DAY }, { 1, HOUR } }, 2, 36400, 0 },
	{ { 86000, 3000 }, 2, { { 2, DAY }, { 1, HOUR } }, 2, 600, 1 },
	{ { 5 }, 1, { { 0 } }, 0, 0, -1 },
	{ { 0 }, 0, { { 0, HOUR } }, 1, 3600, 0 },
};

static void check_fits(struct db *db, size_t i)
{
	const struct config_rates rates = { fits[i].rates, fits[i].n_rates };
	const struct config_rate *full;
	struct place_key key;
	char name[8];
	int64_t next;

	snprintf(name, sizeof(name), "%zu", i);
	key = key_of(db, PLACE_SEND_NUMBER, name, NULL);
	for (size_t k = 0; k < fits[i].n; k++) {
		struct message_row row = draft(db, KIND_TEXT);
		int age = fits[i].places[k];

		db->now = age < 0 ? T0 - 2 * (int64_t)DAY : T0 - (int64_t)age * SECOND;
		add(db, &row);
		assert_int_equal(db_place_take(db, &key, age < 0 ? row.seq : 0, false), 0);
	}
	db->now = T0;
	assert_int_equal(db_place_fits(db, &key, &rates, &next, &full), 0);
	assert_int_equal(next, fits[i].next == 0 ? 0 : T0 + fits[i].next * SECOND);
	assert_ptr_equal(full, fits[i].full < 0 ? NULL : &fits[i].rates[fits[i].full]);
	if (next == 0 || fits[i].places[0] < 0 || fits[i].n == 0)
		return;
	db->now = next; /* it does fit then, and not a moment before */
	assert_int_equal(db_place_fits(db, &key, &rates, &next, NULL), 0);
	assert_int_equal(next, 0);
	db->now--;
	assert_int_equal(db_place_fits(db, &key, &rates, &next, NULL), 0);
	assert_int_equal(next, db->now + 1);
}

static void one_more_fits_when_it_does(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(fits); i++)
		check_fits(the_db(state), i);
}

static void keys_do_not_mix(void **state)
{
	struct db *db = the_db(state);
	struct place_key a = key_of(db, PLACE_WRONG_NUMBER, "+79120000001", NULL);
	struct place_key b = key_of(db, PLACE_WRONG_NUMBER, "+79120000002", NULL);
	struct place_key c = key_of(db, PLACE_SEND_NUMBER, "+79120000001", NULL);

	for (int i = 0; i < 3; i++)
		assert_int_equal(db_place_take(db, &a, 0, false), 0);
	assert_int_equal(db_place_take(db, &b, 0, false), 0);
	assert_int_equal(count_in(db, &a, HOUR), 3);
	assert_int_equal(count_in(db, &b, HOUR), 1);
	assert_int_equal(count_in(db, &c, HOUR), 0);
	assert_int_equal(db_place_clear(db, &a), 0);
	assert_int_equal(count_in(db, &a, HOUR), 0);
	assert_int_equal(count_in(db, &b, HOUR), 1);
}

static void locks_hold_until_their_end(void **state)
{
	struct db *db = the_db(state);
	struct place_key a = key_of(db, LOCK_NUMBER, "+79120000001", NULL);
	struct place_key b = key_of(db, LOCK_ACCOUNT_NUMBER, "+79120000001", NULL);
	int64_t until = 1;

	assert_int_equal(db_lock_get(db, &a, &until), 0);
	assert_int_equal(until, 0);
	assert_int_equal(db_lock_set(db, &a, T0 + HOUR), 0);
	assert_int_equal(db_lock_set(db, &a, T0 + 2 * HOUR), 0);
	assert_int_equal(db_lock_get(db, &a, &until), 0);
	assert_int_equal(until, T0 + 2 * HOUR);
	assert_int_equal(db_lock_get(db, &b, &until), 0);
	assert_int_equal(until, 0);
	db->now = T0 + 2 * HOUR;
	assert_int_equal(db_lock_get(db, &a, &until), 0);
	assert_int_equal(until, 0);
	db->now--;
	assert_int_equal(db_lock_clear(db, &a), 0);
	assert_int_equal(db_lock_get(db, &a, &until), 0);
	assert_int_equal(until, 0);
}

static void prune_takes_what_is_over(void **state)
{
	struct db *db = the_db(state);
	struct place_key key = key_of(db, PLACE_SEND_SITE, "", NULL);
	struct message_row row = draft(db, KIND_TEXT);
	int64_t until;

	add(db, &row);
	assert_int_equal(db_place_take(db, &key, row.seq, false), 0);
	assert_int_equal(db_place_take(db, &key, 0, false), 0);
	assert_int_equal(db_lock_set(db, &key, T0 + SECOND), 0);
	db->now += SECOND;
	assert_int_equal(db_place_take(db, &key, 0, false), 0);
	assert_int_equal(db_place_prune(db, T0 + 1), 0);
	assert_int_equal(count_of(db, "SELECT count(*) FROM place"), 2);
	assert_int_equal(count_of(db, "SELECT count(*) FROM place WHERE dated = 0"), 1);
	assert_int_equal(count_of(db, "SELECT count(*) FROM lock"), 0);
	assert_int_equal(db_lock_get(db, &key, &until), 0);
}

static void an_erased_message_gives_back_what_waits(void **state)
{
	struct db *db = the_db(state);
	struct place_key key = key_of(db, PLACE_CONTACT_SENDER, "a", NULL);
	struct message_row waits = draft(db, KIND_CONTACT_REQUEST), sent = waits;

	add(db, &waits);
	assert_int_equal(db_place_take(db, &key, waits.seq, false), 0);
	add(db, &sent);
	assert_int_equal(db_place_take(db, &key, sent.seq, false), 0);
	assert_int_equal(db_message_move(db, &sent, MSG_SENDING, NULL), 0);
	assert_int_equal(db_message_move(db, &sent, MSG_SENT, NULL), 0);
	run_sql(db, "DELETE FROM message");
	assert_int_equal(count_in(db, &key, HOUR), 1);
	assert_int_equal(count_of(db, "SELECT count(*) FROM place WHERE message IS NULL"), 1);
}

static void what_is_old_is_cleared_alone(void **state)
{
	struct db *db = the_db(state);
	struct place_key key = key_of(db, PLACE_WRONG_NUMBER, "+79120000067", NULL);
	struct place_key other = key_of(db, PLACE_WRONG_NUMBER, "+79120000068", NULL);

	assert_int_equal(db_place_take(db, &key, 0, false), 0);
	assert_int_equal(db_place_take(db, &other, 0, false), 0);
	db->now += HOUR;
	assert_int_equal(db_place_take(db, &key, 0, false), 0);
	assert_int_equal(db_place_clear_before(db, &key, T0), 0);
	assert_int_equal(count_in(db, &key, DAY), 2);
	assert_int_equal(db_place_clear_before(db, &key, T0 + 1), 0);
	assert_int_equal(count_in(db, &key, DAY), 1);
	assert_int_equal(count_in(db, &other, DAY), 1);
}

static void limits_are_answered_from_an_index(void **state)
{
	struct db *db = the_db(state);
	struct config_rate rate = { 5, HOUR };
	const struct config_rates rates = { &rate, 1 };
	struct place_key key = key_of(db, PLACE_SEND_SITE, "", NULL);
	struct message_row row = draft(db, KIND_TEXT);
	int64_t at;

	add(db, &row);
	assert_int_equal(db_message_move(db, &row, MSG_SENDING, NULL), 0);
	assert_int_equal(db_message_move(db, &row, MSG_SENT, NULL), 0);
	assert_int_equal(db_place_fits(db, &key, &rates, &at, NULL), 0);
	assert_int_equal(db_place_newest(db, &key, &at), 0);
	assert_int_equal(count_in(db, &key, HOUR), 0);
	assert_int_equal(db_place_prune(db, T0), 0);
	assert_plans_are_indexed(db, "place");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_differ, setup, teardown),
		cmocka_unit_test_setup_teardown(places_follow_their_message, setup, teardown),
		cmocka_unit_test_setup_teardown(one_more_fits_when_it_does, setup, teardown),
		cmocka_unit_test_setup_teardown(keys_do_not_mix, setup, teardown),
		cmocka_unit_test_setup_teardown(locks_hold_until_their_end, setup, teardown),
		cmocka_unit_test_setup_teardown(prune_takes_what_is_over, setup, teardown),
		cmocka_unit_test_setup_teardown(an_erased_message_gives_back_what_waits, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_is_old_is_cleared_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(limits_are_answered_from_an_index, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
