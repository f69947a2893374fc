/* messages.h - rules for messages: what may be queued, canceled, tried again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "queue/db_event.h"
#include "queue/db_message.h"
#include "service/diagnosis.h"
#include "service/rule.h"

enum { MESSAGE_REFERENCE_MAX = 128 }; /* bytes */

/* A message as the outside sees it; history is malloced. */
struct message_view {
	struct message_row row;
	char to[NUMBER_SIZE];
	struct event *history;
	size_t n_history;
	int64_t estimated_send_at; /* 0: not known */
	bool diagnosed;            /* by message_show alone */
	struct diagnosis diagnosis;
};

void message_view_free(struct message_view *view);

struct message_request { /* borrowed strings; NULL: left out */
	const char *to, *text, *reference;
	enum message_priority priority;
	int64_t ttl_ms;  /* 0: one day */
	int64_t send_at; /* 0: now */
	bool report;
	enum gsm_encoding encoding;
	int transliterate; /* enum config_translit, or -1: as the site says */
};

/* All of them: see rule.h for what they return. A view is filled on 0 and freed by the caller. */
int message_create(const struct rule *rule, const struct message_request *request,
		   struct message_view *view, struct refusal *why);
int message_show(const struct rule *rule, const char *id, struct message_view *view,
		 struct refusal *why);
int message_cancel(const struct rule *rule, const char *id, struct message_view *view,
		   struct refusal *why);
int message_retry(const struct rule *rule, const char *id, struct message_view *view,
		  struct refusal *why);

struct message_filter {
	int state, kind; /* -1: any */
	const char *to, *reference, *after;
	size_t limit;
	const char *const *sites; /* NULL: all */
	size_t n_sites;
};

/* Views are malloced (no history); *next is the last id where more follow, else "". */
int message_list(const struct rule *rule, const struct message_filter *filter,
		 struct message_view **views, size_t *n, char next[static ID_SIZE],
		 struct refusal *why);

/* For verifications and contact requests: queues text in the lane of kind. REASON_QUEUE_FULL. */
struct message_order {
	enum config_kind kind;
	int64_t number;
	const char *text;
	enum gsm_encoding encoding;
	unsigned parts;
	bool report;
	int64_t due_at; /* 0: now */
	int64_t deadline, life_ms;
};
int message_queue(const struct rule *rule, const struct message_order *order,
		  struct message_row *row, struct refusal *why);

/* Where it waits and no modem of the configuration may send it, that is its reason in the view. */
void message_tell_no_modem(const struct rule *rule, struct message_view *view);

/* When a waiting message goes, as far as that is known; else 0. */
int64_t message_estimate(const struct rule *rule, const struct message_row *row);

/* As message_show, for a row that was read already; view->row is taken from it. */
int message_view_fill(const struct rule *rule, const struct message_row *row,
		      struct message_view *view);
