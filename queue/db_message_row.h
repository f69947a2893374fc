/* db_message_row.h - a message as it stands in the database. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/gsm_text.h"
#include "base/id.h"
#include "queue/db_number.h"
#include "queue/message.h"

enum { SITE_SIZE = 64, REFERENCE_SIZE = 136, MODEM_SIZE = 64, CODE_SIZE = 40, WORDS_SIZE = 160 };

struct message_row {
	int64_t seq;
	char id[ID_SIZE], site[SITE_SIZE];
	enum config_kind kind;
	enum message_priority priority;
	enum message_state state;
	int64_t number;
	int64_t route; /* of the number: config/route.h */
	enum gsm_encoding encoding;
	unsigned parts, parts_sent, tries;
	bool report;
	char modem[MODEM_SIZE], reference[REFERENCE_SIZE], retry_of[ID_SIZE];
	char reason_class[CODE_SIZE], reason_code[CODE_SIZE], reason_text[WORDS_SIZE];
	int64_t created_at, due_at, deadline, submit_by;
	int64_t life_ms; /* of a code from its first submit; 0: none */
	int64_t first_submit_at, sent_at, delivered_at, ended_at; /* 0: not yet */
	bool has_text;
};
