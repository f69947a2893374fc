/* json_text.c - a comma is due unless a bracket has just been opened: the last byte tells. */
#include "api/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/gsm_text.h"
#include "base/secret.h"

enum { ROOM_FIRST = 1024 };

static bool make_room(struct json_text *text, size_t n)
{
	size_t room = text->room > 0 ? text->room : ROOM_FIRST;
	char *data;

	if (text->failed)
		return false;
	while (room < text->n + n + 1)
		room *= 2;
	if (room == text->room)
		return true;
	data = malloc(room);
	text->failed = data == NULL;
	if (text->failed)
		return false;
	if (text->n > 0)
		memcpy(data, text->data, text->n);
	secret_free(text->data);
	text->data = data;
	text->room = room;
	return true;
}

static void put(struct json_text *text, const char *bytes, size_t n)
{
	if (!make_room(text, n))
		return;
	memcpy(text->data + text->n, bytes, n);
	text->n += n;
	text->data[text->n] = '\0';
}

/* Most texts need no escape: whole runs are copied. */
static size_t plain_run(const char *value)
{
	size_t n = 0;

	while ((unsigned char)value[n] >= ' ' && (unsigned char)value[n] < 0x7f &&
	       value[n] != '"' && value[n] != '\\')
		n++;
	return n;
}

/* Writes the one character that ended a run. Bytes used. */
static size_t put_special(struct json_text *text, const char *value)
{
	unsigned char c = (unsigned char)*value;
	char escape[8];
	uint32_t character;
	size_t used;

	if (c == '"' || c == '\\') {
		put(text, c == '"' ? "\\\"" : "\\\\", 2);
		return 1;
	}
	if (c < ' ' || c == 0x7f) {
		snprintf(escape, sizeof(escape), "\\u%04x", c);
		put(text, escape, 6);
		return 1;
	}
	used = gsm_utf8_next(value, strnlen(value, 4), &character);
	if (used == 0) {
		put(text, "\\ufffd", 6);
		return 1;
	}
	put(text, value, used);
	return used;
}

static void put_quoted(struct json_text *text, const char *value)
{
	put(text, "\"", 1);
	while (*value != '\0') {
		size_t n = plain_run(value);

		put(text, value, n);
		value += n;
		if (*value != '\0')
			value += put_special(text, value);
	}
	put(text, "\"", 1);
}

static void begin(struct json_text *text, const char *name)
{
	char last = text->n > 0 ? text->data[text->n - 1] : '[';

	if (last != '{' && last != '[')
		put(text, ",", 1);
	if (name == NULL)
		return;
	put_quoted(text, name);
	put(text, ":", 1);
}

void json_text_open(struct json_text *text, const char *name, char bracket)
{
	begin(text, name);
	put(text, &bracket, 1);
}

void json_text_close(struct json_text *text, char bracket)
{
	put(text, &bracket, 1);
}

void json_text_string(struct json_text *text, const char *name, const char *value)
{
	if (value[0] == '\0') {
		json_text_null(text, name);
		return;
	}
	begin(text, name);
	put_quoted(text, value);
}

void json_text_number(struct json_text *text, const char *name, int64_t value)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%lld", (long long)value);

	begin(text, name);
	put(text, digits, (size_t)n);
}

void json_text_flag(struct json_text *text, const char *name, bool value)
{
	begin(text, name);
	put(text, value ? "true" : "false", value ? 4 : 5);
}

void json_text_time(struct json_text *text, const char *name, int64_t ms)
{
	char at[CLOCK_TEXT_SIZE] = "";

	if (ms > 0)
		clock_format(ms, at);
	json_text_string(text, name, at);
}

void json_text_null(struct json_text *text, const char *name)
{
	begin(text, name);
	put(text, "null", 4);
}

void json_text_free(struct json_text *text)
{
	secret_free(text->data);
	*text = (struct json_text){ 0 };
}
