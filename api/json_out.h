/* json_out.h - what rules and modems show, as JSON (section 7 of the design). Absent texts and
 * times are null, so that every object has all of its members. name: as in json_text.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "api/json_text.h"
#include "config/config.h"
#include "modem/control.h"
#include "queue/db_event.h"
#include "queue/db_inbox.h"
#include "service/contacts.h"
#include "service/messages.h"
#include "service/texts.h"
#include "service/verifications.h"

/* {"items": [ ... items ... ], "next": ...}: items are written between the two. next "" or NULL:
 * null. */
void json_out_list_open(struct json_text *out);
void json_out_list_close(struct json_text *out, const char *next);

void json_out_message(struct json_text *out, const struct message_view *view, bool with_history);
/* advice {ru, vi, en} and next_step, in an object that is open; null where there is no reason. */
void json_out_advice(struct json_text *out, enum delivery_reason reason, const char *next_step,
		     bool of_code, int64_t wait_ms);

void json_out_preview(struct json_text *out, const struct text_preview *preview);
void json_out_template(struct json_text *out, const struct text_template *template);
/* history may be NULL: it is not told. */
void json_out_verification(struct json_text *out, const struct verification_view *view,
			   const struct event *history, size_t n_history);
void json_out_check(struct json_text *out, const struct verification_view *view,
		    enum check_result result);
void json_out_contact(struct json_text *out, const struct contact_view *view);

/* The members without the brackets: an export adds to them. */
void json_out_account(struct json_text *out, const struct account_view *view);

void json_out_inbox(struct json_text *out, const struct inbox_row *row);
void json_out_event(struct json_text *out, const struct event *event);

/* A limit of a modem's SIM and how much of it is used. */
struct json_quota {
	struct config_rate rate;
	bool recipients; /* it counts these, not parts */
	unsigned used;
	int64_t next_at; /* when one more may go, 0: now; codes may sooner */
};
/* Does it answer? What it said of its network holds no longer than that. */
bool modem_is_heard(const struct modem_status *status);
/* config NULL: a modem that the configuration does not name. */
void json_out_modem(struct json_text *out, const struct modem_status *status,
		    const struct config_modem *config, const struct json_quota *quotas, size_t n);
/* Why it is in its state, or why nothing is sent though it is ready. */
const char *json_modem_why(const struct modem_status *status);
void json_out_trace(struct json_text *out, int64_t at_ms, char direction, const char *line);
