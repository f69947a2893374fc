/* diagnosis.h - why a code or a message has not come: what the database knows of it, put together
 * (delivery.h), for the site's user (advice.h) and for those who support him. */
#pragma once

#include "service/delivery.h"

struct diagnosis {
	enum delivery_reason reason; /* DELIVERY_NONE: nothing is amiss */
	const char *next_step;       /* "" for none */
	bool of_code;
	int64_t wait_ms; /* until the next step makes sense; 0: not told */
	char detail[DELIVERY_DETAIL_SIZE];
};

int diagnosis_of_message(const struct rule *rule, const struct message_row *message,
			 struct diagnosis *diagnosis);
