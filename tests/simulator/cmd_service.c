/* cmd_service.c - calls and USSD. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/charset.h"
#include "tests/simulator/command.h"
#include "tests/simulator/modem.h"

static int run_clip(struct modem *modem, const struct request *r)
{
	if (r->form != FORM_READ)
		return command_setting(modem, r, &modem->set.clip, 1);
	reply_line(modem, "+CLIP: %d,1", modem->set.clip);
	return RESULT_OK;
}

static int run_cring(struct modem *modem, const struct request *r)
{
	return command_setting(modem, r, &modem->set.cring, 1);
}

static int run_calls(struct modem *modem, const struct request *r)
{
	const struct call *call = &modem->network.call;

	if (r->form == FORM_TEST || (r->form == FORM_RUN && !call->ringing))
		return RESULT_OK;
	if (r->form != FORM_RUN)
		return RESULT_ERROR;
	reply_line(modem, "+CLCC: 1,1,4,0,0,\"%s\",%d", call->number,
		   call->number[0] == '+'    ? 145
		   : call->number[0] != '\0' ? 129
					     : 128);
	return RESULT_OK;
}

/* An answer that starts with "m," is what follows +CUSD: as it stands; others are texts. */
static void ussd_answers(void *owner, struct job *job)
{
	struct modem *modem = owner;
	const char *answer = job->data;
	char text[CHARSET_TEXT_SIZE];

	if (answer == NULL) {
		reply_urc(modem, "+CUSD: 4", NULL);
	} else if (isdigit((unsigned char)answer[0]) && (answer[1] == ',' || answer[1] == '\0')) {
		reply_urcf(modem, "+CUSD: %s", answer);
	} else {
		charset_encode(text, modem->set.charset, answer);
		reply_urcf(modem, "+CUSD: 0,\"%s\",%d", text,
			   modem->set.charset == CHARSET_UCS2 ? 72 : 15);
	}
}

static int send_ussd(struct modem *modem, const struct request *r)
{
	char code[CHARSET_TEXT_SIZE];
	const char *answer;

	if (!radio_registered(modem))
		return cme_error(30);
	if (!charset_decode(code, sizeof(code), modem->set.charset, r->args[1]))
		return cme_error(50);
	answer = network_ussd(modem, code);
	jobs_after(&modem->jobs, modem->knobs.ussd_time, JOB_USSD, ussd_answers,
		   answer != NULL ? strdup(answer) : NULL);
	return RESULT_OK;
}

static int run_ussd(struct modem *modem, const struct request *r)
{
	long mode = request_number(r, 0, 0, 2);

	switch (r->form) {
	case FORM_TEST:
		reply_line(modem, "+CUSD: (0-2)");
		return RESULT_OK;
	case FORM_READ:
		reply_line(modem, "+CUSD: 1");
		return RESULT_OK;
	case FORM_RUN:
		return RESULT_ERROR;
	case FORM_SET:
		break;
	}
	if (mode < 0)
		return cme_error(50);
	if (mode == 2)
		jobs_cancel(&modem->jobs, JOB_USSD);
	return mode == 1 && r->n > 1 ? send_ussd(modem, r) : RESULT_OK;
}

const struct command commands_service[] = {
	{ "+CLIP", run_clip, 0 },         { "+CRC", run_cring, 0 }, { "+CLCC", run_calls, 0 },
	{ "+CUSD", run_ussd, NEEDS_SIM }, { NULL, NULL, 0 },
};
