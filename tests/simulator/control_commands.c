/* control_commands.c - what tests may do to a modem, its SIM, its network and its callers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/util.h"
#include "tests/simulator/control.h"
#include "tests/simulator/modem.h"

typedef enum control_result command_fn(struct control_call *call);

static enum control_result error(struct control_call *call, const char *why)
{
	fputs(why, call->out);
	return CONTROL_ERROR;
}

/* The next word of the arguments, or "". */
static char *word(struct control_call *call)
{
	char *at;

	call->args += strspn(call->args, " ");
	at = call->args;
	call->args += strcspn(call->args, " ");
	if (*call->args != '\0')
		*call->args++ = '\0';
	return at;
}

static bool number(const char *text, int base, long least, long most, long *value)
{
	char *end;

	*value = strtol(text, &end, base);
	return end != text && *end == '\0' && *value >= least && *value <= most;
}

/* \n, \r, \t and \\ become what they stand for, in place. */
static char *unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in != '\0'; in++) {
		static const char from[] = "nrt\\", to[] = "\n\r\t\\";
		const char *known = *in == '\\' && in[1] != '\0' ? strchr(from, in[1]) : NULL;

		*out++ = known != NULL ? to[known - from] : *in;
		in += known != NULL;
	}
	*out = '\0';
	return text;
}

/* Options of `sms` before its text, NAME=VALUE. */
struct sms_options {
	struct incoming in;
	long only;      /* this part alone, 0: all */
	bool backwards; /* the last part first */
};

static bool sms_option(struct sms_options *o, const char *text)
{
	static const char *const codings[] = { "gsm7", "8bit", "ucs2" };
	long value;

	for (int i = 0; i < 3; i++) {
		if (strncmp(text, "encoding=", 9) == 0 && strcmp(text + 9, codings[i]) == 0) {
			o->in.coding = i;
			return true;
		}
	}
	if (strncmp(text, "class=", 6) == 0 && number(text + 6, 10, 0, 3, &value))
		o->in.message_class = (int)value;
	else if (strncmp(text, "pid=", 4) == 0 && number(text + 4, 16, 0, 255, &value))
		o->in.pid = (uint8_t)value;
	else if (strncmp(text, "part=", 5) == 0 && number(text + 5, 10, 1, 255, &value))
		o->only = value;
	else if (strncmp(text, "ref=", 4) == 0 && number(text + 4, 10, 0, 65535, &value))
		o->in.reference = (unsigned)value;
	else if (strcmp(text, "ref16") == 0)
		o->in.wide_reference = true;
	else if (strcmp(text, "backwards") == 0)
		o->backwards = true;
	else
		return false;
	return true;
}

static void read_sms_options(struct control_call *call, struct sms_options *o)
{
	for (;;) {
		char *start = call->args + strspn(call->args, " "), option[64];
		size_t n = strcspn(start, " ");

		snprintf(option, sizeof(option), "%.*s", (int)(n < 63 ? n : 63), start);
		if (!sms_option(o, option))
			break;
		call->args = start + n + (start[n] == ' ');
	}
}

static enum control_result do_sms(struct control_call *call)
{
	static struct pdu parts[COMPOSE_PARTS_MAX];
	struct modem *modem = call->modem;
	struct sms_options o = { .in = { .coding = -1,
					 .message_class = -1,
					 .smsc = modem->sim.smsc,
					 .at_ms = clock_now_ms(),
					 .zone = (int)modem->knobs.zone,
					 .reference = ++modem->network.set_reference & 255 } };
	int n;

	o.in.from = word(call);
	read_sms_options(call, &o);
	o.in.text = unescape(call->args);
	n = compose_deliver(parts, &o.in);
	if (n < 0)
		return error(call, "sender or text cannot be coded");
	for (int i = 0; i < n; i++) {
		int part = o.backwards ? n - 1 - i : i;

		if (o.only == 0 || o.only == part + 1)
			network_deliver(modem, &parts[part], o.in.message_class, o.in.pid == 0x40);
	}
	fprintf(call->out, "%d", n);
	return CONTROL_OK;
}

/* Any TPDU, right or wrong, as the modem would hand it over. */
static enum control_result do_pdu(struct control_call *call)
{
	struct pdu pdu;
	uint8_t smsc;
	const char *hex = word(call);
	size_t n = strlen(hex);
	long length;

	if (n < 2 || n >= sizeof(pdu.hex) || !sms_unhex(&smsc, hex, 2))
		return error(call, "HEX [LENGTH]");
	strcpy(pdu.hex, hex);
	if (!number(word(call), 10, 0, 255, &length))
		length = (long)n / 2 - 1 - smsc;
	pdu.length = (unsigned)length;
	network_deliver(call->modem, &pdu, -1, false);
	return CONTROL_OK;
}

static void call_over(void *arg, const char *how, int rings)
{
	char line[64];

	snprintf(line, sizeof(line), "ok %s %d", how, rings);
	control_answer(arg, line);
}

static enum control_result do_call(struct control_call *call)
{
	const char *from = word(call), *rings = word(call);
	bool wait = strcmp(rings, "nowait") != 0 && strcmp(word(call), "nowait") != 0;
	long n = 5;
	int result;

	if (from[0] == '\0')
		return error(call, "NUMBER|withheld [RINGS] [nowait]");
	number(rings, 10, 1, 1000, &n);
	if (n < 1 || n > 1000)
		n = 5;
	result = network_call(call->modem, strcmp(from, "withheld") == 0 ? "" : from, (int)n,
			      wait ? call_over : NULL, call->client);
	if (result < 0)
		return error(call, result == -EBUSY ? "a call rings already" : "not reachable");
	return wait ? CONTROL_LATER : CONTROL_OK;
}

static enum control_result do_urc(struct control_call *call)
{
	reply_urc(call->modem, unescape(call->args), NULL);
	return CONTROL_OK;
}

static void flood(void *owner, struct job *job)
{
	enum { BATCH = 64, HIGH_WATER = 65536 };
	struct modem *modem = owner;
	size_t unwritten = 0;
	struct job *next;
	long left = job->number;

	for (size_t i = 0; i < MODEM_LINES_MAX; i++)
		unwritten += modem->lines[i] != NULL ? line_unwritten(modem->lines[i]) : 0;
	for (int i = 0; i < BATCH && left > 0 && unwritten < HIGH_WATER; i++, left--)
		reply_urc(modem, job->data, NULL);
	if (left == 0)
		return;
	next = jobs_after(&modem->jobs, unwritten < HIGH_WATER ? 0 : 1, JOB_URC, flood, job->data);
	next->number = left;
	job->data = NULL;
}

static enum control_result do_flood(struct control_call *call)
{
	char *count = strrchr(call->args, ' ');
	long n;

	if (count == NULL || !number(count + 1, 10, 1, 10000000, &n))
		return error(call, "TEXT N");
	*count = '\0';
	jobs_after(&call->modem->jobs, 0, JOB_URC, flood, strdup(unescape(call->args)))->number = n;
	return CONTROL_OK;
}

static enum control_result do_garbage(struct control_call *call)
{
	uint8_t bytes[4096];
	uint32_t x = (uint32_t)call->modem->faults.random | 1;
	long n;

	if (!number(word(call), 10, 1, sizeof(bytes), &n))
		return error(call, "N (1 to 4096)");
	for (long i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(x >> 24);
	}
	call->modem->faults.random += x;
	call->modem->faults.random |= 1;
	reply_bytes(call->modem, bytes, (size_t)n);
	return CONTROL_OK;
}

static enum control_result do_registration(struct control_call *call)
{
	static const char *const domains[] = { "CREG", "CGREG", "CEREG" };
	const char *stat = word(call), *domain = word(call);
	long value;

	if (!number(stat, 10, 0, 11, &value))
		return error(call, "STAT [CREG|CGREG|CEREG]");
	if (domain[0] == '\0') {
		radio_all(call->modem, (int)value);
		return CONTROL_OK;
	}
	for (size_t i = 0; i < ARRAY_LEN(domains); i++) {
		if (strcmp(domain, domains[i]) == 0) {
			radio_registration(call->modem, (enum registration)i, (int)value);
			return CONTROL_OK;
		}
	}
	return error(call, "STAT [CREG|CGREG|CEREG]");
}

static enum control_result do_signal(struct control_call *call)
{
	long value;

	if (!number(word(call), 10, 0, 99, &value))
		return error(call, "0..31 or 99");
	call->modem->radio.signal = (int)value;
	return CONTROL_OK;
}

static enum control_result do_sim(struct control_call *call)
{
	const char *what = word(call), *iccid = word(call);
	struct sim *sim = &call->modem->sim;

	if (strcmp(what, "remove") != 0 && strcmp(what, "insert") != 0)
		return error(call, "remove|insert [ICCID]");
	if (iccid[0] != '\0')
		snprintf(sim->iccid, sizeof(sim->iccid), "%s", iccid);
	sim_insert(call->modem, strcmp(what, "insert") == 0);
	return CONTROL_OK;
}

static enum control_result do_unplug(struct control_call *call)
{
	modem_unplug(call->modem);
	return CONTROL_OK;
}

static enum control_result do_plug(struct control_call *call)
{
	const char *path = word(call);
	int result = modem_plug(call->modem, path[0] != '\0' ? path : NULL);

	return result < 0 ? error(call, strerror(-result)) : CONTROL_OK;
}

static enum control_result do_reboot(struct control_call *call)
{
	modem_reboot(call->modem);
	return CONTROL_OK;
}

static enum control_result do_report(struct control_call *call)
{
	const char *st = word(call), *delay = word(call);
	long status, ms = 0;

	if (!number(st, 16, 0, 255, &status) ||
	    (delay[0] != '\0' && !number(delay, 10, 0, 3600000, &ms)))
		return error(call, "ST (hex) [MS]");
	if (network_report(call->modem, (uint8_t)status, ms) < 0)
		return error(call, "no message has asked for a report");
	return CONTROL_OK;
}

static enum control_result do_reports(struct control_call *call)
{
	if (network_reports(call->modem, word(call)) < 0)
		return error(call, "none|delivered|failed|PREFIX:ST[/ST],...");
	return CONTROL_OK;
}

static enum control_result do_refuse(struct control_call *call)
{
	const char *prefix = word(call), *code = word(call);
	long value = 0;

	if (strcmp(code, "off") != 0 && !number(code, 10, 1, 9999, &value))
		return error(call, "PREFIX CODE|off");
	if (network_refuse(call->modem, prefix, (int)value) < 0)
		return error(call, "too many, or too long");
	return CONTROL_OK;
}

static enum control_result do_ussd(struct control_call *call)
{
	const char *code = word(call);

	if (code[0] == '\0')
		return error(call, "CODE [ANSWER]");
	network_ussd_set(call->modem, code, call->args[0] != '\0' ? unescape(call->args) : NULL);
	return CONTROL_OK;
}

static enum control_result do_smsc(struct control_call *call)
{
	snprintf(call->modem->sim.smsc, SMS_ADDRESS_SIZE, "%s", word(call));
	return CONTROL_OK;
}

static enum control_result do_set(struct control_call *call)
{
	const char *name = word(call);
	int result = knobs_set(&call->modem->knobs, name, word(call));

	if (result < 0)
		return error(call, result == -ENOENT ? "no such setting" : "not in its range");
	return CONTROL_OK;
}

static enum control_result do_get(struct control_call *call)
{
	for (size_t i = 0; i < knob_count; i++)
		fprintf(call->out, "%s%s=%ld", i > 0 ? " " : "", knob_table[i].name,
			knobs_get(&call->modem->knobs, &knob_table[i]));
	return CONTROL_OK;
}

static enum control_result do_fault(struct control_call *call)
{
	const char *why;

	return faults_add(&call->modem->faults, call->args, &why) < 0 ? error(call, why)
								      : CONTROL_OK;
}

static enum control_result do_faults(struct control_call *call)
{
	char list[4096];

	faults_list(&call->modem->faults, list, sizeof(list));
	fputs(list, call->out);
	return CONTROL_OK;
}

#define SHOW_STAT(name) fprintf(out, #name "=%llu ", (unsigned long long)modem->stats.name);

static enum control_result do_stats(struct control_call *call)
{
	const struct modem *modem = call->modem;
	FILE *out = call->out;

	STATS(SHOW_STAT)
	fprintf(out, "incomplete=%zu sm=%zu me=%zu sr=%zu", modem->network.handset.n_sets,
		modem->stores[MEMORY_SM].used, modem->stores[MEMORY_ME].used,
		modem->stores[MEMORY_SR].used);
	return CONTROL_OK;
}

static enum control_result do_handset(struct control_call *call)
{
	char *dump = handset_dump(&call->modem->network.handset);

	fputs(dump != NULL ? dump : "[]", call->out);
	free(dump);
	return CONTROL_OK;
}

static enum control_result do_violations(struct control_call *call)
{
	struct modem *modem = call->modem;
	uint64_t n = modem->stats.violations;

	if (strcmp(word(call), "clear") == 0) {
		modem->stats.violations = 0;
		return CONTROL_OK;
	}
	fprintf(call->out, "%llu", (unsigned long long)n);
	for (uint64_t i = n > VIOLATIONS_KEPT ? n - VIOLATIONS_KEPT : 0; i < n; i++)
		fprintf(call->out, " | %s", modem->violations[i % VIOLATIONS_KEPT]);
	return CONTROL_OK;
}

static enum control_result do_modems(struct control_call *call)
{
	for (const struct modem *m = call->modems; m != NULL; m = m->next)
		fprintf(call->out, "%s%s", m->options->name, m->next != NULL ? " " : "");
	return CONTROL_OK;
}

static const struct {
	const char *name;
	command_fn *run;
} commands[] = {
	{ "sms", do_sms },
	{ "pdu", do_pdu },
	{ "call", do_call },
	{ "urc", do_urc },
	{ "flood", do_flood },
	{ "garbage", do_garbage },
	{ "registration", do_registration },
	{ "signal", do_signal },
	{ "sim", do_sim },
	{ "unplug", do_unplug },
	{ "plug", do_plug },
	{ "reboot", do_reboot },
	{ "report", do_report },
	{ "reports", do_reports },
	{ "refuse", do_refuse },
	{ "ussd", do_ussd },
	{ "smsc", do_smsc },
	{ "set", do_set },
	{ "get", do_get },
	{ "fault", do_fault },
	{ "faults", do_faults },
	{ "stats", do_stats },
	{ "handset", do_handset },
	{ "violations", do_violations },
	{ "modems", do_modems },
};

enum control_result control_execute(struct control_call *call, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run(call);
	return error(call, "no such command; tests/simulator/README.md lists them");
}
