/* bringup_identity.c - steps that ask who the modem and the SIM are, and choose the profile. */
#include <stdio.h>
#include <string.h>

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

enum step identity_serial(struct session *s, const struct at_reply *reply, enum step usual)
{
	for (size_t i = 0; reply->status == AT_OK && i < reply->n_lines; i++) {
		if (parse_digits(reply->lines[i], 14, 17, s->status.imei, 18)) {
			s->status.imei[15] = '\0'; /* 17 digits: with the software version */
			return ST_PROFILE;
		}
	}
	return s->bringup.step == ST_SERIAL ? ST_SERIAL_2 : usual;
}

enum step identity_profile(struct session *s, const struct at_reply *reply, enum step usual)
{
	(void)reply;
	s->profile = profile_find(s->status.manufacturer, s->status.model);
	snprintf(s->status.profile, sizeof(s->status.profile), "%s", s->profile->name);
	session_pace_start(s);
	return usual;
}

bool identity_iccid_cmd(struct session *s, char *cmd, size_t size)
{
	const char *text = profile_iccid(s->profile, s->bringup.row);

	if (s->bringup.row == 0)
		s->status.iccid[0] = '\0';
	if (text == NULL)
		return false;
	snprintf(cmd, size, "%s", text);
	return true;
}

static enum step after_iccid(const struct session *s)
{
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
		const char *rest = parse_after(reply->lines[i], "+CRSM: 144");

		if (rest != NULL && parse_iccid(rest, s->status.iccid, sizeof(s->status.iccid)))
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

static bool differs(const char *wanted, const char *got)
{
	return wanted[0] != '\0' && got[0] != '\0' && strcmp(wanted, got) != 0;
}

enum step identity_match(struct session *s, const struct at_reply *reply, enum step usual)
{
	const struct config_match *match = &s->modem->match;

	(void)reply;
	if (differs(match->imei, s->status.imei) || differs(match->iccid, s->status.iccid) ||
	    differs(match->imsi, s->status.imsi))
		return ST_OTHER;
	return usual;
}

bool identity_calm_cmd(struct session *s, char *cmd, size_t size)
{
	size_t row = s->bringup.row;

	if (row >= PROFILE_LIST || s->profile->calm[row] == NULL)
		return false;
	snprintf(cmd, size, "%s", s->profile->calm[row]);
	return true;
}

enum step identity_calm(struct session *s, const struct at_reply *reply, enum step usual)
{
	(void)reply;
	(void)usual;
	s->bringup.row++;
	return ST_CALM;
}
