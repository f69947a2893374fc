/* numbers_parse.cc - libphonenumber behind three C functions.
 *
 * The text has been normalised before (numbers.c): the library's own leniency (letters as keypad
 * digits, a number searched in a sentence) never sees what people typed. */
#include "service/numbers_parse.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumberutil.h>

#include "base/util.h"

using i18n::phonenumbers::NullLogger;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

static PhoneNumberUtil *util()
{
	return PhoneNumberUtil::GetInstance();
}

static enum parse_verdict verdict_of_error(PhoneNumberUtil::ErrorType error)
{
	switch (error) {
	case PhoneNumberUtil::NO_PARSING_ERROR:
		return PARSE_VALID;
	case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
		return PARSE_NO_COUNTRY;
	case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
	case PhoneNumberUtil::TOO_SHORT_NSN:
		return PARSE_TOO_SHORT;
	case PhoneNumberUtil::TOO_LONG_NSN:
		return PARSE_TOO_LONG;
	case PhoneNumberUtil::NOT_A_NUMBER:
		return PARSE_INVALID;
	}
	return PARSE_INVALID;
}

/* Why a number that could be read is not valid. Mobile lengths say it best: a general length may
 * be one that only toll-free numbers have. */
static enum parse_verdict verdict_of_length(const PhoneNumber &number)
{
	switch (util()->IsPossibleNumberForTypeWithReason(number, PhoneNumberUtil::MOBILE)) {
	case PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY:
	case PhoneNumberUtil::TOO_SHORT:
		return PARSE_TOO_SHORT;
	case PhoneNumberUtil::TOO_LONG:
		return PARSE_TOO_LONG;
	case PhoneNumberUtil::INVALID_COUNTRY_CODE:
		return PARSE_NO_COUNTRY;
	case PhoneNumberUtil::IS_POSSIBLE:
	case PhoneNumberUtil::INVALID_LENGTH:
		return PARSE_INVALID;
	}
	return PARSE_INVALID;
}

static bool is_mobile(PhoneNumberUtil::PhoneNumberType type)
{
	return type == PhoneNumberUtil::MOBILE || type == PhoneNumberUtil::FIXED_LINE_OR_MOBILE;
}

/* "+79161234567": no country code begins another, so it splits off. Parse finds the same, for five
 * times as much: its patterns are made for what people type. Of valid mobiles it changes those of
 * one country alone, where a 1 went before them until 2019. */
static bool split(const char *text, PhoneNumber *number)
{
	static const int mexico = 52;
	std::string region = "ZZ";
	int code = 0;

	if (*text++ != '+')
		return false;
	for (int n = 0; n < 3 && region == "ZZ" && *text != '\0'; n++) {
		code = code * 10 + (*text++ - '0');
		util()->GetRegionCodeForCountryCode(code, &region);
	}
	number->set_country_code(code);
	number->set_national_number(std::strtoull(text, nullptr, 10));
	return region != "ZZ" && *text != '0' && code != mexico;
}

static void fill(struct parsed_number *out, const PhoneNumber &number,
		 PhoneNumberUtil::PhoneNumberType type)
{
	std::string e164, home;

	util()->Format(number, PhoneNumberUtil::E164, &e164);
	util()->GetRegionCodeForNumber(number, &home);
	copy_text(out->e164, sizeof(out->e164), e164.c_str());
	copy_text(out->region, sizeof(out->region), home.size() == 2 ? home.c_str() : "");
	/* +870, +881 and their like are of no region: satellites, whoever calls them mobiles. */
	out->mobile = out->region[0] != '\0' && is_mobile(type);
}

static enum parse_verdict parse(const char *text, const char *region, struct parsed_number *out)
{
	PhoneNumber number;
	PhoneNumberUtil::PhoneNumberType type = PhoneNumberUtil::UNKNOWN;
	enum parse_verdict verdict;

	if (split(text, &number))
		type = util()->GetNumberType(number);
	if (!is_mobile(type)) {
		number.Clear();
		verdict = verdict_of_error(
			util()->Parse(text, region[0] == '\0' ? "ZZ" : region, &number));
		if (verdict != PARSE_VALID)
			return verdict;
		type = util()->GetNumberType(number); /* known where IsValidNumber says yes */
	}
	if (type == PhoneNumberUtil::UNKNOWN)
		return verdict_of_length(number);
	fill(out, number, type);
	return PARSE_VALID;
}

enum parse_verdict numbers_parse(const char *text, const char *region, struct parsed_number *out)
{
	try {
		return parse(text, region, out);
	} catch (...) { /* no memory, at worst: this number cannot be judged */
		return PARSE_INVALID;
	}
}

int numbers_dials(const char *region, const char *idd)
{
	static const char abroad[] = "442079460018"; /* London, of a range for examples */
	struct parsed_number number;
	char text[32];

	std::snprintf(text, sizeof(text), "%s%s", idd, abroad);
	return numbers_parse(text, region, &number) == PARSE_VALID &&
	       std::strcmp(number.e164 + 1, abroad) == 0;
}

static void mobile_like(const char *region, char *out, size_t size)
{
	PhoneNumber example;
	std::string shown;
	size_t keep;

	if (!util()->GetExampleNumberForType(region, PhoneNumberUtil::MOBILE, &example))
		return;
	util()->Format(example, PhoneNumberUtil::INTERNATIONAL, &shown);
	keep = std::to_string(example.country_code()).size() + 1; /* one digit after it */
	for (char &c : shown)
		if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
			c = keep > 0 ? c : 'x';
			keep -= keep > 0 ? 1 : 0;
		}
	std::snprintf(out, size, "%s", shown.c_str());
}

void numbers_mobile_like(const char *region, char *out, size_t size)
{
	out[0] = '\0';
	try {
		mobile_like(region, out, size);
	} catch (...) { /* no memory: no hint */
		out[0] = '\0';
	}
}

int numbers_calling_code(const char *region)
{
	try {
		return util()->GetCountryCodeForRegion(region);
	} catch (...) {
		return 0;
	}
}

void numbers_load(void)
{
	try {
		util()->SetLogger(new NullLogger()); /* its log lines would show numbers */
	} catch (...) {
	}
}
