/* session_ussd.c - one USSD dialogue at a time: asked, waited for, closed.
 *
 * AT+CUSD=1 goes out in the form that the modem is known to want and, if refused, once more in
 * the other. The answer comes unasked, before or after OK. A dialogue that the network keeps open
 * (a menu) is closed after its first answer. Nothing is sent meanwhile: modems fail at both. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "modem/parse.h"
#include "modem/session_private.h"

enum {
	ASK_MS = 30000,
	ANSWER_MS = 60000,
	CLOSE_MS = 10000,
	ANSWER_SIZE = 1024,
	MENU = 1,
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

static void decode(const struct session *s, const char *text, int dcs, char *out, size_t size)
{
	if (parse_is_hex(text)) {
		bool ucs2 = dcs == DCS_UCS2 || dcs == DCS_UCS2_LANGUAGE || looks_like_ucs2(text);

		if (ucs2 && parse_ucs2_hex(text, out, size))
			return;
		if (profile_has(s->profile, QUIRK_USSD_PACKED) && parse_packed_hex(text, out, size))
			return;
		if (strlen(text) >= 8 && strpbrk(text, "ABCDEFabcdef") != NULL &&
		    parse_packed_hex(text, out, size))
			return;
	}
	snprintf(out, size, "%s", text);
}

void ussd_urc(struct session *s, const char *rest)
{
	struct parse_fields fields;
	char answer[ANSWER_SIZE];
	const char *lines[] = { answer };
	int mode;

	if (s->ussd.done == NULL)
		return;
	parse_fields(&fields, rest);
	mode = parse_int(&fields, 0, 0);
	decode(s, parse_text(&fields, 1), parse_int(&fields, 2, 15), answer, sizeof(answer));
	if (mode == MENU)
		close_dialogue(s);
	finish(s, lines, answer[0] != '\0' ? 1 : 0,
	       mode >= 0 && mode < (int)ARRAY_LEN(endings) ? endings[mode] : "OK");
}

static void on_asked(void *arg, const struct at_reply *reply);

static int ask(struct session *s)
{
	char text[400], packed[370];
	struct at_command command = {
		.text = text,
		.timeout_ms = ASK_MS,
		.done = on_asked,
	};

	if (!s->ussd.packed)
		snprintf(text, sizeof(text), "AT+CUSD=1,\"%s\",15", s->ussd.code);
	else if (parse_pack_ussd(s->ussd.code, packed, sizeof(packed)))
		snprintf(text, sizeof(text), "AT+CUSD=1,\"%s\",15", packed);
	else
		return -EINVAL;
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
		s->ussd.packed = !s->ussd.packed;
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
	s->ussd.packed = profile_has(s->profile, QUIRK_USSD_PACKED);
	snprintf(s->ussd.code, sizeof(s->ussd.code), "%s", code);
	error = ask(s);
	if (error < 0)
		memset(&s->ussd, 0, sizeof(s->ussd));
	else
		session_after(s, TIMER_USSD, ANSWER_MS);
	return error;
}
