/* fuzz_numbers.c - whatever is typed as a phone number is E.164 or a reason.
 *
 * The first byte chooses the region. What was taken is taken again as it is, and the tools of
 * the rules (mask, prefix, region) can be used on it. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "base/util.h"
#include "service/numbers.h"

enum { INPUT_MAX = 512 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const regions[] = { "RU", "VN", "KZ", "US", "DE", "IT", "BR", "GB" };
static const char *const allowed[] = { "RU", "KZ", "VN" };

static void require(bool promise)
{
	if (!promise)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	numbers_start();
	return 0;
}

static void check_refusal(int status, const struct refusal *why)
{
	require(status == RULE_REFUSED && why->reason == REASON_FIELD);
	require(strcmp(why->field, "phone") == 0 && why->field_reason[0] != '\0');
	require(strlen(why->detail) > 0 && strlen(why->hint) < sizeof(why->hint));
}

static void check_number(const struct number *number, const char *region)
{
	char prefix[NUMBER_SIZE];
	struct number again;
	struct refusal why;

	require(number->e164[0] == '+' && strlen(number->e164) >= 4);
	require(strspn(number->e164 + 1, "0123456789") == strlen(number->e164) - 1);
	require(number_parse(&again, number->e164, region, "phone", &why) == 0);
	require(strcmp(again.e164, number->e164) == 0 && again.mobile == number->mobile);
	number_prefix(number->e164, prefix);
	require(strncmp(number->e164, prefix, strlen(prefix)) == 0);
	if (number->region[0] != '\0' && strcmp(number->region, "001") != 0)
		require(number_is_of(number->e164, number->region));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct config_strings countries = { allowed, ARRAY_LEN(allowed) };
	struct number number;
	struct refusal why;
	char text[INPUT_MAX];
	const char *region;
	int status;

	if (size == 0 || size > sizeof(text))
		return 0;
	region = regions[data[0] % ARRAY_LEN(regions)];
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	memset(&why, 0, sizeof(why));
	status = number_parse(&number, text, region, "phone", &why);
	if (status == 0)
		check_number(&number, region);
	else
		check_refusal(status, &why);
	memset(&why, 0, sizeof(why));
	status = number_parse_mobile(&number, text, region, &countries, "phone", &why);
	if (status == 0)
		require(number.mobile);
	else
		check_refusal(status, &why);
	memset(&why, 0, sizeof(why));
	status = number_parse_recipient(&number, text, region, "phone", &why);
	if (status != 0)
		check_refusal(status, &why);
	return 0;
}
