/* test_at_scripts.c - scripts of a conversation: what the modem says, and what must come of it.
 *
 * Each script is fed in its reads, then with every read cut in two at every byte, then byte by
 * byte; what is told and written must not depend on it. */
#include "base/util.h"
#include "tests/unit/modem/test_at_rig.h"

enum { BARE = AT_BARE_LINES, PROMPT = 1 << 8, ABANDON = 1 << 9 };

struct script {
	const char *text, *prefix; /* of the command; NULL: none in flight */
	unsigned flags;
	const char *reads[4]; /* what the modem sends; a payload may go between two */
	const char *log;
};

static const struct script scripts[] = {
	/* plain commands; echo on or off; spelling of line ends */
	{ "AT", NULL, 0, { "\r\nOK\r\n" }, "write AT\\r\ndone OK -1 \"OK\"\n" },
	{ "AT", NULL, 0, { "AT\r\r\nOK\r\n" }, "write AT\\r\ndone OK -1 \"OK\"\n" },
	{ "AT+CSQ",
	  "+CSQ:",
	  0,
	  { "AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n" },
	  "write AT+CSQ\\r\ndone OK -1 \"OK\" [+CSQ: 20,99]\n" },
	{ "AT+CSQ",
	  "+CSQ:",
	  0,
	  { "+CSQ:20,99\nOK\n" },
	  "write AT+CSQ\\r\ndone OK -1 \"OK\" [+CSQ:20,99]\n" },
	{ "AT^ICCID?",
	  "^ICCID:|ICCID:",
	  0,
	  { "\r\nICCID: 89\r\nOK\r\n" },
	  "write AT^ICCID?\\r\ndone OK -1 \"OK\" [ICCID: 89]\n" },
	/* final results (2.2): whole lines only */
	{ "AT+X", NULL, 0, { "\r\nERROR\r\n" }, "write AT+X\\r\ndone ERROR -1 \"ERROR\"\n" },
	{ "AT+X",
	  NULL,
	  0,
	  { "\r\n+CME ERROR: 10\r\n" },
	  "write AT+X\\r\ndone ERROR cme 10 \"+CME ERROR: 10\"\n" },
	{ "AT+X",
	  NULL,
	  0,
	  { "\r\n+CMS ERROR:500\r\n" },
	  "write AT+X\\r\ndone ERROR cms 500 \"+CMS ERROR:500\"\n" },
	{ "AT+X",
	  NULL,
	  0,
	  { "\r\n+CME ERROR: SIM not inserted\r\n" },
	  "write AT+X\\r\ndone ERROR cme 10 \"+CME ERROR: SIM not inserted\"\n" },
	{ "AT+X",
	  NULL,
	  0,
	  { "\r\n+CME ERROR: sim pin Required \r\n" },
	  "write AT+X\\r\ndone ERROR cme 11 \"+CME ERROR: sim pin Required \"\n" },
	{ "AT+X",
	  NULL,
	  0,
	  { "\r\n+CME ERROR: SIM not\r\n" },
	  "write AT+X\\r\ndone ERROR cme -1 \"+CME ERROR: SIM not\"\n" },
	{ "AT+X",
	  NULL,
	  0,
	  { "\r\n+CMS ERROR: 99999999999999\r\n" },
	  "write AT+X\\r\ndone ERROR cms -1 \"+CMS ERROR: 99999999999999\"\n" },
	{ "AT+X",
	  NULL,
	  0,
	  { "\r\nCOMMAND NOT SUPPORT\r\n" },
	  "write AT+X\\r\ndone ERROR -1 \"COMMAND NOT SUPPORT\"\n" },
	{ "AT+X",
	  NULL,
	  0,
	  { "\r\nTOO MANY PARAMETERS\r\n" },
	  "write AT+X\\r\ndone ERROR -1 \"TOO MANY PARAMETERS\"\n" },
	{ "AT+X",
	  NULL,
	  0,
	  { "\r\nMODEM ERROR: 7\r\n" },
	  "write AT+X\\r\ndone ERROR -1 \"MODEM ERROR: 7\"\n" },
	{ "AT+X",
	  NULL,
	  0,
	  { "\r\n+EXT ERROR: 7\r\n" },
	  "write AT+X\\r\ndone ERROR -1 \"+EXT ERROR: 7\"\n" },
	{ "AT+X", NULL, 0, { "\r\nABORTED\r\n" }, "write AT+X\\r\ndone ERROR -1 \"ABORTED\"\n" },
	{ "AT+CNUM",
	  "+CNUM:",
	  0,
	  { "\r\nERROR+CNUM: x\r\n" },
	  "write AT+CNUM\\r\ndone ERROR -1 \"ERROR+CNUM: x\"\n" },
	{ "AT+X",
	  NULL,
	  0,
	  { "\r\nOKAY\r\n\r\n*OK\r\n0\r\n4\r\nNO CARRIER\r\nCONNECT\r\nOK\r\n" },
	  "write AT+X\\r\nurc OKAY\nurc *OK\nurc 0\nurc 4\nurc NO CARRIER\nurc CONNECT\n"
	  "done OK -1 \"OK\"\n" },
	{ "AT+X",
	  NULL,
	  0,
	  { "\r\n+CUSD: 0,\"OK\r\nERROR\r\n\",15\r\nOK\r\n" },
	  "write AT+X\\r\nurc +CUSD: 0,\"OK\nERROR\n\",15\ndone OK -1 \"OK\"\n" },
	{ "ATD+4911;",
	  NULL,
	  0,
	  { "\r\nNO CARRIER\r\n" },
	  "write ATD+4911;\\r\ndone ERROR -1 \"NO CARRIER\"\n" },
	{ "atd*99#",
	  NULL,
	  0,
	  { "\r\nCONNECT 7200000\r\n" },
	  "write atd*99#\\r\ndone OK -1 \"CONNECT 7200000\"\n" },
	{ "ATH",
	  NULL,
	  0,
	  { "\r\nNO CARRIER\r\n\r\nOK\r\n" },
	  "write ATH\\r\nurc NO CARRIER\ndone OK -1 \"OK\"\n" },
	/* unsolicited lines in between (2.4) */
	{ "AT+CSQ",
	  "+CSQ:",
	  0,
	  { "\r\n+CMTI: \"SM\",3\r\n\r\n^RSSI:12\r\n+CSQ: 1,2\r\n+CREG: 1\r\nOK\r\n+CRING: "
	    "VOICE\r\n" },
	  "write AT+CSQ\\r\nurc +CMTI: \"SM\",3\nurc ^RSSI:12\nurc +CREG: 1\n"
	  "done OK -1 \"OK\" [+CSQ: 1,2]\nurc +CRING: VOICE\n" },
	{ NULL,
	  NULL,
	  0,
	  { "\r\nRING\r\n\r\n+CLIP: \"+4917\",145\r\n" },
	  "urc RING\nurc +CLIP: \"+4917\",145\n" },
	{ NULL,
	  NULL,
	  0,
	  { "\r\n+CMGS: 7\r\n\r\nOK\r\n> x\r\n" },
	  "urc +CMGS: 7\nurc OK\nurc > x\n" },
	/* bare lines: only if asked, and never a known word or mark */
	{ "AT+CGSN",
	  "+CGSN:",
	  BARE,
	  { "\r\n356938035643809\r\n\r\nOK\r\n" },
	  "write AT+CGSN\\r\ndone OK -1 \"OK\" [356938035643809]\n" },
	{ "AT+CGMM",
	  "+CGMM:",
	  BARE,
	  { "\r\nRDY\r\nRING\r\nCall Ready\r\n^BOOT:1,0\r\nE173\r\n"
	    "VOICE CALL: END: 000010\r\n+CFUN: 1\r\nOK\r\n" },
	  "write AT+CGMM\\r\nurc RDY\nurc RING\nurc Call Ready\nurc ^BOOT:1,0\n"
	  "urc VOICE CALL: END: 000010\nurc +CFUN: 1\ndone OK -1 \"OK\" [E173]\n" },
	{ "AT+CGMM",
	  NULL,
	  0,
	  { "\r\nE173\r\nOK\r\n" },
	  "write AT+CGMM\\r\nurc E173\ndone OK -1 \"OK\"\n" },
	/* the ambiguous ones */
	{ "AT+CREG?",
	  "+CREG:",
	  0,
	  { "\r\n+CREG: 1\r\n+CREG: 2,1,\"00AB\",\"12\",7\r\nOK\r\n" },
	  "write AT+CREG?\\r\nurc +CREG: 1\ndone OK -1 \"OK\" [+CREG: 2,1,\"00AB\",\"12\",7]\n" },
	{ "AT+CREG?",
	  "+CREG:",
	  0,
	  { "\r\n+CREG: 0,1\r\n+CREG: 5,\"00AB\",\"12\"\r\nOK\r\n" },
	  "write AT+CREG?\\r\nurc +CREG: 5,\"00AB\",\"12\"\ndone OK -1 \"OK\" [+CREG: 0,1]\n" },
	{ "AT+CREG?",
	  "+CREG:",
	  0,
	  { "\r\n+CREG: 1,00AB,1234\r\n+CREG:2,1,00AB,1234\r\nOK\r\n" },
	  "write AT+CREG?\\r\nurc +CREG: 1,00AB,1234\n"
	  "done OK -1 \"OK\" [+CREG:2,1,00AB,1234]\n" },
	{ "AT+CEREG?",
	  "+CEREG:",
	  0,
	  { "\r\n+CEREG: 2,,,\r\n+CEREG: 2,2\r\nOK\r\n" },
	  "write AT+CEREG?\\r\nurc +CEREG: 2,,,\ndone OK -1 \"OK\" [+CEREG: 2,2]\n" },
	{ "AT+CREG?",
	  "+CREG:",
	  0,
	  { "\r\n+CREG: 2,1 \r\nOK\r\n" },
	  "write AT+CREG?\\r\ndone OK -1 \"OK\" [+CREG: 2,1 ]\n" },
	{ "AT+CREG?", /* one that leaves out the first field: nothing is owed */
	  "+CREG:",
	  0,
	  { "\r\n+CREG: 1\r\nOK\r\n" },
	  "write AT+CREG?\\r\nurc +CREG: 1\ndone OK -1 \"OK\"\n" },
	{ "AT+CREG=2",
	  "+CREG:",
	  0,
	  { "\r\nOK\r\n\r\n+CREG: 2,1\r\n" },
	  "write AT+CREG=2\\r\ndone OK -1 \"OK\"\nurc +CREG: 2,1\n" },
	{ "AT+CREG=?",
	  "+CREG:",
	  0,
	  { "\r\n+CREG: 1\r\n+CREG: (0-2)\r\nOK\r\n" },
	  "write AT+CREG=?\\r\nurc +CREG: 1\ndone OK -1 \"OK\" [+CREG: (0-2)]\n" },
	{ "AT+CPIN?",
	  "+CPIN:",
	  0,
	  { "\r\n+CPIN: READY\r\n\r\nOK\r\n+CPIN: NOT READY\r\n" },
	  "write AT+CPIN?\\r\ndone OK -1 \"OK\" [+CPIN: READY]\nurc +CPIN: NOT READY\n" },
	{ "AT+CPIN=\"1234\"",
	  "+CPIN:",
	  AT_SECRET,
	  { "AT+CPIN=\"1234\"\r\r\nOK\r\n+CPIN: READY\r\n" },
	  "write AT+CPIN=\"1234\"\\r\ndone OK -1 \"OK\"\nurc +CPIN: READY\n" },
	{ "AT+CUSD=1,\"*100#\",15",
	  "+CUSD:",
	  0,
	  { "\r\n+CUSD: 0,\"5 EUR\",15\r\nOK\r\n" },
	  "write AT+CUSD=1,\"*100#\",15\\r\nurc +CUSD: 0,\"5 EUR\",15\ndone OK -1 \"OK\"\n" },
	{ "AT+CSQ",
	  "+CSQ:",
	  0,
	  { "\r\n+CMGS: 9\r\nOK\r\n+CSQ: 1,1\r\nOK\r\n" },
	  "write AT+CSQ\\r\nurc +CMGS: 9\ndone OK -1 \"OK\" [+CSQ: 1,1]\n" },
	/* two lines: unsolicited and in a reply */
	{ NULL, NULL, 0, { "\r\n+CMT: ,30\r\n" DELIVER "\r\n" }, "urc +CMT: ,30 / " DELIVER "\n" },
	{ NULL,
	  NULL,
	  0,
	  { "\r\n+CMT: \"a,b\",30\r\n\r\n" DELIVER "\r\n\r\nRING\r\n" },
	  "urc +CMT: \"a,b\",30 / " DELIVER "\nurc RING\n" },
	{ NULL,
	  NULL,
	  0,
	  { "\r\n+CDS: 2\r\n\r\n+CREG: 1\r\nRING\r\n\r\n000102\r\n" },
	  "urc +CREG: 1\nurc RING\nurc +CDS: 2 / 000102\n" },
	{ NULL,
	  NULL,
	  0,
	  { "\r\n+CMT: ,29\r\n" DELIVER "\r\n" },
	  "urc +CMT: ,29\nurc " DELIVER "\n" },
	{ NULL,
	  NULL,
	  0,
	  { "\r\n+CDS: ,2\r\n000102\r\n+CDS: 2\r\n0001zz\r\n+CDS: 2\r\n00010\r\n" },
	  "urc +CDS: ,2 / 000102\nurc +CDS: 2\nurc 0001zz\nurc +CDS: 2\nurc 00010\n" },
	{ NULL,
	  NULL,
	  0,
	  { "\r\n+CBM: 3\r\n010203\r\n+CMT: x\r\n+CMT: 300\r\n+CMT:\r\n" },
	  "urc +CBM: 3 / 010203\nurc +CMT: x\nurc +CMT: 300\nurc +CMT:\n" },
	{ "AT+CSQ",
	  "+CSQ:",
	  0,
	  { "\r\n+CMT: ,2\r\n+CSQ: 1,2\r\n+CMT: ,2\r\nOK\r\n" },
	  "write AT+CSQ\\r\nurc +CMT: ,2\nurc +CMT: ,2\ndone OK -1 \"OK\" [+CSQ: 1,2]\n" },
	{ "AT+CMGR=1",
	  "+CMGR:",
	  0,
	  { "\r\n+CMGR: 0,,2\r\n+CMTI: \"SM\",4\r\n000102\r\n\r\nOK\r\n" },
	  "write AT+CMGR=1\\r\nurc +CMTI: \"SM\",4\n"
	  "done OK -1 \"OK\" [+CMGR: 0,,2] [000102]\n" },
	{ "AT+CMGL=4",
	  "+CMGL:",
	  0,
	  { "\r\n+CMGL: 1,0,,2\r\n000102\r\n+CMT: ,1\r\n00AA\r\n+CMGL: "
	    "2,1,,2\r\n0003FF\r\nOK\r\n" },
	  "write AT+CMGL=4\\r\nurc +CMT: ,1 / 00AA\n"
	  "done OK -1 \"OK\" [+CMGL: 1,0,,2] [000102] [+CMGL: 2,1,,2] [0003FF]\n" },
	{ "AT+CMGL=4",
	  "+CMGL:",
	  0,
	  { "\r\n+CMGL: 1,0,,0\r\n\r\n+CMGL: 2,1,,2\r\n0003FF\r\nOK\r\n" },
	  "write AT+CMGL=4\\r\n"
	  "done OK -1 \"OK\" [+CMGL: 1,0,,0] [+CMGL: 2,1,,2] [0003FF]\n" },
	/* a payload behind the prompt (2.3, 6.1); then echo of command, payload and Ctrl-Z */
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT,
	  { "\r\n> ", "\r\n+CMGS: 5\r\n\r\nOK\r\n" },
	  "write AT+CMGS=18\\r\nprompt\nwrite " PDU "^Z\n"
	  "done OK -1 \"OK\" [+CMGS: 5] prompted submitted\n" },
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT,
	  { "AT+CMGS=18\r\r\n>", " ", PDU "\x1a\r\n+CMGS: 5\r\n\r\nOK\r\n" },
	  "write AT+CMGS=18\\r\nprompt\nwrite " PDU "^Z\n"
	  "done OK -1 \"OK\" [+CMGS: 5] prompted submitted\n" },
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT,
	  { "AT+CMGS=18\n> ", PDU "\x1a+CMGS: 5\nOK\n" },
	  "write AT+CMGS=18\\r\nprompt\nwrite " PDU "^Z\n"
	  "done OK -1 \"OK\" [+CMGS: 5] prompted submitted\n" },
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT,
	  { "AT+CMGS=18\n> ", PDU "\x1a"
				  "ERROR\n" },
	  "write AT+CMGS=18\\r\nprompt\nwrite " PDU "^Z\n"
	  "done ERROR -1 \"ERROR\" prompted submitted\n" },
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT,
	  { "\r\n+CMTI: \"> \",1\r\n+CMGS: 4\r\n> ",
	    "\r\n+CDS: 2\r\n000102\r\n+CMGS: 5\r\n+CMTI: \"SM\",1\r\nOK\r\n" },
	  "write AT+CMGS=18\\r\nurc +CMTI: \"> \",1\nurc +CMGS: 4\nprompt\nwrite " PDU "^Z\n"
	  "urc +CDS: 2 / 000102\nurc +CMTI: \"SM\",1\n"
	  "done OK -1 \"OK\" [+CMGS: 5] prompted submitted\n" },
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT,
	  { "\r\n> ", "\r\n+CMS ERROR: 38\r\n" },
	  "write AT+CMGS=18\\r\nprompt\nwrite " PDU "^Z\n"
	  "done ERROR cms 38 \"+CMS ERROR: 38\" prompted submitted\n" },
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT,
	  { "\r\n+CMS ERROR: 304\r\n" },
	  "write AT+CMGS=18\\r\ndone ERROR cms 304 \"+CMS ERROR: 304\"\n" },
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT,
	  { "\r\n> ", "\x1b OK\r\n" },
	  "write AT+CMGS=18\\r\nprompt\nwrite " PDU "^Z\n"
	  "done ERROR -1 \"OK\" prompted submitted\n" },
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT | ABANDON,
	  { "\r\n> ", "\x1b\r\nOK\r\n" },
	  "write AT+CMGS=18\\r\nprompt\nwrite ^[\ndone ERROR -1 \"OK\" prompted\n" },
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT | ABANDON,
	  { "\r\n> ", "\r\n+CMS ERROR: 500\r\n" },
	  "write AT+CMGS=18\\r\nprompt\nwrite ^[\n"
	  "done ERROR cms 500 \"+CMS ERROR: 500\" prompted\n" },
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT,
	  { "\r\n> ", "\r\n> \r\n>\r\n+CMGS: 5\r\nOK\r\n" },
	  "write AT+CMGS=18\\r\nprompt\nwrite " PDU "^Z\n"
	  "done OK -1 \"OK\" [+CMGS: 5] prompted submitted\n" },
	/* OK before the reference that it belongs to */
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT,
	  { "\r\n> ", "\r\nOK\r\n\r\n+CMTI: \"SM\",1\r\n\r\n+CMGS: 5\r\n" },
	  "write AT+CMGS=18\\r\nprompt\nwrite " PDU "^Z\nurc +CMTI: \"SM\",1\n"
	  "done OK -1 \"OK\" [+CMGS: 5] prompted submitted\n" },
	/* an OK in the prompt's place is no success, and the prompt may be open */
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT,
	  { "\r\nOK\r\n" },
	  "write AT+CMGS=18\\r\ndone ERROR -1 \"OK\"\nwrite ^[\n" },
	/* the late result of an earlier message ends nothing that is in flight now */
	{ "AT+CMGS=18",
	  "+CMGS:",
	  PROMPT,
	  { "\r\n+CMGS: 4\r\n\r\nOK\r\n\r\n> ", "\r\n+CMGS: 5\r\n\r\nOK\r\n" },
	  "write AT+CMGS=18\\r\nurc +CMGS: 4\nprompt\nwrite " PDU "^Z\n"
	  "done OK -1 \"OK\" [+CMGS: 5] prompted submitted\n" },
	{ "AT+CSQ",
	  "+CSQ:",
	  0,
	  { "\r\n+CMGS: 4\r\n\r\nOK\r\n", "\r\n+CSQ: 1,2\r\n\r\nOK\r\n" },
	  "write AT+CSQ\\r\nurc +CMGS: 4\ndone OK -1 \"OK\" [+CSQ: 1,2]\n" },
	{ "AT+X",
	  NULL,
	  0,
	  { "\r\n+CMGS: 4\r\n\r\nERROR\r\n" },
	  "write AT+X\\r\nurc +CMGS: 4\ndone ERROR -1 \"ERROR\"\n" },
	/* an OK without the line that was asked for is another's */
	{ "AT+CREG?",
	  "+CREG:",
	  0,
	  { "\r\nOK\r\n", "\r\n+CREG: 0,1\r\n\r\nOK\r\n+CREG: 5\r\n" },
	  "write AT+CREG?\\r\ndone OK -1 \"OK\"\nwrite ^[\nurc +CREG: 5\n" },
	{ "AT+CHUP=?", "+CHUP:", 0, { "\r\nOK\r\n" }, "write AT+CHUP=?\\r\ndone OK -1 \"OK\"\n" },
	{ "AT+CPIN?",
	  "+CPIN:",
	  0,
	  { "\r\nOK\r\n", "\r\n+CPIN: READY\r\n" },
	  "write AT+CPIN?\\r\ndone OK -1 \"OK\"\nwrite ^[\nurc +CPIN: READY\n" },
};

enum { WHOLE = -1, SINGLY = -2 };

/* Feeds every read; the split-th byte of all starts a feed of its own. */
static void feed_reads(const struct script *script, int split)
{
	int fed = 0;

	for (size_t i = 0; i < ARRAY_LEN(script->reads) && script->reads[i] != NULL; i++) {
		const uint8_t *bytes = (const uint8_t *)script->reads[i];
		int n = (int)strlen(script->reads[i]), cut = split - fed;

		if (split == SINGLY) {
			for (int k = 0; k < n; k++)
				at_feed(rig.at, bytes + k, 1);
		} else if (cut > 0 && cut < n) {
			at_feed(rig.at, bytes, (size_t)cut);
			at_feed(rig.at, bytes + cut, (size_t)(n - cut));
		} else {
			at_feed(rig.at, bytes, (size_t)n);
		}
		fed += n;
	}
}

static void play(const struct script *script, int split)
{
	rig_open();
	rig.payload_at_prompt = (script->flags & ABANDON) == 0;
	rig.abandon_at_prompt = (script->flags & ABANDON) != 0;
	if (script->text != NULL)
		send_with(script->text, script->prefix, script->flags & 0xff,
			  (script->flags & PROMPT) != 0);
	feed_reads(script, split);
	if (strcmp(rig.log, script->log) != 0)
		print_error("script %td, split %d\n", script - scripts, split);
	assert_string_equal(rig.log, script->log);
	rig_close();
	assert_int_equal(rig.dones, script->text != NULL);
}

static void whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		play(&scripts[i], WHOLE);
}

static void split_at_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		int n = 0;

		for (size_t k = 0; k < ARRAY_LEN(scripts[i].reads); k++)
			n += scripts[i].reads[k] != NULL ? (int)strlen(scripts[i].reads[k]) : 0;
		for (int split = 1; split < n; split++)
			play(&scripts[i], split);
	}
}

static void byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		play(&scripts[i], SINGLY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(split_at_every_byte),
		cmocka_unit_test(byte_by_byte),
	};

	return cmocka_run_group_tests_name("at_scripts", tests, NULL, NULL);
}
