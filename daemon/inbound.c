/* inbound.c - what modems hand over: received SMS, delivery reports, late replies, calls.
 *
 * Each becomes one transaction; a stored SMS is deleted from the modem only after its COMMIT. A
 * report that fits no known attempt may be early (before its +CMGS): it is held for a while. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mask.h"
#include "base/secret.h"
#include "daemon/dispatch_private.h"
#include "service/replies.h"
#include "service/reverse.h"

enum {
	REPORT_AGE_MS = 3 * 24 * 3600 * 1000, /* a report speaks of a send not older than this */
	LATE_REPLY_MS = 10 * 60 * 1000,
	EARLY_MS = 10 * 60 * 1000,
};

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
	bool matched;
	const struct config *config; /* counted */
};

static struct inbound *inbound_new(struct dispatch *d, struct session *session)
{
	struct inbound *in = calloc(1, sizeof(*in));
	const struct lane *lane = dispatch_lane(d, session);

	if (in == NULL)
		return NULL;
	in->dispatch = d;
	in->session = session;
	in->at = clock_now_ms();
	in->config = config_ref(d->config);
	snprintf(in->modem, sizeof(in->modem), "%s", session_status(session)->name);
	snprintf(in->sim, sizeof(in->sim), "%.23s", lane != NULL ? lane->sim : in->modem);
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
		log_write(LOG_LEVEL_ERROR, &(struct log_tags){ .modem = in->modem },
			  "cannot keep what was received (%s): it stays in the modem",
			  strerror(-status));
	if (status == 0 && !in->dispatch->stopping)
		session_inbound_kept(in->session, in->storage, in->index);
	inbound_free(in);
}

/* ---- received SMS ---- */

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
		snprintf(row.sender, sizeof(row.sender), "%s", sms->sender);
	}
	err = reply_receive(&rule, &row, in->pdu, in->decoded == 0 ? sms->smsc : "");
	return err == -EEXIST ? 0 : err;
}

/* ---- delivery reports ---- */

static int find_attempt(struct db *db, const struct early_report *early, struct attempt_row *row)
{
	int64_t number = 0, since = early->at - REPORT_AGE_MS;
	int err = db_number_find(db, early->report.recipient, &number);

	if (err < 0 && err != -ENOENT)
		return err;
	err = db_attempt_by_reference(db, early->sim, early->modem, early->report.reference, number,
				      since, row);
	if (err == -ENOENT && number != 0) /* the network may write the number otherwise */
		err = db_attempt_by_reference(db, early->sim, early->modem, early->report.reference,
					      0, since, row);
	return err;
}

static int apply_report(struct db *db, const struct pdu_report *report,
			const struct attempt_row *attempt)
{
	enum pdu_status_class class = pdu_status_class(report->status);
	enum attempt_state state = ATTEMPT_ACCEPTED;
	char code[16];
	const struct message_cause cause = {
		.class = class == ST_EXPIRED ? "expired" : "permanent",
		.code = code,
		.text = pdu_status_text(report->status),
	};
	struct message_row row;
	int err;

	snprintf(code, sizeof(code), "st_%02x", report->status);
	if (class == ST_DELIVERED)
		state = ATTEMPT_DELIVERED;
	else if (class != ST_PENDING)
		state = ATTEMPT_UNDELIVERED;
	err = db_attempt_end(db, attempt->id, state, attempt->reference, report->status);
	if (err == 0)
		err = db_message_by_seq(db, attempt->message_seq, &row);
	return err == 0 ? outcome_settle(db, &row, &cause) : err;
}

/* -ENOENT becomes matched = false; any other failure is the store's. */
static int match_report(struct db *db, const struct early_report *early, bool *matched)
{
	struct attempt_row attempt;
	int err = find_attempt(db, early, &attempt);

	*matched = err == 0;
	if (err == -ENOENT)
		return 0;
	return err < 0 ? err : apply_report(db, &early->report, &attempt);
}

static struct early_report as_early(const struct inbound *in)
{
	struct early_report early = { .report = in->content.report, .at = in->at };

	snprintf(early.modem, sizeof(early.modem), "%s", in->modem);
	snprintf(early.sim, sizeof(early.sim), "%s", in->sim);
	return early;
}

static int report_tx(struct db *db, void *arg)
{
	struct inbound *in = arg;
	const struct early_report early = as_early(in);

	return match_report(db, &early, &in->matched);
}

static void hold_early(struct dispatch *d, const struct early_report *early)
{
	if (d->n_early == EARLY_REPORTS) {
		memmove(d->early, d->early + 1, sizeof(d->early) - sizeof(d->early[0]));
		d->n_early--;
	}
	d->early[d->n_early++] = *early;
}

static void on_report(void *arg, int status)
{
	struct inbound *in = arg;
	const struct early_report early = as_early(in);

	if (status == 0 && !in->matched)
		hold_early(in->dispatch, &early);
	on_kept(in, status);
}

/* All held reports are looked at once more; those that fit leave the list. */
struct rematch {
	struct dispatch *dispatch;
	struct early_report early[EARLY_REPORTS];
	bool matched[EARLY_REPORTS];
	size_t n;
};

static int rematch_tx(struct db *db, void *arg)
{
	struct rematch *r = arg;
	int err = 0;

	for (size_t i = 0; i < r->n && err == 0; i++)
		err = match_report(db, &r->early[i], &r->matched[i]);
	return err;
}

static void on_rematched(void *arg, int status)
{
	struct rematch *r = arg;
	int64_t now = clock_now_ms();

	for (size_t i = 0; i < r->n; i++)
		if ((status < 0 || !r->matched[i]) && r->early[i].at > now - EARLY_MS)
			hold_early(r->dispatch, &r->early[i]);
	free(r);
}

void inbound_match_early(struct dispatch *d)
{
	struct rematch *r;

	if (d->n_early == 0 || d->stopping)
		return;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return;
	r->dispatch = d;
	r->n = d->n_early;
	memcpy(r->early, d->early, sizeof(r->early));
	d->n_early = 0;
	store_run(d->store, STORE_FIRST, rematch_tx, on_rematched, r);
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
	if (in->decoded < 0)
		log_write(LOG_LEVEL_WARN, &(struct log_tags){ .modem = in->modem },
			  "a received PDU could not be read; it is kept in the inbox as it is");
	if (in->decoded == 0 && in->content.kind == PDU_STATUS_REPORT)
		store_run(d->store, STORE_FIRST, report_tx, on_report, in);
	else if (in->decoded == 0 && in->content.kind == PDU_OTHER)
		inbound_free(in); /* an outgoing message that someone stored in the modem */
	else
		store_run(d->store, STORE_NORMAL, keep_sms, on_kept, in);
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
	return err == 0 ? outcome_settle(db, &row, NULL) : err;
}

static void on_late_reply(void *arg, int status)
{
	struct inbound *in = arg;

	if (status == 0)
		log_write(LOG_LEVEL_INFO, &(struct log_tags){ .modem = in->modem },
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
	log_write(LOG_LEVEL_INFO, &(struct log_tags){ .modem = in->modem },
		  "rejected a call from %s (type %d)",
		  number[0] != '\0' ? masked : "a withheld number", type);
	store_run(d->store, STORE_NORMAL, call_tx, on_call_kept, in);
}
