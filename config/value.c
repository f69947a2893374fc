/* value.c - the shapes of single values. Each check is one look at a string and changes nothing. */
#include "config/value.h"

#include <ctype.h>
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

#include "base/util.h"

#define DIGITS       "0123456789"
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "_.-"

enum { COUNT_DIGITS = 9, NAME_MAX_BYTES = 63, PHONE_MIN = 7, PHONE_MAX = 15 };

#define LONGEST_MS (36500LL * 24 * 60 * 60 * 1000) /* a hundred years: sums never overflow */

static const struct {
	char letter;
	int64_t ms;
} units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };

/* Reads 1 to 9 digits; returns what follows, NULL if there is no such number. */
static const char *read_count(const char *text, int64_t *value)
{
	size_t n = strspn(text, DIGITS);

	if (n == 0 || n > COUNT_DIGITS)
		return NULL;
	*value = strtoll(text, NULL, 10);
	return text + n;
}

int config_parse_duration(const char *text, int64_t *ms)
{
	int64_t count;
	const char *unit = read_count(text, &count);

	if (unit == NULL || unit[0] == '\0' || unit[1] != '\0' || count == 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (units[i].letter != *unit || count > LONGEST_MS / units[i].ms)
			continue;
		*ms = count * units[i].ms;
		return 0;
	}
	return -1;
}

int value_parse_rate(const char *text, struct config_rate *rate)
{
	int64_t count;
	const char *slash = read_count(text, &count);

	if (slash == NULL || *slash != '/' || count == 0)
		return -1;
	rate->count = (unsigned)count;
	return config_parse_duration(slash + 1, &rate->window_ms);
}

/* Is all of text so many characters of a set? */
static bool is_run(const char *text, const char *set, size_t least, size_t most)
{
	size_t n = strlen(text);

	return n >= least && n <= most && strspn(text, set) == n;
}

const char *value_not_empty(const char *text)
{
	return *text != '\0' ? NULL : "must not be empty";
}

const char *value_name(const char *text)
{
	return is_run(text, NAME_LETTERS, 1, NAME_MAX_BYTES)
		       ? NULL
		       : "must be a name of 1 to 63 letters, digits, '_', '.' or '-'";
}

const char *value_path(const char *text)
{
	return text[0] == '/' && text[1] != '\0' ? NULL : "must be an absolute path";
}

const char *value_socket_path(const char *text)
{
	if (strlen(text) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return "must be at most 107 bytes: the system has no longer socket paths";
	return value_path(text);
}

/* host:port or [v6]:port, port 1 to 65535. */
static bool is_host_port(const char *text)
{
	const char *colon = strrchr(text, ':');
	int64_t port;
	const char *end;

	if (colon == NULL || colon == text)
		return false;
	if (*text == '[' ? colon[-1] != ']' : memchr(text, ':', (size_t)(colon - text)) != NULL)
		return false;
	if (strcspn(text, " /\t\r\n") != strlen(text))
		return false;
	end = read_count(colon + 1, &port);
	return end != NULL && *end == '\0' && port >= 1 && port <= 65535;
}

const char *value_listen(const char *text)
{
	return *text == '\0' || is_host_port(text)
		       ? NULL
		       : "must be an address and a port (127.0.0.1:9770), or \"\" for none";
}

const char *value_device(const char *text)
{
	static const char tcp[] = "tcp://";

	if (strncmp(text, tcp, strlen(tcp)) == 0 ? is_host_port(text + strlen(tcp))
						 : value_path(text) == NULL)
		return NULL;
	return "must be an absolute path (/dev/...) or tcp://host:port";
}

static bool is_country(const char *text)
{
	return strlen(text) == 2 && isupper(toupper((unsigned char)text[0])) &&
	       isupper(toupper((unsigned char)text[1]));
}

const char *value_country(const char *text)
{
	return is_country(text) ? NULL : "must be a country as two letters, such as \"RU\"";
}

const char *value_channel(const char *text)
{
	static const char *const known[] = { "sms", "inbound_sms", "missed_call" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i], text) == 0)
			return NULL;
	return "must be one of \"sms\", \"inbound_sms\", \"missed_call\"";
}

const char *value_region(const char *text)
{
	return *text == '\0' ? NULL : value_country(text);
}

/* "ru", "zh-Hant", "pt_BR": small letters, then groups of 2 to 8 letters or digits. */
const char *value_locale(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz");

	if (n < 2 || n > 3)
		return "must be a language of two or three small letters, such as \"ru\"";
	while (text[n] == '-' || text[n] == '_') {
		size_t group = 0;

		text += n + 1;
		while (isalnum((unsigned char)text[group]))
			group++;
		if (group < 2 || group > 8)
			return "must be a locale, such as \"ru\" or \"pt-BR\"";
		n = group;
	}
	return text[n] == '\0' ? NULL : "must be a locale, such as \"ru\" or \"pt-BR\"";
}

const char *value_origin(const char *text)
{
	return *text == '\0' ||
			       (is_run(text, NAME_LETTERS, 1, 253) && isalnum((unsigned char)*text))
		       ? NULL
		       : "must be a host name without scheme and path, such as \"example.org\"";
}

const char *value_phone(const char *text)
{
	return text[0] == '+' && text[1] != '0' && is_run(text + 1, DIGITS, PHONE_MIN, PHONE_MAX)
		       ? NULL
		       : "must be a number in international form: '+' and 7 to 15 digits";
}

const char *value_phone_or_empty(const char *text)
{
	return *text == '\0' ? NULL : value_phone(text);
}

const char *value_prefix(const char *text)
{
	return text[0] == '+' && text[1] != '0' && is_run(text + 1, DIGITS, 1, PHONE_MAX)
		       ? NULL
		       : "must be the beginning of numbers: '+' and at least one digit";
}

const char *value_code(const char *text)
{
	return is_run(text, DIGITS, 4, 10) ? NULL : "must be a code of 4 to 10 digits";
}

static bool is_time(const char *text)
{
	return isdigit((unsigned char)text[0]) && isdigit((unsigned char)text[1]) &&
	       text[2] == ':' && text[3] >= '0' && text[3] <= '5' &&
	       isdigit((unsigned char)text[4]) && (text[0] - '0') * 10 + text[1] - '0' < 24;
}

const char *value_quiet_hours(const char *text)
{
	if (*text == '\0' || (strlen(text) == 11 && is_time(text) && text[5] == '-' &&
			      is_time(text + 6) && memcmp(text, text + 6, 5) != 0))
		return NULL;
	return "must be two times of day, such as \"21:00-09:00\", or \"\" for none";
}

const char *value_timezone(const char *text)
{
	enum { ZONE_MAX = 64 };
	UChar zone[ZONE_MAX], canonical[ZONE_MAX];
	UErrorCode error = U_ZERO_ERROR;

	if (*text == '\0')
		return NULL;
	u_strFromUTF8(zone, ZONE_MAX, NULL, text, -1, &error);
	ucal_getCanonicalTimeZoneID(zone, -1, canonical, ZONE_MAX, NULL, &error);
	return U_SUCCESS(error) ? NULL : "must be a time zone, such as \"Europe/Moscow\"";
}

const char *value_ussd(const char *text)
{
	return *text == '\0' || is_run(text, DIGITS "*#", 1, 40)
		       ? NULL
		       : "must be a USSD code of digits, '*' and '#', such as \"*100#\"";
}

const char *value_pattern(const char *text)
{
	regex_t compiled;
	size_t groups;

	if (regcomp(&compiled, text, REG_EXTENDED) != 0)
		return "must be an extended regular expression";
	groups = compiled.re_nsub;
	regfree(&compiled);
	return groups > 0 ? NULL : "must have a group in brackets, such as \"([0-9]+)\"";
}

const char *value_imei(const char *text)
{
	return is_run(text, DIGITS, 14, 16) ? NULL : "must be an IMEI: 15 digits";
}

const char *value_imsi(const char *text)
{
	return is_run(text, DIGITS, 6, 15) ? NULL : "must be an IMSI: 6 to 15 digits";
}

const char *value_iccid(const char *text)
{
	return is_run(text, DIGITS "ABCDEFabcdef", 18, 22) ? NULL
							   : "must be an ICCID: 18 to 22 digits";
}

const char *value_usb_id(const char *text)
{
	static const char hex[] = DIGITS "abcdefABCDEF";

	return strlen(text) == 9 && text[4] == ':' && strspn(text, hex) == 4 &&
			       strspn(text + 5, hex) == 4
		       ? NULL
		       : "must be vendor:product in hexadecimal, such as \"2c7c:0125\"";
}
