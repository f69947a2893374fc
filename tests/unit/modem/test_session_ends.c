/* test_session_ends.c - where a session stops short: a storage that is not to be had, closing, gaps
 * that must stay. */
#include "session_time.h"

#include <errno.h>

static const struct session_part part = { .pdu = "0001000B917406000000F00000", .length = 18 };

static bool is_ready(void)
{
	return session_can_send(fake.session);
}

static bool is_quiet(void)
{
	return at_idle(fake.session->at) && !fake.session->busy;
}

/* Its indexes would be another storage's: nothing is read, listed or deleted there. */
static void a_storage_that_cannot_be_selected_is_left_alone(void **state)
{
	size_t listed;

	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CPMS=\"SM\",\"ME\",\"ME\"", "+CMS ERROR: 310");
	fake_start();
	SESSION_UNTIL(is_ready());
	SESSION_UNTIL(is_quiet());
	assert_string_equal(fake.session->rx.selected, "ME");
	listed = fake_count("AT+CMGL=4");
	fake_rule("AT+CMGR=*", "+CMGR: 0,,18|07919701000000F0040B917406000000F00000|OK");
	fake_say("+CMTI: \"SM\",3");
	SESSION_UNTIL(fake.session->rx.n == 0 && is_quiet());
	assert_int_equal(fake_count("AT+CMGR=*"), 0);
	assert_int_equal(fake.n_inbound, 0);
	fake_say("+CMTI: \"ME\",4");
	SESSION_UNTIL(fake_count("AT+CMGD=4") == 1);
	assert_int_equal(fake.n_inbound, 1);
	assert_int_equal(fake_count("AT+CMGL=4"), listed);
	fake_end();
}

/* A part that was handed over too early, to one that closes at once, ends like every other. */
static void a_part_for_one_that_closes_ends_once(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_start();
	session_send(fake.session, &part);
	session_close(fake.session, 0, fake_is_closed, NULL);
	assert_int_equal(fake.n_sent, 0);
	SESSION_UNTIL(fake.closed);
	assert_int_equal(fake.n_sent, 1);
	assert_int_equal(fake.sent[0].verdict, SEND_NOT_SUBMITTED);
	fake_clean();
}

static void on_answer(void *arg, const char *const *lines, size_t n, const char *final)
{
	(void)arg;
	(void)lines;
	(void)n;
	fail_msg("answered: %s", final);
}

static void nothing_is_asked_of_one_that_closes(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_start();
	SESSION_UNTIL(is_ready());
	session_close(fake.session, 1000, fake_is_closed, NULL);
	assert_int_equal(session_action(fake.session, MODEM_RESET), -ENOTCONN);
	assert_int_equal(session_action(fake.session, MODEM_DRAIN), -ENOTCONN);
	assert_int_equal(session_at(fake.session, "AT", on_answer, NULL), -ENOTCONN);
	assert_int_equal(session_ussd(fake.session, "*100#", on_answer, NULL), -ENOTCONN);
	assert_false(is_ready());
	SESSION_UNTIL(fake.closed);
	fake_clean();
}

/* On a real line to a modem that needs them; on a pseudo-terminal nobody does. */
static const struct {
	enum port_kind kind;
	unsigned gap_ms;
} gaps[] = { { PORT_SERIAL, 20 }, { PORT_PTY, 0 } };

static void gaps_that_a_family_needs_stay(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(gaps); i++) {
		fake_prepare(fake_full, "");
		fake.kind = gaps[i].kind;
		fake_rule("AT+CGMI", "Telit|OK");
		fake_rule("AT+CGMM", "GM862|OK");
		fake_start();
		SESSION_UNTIL(is_ready());
		for (size_t k = 0; k < 2 * PROFILE_CLEAN_SENDS; k++) {
			session_send(fake.session, &part);
			session_commit(fake.session);
			SESSION_UNTIL(fake.n_sent == 1 && is_ready());
			assert_int_equal(fake.sent[0].verdict, SEND_ACCEPTED);
			fake.n_sent = 0;
		}
		assert_int_equal(session_status(fake.session)->command_gap_ms, gaps[i].gap_ms);
		fake_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_storage_that_cannot_be_selected_is_left_alone),
		cmocka_unit_test(a_part_for_one_that_closes_ends_once),
		cmocka_unit_test(nothing_is_asked_of_one_that_closes),
		cmocka_unit_test(gaps_that_a_family_needs_stay),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
