/* Every kind of mistake: where it is told, and that the words help. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/util.h"
#include "tests/unit/config/load.h"

#define SITE(inside)  "sites = ( {\n name = \"a\";\n " inside " } );\n"
#define MODEM(inside) "modems = ( {\n name = \"m\"; device = \"/dev/ttyUSB0\";\n " inside " } );\n"
#define VER(inside)   SITE("verification = { " inside " };")

struct mistake {
	const char *text;
	unsigned line;
	const char *setting, *words; /* words: a part of what is told */
};

static const struct mistake unknown_and_types[] = {
	{ "sokcet = { };", 1, "sokcet", "did you mean \"socket\"?" },
	{ "\n\nmodem = ( );", 3, "modem", "did you mean \"modems\"?" },
	{ "zzzzzzzzzz = 1;", 1, "zzzzzzzzzz", "known here: socket, database, key_file" },
	{ "socket = { pahts = \"/x\"; };", 1, "socket.pahts", "did you mean \"path\"?" },
	{ VER("sms_tll = \"5m\";"), 3, "sites[0].verification.sms_tll", "\"sms_ttl\"" },
	{ VER("limits = { per_acount_number = [ ]; };"), 3,
	  "sites[0].verification.limits.per_acount_number", "\"per_account_number\"" },
	{ MODEM("timeouts = { reply = \"1s\"; };"), 3, "modems[0].timeouts.reply",
	  "known here: prompt, result, command" },
	{ "database = 5;", 1, "database", "must be a string in quotes, not a number" },
	{ "database = [ \"/x\" ];", 1, "database", "must be a string in quotes, not a list" },
	{ "socket = \"/x\";", 1, "socket", "must be a group { ... }, not a string" },
	{ "sites = { };", 1, "sites", "must be a list ( ... ), not a group" },
	{ "sites = [ \"a\" ];", 1, "sites[0]", "must be a group { ... }, not a string" },
	{ "clients = ( 1 );", 1, "clients[0]", "must be a group" },
	{ "queue_max = \"5\";", 1, "queue_max", "must be a number, not a string" },
	{ "queue_max = 1.5;", 1, "queue_max", "must be a number, not a fraction" },
	{ SITE("autofill = 1;"), 3, "sites[0].autofill", "must be true or false, not a number" },
	{ SITE("autofill = \"yes\";"), 3, "sites[0].autofill", "must be true or false" },
	{ VER("sms_ttl = 300;"), 3, "sites[0].verification.sms_ttl", "must be a string" },
	{ VER("countries = \"RU\";"), 3, "sites[0].verification.countries", "must be a list" },
	{ VER("countries = [ 7 ];"), 3, "sites[0].verification.countries[0]", "a string" },
	{ VER("resend_after = [ 60 ];"), 3, "sites[0].verification.resend_after[0]", "a string" },
	{ VER("limits = { per_number = ( \"1/1h\", 5 ); };"), 3,
	  "sites[0].verification.limits.per_number[1]", "must be a string" },
	{ "database = \"/\\xff\";", 1, "database", "must be UTF-8" },
	{ SITE("title = \"\\xed\\xa0\\x80\";"), 3, "sites[0].title", "must be UTF-8" },
	{ SITE("templates = { verification = { ru = \"\\xc0\\x80\"; }; };"), 3,
	  "sites[0].templates.verification.ru", "must be UTF-8" },
};

static const struct mistake values[] = {
	{ "socket = { mode = \"0888\"; };", 1, "socket.mode", "octal" },
	{ "socket = { mode = \"1777\"; };", 1, "socket.mode", "octal" },
	{ "socket = { mode = \"06600\"; };", 1, "socket.mode", "octal" },
	{ "socket = { mode = \"\"; };", 1, "socket.mode", "octal" },
	{ "socket = { mode = 0660; };", 1, "socket.mode", "must be a string" },
	{ "socket = { path = \"api.sock\"; };", 1, "socket.path", "absolute path" },
	{ "socket = { path = \"/123456789/123456789/123456789/123456789/123456789/123456789/12345"
	  "6789/123456789/123456789/123456789/1234567\"; };",
	  1, "socket.path", "107 bytes" },
	{ "database = \"\";", 1, "database", "absolute path" },
	{ "key_file = \"key\";", 1, "key_file", "absolute path" },
	{ "queue_max = 0;", 1, "queue_max", "must be from 1 to" },
	{ "log = { level = \"verbose\"; };", 1, "log.level",
	  "\"verbose\" is not known; allowed: \"error\", \"warn\", \"info\", \"debug\"" },
	{ "log = { level = \"a\\nb\"; };", 1, "log.level", "\"a?b\" is not known" },
	{ "log = { numbers = \"none\"; };", 1, "log.numbers", "allowed: \"masked\", \"full\"" },
	{ "metrics = { listen = \"9770\"; };", 1, "metrics.listen", "127.0.0.1:9770" },
	{ "metrics = { listen = \"localhost:0\"; };", 1, "metrics.listen", "address and a port" },
	{ "metrics = { listen = \"::1:9770\"; };", 1, "metrics.listen", "address and a port" },
	{ "retention = { inbox = \"0d\"; };", 1, "retention.inbox", "\"0d\" is no duration" },
	{ "retention = { events = \"90\"; };", 1, "retention.events", "90s, 5m, 3h or 1d" },
	{ SITE("region = \"RUS\";"), 3, "sites[0].region", "two letters" },
	{ SITE("region = \"R1\";"), 3, "sites[0].region", "two letters" },
	{ SITE("region = \"XX\";"), 3, "sites[0].region", "two letters" },
	{ VER("countries = [ \"RU\", \"7\" ];"), 3, "sites[0].verification.countries[1]",
	  "two letters" },
	{ VER("channels = [ \"sms\", \"pigeon\" ];"), 3, "sites[0].verification.channels[1]",
	  "\"missed_call\"" },
	{ VER("channels = [ ];"), 3, "sites[0].verification.channels", "at least one channel" },
	{ VER("inbound_ttl = \"301s\";"), 3, "sites[0].verification.inbound_ttl", "most 300s" },
	{ VER("call_ttl = \"3m\";"), 3, "sites[0].verification.call_ttl", "most 120s" },
	{ SITE("locale = \"Russian\";"), 3, "sites[0].locale", "must be a l" },
	{ SITE("locale = \"ru-\";"), 3, "sites[0].locale", "must be a locale" },
	{ SITE("origin = \"https://a.org\";"), 3, "sites[0].origin", "host name" },
	{ VER("code_length = 3;"), 3, "sites[0].verification.code_length", "from 4 to 10" },
	{ VER("code_length = 11;"), 3, "sites[0].verification.code_length", "from 4 to 10" },
	{ VER("code_length = 4294967302L;"), 3, "sites[0].verification.code_length", "from 4" },
	{ VER("max_wrong_codes = 0;"), 3, "sites[0].verification.max_wrong_codes", "from 1" },
	{ VER("max_wrong_codes = -1;"), 3, "sites[0].verification.max_wrong_codes", "from 1" },
	{ VER("resend_after = [ ];"), 3, "sites[0].verification.resend_after", "at least one" },
	{ VER("resend_after = [ \"1m\", \"x\" ];"), 3, "sites[0].verification.resend_after[1]",
	  "\"x\" is no duration" },
	{ VER("reveal_bound = \"never\";"), 3, "sites[0].verification.reveal_bound",
	  "allowed: \"after_proof\", \"at_once\"" },
	{ VER("limits = { per_prefix = [ \"20\" ]; };"), 3,
	  "sites[0].verification.limits.per_prefix[0]", "\"20\" is no limit" },
	{ VER("limits = { per_prefix = [ \"0/1h\" ]; };"), 3,
	  "sites[0].verification.limits.per_prefix[0]", "N/duration" },
	{ SITE("contact = { per_sender = [ \"1/3\" ]; };"), 3, "sites[0].contact.per_sender[0]",
	  "no limit" },
	{ SITE("contact = { quiet_hours = \"21-9\"; };"), 3, "sites[0].contact.quiet_hours",
	  "21:00-09:00" },
	{ SITE("contact = { quiet_hours = \"24:00-09:00\"; };"), 3, "sites[0].contact.quiet_hours",
	  "21:00-09:00" },
	{ SITE("contact = { quiet_hours = \"09:00-09:00\"; };"), 3, "sites[0].contact.quiet_hours",
	  "21:00-09:00" },
	{ SITE("timezone = \"Moscow\";"), 3, "sites[0].timezone", "Europe/Moscow" },
	{ SITE("contact = { max_age = \"1\"; };"), 3, "sites[0].contact.max_age", "duration" },
	{ SITE("on_uncertain = { text = \"drop\"; };"), 3, "sites[0].on_uncertain.text",
	  "allowed: \"resend\", \"keep\"" },
	{ SITE("transliterate = \"yes\";"), 3, "sites[0].transliterate", "\"save_parts\"" },
	{ SITE("templates = { text = { }; };"), 3, "sites[0].templates.text",
	  "known: verification, contact_request" },
	{ SITE("templates = { verification = \"x\"; };"), 3, "sites[0].templates.verification",
	  "must be a group" },
	{ SITE("templates = { verification = { russian = \"x\"; }; };"), 3,
	  "sites[0].templates.verification.russian", "the name of a template must be" },
	{ SITE("templates = { verification = { ru = \"\"; }; };"), 3,
	  "sites[0].templates.verification.ru", "must not be empty" },
	{ SITE("templates = { verification = { ru = { a = 1; }; }; };"), 3,
	  "sites[0].templates.verification.ru", "must be a string" },
	{ SITE("templates = { verification = { signup = { ru = \"x\"; }; }; };"), 3,
	  "sites[0].templates.verification.signup", "purpose: register, login, change" },
	{ SITE("templates = { verification = { login = { ru = { ru = \"x\"; }; }; }; };"), 3,
	  "sites[0].templates.verification.login.ru", "must be a string" },
	{ SITE("templates = { verification = { ru = ( \"a\", 1 ); }; };"), 3,
	  "sites[0].templates.verification.ru[1]", "must be a string" },
	{ SITE("test_numbers = ( { phone = \"89000000001\"; code = \"000000\"; } );"), 3,
	  "sites[0].test_numbers[0].phone", "international form" },
	{ SITE("test_numbers = ( { phone = \"+79000000001\"; code = \"12a456\"; } );"), 3,
	  "sites[0].test_numbers[0].code", "4 to 10 digits" },
	{ MODEM("baud = 0;"), 3, "modems[0].baud", "from 300" },
	{ MODEM("flow = \"cts\";"), 3, "modems[0].flow", "\"rtscts\"" },
	{ MODEM("pin_file = \"pin\";"), 3, "modems[0].pin_file", "absolute path" },
	{ MODEM("number = \"89120000000\";"), 3, "modems[0].number", "international form" },
	{ MODEM("prefixes = [ \"7\" ];"), 3, "modems[0].prefixes[0]", "'+' and at least" },
	{ MODEM("limits = [ \"10/m\" ];"), 3, "modems[0].limits[0]", "is no limit" },
	{ MODEM("reports = \"yes\";"), 3, "modems[0].reports", "\"auto\", \"always\", \"never\"" },
	{ MODEM("roaming = \"no\";"), 3, "modems[0].roaming", "\"allow\", \"refuse\"" },
	{ MODEM("ussd_balance = \"call\";"), 3, "modems[0].ussd_balance", "*100#" },
	{ MODEM("balance = { pattern = \"[0-9+\"; };"), 3, "modems[0].balance.pattern",
	  "regular expression" },
	{ MODEM("balance = { pattern = \"[0-9]+\"; };"), 3, "modems[0].balance.pattern",
	  "a group in brackets" },
	{ MODEM("balance = { low = -1; };"), 3, "modems[0].balance.low", "must be from 0" },
	{ MODEM("limits = [ \"1/1m\", \"9/32d\" ];"), 3, "modems[0].limits[1]", "31d" },
	{ MODEM("recipients = [ \"9/40d\" ];"), 3, "modems[0].recipients[0]", "31d" },
	{ MODEM("recovery = { steps = [ \"pray\" ]; };"), 3, "modems[0].recovery.steps[0]",
	  "must be resync, reopen" },
	{ MODEM("recovery = { reset = \"RESET\"; };"), 3, "modems[0].recovery.reset",
	  "AT command" },
	{ MODEM("recovery = { per_hour = 99; };"), 3, "modems[0].recovery.per_hour", "12" },
	{ MODEM("recovery = { power_command = [ \"relay\" ]; };"), 3,
	  "modems[0].recovery.power_command[0]", "absolute path" },
	{ MODEM("timeouts = { result = \"0s\"; };"), 3, "modems[0].timeouts.result",
	  "no duration" },
	{ MODEM("match = { imei = \"12\"; };"), 3, "modems[0].match.imei", "15 digits" },
	{ MODEM("match = { usb_id = \"2c7c0125\"; };"), 3, "modems[0].match.usb_id",
	  "vendor:product" },
	{ MODEM("match = { usb_id = \"2c7c:0125\"; interface = 256; };"), 3,
	  "modems[0].match.interface", "from 0 to 255" },
	{ "modems = ( { name = \"m\"; device = \"ttyUSB0\"; } );", 1, "modems[0].device",
	  "absolute path (/dev/...) or tcp://host:port" },
	{ "modems = ( { name = \"m\"; device = \"tcp://host\"; } );", 1, "modems[0].device",
	  "tcp://host:port" },
	{ "modems = ( { name = \"m\"; device = \"tcp://host:65536\"; } );", 1, "modems[0].device",
	  "tcp://host:port" },
	{ "modems = ( { name = \"m\"; device = \"\"; } );", 1, "modems[0].device",
	  "tcp://host:port" },
};

static const struct mistake between_settings[] = {
	{ "sites = ( { title = \"x\"; } );", 1, "sites[0].name", "is missing" },
	{ "sites = ( { name = \"\"; } );", 1, "sites[0].name", "1 to 63 letters" },
	{ "sites = ( { name = \"a b\"; } );", 1, "sites[0].name", "1 to 63 letters" },
	{ "sites = ( { name = \"a/b\"; } );", 1, "sites[0].name", "1 to 63 letters" },
	{ "sites = (\n{ name = \"a\"; },\n{ name = \"b\"; },\n{\nname = \"a\"; } );", 5,
	  "sites[2].name", "\"a\" is already the name of sites[0]" },
	{ "modems = ( {\ndevice = \"/dev/x\"; } );", 1, "modems[0].name", "is missing" },
	{ "modems = ( { name = \"m\"; } );", 1, "modems[0]", "a device or a match" },
	{ MODEM("match = { };"), 3, "modems[0].match", "imei, iccid, imsi" },
	{ "modems = ( { name = \"m\"; match = { interface = 2; }; } );", 1, "modems[0].match",
	  "imei, iccid, imsi" },
	{ "modems = ( { name = \"m\"; device = \"/dev/x\"; },\n"
	  "{ name = \"m\"; device = \"/dev/y\"; } );",
	  2, "modems[1].name", "already the name of modems[0]" },
	{ "modems = ( { name = \"m\"; device = \"/dev/x\"; },\n"
	  "{ name = \"n\";\ndevice = \"/dev/x\"; } );",
	  3, "modems[1].device", "already the device of modems[0]" },
	{ "modems = ( { name = \"m\"; match = { usb_id = \"2c7c:0125\"; }; },\n"
	  "{ name = \"n\"; match = { usb_id = \"2c7c:0125\"; }; } );",
	  2, "modems[1].match", "the same modem as modems[0]" },
	{ "clients = ( { role = \"submit\"; } );", 1, "clients[0]", "either a user or a group" },
	{ "clients = ( { user = \"u\"; group = \"g\"; role = \"submit\"; } );", 1, "clients[0]",
	  "either a user or a group, not both" },
	{ "clients = ( { user = \"\"; role = \"submit\"; } );", 1, "clients[0].user",
	  "must not be empty" },
	{ "clients = ( { user = \"u\"; } );", 1, "clients[0].role", "is missing" },
	{ "clients = ( { user = \"u\"; role = \"admin\"; } );", 1, "clients[0].role",
	  "allowed: \"viewer\", \"submit\", \"operator\"" },
	{ "clients = ( { user = \"u\"; role = \"none\"; } );", 1, "clients[0].role", "allowed:" },
	{ "clients = ( { user = \"u\"; role = \"submit\";\nsites = [ ]; } );", 2,
	  "clients[0].sites", "at least one site" },
	{ "clients = ( { user = \"u\"; role = \"submit\";\nsites = [ \"a\", \"b\" ]; } );\n"
	  "sites = ( { name = \"a\"; } );",
	  2, "clients[0].sites[1]", "there is no site named \"b\"" },
	{ SITE("test_numbers = ( { phone = \"+79000000001\"; code = \"0000\"; } );"), 3,
	  "sites[0].test_numbers[0].code", "as many digits as code_length says: 6" },
	{ SITE("test_numbers = ( { phone = \"+79000000001\"; code = \"000000\"; },\n"
	       "{ phone = \"+79000000001\"; code = \"111111\"; } );"),
	  4, "sites[0].test_numbers[1].phone", "the same as that of test_numbers[0]" },
	{ SITE("test_numbers = ( { phone = \"+79000000001\"; } );"), 3,
	  "sites[0].test_numbers[0].code", "is missing" },
	{ "spool = \"/x\";", 1, "spool", "needs a site that may send texts: text = {" },
	{ "spool = \"x\";", 1, "spool", "absolute path" },
	{ "spool = 1;", 1, "spool", "must be a group" },
	{ "spool = { site = \"a\"; };", 1, "spool.path", "is missing" },
	{ "spool = { path = \"/x\";\nsite = \"a\"; };", 2, "spool.site", "no site named \"a\"" },
	{ SITE("") "spool = { path = \"/x\";\nsite = \"a\"; };", 5, "spool.site",
	  "may not send texts: it needs text = {" },
	{ "sites = ( { name = \"a\"; text = { allowed = true; }; },\n"
	  "{ name = \"b\"; text = { allowed = true; }; } );\nspool = \"/x\";",
	  3, "spool", "must say whose texts they are: { path = \"/x\"; site = " },
};

static const struct mistake syntax[] = {
	{ "\ndatabase = ;", 2, "", "syntax error" },
	{ "a = 1;\nb = [ 1, \"x\" ];", 2, "", "mismatched element type" },
	{ "log = { };\nlog = { };", 2, "", "duplicate setting name" },
	{ "\n\n@include \"/nonexistent/simgate\"\n", 3, "", "cannot open include file" },
	{ "@include \"/tmp\"\n", 1, "", "cannot open include file" },
	{ "sites = ( { name = \"a\"; }", 1, "", "syntax error" },
};

static void check(const struct mistake *mistakes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct mistake *m = &mistakes[i];
		struct told told;
		const struct config *config = load_text(m->text, &told);

		if (config != NULL || told.n != 1 || told.line != m->line ||
		    strcmp(told.setting, m->setting) != 0 || strstr(told.words, m->words) == NULL)
			fail_msg("%s\nwanted %u: %s: %s\ntold %u:\n%s", m->text, m->line,
				 m->setting, m->words, told.n, told.all);
		config_unref(config);
	}
}

static void test_unknown_and_types(void **state)
{
	(void)state;
	check(unknown_and_types, ARRAY_LEN(unknown_and_types));
}

static void test_values(void **state)
{
	(void)state;
	check(values, ARRAY_LEN(values));
}

static void test_between_settings(void **state)
{
	(void)state;
	check(between_settings, ARRAY_LEN(between_settings));
}

static void test_syntax(void **state)
{
	(void)state;
	check(syntax, ARRAY_LEN(syntax));
}

/* One run tells everything, in file order, though relations are checked last. */
static void test_all_are_told(void **state)
{
	static const char text[] = "clients = ( { user = \"u\"; role = \"boss\";\n"
				   " sites = [ \"nowhere\" ]; } );\n"
				   "sites = ( { name = \"a\"; region = \"RUS\"; },\n"
				   " { name = \"a\"; locale = 5; } );\n"
				   "modems = ( { name = \"m\"; device = \"x\"; buad = 1; } );\n"
				   "log = { level = \"loud\"; };\n";
	static const char *const settings[] = {
		"1: clients[0].role: ", "2: clients[0].sites[0]: ", "3: sites[0].region: ",
		"4: sites[1].locale: ", "4: sites[1].name: ",       "5: modems[0].device: ",
		"5: modems[0].buad: ",  "6: log.level: ",
	};
	struct told told;
	const char *at = told.all;

	(void)state;
	assert_null(load_text(text, &told));
	assert_int_equal(told.n, ARRAY_LEN(settings));
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		if (strncmp(at, settings[i], strlen(settings[i])) != 0)
			fail_msg("wanted %s in\n%s", settings[i], told.all);
		at = strchr(at, '\n') + 1;
	}
}

/* Numbers and codes that stand in the file never come out in a problem. */
static void test_nothing_secret_is_told(void **state)
{
	struct told told;

	(void)state;
	assert_null(load_text(SITE("test_numbers = ( { phone = \"79998887766\"; code = \"4711\"; },"
				   "{ phone = \"+79998887767\"; code = \"4712\"; } );")
				      MODEM("number = \"79998887766\"; smsc = \"79998887766\";"),
			      &told));
	assert_int_equal(told.n, 5);
	assert_null(strstr(told.all, "7999"));
	assert_null(strstr(told.all, "471"));
}

static void test_unreadable(void **state)
{
	static const struct {
		const char *path, *words;
	} cases[] = {
		{ "/nonexistent/simgate.conf", "No such file" },
		{ "/tmp", "Is a directory" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct told told = { 0 };

		assert_null(config_load(cases[i].path, note_problem, &told));
		assert_int_equal(told.n, 1);
		assert_int_equal(told.line, 0);
		assert_string_equal(told.file, cases[i].path);
		assert_string_equal(told.setting, "");
		assert_non_null(strstr(told.words, cases[i].words));
	}
}

/* An included file stands beside the file; a problem in it is told with the name as written, and
 * line. */
static void test_included_file(void **state)
{
	char included[32], text[64];
	struct told told;

	(void)state;
	write_file(included, "\nlog = { level = \"x\"; };\n");
	snprintf(text, sizeof(text), "@include \"%s\"\n", strrchr(included, '/') + 1);
	assert_null(load_text(text, &told));
	unlink(included);
	assert_int_equal(told.n, 1);
	assert_int_equal(told.line, 2);
	assert_string_equal(told.file, strrchr(included, '/') + 1);
	assert_string_equal(told.setting, "log.level");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown_and_types),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_between_settings),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_all_are_told),
		cmocka_unit_test(test_nothing_secret_is_told),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_included_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
