/* sms.c - decodes and judges what was typed at the prompt.
 *
 * Fields are read in their order on the wire by a cursor that knows how many octets are left.
 * Each reader returns 0 or a +CMS ERROR number and says why. Wrong coding is 304 (invalid PDU
 * parameter); a legal field that this network does not serve has the TP-FCS number for it. */
#include "tests/simulator/sms.h"

#include <string.h>

#include "base/util.h"
#include "tests/simulator/alphabet.h"

enum { BAD_PDU = 304, BAD_PID = 143, BAD_ALPHABET = 144, BAD_DCS = 159 };
enum { TPDU_MIN = 7, DIGITS_MAX = 20 };

struct cursor {
	const uint8_t *at;
	size_t left;
	const char **why;
};

static int refuse(const struct cursor *c, int code, const char *why)
{
	*c->why = why;
	return code;
}

static const uint8_t *take(struct cursor *c, size_t n)
{
	const uint8_t *at = c->at;

	if (c->left < n)
		return NULL;
	c->at += n;
	c->left -= n;
	return at;
}

const char *sms_coding_name(enum sms_coding coding)
{
	static const char *const names[] = { "gsm7", "8bit", "ucs2" };

	return names[coding];
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool sms_unhex(uint8_t *octets, const char *hex, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		int high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		octets[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void sms_hex(char *hex, const uint8_t *octets, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		hex[2 * i] = digits[octets[i] >> 4];
		hex[2 * i + 1] = digits[octets[i] & 15];
	}
	hex[2 * n] = '\0';
}

/* n semi-octets, low nibble first. F may stand only where an odd number leaves a nibble over. */
static bool read_digits(char *out, const uint8_t *octets, size_t n)
{
	static const char digits[] = "0123456789*#abc";

	for (size_t i = 0; i < n; i++) {
		unsigned nibble = i % 2 ? octets[i / 2] >> 4 : octets[i / 2] & 15;

		if (nibble >= sizeof(digits) - 1)
			return false;
		out[i] = digits[nibble];
	}
	out[n] = '\0';
	return n % 2 == 0 || octets[n / 2] >> 4 == 15;
}

/* Type of address: bit 7 set, a type of number that may be dialled, a plan that goes with it. */
static bool dialable(uint8_t toa)
{
	unsigned type = toa >> 4 & 7, plan = toa & 15;

	if (!(toa & 0x80) || type == 5 || type == 7)
		return false;
	return type == 1 ? plan == 1 : plan == 0 || plan == 1 || plan == 8 || plan == 9;
}

static int read_number(struct cursor *c, char out[static SMS_ADDRESS_SIZE], uint8_t toa,
		       size_t digits)
{
	const uint8_t *octets = take(c, (digits + 1) / 2);
	bool international = toa == 0x91;

	if (octets == NULL)
		return refuse(c, BAD_PDU, "the address is cut off");
	if (!dialable(toa))
		return refuse(c, BAD_PDU, "the type of address is not one for a number");
	if (!read_digits(out + international, octets, digits))
		return refuse(c, BAD_PDU, "the address digits and their number disagree");
	if (international) {
		out[0] = '+';
		if (out[1] == '0' || strspn(out + 1, "0123456789") != digits)
			return refuse(c, BAD_PDU, "not an international number");
	}
	return 0;
}

static int read_smsc(struct cursor *c, struct submit *s)
{
	const uint8_t *octets = take(c, 1);
	size_t size, digits;
	const uint8_t *toa;

	if (octets == NULL)
		return refuse(c, BAD_PDU, "empty PDU");
	size = *octets;
	if (size == 0)
		return 0;
	if (size < 2 || size > 1 + DIGITS_MAX / 2 || size > c->left)
		return refuse(c, BAD_PDU, "the length of the SMSC address is wrong");
	toa = take(c, 1);
	digits = 2 * (size - 1);
	if (c->at[size - 2] >> 4 == 15)
		digits--;
	return read_number(c, s->smsc, *toa, digits);
}

static int read_recipient(struct cursor *c, struct submit *s)
{
	const uint8_t *start = c->at, *head = take(c, 2);
	int error;

	if (head == NULL)
		return refuse(c, BAD_PDU, "no recipient");
	if (head[0] < 1 || head[0] > DIGITS_MAX)
		return refuse(c, BAD_PDU, "a recipient has 1 to 20 digits");
	error = read_number(c, s->to, head[1], head[0]);
	s->to_field_size = (size_t)(c->at - start);
	if (error == 0)
		memcpy(s->to_field, start, s->to_field_size);
	return error;
}

static int read_pid_dcs(struct cursor *c, struct submit *s)
{
	const uint8_t *octets = take(c, 2);
	uint8_t dcs;

	if (octets == NULL)
		return refuse(c, BAD_PDU, "no PID or DCS");
	if (octets[0] != 0 && !(octets[0] >= 0x40 && octets[0] <= 0x47))
		return refuse(c, BAD_PID, "this PID is not served");
	dcs = octets[1];
	s->message_class = -1;
	if ((dcs & 0xf8) == 0xf0) { /* 1111 0?cc */
		s->coding = dcs & 4 ? SMS_OCTETS : SMS_GSM7;
		s->message_class = dcs & 3;
		return 0;
	}
	if (dcs >= 0x20)
		return refuse(c, BAD_DCS, "this DCS group is not served");
	if ((dcs >> 2 & 3) == 3)
		return refuse(c, BAD_ALPHABET, "the alphabet is reserved");
	if (!(dcs & 0x10) && (dcs & 3))
		return refuse(c, BAD_DCS, "class bits without bit 4");
	s->coding = (enum sms_coding)(dcs >> 2 & 3);
	if (dcs & 0x10)
		s->message_class = dcs & 3;
	return 0;
}

static int relative_minutes(uint8_t v)
{
	if (v <= 143)
		return (v + 1) * 5;
	if (v <= 167)
		return 720 + (v - 143) * 30;
	return (v <= 196 ? v - 166 : 7 * (v - 192)) * 1440;
}

/* Seven octets as in a time stamp: every nibble a digit but the zone's sign. */
static bool is_time(const uint8_t *octets)
{
	static const uint8_t most[] = { 99, 12, 31, 23, 59, 59 };

	for (size_t i = 0; i < ARRAY_LEN(most); i++) {
		unsigned low = octets[i] >> 4, high = octets[i] & 15;

		if (low > 9 || high > 9 || high * 10 + low > most[i])
			return false;
	}
	return octets[1] != 0 && octets[2] != 0 && octets[6] >> 4 <= 9;
}

static int read_validity(struct cursor *c, struct submit *s, unsigned format)
{
	const uint8_t *octets;

	s->validity_minutes = -1;
	if (format == 0)
		return 0;
	octets = take(c, format == 2 ? 1 : 7);
	if (octets == NULL)
		return refuse(c, BAD_PDU, "no validity period");
	if (format == 2)
		s->validity_minutes = relative_minutes(octets[0]);
	else if (format == 3 && !is_time(octets))
		return refuse(c, BAD_PDU, "the absolute validity period is not a time");
	else if (format == 1 && (octets[0] & 7) == 1)
		s->validity_minutes = relative_minutes(octets[1]);
	else if (format == 1 && (octets[0] & 7) > 3)
		return refuse(c, BAD_PDU, "the enhanced validity period is reserved");
	return 0;
}

static int read_concatenation(struct cursor *c, struct submit *s, const uint8_t *ie)
{
	bool wide = ie[0] == 0x08;

	if (ie[1] != (wide ? 4 : 3))
		return refuse(c, BAD_PDU, "the concatenation element has a wrong length");
	if (s->total != 0)
		return refuse(c, BAD_PDU, "two concatenation elements");
	s->wide_reference = wide;
	s->reference = wide ? (unsigned)ie[2] << 8 | ie[3] : ie[2];
	s->total = ie[wide ? 4 : 3];
	s->sequence = ie[wide ? 5 : 4];
	if (s->total == 0 || s->sequence == 0 || s->sequence > s->total)
		return refuse(c, BAD_PDU, "the part's number or the total is wrong");
	return 0;
}

/* ud[0] is UDHL, which the caller has checked against the user data. */
static int read_header(struct cursor *c, struct submit *s, const uint8_t *ud)
{
	size_t end = 1U + ud[0];
	int error;

	for (size_t i = 1; i < end; i += 2U + ud[i + 1]) {
		if (i + 2 > end || i + 2 + ud[i + 1] > end)
			return refuse(c, BAD_PDU, "a header element is cut off");
		if (ud[i] == 0x24 || ud[i] == 0x25)
			return refuse(c, BAD_PDU, "national language tables are not simulated");
		error = ud[i] == 0x00 || ud[i] == 0x08 ? read_concatenation(c, s, ud + i) : 0;
		if (error != 0)
			return error;
	}
	return 0;
}

static bool bits_are_zero(const uint8_t *octets, size_t from, size_t to)
{
	for (size_t bit = from; bit < to; bit++)
		if (octets[bit / 8] >> bit % 8 & 1)
			return false;
	return true;
}

static int read_septets(struct cursor *c, struct submit *s, const uint8_t *ud, size_t n,
			size_t header)
{
	size_t skip = (8 * header + 6) / 7, octets = (7 * n + 7) / 8;
	uint8_t septets[SMS_SEPTETS_MAX];
	unsigned odd = 0;

	if (skip > n)
		return refuse(c, BAD_PDU, "the header is longer than the user data");
	if (!bits_are_zero(ud, 8 * header, 7 * skip) || !bits_are_zero(ud, 7 * n, 8 * octets))
		return refuse(c, BAD_PDU, "fill bits are not zero");
	alphabet_unpack(septets, ud, 7 * skip, n - skip);
	s->text_size = alphabet_decode(s->text, septets, n - skip, &odd);
	if (odd != 0)
		*c->why = "an escape stands alone or before an unassigned code";
	return 0;
}

static int read_ucs2(struct cursor *c, struct submit *s, const uint8_t *octets, size_t n)
{
	long size;

	if (n % 2 != 0)
		return refuse(c, BAD_PDU, "UCS2 text has an odd number of octets");
	size = alphabet_from_utf16(s->text, octets, n);
	if (size < 0)
		return refuse(c, BAD_PDU, "a surrogate stands alone in its part");
	s->text_size = (size_t)size;
	return 0;
}

static int read_user_data(struct cursor *c, struct submit *s, bool has_header)
{
	const uint8_t *udl = take(c, 1), *ud = c->at;
	size_t octets, header = 0;
	int error;

	if (udl == NULL)
		return refuse(c, BAD_PDU, "no user data length");
	octets = s->coding == SMS_GSM7 ? (7U * *udl + 7) / 8 : *udl;
	if (octets > SMS_UD_MAX)
		return refuse(c, BAD_PDU, "more than 140 octets of user data");
	if (octets != c->left)
		return refuse(c, BAD_PDU, "the user data and their length disagree");
	if (has_header) {
		if (octets == 0 || 1U + ud[0] > octets)
			return refuse(c, BAD_PDU, "the header is longer than the user data");
		header = 1U + ud[0];
		error = read_header(c, s, ud);
		if (error != 0)
			return error;
	}
	if (s->coding == SMS_GSM7)
		return read_septets(c, s, ud, *udl, header);
	if (s->coding == SMS_UCS2)
		return read_ucs2(c, s, ud + header, octets - header);
	sms_hex(s->text, ud + header, octets - header);
	s->text_size = 2 * (octets - header);
	return 0;
}

static int read_tpdu(struct cursor *c, struct submit *s)
{
	const uint8_t *first = take(c, 2); /* first octet, TP-MR (any: the modem sets it) */
	int error;

	if (first == NULL || (first[0] & 3) != 1)
		return refuse(c, BAD_PDU, "not an SMS-SUBMIT");
	s->report = first[0] & 0x20;
	error = read_recipient(c, s);
	if (error == 0)
		error = read_pid_dcs(c, s);
	if (error == 0)
		error = read_validity(c, s, first[0] >> 3 & 3);
	if (error == 0)
		error = read_user_data(c, s, first[0] & 0x40);
	return error;
}

int submit_decode(struct submit *submit, const char *hex, unsigned length, const char **why)
{
	uint8_t octets[1 + 11 + SMS_TPDU_MAX];
	struct cursor c = { octets, strlen(hex) / 2, why };
	int error;

	*why = NULL;
	memset(submit, 0, sizeof(*submit));
	if (strspn(hex, "0123456789ABCDEFabcdef") != strlen(hex))
		return refuse(&c, BAD_PDU, "not hex digits");
	if (strlen(hex) % 2 != 0 || c.left > sizeof(octets))
		return refuse(&c, BAD_PDU, "an odd number of hex digits, or too many");
	sms_unhex(octets, hex, 2 * c.left);
	error = read_smsc(&c, submit);
	if (error != 0)
		return error;
	if (c.left != length)
		return refuse(&c, BAD_PDU, "AT+CMGS= said another length");
	if (length < TPDU_MIN || length > SMS_TPDU_MAX)
		return refuse(&c, BAD_PDU, "the length is not 7 to 164");
	error = read_tpdu(&c, submit);
	if (submit->total == 0)
		submit->total = submit->sequence = 1;
	return error;
}
