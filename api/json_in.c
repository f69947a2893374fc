/* json_in.c - strict reading: nothing unknown, nothing twice, nothing of another type. */
#include "api/json_in.h"

#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"

/* jansson tells what it stumbled over ("near '1234'", "invalid Unicode '...'"): that stays here. */
static void tell_parse_error(const json_error_t *error, char why[static JSON_IN_WHY_SIZE])
{
	const char *near = strstr(error->text, " near ");
	const char *quoted = strstr(error->text, "Unicode ");
	int n = near != NULL ? (int)(near - error->text) : (int)strlen(error->text);

	if (quoted != NULL)
		n = (int)(quoted + strlen("Unicode") - error->text);
	if (json_error_code(error) == json_error_duplicate_key)
		n = snprintf(why, JSON_IN_WHY_SIZE, "The body has a member twice");
	else if (json_error_code(error) == json_error_numeric_overflow)
		n = snprintf(why, JSON_IN_WHY_SIZE, "The body has a number beyond all bounds");
	else
		n = snprintf(why, JSON_IN_WHY_SIZE, "The body is not JSON (%.*s)", n, error->text);
	if (error->line > 0 && n > 0 && n < JSON_IN_WHY_SIZE)
		snprintf(why + n, (size_t)(JSON_IN_WHY_SIZE - n), ": line %d, column %d.",
			 error->line, error->column);
}

/* Texts and codes stand in what is read, and in what jansson reads it with. */
static void wipe_and_free(void *memory)
{
	if (memory != NULL)
		secret_wipe(memory, malloc_usable_size(memory));
	free(memory);
}

/* NUL is let through here to be refused as a field's problem, by name; so is a number too large for
 * an integer. */
static json_t *load(const char *body, size_t size, json_error_t *error)
{
	static const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
	json_t *document = json_loadb(body, size, flags, error);

	if (document == NULL && json_error_code(error) == json_error_numeric_overflow)
		document = json_loadb(body, size, flags | JSON_DECODE_INT_AS_REAL, error);
	return document;
}

json_t *json_in_parse(const char *body, size_t size, enum problem *problem,
		      char why[static JSON_IN_WHY_SIZE])
{
	json_error_t error;
	json_t *document;

	*problem = PROBLEM_NOT_JSON;
	if (size == 0) {
		snprintf(why, JSON_IN_WHY_SIZE,
			 "The body is empty, not a JSON object: line 1, column 1.");
		return NULL;
	}
	json_set_alloc_funcs(malloc, wipe_and_free);
	document = load(body, size, &error);
	if (document == NULL) {
		if (json_error_code(&error) == json_error_invalid_utf8)
			*problem = PROBLEM_BAD_UTF8;
		tell_parse_error(&error, why);
		secret_wipe(&error, sizeof(error));
	} else if (!json_is_object(document)) {
		snprintf(why, JSON_IN_WHY_SIZE,
			 "The body is JSON but not an object: line 1, "
			 "column 1.");
		json_in_free(document);
		document = NULL;
	}
	return document;
}

static void read_text(const struct json_member *member, const json_t *value, void *at,
		      struct field_errors *errors)
{
	const char *text = json_string_value(value);
	size_t n = json_string_length(value);

	if (text == NULL)
		problem_add_field(errors, member->name, "wrong_type", "It must be a text.");
	else if (strlen(text) != n)
		problem_add_field(errors, member->name, "nul_character",
				  "It must not hold the character U+0000.");
	else if ((int64_t)n < member->min)
		problem_add_field(errors, member->name, n == 0 ? "empty" : "too_short",
				  "It must have at least %lld bytes.", (long long)member->min);
	else if ((int64_t)n > member->max)
		problem_add_field(errors, member->name, "too_long",
				  "It must have at most %lld bytes.", (long long)member->max);
	else
		memcpy(at, &text, sizeof(text));
}

/* 60 and 60.0 are the same number. false: it is none, or has a fraction. */
static bool whole_number(const json_t *value, int64_t *number)
{
	double real = json_real_value(value);

	*number = json_integer_value(value);
	if (!json_is_real(value))
		return json_is_integer(value);
	if (real >= (double)INT64_MAX || real <= (double)INT64_MIN)
		*number = real > 0 ? INT64_MAX : INT64_MIN;
	else
		*number = (int64_t)real;
	return fabs(real) >= (double)INT64_MAX || (double)*number == real;
}

static void read_seconds(const struct json_member *member, const json_t *value, void *at,
			 struct field_errors *errors)
{
	int64_t seconds, ms;

	if (!whole_number(value, &seconds)) {
		problem_add_field(errors, member->name, "wrong_type",
				  "It must be a whole number of seconds.");
		return;
	}
	if (seconds < member->min || seconds > member->max) {
		problem_add_field(errors, member->name, "out_of_range",
				  "It must be from %lld to %lld seconds.", (long long)member->min,
				  (long long)member->max);
		return;
	}
	ms = seconds * 1000;
	memcpy(at, &ms, sizeof(ms));
}

static void read_time(const struct json_member *member, const json_t *value, void *at,
		      struct field_errors *errors)
{
	const char *text = json_string_value(value);
	int64_t ms;

	if (text == NULL)
		problem_add_field(errors, member->name, "wrong_type",
				  "It must be a text like 2026-01-31T09:30:00Z.");
	else if (clock_parse(text, &ms) < 0)
		problem_add_field(errors, member->name, "not_a_time",
				  "It must be an RFC 3339 time with a zone, like "
				  "2026-01-31T09:30:00Z.");
	else
		memcpy(at, &ms, sizeof(ms));
}

static void read_flag(const struct json_member *member, const json_t *value, void *at,
		      struct field_errors *errors)
{
	bool flag = json_is_true(value);

	if (!json_is_boolean(value))
		problem_add_field(errors, member->name, "wrong_type", "It must be true or false.");
	else
		memcpy(at, &flag, sizeof(flag));
}

static void tell_words(const struct json_member *member, struct field_errors *errors)
{
	char list[160] = "";
	size_t n = 0;

	for (size_t i = 0; member->words[i] != NULL && n < sizeof(list); i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i > 0 ? ", " : "",
				      member->words[i]);
	problem_add_field(errors, member->name, "unknown_word", "It must be one of: %s.", list);
}

static void read_word(const struct json_member *member, const json_t *value, void *at,
		      struct field_errors *errors)
{
	const char *text = json_string_value(value);

	if (text == NULL) {
		problem_add_field(errors, member->name, "wrong_type", "It must be a word.");
		return;
	}
	for (int i = 0; member->words[i] != NULL; i++) {
		if (strcmp(member->words[i], text) == 0) {
			memcpy(at, &i, sizeof(i));
			return;
		}
	}
	tell_words(member, errors);
}

static void read_word_or_flag(const struct json_member *member, const json_t *value, void *at,
			      struct field_errors *errors)
{
	int index = 0;

	if (!json_is_boolean(value)) {
		read_word(member, value, at, errors);
		return;
	}
	while (json_is_true(value) && member->words[index + 1] != NULL)
		index++;
	memcpy(at, &index, sizeof(index));
}

static void (*const readers[])(const struct json_member *, const json_t *, void *,
			       struct field_errors *) = {
	[JSON_IN_TEXT] = read_text, [JSON_IN_SECONDS] = read_seconds,
	[JSON_IN_TIME] = read_time, [JSON_IN_FLAG] = read_flag,
	[JSON_IN_WORD] = read_word, [JSON_IN_WORD_OR_FLAG] = read_word_or_flag,
};

static bool is_known(const struct json_member *members, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(members[i].name, name) == 0)
			return true;
	}
	return false;
}

void json_in_read(const json_t *document, const struct json_member *members, size_t n, void *into,
		  struct field_errors *errors)
{
	const char *name;
	json_t *value;

	for (size_t i = 0; i < n; i++) {
		value = json_object_get(document, members[i].name);
		if (value != NULL && !json_is_null(value))
			readers[members[i].kind](&members[i], value,
						 (char *)into + members[i].offset, errors);
		else if (members[i].required)
			problem_add_field(errors, members[i].name, "missing", "It is needed.");
	}
	json_object_foreach((json_t *)document, name, value)
	{
		if (!is_known(members, n, name))
			problem_add_field(errors, name, "unknown_member",
					  "There is no such member here.");
	}
}

void json_in_free(json_t *document)
{
	json_decref(document);
}
