/* reply.h - the one answer of a request. It may be given inside the handler or, after the request
 * waited, from the loop; a second answer and one to a client that has left are dropped. */
#pragma once

#include <microhttpd.h>
#include <stdint.h>

#include "api/json_text.h"
#include "api/problem.h"
#include "service/rule.h"

struct request;

void reply_json(struct request *request, unsigned status, struct json_text *body); /* takes it */
void reply_plain(struct request *request, struct json_text *text); /* 200, metrics; takes it */
void reply_nothing(struct request *request);                       /* 204 */

/* The sentence says what happened and what to do. */
void reply_problem(struct request *request, enum problem problem, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void reply_fields(struct request *request, const struct field_errors *errors);
void reply_refusal(struct request *request, const struct refusal *why);
void reply_not_found(struct request *request);

/* Takes response: a stream. */
void reply_response(struct request *request, unsigned status, struct MHD_Response *response);
