/* session_urc.c - unsolicited lines, as a table of prefixes.
 *
 * Lines of a restarted modem mean that every setting is lost: bring-up runs again, at once and in
 * a fresh conversation, because no command in flight will be answered. Unknown lines are dropped.
 */
#include <string.h>

#include "base/util.h"
#include "modem/bringup.h"
#include "modem/parse.h"

static void on_boot(struct session *s, const char *rest, const char *second)
{
	(void)rest;
	(void)second;
	session_reboot(s, "the modem restarted");
}

static void on_boot_radio(struct session *s, const char *rest, const char *second)
{
	/* Some repeat what was set: only a modem that was through with bring-up has restarted. */
	if (*rest == '1' && s->up)
		on_boot(s, rest, second);
}

static void on_creg(struct session *s, const char *rest, const char *second)
{
	(void)second;
	network_urc(s, NET_CS, rest);
}

static void on_cgreg(struct session *s, const char *rest, const char *second)
{
	(void)second;
	network_urc(s, NET_PS, rest);
}

static void on_cereg(struct session *s, const char *rest, const char *second)
{
	(void)second;
	network_urc(s, NET_EPS, rest);
}

static void on_stored(struct session *s, const char *rest, const char *second)
{
	(void)second;
	receive_stored(s, rest);
}

static void on_direct(struct session *s, const char *rest, const char *second)
{
	if (second != NULL)
		receive_direct(s, rest, second);
}

static void on_full(struct session *s, const char *rest, const char *second)
{
	(void)rest;
	(void)second;
	session_error(s, "the message memory of the modem is full");
	receive_start(s); /* whichever it is */
	session_work(s);
}

/* SMS functions work only from now on. The modem may even have restarted: of that nothing else is
 * heard where the speed of the line is guessed anew. */
static void on_sms_ready(struct session *s, const char *rest, const char *second)
{
	(void)rest;
	(void)second;
	if (s->up)
		bringup_from(s, ST_CHARSET);
	else
		bringup_sms_ready(s);
}

static void on_sim(struct session *s, const char *rest, const char *second)
{
	(void)second;
	if (!s->up)
		bringup_sim_event(s);
	else if (strncmp(rest, "READY", 5) != 0)
		bringup_from(s, ST_SIM);
}

static void sim_changed(struct session *s, bool left)
{
	if (!s->up)
		bringup_sim_event(s);
	else if (left)
		bringup_from(s, ST_SIM);
}

/* [mode,]inserted */
static void on_sim_inserted(struct session *s, const char *rest, const char *second)
{
	struct parse_fields fields;

	(void)second;
	parse_fields(&fields, rest);
	sim_changed(s, fields.n > 0 && parse_int(&fields, fields.n - 1, 1) == 0);
}

/* state[,lock]: 255 is none */
static void on_sim_state(struct session *s, const char *rest, const char *second)
{
	struct parse_fields fields;

	(void)second;
	parse_fields(&fields, rest);
	sim_changed(s, parse_int(&fields, 0, 0) == 255);
}

static void on_ring(struct session *s, const char *rest, const char *second)
{
	(void)rest;
	(void)second;
	calls_ring(s);
}

static void on_caller(struct session *s, const char *rest, const char *second)
{
	(void)second;
	calls_number(s, rest);
}

static void on_call_end(struct session *s, const char *rest, const char *second)
{
	(void)rest;
	(void)second;
	calls_ended(s);
}

static void on_ussd(struct session *s, const char *rest, const char *second)
{
	(void)second;
	ussd_urc(s, rest);
}

static void on_late(struct session *s, const char *rest, const char *second)
{
	(void)second;
	send_late(s, rest);
}

static void on_late_error(struct session *s, const char *rest, const char *second)
{
	(void)second;
	send_late_error(s, rest);
}

static const struct {
	const char *prefix;
	bool whole; /* nothing follows */
	void (*take)(struct session *s, const char *rest, const char *second);
} urcs[] = {
	{ "+CREG:", false, on_creg },
	{ "+CGREG:", false, on_cgreg },
	{ "+CEREG:", false, on_cereg },
	{ "+CMTI:", false, on_stored },
	{ "+CDSI:", false, on_stored },
	{ "+CMT:", false, on_direct },
	{ "+CDS:", false, on_direct },
	{ "+CMGS:", false, on_late },
	{ "+CMS ERROR:", false, on_late_error },
	{ "RING", true, on_ring },
	{ "+CRING:", false, on_ring },
	{ "+CLIP:", false, on_caller },
	{ "NO CARRIER", true, on_call_end },
	{ "^CEND:", false, on_call_end },
	{ "VOICE CALL: END", false, on_call_end },
	{ "+CUSD:", false, on_ussd },
	{ "RDY", true, on_boot },
	{ "^SYSSTART", false, on_boot },
	{ "*ATREADY", false, on_boot },
	{ "+AT: READY", false, on_boot },
	{ "+CFUN:", false, on_boot_radio },
	{ "SMS DONE", true, on_sms_ready },
	{ "SMS Ready", true, on_sms_ready },
	{ "+QIND: SMS DONE", false, on_sms_ready },
	{ "+QIND: \"smsfull\"", false, on_full },
	{ "^SMMEMFULL", false, on_full },
	{ "+SMS FULL", false, on_full },
	{ "+CPIN:", false, on_sim },
	{ "+QUSIM:", false, on_sim_state },
	{ "+QSIMSTAT:", false, on_sim_inserted },
	{ "^SIMST:", false, on_sim_state },
	{ "#QSS:", false, on_sim_inserted },
};

void session_urc(void *session, const char *line, const char *second)
{
	struct session *s = session;

	if (s->closing)
		return;
	for (size_t i = 0; i < ARRAY_LEN(urcs); i++) {
		const char *rest = parse_after(line, urcs[i].prefix);

		if (rest == NULL || (urcs[i].whole && *rest != '\0'))
			continue;
		urcs[i].take(s, rest, second);
		return;
	}
}
