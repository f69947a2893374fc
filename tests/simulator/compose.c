/* compose.c - TPDUs towards a modem: the text becomes units, the units parts, each part octets. */
#include "tests/simulator/compose.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/simulator/alphabet.h"

enum { UNITS_MAX = 160 * COMPOSE_PARTS_MAX };

struct out {
	uint8_t octets[12 + SMS_TPDU_MAX];
	size_t n, tpdu; /* where the TPDU starts */
};

/* A text as septets or as UTF-16BE code units; glued[i]: unit i may not start a part. */
struct units {
	uint16_t unit[UNITS_MAX];
	bool glued[UNITS_MAX];
	size_t n;
};

static void put(struct out *out, unsigned octet)
{
	out->octets[out->n++] = (uint8_t)octet;
}

static void put_digits(struct out *out, const char *digits)
{
	for (size_t n = strlen(digits), i = 0; i < n; i += 2)
		put(out, (unsigned)(digits[i] - '0') |
				 (i + 1 < n ? (unsigned)(digits[i + 1] - '0') << 4 : 0xf0U));
}

static void put_smsc(struct out *out, const char *smsc)
{
	const char *digits = smsc + (smsc[0] == '+');

	if (digits[0] == '\0' || strspn(digits, "0123456789") != strlen(digits)) {
		put(out, 0);
	} else {
		put(out, (unsigned)(strlen(digits) + 1) / 2 + 1);
		put(out, smsc[0] == '+' ? 0x91 : 0x81);
		put_digits(out, digits);
	}
	out->tpdu = out->n;
}

static bool put_letters(struct out *out, const char *from)
{
	uint8_t septets[13] = { 0 }, packed[11] = { 0 };
	size_t n = 0, left = strlen(from), used;
	uint32_t c;

	for (; left > 0; from += used, left -= used) {
		used = alphabet_utf8_next(from, left, &c);
		if (used == 0 || n >= 11)
			return false;
		size_t added = alphabet_septets(septets + n, c);
		if (added == 0 || n + added > 11)
			return false;
		n += added;
	}
	alphabet_pack(packed, septets, 0, n);
	put(out, (unsigned)(7 * n + 3) / 4);
	put(out, 0xd0);
	for (size_t i = 0; i < (7 * n + 7) / 8; i++)
		put(out, packed[i]);
	return n > 0;
}

static bool put_sender(struct out *out, const char *from)
{
	const char *digits = from + (from[0] == '+');
	size_t n = strlen(digits);

	if (n == 0 || strspn(digits, "0123456789") != n)
		return put_letters(out, from);
	if (n > 20)
		return false;
	put(out, (unsigned)n);
	put(out, from[0] == '+' ? 0x91 : 0x81);
	put_digits(out, digits);
	return true;
}

static void put_swapped(struct out *out, int value)
{
	put(out, (unsigned)(value % 10) << 4 | (unsigned)(value / 10 % 10));
}

static void put_time(struct out *out, int64_t at_ms, int zone)
{
	time_t local = (time_t)(at_ms / 1000 + zone * 900);
	struct tm tm;

	gmtime_r(&local, &tm);
	put_swapped(out, tm.tm_year % 100);
	put_swapped(out, tm.tm_mon + 1);
	put_swapped(out, tm.tm_mday);
	put_swapped(out, tm.tm_hour);
	put_swapped(out, tm.tm_min);
	put_swapped(out, tm.tm_sec);
	put_swapped(out, abs(zone));
	if (zone < 0)
		out->octets[out->n - 1] |= 0x08;
}

static void finish(struct pdu *pdu, const struct out *out)
{
	sms_hex(pdu->hex, out->octets, out->n);
	pdu->length = (unsigned)(out->n - out->tpdu);
}

static bool add_unit(struct units *units, unsigned unit, bool glued)
{
	if (units->n == UNITS_MAX)
		return false;
	units->glued[units->n] = glued;
	units->unit[units->n++] = (uint16_t)unit;
	return true;
}

static bool add_character(struct units *units, uint32_t c, bool ucs2)
{
	uint8_t octets[4];
	size_t n, step = ucs2 ? 2 : 1;

	n = ucs2 ? alphabet_to_utf16(octets, c) : alphabet_septets(octets, c);
	for (size_t i = 0; i < n; i += step) {
		unsigned unit = ucs2 ? (unsigned)octets[i] << 8 | octets[i + 1] : octets[i];

		if (!add_unit(units, unit, i > 0))
			return false;
	}
	return n > 0;
}

static bool text_to_units(struct units *units, const char *text, bool ucs2)
{
	uint32_t c;
	size_t left = strlen(text), used;

	units->n = 0;
	for (; left > 0; text += used, left -= used) {
		used = alphabet_utf8_next(text, left, &c);
		if (used == 0 || !add_character(units, c, ucs2))
			return false;
	}
	return true;
}

/* 8-bit data come as hex digits. */
static bool hex_to_units(struct units *units, const char *hex)
{
	uint8_t octet;

	units->n = 0;
	for (; hex[0] != '\0'; hex += 2)
		if (hex[1] == '\0' || !sms_unhex(&octet, hex, 2) || !add_unit(units, octet, false))
			return false;
	return true;
}

static int choose_coding(struct units *units, const struct incoming *in)
{
	if (in->coding == SMS_OCTETS)
		return hex_to_units(units, in->text) ? SMS_OCTETS : -1;
	if (in->coding != SMS_UCS2 && text_to_units(units, in->text, false))
		return SMS_GSM7;
	if (in->coding != SMS_GSM7 && text_to_units(units, in->text, true))
		return SMS_UCS2;
	return -1;
}

struct slice {
	size_t at, n;
	unsigned sequence, total;
};

static size_t put_header(struct out *out, const struct incoming *in, const struct slice *slice)
{
	if (slice->total == 1)
		return 0;
	put(out, in->wide_reference ? 6 : 5);
	put(out, in->wide_reference ? 8 : 0);
	put(out, in->wide_reference ? 4 : 3);
	if (in->wide_reference)
		put(out, in->reference >> 8);
	put(out, in->reference);
	put(out, slice->total);
	put(out, slice->sequence);
	return in->wide_reference ? 7 : 6;
}

static void put_user_data(struct out *out, const struct incoming *in, int coding,
			  const struct units *units, const struct slice *slice)
{
	static const unsigned width[] = { 1, 1, 2 };
	size_t udl_at = out->n++, header = put_header(out, in, slice);
	size_t skip = (8 * header + 6) / 7;
	uint8_t septets[SMS_SEPTETS_MAX], packed[SMS_UD_MAX] = { 0 };
	const uint16_t *unit = units->unit + slice->at;

	if (coding != SMS_GSM7) {
		for (size_t i = 0; i < slice->n; i++) {
			if (coding == SMS_UCS2)
				put(out, unit[i] >> 8);
			put(out, unit[i]);
		}
		out->octets[udl_at] = (uint8_t)(header + slice->n * width[coding]);
		return;
	}
	for (size_t i = 0; i < slice->n; i++)
		septets[i] = (uint8_t)unit[i];
	alphabet_pack(packed, septets, 7 * skip, slice->n);
	for (size_t i = header; i < (7 * (skip + slice->n) + 7) / 8; i++)
		put(out, packed[i]);
	out->octets[udl_at] = (uint8_t)(skip + slice->n);
}

static bool compose_part(struct pdu *pdu, const struct incoming *in, int coding,
			 const struct units *units, const struct slice *slice)
{
	static const uint8_t dcs[] = { 0x00, 0x04, 0x08 };
	struct out out = { .n = 0 };

	put_smsc(&out, in->smsc);
	put(&out, slice->total > 1 ? 0x44 : 0x04); /* no more messages waiting */
	if (!put_sender(&out, in->from))
		return false;
	put(&out, in->pid);
	put(&out, in->message_class < 0 ? dcs[coding]
					: (unsigned)(dcs[coding] | 0x10 | in->message_class));
	put_time(&out, in->at_ms, in->zone);
	put_user_data(&out, in, coding, units, slice);
	finish(pdu, &out);
	return true;
}

/* Cuts units into parts of at most room units. Their number, or 0 if there are too many. */
static size_t slice_units(struct slice *slices, const struct units *units, size_t room)
{
	size_t n = 0, at = 0;

	do {
		size_t left = units->n - at, size = left < room ? left : room;

		if (n == COMPOSE_PARTS_MAX)
			return 0;
		while (at + size < units->n && units->glued[at + size])
			size--;
		slices[n] = (struct slice){ .at = at, .n = size };
		n++;
		at += size;
	} while (at < units->n);
	for (size_t i = 0; i < n; i++) {
		slices[i].total = (unsigned)n;
		slices[i].sequence = (unsigned)i + 1;
	}
	return n;
}

int compose_deliver(struct pdu parts[static COMPOSE_PARTS_MAX], const struct incoming *in)
{
	static const size_t whole[] = { 160, 140, 70 }, part[] = { 153, 134, 67 };
	struct slice slices[COMPOSE_PARTS_MAX];
	static struct units units; /* one loop, one thread; too large for a stack frame */
	int coding = choose_coding(&units, in);
	size_t n, room;

	if (coding < 0)
		return -1;
	room = units.n <= whole[coding] ? whole[coding] : part[coding] - in->wide_reference;
	n = slice_units(slices, &units, room);
	for (size_t i = 0; i < n; i++)
		if (!compose_part(&parts[i], in, coding, &units, &slices[i]))
			return -1;
	return n > 0 ? (int)n : -1;
}

void compose_report(struct pdu *pdu, const struct report *report)
{
	struct out out = { .n = 0 };

	put_smsc(&out, report->smsc);
	put(&out, 0x06); /* STATUS-REPORT of an SMS-SUBMIT, no more messages waiting */
	put(&out, report->reference);
	for (size_t i = 0; i < report->to_field_size; i++)
		put(&out, report->to_field[i]);
	put_time(&out, report->sent_ms, report->zone);
	put_time(&out, report->done_ms, report->zone);
	put(&out, report->status);
	finish(pdu, &out);
}
