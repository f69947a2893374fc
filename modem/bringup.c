/* bringup.c - the table of steps from the first AT to ready, and the one function that moves.
 *
 * Steps in order: does it answer, how it shall talk, who it is, radio, SIM and PIN, quirks,
 * registration reports, SMS settings, calls. Only two may fail: the probe (silence) and PDU mode
 * (no SMS at all); every other step goes on after ERROR or silence, because a modem that knows
 * only the essential commands can send. Waiting for a SIM is a step that repeats. */
#include "modem/bringup.h"

#include <stdio.h>
#include <string.h>

#include "base/secret.h"

enum { COMMAND_SIZE = 160, FAILED_AGAIN_MS = 60000, OTHER_AGAIN_MS = 1000 };

struct step_row {
	const char *name, *cmd, *prefix;
	unsigned timeout_ms, flags;
	enum step on_ok, on_error;
	step_decide *decide;   /* NULL: by status */
	step_compose *compose; /* NULL: cmd as it is */
	unsigned pause_ms;     /* no command: wait, then on_ok */
	void (*arrive)(struct session *s);
};

static void arrive_up(struct session *s);
static void arrive_silent(struct session *s);
static void arrive_no_sms(struct session *s);
static void arrive_other(struct session *s);

/* clang-format off */
static const struct step_row steps[ST_COUNT] = {
	[ST_PROBE] = { "probe", "AT", NULL, 3000, 0, .on_ok = ST_ECHO_OFF, .on_error = ST_SILENT },
	[ST_ECHO_OFF] = { "echo off", "ATE0", NULL, 3000, 0, .on_ok = ST_VERBOSE, .on_error = ST_VERBOSE },
	[ST_VERBOSE] = { "results in words", "ATV1", NULL, 3000, 0, .on_ok = ST_RESULTS_ON, .on_error = ST_RESULTS_ON },
	[ST_RESULTS_ON] = { "results on", "ATQ0", NULL, 3000, 0, .on_ok = ST_NO_ANSWERING, .on_error = ST_NO_ANSWERING },
	[ST_NO_ANSWERING] = { "never answer calls", "ATS0=0", NULL, 3000, 0, .on_ok = ST_ERROR_CODES, .on_error = ST_ERROR_CODES },
	[ST_ERROR_CODES] = { "error numbers", "AT+CMEE=1", NULL, 3000, 0, .on_ok = ST_MAKER, .on_error = ST_MAKER, .decide = identity_errors },

	[ST_MAKER] = { "manufacturer", "AT+CGMI", "+CGMI:", 5000, AT_BARE_LINES, .on_ok = ST_MODEL, .on_error = ST_MAKER_2, .decide = identity_maker },
	[ST_MAKER_2] = { "manufacturer", "AT+GMI", "+GMI:", 5000, AT_BARE_LINES, .on_ok = ST_MODEL, .on_error = ST_MODEL, .decide = identity_maker },
	[ST_MODEL] = { "model", "AT+CGMM", "+CGMM:", 5000, AT_BARE_LINES, .on_ok = ST_REVISION, .on_error = ST_MODEL_2, .decide = identity_model },
	[ST_MODEL_2] = { "model", "AT+GMM", "+GMM:", 5000, AT_BARE_LINES, .on_ok = ST_REVISION, .on_error = ST_REVISION, .decide = identity_model },
	[ST_REVISION] = { "revision", "AT+CGMR", "+CGMR:", 5000, AT_BARE_LINES, .on_ok = ST_SERIAL, .on_error = ST_SERIAL, .decide = identity_revision },
	[ST_SERIAL] = { "IMEI", "AT+CGSN", "+CGSN:", 20000, AT_BARE_LINES, .on_ok = ST_PROFILE, .on_error = ST_SERIAL_2, .decide = identity_serial },
	[ST_SERIAL_2] = { "IMEI", "AT+GSN", "+GSN:", 20000, AT_BARE_LINES, .on_ok = ST_PROFILE, .on_error = ST_SERIAL_3, .decide = identity_serial },
	[ST_SERIAL_3] = { "IMEI", "AT+CGSN=1", "+CGSN:", 5000, AT_BARE_LINES, .on_ok = ST_PROFILE, .on_error = ST_SERIAL_4, .decide = identity_serial },
	[ST_SERIAL_4] = { "IMEI", "ATI", NULL, 5000, AT_BARE_LINES, .on_ok = ST_PROFILE, .on_error = ST_PROFILE, .decide = identity_serial },
	[ST_PROFILE] = { "profile", .on_ok = ST_RADIO_ASK, .decide = identity_profile },

	[ST_RADIO_ASK] = { "radio", "AT+CFUN?", "+CFUN:", 15000, 0, .on_ok = ST_SIM, .on_error = ST_SIM, .decide = sim_radio },
	[ST_RADIO_ON] = { "radio on", "AT+CFUN=1", NULL, 60000, 0, .on_ok = ST_SIM, .on_error = ST_SIM },
	[ST_SIM] = { "SIM", "AT+CPIN?", "+CPIN:", 10000, 0, .on_ok = ST_ICCID, .on_error = ST_ICCID, .decide = sim_state },
	[ST_SIM_OFF] = { "SIM off", "AT+CFUN=0", NULL, 15000, 0, .on_ok = ST_SIM_PAUSE, .on_error = ST_SIM_PAUSE },
	[ST_SIM_PAUSE] = { "SIM off", .on_ok = ST_SIM_ON, .pause_ms = 5000 },
	[ST_SIM_ON] = { "SIM on", "AT+CFUN=1", NULL, 60000, 0, .on_ok = ST_SIM, .on_error = ST_SIM },
	[ST_ICCID] = { "ICCID", NULL, "+CCID:|+ICCID:|+QCCID:|+CICCID:|^ICCID:|#CCID:|!ICCID:|+ZGETICCID:|ICCID:|+SCID:", 10000, AT_BARE_LINES, .on_ok = ST_IMSI, .on_error = ST_ICCID_FILE, .decide = identity_iccid, .compose = identity_iccid_cmd },
	[ST_ICCID_FILE] = { "ICCID", "AT+CRSM=176,12258,0,0,10", "+CRSM:", 20000, 0, .on_ok = ST_IMSI, .on_error = ST_IMSI, .decide = identity_iccid_file },
	[ST_PIN_TRIES] = { "PIN tries left", NULL, "^CPIN:|+QPINC:|+SPIC:|+UPINCNT:|#PCT:|+CPINC:|^SPIC:|+CPINR:|+CPINRE:|+CSIM:", 10000, 0, .on_ok = ST_PIN_ASK, .on_error = ST_PIN_ASK, .decide = sim_tries, .compose = sim_tries_cmd },
	[ST_PIN_ASK] = { "PIN", .on_ok = ST_WAIT_PIN, .decide = sim_pin_ask },
	[ST_WAIT_PIN] = { "PIN", .arrive = sim_want_pin },
	[ST_PIN_ENTER] = { "PIN", NULL, NULL, 30000, AT_SECRET, .on_ok = ST_SIM, .on_error = ST_SIM, .decide = sim_pin_entered, .compose = sim_pin_cmd },
	[ST_IMSI] = { "IMSI", "AT+CIMI", "+CIMI:", 20000, AT_BARE_LINES, .on_ok = ST_MATCH, .on_error = ST_MATCH, .decide = identity_imsi },
	[ST_MATCH] = { "identity", .on_ok = ST_CALM, .decide = identity_match },

	[ST_CALM] = { "quirks", NULL, NULL, 3000, AT_BARE_LINES, .on_ok = ST_CALM, .on_error = ST_BAUD, .decide = identity_calm, .compose = identity_calm_cmd },
	[ST_BAUD] = { "baud", NULL, NULL, 3000, 0, .on_ok = ST_CHARSET, .on_error = ST_CHARSET, .compose = identity_baud_cmd },
	[ST_CHARSET] = { "character set", "AT+CSCS=\"GSM\"", NULL, 3000, 0, .on_ok = ST_REG_CS, .on_error = ST_CHARSET_2, .decide = sms_charset },
	[ST_CHARSET_2] = { "character set", "AT+CSCS=\"IRA\"", NULL, 3000, 0, .on_ok = ST_REG_CS, .on_error = ST_CHARSET_ASK, .decide = sms_charset },
	[ST_CHARSET_ASK] = { "character set", "AT+CSCS?", "+CSCS:", 3000, 0, .on_ok = ST_REG_CS, .on_error = ST_REG_CS, .decide = sms_charset },
	[ST_REG_CS] = { "registration reports", "AT+CREG=2", NULL, 5000, 0, .on_ok = ST_REG_PS, .on_error = ST_REG_CS_1 },
	[ST_REG_CS_1] = { "registration reports", "AT+CREG=1", NULL, 5000, 0, .on_ok = ST_REG_PS, .on_error = ST_REG_PS },
	[ST_REG_PS] = { "registration reports", "AT+CGREG=2", NULL, 5000, 0, .on_ok = ST_REG_EPS, .on_error = ST_REG_PS_1 },
	[ST_REG_PS_1] = { "registration reports", "AT+CGREG=1", NULL, 5000, 0, .on_ok = ST_REG_EPS, .on_error = ST_REG_EPS },
	[ST_REG_EPS] = { "registration reports", "AT+CEREG=2", NULL, 5000, 0, .on_ok = ST_SERVICE, .on_error = ST_REG_EPS_1 },
	[ST_REG_EPS_1] = { "registration reports", "AT+CEREG=1", NULL, 5000, 0, .on_ok = ST_SERVICE, .on_error = ST_SERVICE },

	[ST_SERVICE] = { "SMS service", "AT+CSMS=0", "+CSMS:", 5000, 0, .on_ok = ST_PDU_MODE, .on_error = ST_SERVICE_ASK, .decide = sms_service },
	[ST_SERVICE_ASK] = { "SMS service", "AT+CSMS?", "+CSMS:", 5000, 0, .on_ok = ST_PDU_MODE, .on_error = ST_PDU_MODE, .decide = sms_service },
	[ST_PDU_MODE] = { "PDU mode", "AT+CMGF=0", NULL, 5000, 0, .on_ok = ST_ROUTE, .on_error = ST_NO_SMS, .decide = sms_pdu_mode },
	[ST_ROUTE] = { "way for SMS", NULL, NULL, 5000, 0, .on_ok = ST_STORAGES, .on_error = ST_STORAGES, .compose = send_route_cmd },
	[ST_STORAGES] = { "storages", "AT+CPMS=?", "+CPMS:", 10000, 0, .on_ok = ST_STORAGE_SET, .on_error = ST_STORAGE_SET, .decide = sms_storages },
	[ST_STORAGE_SET] = { "storage", NULL, "+CPMS:", 10000, 0, .on_ok = ST_NOTICES, .on_error = ST_NOTICES, .decide = sms_storage_set, .compose = sms_storage_cmd },
	[ST_NOTICES] = { "notices", "AT+CNMI=?", "+CNMI:", 5000, 0, .on_ok = ST_NOTICE_SET, .on_error = ST_NOTICE_SET, .decide = sms_notices },
	[ST_NOTICE_SET] = { "notices", NULL, NULL, 5000, 0, .on_ok = ST_CENTRE, .on_error = ST_CENTRE, .decide = sms_notice_set, .compose = sms_notice_cmd },
	[ST_CENTRE] = { "service centre", "AT+CSCA?", "+CSCA:", 5000, 0, .on_ok = ST_CALLER_ID, .on_error = ST_CALLER_ID, .decide = sms_centre },
	[ST_CENTRE_SET] = { "service centre", NULL, NULL, 5000, 0, .on_ok = ST_CALLER_ID, .on_error = ST_CALLER_ID, .decide = sms_centre_set, .compose = sms_centre_cmd },
	[ST_CALLER_ID] = { "caller id", "AT+CLIP=1", NULL, 20000, 0, .on_ok = ST_RING_PLAIN, .on_error = ST_RING_PLAIN, .decide = calls_caller_id },
	[ST_RING_PLAIN] = { "plain RING", "AT+CRC=0", NULL, 3000, 0, .on_ok = ST_OPERATOR_FORM, .on_error = ST_OPERATOR_FORM },
	[ST_OPERATOR_FORM] = { "operator's name", "AT+COPS=3,0", NULL, 5000, 0, .on_ok = ST_UP, .on_error = ST_UP },
	[ST_UP] = { "up", .arrive = arrive_up },

	[ST_RADIO_CYCLE_OFF] = { "radio off", "AT+CFUN=4", NULL, 15000, 0, .on_ok = ST_RADIO_CYCLE_PAUSE, .on_error = ST_RADIO_CYCLE_PAUSE },
	[ST_RADIO_CYCLE_PAUSE] = { "radio off", .on_ok = ST_RADIO_CYCLE_ON, .pause_ms = 3000 },
	[ST_RADIO_CYCLE_ON] = { "radio on", "AT+CFUN=1", NULL, 60000, 0, .on_ok = ST_PROBE, .on_error = ST_PROBE },
	[ST_RESET] = { "reset", NULL, NULL, 5000, AT_NO_REPLY, .on_ok = ST_RESET_PAUSE, .on_error = ST_RESET_PAUSE, .decide = recover_reset_sent, .compose = recover_reset_cmd },
	[ST_RESET_PAUSE] = { "reset", .on_ok = ST_PROBE, .pause_ms = 10000 },
	[ST_SILENT] = { "silent", .arrive = arrive_silent },
	[ST_NO_SMS] = { "no SMS", .arrive = arrive_no_sms },
	[ST_OTHER] = { "other modem", .arrive = arrive_other },
};
/* clang-format on */

static void on_step_reply(void *arg, const struct at_reply *reply);

/* Steps around the SIM leave the state as it is: it may say that the SIM or its PIN is missing. */
static void show_step(struct session *s, enum step step)
{
	if ((step < ST_SIM || step > ST_PIN_ENTER) && step < ST_UP)
		session_state(s, MODEM_STARTING, "%s", steps[step].name);
}

static void enter(struct session *s, enum step next);

/* Goes on at once, or after the pause that a decision asked for. */
static void go_on(struct session *s, enum step next)
{
	int64_t wait_ms = s->bringup.wait_ms;

	s->bringup.wait_ms = 0;
	if (wait_ms == 0) {
		enter(s, next);
		return;
	}
	if (s->bringup.step != (int)next) {
		s->bringup.step = (int)next;
		s->bringup.tries = 0;
		s->bringup.row = 0;
	}
	session_after(s, TIMER_STEP, session_scaled(s, (unsigned)wait_ms));
}

static void ask(struct session *s, const struct step_row *row)
{
	char composed[COMMAND_SIZE];
	struct at_command command = {
		.text = row->cmd,
		.prefix = row->prefix,
		.timeout_ms = row->timeout_ms,
		.flags = row->flags | AT_MAY_LACK,
		.done = on_step_reply,
	};
	bool have = true;

	if (row->compose != NULL) {
		have = row->compose(s, composed, sizeof(composed));
		command.text = composed;
	}
	if (!have)
		go_on(s, row->on_error);
	else if (session_command(s, &command) < 0)
		session_reopen(s, "no memory for a command");
	if (row->compose != NULL)
		secret_wipe(composed, sizeof(composed)); /* one of them carries the PIN */
}

static void enter(struct session *s, enum step next)
{
	const struct step_row *row = &steps[next];

	if (s->bringup.step != (int)next) {
		s->bringup.tries = 0;
		s->bringup.row = 0;
	}
	s->bringup.step = (int)next;
	s->bringup.tries++;
	show_step(s, next);
	if (row->arrive != NULL)
		row->arrive(s);
	else if (row->pause_ms > 0)
		session_after(s, TIMER_STEP, session_scaled(s, row->pause_ms));
	else if (row->cmd != NULL || row->compose != NULL)
		ask(s, row);
	else
		go_on(s, row->decide(s, NULL, row->on_ok));
}

static void on_step_reply(void *arg, const struct at_reply *reply)
{
	struct session *s = arg;
	const struct step_row *row = &steps[s->bringup.step];
	enum step usual = reply->status == AT_OK ? row->on_ok : row->on_error;

	if (reply->status == AT_CLOSED) /* whoever closed decides what is next */
		return;
	if (reply->status != AT_TIMEOUT)
		s->recovery.answered = true;
	if (reply->status == AT_OK)
		recover_proved(s, PROOF_ANSWERS);
	go_on(s, row->decide != NULL ? row->decide(s, reply, usual) : usual);
}

void bringup_tick(struct session *s)
{
	const struct step_row *row = &steps[s->bringup.step];

	if (row->pause_ms > 0)
		enter(s, row->on_ok);
	else
		enter(s, (enum step)s->bringup.step);
}

void bringup_start(struct session *s)
{
	bringup_stop(s);
	s->bringup.pin_entered = s->bringup.sim_cycled = s->bringup.sms_late = false;
	s->recovery.answered = false;
	send_reset(s);
	receive_reset(s);
	enter(s, ST_PROBE);
}

void bringup_from(struct session *s, enum step step)
{
	bringup_stop(s);
	enter(s, step);
}

void bringup_stop(struct session *s)
{
	session_stop(s, TIMER_STEP);
	session_stop(s, TIMER_POLL);
	s->up = false;
	s->bringup.step = ST_NONE;
	s->bringup.wait_ms = 0;
}

void bringup_sim_event(struct session *s)
{
	if (s->bringup.step == ST_SIM && uv_is_active((uv_handle_t *)&s->timers[TIMER_STEP])) {
		session_stop(s, TIMER_STEP);
		enter(s, ST_SIM);
	}
}

void bringup_sms_ready(struct session *s)
{
	if (s->bringup.step > ST_CHARSET && s->bringup.step < ST_UP)
		s->bringup.sms_late = true;
}

bool bringup_waits_for_pin(const struct session *s)
{
	return s->bringup.step == ST_WAIT_PIN;
}

static void arrive_up(struct session *s)
{
	if (s->bringup.sms_late) {
		s->bringup.sms_late = false;
		enter(s, ST_CHARSET);
		return;
	}
	s->bringup.step = ST_NONE;
	s->up = true;
	recover_proved(s, PROOF_UP);
	network_start(s);
	receive_start(s);
	session_settle(s);
	session_work(s);
}

static void arrive_silent(struct session *s)
{
	recover_trouble(s, TROUBLE_SILENT, "the modem does not answer AT");
}

/* What cannot be put right from here is looked at again once a minute. */
static void fail(struct session *s, const char *why)
{
	transcript_save(s, why);
	session_disconnect(s);
	session_state(s, MODEM_FAILED, "%s", why);
	session_after(s, TIMER_OPEN, FAILED_AGAIN_MS);
}

static void arrive_no_sms(struct session *s)
{
	fail(s, "the modem refuses PDU mode (AT+CMGF=0): it cannot send SMS");
}

static void arrive_other(struct session *s)
{
	fail(s, s->bringup.other);
	if (s->modem->device[0] == '\0') /* whoever locates knows better now */
		session_after(s, TIMER_OPEN, OTHER_AGAIN_MS);
}
