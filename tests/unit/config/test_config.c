/* What a file says arrives in the snapshot; what it leaves out has the default. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/util.h"
#include "tests/unit/config/load.h"

enum { DUMP_SIZE = 16384, FILE_SIZE = 32768 };

/* Everything that a snapshot says as text, so that two can be compared and a difference seen. */
struct dump {
	char text[DUMP_SIZE];
	size_t used;
};

static void put(struct dump *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct dump *d, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(d->text + d->used, sizeof(d->text) - d->used, format, args);
	va_end(args);
	assert_true(n >= 0 && (size_t)n < sizeof(d->text) - d->used);
	d->used += (size_t)n;
}

static void put_rates(struct dump *d, const char *name, const struct config_rates *rates)
{
	put(d, " %s[", name);
	for (size_t i = 0; i < rates->n; i++)
		put(d, " %u/%lld", rates->items[i].count, (long long)rates->items[i].window_ms);
	put(d, " ]\n");
}

static void put_strings(struct dump *d, const char *name, const struct config_strings *strings)
{
	put(d, " %s[", name);
	for (size_t i = 0; i < strings->n; i++)
		put(d, " %s", strings->items[i]);
	put(d, " ]\n");
}

static void put_verification(struct dump *d, const struct config_verification *v)
{
	put(d, " code %u wrong %u ttl %lld lock %lld reveal %d resend", v->code_length,
	    v->max_wrong_codes, (long long)v->sms_ttl_ms, (long long)v->lock_ms,
	    (int)v->reveal_bound);
	for (size_t i = 0; i < v->n_resend_after; i++)
		put(d, " %lld", (long long)v->resend_after_ms[i]);
	put(d, "\n");
	put_strings(d, "countries", &v->countries);
	put_strings(d, "channels", &v->channels);
	put(d, " inbound %lld call %lld\n", (long long)v->inbound_ttl_ms,
	    (long long)v->call_ttl_ms);
	put_rates(d, "account", &v->per_account_number);
	put_rates(d, "number", &v->per_number);
	put_rates(d, "all of account", &v->per_account);
	put_rates(d, "prefix", &v->per_prefix);
	put_rates(d, "site", &v->per_site);
}

static void put_site(struct dump *d, const struct config_site *s)
{
	put(d, "site %s|%s|%s|%s|%s zone %s autofill %d\n", s->name, s->title, s->origin, s->region,
	    s->locale, s->timezone, s->autofill);
	put_verification(d, &s->verification);
	put_rates(d, "sender", &s->contact.per_sender);
	put_rates(d, "recipient", &s->contact.per_recipient);
	put(d, " verified %d quiet %s age %lld confirm %d text %d\n",
	    s->contact.require_sender_verified, s->contact.quiet_hours,
	    (long long)s->contact.max_age_ms, s->contact.confirm_opt_out, s->text_allowed);
	put_rates(d, "text", &s->text_limits);
	for (int i = 0; i < KIND_COUNT; i++)
		put(d, " uncertain %s %d\n", config_kind_name((enum config_kind)i),
		    (int)s->on_uncertain[i]);
	for (size_t i = 0; i < s->n_templates; i++)
		put(d, " template %s%s%s %s %s\n", config_kind_name(s->templates[i].kind),
		    s->templates[i].purpose[0] != '\0' ? "." : "", s->templates[i].purpose,
		    s->templates[i].locale, s->templates[i].text);
	for (size_t i = 0; i < s->n_test_numbers; i++)
		put(d, " test %s %s\n", s->test_numbers[i].phone, s->test_numbers[i].code);
	put(d, " translit %d\n", (int)s->transliterate);
}

static void put_modem(struct dump *d, const struct config_modem *m)
{
	put(d, "modem %s device %s baud %u flow %d\n", m->name, m->device, m->baud, (int)m->flow);
	put(d, " match %s|%s|%s|%s|%s|%s|%d\n", m->match.imei, m->match.iccid, m->match.imsi,
	    m->match.usb_serial, m->match.usb_path, m->match.usb_id, m->match.interface);
	put(d, " pin %s number %s smsc %s ussd %s reports %d roaming %d\n", m->pin_file, m->number,
	    m->smsc, m->ussd_balance, (int)m->reports, (int)m->roaming);
	put_strings(d, "prefixes", &m->prefixes);
	put_rates(d, "limits", &m->limits);
	put_rates(d, "recipients", &m->recipients);
	put(d, " balance %lld %s %d\n", (long long)m->balance.every_ms, m->balance.pattern,
	    m->balance.low);
	put(d, " timeouts %lld %lld %lld\n", (long long)m->prompt_timeout_ms,
	    (long long)m->result_timeout_ms, (long long)m->command_timeout_ms);
	put(d, " idle %lld search %lld restart %lld reopen %lld alarm %lld\n",
	    (long long)m->idle_ms, (long long)m->search_ms, (long long)m->restart_ms,
	    (long long)m->reopen_ms, (long long)m->alarm_ms);
	put_strings(d, "steps", &m->recovery.steps);
	put_strings(d, "power", &m->recovery.power_command);
	put(d, " reset %s cool %lld per hour %u\n", m->recovery.reset,
	    (long long)m->recovery.cool_down_ms, m->recovery.per_hour);
}

/* All but path and socket_group_given: naming the default group makes it required. */
static void put_config(struct dump *d, const struct config *c)
{
	d->used = 0;
	put(d, "socket %s %o %s database %s key %s queue %llu\n", c->socket_path, c->socket_mode,
	    c->socket_group, c->database, c->key_file, (unsigned long long)c->queue_max);
	put(d, "clients given %d\n", c->clients_given);
	for (size_t i = 0; i < c->n_clients; i++) {
		put(d, "client %s|%s %s\n", c->clients[i].user, c->clients[i].group,
		    config_role_name(c->clients[i].role));
		put_strings(d, "sites", &c->clients[i].sites);
	}
	for (size_t i = 0; i < c->n_sites; i++)
		put_site(d, &c->sites[i]);
	for (size_t i = 0; i < c->n_modems; i++)
		put_modem(d, &c->modems[i]);
	put_rates(d, "global", &c->global_codes);
	put(d, "retain %lld %lld %lld %lld metrics %s log %d %d\n",
	    (long long)c->retain_failed_texts_ms, (long long)c->retain_inbox_ms,
	    (long long)c->retain_events_ms, (long long)c->retain_messages_ms, c->metrics_listen,
	    (int)c->log_level, c->log_full_numbers);
	put(d, "summary %lld transcripts %s\n", (long long)c->log_summary_ms, c->transcripts);
	put(d, "spool %s of %s\n", c->spool, c->spool_site);
}

static void dump_text(struct dump *d, const char *text)
{
	struct told told;
	const struct config *config = load_text(text, &told);

	if (config == NULL)
		fail_msg("%s\n%s", told.all, text);
	put_config(d, config);
	config_unref(config);
}

#define DEFAULT_WAITS                                                                              \
	" idle 60000 search 180000 restart 120000 reopen 30000 alarm 86400000\n"                   \
	" steps[ resync reopen route init radio reset power ]\n"                                   \
	" power[ ]\n"                                                                              \
	" reset  cool 600000 per hour 6\n"
#define DEFAULT_LOG "summary 900000 transcripts /var/lib/simgate/transcripts\nspool  of \n"

/* What stands in a site that says nothing of it, from its channels on. */
#define DEFAULT_SITE                                                                               \
	" channels[ sms inbound_sms missed_call ]\n"                                               \
	" inbound 300000 call 120000\n"                                                            \
	" account[ 5/3600000 10/86400000 ]\n"                                                      \
	" number[ 6/3600000 10/86400000 ]\n"                                                       \
	" all of account[ ]\n"                                                                     \
	" prefix[ 20/3600000 ]\n"                                                                  \
	" site[ ]\n"                                                                               \
	" sender[ 1/10800000 ]\n"                                                                  \
	" recipient[ 3/86400000 ]\n"                                                               \
	" verified 0 quiet  age 86400000 confirm 0 text 0\n"                                       \
	" text[ ]\n"                                                                               \
	" uncertain verification 1\n"                                                              \
	" uncertain contact_request 0\n"                                                           \
	" uncertain text 0\n"                                                                      \
	" translit 0\n"

static const char defaults[] =
	"socket /run/simgate/api.sock 660 simgate database /var/lib/simgate/simgate.db "
	"key /etc/simgate/key queue 1000000\n"
	"clients given 0\n"
	"site default||||en zone  autofill 1\n"
	" code 6 wrong 5 ttl 300000 lock 3600000 reveal 0 resend 60000 120000 300000\n"
	" countries[ ]\n" DEFAULT_SITE " global[ ]\n"
	"retain 86400000 2592000000 7776000000 7776000000 metrics  log 2 0\n" DEFAULT_LOG;

static void test_defaults(void **state)
{
	struct told told = { 0 };
	const struct config *config = config_load(NULL, note_problem, &told);
	struct dump builtin, empty;

	(void)state;
	assert_non_null(config);
	assert_string_equal(config->path, "");
	assert_false(config->socket_group_given);
	put_config(&builtin, config);
	config_unref(config);
	assert_string_equal(builtin.text, defaults);
	dump_text(&empty, "");
	assert_string_equal(empty.text, defaults);
	dump_text(&empty, "sites = ( ); modems = ( );");
	assert_string_equal(empty.text, defaults);
}

static void read_whole(const char *path, char text[static FILE_SIZE])
{
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, FILE_SIZE - 1, file);
	assert_true(n > 0 && n < FILE_SIZE - 1);
	text[n] = '\0';
	fclose(file);
}

/* Takes mark from the lines that begin with it and then none of except. Returns how many. */
static int uncomment(const char *text, const char *mark, const char *except,
		     char out[static FILE_SIZE])
{
	size_t marks = strlen(mark);
	int n = 0;

	while (*text != '\0') {
		size_t line = strcspn(text, "\n") + 1;

		if (strncmp(text, mark, marks) == 0 && strchr(except, text[marks]) == NULL) {
			text += marks;
			line -= marks;
			n++;
		}
		memcpy(out, text, line);
		out += line;
		text += line;
	}
	*out = '\0';
	return n;
}

static void test_shipped_file(void **state)
{
	static char text[FILE_SIZE], shown[FILE_SIZE];
	struct dump d;

	(void)state;
	read_whole("config/simgate.conf", text);
	dump_text(&d, text);
	assert_string_equal(d.text, defaults);
	assert_true(uncomment(text, "#", " \n", shown) > 25);
	dump_text(&d, shown);
	assert_string_equal(d.text, defaults);
}

/* The examples in the shipped file load, too, and hold one client list, site and modem. */
static void test_shipped_examples(void **state)
{
	static char text[FILE_SIZE], shown[FILE_SIZE];
	struct told told;
	const struct config *config;

	(void)state;
	read_whole("config/simgate.conf", text);
	assert_true(uncomment(text, "//", "", shown) > 0);
	config = load_text(shown, &told);
	if (config == NULL)
		fail_msg("%s", told.all);
	assert_int_equal(config->n_clients, 2);
	assert_non_null(config_site(config, "studentu24"));
	assert_non_null(config_modem(config, "gsm0"));
	config_unref(config);
}

static const char example[] =
	"socket /run/simgate/api.sock 660 simgate database /var/lib/simgate/simgate.db "
	"key /etc/simgate/key queue 1000000\n"
	"clients given 1\n"
	"client www-data| submit\n"
	" sites[ studentu24 ]\n"
	"client |adm operator\n"
	" sites[ ]\n"
	"site studentu24|Studentu24.ru|studentu24.ru|RU|ru zone  autofill 1\n"
	" code 6 wrong 5 ttl 300000 lock 3600000 reveal 0 resend 60000 120000 300000\n"
	" countries[ RU KZ ]\n"
	" channels[ sms inbound_sms missed_call ]\n"
	" inbound 300000 call 120000\n"
	" account[ 5/3600000 10/86400000 ]\n"
	" number[ 6/3600000 10/86400000 ]\n"
	" all of account[ ]\n"
	" prefix[ 20/3600000 ]\n"
	" site[ ]\n"
	" sender[ 1/10800000 ]\n"
	" recipient[ 3/86400000 ]\n"
	" verified 1 quiet  age 86400000 confirm 0 text 0\n"
	" text[ ]\n"
	" uncertain verification 1\n"
	" uncertain contact_request 0\n"
	" uncertain text 0\n"
	" template verification ru Код {code}. Никому его не сообщайте.\n"
	" template contact_request ru Уважаемый {to_name}, пользователь {from_name} просит "
	"связаться "
	"с ним по заказу {order}. Администрация {title}.\n"
	" test +79000000001 000000\n"
	" translit 0\n"
	"modem gsm0 device  baud 115200 flow 0\n"
	" match 356938035643809||||||-1\n"
	" pin /etc/simgate/pin.gsm0 number +79120000000 smsc  ussd *100# reports 0 roaming 0\n"
	" prefixes[ +7 ]\n"
	" limits[ 10/60000 100/3600000 500/86400000 ]\n"
	" recipients[ ]\n"
	" balance 86400000 (-?[0-9]+([.,][0-9]+)*) 0\n"
	" timeouts 10000 180000 5000\n" DEFAULT_WAITS " global[ ]\n"
	"retain 86400000 2592000000 7776000000 7776000000 metrics  log 2 0\n" DEFAULT_LOG;

static void test_example_file(void **state)
{
	static char text[FILE_SIZE];
	struct dump d;

	(void)state;
	read_whole("tests/unit/config/whole.conf", text);
	dump_text(&d, text);
	assert_string_equal(d.text, example);
}

/* Every setting at a value that is not its default, lists in both forms. */
static const char unusual[] =
	"socket = { path = \"/s\"; mode = \"600\"; group = \"\"; };\n"
	"database = \"/d\"; key_file = \"/k\"; queue_max = 5000000L;\n"
	"clients = ( { user = \"u\"; role = \"viewer\"; sites = ( \"b\", \"a\" ); } );\n"
	"sites = ( { name = \"a\"; region = \"vn\"; },\n"
	"{ name = \"b\"; title = \"T\"; origin = \"b.org\"; region = \"RU\"; locale = \"pt-BR\";\n"
	"timezone = \"Asia/Omsk\"; autofill = false; verification = { code_length = 8; sms_ttl = "
	"\"1s\"; max_wrong_codes = "
	"3;\n"
	"lock = \"2h\"; resend_after = ( \"1s\" ); reveal_bound = \"at_once\"; countries = ( "
	"\"kz\" );\n"
	"channels = ( \"missed_call\" ); inbound_ttl = \"4s\"; call_ttl = \"3s\";\n"
	"limits = { per_account_number = [ ]; per_number = ( ); per_account = [ \"4/1h\" ];\n"
	"per_prefix = [ \"1/1s\" ];\n"
	"per_site = ( \"2/2m\", \"3/3h\" ); }; };\n"
	"contact = { per_sender = [ ]; per_recipient = [ \"9/1d\" ]; require_sender_verified = "
	"true;\n"
	"quiet_hours = \"21:00-09:30\"; max_age = \"2h\"; confirm_opt_out = true; }; text = { "
	"allowed = true; limits = [ \"1/1m\" ]; };\n"
	"on_uncertain = { verification = \"keep\"; contact_request = \"resend\"; text = "
	"\"resend\"; };\n"
	"templates = { contact_request = { en = \"x\"; }; verification = { ru = ( \"y\", \"z\" ); "
	"login = { "
	"en = ( \"l\" ); }; vi = \"v\"; "
	"}; };\n"
	"transliterate = \"always\"; test_numbers = ( { phone = \"+79000000001\"; code = "
	"\"12345678\"; } );\n"
	"} );\n"
	"modems = ( { name = \"m\"; device = \"tcp://[::1]:2001\"; baud = 9600; flow = "
	"\"rtscts\";\n"
	"pin_file = \"/p\"; number = \"+79120000000\"; smsc = \"+79120000001\"; prefixes = ( "
	"\"+7\", \"+84\" );\n"
	"recipients = [ \"7/30d\" ]; balance = { every = \"1h\"; pattern = \"sum=(.*)\"; low = 9; "
	"};\n"
	"limits = ( \"1/1m\" ); reports = \"never\"; roaming = \"refuse\"; ussd_balance = "
	"\"*1#\";\n"
	"timeouts = { prompt = \"1s\"; result = \"2s\"; command = \"3s\"; idle = \"4s\"; "
	"search = \"5s\";\n"
	"restart = \"6s\"; reopen = \"7s\"; alarm = \"8s\"; };\n"
	"recovery = { steps = [ \"reset\" ]; reset = \"AT^RESET\"; cool_down = \"9s\"; per_hour "
	"= 2;\n"
	"power_command = ( \"/bin/true\", \"x\" ); }; },\n"
	"{ name = \"n\"; match = { imei = \"123456789012345\"; iccid = \"8970101234567890123\";\n"
	"imsi = \"250011234567890\"; usb_serial = \"S\"; usb_path = \"1-1.4\"; usb_id = "
	"\"2c7c:0125\";\n"
	"interface = 2; }; } );\n"
	"retention = { failed_texts = \"1s\"; inbox = \"2s\"; events = \"3s\"; messages = \"4s\"; "
	"};\n"
	"limits = { global = [ \"7/1m\" ]; };\n"
	"metrics = { listen = \"127.0.0.1:9770\"; }; log = { level = \"debug\"; numbers = "
	"\"full\";\n"
	"summary = \"10s\"; transcripts = \"\"; }; spool = \"/sp\";\n";

static const char unusual_dump[] =
	"socket /s 600  database /d key /k queue 5000000\n"
	"clients given 1\n"
	"client u| viewer\n"
	" sites[ b a ]\n"
	"site a|||VN|en zone  autofill 1\n"
	" code 6 wrong 5 ttl 300000 lock 3600000 reveal 0 resend 60000 120000 300000\n"
	" countries[ VN ]\n" DEFAULT_SITE "site b|T|b.org|RU|pt-BR zone Asia/Omsk autofill 0\n"
	" code 8 wrong 3 ttl 1000 lock 7200000 reveal 1 resend 1000\n"
	" countries[ KZ ]\n"
	" channels[ missed_call ]\n"
	" inbound 4000 call 3000\n"
	" account[ ]\n"
	" number[ ]\n"
	" all of account[ 4/3600000 ]\n"
	" prefix[ 1/1000 ]\n"
	" site[ 2/120000 3/10800000 ]\n"
	" sender[ ]\n"
	" recipient[ 9/86400000 ]\n"
	" verified 1 quiet 21:00-09:30 age 7200000 confirm 1 text 1\n"
	" text[ 1/60000 ]\n"
	" uncertain verification 0\n"
	" uncertain contact_request 1\n"
	" uncertain text 1\n"
	" template contact_request en x\n"
	" template verification ru y\n"
	" template verification ru z\n"
	" template verification.login en l\n"
	" template verification vi v\n"
	" test +79000000001 12345678\n"
	" translit 2\n"
	"modem m device tcp://[::1]:2001 baud 9600 flow 1\n"
	" match ||||||-1\n"
	" pin /p number +79120000000 smsc +79120000001 ussd *1# reports 2 roaming 1\n"
	" prefixes[ +7 +84 ]\n"
	" limits[ 1/60000 ]\n"
	" recipients[ 7/2592000000 ]\n"
	" balance 3600000 sum=(.*) 9\n"
	" timeouts 1000 2000 3000\n"
	" idle 4000 search 5000 restart 6000 reopen 7000 alarm 8000\n"
	" steps[ reset ]\n"
	" power[ /bin/true x ]\n"
	" reset AT^RESET cool 9000 per hour 2\n"
	"modem n device  baud 115200 flow 0\n"
	" match 123456789012345|8970101234567890123|250011234567890|S|1-1.4|2c7c:0125|2\n"
	" pin  number  smsc  ussd  reports 0 roaming 0\n"
	" prefixes[ ]\n"
	" limits[ ]\n"
	" recipients[ ]\n"
	" balance 86400000 (-?[0-9]+([.,][0-9]+)*) 0\n"
	" timeouts 10000 180000 5000\n" DEFAULT_WAITS " global[ 7/60000 ]\n"
	"retain 1000 2000 3000 4000 metrics 127.0.0.1:9770 log 3 1\n"
	"summary 10000 transcripts \nspool /sp of b\n";

static void test_every_setting(void **state)
{
	struct dump d;

	(void)state;
	dump_text(&d, unusual);
	assert_string_equal(d.text, unusual_dump);
}

static void test_given(void **state)
{
	static const struct {
		const char *text;
		bool clients, group;
	} cases[] = {
		{ "", false, false },
		{ "clients = ( );", true, false },
		{ "socket = { mode = \"0600\"; };", false, false },
		{ "socket = { group = \"simgate\"; };", false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct told told;
		const struct config *config = load_text(cases[i].text, &told);

		assert_non_null(config);
		assert_int_equal(config->clients_given, cases[i].clients);
		assert_int_equal(config->socket_group_given, cases[i].group);
		config_unref(config);
	}
}

static void test_lookups(void **state)
{
	struct told told;
	const struct config *config = load_text(unusual, &told);

	(void)state;
	assert_non_null(config);
	assert_ptr_equal(config_site(config, "b"), &config->sites[1]);
	assert_null(config_site(config, "default"));
	assert_null(config_site(config, ""));
	assert_ptr_equal(config_modem(config, "m"), &config->modems[0]);
	assert_null(config_modem(config, "M"));
	config_unref(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),         cmocka_unit_test(test_shipped_file),
		cmocka_unit_test(test_shipped_examples), cmocka_unit_test(test_example_file),
		cmocka_unit_test(test_every_setting),    cmocka_unit_test(test_given),
		cmocka_unit_test(test_lookups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
