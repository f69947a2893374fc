/* profile.c - the quirk tables (field notes sections 3.2, 3.3, 11 and 12). */
#include "modem/profile.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "modem/parse.h"

static const struct profile profiles[] = {
	{
		.name = "huawei",
		.maker = "huawei",
		.model = "",
		.calm = { "AT^CURC=0" }, /* quiet; +CMTI still comes */
		.iccid = { "AT^ICCID?" },
		.tries = { "AT^CPIN?", "^CPIN:", 3 },
		.reset = "AT^RESET",
		.direct_mode = true,
		.ussd_packed = true,
	},
	{
		.name = "zte",
		.maker = "zte",
		.model = "",
		.calm = { "AT+CPMS?" }, /* ends the +ZUSIMR flood */
		.iccid = { "AT+ZGETICCID", "AT+ICCID" },
		.reset = "AT+ZRST",
		.direct_mode = true,
	},
	{
		.name = "quectel-2g",
		.maker = "quectel",
		.model = "M|Quectel_M", /* M66, M95 */
		.family = FAMILY_SIMCOM_2G,
		.calm = { "AT+QSCLK=0" },
		.iccid = { "AT+QCCID", "AT+CCID" },
		.tries = { "AT+QPINC?", "+QPINC:", 1 },
		.reset = "AT+CFUN=1,1",
	},
	{
		.name = "quectel-lte",
		.maker = "quectel",
		.model = "",
		.family = FAMILY_QUECTEL_LTE,
		.calm = { "AT+QINDCFG=\"smsfull\",1", "AT+QSCLK=0" },
		.iccid = { "AT+QCCID" },
		.tries = { "AT+QPINC?", "+QPINC:", 1 },
		.reset = "AT+CFUN=1,1",
	},
	{
		.name = "simcom-lte",
		.maker = "simcom",
		.model = "SIMCOM_SIM7|SIM7|A7|SIMCOM_A7",
		.calm = { "AT+AUTOCSQ=0" },
		.iccid = { "AT+CICCID" },
		.tries = { "AT+SPIC", "+SPIC:", 0 },
		.reset = "AT+CRESET",
		.direct_mode = true,
	},
	{
		.name = "simcom-2g",
		.maker = "simcom",
		.model = "",
		.family = FAMILY_SIMCOM_2G,
		.calm = { "AT+CSCLK=0" },
		.iccid = { "AT+CCID" },
		.tries = { "AT+SPIC", "+SPIC:", 0 },
		.reset = "AT+CFUN=1,1",
	},
	{
		.name = "u-blox",
		.maker = "u-blox",
		.model = "",
		.calm = { "AT+UPSV=0" },
		.iccid = { "AT+CCID" },
		.tries = { "AT+UPINCNT", "+UPINCNT:", 0 },
		.reset = "AT+CFUN=16",
	},
	{
		.name = "telit",
		.maker = "telit",
		.model = "",
		.calm = { "AT#NOPT=0" },
		.iccid = { "AT#CCID" },
		.tries = { "AT#PCT",
			   "#PCT:", 0 }, /* of the code now asked: PIN1 in state SIM PIN */
		.reset = "AT#REBOOT",
	},
	{
		.name = "sierra",
		.maker = "sierra",
		.model = "",
		.iccid = { "AT!ICCID?" },
		.tries = { "AT+CPINC?", "+CPINC:", 0 },
		.reset = "AT!RESET",
	},
	{
		.name = "wavecom",
		.maker = "wavecom",
		.model = "",
		.family = FAMILY_WAVECOM,
		.iccid = { "AT+CCID" },
		.tries = { "AT+CPINC?", "+CPINC:", 0 },
		.reset = "AT+CFUN=1",
	},
	{
		.name = "cinterion",
		.maker = "cinterion|siemens|gemalto|thales",
		.model = "",
		.iccid = { "AT+CCID" },
		.tries = { "AT^SPIC=\"SC\"", "^SPIC:", 0 },
		.reset = "AT+CFUN=1,1",
	},
	{
		.name = "generic",
		.maker = "",
		.model = "",
		.reset = "AT+CFUN=1,1",
		.paced = true,
	},
};

static const char *const generic_iccid[] = {
	"AT+CCID", "AT+ICCID", "AT+QCCID", "AT+CICCID", "AT^ICCID?",
};

static const struct profile_tries generic_tries[] = {
	{ "AT+CPINR=\"SIM PIN\"", "+CPINR", 1 },
	{ "AT+CSIM=10,\"0020000100\"", "+CSIM:", 1 }, /* an empty VERIFY costs no try */
};

static const struct profile_pace paces[PROFILE_PACES] = {
	{ 0, 0 }, { 5, 10 }, { 10, 25 }, { 20, 50 }, { 50, 100 }, { 100, 200 },
};

const struct profile *profile_generic(void)
{
	return &profiles[ARRAY_LEN(profiles) - 1];
}

/* Does text begin with one of the prefixes, which are split by '|'? */
static bool begins_with_any(const char *text, const char *prefixes)
{
	for (;;) {
		size_t n = strcspn(prefixes, "|");

		if (strncasecmp(text, prefixes, n) == 0)
			return true;
		if (prefixes[n] == '\0')
			return false;
		prefixes += n + 1;
	}
}

const struct profile *profile_find(const char *manufacturer, const char *model)
{
	for (size_t i = 0; i < ARRAY_LEN(profiles); i++) {
		const struct profile *p = &profiles[i];

		if (begins_with_any(manufacturer, p->maker) && begins_with_any(model, p->model))
			return p;
	}
	return profile_generic();
}

const char *profile_iccid(const struct profile *profile, size_t i)
{
	size_t own = 0;

	while (own < PROFILE_LIST && profile->iccid[own] != NULL)
		own++;
	if (i < own)
		return profile->iccid[i];
	return i - own < ARRAY_LEN(generic_iccid) ? generic_iccid[i - own] : NULL;
}

const struct profile_tries *profile_tries(const struct profile *profile, size_t i)
{
	if (profile->tries.cmd != NULL && i-- == 0)
		return &profile->tries;
	return i < ARRAY_LEN(generic_tries) ? &generic_tries[i] : NULL;
}

/* The status word of an empty VERIFY: 63Cx has x tries left, 6983 none. */
static int tries_of_status(const char *word)
{
	size_t n = strlen(word);

	if (n >= 4 && strncasecmp(word + n - 4, "63C", 3) == 0)
		return (int)strtol(word + n - 1, NULL, 16);
	return n >= 4 && strcmp(word + n - 4, "6983") == 0 ? 0 : -1;
}

int profile_tries_left(const struct profile_tries *tries, const char *line)
{
	const char *rest = parse_after(line, tries->prefix);
	struct parse_fields fields;
	int left;

	if (rest == NULL)
		return -1;
	if (strncmp(rest, "E:", 2) == 0 || *rest == ':')
		rest = strchr(rest, ':') + 1; /* +CPINR: and +CPINRE: */
	parse_fields(&fields, rest);
	if (strcmp(tries->prefix, "+CSIM:") == 0)
		return tries_of_status(parse_text(&fields, tries->field));
	if (strcmp(tries->prefix, "+QPINC:") == 0 && strcmp(parse_text(&fields, 0), "SC") != 0)
		return -1; /* the line of PIN2 */
	left = parse_int(&fields, tries->field, -1);
	return left >= 0 && left <= 10 ? left : -1;
}

const struct profile_pace *profile_pace(unsigned step)
{
	return &paces[step < PROFILE_PACES ? step : PROFILE_PACES - 1];
}
