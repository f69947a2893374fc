/* test_session_receive.c - messages, reports, calls and USSD that come from a modem. */
#include <errno.h>

#include "session_fake.h"

#define PDU  "07919701000000F0040B917406000000F00000"
#define READ "+CMGR: 0,,18|" PDU "|OK"

static void quiet(void)
{
	RUN_UNTIL(at_idle(fake.session->at) && !fake.session->busy);
}

static void tells_what_was_stored_before(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CMGL=4",
		  "+CMGL: 1,1,,18|" PDU "|+CMGL: 4,0,,18|" PDU "|+CMGL: 5,3,,18|" PDU "|OK");
	fake_start();
	RUN_UNTIL(fake_count("AT+CMGD=*") == 4);
	/* Two storages with two each; index 5 is one of our own. */
	assert_int_equal(fake.n_inbound, 4);
	assert_string_equal(fake.inbound[0], "SM 1 18 07919701000000F0040B");
	assert_string_equal(fake.inbound[2], "ME 1 18 07919701000000F0040B");
	assert_int_equal(fake_count("AT+CMGD=1"), 2);
	assert_int_equal(fake_count("AT+CMGD=4"), 2);
	assert_int_equal(fake_count("AT+CMGD=5"), 0);
	fake_end();
}

static void reads_what_is_announced(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	quiet();
	fake_rule("AT+CMGR=*", READ);
	fake_say("+CMTI: \"ME\",7");
	RUN_UNTIL(fake_count("AT+CMGD=7") == 1);
	assert_string_equal(fake.inbound[0], "ME 7 18 07919701000000F0040B");
	fake_say("+CDSI: \"SM\",2"); /* another storage */
	RUN_UNTIL(fake_count("AT+CMGD=2") == 1);
	assert_string_equal(fake.inbound[1], "SM 2 18 07919701000000F0040B");
	assert_true(fake_where("AT+CPMS=\"SM\",\"ME\",\"ME\"", 0) < fake_where("AT+CMGR=2", 0));
	assert_int_equal(session_status(fake.session)->received, 2);
	fake_end();
}

static void deletes_only_what_is_kept(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	quiet();
	fake.keep_inbound = false;
	fake_rule("AT+CMGR=*", READ);
	fake_say("+CMTI: \"ME\",7");
	RUN_UNTIL(fake.n_inbound == 1);
	quiet();
	assert_int_equal(fake_count("AT+CMGD=*"), 0);
	session_inbound_kept(fake.session, "ME", 8); /* nobody told that one */
	quiet();
	assert_int_equal(fake_count("AT+CMGD=*"), 0);
	session_inbound_kept(fake.session, "ME", 7);
	RUN_UNTIL(fake_count("AT+CMGD=7") == 1);
	fake_end();
}

/* A modem that no configuration names: all is told once, nothing is deleted; another message in
 * the same place is told again. */
static void unnamed_modems_keep_their_messages(void **state)
{
	static const struct fake_answer other = {
		"AT+CMGL=4", "+CMGL: 1,1,,18|07919701000000F0040B917406000000F00001|OK"
	};

	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CMGL=4", "+CMGL: 1,1,,18|" PDU "|+CMGL: 300,0,,18|" PDU "|OK");
	fake_start();
	fake.session->rx.keep = true; /* as session_new_unnamed says */
	RUN_UNTIL(fake.n_inbound == 4 && session_can_send(fake.session));
	quiet();
	receive_start(fake.session);
	receive_sweep(fake.session);
	RUN_UNTIL(fake_count("AT+CMGL=4") == 4);
	quiet();
	/* An index beyond what is remembered is told again: the disk knows it. */
	assert_int_equal(fake.n_inbound, 6);
	fake.rules[fake.n_rules++] = other;
	receive_start(fake.session);
	receive_sweep(fake.session);
	RUN_UNTIL(fake.n_inbound == 8);
	quiet();
	assert_int_equal(fake_count("AT+CMGD=*"), 0);
	fake_end();
}

static void kept_after_a_restart_deletes_nothing(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	quiet();
	fake.keep_inbound = false;
	fake_rule("AT+CMGR=*", READ);
	fake_say("+CMTI: \"ME\",7");
	RUN_UNTIL(fake.n_inbound == 1);
	fake_lose();
	RUN_UNTIL(fake.opened == 2 && session_can_send(fake.session));
	session_inbound_kept(fake.session, "ME", 7); /* by now it may be another one */
	quiet();
	assert_int_equal(fake_count("AT+CMGD=*"), 0);
	fake_end();
}

static void reads_an_announced_message_that_is_late(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	quiet();
	fake_rule("AT+CMGR=*", "OK");
	fake_say("+CMTI: \"ME\",3");
	RUN_UNTIL(fake_count("AT+CMGR=3") == 2);
	quiet();
	assert_int_equal(fake_count("AT+CMGR=3"), 2);
	assert_int_equal(fake.n_inbound, 0);
	fake_rule("AT+CMGL=4", "+CMGL: 3,0,,18|" PDU "|OK");
	RUN_UNTIL(fake.n_inbound == 1); /* it is looked for a moment later */
	fake_end();
}

/* Nobody sends, and nothing is said: that listing fails now is all that shows it. */
static void a_restart_without_a_word_is_noticed(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	RUN_UNTIL(fake_count("AT+CMGL=4") == 2);
	quiet();
	fake_rule("AT+CMGL=4", "+CMS ERROR: 302");
	receive_sweep(fake.session);
	RUN_UNTIL(fake_count("AT+CMGF=0") == 2 && session_can_send(fake.session));
	RUN_UNTIL(fake_count("AT+CMGL=4") == 5);
	quiet();
	assert_int_equal(fake_count("AT+CMGF=0"), 2); /* it does not know the command: once */
	fake_end();
}

static void takes_more_than_it_remembers(void **state)
{
	static char listing[RX_ITEMS * 2 * 64];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < RX_ITEMS + 10; i++)
		n += (size_t)snprintf(listing + n, sizeof(listing) - n, "+CMGL: %d,1,,18|%s|", i,
				      PDU);
	snprintf(listing + n, sizeof(listing) - n, "OK");
	fake_prepare(fake_full, "");
	fake_rule("AT+CPMS=?", "+CPMS: (\"ME\"),(\"ME\"),(\"ME\")|OK");
	fake_rule("AT+CMGL=4", listing);
	fake_start();
	fake.keep_inbound = false; /* more than the harness notes are told: the disk is slow */
	RUN_UNTIL(fake.n_inbound == FAKE_SEEN);
	quiet();
	fake.n_inbound = 0;
	fake_rule("AT+CMGL=4", "+CMGL: 70,1,,18|" PDU "|OK");
	for (int i = 0; i < RX_ITEMS; i++)
		session_inbound_kept(fake.session, "ME", i);
	RUN_UNTIL(fake.n_inbound == 1); /* room was made: listed again */
	assert_string_equal(fake.inbound[0], "ME 70 18 07919701000000F0040B");
	fake_end();
}

static void takes_direct_ones(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	quiet();
	fake_say("+CMT: ,11|" PDU);
	RUN_UNTIL(fake.n_inbound == 1);
	fake_say("+CDS: 11|" PDU);
	RUN_UNTIL(fake.n_inbound == 2);
	quiet();
	assert_string_equal(fake.inbound[0], " -1 11 07919701000000F0040B");
	assert_int_equal(fake_count("AT+CNMA*"), 0);
	fake_end();
}

static void acknowledges_where_the_modem_insists(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CSMS=0", "ERROR");
	fake_rule("AT+CSMS?", "+CSMS: 1,1,1,1|OK");
	fake_start();
	RUN_UNTIL(session_can_send(fake.session));
	quiet();
	fake_say("+CMT: ,11|" PDU);
	RUN_UNTIL(fake_count("AT+CNMA") == 1);
	fake_end();
}

static void polls_where_nothing_is_announced(void **state)
{
	(void)state;
	fake_prepare(fake_minimal, "");
	fake_rule("AT+CMGL=4", "OK");
	fake_start();
	RUN_UNTIL(fake_count("AT+CMGL=4") == 1);
	assert_true(fake.session->rx.polling);
	fake_end();
}

/* A busy SIM is waited for; what was set before the modem was ready is set again. */
static void sets_up_sms_again_when_it_is_ready_late(void **state)
{
	(void)state;
	fake_prepare(fake_full, "");
	fake_rule("AT+CNMI=1*", "+CMS ERROR: 314");
	fake_start();
	RUN_UNTIL(fake_count("AT+CNMI=1,1,0,1,0") == 1);
	fake_say("+QIND: SMS DONE");
	fake_rule("AT+CNMI=1*", "OK");
	RUN_UNTIL(session_can_send(fake.session));
	assert_int_equal(fake_count("AT+CNMI=1,1,0,1,0"), 3);
	fake_end();
}

static const struct {
	const char *lines, *told;
} calls[] = {
	{ "RING|+CLIP: \"+79121234567\",145,,,,0", "+79121234567 145" },
	{ "RING|+CLIP: \"79121234567\",145", "+79121234567 145" },
	{ "RING|+CLIP: \"89121234567\",129,\"\",0", "89121234567 129" },
	{ "+CRING: VOICE|RING|+CLIP: \"\",128,,,,1", " 128" },
	{ "RING|RING|+CLIP: \"+79121234567\",145|RING|+CLIP: \"+79121234567\",145",
	  "+79121234567 145" },
	{ "RING|RING|RING", " 128" },
};

static void rejects_calls_and_tells_each_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		fake_ready(fake_full, "");
		quiet();
		fake_say(calls[i].lines);
		RUN_UNTIL(fake_count("AT+CHUP") > 0);
		quiet();
		assert_int_equal(fake.n_calls, 1);
		assert_string_equal(fake.calls[0], calls[i].told);
		fake_say("NO CARRIER|RING|+CLIP: \"+79120000000\",145"); /* the next call */
		RUN_UNTIL(fake.n_calls == 2);
		fake_end();
	}
}

static void hangs_up_the_other_way(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	quiet();
	fake_rule("AT+CHUP", "ERROR");
	fake_rule("ATH", "NO CARRIER|OK");
	fake_say("RING|+CLIP: \"+79121234567\",145");
	RUN_UNTIL(fake_count("ATH") == 1);
	quiet();
	assert_int_equal(fake.n_calls, 1);
	fake_end();
}

/* It says OK to AT+CHUP and lets the call ring on, with its number or without. */
static void a_call_that_rings_on_is_told_once(void **state)
{
	static const char *const on[] = { "RING|+CLIP: \"+79121234567\",145", "RING|RING|RING" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(on); i++) {
		fake_ready(fake_full, "");
		quiet();
		fake_rule("AT+CLCC", "OK");
		fake_rule("ATH", "NO CARRIER|OK");
		fake_say("RING|+CLIP: \"+79121234567\",145");
		RUN_UNTIL(fake_count("AT+CHUP") == 1 && fake.session->call.hung_up);
		fake.session->call.ended_ms -= 1500; /* later than what may still be on its way */
		fake_say(on[i]);
		RUN_UNTIL(fake_count("ATH") == 1);
		quiet();
		assert_int_equal(fake.n_calls, 1);
		fake.session->call.ended_ms -= 1500;
		fake_say("RING|+CLIP: \"+79121234567\",145"); /* the next time */
		RUN_UNTIL(fake_count("ATH") == 2);
		assert_int_equal(fake.n_calls, 2);
		assert_int_equal(fake_count("AT+CHUP"), 1);
		fake_end();
	}
}

static void another_call_behind_one_hung_up_is_told(void **state)
{
	(void)state;
	fake_ready(fake_full, "");
	quiet();
	fake_say("RING|+CLIP: \"+79121234567\",145");
	RUN_UNTIL(fake.session->call.hung_up);
	fake.session->call.ended_ms -= 1500;
	fake_say("RING|+CLIP: \"+79120000000\",145");
	RUN_UNTIL(fake_count("AT+CHUP") == 2);
	assert_int_equal(fake.n_calls, 2);
	assert_string_equal(fake.calls[1], "+79120000000 145");
	fake_end();
}

static const struct {
	const char *listed, *told;
} lists[] = {
	{ "+CLCC: 1,0,0,0,0,\"+79990000000\",145|+CLCC: 2,1,4,0,0,\"+79121234567\",145|OK",
	  "+79121234567 145" },
	{ "+CLCC: 1,1,4,0,0|OK", NULL },
	{ "ERROR", NULL },
};

/* It rings without +CLIP: the list of calls may know who. */
static void looks_for_the_caller_in_the_list(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		fake_ready(fake_full, "");
		quiet();
		fake_rule("AT+CLCC", lists[i].listed);
		fake_say("RING|RING");
		RUN_UNTIL(fake_count("AT+CLCC") == 1);
		quiet();
		assert_int_equal(fake.n_calls, lists[i].told != NULL);
		fake_say("RING");
		RUN_UNTIL(fake.n_calls == 1);
		assert_string_equal(fake.calls[0], lists[i].told != NULL ? lists[i].told : " 128");
		fake_end();
	}
}

static struct {
	unsigned n;
	char text[512], final[128];
} answer;

static void on_answer(void *arg, const char *const *lines, size_t n, const char *final)
{
	(void)arg;
	uv_stop(&fake.loop);
	answer.n++;
	answer.text[0] = '\0';
	for (size_t i = 0; i < n; i++)
		strcat(strcat(answer.text, i > 0 ? "|" : ""), lines[i]);
	snprintf(answer.final, sizeof(answer.final), "%s", final);
}

static const struct {
	const char *maker, *asked, *reply, *text, *final;
} ussd[] = {
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0,\"Balance 12.50\",15", "Balance 12.50",
	  "OK" },
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0,\"04110430043B0430043D0441\",72", "Баланс",
	  "OK" },
	{ "huawei", "AT+CUSD=1,\"AA180C3602\",15", "+CUSD: 0,\"C8329BFD06\",15", "Hello", "OK" },
	{ "huawei", "AT+CUSD=1,\"AA180C3602\",15", "+CUSD: 4", "", "not supported by the network" },
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 2", "", "terminated by the network" },
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 2,\"12.50\",15", "12.50",
	  "terminated by the network" },
	/* coding schemes (field notes 9): 8 bits, a language before the text */
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0,\"42616CE46E7A\",68", "Balänz", "OK" },
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0,\"653704110430\",17", "Ба", "OK" },
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0,\"04110430\",17", "Ба", "OK" },
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0,\"en\nText\",16", "Text", "OK" },
	/* the GSM alphabet, quotes and commas inside, a quote that never ends */
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0,\"5 \002\021 \033e\",15", "5 $_ €", "OK" },
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0,\"of \"A, B\", more\",15",
	  "of \"A, B\", more", "OK" },
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0,\"cut", "cut", "OK" },
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0,\"in lines|cut", "in lines\ncut", "OK" },
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD:0,bare", "bare", "OK" },
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0, bare, 5,15", "bare, 5", "OK" },
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0,04110430,72", "Ба", "OK" },
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0,\"12345678\",15", "12345678", "OK" },
	/* UCS2 that is not said to be: most of it is Latin, or Cyrillic */
	{ "Quectel", "AT+CUSD=1,\"*100#\",15", "+CUSD: 0,\"00420061006C002004110430\",15", "Bal Ба",
	  "OK" },
};

static void asks_ussd(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ussd); i++) {
		char maker[32];

		snprintf(maker, sizeof(maker), "%s|OK", ussd[i].maker);
		memset(&answer, 0, sizeof(answer));
		fake_prepare(fake_full, "");
		fake_rule("AT+CGMI", maker);
		fake_rule("AT+CUSD=1*", "OK");
		fake_start();
		RUN_UNTIL(session_can_send(fake.session));
		quiet();
		assert_int_equal(session_ussd(fake.session, "*100#", on_answer, NULL), 0);
		assert_int_equal(session_ussd(fake.session, "*100#", on_answer, NULL), -EBUSY);
		assert_false(session_can_send(fake.session));
		RUN_UNTIL(fake_count(ussd[i].asked) == 1);
		fake_say(ussd[i].reply);
		RUN_UNTIL(answer.n == 1);
		assert_string_equal(answer.text, ussd[i].text);
		assert_string_equal(answer.final, ussd[i].final);
		assert_true(session_can_send(fake.session));
		fake_end();
	}
}

#define TEN      "0031003200330034003500360037003800390030"
#define FIFTY    TEN TEN TEN TEN TEN
#define TEN_TEXT "1234567890"

/* Where only UCS2 can be set, codes and answers are hex, as long as any answer. */
static void asks_ussd_in_ucs2(void **state)
{
	(void)state;
	memset(&answer, 0, sizeof(answer));
	fake_prepare(fake_full, "");
	fake_rule("AT+CGMI", "Quectel|OK");
	fake_rule("AT+CSCS=*", "ERROR");
	fake_rule("AT+CSCS?", "+CSCS: \"UCS2\"|OK");
	fake_rule("AT+CUSD=1*", "OK");
	fake_start();
	RUN_UNTIL(session_can_send(fake.session));
	assert_int_equal(session_ussd(fake.session, "*100#", on_answer, NULL), 0);
	RUN_UNTIL(fake_count("AT+CUSD=1,\"002A0031003000300023\",15") == 1);
	fake_say("+CUSD: 0,\"" FIFTY FIFTY FIFTY TEN TEN "\",15");
	RUN_UNTIL(answer.n == 1);
	assert_int_equal(strlen(answer.text), 170);
	for (size_t i = 0; i < 170; i += 10)
		assert_memory_equal(answer.text + i, TEN_TEXT, 10);
	fake_end();
}

static void closes_a_menu_and_tries_the_other_form(void **state)
{
	(void)state;
	memset(&answer, 0, sizeof(answer));
	fake_ready(fake_full, "");
	fake_rule("AT+CUSD=1,\"*100#\",15", "OK");
	assert_int_equal(session_ussd(fake.session, "*100#", on_answer, NULL), 0);
	RUN_UNTIL(fake_count("AT+CUSD=1,\"*100#\",15") == 1);
	fake_say("+CUSD: 1,\"1 Balance\",15");
	RUN_UNTIL(answer.n == 1 && fake_count("AT+CUSD=2") == 1);
	assert_string_equal(answer.text, "1 Balance");
	fake_rule("AT+CUSD=1,\"*100#\",15", "+CME ERROR: 30");
	assert_int_equal(session_ussd(fake.session, "*100#", on_answer, NULL), 0);
	RUN_UNTIL(answer.n == 2);
	assert_string_equal(answer.final, "+CME ERROR: 30");
	assert_int_equal(session_ussd(fake.session, "*100\"#", on_answer, NULL), -EINVAL);
	fake_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_was_stored_before),
		cmocka_unit_test(reads_what_is_announced),
		cmocka_unit_test(deletes_only_what_is_kept),
		cmocka_unit_test(unnamed_modems_keep_their_messages),
		cmocka_unit_test(kept_after_a_restart_deletes_nothing),
		cmocka_unit_test(reads_an_announced_message_that_is_late),
		cmocka_unit_test(a_restart_without_a_word_is_noticed),
		cmocka_unit_test(takes_more_than_it_remembers),
		cmocka_unit_test(takes_direct_ones),
		cmocka_unit_test(acknowledges_where_the_modem_insists),
		cmocka_unit_test(polls_where_nothing_is_announced),
		cmocka_unit_test(sets_up_sms_again_when_it_is_ready_late),
		cmocka_unit_test(rejects_calls_and_tells_each_once),
		cmocka_unit_test(hangs_up_the_other_way),
		cmocka_unit_test(a_call_that_rings_on_is_told_once),
		cmocka_unit_test(another_call_behind_one_hung_up_is_told),
		cmocka_unit_test(asks_ussd),
		cmocka_unit_test(looks_for_the_caller_in_the_list),
		cmocka_unit_test(asks_ussd_in_ucs2),
		cmocka_unit_test(closes_a_menu_and_tries_the_other_form),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
