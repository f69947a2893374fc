/* bringup_identity.c - steps that ask who the modem and the SIM are, and choose the profile. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "modem/bringup.h"
#include "modem/parse.h"

enum { SIM_LOADS_AGAIN_MS = 2000, SIM_LOADS_TRIES = 10 };

/* The first line that says something, without the name of the command and without quotes. */
static bool take_line(const struct at_reply *reply, const char *prefix, char *out, size_t size)
{
	for (size_t i = 0; i < reply->n_lines; i++) {
		const char *rest = parse_after(reply->lines[i], prefix);
		struct parse_fields fields;

		parse_fields(&fields, rest != NULL ? rest : reply->lines[i]);
		parse_copy(out, size, fields.n == 1 ? fields.item[0] : reply->lines[i]);
		if (out[0] != '\0')
			return true;
	}
	return false;
}

enum step identity_errors(struct session *s, const struct at_reply *reply, enum step usual)
{
	s->bringup.numbered = reply->status == AT_OK;
	return usual;
}

enum step identity_maker(struct session *s, const struct at_reply *reply, enum step usual)
{
	struct modem_status *status = &s->status;

	if (reply->status == AT_OK)
		take_line(reply, "+CGMI:", status->manufacturer, sizeof(status->manufacturer));
	return usual;
}

enum step identity_model(struct session *s, const struct at_reply *reply, enum step usual)
{
	if (reply->status == AT_OK)
		take_line(reply, "+CGMM:", s->status.model, sizeof(s->status.model));
	return usual;
}

enum step identity_revision(struct session *s, const struct at_reply *reply, enum step usual)
{
	if (reply->status == AT_OK)
		take_line(reply, "+CGMR:", s->status.revision, sizeof(s->status.revision));
	return usual;
}

/* ATI tells much, also other long numbers. */
static bool is_serial(const struct session *s, const char *line)
{
	return s->bringup.step != ST_SERIAL_4 || strcasestr(line, "IMEI") != NULL;
}

enum step identity_serial(struct session *s, const struct at_reply *reply, enum step usual)
{
	for (size_t i = 0; reply->status == AT_OK && i < reply->n_lines; i++) {
		if (is_serial(s, reply->lines[i]) &&
		    parse_digits(reply->lines[i], 14, 17, s->status.imei, 18)) {
			s->status.imei[15] = '\0'; /* 17 digits: with the software version */
			return usual;
		}
	}
	s->status.imei[0] = '\0';                /* it may have been another modem's */
	return (enum step)(s->bringup.step + 1); /* asked otherwise, in the end no more */
}

static bool differs(const char *wanted, const char *got)
{
	return wanted[0] != '\0' && got[0] != '\0' && strcasecmp(wanted, got) != 0;
}

/* The last digits tell two modems apart. */
static const char *tail(const char *number)
{
	size_t n = strlen(number);

	return n > 5 ? number + n - 5 : number;
}

static bool differs_by(struct session *s, const char *what, const char *wanted, const char *got,
		       const char *remedy)
{
	if (!differs(wanted, got))
		return false;
	snprintf(s->bringup.other, sizeof(s->bringup.other),
		 "another %s answers here: ...%s, not ...%s%s", what, tail(got), tail(wanted),
		 remedy);
	return true;
}

static bool has_match(const struct config_match *match)
{
	const char *const given[] = { match->imei,       match->iccid,    match->imsi,
				      match->usb_serial, match->usb_path, match->usb_id };

	for (size_t i = 0; i < ARRAY_LEN(given); i++)
		if (given[i][0] != '\0')
			return true;
	return false;
}

/* Is it the modem of this name: the one that match says, else the one that was here before?
 * Asked whenever more is known, so that no PIN is tried on a stranger's SIM. */
static bool is_ours(struct session *s, const char *iccid, const char *imsi)
{
	const struct session_identity identity = { s->status.imei, iccid, imsi };
	const struct config_match *match = &s->modem->match;
	char *before = s->bringup.imei_before;

	if (s->events->identified != NULL &&
	    !s->events->identified(s->arg, s, &identity, s->bringup.other))
		return false;
	if (differs_by(s, "modem (IMEI)", match->imei, identity.imei, "") ||
	    differs_by(s, "SIM (ICCID)", match->iccid, iccid, "") ||
	    differs_by(s, "SIM (IMSI)", match->imsi, imsi, ""))
		return false;
	if (!has_match(match) && differs_by(s, "modem (IMEI)", before, identity.imei,
					    "; if it was replaced: simgate modem reopen"))
		return false;
	if (identity.imei[0] != '\0')
		memcpy(before, s->status.imei, sizeof(s->bringup.imei_before));
	return true;
}

enum step identity_profile(struct session *s, const struct at_reply *reply, enum step usual)
{
	(void)reply;
	s->profile = profile_find(s->status.manufacturer, s->status.model);
	snprintf(s->status.profile, sizeof(s->status.profile), "%s", s->profile->name);
	session_pace_start(s);
	return is_ours(s, "", "") ? usual : ST_OTHER;
}

bool identity_iccid_cmd(struct session *s, char *cmd, size_t size)
{
	const struct quirk *quirk = profile_try(s->profile, QUIRK_ICCID, s->bringup.row);

	if (s->bringup.row == 0)
		s->status.iccid[0] = '\0';
	if (quirk == NULL)
		return false;
	snprintf(cmd, size, "%s", quirk->text);
	return true;
}

static enum step after_iccid(struct session *s)
{
	if (!is_ours(s, s->status.iccid, ""))
		return ST_OTHER;
	return s->bringup.pin_wanted ? ST_PIN_TRIES : ST_IMSI;
}

/* Is it worth to ask the same again? Only while the SIM says that it is loading. */
static bool wait_for_sim(struct session *s, const struct at_reply *reply)
{
	if (!sim_is_busy(reply) || s->bringup.tries >= SIM_LOADS_TRIES || s->bringup.pin_wanted)
		return false;
	s->bringup.wait_ms = SIM_LOADS_AGAIN_MS;
	return true;
}

enum step identity_iccid(struct session *s, const struct at_reply *reply, enum step usual)
{
	(void)usual;
	for (size_t i = 0; reply->status == AT_OK && i < reply->n_lines; i++)
		if (parse_iccid(reply->lines[i], s->status.iccid, sizeof(s->status.iccid)))
			return after_iccid(s);
	s->status.iccid[0] = '\0';
	if (!wait_for_sim(s, reply))
		s->bringup.row++;
	return ST_ICCID;
}

enum step identity_iccid_file(struct session *s, const struct at_reply *reply, enum step usual)
{
	(void)usual;
	for (size_t i = 0; reply->status == AT_OK && i < reply->n_lines; i++) {
		const char *rest = parse_after(reply->lines[i], "+CRSM:");

		if (rest != NULL && strncmp(rest, "144,", 4) == 0 &&
		    parse_iccid(rest, s->status.iccid, sizeof(s->status.iccid)))
			return after_iccid(s);
	}
	s->status.iccid[0] = '\0';
	return after_iccid(s);
}

enum step identity_imsi(struct session *s, const struct at_reply *reply, enum step usual)
{
	s->status.imsi[0] = '\0';
	for (size_t i = 0; reply->status == AT_OK && i < reply->n_lines; i++)
		if (parse_digits(reply->lines[i], 14, 15, s->status.imsi, sizeof(s->status.imsi)))
			return usual;
	return wait_for_sim(s, reply) ? ST_IMSI : usual;
}

enum step identity_match(struct session *s, const struct at_reply *reply, enum step usual)
{
	(void)reply;
	return is_ours(s, s->status.iccid, s->status.imsi) ? usual : ST_OTHER;
}

bool identity_calm_cmd(struct session *s, char *cmd, size_t size)
{
	const struct quirk *quirk = profile_quirk(s->profile, QUIRK_CALM, s->bringup.row);

	if (quirk == NULL)
		return false;
	snprintf(cmd, size, "%s", quirk->text);
	return true;
}

/* A fixed speed on a real line, so that what it says while it starts can be read. */
bool identity_baud_cmd(struct session *s, char *cmd, size_t size)
{
	if (!profile_has(s->profile, QUIRK_BAUD) || port_kind(s->port) != PORT_SERIAL)
		return false;
	snprintf(cmd, size, "AT+IPR=%u", s->modem->baud);
	return true;
}

enum step identity_calm(struct session *s, const struct at_reply *reply, enum step usual)
{
	(void)reply;
	(void)usual;
	s->bringup.row++;
	return ST_CALM;
}
