/* pdu_encode.c - SMS-SUBMIT (23.040 9.2.2.2) from a number and one part of a text.
 *
 * Steps: the fixed fields, then user data (header, then septets or UTF-16), then hex. Fails on a
 * number that is none, a part that the shape does not have, and a text that is not what the shape
 * was made of. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "modem/pdu.h"
#include "modem/pdu_bits.h"

enum {
	TPDU_SIZE = 1 + 1 + 1 + 2 + ADDRESS_DIGITS_MAX / 2 + 3 + 1 + USER_DATA_MAX,
	MINUTE_MS = 60000,
	HOUR_MS = 60 * MINUTE_MS,
	DAY_MS = 24 * HOUR_MS,
};

struct writer {
	uint8_t octets[TPDU_SIZE];
	size_t n;
};

static void put(struct writer *w, unsigned octet)
{
	w->octets[w->n++] = (uint8_t)octet;
}

/* 23.040 9.2.3.12.1: from after_ms on in steps; value counts on from first. */
static const struct validity_row {
	int64_t up_to_ms, after_ms, step_ms;
	unsigned first;
} validity_rows[] = {
	{ 12LL * HOUR_MS, 0, 5LL * MINUTE_MS, 0 },
	{ 24LL * HOUR_MS, 12LL * HOUR_MS, 30LL * MINUTE_MS, 144 },
	{ 30LL * DAY_MS, 24LL * HOUR_MS, DAY_MS, 168 },
	{ 63LL * 7 * DAY_MS, 28LL * DAY_MS, 7LL * DAY_MS, 197 },
};

uint8_t pdu_validity(int64_t ms)
{
	if (ms < 1)
		ms = 1;
	for (size_t i = 0; i < ARRAY_LEN(validity_rows); i++) {
		const struct validity_row *row = &validity_rows[i];

		if (ms <= row->up_to_ms)
			return (uint8_t)(row->first + (ms - row->after_ms - 1) / row->step_ms);
	}
	return 0xff;
}

static int put_address(struct writer *w, const char *number)
{
	unsigned toa = *number == '+' ? TOA_INTERNATIONAL : TOA_UNKNOWN;
	size_t n;

	number += *number == '+';
	n = strnlen(number, ADDRESS_DIGITS_MAX + 1);
	if (n == 0 || n > ADDRESS_DIGITS_MAX || strspn(number, "0123456789") != n)
		return -EINVAL;
	put(w, (unsigned)n);
	put(w, toa);
	for (size_t i = 0; i < n; i += 2)
		put(w, (unsigned)(number[i] - '0') |
			       (i + 1 < n ? (unsigned)(number[i + 1] - '0') : 0xfu) << 4);
	return 0;
}

static unsigned data_coding(const struct pdu_submit *submit)
{
	unsigned dcs = submit->shape->encoding == GSM_UCS2 ? DCS_UCS2 : 0;

	if (submit->message_class >= 0)
		dcs |= DCS_CLASS_MEANT | ((unsigned)submit->message_class & 3);
	return dcs;
}

/* Header of one part of several, with its length octet; nothing for a lone part. */
static void put_header(struct writer *w, const struct pdu_submit *submit)
{
	if (submit->shape->n_parts < 2)
		return;
	put(w, submit->wide_reference ? 6 : 5);
	put(w, submit->wide_reference ? IE_CONCAT_16 : IE_CONCAT_8);
	put(w, submit->wide_reference ? 4 : 3);
	if (submit->wide_reference)
		put(w, submit->reference >> 8 & 0xff);
	put(w, submit->reference & 0xff);
	put(w, submit->shape->n_parts);
	put(w, submit->part + 1);
}

/* Packs the text behind header octets that stand at data. Returns TP-UDL, or -errno. */
static int pack_septets(uint8_t *data, unsigned header, const char *text, size_t bytes)
{
	unsigned n = pdu_header_septets(header);

	while (bytes > 0) {
		uint8_t septets[2];
		uint32_t c = 0;
		size_t used = gsm_utf8_next(text, bytes, &c);
		size_t cost = used > 0 ? gsm_septets(c, septets) : 0;

		if (cost == 0)
			return -EINVAL;
		if (n + cost > SEPTETS_MAX)
			return -EMSGSIZE;
		for (size_t i = 0; i < cost; i++)
			pdu_put_septet(data, n++, septets[i]);
		text += used;
		bytes -= used;
	}
	return (int)n;
}

/* The same as UTF-16, big end first. */
static int put_utf16(uint8_t *data, unsigned header, const char *text, size_t bytes)
{
	unsigned n = header;

	while (bytes > 0) {
		uint32_t c = 0, units[2];
		size_t used = gsm_utf8_next(text, bytes, &c);
		unsigned n_units = c > 0xffff ? 2 : 1;

		if (used == 0)
			return -EINVAL;
		if (n + 2 * n_units > USER_DATA_MAX)
			return -EMSGSIZE;
		units[0] = n_units == 1 ? c : 0xd7c0 + (c >> 10);
		units[1] = 0xdc00 | (c & 0x3ff);
		for (unsigned i = 0; i < n_units; i++) {
			data[n++] = (uint8_t)(units[i] >> 8);
			data[n++] = (uint8_t)units[i];
		}
		text += used;
		bytes -= used;
	}
	return (int)n;
}

static int put_user_data(struct writer *w, const struct pdu_submit *submit)
{
	const struct gsm_part *part = &submit->shape->parts[submit->part];
	const char *text = submit->text + part->at;
	size_t length_at = w->n++, start = w->n;
	unsigned header;
	int length;

	put_header(w, submit);
	header = (unsigned)(w->n - start);
	if (submit->shape->encoding == GSM_UCS2)
		length = put_utf16(w->octets + start, header, text, part->bytes);
	else
		length = pack_septets(w->octets + start, header, text, part->bytes);
	if (length < 0)
		return length;
	w->octets[length_at] = (uint8_t)length;
	w->n = start + (submit->shape->encoding == GSM_UCS2 ? (size_t)length
							    : ((size_t)length * 7 + 7) / 8);
	return 0;
}

static void write_hex(const struct writer *w, char hex[static PDU_HEX_SIZE])
{
	static const char digits[] = "0123456789ABCDEF";

	*hex++ = '0'; /* SMSC: the one that the SIM knows */
	*hex++ = '0';
	for (size_t i = 0; i < w->n; i++) {
		*hex++ = digits[w->octets[i] >> 4];
		*hex++ = digits[w->octets[i] & 0xf];
	}
	*hex = '\0';
}

int pdu_encode_submit(const struct pdu_submit *submit, char hex[static PDU_HEX_SIZE],
		      unsigned *length)
{
	struct writer w = { .n = 0 };
	unsigned first = TPDU_SUBMIT;
	int err;

	if (submit->part >= submit->shape->n_parts || submit->shape->n_parts > GSM_PARTS_MAX)
		return -EINVAL;
	first |= submit->validity_ms > 0 ? TPDU_VPF_RELATIVE : 0;
	first |= submit->report ? TPDU_SRR : 0;
	first |= submit->shape->n_parts > 1 ? TPDU_UDHI : 0;
	put(&w, first);
	put(&w, 0); /* TP-MR: the modem numbers its own */
	err = put_address(&w, submit->to);
	if (err < 0)
		return err;
	put(&w, 0); /* TP-PID: plain */
	put(&w, data_coding(submit));
	if (submit->validity_ms > 0)
		put(&w, pdu_validity(submit->validity_ms));
	err = put_user_data(&w, submit);
	if (err < 0)
		return err;
	*length = (unsigned)w.n;
	write_hex(&w, hex);
	return 0;
}
