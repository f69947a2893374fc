/* caller.c - the network's callers and its USSD service. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulator/modem.h"

struct ussd_answer {
	struct ussd_answer *next;
	char *code, *answer;
};

/* RING, and below it the caller's number if the host asked for it (+CLIP, validity 1: withheld). */
static void ring(void *owner, struct job *job)
{
	struct modem *modem = owner;
	struct call *call = &modem->network.call;

	(void)job;
	if (call->rings_left == 0) {
		network_call_end(modem, "missed");
		return;
	}
	call->rings_left--;
	call->rings++;
	reply_urc(modem, modem->set.cring ? "+CRING: VOICE" : "RING", NULL);
	if (modem->set.clip && call->number[0] == '\0')
		reply_urc(modem, "+CLIP: \"\",128,,,,1", NULL);
	else if (modem->set.clip)
		reply_urcf(modem, "+CLIP: \"%s\",%d,,,,0", call->number,
			   call->number[0] == '+' ? 145 : 129);
	jobs_after(&modem->jobs, modem->knobs.ring_time, JOB_RING, ring, NULL);
}

int network_call(struct modem *modem, const char *number, int rings, call_ended *ended, void *arg)
{
	struct call *call = &modem->network.call;

	if (call->ringing)
		return -EBUSY;
	if (modem->power != POWER_UP || !radio_registered(modem))
		return -ENOTCONN;
	*call = (struct call){ .ringing = true, .rings_left = rings, .ended = ended, .arg = arg };
	snprintf(call->number, sizeof(call->number), "%s", number);
	ring(modem, NULL);
	return 0;
}

void network_call_forget(struct modem *modem, const void *arg)
{
	if (modem->network.call.arg == arg)
		modem->network.call.ended = NULL;
}

void network_call_end(struct modem *modem, const char *how)
{
	struct call *call = &modem->network.call;

	if (!call->ringing)
		return;
	call->ringing = false;
	jobs_cancel(&modem->jobs, JOB_RING);
	if (strcmp(how, "missed") == 0) {
		modem->stats.calls_missed++;
		reply_urc(modem, "NO CARRIER", NULL);
	} else if (strcmp(how, "rejected") == 0) {
		modem->stats.calls_rejected++;
	} else {
		modem->stats.calls_answered++;
	}
	if (call->ended != NULL)
		call->ended(call->arg, how, call->rings);
	call->ended = NULL;
}

void network_ussd_set(struct modem *modem, const char *code, const char *answer)
{
	struct ussd_answer **at = &modem->network.ussd, *entry;

	while (*at != NULL && strcmp((*at)->code, code) != 0)
		at = &(*at)->next;
	entry = *at;
	if (entry != NULL) {
		*at = entry->next;
		free(entry->code);
		free(entry->answer);
		free(entry);
	}
	if (answer == NULL)
		return;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		abort(); /* a test tool has no better answer to an empty machine */
	entry->code = strdup(code);
	entry->answer = strdup(answer);
	for (at = &modem->network.ussd; *at != NULL && strcmp((*at)->code, "*") != 0;)
		at = &(*at)->next; /* before the one that fits any code */
	entry->next = *at;
	*at = entry;
}

const char *network_ussd(const struct modem *modem, const char *code)
{
	const struct ussd_answer *entry = modem->network.ussd;

	while (entry != NULL && strcmp(entry->code, code) != 0 && strcmp(entry->code, "*") != 0)
		entry = entry->next;
	return entry != NULL ? entry->answer : NULL;
}

void network_ussd_free(struct modem *modem)
{
	while (modem->network.ussd != NULL)
		network_ussd_set(modem, modem->network.ussd->code, NULL);
}
