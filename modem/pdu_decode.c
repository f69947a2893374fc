/* pdu_decode.c - SMS-DELIVER and SMS-STATUS-REPORT (23.040 9.2.2.1, 9.2.2.3) from hex.
 *
 * Steps: hex, SMSC, the length that the modem announced, first octet; then the fields in a row;
 * for a DELIVER its user data: coding scheme, header, text. Any octet that is asked for and
 * missing makes the whole -EBADMSG; unknown elements of a header are skipped. */
#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "modem/national.h"
#include "modem/pdu.h"
#include "modem/pdu_bits.h"
#include "modem/pdu_reader.h"

enum { PID_TYPE_0 = 0x40 }; /* 9.2.3.9: a "silent" message */

enum alphabet { ALPHABET_GSM7, ALPHABET_UCS2, ALPHABET_BINARY };

struct coding {
	enum alphabet alphabet;
	int message_class;
};

/* 23.038 section 4, groups 00xx and 01xx (the latter: delete after reading). */
static struct coding general_coding(uint8_t dcs)
{
	static const enum alphabet by_bits[] = { ALPHABET_GSM7, ALPHABET_BINARY, ALPHABET_UCS2,
						 ALPHABET_GSM7 };
	bool compressed = (dcs & 0x20) != 0; /* nobody unpacks these */

	return (struct coding){
		.alphabet = compressed ? ALPHABET_BINARY : by_bits[dcs >> 2 & 3],
		.message_class = (dcs & DCS_CLASS_MEANT) != 0 ? dcs & 3 : -1,
	};
}

static struct coding read_coding(uint8_t dcs)
{
	unsigned group = dcs >> 4;

	if (group < 0x8)
		return general_coding(dcs);
	if (group == 0xf)
		return (struct coding){ (dcs & 0x04) != 0 ? ALPHABET_BINARY : ALPHABET_GSM7,
					dcs & 3 };
	/* 8 to B are reserved: as the default alphabet; C to E: messages are waiting */
	return (struct coding){ group == 0xe ? ALPHABET_UCS2 : ALPHABET_GSM7, -1 };
}

struct header {
	unsigned octets; /* with its length; 0: none */
	uint8_t single, locking;
};

static void read_concat(struct pdu_deliver *d, const uint8_t *data, bool wide)
{
	const uint8_t *counts = data + (wide ? 2 : 1);

	if (counts[0] == 0 || counts[1] == 0 || counts[1] > counts[0])
		return; /* 9.2.3.24.1: such an element is ignored */
	d->reference = wide ? (unsigned)data[0] << 8 | data[1] : data[0];
	d->wide_reference = wide;
	d->total = counts[0];
	d->part = counts[1];
}

static void read_element(struct pdu_deliver *d, struct header *header, uint8_t id,
			 const uint8_t *data, size_t n)
{
	if (id == IE_CONCAT_8 && n == 3)
		read_concat(d, data, false);
	else if (id == IE_CONCAT_16 && n == 4)
		read_concat(d, data, true);
	else if (id == IE_SINGLE_SHIFT && n == 1)
		header->single = data[0];
	else if (id == IE_LOCKING_SHIFT && n == 1)
		header->locking = data[0];
}

static int read_header(struct pdu_deliver *d, struct header *header, const uint8_t *data, size_t n)
{
	size_t at = 1, end;

	if (n == 0)
		return -EBADMSG;
	end = 1u + data[0];
	if (end > n)
		return -EBADMSG;
	header->octets = (unsigned)end;
	while (end - at >= 2 && end - at - 2 >= data[at + 1]) {
		read_element(d, header, data[at], data + at + 2, data[at + 1]);
		at += 2u + data[at + 1];
	}
	return 0;
}

/* Appends a character; one that a text cannot hold becomes U+FFFD. */
static char *put_character(char *out, uint32_t c)
{
	return out + gsm_utf8_put(out, c != 0 ? c : 0xfffd);
}

static void decode_septets(char *out, const uint8_t *data, size_t n_octets, unsigned n_septets,
			   const struct header *header)
{
	for (unsigned i = pdu_header_septets(header->octets); i < n_septets; i++) {
		uint8_t septet = pdu_septet(data, n_octets, i);

		if (septet != GSM_ESCAPE)
			out = put_character(out, national_character(header->locking, septet));
		else if (++i < n_septets)
			out = put_character(out, national_escaped(header->single, header->locking,
								  pdu_septet(data, n_octets, i)));
	}
	*out = '\0';
}

static uint32_t utf16_unit(const uint8_t *data)
{
	return (uint32_t)data[0] << 8 | data[1];
}

static void decode_utf16(char *out, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i + 2 <= n; i += 2) {
		uint32_t c = utf16_unit(data + i);

		if (c >> 10 == 0x36 && i + 4 <= n && utf16_unit(data + i + 2) >> 10 == 0x37) {
			c = 0x10000 + ((c & 0x3ff) << 10) + (utf16_unit(data + i + 2) & 0x3ff);
			i += 2;
		}
		out = put_character(out, c);
	}
	*out = '\0';
}

static void write_hex(char *out, const uint8_t *data, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[data[i] >> 4];
		*out++ = digits[data[i] & 0xf];
	}
	*out = '\0';
}

/* TP-UDL counts septets in the default alphabet, else octets. */
static int decode_user_data(struct pdu_deliver *d, struct reader *r, const struct coding *coding,
			    bool has_header)
{
	unsigned length = reader_octet(r);
	size_t n = coding->alphabet == ALPHABET_GSM7 ? (length * 7 + 7) / 8 : length;
	const uint8_t *data = reader_take(r, n);
	struct header header = { 0 };

	if (r->bad || n > USER_DATA_MAX)
		return -EBADMSG;
	if (has_header && read_header(d, &header, data, n) < 0)
		return -EBADMSG;
	switch (coding->alphabet) {
	case ALPHABET_GSM7:
		decode_septets(d->text, data, n, length, &header);
		break;
	case ALPHABET_UCS2:
		decode_utf16(d->text, data + header.octets, n - header.octets);
		break;
	case ALPHABET_BINARY:
		write_hex(d->text, data + header.octets, n - header.octets);
		d->is_binary = true;
		break;
	}
	return 0;
}

static int decode_deliver(struct pdu_deliver *d, struct reader *r, uint8_t first)
{
	struct coding coding;

	d->total = d->part = 1;
	d->sender_alphanumeric = reader_address(r, d->sender);
	d->silent = reader_octet(r) == PID_TYPE_0;
	coding = read_coding(reader_octet(r));
	d->message_class = coding.message_class;
	d->sent_at_ms = reader_time(r);
	return decode_user_data(d, r, &coding, (first & TPDU_UDHI) != 0);
}

/* What may stand after TP-ST is optional and says nothing that we need. */
static int decode_report(struct pdu_report *report, struct reader *r)
{
	report->reference = reader_octet(r);
	reader_address(r, report->recipient);
	report->sent_at_ms = reader_time(r);
	report->discharged_at_ms = reader_time(r);
	report->status = reader_octet(r);
	return r->bad ? -EBADMSG : 0;
}

static int decode(struct pdu_inbound *inbound, struct reader *r, int tpdu_length)
{
	char smsc[PDU_ADDRESS_SIZE];
	uint8_t first;

	reader_smsc(r, smsc);
	if (tpdu_length >= 0 && r->n - r->at != (size_t)tpdu_length)
		return -EBADMSG;
	first = reader_octet(r);
	if (r->bad)
		return -EBADMSG;
	switch (first & TPDU_MTI_MASK) {
	case TPDU_STATUS_REPORT:
		inbound->kind = PDU_STATUS_REPORT;
		return decode_report(&inbound->report, r);
	case TPDU_SUBMIT: /* our own, kept in a modem's memory */
		inbound->kind = PDU_OTHER;
		return 0;
	default: /* 3 is reserved: as DELIVER */
		inbound->kind = PDU_DELIVER;
		memcpy(inbound->deliver.smsc, smsc, sizeof(smsc));
		return decode_deliver(&inbound->deliver, r, first);
	}
}

int pdu_decode(struct pdu_inbound *inbound, const char *hex, int tpdu_length)
{
	struct reader r;
	int err = reader_fill(&r, hex);

	memset(inbound, 0, sizeof(*inbound));
	if (err == 0)
		err = decode(inbound, &r, tpdu_length);
	secret_wipe(&r, sizeof(r));
	return err;
}
