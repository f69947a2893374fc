/* json_text.h - JSON written straight into one growing buffer.
 *
 * A tree built first and dumped after costs about a hundred allocations a message: measured, half
 * of the loop's time for an accepted request. Reading stays with jansson. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_text {  /* start from { 0 } */
	char *data; /* malloced; a NUL stands at its end, not counted in n */
	size_t n, room;
	bool failed; /* no memory: what follows is not written */
};

/* name: of the member, or NULL inside an array and at the top. bracket: '{' or '['. */
void json_text_open(struct json_text *text, const char *name, char bracket);
void json_text_close(struct json_text *text, char bracket); /* '}' or ']' */

/* "" becomes null; what is not UTF-8 becomes U+FFFD. */
void json_text_string(struct json_text *text, const char *name, const char *value);
void json_text_number(struct json_text *text, const char *name, int64_t value);
void json_text_flag(struct json_text *text, const char *name, bool value);
void json_text_time(struct json_text *text, const char *name, int64_t ms); /* 0 becomes null */
void json_text_null(struct json_text *text, const char *name);

/* What was written may have been a received text: its bytes are wiped. */
void json_text_free(struct json_text *text);
