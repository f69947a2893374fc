/* network.c - the message centre: verdicts, references, reports, and what waits for the modem.
 *
 * A delivery waits until the modem can take it: reachable, a memory with room, no +CNMA pending.
 * network_pump tries all that wait, oldest first; one that cannot pass does not hold the others. */
#include "tests/simulator/network.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/simulator/modem.h"

enum { REASON_NO_SMSC = 330, REASON_NO_SERVICE = 331 };

struct delivery {
	struct delivery *next;
	struct pdu pdu;
	bool is_report, silent; /* silent: type 0, acknowledged and forgotten */
	int message_class;
};

enum { MODE, MT, BM, DS, BFR }; /* fields of +CNMI */

static bool has_prefix(const char *number, const char *prefix)
{
	return strcmp(prefix, "*") == 0 || strncmp(number, prefix, strlen(prefix)) == 0;
}

static int add_rule(struct network *network, char *text)
{
	char *colon = strrchr(text, ':'), *save = NULL, *end;
	struct report_rule *rule = &network->rules[network->n_rules];

	if (colon == NULL || network->n_rules == NETWORK_RULES_MAX ||
	    (size_t)(colon - text) >= sizeof(rule->prefix))
		return -EINVAL;
	*colon = '\0';
	strcpy(rule->prefix, text);
	rule->n = 0;
	for (char *st = strtok_r(colon + 1, "/", &save); st; st = strtok_r(NULL, "/", &save)) {
		unsigned long value = strtoul(st, &end, 16);

		if (*end != '\0' || value > 255 || rule->n == NETWORK_STATUSES_MAX)
			return -EINVAL;
		rule->status[rule->n++] = (uint8_t)value;
	}
	if (rule->n > 0)
		network->n_rules++;
	return rule->n > 0 ? 0 : -EINVAL;
}

int network_reports(struct modem *modem, const char *spec)
{
	struct network *network = &modem->network;
	char text[1024], *save = NULL;
	int error = 0;

	if (strcmp(spec, "delivered") == 0)
		spec = "*:00";
	else if (strcmp(spec, "failed") == 0)
		spec = "*:46";
	if (strlen(spec) >= sizeof(text))
		return -EINVAL;
	network->n_rules = 0;
	strcpy(text, strcmp(spec, "none") == 0 ? "" : spec);
	for (char *rule = strtok_r(text, ",", &save); rule != NULL && error == 0;
	     rule = strtok_r(NULL, ",", &save))
		error = add_rule(network, rule);
	return error;
}

int network_refuse(struct modem *modem, const char *prefix, int code)
{
	struct network *network = &modem->network;
	size_t i = 0;

	if (strlen(prefix) >= SMS_ADDRESS_SIZE)
		return -EINVAL;
	while (i < network->n_refusals && strcmp(network->refusals[i].prefix, prefix) != 0)
		i++;
	if (i == NETWORK_RULES_MAX)
		return -ENOSPC;
	if (code == 0 && i < network->n_refusals) {
		network->refusals[i] = network->refusals[--network->n_refusals];
	} else if (code != 0) {
		network->n_refusals += i == network->n_refusals;
		strcpy(network->refusals[i].prefix, prefix);
		network->refusals[i].code = code;
	}
	return 0;
}

int network_verdict(const struct modem *modem, const struct submit *submit)
{
	const struct network *network = &modem->network;

	if (!radio_registered(modem))
		return REASON_NO_SERVICE;
	if (submit->smsc[0] == '\0' && modem->sim.smsc[0] == '\0')
		return REASON_NO_SMSC;
	for (size_t i = 0; i < network->n_refusals; i++)
		if (has_prefix(submit->to, network->refusals[i].prefix))
			return network->refusals[i].code;
	return 0;
}

static void free_list(struct delivery *list)
{
	while (list != NULL) {
		struct delivery *delivery = list;

		list = delivery->next;
		free(delivery);
	}
}

static void enqueue(struct modem *modem, struct delivery *delivery)
{
	struct delivery **end = &modem->network.waiting;

	while (*end != NULL)
		end = &(*end)->next;
	*end = delivery;
	network_pump(modem);
}

static struct delivery *delivery_new(void)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));

	if (delivery == NULL)
		abort(); /* a test tool has no better answer to an empty machine */
	delivery->message_class = -1;
	return delivery;
}

static void report_due(void *owner, struct job *job)
{
	struct modem *modem = owner;
	struct report *report = job->data;
	struct delivery *delivery = delivery_new();

	report->done_ms = clock_now_ms();
	report->zone = (int)modem->knobs.zone;
	report->smsc = modem->sim.smsc;
	compose_report(&delivery->pdu, report);
	delivery->is_report = true;
	modem->stats.reports++;
	enqueue(modem, delivery);
}

static void report_later(struct modem *modem, const struct report *report, uint8_t status, long ms)
{
	struct report *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		abort();
	*copy = *report;
	copy->status = status;
	jobs_after(&modem->jobs, ms, JOB_REPORT, report_due, copy);
}

static void schedule_reports(struct modem *modem, const char *to, bool at_once)
{
	const struct network *network = &modem->network;
	long step = at_once ? 0 : modem->knobs.report_time;

	for (size_t i = 0; i < network->n_rules; i++) {
		const struct report_rule *rule = &network->rules[i];

		if (!has_prefix(to, rule->prefix))
			continue;
		for (size_t k = 0; k < rule->n; k++)
			report_later(modem, &network->last, rule->status[k], (long)(k + 1) * step);
		return;
	}
}

/* report_first: the report overtakes the reference, as on fast networks. */
static void report_now(struct modem *modem, uint8_t status)
{
	struct job job = { .data = &modem->network.last };

	modem->network.last.status = status;
	report_due(modem, &job);
}

int network_accept(struct modem *modem, const struct submit *submit, bool report_first)
{
	int reference = (int)modem->knobs.mr;
	struct report *last = &modem->network.last;

	modem->knobs.mr = (reference + 1) % 256;
	modem->stats.accepted++;
	handset_receive(modem, submit, (unsigned)reference);
	if (!submit->report)
		return reference;
	last->reference = (uint8_t)reference;
	memcpy(last->to_field, submit->to_field, submit->to_field_size);
	last->to_field_size = submit->to_field_size;
	last->sent_ms = clock_now_ms();
	modem->network.last_known = true;
	if (report_first)
		report_now(modem, 0);
	else
		schedule_reports(modem, submit->to, false);
	return reference;
}

int network_report(struct modem *modem, uint8_t status, long after_ms)
{
	if (!modem->network.last_known)
		return -ENOENT;
	report_later(modem, &modem->network.last, status, after_ms);
	return 0;
}

void network_deliver(struct modem *modem, const struct pdu *pdu, int message_class, bool silent)
{
	struct delivery *delivery = delivery_new();

	delivery->pdu = *pdu;
	delivery->message_class = message_class;
	delivery->silent = silent;
	enqueue(modem, delivery);
}

static bool reachable(const struct modem *modem)
{
	return modem->power == POWER_UP && !modem->asleep && radio_registered(modem) &&
	       sim_trouble(modem) == 0;
}

static bool keep(struct modem *modem, enum memory memory, const struct pdu *pdu, const char *urc)
{
	int index = store_add(&modem->stores[memory], pdu, STORED_UNREAD);

	if (index == 0)
		return false;
	if (urc != NULL && modem->set.notify[MODE] != 0)
		reply_urcf(modem, "%s: \"%s\",%d", urc, memory_name(memory), index);
	return true;
}

static void put_back(struct modem *modem)
{
	struct delivery *delivery = modem->network.unacknowledged;

	modem->network.unacknowledged = NULL;
	delivery->next = modem->network.waiting;
	modem->network.waiting = delivery;
}

/* The host did not answer: the modem stops handing over, the centre tries again (27.005 3.4.4). */
static void not_acknowledged(void *owner, struct job *job)
{
	struct modem *modem = owner;

	(void)job;
	modem->stats.unacknowledged++;
	modem_remark(modem, "no +CNMA in time");
	modem->set.notify[MT] = modem->set.notify[DS] = 0;
	put_back(modem);
	network_pump(modem);
}

/* Gives it to the host itself. True if it may leave the queue; then it may be unacknowledged. */
static bool hand_over(struct modem *modem, struct delivery *delivery)
{
	char line[64];

	if (modem->set.notify[MODE] == 0 || modem->network.unacknowledged != NULL)
		return false;
	snprintf(line, sizeof(line), "%s%u", delivery->is_report ? "+CDS: " : "+CMT: ,",
		 delivery->pdu.length);
	reply_urc(modem, line, delivery->pdu.hex);
	if (modem->set.service == 1) {
		modem->network.unacknowledged = delivery;
		jobs_after(&modem->jobs, modem->knobs.ack_time, JOB_ACK, not_acknowledged, NULL);
	}
	return true;
}

static bool pass_report(struct modem *modem, struct delivery *delivery)
{
	switch (modem->set.notify[DS]) {
	case 1:
		return hand_over(modem, delivery);
	case 2:
		return keep(modem, MEMORY_SR, &delivery->pdu, "+CDSI");
	default:
		if (modem->set.service == 1)
			return false; /* it was not acknowledged: it comes again */
		modem->stats.reports_dropped++;
		return true;
	}
}

static bool pass_message(struct modem *modem, struct delivery *delivery)
{
	int mt = modem->set.notify[MT], class = delivery->message_class;
	bool direct = (mt == 2 && class != 2) || (mt == 3 && class == 3) || (mt == 1 && class == 0);
	enum memory memory = class == 2 ? MEMORY_SM : modem->set.memory[2];

	if (delivery->silent)
		return true;
	if (direct)
		return hand_over(modem, delivery);
	return keep(modem, memory, &delivery->pdu, mt != 0 ? "+CMTI" : NULL);
}

void network_pump(struct modem *modem)
{
	struct delivery **at = &modem->network.waiting;

	while (*at != NULL && reachable(modem)) {
		struct delivery *delivery = *at;
		bool passed = delivery->is_report ? pass_report(modem, delivery)
						  : pass_message(modem, delivery);

		if (!passed) {
			at = &delivery->next;
			continue;
		}
		modem->stats.received += !delivery->is_report;
		*at = delivery->next;
		if (delivery != modem->network.unacknowledged)
			free(delivery);
	}
}

int network_acknowledge(struct modem *modem, bool taken)
{
	if (modem->network.unacknowledged == NULL)
		return -ENOENT;
	jobs_cancel(&modem->jobs, JOB_ACK);
	if (!taken) {
		put_back(modem);
	} else {
		free(modem->network.unacknowledged);
		modem->network.unacknowledged = NULL;
	}
	return 0;
}

void network_lost(struct modem *modem)
{
	network_call_end(modem, "missed");
	if (modem->network.unacknowledged != NULL)
		put_back(modem);
}

void network_free(struct modem *modem)
{
	network_call_end(modem, "missed");
	free_list(modem->network.waiting);
	free_list(modem->network.unacknowledged);
	handset_free(&modem->network.handset);
	network_ussd_free(modem);
}
