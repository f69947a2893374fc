/* numbers.c - from what people type to E.164.
 *
 * Steps: fold (invisible characters, spaces, dashes and brackets go, digits of any script become
 * ASCII, letters are refused with a guess), settle how the country is told (plus, 00, 810, 8...),
 * mend what has one meaning only (+84 0..., RU and KZ trunk 8), ask about what has not (old
 * Vietnamese mobiles, +8 9...), then let libphonenumber judge. A refusal never shows the number;
 * a hint does, for the site's own user. */
#include "service/numbers.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/gsm_text.h"
#include "base/util.h"
#include "service/chars.h"
#include "service/numbers_parse.h"

enum { DIGITS_MAX = 20, TYPED_MAX = 256, RU_DIGITS = 11, VN_OLD_TAIL = 7, TRIES = 8 };

/* What stood in the text, after folding. */
struct typed {
	char digits[DIGITS_MAX + 1]; /* look-alike letters count as the digit they resemble */
	size_t n;
	unsigned pluses;
	bool plus_inside; /* after a digit */
	size_t plus_at;   /* how many digits stand before the last one */
	bool guessed;     /* a letter was taken for a digit */
	bool too_many;
	size_t letter_at, odd_at; /* in characters from 1; 0: none */
};

/* One meaning of it: the digits, after a plus or as dialled at home. */
struct dialled {
	char text[DIGITS_MAX + 8];
	const char *region;
};

static const struct {
	const char *letters; /* UTF-8 */
	char digit;
} look_alikes[] = {
	{ "OoОо", '0' }, { "ЗзЭэ", '3' },   { "Чч", '4' },
	{ "б", '6' },    { "lIiІі|", '1' }, { "ВB", '8' },
};

/* Vietnamese mobiles of 11 digits before 15 September 2018: prefix without 0, and the new one. */
static const struct {
	const char *old, *now;
} vn_moved[] = {
	{ "162", "32" }, { "163", "33" }, { "164", "34" }, { "165", "35" }, { "166", "36" },
	{ "167", "37" }, { "168", "38" }, { "169", "39" }, { "120", "70" }, { "121", "79" },
	{ "122", "77" }, { "126", "76" }, { "128", "78" }, { "123", "83" }, { "124", "84" },
	{ "125", "85" }, { "127", "81" }, { "129", "82" }, { "186", "56" }, { "188", "58" },
	{ "199", "59" },
};

void numbers_start(void)
{
	numbers_load();
}

static int look_alike(uint32_t character)
{
	char utf8[5] = { 0 };

	gsm_utf8_put(utf8, character);
	for (size_t i = 0; i < ARRAY_LEN(look_alikes); i++)
		if (strstr(look_alikes[i].letters, utf8) != NULL)
			return look_alikes[i].digit - '0';
	return -1;
}

static bool is_separator(uint32_t c)
{
	return char_is_space(c) || char_is_invisible(c) || char_is_dash(c) ||
	       (c < 0x80 && strchr("./()[]~", (int)c) != NULL) || c == 0xb7 || c == 0x2e31 ||
	       c == 0xff08 || c == 0xff09 || c == 0xff0e || c == 0xff0f || c == 0x30fb;
}

static void put_digit(struct typed *typed, int digit)
{
	if (typed->n == DIGITS_MAX)
		typed->too_many = true;
	else
		typed->digits[typed->n++] = (char)('0' + digit);
}

static void fold_one(struct typed *typed, uint32_t c, size_t at)
{
	int digit = char_digit(c);

	if (digit >= 0) {
		put_digit(typed, digit);
	} else if (char_is_plus(c)) {
		typed->pluses++;
		typed->plus_inside |= typed->n > 0;
		typed->plus_at = typed->n;
	} else if (char_is_letter(c) || c == '|') {
		if (typed->letter_at == 0)
			typed->letter_at = at;
		digit = look_alike(c);
		typed->guessed = digit >= 0 && (typed->guessed || typed->letter_at == at);
		if (digit >= 0)
			put_digit(typed, digit);
	} else if (!is_separator(c) && typed->odd_at == 0) {
		typed->odd_at = at;
	}
}

/* 0, or -1: not UTF-8. */
static int fold(struct typed *typed, const char *text)
{
	size_t scheme = strncasecmp(text, "tel:", 4) == 0 ? 4 : 0;
	size_t left = strlen(text) - scheme, used;
	uint32_t c;

	memset(typed, 0, sizeof(*typed));
	text += scheme;
	for (size_t at = scheme + 1; left > 0; at++, text += used, left -= used) {
		used = gsm_utf8_next(text, left, &c);
		if (used == 0)
			return -1;
		fold_one(typed, c, at);
	}
	return 0;
}

static bool is_seven(const char *region)
{
	return strcmp(region, "RU") == 0 || strcmp(region, "KZ") == 0;
}

/* Takes an international prefix off; false: none stands there, or this region has another. */
static bool take_idd(const char **digits, const char *region)
{
	static const char *const idds[] = { "00", "810" };

	for (size_t i = 0; i < ARRAY_LEN(idds); i++) {
		size_t n = strlen(idds[i]);

		if (strncmp(*digits, idds[i], n) == 0 && numbers_dials(region, idds[i])) {
			*digits += n;
			return true;
		}
	}
	return false;
}

/* Digits as dialled at home that have a fixed meaning there. Returns the country code to put before
 * *digits, or "" to leave it to libphonenumber. */
static const char *home_country(const char **digits, const char *region)
{
	size_t n = strlen(*digits);

	if (is_seven(region) && n == RU_DIGITS && ((*digits)[0] == '8' || (*digits)[0] == '7')) {
		(*digits)++;
		return "7";
	}
	if (is_seven(region) && n == RU_DIGITS - 1)
		return "7";
	if (strcmp(region, "VN") == 0 && (*digits)[0] == '0') {
		(*digits)++;
		return "84";
	}
	if (strcmp(region, "VN") == 0 && n >= 11 && n <= 13 && strncmp(*digits, "84", 2) == 0) {
		*digits += 2;
		return "84";
	}
	if (strcmp(region, "VN") == 0 && n == 10 && (*digits)[0] == '1') /* an old mobile */
		return "84";
	return "";
}

/* How typed is meant, with a plus wherever the country is certain. */
static void settle(struct dialled *dialled, const struct typed *typed, const char *region)
{
	const char *digits = typed->digits, *country = "";
	bool plus = typed->pluses > 0 || take_idd(&digits, region);

	if (!plus)
		country = home_country(&digits, region);
	if (plus && strncmp(digits, "84", 2) == 0) {
		digits += 2;
		country = "84";
	}
	if (strcmp(country, "84") == 0) /* the trunk zero is never a part of it */
		digits += strspn(digits, "0") > 0 ? 1 : 0;
	snprintf(dialled->text, sizeof(dialled->text), "%s%s%s",
		 plus || country[0] != '\0' ? "+" : "", country, digits);
	dialled->region = region;
}

/* The new form of an old Vietnamese mobile, as E.164. */
static bool vn_new_form(const char *e164, char *out, size_t size)
{
	if (strncmp(e164, "+84", 3) != 0 || strlen(e164) != 3 + 3 + VN_OLD_TAIL)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(vn_moved); i++)
		if (strncmp(e164 + 3, vn_moved[i].old, 3) == 0) {
			snprintf(out, size, "+84%s%s", vn_moved[i].now, e164 + 6);
			return true;
		}
	return false;
}

struct tries {
	char text[TRIES][DIGITS_MAX + 4];
	size_t n;
};

static void add_try(struct tries *tries, const char *begin, const char *digits)
{
	snprintf(tries->text[tries->n++], sizeof(tries->text[0]), "%s%s", begin, digits);
}

/* What digits may have been meant to be, the likeliest first. */
static void list_tries(struct tries *tries, const char *digits, bool plus, const char *region)
{
	size_t n = strlen(digits);

	if (plus && digits[0] == '8' && n == RU_DIGITS) /* +8 9xx: a home prefix */
		add_try(tries, "+7", digits + 1);
	if (strcmp(region, "UA") == 0 && n == RU_DIGITS && strncmp(digits, "80", 2) == 0)
		add_try(tries, "+3", digits); /* 80 67 ...: as it was dialled once */
	if (strncmp(digits, "00", 2) == 0)
		add_try(tries, "+", digits + 2);
	add_try(tries, plus ? "" : "+", digits);
	if (plus && digits[0] == '0') /* +0 9xx: no country begins so */
		add_try(tries, "", digits + 1);
	for (size_t code = 1; code <= 3 && 2 * code < n; code++)
		if (strncmp(digits, digits + code, code) == 0) /* a country code typed twice */
			add_try(tries, "+", digits + code);
}

/* A likely meaning of a number that is none, or "". only: the region it must be of, or NULL. */
static void guess(const char *digits, bool plus, const char *region, const char *only, char *hint,
		  size_t size)
{
	struct parsed_number parsed = { 0 };
	struct tries tries = { .n = 0 };

	list_tries(&tries, digits, plus, region);
	for (size_t i = 0; i < tries.n; i++)
		if (numbers_parse(tries.text[i], region, &parsed) == PARSE_VALID && parsed.mobile &&
		    (only == NULL || strcasecmp(parsed.region, only) == 0)) {
			snprintf(hint, size, "%s", parsed.e164);
			return;
		}
}

static const struct {
	const char *reason, *detail;
} verdicts[] = {
	[PARSE_VALID] = { "", "" },
	[PARSE_NO_COUNTRY] = { "number_invalid",
			       "No country has this code. Begin with + and the country code." },
	[PARSE_TOO_SHORT] = { "number_too_short", "The number has too few digits." },
	[PARSE_TOO_LONG] = { "number_too_long", "The number has too many digits." },
	[PARSE_INVALID] = { "number_invalid", "There is no such number. Check the digits." },
};

/* What folding alone can refuse. */
static int refuse_typed(const struct typed *typed, const char *region, const char *field,
			struct refusal *why)
{
	if (typed->letter_at != 0) {
		struct typed plain = *typed;
		struct dialled dialled;
		struct parsed_number parsed = { 0 };

		rule_refuse_field(why, field, "number_has_letters",
				  "A letter stands at position %zu. Use digits only.",
				  typed->letter_at);
		settle(&dialled, &plain, region);
		if (typed->guessed && typed->pluses <= 1 && !typed->too_many &&
		    numbers_parse(dialled.text, region, &parsed) == PARSE_VALID)
			snprintf(why->hint, sizeof(why->hint), "%s", parsed.e164);
		return RULE_REFUSED;
	}
	if (typed->odd_at != 0)
		return rule_refuse_field(why, field, "number_invalid",
					 "The character at position %zu is in no phone number.",
					 typed->odd_at);
	if (typed->n == 0)
		return rule_refuse_field(why, field, "number_invalid", "There are no digits.");
	if (typed->pluses > 1 || typed->plus_inside) {
		rule_refuse_field(why, field, "number_invalid",
				  "One plus sign at most, and only in front.");
		guess(typed->digits + typed->plus_at, false, region, NULL, why->hint,
		      sizeof(why->hint));
		if (why->hint[0] == '\0')
			guess(typed->digits, false, region, NULL, why->hint, sizeof(why->hint));
		return RULE_REFUSED;
	}
	if (typed->too_many)
		return rule_refuse_field(why, field, "number_too_long", "%s",
					 verdicts[PARSE_TOO_LONG].detail);
	return 0;
}

static int refuse_old_form(const char *now, const char *field, struct refusal *why)
{
	rule_refuse_field(why, field, "number_old_form",
			  "Vietnamese mobiles of this form changed in 2018. "
			  "Ask whether the suggested number is meant.");
	snprintf(why->hint, sizeof(why->hint), "%s", now);
	return RULE_REFUSED;
}

static int judge(struct number *number, const struct dialled *dialled, const struct typed *typed,
		 const char *field, struct refusal *why)
{
	struct parsed_number parsed = { 0 };
	enum parse_verdict verdict;
	char now[NUMBER_SIZE];

	if (vn_new_form(dialled->text, now, sizeof(now)))
		return refuse_old_form(now, field, why);
	verdict = numbers_parse(dialled->text, dialled->region, &parsed);
	if (verdict != PARSE_VALID) {
		rule_refuse_field(why, field, verdicts[verdict].reason, "%s",
				  verdicts[verdict].detail);
		guess(typed->digits, typed->pluses > 0, dialled->region, NULL, why->hint,
		      sizeof(why->hint));
		return RULE_REFUSED;
	}
	memset(number, 0, sizeof(*number));
	copy_text(number->e164, sizeof(number->e164), parsed.e164);
	copy_text(number->region, sizeof(number->region), parsed.region);
	number->mobile = parsed.mobile;
	return 0;
}

/* Folds text after the checks that need no knowledge of numbers. */
static int read_typed(struct typed *typed, const char *text, const char *field, struct refusal *why)
{
	if (text == NULL || text[0] == '\0')
		return rule_refuse_field(why, field, "required", "A phone number is needed.");
	if (strlen(text) > TYPED_MAX)
		return rule_refuse_field(why, field, "number_too_long", "%s",
					 verdicts[PARSE_TOO_LONG].detail);
	if (fold(typed, text) < 0)
		return rule_refuse_field(why, field, "number_invalid",
					 "The number is not valid UTF-8.");
	return 0;
}

static int parse_typed(struct number *number, const struct typed *typed, const char *region,
		       const char *field, struct refusal *why)
{
	struct dialled dialled;

	if (refuse_typed(typed, region, field, why) != 0)
		return RULE_REFUSED;
	settle(&dialled, typed, region);
	return judge(number, &dialled, typed, field, why);
}

int number_parse(struct number *number, const char *text, const char *region, const char *field,
		 struct refusal *why)
{
	struct typed typed;

	if (read_typed(&typed, text, field, why) != 0)
		return RULE_REFUSED;
	return parse_typed(number, &typed, region, field, why);
}

static bool is_allowed(const struct config_strings *countries, const char *region)
{
	for (size_t i = 0; i < countries->n; i++)
		if (strcasecmp(countries->items[i], region) == 0)
			return true;
	return countries->n == 0;
}

/* A fixed line, perhaps because the country code was taken for an area code; else what mobiles look
 * like there (or where the site sends to). */
static int refuse_not_mobile(const struct number *number, const struct typed *typed,
			     const char *region, const struct config_strings *countries,
			     const char *field, struct refusal *why)
{
	bool there = number->region[0] != '\0' && is_allowed(countries, number->region);

	rule_refuse_field(why, field, "not_a_mobile",
			  "This number cannot receive SMS. Use a mobile number.");
	if (typed->pluses == 0)
		guess(typed->digits, false, region, region, why->hint, sizeof(why->hint));
	if (why->hint[0] == '\0')
		numbers_mobile_like(there              ? number->region
				    : countries->n > 0 ? countries->items[0]
						       : region,
				    why->hint, sizeof(why->hint));
	return RULE_REFUSED;
}

static int refuse_country(const struct config_strings *countries, const char *field,
			  struct refusal *why)
{
	char list[120] = "";
	size_t used = 0;

	for (size_t i = 0; i < countries->n && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
					 i > 0 ? ", " : "", countries->items[i]);
	rule_refuse_field(why, field, "country_not_allowed",
			  "SMS to this country is not offered, only to: %s.", list);
	numbers_mobile_like(countries->items[0], why->hint, sizeof(why->hint));
	return RULE_REFUSED;
}

int number_parse_mobile(struct number *number, const char *text, const char *region,
			const struct config_strings *countries, const char *field,
			struct refusal *why)
{
	struct typed typed;
	int err = read_typed(&typed, text, field, why);

	if (err == 0)
		err = parse_typed(number, &typed, region, field, why);
	if (err != 0)
		return err;
	if (!number->mobile)
		return refuse_not_mobile(number, &typed, region, countries, field, why);
	if (!is_allowed(countries, number->region))
		return refuse_country(countries, field, why);
	return 0;
}

int number_parse_recipient(struct number *number, const char *text, const char *region,
			   const char *field, struct refusal *why)
{
	struct typed typed;
	int err;

	if (read_typed(&typed, text, field, why) != 0)
		return RULE_REFUSED;
	err = parse_typed(number, &typed, region, field, why);
	if (err == 0)
		return 0;
	if (typed.letter_at != 0 || typed.odd_at != 0 || typed.pluses > 0 || typed.n < 3 ||
	    typed.n > 8)
		return err;
	memset(number, 0, sizeof(*number));
	memset(why, 0, sizeof(*why));
	copy_text(number->e164, sizeof(number->e164), typed.digits);
	number->mobile = true;
	return 0;
}

bool number_is_of(const char *e164, const char *region)
{
	int code = numbers_calling_code(region);
	char prefix[16];

	snprintf(prefix, sizeof(prefix), "+%d", code);
	return code != 0 && strncmp(e164, prefix, strlen(prefix)) == 0;
}

void number_prefix(const char *e164, char prefix[static NUMBER_SIZE])
{
	size_t n = strlen(e164);

	snprintf(prefix, NUMBER_SIZE, "%.*s", (int)(n > 4 ? n - 4 : 0), e164);
}
