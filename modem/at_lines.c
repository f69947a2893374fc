/* at_lines.c - tables of final results, of ambiguous replies and of unsolicited words. */
#include "modem/at_lines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "modem/at_words.h"

enum { CODE_MAX = 99999, TPDU_MAX = 255 };

enum match {
	MATCH_WHOLE,    /* and nothing else: a text that only contains it is not final */
	MATCH_START,    /* a reason follows */
	MATCH_NUMBERED, /* a number or a text follows */
	MATCH_WORD,     /* alone, or a blank and more */
};

static const struct final_row {
	const char *text;
	enum match match;
	unsigned scope; /* 0: always final */
	enum at_status status;
	enum at_domain domain;
} finals[] = {
	{ "OK", MATCH_WHOLE, 0, AT_OK, AT_DOMAIN_NONE },
	{ "ERROR", MATCH_WHOLE, 0, AT_ERROR, AT_DOMAIN_NONE },
	{ "+CME ERROR:", MATCH_NUMBERED, 0, AT_ERROR, AT_DOMAIN_CME },
	{ "+CMS ERROR:", MATCH_NUMBERED, 0, AT_ERROR, AT_DOMAIN_CMS },
	{ "COMMAND NOT SUPPORT", MATCH_WHOLE, 0, AT_ERROR, AT_DOMAIN_NONE },
	{ "TOO MANY PARAMETERS", MATCH_WHOLE, 0, AT_ERROR, AT_DOMAIN_NONE },
	{ "MODEM ERROR:", MATCH_START, 0, AT_ERROR, AT_DOMAIN_NONE },
	{ "+EXT ERROR:", MATCH_START, 0, AT_ERROR, AT_DOMAIN_NONE },
	{ "NA", MATCH_WHOLE, 0, AT_ERROR, AT_DOMAIN_NONE },
	{ "ABORTED", MATCH_WHOLE, 0, AT_ERROR, AT_DOMAIN_NONE },
	{ "ERROR+CNUM:", MATCH_START, 0, AT_ERROR, AT_DOMAIN_NONE }, /* Huawei E1550 */
	{ "NO CARRIER", MATCH_WHOLE, AT_SCOPE_DIAL, AT_ERROR, AT_DOMAIN_NONE },
	{ "BUSY", MATCH_WHOLE, AT_SCOPE_DIAL, AT_ERROR, AT_DOMAIN_NONE },
	{ "NO ANSWER", MATCH_WHOLE, AT_SCOPE_DIAL, AT_ERROR, AT_DOMAIN_NONE },
	{ "NO DIALTONE", MATCH_WHOLE, AT_SCOPE_DIAL, AT_ERROR, AT_DOMAIN_NONE },
	{ "NO DIAL TONE", MATCH_WHOLE, AT_SCOPE_DIAL, AT_ERROR, AT_DOMAIN_NONE },
	{ "CONNECT", MATCH_WORD, AT_SCOPE_DIAL, AT_OK, AT_DOMAIN_NONE },
	{ "0", MATCH_WHOLE, AT_SCOPE_NUMERIC, AT_OK, AT_DOMAIN_NONE },
	{ "4", MATCH_WHOLE, AT_SCOPE_NUMERIC, AT_ERROR, AT_DOMAIN_NONE },
};

static bool starts(const char *line, const char *prefix)
{
	return strncmp(line, prefix, strlen(prefix)) == 0;
}

static bool matches(const struct final_row *row, const char *line)
{
	const char *rest = line + strlen(row->text);

	if (!starts(line, row->text))
		return false;
	switch (row->match) {
	case MATCH_WHOLE:
		return rest[strspn(rest, " ")] == '\0';
	case MATCH_START:
	case MATCH_NUMBERED:
		return true;
	case MATCH_WORD:
		return *rest == '\0' || *rest == ' ';
	}
	return false;
}

/* The decimal number that text is, blanks around it apart; -1 if it is anything else. */
static int number(const char *text, int max)
{
	int value = 0;

	text += strspn(text, " ");
	if (!isdigit((unsigned char)*text))
		return -1;
	for (; isdigit((unsigned char)*text) && value <= max; text++)
		value = value * 10 + (*text - '0');
	return value <= max && text[strspn(text, " ")] == '\0' ? value : -1;
}

bool at_line_final(const char *line, unsigned scope, struct at_final *final)
{
	for (size_t i = 0; i < ARRAY_LEN(finals); i++) {
		const struct final_row *row = &finals[i];

		if ((row->scope != 0 && (row->scope & scope) == 0) || !matches(row, line))
			continue;
		final->status = row->status;
		final->domain = row->domain;
		final->code = row->match == MATCH_NUMBERED
				      ? number(line + strlen(row->text), CODE_MAX)
				      : -1;
		if (final->code < 0 && row->domain == AT_DOMAIN_CME)
			final->code = at_words_cme(line + strlen(row->text));
		if (final->code < 0 && row->domain == AT_DOMAIN_CMS)
			final->code = at_words_cms(line + strlen(row->text));
		return true;
	}
	return false;
}

unsigned at_line_scope(const char *command)
{
	static const char *const dials[] = { "ATD", "ATA", "ATO" };

	for (size_t i = 0; i < ARRAY_LEN(dials); i++)
		if (strncasecmp(command, dials[i], strlen(dials[i])) == 0)
			return AT_SCOPE_DIAL;
	return 0;
}

/* Commas outside quotes split fields. Returns the i-th, its length in *n; NULL if it is absent. */
static const char *field(const char *text, unsigned i, size_t *n)
{
	bool quoted = false;
	const char *end;

	for (; i > 0; text++) {
		if (*text == '\0')
			return NULL;
		if (*text == '"')
			quoted = !quoted;
		i -= *text == ',' && !quoted;
	}
	text += strspn(text, " ");
	for (end = text; *end != '\0' && (quoted || *end != ','); end++)
		if (*end == '"')
			quoted = !quoted;
	while (end > text && end[-1] == ' ')
		end--;
	*n = (size_t)(end - text);
	return text;
}

static bool asked_with(const struct at_asked *asked, const char *end)
{
	size_t n = strlen(end);

	return asked->n_text >= n && memcmp(asked->text + asked->n_text - n, end, n) == 0;
}

/* Read form "n,stat[,lac,ci[,act]]"; unsolicited "stat[,lac,ci[,act]]". So the second field of a
 * reply is a short bare number, and three fields (with an unquoted lac) are never a reply. */
static bool is_registration_reply(const struct at_asked *asked, const char *value)
{
	size_t n, unused;
	const char *second = field(value, 1, &n);

	if (asked_with(asked, "=?"))
		return value[strspn(value, " ")] == '(';
	if (!asked_with(asked, "?") || second == NULL || n < 1 || n > 2)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isdigit((unsigned char)second[i]))
			return false;
	return field(value, 2, &unused) == NULL || field(value, 3, &unused) != NULL;
}

static bool is_answer_to_query(const struct at_asked *asked, const char *value)
{
	(void)value;
	return asked_with(asked, "?");
}

/* A +CMGS: before our own payload is the late result of an earlier message. */
static bool is_submit_reply(const struct at_asked *asked, const char *value)
{
	(void)value;
	return !asked->awaits_payload;
}

static bool is_never_a_reply(const struct at_asked *asked, const char *value)
{
	(void)asked;
	(void)value;
	return false;
}

/* Lines that the command's own prefix does not settle. */
static const struct claim_rule {
	const char *prefix;
	bool (*is_reply)(const struct at_asked *asked, const char *value);
} claim_rules[] = {
	{ "+CREG:", is_registration_reply },  { "+CGREG:", is_registration_reply },
	{ "+CEREG:", is_registration_reply }, { "+C5GREG:", is_registration_reply },
	{ "+CPIN:", is_answer_to_query },     { "+CMGS:", is_submit_reply },
	{ "+CUSD:", is_never_a_reply },       { "+CMTI:", is_never_a_reply },
	{ "+CDSI:", is_never_a_reply },       { "+CBMI:", is_never_a_reply },
	{ "+CMT:", is_never_a_reply },        { "+CDS:", is_never_a_reply },
	{ "+CBM:", is_never_a_reply },        { "+CRING:", is_never_a_reply },
	{ "+CLIP:", is_never_a_reply },       { "+CCWA:", is_never_a_reply },
};

/* Unsolicited words without a mark in front. Those that end in ':' go on. */
static const char *const words[] = {
	"RING",
	"NO CARRIER",
	"BUSY",
	"NO ANSWER",
	"RDY",
	"Call Ready",
	"SMS Ready",
	"SMS DONE",
	"PB DONE",
	"POWERED DOWN",
	"NORMAL POWER DOWN",
	"UNDER-VOLTAGE WARNNING",
	"UNDER-VOLTAGE POWER DOWN",
	"OVER-VOLTAGE WARNNING",
	"OVER-VOLTAGE POWER DOWN",
	"DST:",
	"VOICE CALL:",
	"MISSED_CALL:",
};

bool at_line_marked(const char *line)
{
	if (*line != '\0' && strchr("+^*%#_$", *line) != NULL)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i]);

		if (starts(line, words[i]) && (words[i][n - 1] == ':' || line[n] == '\0'))
			return true;
	}
	return false;
}

/* Does line start with one of the alternatives that '|' splits? */
static bool has_prefix(const char *line, const char *prefixes)
{
	while (prefixes != NULL) {
		const char *bar = strchrnul(prefixes, '|');
		size_t n = (size_t)(bar - prefixes);

		if (n > 0 && strncmp(line, prefixes, n) == 0)
			return true;
		prefixes = *bar == '|' ? bar + 1 : NULL;
	}
	return false;
}

bool at_line_like_reply(const struct at_asked *asked, const char *line)
{
	return has_prefix(line, asked->prefix);
}

bool at_line_claimed(const struct at_asked *asked, const char *line)
{
	if (!has_prefix(line, asked->prefix))
		return asked->bare && !at_line_marked(line);
	for (size_t i = 0; i < ARRAY_LEN(claim_rules); i++) {
		const struct claim_rule *rule = &claim_rules[i];

		if (starts(line, rule->prefix))
			return rule->is_reply(asked, line + strlen(rule->prefix));
	}
	return true;
}

bool at_line_quotes_text(const char *line)
{
	return starts(line, "+CUSD:");
}

bool at_line_says_all(const char *line)
{
	return starts(line, "+CMGS:") || starts(line, "+CPIN:");
}

bool at_line_has_second(const char *line)
{
	return starts(line, "+CMGL:") || starts(line, "+CMGR:");
}

int at_line_pdu_length(const char *line)
{
	const char *last = strrchr(line, ',');

	if (!starts(line, "+CMT:") && !starts(line, "+CDS:") && !starts(line, "+CBM:"))
		return -1;
	return number((last != NULL ? last : strchr(line, ':')) + 1, TPDU_MAX);
}

bool at_line_is_hex(const char *line)
{
	size_t n = strspn(line, "0123456789ABCDEFabcdef");

	return n >= 2 && n % 2 == 0 && line[n + strspn(line + n, " ")] == '\0';
}

bool at_line_pdu_agrees(const char *header, const char *pdu)
{
	int announced = at_line_pdu_length(header);
	char smsc[3] = { 0 };
	size_t octets, length;

	if (announced < 0 || !at_line_is_hex(pdu))
		return false;
	length = (size_t)announced;
	octets = strspn(pdu, "0123456789ABCDEFabcdef") / 2;
	memcpy(smsc, pdu, 2);
	if (octets == 1 + strtoul(smsc, NULL, 16) + length)
		return true;
	return starts(header, "+CBM:") && octets == length; /* a broadcast has no SMSC field */
}
