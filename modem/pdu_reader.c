/* pdu_reader.c - hex to octets, and addresses and times out of them (23.040 9.1.2, 9.2.3.11).
 *
 * A reader remembers that something was bad, so that fields can be read in a row and the whole be
 * judged once; what it gives then is empty, never what lies behind. */
#include "modem/pdu_reader.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "modem/pdu_bits.h"

enum {
	TIME_OCTETS = 7,
	SMSC_OCTETS_MAX = 11, /* type of address and 20 digits */
	CENTURY_PIVOT = 90,
	QUARTER_MINUTES = 15,
};

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int reader_fill(struct reader *r, const char *hex)
{
	r->at = r->n = 0;
	r->bad = false;
	for (; hex[0] != '\0'; hex += 2) {
		int high = hex_value(hex[0]), low = hex_value(hex[1]);

		if (high < 0 || low < 0 || r->n == READER_OCTETS_MAX)
			return -EBADMSG;
		r->octets[r->n++] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

const uint8_t *reader_take(struct reader *r, size_t n)
{
	const uint8_t *octets = r->octets + r->at;

	if (n > r->n - r->at) {
		r->bad = true;
		r->at = r->n;
		return NULL;
	}
	r->at += n;
	return octets;
}

uint8_t reader_octet(struct reader *r)
{
	const uint8_t *octet = reader_take(r, 1);

	return octet != NULL ? *octet : 0;
}

/* Swapped BCD, up to n digits or the filler. Returns the end. */
static char *put_digits(char *out, const uint8_t *octets, size_t n)
{
	static const char digits[] = "0123456789*#abc";

	for (size_t i = 0; i < n; i++) {
		unsigned digit = i % 2 == 0 ? octets[i / 2] & 0xfu : octets[i / 2] >> 4;

		if (digit == 0xf)
			break;
		*out++ = digits[digit];
	}
	*out = '\0';
	return out;
}

static unsigned number_type(uint8_t toa)
{
	return toa >> 4 & 7;
}

void reader_smsc(struct reader *r, char out[static PDU_ADDRESS_SIZE])
{
	size_t length = reader_octet(r);
	const uint8_t *field;

	*out = '\0';
	if (length == 0)
		return;
	field = reader_take(r, length);
	if (field == NULL || length > SMSC_OCTETS_MAX) {
		r->bad = true;
		return;
	}
	if (length > 1 && number_type(field[0]) == TON_INTERNATIONAL)
		*out++ = '+';
	put_digits(out, field + 1, 2 * (length - 1));
}

/* Letters of the default alphabet; 11 at most, of which each takes at most 3 bytes. */
static void put_letters(char *out, const uint8_t *octets, size_t n_octets, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t septet = pdu_septet(octets, n_octets, i);
		uint32_t c;

		if (septet == GSM_ESCAPE && ++i == n)
			break;
		if (septet == GSM_ESCAPE)
			c = gsm_extension_character(pdu_septet(octets, n_octets, i));
		else
			c = gsm_default_character(septet);
		out += gsm_utf8_put(out, c);
	}
	*out = '\0';
}

bool reader_address(struct reader *r, char out[static PDU_SENDER_SIZE])
{
	unsigned length = reader_octet(r);
	uint8_t toa = reader_octet(r);
	size_t n = (length + 1) / 2;
	const uint8_t *octets = reader_take(r, n);

	*out = '\0';
	if (octets == NULL || length > ADDRESS_DIGITS_MAX) {
		r->bad = true;
		return false;
	}
	if (number_type(toa) == TON_ALPHANUMERIC) {
		put_letters(out, octets, n, length * 4 / 7);
		return true;
	}
	if (length > 0 && number_type(toa) == TON_INTERNATIONAL)
		*out++ = '+';
	put_digits(out, octets, length);
	return false;
}

/* Two digits, the low one in the high nibble; -1 if they are none. */
static int swapped_bcd(uint8_t octet)
{
	unsigned tens = octet & 0xf, ones = octet >> 4;

	return tens > 9 || ones > 9 ? -1 : (int)(tens * 10 + ones);
}

/* Fills tm from the first six octets; false unless it is a moment of the calendar. */
static bool read_calendar(const uint8_t *octets, struct tm *tm)
{
	static const int least[] = { 0, 1, 1, 0, 0, 0 }, most[] = { 99, 12, 31, 23, 59, 59 };
	int v[6], day;

	for (int i = 0; i < 6; i++) {
		v[i] = swapped_bcd(octets[i]);
		if (v[i] < least[i] || v[i] > most[i])
			return false;
	}
	*tm = (struct tm){ .tm_year = v[0] >= CENTURY_PIVOT ? v[0] : v[0] + 100,
			   .tm_mon = v[1] - 1,
			   .tm_mday = v[2],
			   .tm_hour = v[3],
			   .tm_min = v[4],
			   .tm_sec = v[5] };
	day = tm->tm_mday;
	timegm(tm);
	return tm->tm_mday == day; /* 31 June would have become July */
}

int64_t reader_time(struct reader *r)
{
	const uint8_t *octets = reader_take(r, TIME_OCTETS);
	int quarters;
	struct tm tm;

	if (octets == NULL || !read_calendar(octets, &tm))
		return 0;
	quarters = swapped_bcd(octets[6] & 0xf7); /* 0x08 is the sign */
	if (quarters < 0)
		return 0;
	if ((octets[6] & 0x08) != 0)
		quarters = -quarters;
	return ((int64_t)timegm(&tm) - (int64_t)quarters * QUARTER_MINUTES * 60) * 1000;
}
