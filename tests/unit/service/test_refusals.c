/* test_refusals.c - a refusal leaves its event and nothing else; limits and jumping clocks. */
#include "tests/unit/service/room.h"

#include <errno.h>

#include "base/clock.h"
#include "service/refusals.h"
#include "service/texts.h"

struct attempt {
	int result;
	enum reason reason;
	const char *field_reason;
};

static int write_and_refuse(const struct rule *rule, void *arg, struct refusal *why)
{
	const struct attempt *attempt = arg;
	int64_t number;

	assert_int_equal(db_number_id(rule->db, "+79120000067", &number), 0);
	if (attempt->field_reason != NULL)
		rule_refuse_field(why, "phone", attempt->field_reason, "No.");
	else if (attempt->reason != REASON_NONE)
		rule_refuse(why, attempt->reason, 0, "No.");
	return attempt->result;
}

static const struct {
	struct attempt attempt;
	int result;
	const char *told; /* the event's reason; NULL: no event */
	int64_t numbers;  /* what the rule wrote is still there */
} cases[] = {
	{ { 0, REASON_NONE, NULL }, 0, NULL, 1 },
	{ { 0, REASON_LOCKED, NULL }, 0, NULL, 1 }, /* the rule has told it, and keeps */
	{ { RULE_REFUSED, REASON_LIMIT_REACHED, NULL }, 0, "limit_reached", 0 },
	{ { RULE_REFUSED, REASON_FIELD, "not_a_mobile" }, 0, "not_a_mobile", 0 },
	{ { RULE_REFUSED, REASON_NOT_FOUND, NULL }, RULE_REFUSED, NULL, 0 },
	{ { RULE_REFUSED, REASON_KEY_REUSED, NULL }, RULE_REFUSED, NULL, 0 },
	{ { -EIO, REASON_NONE, NULL }, -EIO, NULL, 0 },
};

static void a_refusal_leaves_its_event_alone(void **state)
{
	struct room *room = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct attempt attempt = cases[i].attempt;
		struct event *events;
		size_t n;
		int err = RUN(room, refusal_told(&room->rule, "verification.refused", "ver_x",
						 write_and_refuse, &attempt, &room->why));

		assert_int_equal(err, cases[i].result);
		assert_int_equal(room->why.reason, attempt.reason);
		assert_int_equal(db_event_history(&room->world.db, "ver_x", &events, &n), 0);
		assert_int_equal(n, cases[i].told != NULL);
		if (n > 0)
			assert_string_equal(events[0].reason, cases[i].told);
		free(events);
		assert_int_equal(count_rows(room, "SELECT count(*) FROM number"), cases[i].numbers);
		db_exec(&room->world.db, NULL, "DELETE FROM event", "");
		db_exec(&room->world.db, NULL, "DELETE FROM number", "");
	}
}

/* ---- limits against a clock that jumps: the database's time is base/clock's ---- */

static int64_t real, mono;

static int64_t real_now(void)
{
	return real;
}

static int64_t mono_now(void)
{
	return mono;
}

static int ask_now(struct room *room)
{
	const struct contact_request request = { "u1", "u2", "A", "B", "1", NULL };

	room->world.db.now = clock_now_ms();
	return RUN(room, contact_create(&room->rule, &request, &room->contact, &room->why));
}

/* Real time as it jumps after the SMS has left, and how long the sender must wait in truth. */
static const struct {
	int64_t jump, wait;
} jumps[] = {
	{ 0, 3 * HOUR },
	{ -HOUR, 3 * HOUR },                    /* set back: the window is not longer */
	{ -40 * 365 * (int64_t)DAY, 3 * HOUR }, /* a battery that is empty */
	{ 2 * HOUR, HOUR },                     /* set forward: what time says now is believed */
};

static void a_window_survives_clock_jumps(void **state)
{
	struct room *room = *state;

	real = T0;
	mono = HOUR;
	clock_set_source(real_now, mono_now);
	clock_raise(T0);
	room->world.db.now = clock_now_ms();
	bind_account(room, "u1", "+79120000061");
	bind_account(room, "u2", "+79120000062");
	for (size_t i = 0; i < ARRAY_LEN(jumps); i++) {
		real = clock_now_ms(); /* somebody has set the clock right */
		assert_int_equal(ask_now(room), 0);
		leave(room, room->contact.row.message_seq, MSG_SENT);
		real += jumps[i].jump;
		real += jumps[i].wait - SECOND;
		mono += jumps[i].wait - SECOND;
		assert_int_equal(ask_now(room), RULE_REFUSED);
		assert_int_equal(room->why.reason, REASON_LIMIT_REACHED);
		assert_int_equal(room->why.retry_after_ms, SECOND);
		real += SECOND;
		mono += SECOND;
		if (ask_now(room) != 0)
			fail_msg("jump %zu", i);
		leave(room, room->contact.row.message_seq, MSG_SENT);
		real += DAY; /* also the recipient's limit is over */
		mono += DAY;
	}
	clock_set_source(NULL, NULL);
}

/* A template may be longer than its ten parts: each use of it says so, and nothing is queued. */
static void templates_that_are_too_long_are_told(void **state)
{
	const struct contact_request contact = { "u1", "u2", "A", "B", "1", NULL };
	const struct template_request preview = { .name = "verification" };
	static struct text_template template;
	struct room *room = *state;
	char *text, long_words[1801];

	bind_account(room, "u1", "+79120000061");
	bind_account(room, "u2", "+79120000062");
	memset(long_words, 'a', sizeof(long_words) - 1);
	long_words[sizeof(long_words) - 1] = '\0';
	assert_true(asprintf(&text,
			     "sites = ( { name = \"one\"; region = \"RU\"; locale = \"en\"; "
			     "templates = {"
			     " verification = { en = \"%s {code}\"; };"
			     " contact_request = { en = \"%s {from_name}\"; }; }; } );",
			     long_words, long_words) > 0);
	room_load(room, text);
	free(text);
	assert_int_equal(start(room, "u3", "+79120000063"), RULE_REFUSED);
	assert_string_equal(room->why.field_reason, "template_too_long");
	assert_int_equal(
		RUN(room, contact_create(&room->rule, &contact, &room->contact, &room->why)),
		RULE_REFUSED);
	assert_string_equal(room->why.field_reason, "template_too_long");
	assert_int_equal(text_template_preview(room->rule.site, &preview, &template, &room->why),
			 RULE_REFUSED);
	assert_string_equal(room->why.field_reason, "template_too_long");
	assert_int_equal(count_rows(room, "SELECT count(*) FROM message WHERE kind = 1"), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, room_setup, room_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_refusal_leaves_its_event_alone),
		TEST(a_window_survives_clock_jumps),
		TEST(templates_that_are_too_long_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
