/* probe_questions.c - what a probe asks, in order, and what it learns from each answer. */
#include <stdio.h>

#include "base/util.h"
#include "modem/at.h"
#include "modem/parse.h"
#include "modem/probe_private.h"
#include "modem/profile.h"

/* The first line that says something, without the name of the command and without quotes. */
static void take_text(const struct at_reply *reply, const char *prefix, char *out, size_t size)
{
	for (size_t i = 0; i < reply->n_lines; i++) {
		const char *rest = parse_after(reply->lines[i], prefix);
		struct parse_fields fields;

		parse_fields(&fields, rest != NULL ? rest : reply->lines[i]);
		parse_copy(out, size, fields.n == 1 ? fields.item[0] : reply->lines[i]);
		if (out[0] != '\0')
			return;
	}
}

static const char *rest_of(const struct at_reply *reply, const char *prefix)
{
	return parse_find(reply->lines, reply->n_lines, prefix);
}

static bool take_maker(struct probe *p, const struct at_reply *reply)
{
	take_text(reply, "+CGMI:", p->result->manufacturer, sizeof(p->result->manufacturer));
	return true;
}

static bool take_model(struct probe *p, const struct at_reply *reply)
{
	const struct profile *profile;

	take_text(reply, "+CGMM:", p->result->model, sizeof(p->result->model));
	profile = profile_find(p->result->manufacturer, p->result->model);
	snprintf(p->result->profile, sizeof(p->result->profile), "%s", profile->name);
	return true;
}

static bool take_revision(struct probe *p, const struct at_reply *reply)
{
	take_text(reply, "+CGMR:", p->result->revision, sizeof(p->result->revision));
	return true;
}

static bool take_imei(struct probe *p, const struct at_reply *reply)
{
	for (size_t i = 0; i < reply->n_lines && p->result->imei[0] == '\0'; i++)
		if (parse_digits(reply->lines[i], 14, 17, p->result->imei, 18))
			p->result->imei[15] = '\0'; /* 17 digits: with the software version */
	return true;
}

static bool take_sim(struct probe *p, const struct at_reply *reply)
{
	enum { CME_NO_SIM = 10, CME_SIM_FAILURE = 13 };
	const char *rest = rest_of(reply, "+CPIN:");

	if (rest != NULL)
		parse_copy(p->result->sim, sizeof(p->result->sim), rest);
	else if (reply->code == CME_NO_SIM || reply->code == CME_SIM_FAILURE)
		snprintf(p->result->sim, sizeof(p->result->sim), "MISSING");
	return true;
}

/* One after the other until one of them is the ICCID. */
static bool take_iccid(struct probe *p, const struct at_reply *reply)
{
	for (size_t i = 0; i < reply->n_lines; i++)
		if (parse_iccid(reply->lines[i], p->result->iccid, sizeof(p->result->iccid)))
			return true;
	p->result->iccid[0] = '\0';
	p->row++;
	return false;
}

static bool take_imsi(struct probe *p, const struct at_reply *reply)
{
	for (size_t i = 0; i < reply->n_lines && p->result->imsi[0] == '\0'; i++)
		parse_digits(reply->lines[i], 14, 15, p->result->imsi, sizeof(p->result->imsi));
	return true;
}

static bool is_registered(int stat)
{
	return stat == 1 || stat == 5 || stat == 6 || stat == 7 || stat == 9 || stat == 10;
}

static bool take_registration(struct probe *p, const struct at_reply *reply)
{
	const char *rest = rest_of(reply, "+CREG:");
	int stat, act;

	if (rest == NULL)
		rest = rest_of(reply, "+CEREG:");
	if (rest == NULL || !parse_registration(rest, &stat, &act))
		return true;
	if (!is_registered(p->result->registration))
		p->result->registration = stat;
	if (is_registered(stat) && parse_rat(act)[0] != '\0')
		snprintf(p->result->rat, sizeof(p->result->rat), "%s", parse_rat(act));
	return true;
}

static bool take_operator(struct probe *p, const struct at_reply *reply)
{
	const char *rest = rest_of(reply, "+COPS:");
	struct modem_port *r = p->result;
	struct parse_fields fields;

	if (rest == NULL)
		return true;
	parse_fields(&fields, rest);
	parse_copy(r->operator_name, sizeof(r->operator_name), parse_text(&fields, 2));
	if (r->rat[0] == '\0')
		snprintf(r->rat, sizeof(r->rat), "%s", parse_rat(parse_int(&fields, 3, -1)));
	return true;
}

static bool take_signal(struct probe *p, const struct at_reply *reply)
{
	const char *rest = rest_of(reply, "+CSQ:");
	struct parse_fields fields;

	if (rest == NULL)
		return true;
	parse_fields(&fields, rest);
	p->result->dbm = parse_csq_dbm(parse_int(&fields, 0, 99));
	return true;
}

static bool take_centre(struct probe *p, const struct at_reply *reply)
{
	const char *rest = rest_of(reply, "+CSCA:");
	struct parse_fields fields;

	if (rest == NULL)
		return true;
	parse_fields(&fields, rest);
	parse_copy(p->result->smsc, sizeof(p->result->smsc), parse_text(&fields, 0));
	return true;
}

/* +CPMS: "SM",3,20,... : the first is where messages are read. */
static bool take_storage(struct probe *p, const struct at_reply *reply)
{
	const char *rest = rest_of(reply, "+CPMS:");
	struct parse_fields fields;

	if (rest == NULL)
		return true;
	parse_fields(&fields, rest);
	p->result->storage_used = parse_int(&fields, 1, -1);
	p->result->storage_total = parse_int(&fields, 2, -1);
	return true;
}

static const char *iccid_command(struct probe *p)
{
	const struct profile *profile = profile_find(p->result->manufacturer, p->result->model);
	const struct quirk *quirk = profile_try(profile, QUIRK_ICCID, p->row);

	return quirk != NULL ? quirk->text : NULL;
}

static const char *second_imei(struct probe *p)
{
	return p->result->imei[0] == '\0' ? "AT+GSN" : NULL;
}

#define ICCID_PREFIXES "+CCID:|+ICCID:|+QCCID:|+CICCID:|^ICCID:|#CCID:|!ICCID:|+ZGETICCID:|ICCID:"

const struct probe_question probe_questions[] = {
	{ "AT", NULL, 0, PROBE_IDENTITY, NULL, NULL },
	{ "ATE0", NULL, 0, PROBE_IDENTITY, NULL, NULL },
	{ "AT+CMEE=1", NULL, 0, PROBE_IDENTITY, NULL, NULL },
	{ "AT+CGMI", "+CGMI:", AT_BARE_LINES, PROBE_IDENTITY, take_maker, NULL },
	{ "AT+CGMM", "+CGMM:", AT_BARE_LINES, PROBE_IDENTITY, take_model, NULL },
	{ "AT+CGMR", "+CGMR:", AT_BARE_LINES, PROBE_ALL, take_revision, NULL },
	{ "AT+CGSN", "+CGSN:", AT_BARE_LINES, PROBE_IDENTITY, take_imei, NULL },
	{ NULL, "+GSN:", AT_BARE_LINES, PROBE_IDENTITY, take_imei, second_imei },
	{ "AT+CPIN?", "+CPIN:", 0, PROBE_IDENTITY, take_sim, NULL },
	{ NULL, ICCID_PREFIXES, AT_BARE_LINES, PROBE_IDENTITY, take_iccid, iccid_command },
	{ "AT+CIMI", "+CIMI:", AT_BARE_LINES, PROBE_IDENTITY, take_imsi, NULL },
	{ "AT+CREG?", "+CREG:", 0, PROBE_ALL, take_registration, NULL },
	{ "AT+CEREG?", "+CEREG:", 0, PROBE_ALL, take_registration, NULL },
	{ "AT+COPS=3,0", NULL, 0, PROBE_ALL, NULL, NULL },
	{ "AT+COPS?", "+COPS:", 0, PROBE_ALL, take_operator, NULL },
	{ "AT+CSQ", "+CSQ:", 0, PROBE_ALL, take_signal, NULL },
	{ "AT+CSCA?", "+CSCA:", 0, PROBE_ALL, take_centre, NULL },
	{ "AT+CPMS?", "+CPMS:", 0, PROBE_ALL, take_storage, NULL },
};

const size_t probe_question_count = ARRAY_LEN(probe_questions);
