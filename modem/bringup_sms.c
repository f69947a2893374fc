/* bringup_sms.c - steps that set up SMS: alphabet, storage, notices of arrivals, service centre.
 *
 * Lists of candidates go from what is best to what the oddest modem takes; where the modem says
 * what it knows (=?), the rest is skipped. None of them working is no fault but for sending more
 * slowly (no storage: listing only; no notices: polling). */
#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "modem/bringup.h"
#include "modem/parse.h"

enum { AGAIN_MS = 1000, AGAIN_TRIES = 10 };

static const char *find_line(const struct at_reply *reply, const char *prefix)
{
	return parse_find(reply->lines, reply->n_lines, prefix);
}

/* UCS2 only where neither of the others could be set. */
enum step sms_charset(struct session *s, const struct at_reply *reply, enum step usual)
{
	const char *rest = find_line(reply, "+CSCS:");

	s->net.ucs2 = rest != NULL && strstr(rest, "UCS2") != NULL;
	return usual;
}

/* Service 1 is left on only if it cannot be turned off: then every +CMT wants +CNMA. */
enum step sms_service(struct session *s, const struct at_reply *reply, enum step usual)
{
	const char *rest = find_line(reply, "+CSMS:");

	s->rx.acks = s->bringup.step == ST_SERVICE_ASK && rest != NULL && *rest == '1';
	return usual;
}

enum step sms_pdu_mode(struct session *s, const struct at_reply *reply, enum step usual)
{
	if (reply->status == AT_OK || s->bringup.tries >= AGAIN_TRIES)
		return usual;
	s->bringup.wait_ms = AGAIN_MS; /* not ready yet */
	return ST_PDU_MODE;
}

enum step sms_storages(struct session *s, const struct at_reply *reply, enum step usual)
{
	const char *rest = find_line(reply, "+CPMS:");

	snprintf(s->bringup.storages, sizeof(s->bringup.storages), "%s", rest != NULL ? rest : "");
	return usual;
}

static const struct {
	const char *name;
	unsigned args;
} storages[] = { { "ME", 3 }, { "SM", 3 }, { "MT", 3 }, { "ME", 1 }, { "SM", 1 } };

static bool storage_offered(const struct session *s, size_t row)
{
	const char *offered = s->bringup.storages;

	if (strstr(offered, "(\"") == NULL) /* not told, or in a form of its own */
		return true;
	for (size_t group = 0; group < storages[row].args; group++)
		if (!parse_group_has(offered, group, storages[row].name))
			return false;
	return true;
}

bool sms_storage_cmd(struct session *s, char *cmd, size_t size)
{
	size_t *row = &s->bringup.row;

	while (*row < ARRAY_LEN(storages) && !storage_offered(s, *row))
		++*row;
	if (*row >= ARRAY_LEN(storages))
		return false;
	if (storages[*row].args == 1)
		snprintf(cmd, size, "AT+CPMS=\"%s\"", storages[*row].name);
	else
		snprintf(cmd, size, "AT+CPMS=\"%1$s\",\"%1$s\",\"%1$s\"", storages[*row].name);
	return true;
}

static void add_store(struct session_rx *rx, const char *name)
{
	for (size_t i = 0; i < rx->n_stores; i++)
		if (strcmp(rx->stores[i], name) == 0)
			return;
	if (rx->n_stores < RX_STORES)
		snprintf(rx->stores[rx->n_stores++], RX_NAME, "%s", name);
}

enum step sms_storage_set(struct session *s, const struct at_reply *reply, enum step usual)
{
	static const char *const others[] = { "SM", "ME", "SR" };
	size_t row = s->bringup.row;

	if (sim_is_busy(reply) && s->bringup.tries < AGAIN_TRIES) {
		s->bringup.wait_ms = AGAIN_MS;
		return ST_STORAGE_SET;
	}
	if (reply->status != AT_OK) {
		s->bringup.row++;
		return ST_STORAGE_SET;
	}
	s->rx.args = storages[row].args;
	s->rx.n_stores = 0;
	add_store(&s->rx, storages[row].name);
	snprintf(s->rx.selected, RX_NAME, "%s", storages[row].name);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) /* leftovers hide there */
		if (parse_group_has(s->bringup.storages, 0, others[i]))
			add_store(&s->rx, others[i]);
	return usual;
}

enum step sms_notices(struct session *s, const struct at_reply *reply, enum step usual)
{
	const char *rest = find_line(reply, "+CNMI:");

	s->bringup.n_notices = 0;
	if (rest != NULL)
		s->bringup.n_notices = parse_ranges(rest, s->bringup.notices, 5);
	s->rx.polling = true; /* until one of them is taken */
	return usual;
}

/* mode, mt, bm, ds, bfr; reports stored (ds 2) and clearing buffers (bfr 1) where others fail. */
static const unsigned char notices[][5] = {
	{ 2, 1, 0, 1, 0 }, { 2, 1, 0, 2, 0 }, { 1, 1, 0, 1, 0 }, { 1, 1, 0, 2, 0 },
	{ 3, 1, 0, 1, 0 }, { 2, 1, 0, 1, 1 }, { 2, 1, 0, 2, 1 }, { 1, 1, 0, 1, 1 },
	{ 1, 1, 0, 2, 1 }, { 3, 1, 0, 1, 1 }, { 2, 1, 0, 0, 0 }, { 1, 1, 0, 0, 0 },
};

/* Rows are walked twice: what suits the profile and the modem's own list first, then the rest. */
static bool notice_suits(const struct session *s, const unsigned char *notice)
{
	const struct session_bringup *b = &s->bringup;

	if (profile_has(s->profile, QUIRK_NOTICE_MODE_1) && notice[0] != 1)
		return false;
	for (size_t i = 0; i < b->n_notices; i++)
		if ((b->notices[i] >> notice[i] & 1) == 0)
			return false;
	return true;
}

bool sms_notice_cmd(struct session *s, char *cmd, size_t size)
{
	const size_t n = ARRAY_LEN(notices);
	size_t *row = &s->bringup.row;

	while (*row < 2 * n && notice_suits(s, notices[*row % n]) != (*row < n))
		++*row;
	if (*row < 2 * n) {
		const unsigned char *v = notices[*row % n];

		snprintf(cmd, size, "AT+CNMI=%d,%d,%d,%d,%d", v[0], v[1], v[2], v[3], v[4]);
	} else {
		snprintf(cmd, size, "AT+CNMI=1,1");
	}
	return *row <= 2 * n;
}

enum step sms_notice_set(struct session *s, const struct at_reply *reply, enum step usual)
{
	if (reply->status == AT_OK) {
		s->rx.polling = false;
		return usual;
	}
	if (sim_is_busy(reply) && s->bringup.tries < AGAIN_TRIES)
		s->bringup.wait_ms = AGAIN_MS;
	else
		s->bringup.row++;
	return ST_NOTICE_SET;
}

enum step sms_centre(struct session *s, const struct at_reply *reply, enum step usual)
{
	const char *rest = find_line(reply, "+CSCA:");
	struct parse_fields fields = { .n = 0 };
	char *smsc = s->status.smsc;

	if (rest != NULL)
		parse_fields(&fields, rest);
	if (!s->net.ucs2 || !parse_ucs2_hex(parse_text(&fields, 0), smsc, sizeof(s->status.smsc)))
		parse_copy(smsc, sizeof(s->status.smsc), parse_text(&fields, 0));
	return smsc[0] == '\0' && s->modem->smsc[0] != '\0' ? ST_CENTRE_SET : usual;
}

bool sms_centre_cmd(struct session *s, char *cmd, size_t size)
{
	const char *smsc = s->modem->smsc;
	char hex[4 * sizeof(s->status.smsc)];

	if (s->net.ucs2)
		parse_to_ucs2(smsc, hex, sizeof(hex));
	snprintf(cmd, size, "AT+CSCA=\"%s\",%d", s->net.ucs2 ? hex : smsc,
		 smsc[0] == '+' ? 145 : 129);
	return true;
}

enum step sms_centre_set(struct session *s, const struct at_reply *reply, enum step usual)
{
	if (reply->status == AT_OK)
		parse_copy(s->status.smsc, sizeof(s->status.smsc), s->modem->smsc);
	else
		session_error(s,
			      "the modem refused the service centre number of the configuration");
	return usual;
}
