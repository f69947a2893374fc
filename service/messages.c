/* messages.c - what may be queued, canceled and tried again.
 *
 * Creating: the key of an earlier request first, then may this site send texts, then the input,
 * the limits, the queue; the message, its place and the key are kept together or not at all. */
#include "service/messages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/util.h"
#include "config/route.h"
#include "queue/db_route.h"
#include "service/numbers.h"
#include "service/optout.h"
#include "service/rule_private.h"
#include "service/texts.h"

enum { QUEUE_FULL_RETRY_MS = 60000 };

static const int64_t day_ms = 24 * 3600 * 1000LL;
static const int64_t times_end_ms =
	253402300800000; /* of the year 9999: RFC 3339 writes no other */
static const int64_t ttl_max_ms = 63 * 7 * 24 * 3600 * 1000LL; /* what TP-VP can say */

void message_view_free(struct message_view *view)
{
	free(view->history);
	view->history = NULL;
	view->n_history = 0;
}

static int refuse_unknown(struct refusal *why)
{
	return rule_refuse(why, REASON_NOT_FOUND, 0, "There is no such message.");
}

int64_t message_estimate(const struct rule *rule, const struct message_row *row)
{
	int64_t now = db_now(rule->db), opens = delivery_opens_at(row, rule->fleet, now);

	if (row->state != MSG_SCHEDULED && row->state != MSG_QUEUED)
		return 0;
	if (row->due_at > now && row->due_at > opens)
		return row->due_at;
	return opens;
}

/* It waits for a modem that the configuration does not have: that is its reason, then. */
void message_tell_no_modem(const struct rule *rule, struct message_view *view)
{
	struct message_row *row = &view->row;

	if ((row->state != MSG_SCHEDULED && row->state != MSG_QUEUED) ||
	    config_route_open(rule->config, config_route(rule->config, view->to)))
		return;
	snprintf(row->reason_class, sizeof(row->reason_class), "waiting");
	snprintf(row->reason_code, sizeof(row->reason_code), "no_modem");
	snprintf(row->reason_text, sizeof(row->reason_text),
		 "no modem of the configuration may send to this number (prefixes)");
}

/* All but the history. */
static void fill_view(const struct rule *rule, const struct message_row *row, const char *to,
		      struct message_view *view)
{
	memset(view, 0, sizeof(*view));
	view->row = *row;
	view->estimated_send_at = message_estimate(rule, row);
	copy_text(view->to, sizeof(view->to), to);
	message_tell_no_modem(rule, view);
}

int message_view_fill(const struct rule *rule, const struct message_row *row,
		      struct message_view *view)
{
	char to[NUMBER_SIZE] = "";
	int err = db_number_get(rule->db, row->number, to);

	fill_view(rule, row, to, view);
	return err < 0 ? err
		       : db_event_history(rule->db, row->id, &view->history, &view->n_history);
}

/* What message_view_fill would read back of a message that was added just now. */
static int fill_new(const struct rule *rule, const struct message_row *row, const char *to,
		    struct message_view *view)
{
	fill_view(rule, row, to, view);
	view->history = calloc(1, sizeof(*view->history));
	if (view->history == NULL)
		return -ENOMEM;
	view->n_history = 1;
	view->history->at = row->created_at;
	copy_text(view->history->state, sizeof(view->history->state),
		  message_state_name(row->state));
	return 0;
}

/* The message of this id, if the client's sites own it. */
static int find(const struct rule *rule, const char *id, struct message_row *row,
		struct refusal *why)
{
	int err = id_is(id, ID_MESSAGE) ? db_message_get(rule->db, id, row) : -ENOENT;

	if (err == -ENOENT || (err == 0 && !rule_sees(rule, row->site)))
		return refuse_unknown(why);
	return err;
}

int message_show(const struct rule *rule, const char *id, struct message_view *view,
		 struct refusal *why)
{
	struct message_row row;
	int err = find(rule, id, &row, why);

	if (err == 0)
		err = message_view_fill(rule, &row, view);
	if (err != 0)
		return err;
	view->diagnosed = true;
	err = diagnosis_of_message(rule, &row, &view->diagnosis);
	if (err < 0)
		message_view_free(view);
	return err;
}

static int check_room(const struct rule *rule, struct refusal *why)
{
	if ((uint64_t)db_live_messages(rule->db) < rule->config->queue_max)
		return 0;
	return rule_refuse(why, REASON_QUEUE_FULL, QUEUE_FULL_RETRY_MS,
			   "Too many messages wait. Try again later.");
}

/* row is filled but for what the database gives. */
static int add(const struct rule *rule, struct message_row *row, const char *text)
{
	int err = db_route_of(rule->db, rule->config, row->number, &row->route);

	return err < 0 ? err : db_message_add(rule->db, row, text);
}

int message_queue(const struct rule *rule, const struct message_order *order,
		  struct message_row *row, struct refusal *why)
{
	if (check_room(rule, why) != 0)
		return RULE_REFUSED;
	memset(row, 0, sizeof(*row));
	copy_text(row->site, sizeof(row->site), rule->site->name);
	row->kind = order->kind;
	row->priority = PRIORITY_NORMAL;
	row->number = order->number;
	row->encoding = order->encoding;
	row->parts = order->parts;
	row->report = order->report;
	row->due_at = order->due_at != 0 ? order->due_at : db_now(rule->db);
	row->deadline = order->deadline;
	row->life_ms = order->life_ms;
	return add(rule, row, order->text);
}

/* A text of this site holds a place where texts are limited. */
static int take_text_place(const struct rule *rule, const struct config_site *site,
			   const struct message_row *row)
{
	struct place_key key;

	if (site == NULL || site->text_limits.n == 0 || row->kind != KIND_TEXT)
		return 0;
	db_place_key(rule->db, &key, PLACE_TEXT_SITE, site->name, NULL, NULL);
	return db_place_take(rule->db, &key, row->seq, false);
}

static int check_text_place(const struct rule *rule, const struct config_site *site,
			    struct refusal *why)
{
	struct place_key key;

	if (site == NULL)
		return 0;
	db_place_key(rule->db, &key, PLACE_TEXT_SITE, site->name, NULL, NULL);
	return rule_limit(rule, &key, &site->text_limits, "texts of this site", why);
}

static int read_reference(struct message_row *row, const char *reference, struct refusal *why)
{
	if (reference == NULL || reference[0] == '\0')
		return 0;
	if (text_check(reference, "reference", why) != 0)
		return RULE_REFUSED;
	if (strlen(reference) > MESSAGE_REFERENCE_MAX)
		return rule_refuse_field(why, "reference", "too_long",
					 "A reference has at most %d bytes.",
					 MESSAGE_REFERENCE_MAX);
	snprintf(row->reference, sizeof(row->reference), "%s", reference);
	return 0;
}

static int read_times(const struct rule *rule, struct message_row *row,
		      const struct message_request *request, struct refusal *why)
{
	int64_t now = db_now(rule->db), ttl = request->ttl_ms != 0 ? request->ttl_ms : day_ms;

	if (ttl < 1000 || ttl > ttl_max_ms)
		return rule_refuse_field(why, "ttl", "out_of_range",
					 "From 1 second to 63 weeks, in seconds.");
	row->due_at = request->send_at > now ? request->send_at : now;
	if (row->due_at >= times_end_ms - ttl)
		return rule_refuse_field(why, "send_at", "out_of_range",
					 "It must end before the year 10000.");
	row->deadline = row->due_at + ttl;
	return 0;
}

static int read_text(const struct rule *rule, struct message_row *row,
		     const struct message_request *request, struct text_preview *preview,
		     struct refusal *why)
{
	enum config_translit policy = request->transliterate < 0
					      ? rule->site->transliterate
					      : (enum config_translit)request->transliterate;
	int err = text_preview(preview, request->text, policy, request->encoding, why);

	if (err != 0)
		return err;
	if (request->encoding == GSM_GSM7 && preview->n_offending > 0)
		return rule_refuse_field(why, "text", "not_gsm7",
					 "The character at position %zu is not in GSM7. Replace "
					 "it, or leave the encoding out.",
					 preview->offending[0].at + 1);
	row->encoding = preview->shape.encoding;
	row->parts = preview->shape.n_parts;
	return 0;
}

/* Everything of the request that can be wrong; fills the row, the number and the text as it will go
 * out. */
static int read_request(const struct rule *rule, struct message_row *row, struct number *number,
			const struct message_request *request, struct text_preview *preview,
			struct refusal *why)
{
	int err;

	memset(row, 0, sizeof(*row));
	copy_text(row->site, sizeof(row->site), rule->site->name);
	row->kind = KIND_TEXT;
	row->priority = request->priority;
	row->report = request->report;
	err = number_parse_recipient(number, request->to, rule->site->region, "to", why);
	if (err == 0)
		err = read_text(rule, row, request, preview, why);
	if (err == 0)
		err = read_reference(row, request->reference, why);
	if (err == 0)
		err = read_times(rule, row, request, why);
	return err;
}

static int create(const struct rule *rule, const struct message_request *request,
		  struct text_preview *preview, struct message_view *view, struct refusal *why)
{
	struct message_row row;
	struct number number;
	int err = read_request(rule, &row, &number, request, preview, why);

	if (err == 0)
		err = check_text_place(rule, rule->site, why);
	if (err == 0)
		err = check_room(rule, why);
	if (err == 0) /* refusals before this have changed nothing */
		err = db_number_id(rule->db, number.e164, &row.number);
	if (err == 0)
		err = add(rule, &row, preview->text);
	if (err == 0)
		err = take_text_place(rule, rule->site, &row);
	if (err == 0)
		err = rule_keep(rule, row.id);
	return err != 0 ? err : fill_new(rule, &row, number.e164, view);
}

int message_create(const struct rule *rule, const struct message_request *request,
		   struct message_view *view, struct refusal *why)
{
	struct text_preview *preview;
	char id[ID_SIZE];
	int err = rule_recall(rule, id, why);

	if (err != -ENOENT)
		return err != 0 ? err : message_show(rule, id, view, why);
	if (!rule->site->text_allowed)
		return rule_refuse(why, REASON_KIND_NOT_ALLOWED, 0,
				   "This site may not send free texts (text.allowed).");
	preview = malloc(sizeof(*preview));
	if (preview == NULL)
		return -ENOMEM;
	err = create(rule, request, preview, view, why);
	secret_wipe(preview, sizeof(*preview));
	free(preview);
	return err;
}

int message_cancel(const struct rule *rule, const char *id, struct message_view *view,
		   struct refusal *why)
{
	static const struct message_cause cause = { .class = "canceled", .code = "canceled" };
	struct message_row row;
	int err = find(rule, id, &row, why);

	if (err != 0)
		return err;
	if (row.state == MSG_SENDING || row.state == MSG_UNCERTAIN)
		return rule_refuse(why, REASON_ALREADY_SENDING, 0,
				   "The message is already on its way.");
	if (row.state != MSG_SCHEDULED && row.state != MSG_QUEUED)
		return rule_refuse(why, REASON_ALREADY_FINAL, 0, "The message is already %s.",
				   message_state_name(row.state));
	err = db_message_move(rule->db, &row, MSG_CANCELED, &cause);
	return err < 0 ? err : message_view_fill(rule, &row, view);
}

static int check_retry(const struct rule *rule, const struct message_row *row, struct refusal *why)
{
	bool allowed = true;
	int err = 0;

	if (row->state != MSG_FAILED && row->state != MSG_EXPIRED && row->state != MSG_UNCERTAIN)
		return rule_refuse(why, REASON_NOT_RETRYABLE, 0,
				   "Only failed, expired and uncertain messages can be tried "
				   "again; this one is %s.",
				   message_state_name(row->state));
	if (row->kind == KIND_VERIFICATION)
		return rule_refuse(why, REASON_USE_RESEND, 0,
				   "A code is not sent twice: start the verification again, "
				   "which makes a new one.");
	if (row->kind == KIND_CONTACT_REQUEST)
		err = optout_allows(rule, row, &allowed);
	if (err == 0 && !allowed)
		return rule_refuse(why, REASON_RECIPIENT_OPTED_OUT, 0,
				   "The recipient wants no contact requests by SMS.");
	return err;
}

static int retry(const struct rule *rule, const struct message_row *old, struct message_row *row,
		 struct refusal *why)
{
	const struct config_site *site = config_site(rule->config, old->site);
	int64_t now = db_now(rule->db), life = old->deadline - old->created_at;
	char *text;
	int err = db_message_text(rule->db, old, &text);

	if (err == -ENOENT)
		return rule_refuse(why, REASON_TEXT_ERASED, 0,
				   "The text is erased. Send it as a new message.");
	memset(row, 0, sizeof(*row));
	copy_text(row->site, sizeof(row->site), old->site);
	snprintf(row->reference, sizeof(row->reference), "%s", old->reference);
	snprintf(row->retry_of, sizeof(row->retry_of), "%s", old->id);
	row->kind = old->kind;
	row->priority = old->priority;
	row->number = old->number;
	row->encoding = old->encoding;
	row->parts = old->parts;
	row->report = old->report;
	row->due_at = now;
	row->deadline = now + life;
	if (err == 0 && old->kind == KIND_TEXT)
		err = check_text_place(rule, site, why);
	if (err == 0)
		err = check_room(rule, why);
	if (err == 0)
		err = add(rule, row, text);
	secret_free(text);
	return err == 0 ? take_text_place(rule, site, row) : err;
}

int message_retry(const struct rule *rule, const char *id, struct message_view *view,
		  struct refusal *why)
{
	struct message_row old, row;
	char made[ID_SIZE];
	int err = rule_recall(rule, made, why);

	if (err != -ENOENT)
		return err != 0 ? err : message_show(rule, made, view, why);
	err = find(rule, id, &old, why);
	if (err == 0)
		err = check_retry(rule, &old, why);
	if (err == 0)
		err = retry(rule, &old, &row, why);
	if (err == 0)
		err = rule_keep(rule, row.id);
	return err != 0 ? err : message_view_fill(rule, &row, view);
}
