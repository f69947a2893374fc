/* cmd_sms.c - sending: AT+CMGS, the prompt, the payload, the network's answer; and its settings.
 *
 *     AT+CMGS=n  ->  "> "  ->  payload  ->  decode  ->  network  ->  +CMGS: mr, OK
 *
 * Anything may fail on the way: the command in the wrong state, the PDU, the network's verdict,
 * or a fault that was asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/charset.h"
#include "tests/simulator/command.h"
#include "tests/simulator/modem.h"

static int state_error(struct modem *modem)
{
	if (modem->set.text_mode != 0) {
		modem_violation(modem, "AT+CMGS in text mode");
		return 304;
	}
	if (modem->radio.function != 1)
		return 302;
	return radio_registered(modem) ? 0 : 331;
}

/* Faults in place of the prompt. RESULT_OK: none. */
static int prompt_fault(struct modem *modem, const char *line)
{
	long number;

	if (modem_fault(modem, FAULT_PROMPT_ERROR, line, &number))
		return cms_error((int)number);
	if (modem_fault(modem, FAULT_DROP_BEFORE_PROMPT, line, &number)) {
		modem_drop(modem, number);
		return RESULT_LATER;
	}
	return RESULT_OK;
}

static void show_prompt(struct modem *modem, const char *line)
{
	bool between = modem_fault(modem, FAULT_URC_BETWEEN, line, NULL);
	long number;

	if (modem_fault(modem, FAULT_DROP_AFTER_PROMPT, line, &number)) {
		modem->input.drop_at_payload = true;
		modem->input.drop_back_ms = number;
	}
	if (modem_fault(modem, FAULT_NO_PROMPT, line, NULL))
		reply_prompt(modem, "");
	else if (modem_fault(modem, FAULT_PROMPT_NO_BLANK, line, NULL))
		reply_prompt(modem, "\r\n>");
	else
		reply_prompt(modem, "\r\n> ");
	if (between)
		reply_urc(modem, "^RSSI: 18", NULL);
}

static int run_send(struct modem *modem, const struct request *r)
{
	long length = request_number(r, 0, 7, SMS_TPDU_MAX);
	char line[64];
	int error;

	if (r->form == FORM_TEST)
		return RESULT_OK;
	error = state_error(modem);
	if (error != 0)
		return cms_error(error);
	if (r->form != FORM_SET || r->n != 1 || length < 0) {
		modem_violation(modem, "AT+CMGS= wants a length of 7 to 164");
		return cms_error(304);
	}
	snprintf(line, sizeof(line), "AT+CMGS=%ld", length);
	error = prompt_fault(modem, line);
	if (error != RESULT_OK)
		return error;
	modem->sending.length = (unsigned)length;
	show_prompt(modem, line);
	return RESULT_LATER;
}

static void late_reference(void *owner, struct job *job)
{
	reply_urcf(owner, "+CMGS: %ld", job->number);
	reply_urc(owner, "OK", NULL);
}

/* The network took it; faults say what the host learns of that. */
static int tell_accepted(struct modem *modem, int reference)
{
	long number;

	if (modem_fault(modem, FAULT_ACCEPT_THEN_SILENCE, FAULT_ON_PAYLOAD, NULL))
		return RESULT_SILENT;
	if (modem_fault(modem, FAULT_LATE_REPLY, FAULT_ON_PAYLOAD, &number)) {
		jobs_after(&modem->jobs, number, JOB_URC, late_reference, NULL)->number = reference;
		return RESULT_SILENT;
	}
	if (modem_fault(modem, FAULT_OK_WITHOUT_REF, FAULT_ON_PAYLOAD, NULL))
		return RESULT_OK;
	reply_line(modem, "+CMGS: %d", reference);
	if (modem_fault(modem, FAULT_REF_WITHOUT_OK, FAULT_ON_PAYLOAD, NULL))
		return RESULT_WRITTEN;
	return RESULT_OK;
}

/* A dialogue's own answer to a payload: nothing reaches the network. */
static bool dialogue_answers(struct modem *modem)
{
	size_t n;
	char *const *lines = dialogue_find(&modem->dialogue, FAULT_ON_PAYLOAD, &n);

	if (lines == NULL)
		return false;
	modem->stats.refused++;
	for (size_t i = 0; i < n; i++)
		reply_line(modem, "%s", lines[i]);
	reply_end(modem, n > 0 ? RESULT_WRITTEN : RESULT_SILENT);
	return true;
}

static void network_answers(void *owner, struct job *job)
{
	struct modem *modem = owner;
	const struct submit *submit = &modem->sending.submit;
	bool report_first;
	long number;
	int reference;

	(void)job;
	if (dialogue_answers(modem))
		return;
	if (modem_fault(modem, FAULT_CMS, FAULT_ON_PAYLOAD, &number))
		modem->sending.refused = (int)number;
	else
		modem->sending.refused = network_verdict(modem, submit);
	if (modem->sending.refused != 0) {
		modem->stats.refused++;
		reply_end(modem, cms_error(modem->sending.refused));
		return;
	}
	report_first = modem_fault(modem, FAULT_REPORT_FIRST, FAULT_ON_PAYLOAD, NULL);
	reference = network_accept(modem, submit, report_first);
	reply_end(modem, tell_accepted(modem, reference));
}

/* Faults that end the modem's part in it. The message may have been taken. */
static bool lost_in_sending(struct modem *modem)
{
	long number;

	if (modem_fault(modem, FAULT_SILENT, FAULT_ON_PAYLOAD, NULL))
		return true;
	if (modem_fault(modem, FAULT_HANG, FAULT_ON_PAYLOAD, &number)) {
		modem_sleep(modem, number);
		return true;
	}
	if (modem_fault(modem, FAULT_DROP_AFTER_SUBMIT, FAULT_ON_PAYLOAD, &number)) {
		network_accept(modem, &modem->sending.submit, false);
		modem_drop(modem, number);
		return true;
	}
	if (modem_fault(modem, FAULT_REBOOT_MID_SEND, FAULT_ON_PAYLOAD, &number)) {
		if (number == 1)
			network_accept(modem, &modem->sending.submit, false);
		modem_reboot(modem);
		return true;
	}
	return false;
}

void payload_end(struct modem *modem, const char *typed)
{
	const char *why;
	int error;

	modem->stats.submitted++;
	error = submit_decode(&modem->sending.submit, typed, modem->sending.length, &why);
	if (why != NULL)
		modem_violation(modem, "PDU: %s", why);
	if (error == 0 && lost_in_sending(modem))
		return;
	reply_begin(modem, FAULT_ON_PAYLOAD);
	if (error != 0) {
		modem->stats.refused++;
		reply_end(modem, cms_error(error));
	} else if (modem->knobs.send_time == 0) {
		network_answers(modem, NULL);
	} else {
		jobs_after(&modem->jobs, modem->knobs.send_time, JOB_SEND, network_answers, NULL);
	}
}

static int run_mode(struct modem *modem, const struct request *r)
{
	return command_setting(modem, r, &modem->set.text_mode, 1);
}

static int run_more(struct modem *modem, const struct request *r)
{
	return command_setting(modem, r, &modem->set.more_messages, 2);
}

static int run_service(struct modem *modem, const struct request *r)
{
	long service = request_number(r, 0, 0, 1);

	switch (r->form) {
	case FORM_TEST:
		reply_line(modem, "+CSMS: (0,1)");
		return RESULT_OK;
	case FORM_READ:
		reply_line(modem, "+CSMS: %d,1,1,1", modem->set.service);
		return RESULT_OK;
	case FORM_RUN:
		return RESULT_ERROR;
	case FORM_SET:
		break;
	}
	if (service < 0)
		return cms_error(303);
	modem->set.service = (int)service;
	reply_line(modem, "+CSMS: 1,1,1");
	return RESULT_OK;
}

static int run_bearer(struct modem *modem, const struct request *r)
{
	return command_setting(modem, r, &modem->set.bearer, 3);
}

static int run_centre(struct modem *modem, const struct request *r)
{
	char text[CHARSET_TEXT_SIZE], *smsc = modem->sim.smsc;

	if (r->form == FORM_READ) {
		charset_encode(text, modem->set.charset, smsc);
		reply_line(modem, "+CSCA: \"%s\",%d", text, smsc[0] == '+' ? 145 : 129);
		return RESULT_OK;
	}
	if (r->form != FORM_SET || r->n < 1)
		return r->form == FORM_TEST ? RESULT_OK : RESULT_ERROR;
	if (!charset_decode(text, sizeof(text), modem->set.charset, r->args[0]) ||
	    strlen(text) >= SMS_ADDRESS_SIZE)
		return cms_error(305);
	snprintf(smsc, sizeof(modem->sim.smsc), "%s%s",
		 request_number(r, 1, 145, 145) == 145 && text[0] != '+' ? "+" : "", text);
	return RESULT_OK;
}

/* Does "(0-2),(0,3),..." allow this value in its field? */
static bool advertised(const char *list, int field, long value)
{
	const char *at = list;

	for (; field > 0; field--) {
		at = strchr(at, ')');
		if (at == NULL)
			return false;
		at++;
	}
	at = strchr(at, '(');
	while (at != NULL && *at != ')' && *at != '\0') {
		char *end;
		long low = strtol(at + 1, &end, 10), high = low;

		if (*end == '-')
			high = strtol(end + 1, &end, 10);
		if (value >= low && value <= high)
			return true;
		at = end;
	}
	return false;
}

static int set_notify(struct modem *modem, const struct request *r)
{
	int wanted[5];

	memcpy(wanted, modem->set.notify, sizeof(wanted));
	if (r->n < 1 || r->n > 5)
		return cms_error(304);
	for (size_t i = 0; i < r->n; i++) {
		long value = request_number(r, i, 0, 3);

		if (r->args[i][0] == '\0')
			continue; /* left out: unchanged */
		if (value < 0 || !advertised(modem->options->cnmi, (int)i, value))
			return cms_error(303);
		wanted[i] = (int)value;
	}
	memcpy(modem->set.notify, wanted, sizeof(wanted));
	return RESULT_OK;
}

static int run_notify(struct modem *modem, const struct request *r)
{
	const int *n = modem->set.notify;

	switch (r->form) {
	case FORM_TEST:
		reply_line(modem, "+CNMI: %s", modem->options->cnmi);
		return RESULT_OK;
	case FORM_READ:
		reply_line(modem, "+CNMI: %d,%d,%d,%d,%d", n[0], n[1], n[2], n[3], n[4]);
		return RESULT_OK;
	case FORM_SET:
		return set_notify(modem, r);
	case FORM_RUN:
		break;
	}
	return RESULT_ERROR;
}

static int run_acknowledge(struct modem *modem, const struct request *r)
{
	long n = r->form == FORM_SET ? request_number(r, 0, 0, 2) : 0;

	if (r->form == FORM_TEST) {
		reply_line(modem, "+CNMA: (0-2)");
		return RESULT_OK;
	}
	if (r->form == FORM_READ || n < 0)
		return RESULT_ERROR;
	if (r->n > 1)
		return cms_error(303); /* with a PDU */
	return network_acknowledge(modem, n != 2) < 0 ? cms_error(340) : RESULT_OK;
}

const struct command commands_sms[] = {
	{ "+CMGS", run_send, NEEDS_SIM | IS_SMS },
	{ "+CMMS", run_more, 0 },
	{ "+CMGF", run_mode, 0 },
	{ "+CSMS", run_service, 0 },
	{ "+CGSMS", run_bearer, 0 },
	{ "+CSCA", run_centre, NEEDS_SIM | IS_SMS },
	{ "+CNMI", run_notify, 0 },
	{ "+CNMA", run_acknowledge, 0 },
	{ NULL, NULL, 0 },
};
