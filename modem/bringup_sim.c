/* bringup_sim.c - steps around the SIM: is it there, does it want its PIN, may the PIN be tried.
 *
 * A wrong PIN costs one of three tries, so it is entered only in the state SIM PIN, with at least
 * two tries left as far as the modem tells, after whoever keeps the disk has agreed, once. Its
 * text is read at that moment and wiped after it was handed on. Waiting is a step that repeats. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/util.h"
#include "modem/bringup.h"
#include "modem/parse.h"

enum {
	BUSY_MS = 2000,
	BUSY_TRIES = 20,
	ENTERED_TRIES = 10,
	MISSING_MS = 10000,
	LOCKED_MS = 30000,
	PIN_MIN = 4,
	PIN_MAX = 8,
	UNSAID_TRIES = 3,
	TRIES_KEPT = 2, /* an automatic try never uses up the last one */
};

enum sim {
	SIM_READY,
	SIM_PIN,
	SIM_PUK,
	SIM_MISSING,
	SIM_FAULTY,
	SIM_BUSY,
	SIM_LOCKED,
	SIM_SILENT,
	SIM_UNSAID, /* OK alone: the state may come a little later, unasked; or ERROR alone: a
		     * SIM that starts, where errors have no numbers */
};

static const struct {
	const char *text;
	enum sim sim;
} sim_words[] = {
	{ "READY", SIM_READY },         { "SIM PIN", SIM_PIN },    { "SIM PUK", SIM_PUK },
	{ "SIM PIN2", SIM_READY },      { "SIM PUK2", SIM_READY }, { "NOT INSERTED", SIM_MISSING },
	{ "SIM REMOVED", SIM_MISSING }, { "NOT READY", SIM_BUSY },
};

static const struct {
	enum at_domain domain;
	int first, last;
	enum sim sim;
} sim_codes[] = {
	{ AT_DOMAIN_CME, 5, 7, SIM_LOCKED },     { AT_DOMAIN_CME, 10, 10, SIM_MISSING },
	{ AT_DOMAIN_CME, 11, 11, SIM_PIN },      { AT_DOMAIN_CME, 12, 12, SIM_PUK },
	{ AT_DOMAIN_CME, 13, 13, SIM_FAULTY },   { AT_DOMAIN_CME, 14, 14, SIM_BUSY },
	{ AT_DOMAIN_CME, 15, 15, SIM_MISSING },  { AT_DOMAIN_CME, 40, 48, SIM_LOCKED },
	{ AT_DOMAIN_CME, 515, 515, SIM_BUSY },   { AT_DOMAIN_CMS, 310, 310, SIM_MISSING },
	{ AT_DOMAIN_CMS, 311, 311, SIM_PIN },    { AT_DOMAIN_CMS, 312, 312, SIM_LOCKED },
	{ AT_DOMAIN_CMS, 313, 313, SIM_FAULTY }, { AT_DOMAIN_CMS, 314, 314, SIM_BUSY },
	{ AT_DOMAIN_CMS, 316, 316, SIM_PUK },    { AT_DOMAIN_CMS, 515, 515, SIM_BUSY },
};

bool sim_is_busy(const struct at_reply *reply)
{
	return reply->status == AT_ERROR &&
	       (reply->code == 14 || reply->code == 314 || reply->code == 515);
}

static enum sim sim_of_word(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(sim_words); i++)
		if (strcmp(word, sim_words[i].text) == 0)
			return sim_words[i].sim;
	return strncmp(word, "PH-", 3) == 0 ? SIM_LOCKED : SIM_BUSY;
}

/* A modem that does not know the question (3, 4, 100, always ERROR) is taken as ready. */
static enum sim sim_of_reply(const struct at_reply *reply)
{
	const char *word = parse_find(reply->lines, reply->n_lines, "+CPIN:");
	struct parse_fields fields;

	if (word != NULL) {
		parse_fields(&fields, word);
		return sim_of_word(parse_text(&fields, 0));
	}
	for (size_t i = 0; i < ARRAY_LEN(sim_codes); i++)
		if (reply->domain == sim_codes[i].domain && reply->code >= sim_codes[i].first &&
		    reply->code <= sim_codes[i].last)
			return sim_codes[i].sim;
	if (reply->status == AT_OK || strcmp(reply->final, "ERROR") == 0)
		return SIM_UNSAID;
	return reply->status == AT_TIMEOUT ? SIM_SILENT : SIM_READY;
}

enum step sim_radio(struct session *s, const struct at_reply *reply, enum step usual)
{
	const char *rest = parse_find(reply->lines, reply->n_lines, "+CFUN:");
	struct parse_fields fields = { .n = 0 };
	int mode;

	(void)s;
	if (rest != NULL)
		parse_fields(&fields, rest);
	mode = parse_int(&fields, 0, 1);
	return mode == 0 || mode == 4 || mode == 5 || mode == 7 ? ST_RADIO_ON : usual;
}

static enum step ask_again(struct session *s, int64_t ms)
{
	s->bringup.wait_ms = ms;
	return ST_SIM;
}

static enum step on_missing(struct session *s, const char *why)
{
	s->bringup.pin_entered = false;
	session_state(s, MODEM_SIM_MISSING, "%s", why);
	return ask_again(s, MISSING_MS);
}

static enum step on_busy(struct session *s)
{
	if (s->bringup.tries >= BUSY_TRIES)
		return on_missing(s, "the SIM does not become ready");
	if (s->status.state != MODEM_SIM_MISSING)
		session_state(s, MODEM_STARTING, "the SIM is starting");
	return ask_again(s, BUSY_MS);
}

static enum step on_pin(struct session *s)
{
	if (s->bringup.pin_entered && s->bringup.tries < ENTERED_TRIES)
		return ask_again(s, BUSY_MS); /* READY may come late */
	if (s->bringup.pin_entered) {
		session_state(s, MODEM_SIM_PIN,
			      "the SIM still asks for its PIN after the PIN was entered");
		return ask_again(s, LOCKED_MS);
	}
	s->bringup.pin_wanted = true;
	return ST_ICCID;
}

/* CME 13 once: the SIM's power off and on. */
static enum step on_faulty(struct session *s)
{
	if (s->bringup.sim_cycled)
		return on_missing(s, "the SIM fails: take it out, clean it, or change it");
	s->bringup.sim_cycled = true;
	return ST_SIM_OFF;
}

enum step sim_state(struct session *s, const struct at_reply *reply, enum step usual)
{
	s->bringup.pin_wanted = false;
	switch (sim_of_reply(reply)) {
	case SIM_READY:
		s->bringup.pin_entered =
			false; /* if it is asked for once more, it is another SIM */
		return usual;
	case SIM_PIN:
		return on_pin(s);
	case SIM_PUK:
		session_state(s, MODEM_SIM_PUK,
			      "the SIM is blocked: its PUK must be entered in a phone");
		return ask_again(s, LOCKED_MS);
	case SIM_MISSING:
		return on_missing(s, "there is no SIM, or it is not inserted right");
	case SIM_FAULTY:
		return on_faulty(s);
	case SIM_BUSY:
		return on_busy(s);
	case SIM_LOCKED:
		session_state(s, MODEM_FAILED, "the modem is locked to another operator or SIM");
		return ask_again(s, LOCKED_MS);
	case SIM_UNSAID:
		return s->bringup.tries < UNSAID_TRIES ? ask_again(s, BUSY_MS) : usual;
	case SIM_SILENT:
		break;
	}
	return s->bringup.tries < 3 ? ST_SIM : ST_SILENT;
}

bool sim_tries_cmd(struct session *s, char *cmd, size_t size)
{
	const struct quirk *tries = profile_try(s->profile, QUIRK_TRIES, s->bringup.row);

	if (s->bringup.row == 0)
		s->bringup.tries_left = -1;
	if (tries == NULL)
		return false;
	snprintf(cmd, size, "%s", tries->text);
	return true;
}

enum step sim_tries(struct session *s, const struct at_reply *reply, enum step usual)
{
	const struct quirk *tries = profile_try(s->profile, QUIRK_TRIES, s->bringup.row);

	for (size_t i = 0; reply->status == AT_OK && i < reply->n_lines; i++) {
		int left = profile_tries_left(tries, reply->lines[i]);

		if (left >= 0) {
			s->bringup.tries_left = left;
			return usual;
		}
	}
	s->bringup.row++;
	return ST_PIN_TRIES;
}

/* Reads the first line of the file: 4 to 8 digits. 0, or what is wrong as -errno. */
static int read_pin(const char *path, char pin[PIN_MAX + 1])
{
	char text[64];
	ssize_t n = -1;
	size_t digits;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;

	if (fd >= 0)
		n = read(fd, text, sizeof(text) - 1);
	error = errno;
	if (fd >= 0)
		close(fd);
	if (n < 0)
		return -error;
	text[n] = '\0';
	digits = strspn(text, "0123456789");
	memcpy(pin, text, digits <= PIN_MAX ? digits : PIN_MAX);
	pin[digits <= PIN_MAX ? digits : PIN_MAX] = '\0';
	error = digits < PIN_MIN || digits > PIN_MAX ||
				strspn(text + digits, "\r\n \t") != strlen(text + digits)
			? -EINVAL
			: 0;
	secret_wipe(text, sizeof(text));
	return error;
}

/* NULL: it can be tried. */
static const char *file_trouble(const struct session *s)
{
	char pin[PIN_MAX + 1];
	int error = read_pin(s->modem->pin_file, pin);

	secret_wipe(pin, sizeof(pin));
	if (error == 0)
		return NULL;
	if (error == -EINVAL)
		return "the SIM asks for its PIN: pin_file does not hold 4 to 8 digits";
	return error == -ENOENT ? "the SIM asks for its PIN: pin_file does not exist"
				: "the SIM asks for its PIN: pin_file cannot be read";
}

enum step sim_pin_ask(struct session *s, const struct at_reply *reply, enum step usual)
{
	const struct session_bringup *b = &s->bringup;
	const char *why = NULL;

	(void)reply;
	if (s->modem->pin_file[0] == '\0')
		why = "the SIM asks for its PIN and no pin_file is configured";
	else if (b->pin_refused && strcmp(b->pin_refused_iccid, s->status.iccid) == 0)
		why = "the SIM refused the PIN; it is not tried again: correct pin_file, then "
		      "reopen it";
	else if (b->tries_left >= 0 && b->tries_left < TRIES_KEPT)
		why = "the SIM has too few PIN tries left; enter the right PIN in a phone first";
	else
		why = file_trouble(s);
	session_state(s, MODEM_SIM_PIN, "%s",
		      why != NULL ? why : "the SIM asks for its PIN, which is being tried");
	return why != NULL ? ask_again(s, LOCKED_MS) : usual;
}

void sim_want_pin(struct session *s)
{
	s->events->pin_wanted(s->arg, s, s->status.iccid, s->bringup.tries_left);
}

void session_pin_answer(struct session *s, bool allowed)
{
	if (!bringup_waits_for_pin(s))
		return;
	if (allowed) {
		bringup_from(s, ST_PIN_ENTER);
		return;
	}
	session_state(s, MODEM_SIM_PIN,
		      "this PIN failed on this SIM before; it is not tried again");
	s->bringup.step = ST_SIM;
	session_after(s, TIMER_STEP, LOCKED_MS);
}

bool sim_pin_cmd(struct session *s, char *cmd, size_t size)
{
	char pin[PIN_MAX + 1];
	int error = read_pin(s->modem->pin_file, pin);

	if (error == 0)
		snprintf(cmd, size, "AT+CPIN=\"%s\"", pin);
	secret_wipe(pin, sizeof(pin));
	if (error == 0)
		return true;
	session_state(s, MODEM_SIM_PIN, "pin_file %s",
		      error == -EINVAL ? "does not hold 4 to 8 digits" : strerror(-error));
	s->bringup.wait_ms = LOCKED_MS;
	return false;
}

/* After anything but OK the PIN is not tried again, unless the modem says it was not wanted. */
enum step sim_pin_entered(struct session *s, const struct at_reply *reply, enum step usual)
{
	struct session_bringup *b = &s->bringup;

	b->pin_entered = true;
	if (reply->status != AT_ERROR || reply->code == 3 || reply->code == 4)
		return usual;
	b->pin_refused = true;
	memcpy(b->pin_refused_iccid, s->status.iccid, sizeof(b->pin_refused_iccid));
	session_error(s, "the SIM refused the PIN");
	b->pin_entered = false; /* let the next look say why it is not tried */
	return usual;
}
