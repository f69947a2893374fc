/* test_quiet.c - quiet hours: zones, midnight, days on which clocks are moved; what they hold. */
#include "tests/unit/service/room.h"

#include "base/clock.h"
#include "service/quiet.h"

static const struct {
	const char *zone, *region, *hours, *now, *until; /* until NULL: it is not quiet */
} cases[] = {
	{ "", "", "", "2027-01-15T23:00:00Z", NULL },
	{ "", "", "21:00-09:00", "2027-01-15T20:59:59.999Z", NULL },
	{ "", "", "21:00-09:00", "2027-01-15T21:00:00Z", "2027-01-16T09:00:00Z" },
	{ "", "", "21:00-09:00", "2027-01-15T23:59:59.999Z", "2027-01-16T09:00:00Z" },
	{ "", "", "21:00-09:00", "2027-01-16T00:00:00Z", "2027-01-16T09:00:00Z" },
	{ "", "", "21:00-09:00", "2027-01-16T08:59:59.999Z", "2027-01-16T09:00:00Z" },
	{ "", "", "21:00-09:00", "2027-01-16T09:00:00Z", NULL },
	{ "", "", "21:00-09:00", "2027-12-31T22:00:00Z", "2028-01-01T09:00:00Z" },
	{ "", "", "12:30-14:00", "2027-01-15T12:29:00Z", NULL },
	{ "", "", "12:30-14:00", "2027-01-15T13:00:00Z", "2027-01-15T14:00:00Z" },
	{ "", "", "12:30-14:00", "2027-01-15T14:00:00Z", NULL },
	{ "", "", "00:00-08:00", "2027-01-15T00:00:00Z", "2027-01-15T08:00:00Z" },
	{ "", "", "20:00-00:00", "2027-01-15T23:30:00Z", "2027-01-16T00:00:00Z" },
	/* 23 quiet hours a day */
	{ "", "", "08:00-07:00", "2027-01-15T08:00:00Z", "2027-01-16T07:00:00Z" },
	{ "", "", "08:00-07:00", "2027-01-15T07:30:00Z", NULL },
	/* the site's own zone */
	{ "Europe/Moscow", "RU", "21:00-09:00", "2027-01-15T17:59:00Z", NULL },
	{ "Europe/Moscow", "RU", "21:00-09:00", "2027-01-15T18:00:00Z", "2027-01-16T06:00:00Z" },
	{ "Asia/Vladivostok", "RU", "21:00-09:00", "2027-01-15T12:00:00Z", "2027-01-15T23:00:00Z" },
	{ "Asia/Kolkata", "IN", "21:00-09:00", "2027-01-15T15:30:00Z", "2027-01-16T03:30:00Z" },
	/* the region's, where it has one alone */
	{ "", "VN", "21:00-09:00", "2027-01-15T13:59:00Z", NULL },
	{ "", "VN", "21:00-09:00", "2027-01-15T14:00:00Z", "2027-01-16T02:00:00Z" },
	{ "", "RU", "21:00-09:00", "2027-01-15T20:00:00Z", NULL },
	{ "", "RU", "21:00-09:00", "2027-01-15T21:00:00Z", "2027-01-16T09:00:00Z" },
	{ "America/New_York", "VN", "21:00-09:00", "2027-01-16T02:00:00Z", "2027-01-16T14:00:00Z" },
	/* clocks are moved in the night: an hour less, an hour more */
	{ "Europe/Berlin", "", "21:00-09:00", "2027-03-27T21:00:00Z", "2027-03-28T07:00:00Z" },
	{ "Europe/Berlin", "", "21:00-09:00", "2027-10-30T20:00:00Z", "2027-10-31T08:00:00Z" },
};

static int64_t at(const char *text)
{
	int64_t ms;

	assert_int_equal(clock_parse(text, &ms), 0);
	return ms;
}

static void hours_end_in_the_zone_of_the_site(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct config_site site = { .timezone = cases[i].zone,
						  .region = cases[i].region,
						  .contact.quiet_hours = cases[i].hours };
		int64_t until = quiet_until(&site, at(cases[i].now));
		char text[CLOCK_TEXT_SIZE];

		if (until == (cases[i].until == NULL ? 0 : at(cases[i].until)))
			continue;
		clock_format(until, text);
		fail_msg("case %zu: %s", i, text);
	}
}

static const char night[] = "sites = ( { name = \"one\"; region = \"RU\"; timezone ="
			    " \"Europe/Moscow\"; contact = { quiet_hours = \"21:00-09:00\";"
			    " per_sender = []; per_recipient = []; max_age = \"10h\"; }; } );";

static struct message_row ask(struct room *room)
{
	const struct contact_request request = { "u1", "u2", "A", "B", "1", NULL };

	assert_int_equal(
		RUN(room, contact_create(&room->rule, &request, &room->contact, &room->why)), 0);
	return room->contact.message.row;
}

static void hold(struct room *room)
{
	assert_int_equal(RUN(room, quiet_hold(&room->rule)), 0);
}

/* A modem that was away in the evening sends nothing at night. */
static void what_still_waits_in_the_evening_waits_on(void **state)
{
	struct room *room = *state;
	struct message_row row, code;
	int64_t next;

	room_load(room, night);
	room->world.db.now = at("2027-01-15T17:59:00Z");
	bind_account(room, "u2", "+79120000062");
	assert_int_equal(start(room, "u1", "+79120000061"), 0);
	row = ask(room);
	assert_int_equal(row.state, MSG_QUEUED);
	hold(room); /* it is not quiet yet */
	assert_int_equal(reload(&room->world.db, &row).due_at, row.due_at);
	room->world.db.now = at("2027-01-15T18:00:00Z");
	room->world.db.news.n_queued = 0;
	hold(room);
	assert_int_equal(room->world.db.news.n_queued, 1); /* the scheduler is told */
	assert_int_equal(room->world.db.news.queued[0].due_at, at("2027-01-16T06:00:00Z"));
	row = reload(&room->world.db, &row);
	assert_int_equal(row.state, MSG_QUEUED);
	assert_int_equal(row.due_at, at("2027-01-16T06:00:00Z"));
	hold(room); /* once is enough */
	assert_int_equal(room->world.db.news.n_queued, 1);
	code.seq = room->ver.row.message_seq; /* codes never wait */
	assert_true(reload(&room->world.db, &code).due_at <= room->world.db.now);
	/* too old in the morning: it never leaves */
	assert_int_equal(row.deadline, at("2027-01-16T03:59:00Z"));
	room->world.db.now = row.deadline + 1;
	{
		int64_t *seqs;
		size_t n;

		assert_int_equal(
			db_message_expire(&room->world.db, room->world.db.now, &seqs, &n, &next),
			0);
		free(seqs);
	}
	assert_int_equal(reload(&room->world.db, &row).state, MSG_EXPIRED);
}

static void a_request_at_night_is_scheduled_for_the_morning(void **state)
{
	struct room *room = *state;
	struct message_row row;
	int64_t next;

	room_load(room, night);
	room->world.db.now = at("2027-01-15T21:30:00Z"); /* 00:30 in Moscow */
	bind_account(room, "u2", "+79120000062");
	row = ask(room);
	assert_int_equal(row.state, MSG_SCHEDULED);
	assert_int_equal(row.due_at, at("2027-01-16T06:00:00Z"));
	assert_int_equal(row.deadline, at("2027-01-16T07:30:00Z")); /* 10 h old */
	room->world.db.now = row.due_at;
	assert_int_equal(db_message_promote(&room->world.db, row.due_at, &next), 0);
	assert_int_equal(reload(&room->world.db, &row).state, MSG_QUEUED);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(hours_end_in_the_zone_of_the_site),
		TEST(what_still_waits_in_the_evening_waits_on),
		TEST(a_request_at_night_is_scheduled_for_the_morning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
