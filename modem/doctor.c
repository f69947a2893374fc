/* doctor.c - what is wrong with the ports and modems that detect found, and what to do about it.
 *
 * One rule a subject; each looks at one port and tells at most one finding. Rules about the SIM
 * and the network speak only of modems that answered or are ours. */
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mask.h"
#include "base/util.h"
#include "modem/control_ports.h"

enum { WEAK_DBM = -105, FULL_PERCENT = 90 };

struct teller {
	modem_finding *tell;
	void *arg;
	const char *check, *subject;
};

static void tell(const struct teller *t, enum finding_level level, const char *remedy,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

static void tell(const struct teller *t, enum finding_level level, const char *remedy,
		 const char *format, ...)
{
	struct finding finding = { .level = level };
	va_list args;

	snprintf(finding.check, sizeof(finding.check), "%s", t->check);
	snprintf(finding.subject, sizeof(finding.subject), "%s", t->subject);
	snprintf(finding.remedy, sizeof(finding.remedy), "%s", level != FINDING_PASS ? remedy : "");
	va_start(args, format);
	vsnprintf(finding.detail, sizeof(finding.detail), format, args);
	va_end(args);
	t->tell(t->arg, &finding);
}

/* A port that some modem needs; others may stay closed. */
static bool is_wanted(const struct modem_port *port)
{
	return port->used_by[0] != '\0' || port->known[0] != '\0';
}

static bool is_asked(const struct modem_port *port)
{
	return port->answer == PORT_ANSWERS || port->answer == PORT_OURS;
}

/* ---- the port ---- */

static void check_rights(const struct teller *t, const struct modem_port *port)
{
	const struct group *group = NULL;
	struct stat st = { 0 };
	char remedy[160];

	if (port->answer != PORT_NO_RIGHTS)
		return;
	if (stat(port->device, &st) == 0)
		group = getgrgid(st.st_gid);
	snprintf(remedy, sizeof(remedy), "usermod -aG %s simgate, then restart simgated",
		 group != NULL ? group->gr_name : "dialout");
	tell(t, is_wanted(port) ? FINDING_FAIL : FINDING_WARN, remedy,
	     "this user may not open it (group %s, mode %o)",
	     group != NULL ? group->gr_name : "unknown", (unsigned)st.st_mode & 0777);
}

static void check_holder(const struct teller *t, const struct modem_port *port)
{
	if (port->answer != PORT_HELD)
		return;
	if (strncmp(port->holder, "simgated ", 9) == 0)
		tell(t, FINDING_PASS, "", "in use by %s", port->holder);
	else
		tell(t, is_wanted(port) ? FINDING_FAIL : FINDING_WARN,
		     port->holder[0] != '\0'
			     ? port->why
			     : "stop who holds it (root's simgate doctor names it; often "
			       "ModemManager, gammu-smsd, smsd, brltty or gpsd)",
		     "held by %s", port->holder[0] != '\0' ? port->holder : "another program");
}

static void check_port(const struct teller *t, const struct modem_port *port)
{
	if (port->answer == PORT_FAULTY)
		tell(t, is_wanted(port) ? FINDING_FAIL : FINDING_WARN,
		     "look at dmesg; try another cable, port or hub", "%s", port->why);
	else if (port->answer == PORT_SILENT && is_wanted(port))
		tell(t, port->used_by[0] != '\0' ? FINDING_FAIL : FINDING_WARN,
		     "power it off and on; check baud and cable", "%s", port->why);
}

/* ---- the modem ---- */

static const struct {
	const char *state;
	enum finding_level level;
	const char *remedy;
} states[] = {
	{ "ready", FINDING_PASS, "" },
	{ "sending", FINDING_PASS, "" },
	{ "drained", FINDING_WARN, "simgate modem resume" },
	{ "draining", FINDING_WARN, "simgate modem resume" },
	{ "opening", FINDING_WARN, "wait a moment" },
	{ "starting", FINDING_WARN, "wait a moment" },
	{ "searching", FINDING_WARN, "check antenna, coverage and whether the SIM is active" },
	{ "recovering", FINDING_WARN, "see its last error: simgate modem show" },
	{ "absent", FINDING_FAIL, "plug it in; simgate detect shows what is there" },
	{ "failed", FINDING_FAIL, "put right what it says, then: simgate modem reopen" },
	{ "denied", FINDING_FAIL, "is the SIM paid for and allowed in this device?" },
	{ "sim_missing", FINDING_FAIL, "put a SIM in" },
	{ "sim_pin", FINDING_FAIL, "write the PIN into the modem's pin_file" },
	{ "sim_puk", FINDING_FAIL, "enter the PUK in a telephone" },
};

static void check_modem(const struct teller *t, const struct modem_port *port)
{
	char words[200], masked[240];

	if (port->answer == PORT_ANSWERS) {
		modem_port_words(port, words, sizeof(words));
		mask_line(masked, sizeof(masked), words);
		tell(t, FINDING_PASS, "", "%s", masked);
		return;
	}
	for (size_t i = 0; port->answer == PORT_OURS && i < ARRAY_LEN(states); i++)
		if (strcmp(states[i].state, port->state) == 0)
			tell(t, states[i].level, states[i].remedy, "%s: %s", port->state,
			     port->why);
}

static const struct {
	const char *word;
	enum finding_level level;
	const char *text, *remedy;
} sims[] = {
	{ "READY", FINDING_PASS, "the SIM is ready", "" },
	{ "SIM PIN", FINDING_WARN, "the SIM asks for its PIN",
	  "write it into a file (0600) and name that in pin_file" },
	{ "SIM PUK", FINDING_FAIL, "the SIM is blocked and asks for its PUK",
	  "enter the PUK in a telephone" },
	{ "MISSING", FINDING_FAIL, "no SIM, or a faulty one", "put one in, contacts downwards" },
	{ "NOT INSERTED", FINDING_FAIL, "no SIM", "put one in" },
};

static void check_sim(const struct teller *t, const struct modem_port *port)
{
	if (!is_asked(port) || port->sim[0] == '\0')
		return;
	for (size_t i = 0; i < ARRAY_LEN(sims); i++) {
		if (strcmp(sims[i].word, port->sim) != 0)
			continue;
		tell(t, sims[i].level, sims[i].remedy, "%s", sims[i].text);
		return;
	}
	tell(t, strncmp(port->sim, "PH-", 3) == 0 ? FINDING_FAIL : FINDING_WARN,
	     "a modem locked to an operator takes only that operator's SIM", "the SIM says %s",
	     port->sim);
}

static const struct {
	enum finding_level level;
	const char *text;
} registrations[] = {
	{ FINDING_WARN, "not registered and not searching" },
	{ FINDING_PASS, "registered" },
	{ FINDING_WARN, "searching for a network" },
	{ FINDING_FAIL, "the network denies this SIM or modem" },
	{ FINDING_WARN, "no coverage" },
	{ FINDING_PASS, "registered, roaming" },
	{ FINDING_PASS, "registered for SMS only" },
	{ FINDING_PASS, "registered for SMS only, roaming" },
	{ FINDING_FAIL, "emergency calls only" },
	{ FINDING_PASS, "registered" },
	{ FINDING_PASS, "registered, roaming" },
	{ FINDING_FAIL, "access to local services only" },
};

static bool is_sim_ready(const struct modem_port *port)
{
	return is_asked(port) && strcmp(port->sim, "READY") == 0;
}

static void check_registration(const struct teller *t, const struct modem_port *port)
{
	int stat = port->registration;

	if (!is_sim_ready(port) || stat < 0 || stat >= (int)ARRAY_LEN(registrations))
		return;
	tell(t, registrations[stat].level,
	     stat == 3 ? "is the SIM paid for and allowed in this device? ask the operator"
		       : "check antenna and coverage; is the SIM active?",
	     "%s%s%s", registrations[stat].text, port->operator_name[0] != '\0' ? ", " : "",
	     port->operator_name);
}

static void check_signal(const struct teller *t, const struct modem_port *port)
{
	if (!is_sim_ready(port) || (port->dbm == 0 && port->rat[0] == '\0'))
		return;
	if (port->dbm == 0)
		tell(t, FINDING_PASS, "", "%s; the modem tells no strength", port->rat);
	else
		tell(t, port->dbm < WEAK_DBM ? FINDING_WARN : FINDING_PASS,
		     "a better antenna, or another place for it", "%s %d dBm", port->rat,
		     port->dbm);
}

static void check_centre(const struct teller *t, const struct modem_port *port)
{
	char masked[MASK_SIZE];

	if (!is_sim_ready(port) || (port->answer == PORT_OURS && port->registration < 0))
		return;
	mask_number(masked, port->smsc);
	if (port->smsc[0] != '\0')
		tell(t, FINDING_PASS, "", "message centre %s", masked);
	else
		tell(t, FINDING_WARN, "set smsc of the modem to the operator's number",
		     "the SIM has no message centre: sending fails with error 330");
}

static void check_storage(const struct teller *t, const struct modem_port *port)
{
	int used = port->storage_used, total = port->storage_total;
	enum finding_level level = FINDING_PASS;

	if (!is_asked(port) || used < 0 || total <= 0)
		return;
	if (used >= total)
		level = FINDING_FAIL;
	else if (used * 100 >= total * FULL_PERCENT)
		level = FINDING_WARN;
	tell(t, level,
	     "a full memory receives nothing: name the modem in the configuration, so that "
	     "what was read is deleted",
	     "%d of %d places for messages are taken", used, total);
}

/* ---- all ---- */

static const struct {
	const char *check;
	void (*rule)(const struct teller *t, const struct modem_port *port);
} rules[] = {
	{ "rights", check_rights },   { "holder", check_holder },
	{ "port", check_port },       { "modem", check_modem },
	{ "sim", check_sim },         { "registration", check_registration },
	{ "signal", check_signal },   { "smsc", check_centre },
	{ "storage", check_storage },
};

static void check_any(const struct modem_ports *ports, struct teller *t)
{
	size_t n = 0;

	for (size_t i = 0; i < ports->n_ports; i++)
		n += is_asked(&ports->ports[i]) || ports->ports[i].answer == PORT_HELD;
	t->check = "modem";
	t->subject = "";
	if (n == 0)
		tell(t, FINDING_FAIL,
		     "plug one in; simgate detect shows every port and what it says",
		     "no modem was found");
}

void modem_findings(const struct modem_ports *ports, modem_finding *fn, void *arg)
{
	struct teller t = { .tell = fn, .arg = arg };

	for (size_t i = 0; i < ports->n_ports; i++) {
		const struct modem_port *port = &ports->ports[i];

		t.subject = port->used_by[0] != '\0' ? port->used_by : port->device;
		for (size_t k = 0; k < ARRAY_LEN(rules); k++) {
			t.check = rules[k].check;
			rules[k].rule(&t, port);
		}
	}
	t.check = "usb";
	for (size_t i = 0; i < ports->n_strays; i++) {
		t.subject = ports->strays[i].usb_path;
		tell(&t, FINDING_WARN, "", "%s %s", ports->strays[i].usb_id, ports->strays[i].why);
	}
	check_any(ports, &t);
}

const char *finding_level_name(enum finding_level level)
{
	static const char *const names[] = { "pass", "warn", "fail" };

	return names[level];
}
