/* numbers.h - what people type as a phone number becomes E.164 or a reason (libphonenumber).
 *
 * Thread-safe after numbers_start. Input may be any bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"
#include "queue/db_number.h"
#include "service/rule.h"

/* Loads the metadata once (some MB); call before any other function here. */
void numbers_start(void);

struct number {
	char e164[NUMBER_SIZE];
	char region[3]; /* "RU"; "" where it is not known (a short code) */
	bool mobile;    /* or cannot be told from one */
};

/* Normalises as the facts say (trim, invisible characters, full-width digits, 8..., 00...,
 * trunk zeros) with region for numbers without a country code. 0, or RULE_REFUSED with field
 * "phone" or field: number_invalid, number_has_letters, number_too_short, number_too_long,
 * number_old_form ... and a hint where there is a likely meaning. */
int number_parse(struct number *number, const char *text, const char *region, const char *field,
		 struct refusal *why);

/* As number_parse, and it must be a mobile of one of the countries: not_a_mobile,
 * country_not_allowed. Their hint, where no other meaning is likely, shows what a mobile there
 * looks like: "+7 9xx xxx-xx-xx". */
int number_parse_mobile(struct number *number, const char *text, const char *region,
			const struct config_strings *countries, const char *field,
			struct refusal *why);

/* For texts: also short codes of 3 to 8 digits, as they are. */
int number_parse_recipient(struct number *number, const char *text, const char *region,
			   const char *field, struct refusal *why);

/* Has the number the calling code of this region? RU and KZ share theirs. */
bool number_is_of(const char *e164, const char *region);

/* E.164 without its last four digits. */
void number_prefix(const char *e164, char prefix[static NUMBER_SIZE]);
