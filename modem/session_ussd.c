/* session_ussd.c - one USSD dialogue at a time: asked, waited for, closed.
 *
 * AT+CUSD=1 goes out in the form that the modem is known to want and, if refused, once more in
 * another. The answer comes unasked, before or after OK. A dialogue that the network keeps open
 * (a menu) is closed after its first answer. Nothing is sent meanwhile: modems fail at both. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "modem/lex.h"
#include "modem/parse.h"
#include "modem/session_private.h"

enum {
	ASK_MS = 30000,
	ANSWER_MS = 60000,
	CLOSE_MS = 10000,
	ANSWER_SIZE = 1024,
	MENU = 1,
	DCS_GSM = 0x0f,
	DCS_GSM_LANGUAGE = 0x10,
	DCS_8BIT = 0x44,
	DCS_UCS2 = 0x48,
	DCS_UCS2_LANGUAGE = 0x11,
};

static const char *const endings[] = {
	"OK",
	"OK",
	"terminated by the network",
	"answered to another client",
	"not supported by the network",
	"the network did not answer in time",
};

static void finish(struct session *s, const char *const *lines, size_t n, const char *final)
{
	modem_answer *done = s->ussd.done;
	void *arg = s->ussd.arg;

	if (done == NULL)
		return;
	session_stop(s, TIMER_USSD);
	memset(&s->ussd, 0, sizeof(s->ussd));
	done(arg, lines, n, final);
	session_changed(s); /* sending may go on */
}

void ussd_end(struct session *s, const char *why)
{
	finish(s, NULL, 0, why);
}

static void on_closed(void *arg, const struct at_reply *reply)
{
	(void)arg;
	(void)reply; /* ERROR where it was closed already */
}

static void close_dialogue(struct session *s)
{
	struct at_command command = {
		.text = "AT+CUSD=2",
		.timeout_ms = CLOSE_MS,
		.done = on_closed,
	};

	session_command(s, &command);
}

void ussd_timeout(struct session *s)
{
	close_dialogue(s);
	ussd_end(s, "no answer came in time");
}

static bool looks_like_ucs2(const char *hex)
{
	size_t n = strlen(hex) / 4, latin = 0;

	if (strlen(hex) % 4 != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (hex[i * 4] == '0' && (hex[i * 4 + 1] == '0' || hex[i * 4 + 1] == '4'))
			latin++;
	return latin * 2 > n;
}

/* A coding scheme that begins with the language has two letters of it before the text (23.038
 * section 5): packed before UCS2, else with a line end. Some modems take them off. */
static const char *after_language(const char *text, int dcs)
{
	unsigned octets;

	if (dcs == DCS_UCS2_LANGUAGE && sscanf(text, "%4x", &octets) == 1 &&
	    isalpha((int)(octets >> 8 & 0x7f)) &&
	    isalpha((int)((octets << 1 | octets >> 15) & 0x7f)))
		return text + 4;
	if (dcs == DCS_GSM_LANGUAGE && isalpha((unsigned char)text[0]) &&
	    isalpha((unsigned char)text[1]) && (text[2] == '\n' || text[2] == '\r'))
		return text + 3;
	return text;
}

static bool decode_hex(const struct session *s, const char *hex, int dcs, char *out, size_t size)
{
	bool ucs2 = dcs == DCS_UCS2 || dcs == DCS_UCS2_LANGUAGE || s->net.ucs2;

	if (!parse_is_hex(hex))
		return false;
	if (ucs2 || looks_like_ucs2(hex))
		return parse_ucs2_hex(after_language(hex, dcs), out, size);
	if (dcs == DCS_8BIT)
		return parse_latin1_hex(hex, out, size);
	if (profile_has(s->profile, QUIRK_USSD_PACKED) ||
	    (strlen(hex) >= 8 && strpbrk(hex, "ABCDEFabcdef") != NULL))
		return parse_packed_hex(hex, out, size);
	return false;
}

static void decode(const struct session *s, const char *text, int dcs, char *out, size_t size)
{
	char plain[ANSWER_SIZE];

	if (!decode_hex(s, text, dcs, plain, sizeof(plain)))
		parse_gsm_text(text, plain, sizeof(plain));
	snprintf(out, size, "%s", after_language(plain, dcs));
}

/* Text without quotes: behind its last comma stands the coding, if that is all that stands there.
 */
static int split_bare(char *rest, const char **text)
{
	char *comma = strchr(rest, ','), *last = strrchr(rest, ','), *end;
	long dcs;

	*text = comma != NULL ? comma + 1 + strspn(comma + 1, " ") : "";
	if (last == comma)
		return DCS_GSM;
	dcs = strtol(last + 1, &end, 10);
	if (end == last + 1 || *end != '\0' || dcs < 0 || dcs > 0xff)
		return DCS_GSM;
	*last = '\0';
	return (int)dcs;
}

/* mode[,"text"[,dcs]]: the text may hold quotes and commas of its own, or lack the last quote.
 * Cuts rest into these; returns dcs. */
static int split(char *rest, const char **text)
{
	char *first = strchr(rest, '"'), *last = strrchr(rest, '"');
	struct parse_fields fields;

	if (first == NULL)
		return split_bare(rest, text);
	*text = first + 1;
	if (last == first)
		return DCS_GSM;
	*last = '\0';
	parse_fields(&fields, last + 1);
	return parse_int(&fields, 1, DCS_GSM);
}

void ussd_urc(struct session *s, const char *rest)
{
	char line[LEX_LINE_MAX + 1], answer[ANSWER_SIZE];
	const char *lines[] = { answer }, *text;
	int mode = atoi(rest), dcs;

	if (s->ussd.done == NULL)
		return;
	snprintf(line, sizeof(line), "%s", rest);
	dcs = split(line, &text);
	decode(s, text, dcs, answer, sizeof(answer));
	if (mode == MENU)
		close_dialogue(s);
	finish(s, lines, answer[0] != '\0' ? 1 : 0,
	       mode >= 0 && mode < (int)ARRAY_LEN(endings) ? endings[mode] : "OK");
}

static void on_asked(void *arg, const struct at_reply *reply);

static int ask(struct session *s)
{
	char text[4 * sizeof(s->ussd.code) + 32], coded[4 * sizeof(s->ussd.code)];
	struct at_command command = {
		.text = text,
		.timeout_ms = ASK_MS,
		.done = on_asked,
	};

	switch (s->ussd.form) {
	case USSD_PLAIN:
		snprintf(coded, sizeof(coded), "%s", s->ussd.code);
		break;
	case USSD_PACKED:
		if (!parse_pack_ussd(s->ussd.code, coded, sizeof(coded)))
			return -EINVAL;
		break;
	case USSD_UCS2:
		parse_to_ucs2(s->ussd.code, coded, sizeof(coded));
		break;
	}
	snprintf(text, sizeof(text), "AT+CUSD=1,\"%s\",15", coded);
	return session_command(s, &command);
}

static void on_asked(void *arg, const struct at_reply *reply)
{
	struct session *s = arg;
	char final[160];

	if (reply->status == AT_CLOSED || reply->status == AT_OK || s->ussd.done == NULL)
		return;
	if (reply->status == AT_ERROR && !s->ussd.tried_both) {
		s->ussd.tried_both = true;
		s->ussd.form = s->ussd.form == USSD_PLAIN ? USSD_PACKED : USSD_PLAIN;
		if (ask(s) == 0)
			return;
	}
	snprintf(final, sizeof(final), "%s",
		 reply->status == AT_ERROR ? reply->final : "the modem did not answer");
	ussd_end(s, final);
}

/* Digits and signs of a service code, or the short answer to a menu. */
static bool is_code(const char *code)
{
	size_t n = strlen(code);

	return n > 0 && n <= 160 &&
	       strspn(code, "0123456789*#+ abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") ==
		       n;
}

int session_ussd(struct session *s, const char *code, modem_answer *done, void *arg)
{
	int error;

	if (!is_code(code))
		return -EINVAL;
	if (!s->up || s->closing)
		return -ENOTCONN;
	if (s->ussd.done != NULL)
		return -EBUSY;
	s->ussd.done = done;
	s->ussd.arg = arg;
	s->ussd.form = profile_has(s->profile, QUIRK_USSD_PACKED) ? USSD_PACKED
		       : s->net.ucs2                              ? USSD_UCS2
								  : USSD_PLAIN;
	snprintf(s->ussd.code, sizeof(s->ussd.code), "%s", code);
	error = ask(s);
	if (error < 0)
		memset(&s->ussd, 0, sizeof(s->ussd));
	else
		session_after(s, TIMER_USSD, ANSWER_MS);
	return error;
}
