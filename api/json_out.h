/* json_out.h - what rules and modems show, as JSON (section 7 of the design). Absent texts and
 * times are null, so that every object has all of its members. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "modem/control.h"
#include "queue/db_event.h"
#include "queue/db_inbox.h"
#include "service/contacts.h"
#include "service/messages.h"
#include "service/texts.h"
#include "service/verifications.h"

/* "" and 0 become null. */
void json_out_text(json_t *object, const char *name, const char *text);
void json_out_time(json_t *object, const char *name, int64_t ms);

/* {items, next}; takes items. next "" or NULL: null. */
json_t *json_out_list(json_t *items, const char *next);

json_t *json_out_message(const struct message_view *view, bool with_history);
json_t *json_out_preview(const struct text_preview *preview);
json_t *json_out_verification(const struct verification_view *view);
json_t *json_out_check(const struct verification_view *view, enum check_result result);
json_t *json_out_contact(const struct contact_view *view);
json_t *json_out_account(const struct account_view *view);
json_t *json_out_inbox(const struct inbox_row *row);
json_t *json_out_event(const struct event *event);

/* config may be NULL: the modem is not named there. */
json_t *json_out_modem(const struct modem_status *status, const struct config_modem *config);
json_t *json_out_trace(int64_t at_ms, char direction, const char *line);
