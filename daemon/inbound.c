/* inbound.c - what modems hand over: received SMS, delivery reports, late replies, calls.
 *
 * Each becomes one transaction; a stored SMS is deleted from the modem only after its COMMIT. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mask.h"
#include "base/secret.h"
#include "daemon/dispatch_private.h"
#include "service/long_sms.h"
#include "service/replies.h"
#include "service/reverse.h"

enum { LATE_REPLY_MS = 10 * 60 * 1000 };

struct inbound {
	struct dispatch *dispatch;
	struct session *session; /* not touched once the dispatch stops */
	char modem[MODEM_SIZE], sim[24], storage[8];
	int index, reference;
	char pdu[PDU_HEX_SIZE + 64];
	struct pdu_inbound content;
	int decoded;              /* 0, or why the PDU could not be read */
	char caller[NUMBER_SIZE]; /* as the modem told it; "": withheld */
	int64_t at;
	bool matched, is_new;        /* of a report or a late reply */
	bool flying;                 /* a part was on the air when it came */
	const struct config *config; /* counted */
};

static struct inbound *inbound_new(struct dispatch *d, struct session *session)
{
	struct inbound *in = calloc(1, sizeof(*in));
	const struct lane *lane = dispatch_lane(d, session);
	const struct modem_status *status = session_status(session);

	if (in == NULL)
		return NULL;
	in->dispatch = d;
	in->session = session;
	in->at = clock_now_ms();
	in->config = config_ref(d->config);
	in->flying = lane != NULL && lane->air != NULL;
	snprintf(in->modem, sizeof(in->modem), "%s", status->name);
	snprintf(in->sim, sizeof(in->sim), "%.23s", modem_sim(status));
	return in;
}

static void inbound_free(struct inbound *in)
{
	config_unref(in->config);
	secret_wipe(in, sizeof(*in));
	free(in);
}

static void on_kept(void *arg, int status)
{
	struct inbound *in = arg;

	if (status < 0 && status != -ECANCELED)
		log_write(LOG_LEVEL_ERROR,
			  &(struct log_tags){ .kind = LOG_KIND_RECEIVE, .modem = in->modem },
			  "cannot keep what was received (%s): it stays in the modem",
			  strerror(-status));
	if (status == 0 && !in->dispatch->stopping)
		session_inbound_kept(in->session, in->storage, in->index);
	inbound_free(in);
}

/* ---- received SMS ---- */

/* Whoever sends by an aggregator may call himself by the digits of another's number. The network
 * tells such a name from a number: it goes on in quotes, in which nobody takes it for one. */
static void copy_sender(char *out, size_t size, const struct pdu_deliver *sms)
{
	bool posing = sms->sender_alphanumeric &&
		      strspn(sms->sender, "+0123456789") == strlen(sms->sender);

	snprintf(out, size, posing ? "\"%.40s\"" : "%.40s", sms->sender);
}

static int keep_part(struct db *db, struct inbound *in, const struct inbox_row *row)
{
	const struct pdu_deliver *sms = &in->content.deliver;
	const struct rule rule = { .db = db, .config = in->config };
	const struct long_key key = {
		.sim = in->sim,
		.sender = row->sender,
		.reference = sms->reference,
		.total = sms->total,
		.wide_reference = sms->wide_reference,
	};

	return long_receive(&rule, &key, sms->part, row, in->pdu, sms->smsc);
}

/* A PDU that cannot be read is kept as it is: nothing that came in is lost. */
static int keep_sms(struct db *db, void *arg)
{
	struct inbound *in = arg;
	const struct pdu_deliver *sms = &in->content.deliver;
	const struct rule rule = { .db = db, .config = in->config };
	struct inbox_row row = { .text = in->pdu };
	int err;

	if (in->decoded == 0 && sms->silent)
		return 0;
	snprintf(row.modem, sizeof(row.modem), "%s", in->modem);
	if (in->decoded == 0) {
		row.sent_at = sms->sent_at_ms;
		row.text = in->content.deliver.text;
		copy_sender(row.sender, sizeof(row.sender), sms);
	}
	if (in->decoded == 0 && sms->total > 1)
		err = keep_part(db, in, &row);
	else
		err = reply_receive(&rule, &row, in->pdu, in->decoded == 0 ? sms->smsc : "");
	return err == -EEXIST ? 0 : err;
}

static void on_sms_kept(void *arg, int status)
{
	const struct inbound *in = arg;

	if (status == 0 && in->decoded == 0 && in->content.deliver.total > 1)
		dispatch_wake_at(in->dispatch, in->at + long_wait_ms);
	on_kept(arg, status);
}

/* ---- delivery reports ---- */

static int report_tx(struct db *db, void *arg)
{
	struct inbound *in = arg;
	const struct pdu_report *report = &in->content.report;
	struct report_row row = { .reference = report->reference, .status = report->status };

	snprintf(row.sim, sizeof(row.sim), "%s", in->sim);
	snprintf(row.modem, sizeof(row.modem), "%s", in->modem);
	if (strlen(report->recipient) < sizeof(row.recipient))
		snprintf(row.recipient, sizeof(row.recipient), "%s", report->recipient);
	return reports_take(db, &row, &in->matched, &in->is_new);
}

/* While a part is on the air it may be the report's, which then is only early. */
static void on_report(void *arg, int status)
{
	struct inbound *in = arg;

	if (status == 0 && !in->matched && in->is_new && !in->flying)
		log_write(
			LOG_LEVEL_INFO,
			&(struct log_tags){ .kind = LOG_KIND_RECEIVE, .modem = in->modem },
			"a delivery report for reference %u fits nothing that was sent; it is kept",
			in->content.report.reference);
	on_kept(in, status);
}

void inbound_received(struct dispatch *d, struct session *session,
		      const struct session_inbound *sms)
{
	struct inbound *in = inbound_new(d, session);

	if (in == NULL)
		return;
	if (d->stopping) { /* it stays in the modem until the next start */
		inbound_free(in);
		return;
	}
	in->index = sms->index;
	snprintf(in->storage, sizeof(in->storage), "%s", sms->storage);
	snprintf(in->pdu, sizeof(in->pdu), "%s", sms->pdu);
	in->decoded = pdu_decode(&in->content, sms->pdu, sms->length);
	if (in->decoded < 0) /* some count the centre's number in, or count wrong */
		in->decoded = pdu_decode(&in->content, sms->pdu, -1);
	if (in->decoded < 0)
		log_write(LOG_LEVEL_WARN,
			  &(struct log_tags){ .kind = LOG_KIND_RECEIVE, .modem = in->modem },
			  "a received PDU could not be read; it is kept in the inbox as it is");
	if (in->decoded == 0 && in->content.kind == PDU_STATUS_REPORT)
		store_run(d->store, STORE_FIRST, report_tx, on_report, in);
	else if (in->decoded == 0 && in->content.kind == PDU_OTHER)
		inbound_free(in); /* an outgoing message that someone stored in the modem */
	else
		store_run(d->store, STORE_NORMAL, keep_sms, on_sms_kept, in);
}

/* ---- a +CMGS that came after its send had been given up ---- */

static int late_reply_tx(struct db *db, void *arg)
{
	struct inbound *in = arg;
	struct attempt_row attempt;
	struct message_row row;
	int err = db_attempt_uncertain(db, in->modem, in->at - LATE_REPLY_MS, &attempt);

	in->matched = err == 0;
	if (err == -ENOENT)
		return 0;
	if (err == 0)
		err = db_attempt_end(db, attempt.id, ATTEMPT_ACCEPTED, in->reference, -1);
	if (err == 0)
		err = db_message_by_seq(db, attempt.message_seq, &row);
	if (err == 0)
		err = outcome_settle(db, &row, NULL);
	return err == 0 ? reports_match(db, attempt.id, in->sim) : err;
}

static void on_late_reply(void *arg, int status)
{
	struct inbound *in = arg;

	if (status == 0)
		log_write(LOG_LEVEL_INFO,
			  &(struct log_tags){ .kind = LOG_KIND_RECEIVE, .modem = in->modem },
			  in->matched ? "a late reply shows that the uncertain message was accepted"
				      : "a reply came late, and fits no uncertain message");
	inbound_free(in);
}

void inbound_late_reply(struct dispatch *d, struct session *session, int reference)
{
	struct inbound *in = inbound_new(d, session);

	if (in == NULL)
		return;
	in->reference = reference;
	store_run(d->store, STORE_FIRST, late_reply_tx, on_late_reply, in);
}

/* ---- calls ---- */

static int call_tx(struct db *db, void *arg)
{
	const struct inbound *in = arg;
	const struct rule rule = { .db = db, .config = in->config };

	return reverse_call(&rule, in->modem, in->caller);
}

static void on_call_kept(void *arg, int status)
{
	(void)status;
	inbound_free(arg);
}

void inbound_call(struct dispatch *d, struct session *session, const char *number, int type)
{
	struct inbound *in = inbound_new(d, session);
	char masked[MASK_SIZE];

	if (in == NULL)
		return;
	snprintf(in->caller, sizeof(in->caller), "%s", number);
	mask_number(masked, number);
	log_write(LOG_LEVEL_INFO,
		  &(struct log_tags){ .kind = LOG_KIND_RECEIVE, .modem = in->modem },
		  "rejected a call from %s (type %d)",
		  number[0] != '\0' ? masked : "a withheld number", type);
	store_run(d->store, STORE_NORMAL, call_tx, on_call_kept, in);
}
